"""The public names are complete, and importing them has no side effects."""

import os
import subprocess
import sys

import pytest

import liine_source

# What typer and rich import themselves, some of it only for help in colours or where it is installed.
OF_TYPER = {
    *("annotated_doc", "annotated_types", "attr", "markdown_it", "mdurl", "pydantic", "pydantic_core", "pygments"),
    *("shellingham", "typing_extensions", "typing_inspection"),
}


def test_all_lists_every_public_name() -> None:
    """`__all__` has exactly the public names of the package, and each can be imported."""
    found = {name: getattr(liine_source, name) for name in liine_source.__all__}
    assert [name for name, value in found.items() if not callable(value)] == []
    own_modules = {name for name in vars(liine_source) if f"liine_source.{name}" in sys.modules}
    public = {name for name in vars(liine_source) if not name.startswith("_")} - own_modules
    # The source has the name of the package's subject, not of a module.
    assert sorted(public) == sorted(liine_source.__all__) == dir(liine_source)
    with pytest.raises(AttributeError, match="no_such_name"):
        liine_source.no_such_name  # noqa: B018  it raises


@pytest.mark.parametrize(
    ("arguments", "environment", "printed"),
    [
        (["--help"], {}, "Usage: liine"),
        (["--version"], {}, "liine-source "),
        (["sync", "--help"], {}, "--then-dbt"),
        (["sync", "--no-such-option"], {}, ""),
        ([], {"COMP_WORDS": "liine s", "COMP_CWORD": "1"}, "sync\nstatus\n"),
        ([], {"COMP_WORDS": "liine sync --destination p", "COMP_CWORD": "3"}, "postgres\n"),
        ([], {"COMP_WORDS": "liine sync --v", "COMP_CWORD": "2"}, "--verbose\n"),
    ],
    ids=["help", "version", "help of a command", "usage", "a command completed", "a value", "an option"],
)
def test_help_completion_and_usage_errors_import_little(
    arguments: list[str], environment: dict[str, str], printed: str
) -> None:
    """They come at once, since only these packages are imported; dlt alone would take a second."""
    if environment:
        environment |= {"_LIINE_COMPLETE": "complete_bash"}
    script = f"""
import atexit, sys
@atexit.register
def print_packages():
    packages = {{name.partition(".")[0] for name in sys.modules if not name.startswith("_")}}
    print(*sorted(packages - set(sys.stdlib_module_names)), file=sys.stderr)
sys.argv = ["liine", *{arguments}]
from liine_source.cli import main
main()
"""
    done = subprocess.run(  # noqa: S603  a script of our own
        [sys.executable, "-c", script], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert printed in done.stdout
    assert done.returncode == (2 if "--no-such-option" in arguments else 0)
    imported = set(done.stderr.splitlines()[-1].split()) - OF_TYPER
    assert imported == {"liine_source", "rich", "typer"}


def test_status_imports_no_part_of_a_sync() -> None:
    """Arrow, the HTTP client and the metadata of phone numbers would take as long as what `status` does."""
    script = "import sys, liine_source.commands.status; print(*sys.modules)"
    done = subprocess.run(  # noqa: S603  a script of our own
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert not {"pyarrow", "liine_source.api.client", "phonenumbers"} & set(done.stdout.split())


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
