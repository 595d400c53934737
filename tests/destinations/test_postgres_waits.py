"""A run that waits in Postgres says for what: a table that a reader has locked, or another run."""

import logging
import re
import threading
from collections.abc import Callable
from contextlib import closing

import psycopg2
import pytest

from liine_source import console, sync
from liine_source.commands import check as commands_check
from liine_source.emulator import running_emulator
from liine_source.load.pipeline import build_pipeline
from liine_source.warehouse import advisory_lock, lock_waits
from tests.commands.test_sync import settings
from tests.destinations.test_postgres import run_all
from tests.support.command_line import run
from tests.support.warehouse import differences

SECRET = "Canary Person"


class _OnWait(logging.Handler):
    """Calls a function at each message about a wait."""

    def __init__(self, function: Callable[[], None]) -> None:
        super().__init__()
        self._function = function
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
        self._function()


@pytest.fixture
def on_wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], _OnWait]:
    """Look for waits at once, and call a function when one is reported."""
    monkeypatch.setattr(lock_waits, "FIRST_REPORT_SECONDS", 0.05)
    monkeypatch.setattr(lock_waits, "NEXT_REPORT_SECONDS", 0.05)

    def listen(function: Callable[[], None]) -> _OnWait:
        handler = _OnWait(function)
        monkeypatch.setattr(lock_waits.log, "handlers", [handler])
        return handler

    return listen


HELD = r"held by process {pid} \(role postgres, a report\) in a transaction since \d{4}-.* UTC\. The load goes on when"
END = r"that transaction ends; an administrator can end it: SELECT pg_terminate_backend\({pid}\);"
TABLE = r"Waiting since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC for table liine\.interactions \(AccessExclusiveLock\),"
ROWS = r"Waiting since .* for (table liine\.interactions \(\w+\)|rows that another transaction has changed),"


@pytest.mark.parametrize(
    ("lock", "waits_for"),
    [
        (f"select * from liine.interactions where name = '{SECRET}'", TABLE),  # noqa: S608  a constant
        pytest.param("update liine.interactions set vanished_reason = null", ROWS, marks=pytest.mark.slow("postgres")),
    ],
    ids=["reader", "writer"],
)
def test_wait_for_transaction_is_reported(
    postgres: str, on_wait: Callable[[Callable[[], None]], _OnWait], lock: str, waits_for: str
) -> None:
    """The message names the table, who holds it and since when, but no statement; then the load goes on."""
    with (
        running_emulator(interactions=20, customers=1) as api,
        closing(psycopg2.connect(postgres, application_name="a report")) as reader,
    ):
        sync(**settings(api))
        reader.cursor().execute(lock)
        # The new column needs the table for itself.
        for row in api.truth():
            api.change(row["id"], brand_new=1, name=SECRET)
        # The reader's connection belongs to this thread, so another ends its transaction.
        handler = on_wait(lambda: run_all(postgres, f"select pg_terminate_backend({pid})"))
        pid = reader.info.backend_pid
        assert sync(**settings(api)).is_complete
        assert differences(postgres, api.truth()) == []
    assert handler.messages
    expected = f"{waits_for} {HELD} {END}".replace("{pid}", str(pid))
    assert all(re.fullmatch(expected, message) for message in handler.messages)


def test_wait_for_another_run_is_reported(
    postgres: str, on_wait: Callable[[Callable[[], None]], _OnWait], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for again and again, or neither a signal nor the end of patience would be noticed."""
    del postgres
    monkeypatch.setattr(advisory_lock, "_PAUSE", "10ms")
    pipeline = build_pipeline("postgres")
    has_reported = threading.Event()
    handler = on_wait(has_reported.set)
    with advisory_lock.hold(pipeline, "x"), pytest.raises(TimeoutError), advisory_lock.hold(pipeline, "x", 0.3):
        pass
    assert handler.messages == ["Waiting for another run that uses dataset liine."]


def test_wait_is_printed_where_no_log_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks like a run that hangs, so it is the one message of the log that is always shown; escaped, as all are."""
    monkeypatch.setattr(lock_waits.log, "handlers", [])

    def check(**_: object) -> list[object]:
        lock_waits.log.warning("Waiting for %s", "[/red]\x1b[2J")
        return []

    monkeypatch.setattr(commands_check, "check", check)
    assert run("check").stderr == "Waiting for [/red]\\x1b[2J\n"
    assert [type(handler) for handler in lock_waits.log.handlers] == [console._WaitHandler]
    lines = run("--log-format", "text", "check").stderr.splitlines()
    assert [line.partition(" WARNING ")[2] for line in lines if "WARNING" in line] == ["Waiting for [/red]\\x1b[2J"]
