"""Schedulers parse their file often and without secrets: it makes no request and reads no secret."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.schedulers.environments import AIRFLOW, DAGSTER, PIPELINES, environment

pytestmark = pytest.mark.slow("schedulers")

# In every process, including dbt's when it parses its project, sockets are blocked and opened files logged.
AUDIT_HOOK = """
import os, sys
log = os.open(os.environ["FILES_OPENED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def audit(event, arguments):
    if event in {"socket.connect", "socket.bind", "socket.getaddrinfo"}:
        # urllib3 binds a socket to detect IPv6, and handles the refusal.
        if arguments[1:] != (("::1", 0),):
            os.write(log, b"SOCKET\\n")
        raise AssertionError(event)
    if event == "open":
        os.write(log, f"{arguments[0]}\\n".encode("utf-8", "replace"))
sys.addaudithook(audit)
os.write(log, b"PROCESS\\n")
"""
# Runs a file, and prints which variables were read and which modules imported.
PARSE_SCRIPT = """
import json, os, runpy, subprocess, sys
names = set()
watched = {name: os.environ[name] for name in ("FILES_OPENED", "PYTHONPATH")}
start = subprocess.Popen.__init__
def watch(self, *arguments, env=None, **named):
    start(self, *arguments, env=env if env is None else {**env, **watched}, **named)
subprocess.Popen.__init__ = watch
environ = type(os.environ)
read = environ.__getitem__
def get(self, name):
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith("<frozen"):
        frame = frame.f_back
    # Other packages search all variables for their own, or copy them for a process.
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
def test_parsing_makes_no_request_and_reads_no_secret(programs: Path, file: str, tmp_path: Path) -> None:
    """This holds for dlt and this project, the first time and later."""
    folder = tmp_path / ".dlt"
    folder.mkdir()
    (folder / "config.toml").write_text("[sources.liine]\ncustomer_ids = [1001, 1002]\n")
    (folder / "secrets.toml").write_text('[sources.liine.credentials]\nusername = "u"\npassword = "p"\n')
    (tmp_path / "watched").mkdir()
    (tmp_path / "watched" / "sitecustomize.py").write_text(AUDIT_HOOK)
    for number in range(2):
        result = parse(programs, file, tmp_path)
        assert not [name for name in result["names"] if "CREDENTIALS" in name or "PASSWORD" in name]
        opened = (tmp_path / "opened").read_text().splitlines()
        assert not [name for name in opened if name.endswith("secrets.toml") or name == "SOCKET"]
        # Dagster's file builds dbt's manifest the first time, in other processes.
        assert (opened.count("PROCESS") > 1 + number) is (programs == DAGSTER)
        if programs == AIRFLOW:
            assert not {"dlt", "liine_source"} & set(result["modules"])


def parse(programs: Path, file: str, folder: Path) -> dict[str, Any]:
    """What the script prints for a file."""
    variables = environment(
        programs,
        folder,
        AIRFLOW_HOME=str(folder / "airflow"),
        FILES_OPENED=str(folder / "opened"),
        PYTHONPATH=str(folder / "watched"),
        SOURCES__LIINE__CREDENTIALS__PASSWORD="p",
        DESTINATION__POSTGRES__CREDENTIALS="postgresql://u:p@nowhere.example/x",
    )
    done = subprocess.run(  # noqa: S603  programs of our own choice
        [str(programs / "python"), "-c", PARSE_SCRIPT, str(PIPELINES / file)],
        env=variables,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
