"""SIGTERM at any moment: nothing half-written or left behind, an exit code other than 0, and the next run completes."""

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from liine_source import build_pipeline, sync
from liine_source.emulator import running_emulator
from liine_source.errors import BusyError
from liine_source.load import pipeline as loading
from liine_source.warehouse import advisory_lock
from tests.commands.test_sync import settings
from tests.slow.victim import victim
from tests.support.warehouse import Place, differences, query

# Sends itself SIGTERM while it waits for the second page.
TERMINATED = """
import json, os, signal, sys
from liine_source import sync
from liine_source.api import client
fetch_page = client.LiineClient.fetch_page
calls = []
def page(*arguments):
    calls.append(1)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGTERM)
    return fetch_page(*arguments)
client.LiineClient.fetch_page = page
sync(**json.loads(sys.argv[1]))
"""
# Gets SIGTERM while it waits for another run to load.
WAITING = """
import json, os, signal, sys, threading
from liine_source import sync
from liine_source.load import pipeline as loading
from liine_source.warehouse import advisory_lock
hold = advisory_lock.hold
signalled = []
def hold_and_signal(pipeline, name, *arguments):
    if name.endswith(" load") and not signalled:
        signalled.append(name)
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
    return hold(pipeline, name, *arguments)
advisory_lock.hold = hold_and_signal
sync(**json.loads(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("warehouse", "shares"),
    [
        pytest.param("duckdb", (0.05, 0.2, 0.35, 0.5, 0.65, 0.8), marks=pytest.mark.slow("kills")),
        pytest.param("postgres", (0.05, 0.2, 0.35, 0.5, 0.65, 0.8), marks=pytest.mark.slow("kills")),
    ],
    indirect=["warehouse"],
    ids=["duckdb", "postgres"],
)
def test_sigterm_leaves_only_committed_loads(warehouse: Place, tmp_path: Path, shares: tuple[float, ...]) -> None:
    """Whenever SIGTERM arrives, the warehouse holds committed loads only, and the next run completes."""
    with running_emulator(interactions=100, customers=2, seed=6) as api, victim() as process:
        given = settings(api, page_size=10)
        whole = process.run("sync", tmp_path, **given)
        assert (whole["killed"], whole["error"]) == (False, "")
        for share in shares:
            api.advance(timedelta(days=10))
            point = int(whole["points"] * share / 2) + 1
            ended = process.run("sync", tmp_path, kill_at=point, number=signal.SIGTERM, **given)
            # Before the run holds the lock of the warehouse, it has nothing to clean up.
            assert (ended["killed"], ended["error"]) in {(False, "SystemExit: 143"), (share < 0.1, "")}, point
            assert uncommitted(warehouse) == [], point
            assert leftover_files(tmp_path) == [], point
            ended = process.run("sync", tmp_path, **given)
            assert (ended["killed"], ended["error"]) == (False, ""), point
            assert differences(warehouse, api.truth()) == [], point


@pytest.mark.slow("kills")
@pytest.mark.parametrize("store_run_history", ["true", "false"])
def test_run_that_waits_for_lock_obeys_sigterm(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store_run_history: str
) -> None:
    """A run that waits for Postgres's lock ends at once and drops what it has read."""
    monkeypatch.setenv("SOURCES__LIINE__STORE_RUN_HISTORY", store_run_history)
    with running_emulator(interactions=100, customers=1) as api:
        given = settings(api)
        sync(**given)
        pipeline = build_pipeline("postgres")
        with advisory_lock.hold(pipeline, f"liine-source {pipeline.dataset_name} load"):
            api.advance(timedelta(days=3))
            command = [sys.executable, "-c", WAITING, json.dumps(given)]
            done = subprocess.run(  # noqa: S603  a script of our own
                command, env=os.environ, capture_output=True, text=True, check=False, timeout=120
            )
            assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")
        assert leftover_files(tmp_path) == []
        assert uncommitted(postgres) == []
        sync(**given)
        assert differences(postgres, api.truth()) == []


def test_second_run_of_same_customers_gives_up(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After waiting, here not at all, it fails with a remedy and has requested nothing."""
    monkeypatch.setattr(loading, "PATIENCE", 0)
    with running_emulator(interactions=20, customers=1) as api, ExitStack() as stack:
        hold = advisory_lock.hold

        def hold_twice(pipeline: Any, name: str, patience: float) -> Any:
            stack.enter_context(hold(pipeline, name))
            return hold(pipeline, name, patience)

        monkeypatch.setattr(advisory_lock, "hold", hold_twice)
        with pytest.raises(BusyError, match="nothing was requested"):
            sync(**settings(api))
        assert api.requests == []


def uncommitted(place: Place) -> list[str]:
    """Return tables with rows of an uncommitted load, and staging schemas that are left."""
    tables = ["interactions", "interactions__provider_names", "interactions__session_extras", "sweeps"]
    found = []
    for table in tables:
        sql = (
            f"select count(*) as n from liine.{table} where _dlt_load_id not in "  # noqa: S608  names of ours
            "(select load_id from liine._dlt_loads where status = 0)"
        )
        found += [table] * (query(place, sql)[0]["n"] > 0)
    schemas = query(place, "select schema_name from information_schema.schemata where schema_name like 'liine_stg_%'")
    return found + [row["schema_name"] for row in schemas]


def leftover_files(folder: Path) -> list[Path]:
    """Return the files of dlt's working directory, except locks and the state."""
    files = (path for path in (folder / "dlt").rglob("*") if path.is_file())
    return [path for path in files if path.suffix != ".lock" and path.name != "state.json"]


def test_exit_code_is_128_plus_signal(tmp_path: Path) -> None:
    """A terminated run prints no traceback and leaves no file of rows."""
    with running_emulator(interactions=100, customers=1) as api:
        given = json.dumps(settings(api, page_size=10))
        done = subprocess.run(  # noqa: S603  a script of our own
            [sys.executable, "-c", TERMINATED, given], env=os.environ, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")
    assert leftover_files(tmp_path) == []


def test_existing_signal_handler_is_kept(tmp_path: Path) -> None:
    """A scheduler's own handler is called, and no other."""
    received = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        script = "import signal; assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL"
        with running_emulator(interactions=20, customers=1) as api:
            sync(**settings(api))
        os.kill(os.getpid(), signal.SIGTERM)
        assert received == [signal.SIGTERM]
        assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0  # noqa: S603  a script of our own
    finally:
        signal.signal(signal.SIGTERM, before)
