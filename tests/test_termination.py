"""SIGTERM, wherever it comes: nothing half-written or left behind, no code 0, and the next run completes."""

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

from liine_source import build_pipeline, loading, sync
from liine_source import warehouse as warehouse_module
from liine_source.emulator import running_emulator
from liine_source.errors import BusyError
from tests.slow.victim import victim
from tests.test_sync import settings
from tests.warehouse import Place, differences, query

# Ends itself while it waits for the second page.
TERMINATED = """
import json, os, signal, sys
from liine_source import client, sync
asked = client.LiineClient.page
calls = []
def page(*arguments):
    calls.append(1)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGTERM)
    return asked(*arguments)
client.LiineClient.page = page
sync(**json.loads(sys.argv[1]))
"""
# Is told to end when it waits for another's load.
WAITING = """
import json, os, signal, sys, threading
from liine_source import loading, sync, warehouse
held = warehouse.locked
told = []
def locked(pipeline, name, *arguments):
    if name.endswith(" load") and not told:
        told.append(name)
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
    return held(pipeline, name, *arguments)
warehouse.locked = locked
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
def test_what_is_there_is_whole(warehouse: Place, tmp_path: Path, shares: tuple[float, ...]) -> None:
    """At moments all over a run: what is in the warehouse is of loads that were committed."""
    with running_emulator(interactions=100, customers=2, seed=6) as api, victim() as process:
        given = settings(api, page_size=10)
        lived = process.run("sync", tmp_path, **given)
        assert (lived["killed"], lived["error"]) == (False, "")
        for share in shares:
            api.advance(timedelta(days=10))
            point = int(lived["points"] * share / 2) + 1
            ended = process.run("sync", tmp_path, kill_at=point, number=signal.SIGTERM, **given)
            # Before the run has the warehouse for itself, there is nothing to tidy up.
            assert (ended["killed"], ended["error"]) in {(False, "SystemExit: 143"), (share < 0.1, "")}, point
            assert half_written(warehouse) == [], point
            assert left_behind(tmp_path) == [], point
            ended = process.run("sync", tmp_path, **given)
            assert (ended["killed"], ended["error"]) == (False, ""), point
            assert differences(warehouse, api.truth()) == [], point


@pytest.mark.slow("kills")
@pytest.mark.parametrize("keeps", ["true", "false"])
def test_waiting_for_another_load_is_no_reason_to_stay(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps: str
) -> None:
    """A run that waits for Postgres's lock ends while it is held, though results are kept; what was read is dropped."""
    monkeypatch.setenv("SOURCES__LIINE__KEEP_RUN_RESULTS", keeps)
    with running_emulator(interactions=100, customers=1) as api:
        given = settings(api)
        sync(**given)
        pipeline = build_pipeline("postgres")
        with warehouse_module.locked(pipeline, f"liine-source {pipeline.dataset_name} load"):
            api.advance(timedelta(days=3))
            command = [sys.executable, "-c", WAITING, json.dumps(given)]
            done = subprocess.run(  # noqa: S603  a script of our own
                command, env=os.environ, capture_output=True, text=True, check=False, timeout=120
            )
            assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")
        assert left_behind(tmp_path) == []
        assert half_written(postgres) == []
        sync(**given)
        assert differences(postgres, api.truth()) == []


def test_a_second_run_of_the_same_customers_gives_up(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some minutes, here none, with what to do; nothing was requested."""
    monkeypatch.setattr(loading, "_PATIENCE", 0)
    with running_emulator(interactions=20, customers=1) as api, ExitStack() as stack:
        held = warehouse_module.locked

        def locked(pipeline: Any, name: str, patience: float) -> Any:
            stack.enter_context(held(pipeline, name))
            return held(pipeline, name, patience)

        monkeypatch.setattr(warehouse_module, "locked", locked)
        with pytest.raises(BusyError, match="nothing was requested"):
            sync(**settings(api))
        assert api.requests == []


def half_written(place: Place) -> list[str]:
    """Tables with rows of a load that was not committed, and schemas of staging that are left."""
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


def left_behind(folder: Path) -> list[Path]:
    """Files of dlt's working directory, but for the lock and an empty state."""
    files = (path for path in (folder / "dlt").rglob("*") if path.is_file())
    return [path for path in files if path.suffix != ".lock" and path.name != "state.json"]


def test_the_code_is_that_of_a_terminated_process(tmp_path: Path) -> None:
    """As a shell tells it, 128 and the signal's number; without a traceback, and without a file of rows."""
    with running_emulator(interactions=100, customers=1) as api:
        given = json.dumps(settings(api, page_size=10))
        done = subprocess.run(  # noqa: S603  a script of our own
            [sys.executable, "-c", TERMINATED, given], env=os.environ, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")
    assert left_behind(tmp_path) == []


def test_a_handler_that_is_there_stays(tmp_path: Path) -> None:
    """A scheduler's own: it is called, and no other."""
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
