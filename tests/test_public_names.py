"""The public names are complete, and importing them asks for nothing."""

import subprocess
import sys

import liine_source


def test_the_public_names_are_those_that_are_imported() -> None:
    """Nothing public is missing from `__all__`, and nothing in it is missing."""
    own_modules = {name for name in dir(liine_source) if f"liine_source.{name}" in sys.modules}
    public = {name for name in dir(liine_source) if not name.startswith("_")} - own_modules
    # The source has the name of the package's subject, not of a module.
    assert sorted(public) == sorted(liine_source.__all__)
    assert len(set(liine_source.__all__)) == len(liine_source.__all__)


def test_building_a_source_needs_no_network_and_writes_no_file(tmp_path: object) -> None:
    """Schedulers import and build sources while they parse: no socket is opened, no file is made."""
    script = """
import os, socket, sys
def refused(*args, **kwargs):
    raise AssertionError("a socket was opened")
socket.socket.connect = refused
import liine_source
source = liine_source.liine(customer_ids=[1], credentials={"username": "u", "password": "p"})
assert list(source.selected_resources) == [
    "interactions", "interactions__provider_names", "interactions__session_extras",
    "interactions__rejected_values", "sweeps",
], list(source.selected_resources)
assert os.listdir(".") == [], os.listdir(".")
"""
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": "", "RUNTIME__DLTHUB_TELEMETRY": "false"}
    done = subprocess.run(  # noqa: S603  a script of our own
        [sys.executable, "-c", script], cwd=str(tmp_path), env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
