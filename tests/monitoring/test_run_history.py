"""The run history: tables of runs and steps, stored if a setting asks for them."""

import os
import signal
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import dlt
import pytest

from liine_source import LiineError, backfill, status, sync, verify
from liine_source.commands import session
from liine_source.emulator import Faults, running_emulator
from liine_source.errors import DestinationError
from tests.commands.test_sync import settings
from tests.support.warehouse import Place, differences, query

COLUMNS = "kind, status, error, customers, customers_failed, interactions, loads"


@pytest.fixture(autouse=True)
def _store_run_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the setting as a user would."""
    monkeypatch.setenv("SOURCES__LIINE__STORE_RUN_HISTORY", "true")


class _StopOnFirstPage:
    """An observer that ends the run on its first page, as SIGTERM does."""

    def on_page(self, *_: Any) -> None:
        raise SystemExit(143)

    def __getattr__(self, _: str) -> Any:
        return lambda *_: None


def test_every_run_is_recorded(warehouse: Place) -> None:
    """Runs of each command are recorded, whether complete, incomplete, failed or stopped."""
    with running_emulator(interactions=60, customers=2) as api:
        api.faults = Faults(login_failures=99, login_failure_status=401)
        with pytest.raises(LiineError):
            sync(**settings(api))
        assert status() == []
        api.faults = Faults()
        sync(**settings(api))
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        sync(**settings(api))
        api.faults = Faults()
        verify(**settings(api))
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        verify(**settings(api))
        api.faults = Faults()
        backfill(**settings(api))
        with pytest.raises(SystemExit):
            backfill(restart=True, observer=_StopOnFirstPage(), **settings(api))
        assert differences(warehouse, api.truth()) == []
    runs = query(warehouse, f"select {COLUMNS}, version from liine.runs order by began")  # noqa: S608  ours
    updated = runs[2].pop("interactions")
    assert [tuple(run.values())[:-1] for run in runs] == [
        ("sync", "failed", "LoginRefusedError", 2, 0, 0, 0),
        ("sync", "complete", None, 2, 0, 60, 1),
        ("sync", "incomplete", None, 2, 1, 1),
        ("verify", "complete", None, 2, 0, 0, 0),
        ("verify", "incomplete", None, 2, 1, 0, 0),
        ("backfill", "complete", None, 2, 0, 60, 1),
        ("backfill", "stopped", "SystemExit", 2, 0, 0, 0),
    ]
    assert updated < 60
    times = query(warehouse, "select count(*) as odd from liine.runs where ended < began or ended > now()")
    assert times == [{"odd": 0}]


def test_dlt_steps_are_recorded_with_their_loads(warehouse: Place) -> None:
    """Steps of the loads that store the run history are left out."""
    with running_emulator(interactions=30, customers=1) as api:
        sync(**settings(api))
        api.faults = Faults(login_failures=99, login_failure_status=401)
        with pytest.raises(LiineError):
            sync(**settings(api))
    steps = query(
        warehouse,
        "select step, is_failed, (select count(*) from liine._dlt_loads l where l.load_id = s.load_id) as loads "
        "from liine.run_steps s join liine.runs r on r.run_id = s.run_id order by s.began",
    )
    assert [tuple(step.values()) for step in steps] == [
        ("extract", False, 1),
        ("normalize", False, 1),
        ("load", False, 1),
        ("extract", True, 0),
    ]


def test_failed_load_is_recorded_but_not_committed(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables stay as they were, and the next run reads the changes again."""
    with running_emulator(interactions=60, customers=2) as api:
        sync(**settings(api))
        before = deepcopy(api.truth())
        api.advance(timedelta(days=3))
        for row in api.truth():
            api.change(row["id"], outcome="Booked")
        with monkeypatch.context() as patch:
            patch.setattr(dlt.Pipeline, "normalize", _fail_once(dlt.Pipeline.normalize))
            with pytest.raises(DestinationError):
                sync(**settings(api))
        runs = query(warehouse, "select status, error, interactions, loads from liine.runs order by began")
        assert [tuple(run.values()) for run in runs] == [
            ("complete", None, 60, 1),
            ("failed", "DestinationError", 0, 0),
        ]
        assert differences(warehouse, before) == []
        sync(**settings(api))
        assert differences(warehouse, api.truth()) == []


def test_load_committed_before_sigterm_is_recorded(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cleanup after the load is done too."""
    load = dlt.Pipeline.load

    def load_then_terminate(pipeline: dlt.Pipeline, *arguments: Any, **named: Any) -> Any:
        info = load(pipeline, *arguments, **named)
        if pipeline.pipeline_name != "liine_run_history":
            os.kill(os.getpid(), signal.SIGTERM)
        return info

    with running_emulator(interactions=60, customers=2) as api:
        sync(**settings(api))
        monkeypatch.setattr(dlt.Pipeline, "load", load_then_terminate)
        with pytest.raises(SystemExit):
            backfill(**settings(api))
        with pytest.raises(SystemExit):
            backfill(restart=True, **settings(api))
    runs = query(warehouse, "select status, loads, interactions from liine.runs order by began")
    assert [tuple(run.values()) for run in runs] == [
        ("complete", 1, 60),
        ("stopped", 1, 60),
        ("stopped", 1, 60),
    ]
    if not isinstance(warehouse, Path):
        states = query(warehouse, "select count(*) as n from liine._dlt_pipeline_state group by pipeline_name")
        assert states == [{"n": 1}, {"n": 1}]


def _fail_once(step: Any) -> Any:
    """Make a step fail the first time, with a row's value in the error."""
    attempts: list[str] = []

    def fail(pipeline: dlt.Pipeline, *arguments: Any, **named: Any) -> Any:
        attempts.append(pipeline.pipeline_name)
        if len(attempts) == 1:
            raise OSError("Zoe Canary: no space left")
        return step(pipeline, *arguments, **named)

    return fail


def test_unstorable_run_history_does_not_fail_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log reports it without the error's text."""

    def append(*_: Any, **__: Any) -> None:
        raise OSError("Zoe Canary")

    monkeypatch.setattr(session, "load_separately", append)
    with running_emulator(interactions=30, customers=1) as api:
        assert sync(**settings(api)).is_complete
    assert "The run history could not be stored (DestinationError)" in caplog.text
    assert "Canary" not in caplog.text


def test_run_history_is_opt_in(monkeypatch: pytest.MonkeyPatch, warehouse: Place) -> None:
    """Without the setting neither table is created."""
    monkeypatch.delenv("SOURCES__LIINE__STORE_RUN_HISTORY")
    with running_emulator(interactions=30, customers=1) as api:
        sync(**settings(api))
    tables = query(warehouse, "select lower(table_name) as name from information_schema.tables")
    assert {row["name"] for row in tables}.isdisjoint({"runs", "run_steps"})
