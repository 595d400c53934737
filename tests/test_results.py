"""What became of each run, as tables, where a setting asks for it."""

import os
import signal
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import dlt
import pytest

from liine_source import LiineError, backfill, loading, status, sync, verify
from liine_source.emulator import Faults, running_emulator
from liine_source.errors import DestinationError
from tests.test_sync import settings
from tests.warehouse import Place, differences, query

KEPT = "kind, status, error, customers, customers_failed, interactions, loads"


@pytest.fixture(autouse=True)
def _keep(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting, as a user has it."""
    monkeypatch.setenv("SOURCES__LIINE__KEEP_RUN_RESULTS", "true")


class _Stopped:
    """An observer that ends the run with its first page, as SIGTERM does."""

    def received(self, *_: Any) -> None:
        raise SystemExit(143)

    def __getattr__(self, _: str) -> Any:
        return lambda *_: None


def test_each_run_leaves_what_became_of_it(warehouse: Place) -> None:
    """Failed before anything was loaded, complete, a customer refused, verified, read again, stopped."""
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
            backfill(is_anew=True, observer=_Stopped(), **settings(api))
        assert differences(warehouse, api.truth()) == []
    runs = query(warehouse, f"select {KEPT}, version from liine.runs order by began")  # noqa: S608  ours
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


def test_the_steps_of_dlts_trace_are_kept_with_their_loads(warehouse: Place) -> None:
    """Which load each was of, and whether it failed; none of the loads that wrote them down."""
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


def test_a_failed_load_is_not_committed_with_its_result(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables stay as they were, and the next run reads again what it had read."""
    with running_emulator(interactions=60, customers=2) as api:
        sync(**settings(api))
        before = deepcopy(api.truth())
        api.advance(timedelta(days=3))
        for row in api.truth():
            api.change(row["id"], outcome="Booked")
        with monkeypatch.context() as patch:
            patch.setattr(dlt.Pipeline, "normalize", _failing(dlt.Pipeline.normalize))
            with pytest.raises(DestinationError):
                sync(**settings(api))
        kept = query(warehouse, "select status, error, interactions, loads from liine.runs order by began")
        assert [tuple(run.values()) for run in kept] == [
            ("complete", None, 60, 1),
            ("failed", "DestinationError", 0, 0),
        ]
        assert differences(warehouse, before) == []
        sync(**settings(api))
        assert differences(warehouse, api.truth()) == []


def test_a_load_committed_when_the_run_is_told_to_end_counts(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what tidying up follows a load is done."""
    load = dlt.Pipeline.load

    def told(pipeline: dlt.Pipeline, *arguments: Any, **named: Any) -> Any:
        info = load(pipeline, *arguments, **named)
        if pipeline.pipeline_name != "liine_results":
            os.kill(os.getpid(), signal.SIGTERM)
        return info

    with running_emulator(interactions=60, customers=2) as api:
        sync(**settings(api))
        monkeypatch.setattr(dlt.Pipeline, "load", told)
        with pytest.raises(SystemExit):
            backfill(**settings(api))
        with pytest.raises(SystemExit):
            backfill(is_anew=True, **settings(api))
    kept = query(warehouse, "select status, loads, interactions from liine.runs order by began")
    assert [tuple(run.values()) for run in kept] == [
        ("complete", 1, 60),
        ("stopped", 1, 60),
        ("stopped", 1, 60),
    ]
    if not isinstance(warehouse, Path):
        states = query(warehouse, "select count(*) as n from liine._dlt_pipeline_state group by pipeline_name")
        assert states == [{"n": 1}, {"n": 1}]


def _failing(step: Any) -> Any:
    """A step that fails the first time, quoting a row."""
    tried: list[str] = []

    def fail(pipeline: dlt.Pipeline, *arguments: Any, **named: Any) -> Any:
        tried.append(pipeline.pipeline_name)
        if len(tried) == 1:
            raise OSError("Zoe Canary: no space left")
        return step(pipeline, *arguments, **named)

    return fail


def test_a_result_that_cannot_be_kept_fails_no_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says so, without the error's text."""

    def append(*_: Any, **__: Any) -> None:
        raise OSError("Zoe Canary")

    monkeypatch.setattr(loading, "append", append)
    with running_emulator(interactions=30, customers=1) as api:
        assert sync(**settings(api)).is_complete
    assert "The run's result could not be kept (DestinationError)" in caplog.text
    assert "Canary" not in caplog.text


def test_nothing_is_kept_unless_asked_for(monkeypatch: pytest.MonkeyPatch, warehouse: Place) -> None:
    """Neither table is made."""
    monkeypatch.delenv("SOURCES__LIINE__KEEP_RUN_RESULTS")
    with running_emulator(interactions=30, customers=1) as api:
        sync(**settings(api))
    made = query(warehouse, "select lower(table_name) as name from information_schema.tables")
    assert {row["name"] for row in made}.isdisjoint({"runs", "run_steps"})
