"""Ctrl-C at any moment: one line, no traceback, exit code 130, nothing left behind, and the next run completes."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from liine_source import cli, sync
from liine_source.destinations.base import Question
from liine_source.emulator import Emulator, running_emulator
from liine_source.interruption import THIS_PROCESS
from tests.commands.test_sync import settings as options
from tests.load.test_signals import leftover_files, uncommitted
from tests.support.command_line import settings
from tests.support.warehouse import differences, query

WAREHOUSE = Path("warehouse.duckdb")
# Each takes the two seconds of a process.
SLOW = pytest.mark.slow("kills")
LINE = r"interrupted(?:, (?P<kept>[\d,]+) rows kept)?; run the same command again to go on\n"
# `liine …` in a process that presses Ctrl-C itself, at the point that its first argument names.
PROGRAM = """
import json, os, signal, sys, threading
from liine_source.__main__ import main

def press():
    os.kill(os.getpid(), signal.SIGINT)

class Import:
    def __init__(self, name):
        self.name = name
    def find_spec(self, name, *_):
        if name == self.name:
            self.name = ""
            press()

class Lost:
    def __del__(self):
        press()

def lose():
    Lost()

def hang():
    press()
    if threading.current_thread() is not threading.main_thread():
        threading.Event().wait()

def patch(kind, name, at, action):
    original, calls = getattr(kind, name), []
    def method(*arguments, **named):
        calls.append(1)
        if len(calls) == at:
            action()
        return original(*arguments, **named)
    setattr(kind, name, method)

point, at, *arguments = sys.argv[1:]
sys.argv = ["liine", *arguments]
if point == "import":
    sys.meta_path.insert(0, Import(at))
else:
    from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
    from dlt import Pipeline
    from liine_source.api.client import LiineClient
    from liine_source.commands import run
    run.ROWS_PER_LOAD = 150
    patch(*{
        "request": (LiineClient, "_send", int(at), press),
        "request that hangs": (LiineClient, "_send", int(at), hang),
        "deletion": (DuckDbSqlClient, "execute_sql", int(at), lose),
        "load": (Pipeline, "load", int(at), press),
        "statement": (DuckDbSqlClient, "execute_sql", int(at), press),
    }[point])
main()
"""


def interrupted(point: str, at: int | str, *arguments: str, api: Emulator | None = None) -> tuple[int, str]:
    """Run `liine` with these arguments and press Ctrl-C at a point; return the exit code and standard error."""
    done = subprocess.run(  # noqa: S603  a script of our own
        [sys.executable, "-c", PROGRAM, point, str(at), *arguments],
        env=os.environ | settings(api) | {"SOURCES__LIINE__PAGE_SIZE": "20"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stderr


@pytest.fixture
def api() -> Iterator[Emulator]:
    """Serve interactions of two customers, in windows that are read at once."""
    with running_emulator(interactions=600, customers=2) as found:
        yield found


@pytest.mark.parametrize(
    ("point", "at"),
    [
        pytest.param("import", "typer", marks=SLOW),
        ("import", "dlt"),
        pytest.param("import", "pyarrow.parquet", marks=SLOW),
        pytest.param("request", 1, marks=SLOW),
        pytest.param("request", 25, marks=SLOW),
        ("request that hangs", 12),
        ("deletion", 5),
        pytest.param("load", 1, marks=SLOW),
        ("load", 2),
        pytest.param("statement", 5, marks=SLOW),
        pytest.param("statement", 40, marks=SLOW),
    ],
)
def test_interrupted_sync_ends_with_a_line(api: Emulator, point: str, at: int | str, tmp_path: Path) -> None:
    """It says how many rows are in the warehouse: a load that has begun is committed first."""
    code, errors = interrupted(point, at, "sync", api=api)
    found = re.fullmatch(LINE, errors)
    assert (code, bool(found)) == (128 + signal.SIGINT, True), errors
    held = 0
    tables = "select 1 from information_schema.tables where table_name = 'interactions'"
    if WAREHOUSE.exists() and query(WAREHOUSE, tables):
        held = query(WAREHOUSE, "select count(*) as n from liine.interactions")[0]["n"]
        assert uncommitted(WAREHOUSE) == []
    assert found
    assert int((found["kept"] or "0").replace(",", "")) == held
    assert (point != "load") or held
    assert leftover_files(tmp_path) == []
    assert sync(**options(api)).is_complete
    assert differences(WAREHOUSE, api.truth()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["verify"],
        *(
            pytest.param(arguments, marks=SLOW)
            for arguments in (["check"], ["plan"], ["probe", "--yes"], ["backfill"], ["sync", "--json"])
        ),
    ],
    ids=lambda arguments: arguments[0],
)
def test_every_command_can_be_interrupted(api: Emulator, arguments: list[str]) -> None:
    """Whether it loads or only reads."""
    sync(**options(api))
    code, errors = interrupted("request", 3, *arguments, api=api)
    # A probe says first how many requests it may send.
    lines = errors.removeprefix("At most 60 requests for one customer, which only read. No row is kept.\n")
    assert (code, bool(re.fullmatch(LINE, lines))) == (128 + signal.SIGINT, True), errors


@pytest.mark.slow("kills")
@pytest.mark.parametrize("arguments", [["status"], ["report"], ["reset"], ["erase", "--lead-id", "1"]])
def test_commands_without_requests_can_be_interrupted(arguments: list[str]) -> None:
    """While they import dlt, which takes most of their time."""
    assert interrupted("import", "dlt", *arguments) == (130, "interrupted; run the same command again to go on\n")


def test_interruption_is_a_line_of_the_log(api: Emulator) -> None:
    """Where standard error is JSON, all of it is."""
    code, errors = interrupted("request", 9, "--log-format", "json", "sync", api=api)
    last = json.loads(errors.splitlines()[-1])
    assert code == last["exit_code"] == 130
    assert last["message"] == "interrupted, 0 rows kept; run the same command again to go on"


def test_emulator_is_meant_to_be_interrupted() -> None:
    """Its end is no failure."""
    script = "from liine_source.__main__ import main; main()"
    command = [sys.executable, "-c", script, "emulator", "--port", "0", "--interactions", "5", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603  a script of our own
        assert process.stdout is not None
        for line in process.stdout:
            if line == "}\n":
                break
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_ignored_signal_stays_ignored(api: Emulator) -> None:
    """As `nohup` and shells do for jobs in the background."""
    script = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + PROGRAM
    done = subprocess.run(  # noqa: S603  a script of our own
        [sys.executable, "-c", script, "request", "3", "check"],
        env=os.environ | settings(api),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_interrupted_question_is_no_abort(monkeypatch: pytest.MonkeyPatch) -> None:
    """Typer would print a line of its own and exit with 1."""

    def abort(*_: object, **__: object) -> str:
        raise typer.Abort

    monkeypatch.setattr(typer, "prompt", abort)
    monkeypatch.setattr(THIS_PROCESS, "has_come", True)
    with pytest.raises(KeyboardInterrupt):
        cli._ask(Question(("x",), "User name"))
