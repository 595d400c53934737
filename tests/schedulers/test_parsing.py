"""A scheduler parses its file often, and where no secret is: nothing is asked, no secret read."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.schedulers.environments import AIRFLOW, DAGSTER, PIPELINES, environment

pytestmark = pytest.mark.slow("schedulers")

# In each process that is begun, the one that dbt parses its project in too: sockets are blocked, and files noted.
WATCHED = """
import os, sys
noted = os.open(os.environ["FILES_OPENED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def heard(event, arguments):
    if event in {"socket.connect", "socket.bind", "socket.getaddrinfo"}:
        # urllib3 binds one to see whether there is IPv6, and takes a refusal for no.
        if arguments[1:] != (("::1", 0),):
            os.write(noted, b"SOCKET\\n")
        raise AssertionError(event)
    if event == "open":
        os.write(noted, f"{arguments[0]}\\n".encode("utf-8", "replace"))
sys.addaudithook(heard)
os.write(noted, b"PROCESS\\n")
"""
# Loads a file, and tells which variables were read meanwhile.
PARSED = """
import json, os, runpy, subprocess, sys
names = set()
watched = {name: os.environ[name] for name in ("FILES_OPENED", "PYTHONPATH")}
begin = subprocess.Popen.__init__
def watch(self, *arguments, env=None, **named):
    begin(self, *arguments, env=env if env is None else {**env, **watched}, **named)
subprocess.Popen.__init__ = watch
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
runpy.run_path(sys.argv[1])
print(json.dumps({"names": sorted(names), "modules": sorted(sys.modules)}))
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
    (tmp_path / "watched").mkdir()
    (tmp_path / "watched" / "sitecustomize.py").write_text(WATCHED)
    for number in range(2):
        told = parsed(programs, file, tmp_path)
        assert not [name for name in told["names"] if "CREDENTIALS" in name or "PASSWORD" in name]
        opened = (tmp_path / "opened").read_text().splitlines()
        assert not [name for name in opened if name.endswith("secrets.toml") or name == "SOCKET"]
        # The first time Dagster's makes a manifest, in processes of dbt's.
        assert (opened.count("PROCESS") > 1 + number) is (programs == DAGSTER)
        if programs == AIRFLOW:
            assert not {"dlt", "liine_source"} & set(told["modules"])


def parsed(programs: Path, file: str, folder: Path) -> dict[str, Any]:
    """What the script tells."""
    given = environment(
        programs,
        folder,
        AIRFLOW_HOME=str(folder / "airflow"),
        FILES_OPENED=str(folder / "opened"),
        PYTHONPATH=str(folder / "watched"),
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
