"""The public names are complete, and importing them has no side effects."""

import subprocess
import sys

import liine_source


def test_all_lists_every_public_name() -> None:
    """`__all__` has exactly the public names of the package."""
    own_modules = {name for name in dir(liine_source) if f"liine_source.{name}" in sys.modules}
    public = {name for name in dir(liine_source) if not name.startswith("_")} - own_modules
    # The source has the name of the package's subject, not of a module.
    assert sorted(public) == sorted(liine_source.__all__)
    assert len(set(liine_source.__all__)) == len(liine_source.__all__)


def test_building_source_needs_no_network_and_writes_no_file(tmp_path: object) -> None:
    """Schedulers build sources while they parse, so this opens no socket and creates no file."""
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
