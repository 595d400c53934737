"""A scheduler parses its file often, and where no secret is: nothing is asked, no secret read."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.schedulers.environments import AIRFLOW, DAGSTER, PIPELINES, environment

pytestmark = pytest.mark.schedulers

# Loads a file with sockets blocked, and tells which variables and files were read meanwhile.
PARSED = """
import json, os, runpy, sys
import socket
names, files = set(), set()
environ = type(os.environ)
read = environ.__getitem__
def get(self, name):
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith("<frozen"):
        frame = frame.f_back
    # Others look through all variables for their own, or copy them for a process.
    if any(part in frame.f_code.co_filename for part in ("/dlt/", "/liine_source/", "/pipelines/")):
        names.add(name)
    return read(self, name)
environ.__getitem__ = get
def heard(event, arguments):
    if event in {"socket.connect", "socket.bind", "socket.getaddrinfo"}:
        raise AssertionError(event)
    if event == "open":
        files.add(str(arguments[0]))
sys.addaudithook(heard)
runpy.run_path(sys.argv[1])
print(json.dumps({"names": sorted(names), "files": sorted(files), "modules": sorted(sys.modules)}))
"""


@pytest.mark.parametrize(
    ("programs", "file"), [(DAGSTER, "dagster_definitions.py"), (AIRFLOW, "airflow_dag.py")], ids=["dagster", "airflow"]
)
def test_parsing_asks_nothing_and_reads_no_secret(programs: Path, file: str, tmp_path: Path) -> None:
    """Neither by this project nor by dlt, with settings in files and variables; the second time as the first."""
    folder = tmp_path / ".dlt"
    folder.mkdir()
    (folder / "config.toml").write_text("[sources.liine]\ncustomer_ids = [1001, 1002]\n")
    (folder / "secrets.toml").write_text('[sources.liine.credentials]\nusername = "u"\npassword = "p"\n')
    for _ in range(2):
        told = parsed(programs, file, tmp_path)
        assert not [name for name in told["names"] if "CREDENTIALS" in name or "PASSWORD" in name]
        assert not [name for name in told["files"] if name.endswith("secrets.toml")]
        if programs == AIRFLOW:
            assert not {"dlt", "liine_source"} & set(told["modules"])


def parsed(programs: Path, file: str, folder: Path) -> dict[str, Any]:
    """What the script tells."""
    given = environment(
        programs,
        folder,
        AIRFLOW_HOME=str(folder / "airflow"),
        SOURCES__LIINE__CREDENTIALS__PASSWORD="p",
        DESTINATION__POSTGRES__CREDENTIALS="postgresql://u:p@nowhere.example/x",
    )
    done = subprocess.run(  # noqa: S603  programs of our own choice
        [str(programs / "python"), "-c", PARSED, str(PIPELINES / file)],
        env=given,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
