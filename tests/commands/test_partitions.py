"""Partitions of months: together they load everything, and each run key has its own state."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from liine_source import backfill, plan_partitions, status, sync
from liine_source.api.query import fingerprint_selection
from liine_source.commands.partitions import Partition
from liine_source.commands.status import CustomerStatus, late_customers
from liine_source.emulator import Faults, Interpretation, running_emulator
from liine_source.errors import BusyError, DestinationError
from liine_source.extract.reader import Reader
from liine_source.extract.state import Progress, SourceState, merge_states
from liine_source.extract.track import Track
from liine_source.extract.windows import split_by_months
from liine_source.load import pipeline as loading
from liine_source.settings import resolve_settings
from liine_source.warehouse import state_store
from tests.commands.test_sync import settings
from tests.support.warehouse import Place, differences, on_duckdb_and_slow_postgres, query

SYNC_REPEATEDLY = """
import json, sys
from liine_source import sync
for _ in range(int(sys.argv[2])):
    sync(**json.loads(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("first", "last", "months", "expected"),
    [
        ("2024-01-31", "2024-01-31", 1, [("2024-01-31", "2024-01-31")]),
        ("2024-02-15", "2024-03-02", 1, [("2024-02-15", "2024-02-29"), ("2024-03-01", "2024-03-02")]),
        ("2024-11-30", "2025-02-01", 2, [("2024-11-30", "2024-12-31"), ("2025-01-01", "2025-02-01")]),
        ("2024-12-01", "2025-12-31", 12, [("2024-12-01", "2025-11-30"), ("2025-12-01", "2025-12-31")]),
        ("2024-01-02", "2024-01-01", 1, []),
    ],
)  # fmt: skip
def test_days_are_split_at_months(first: str, last: str, months: int, expected: list[tuple[str, str]]) -> None:
    """Each day is in exactly one part."""
    found = split_by_months(date.fromisoformat(first), date.fromisoformat(last), months)
    assert [(str(begins), str(ends)) for begins, ends in found] == expected


@pytest.mark.parametrize(
    ("warehouse", "interpretation", "minimum"),
    [
        pytest.param("postgres", Interpretation(), 4, id="default"),
        pytest.param(
            "duckdb", Interpretation(count="absent"), 2, id="no count", marks=pytest.mark.slow("interpretations")
        ),
        pytest.param(
            "duckdb", Interpretation(count="page"), 2, id="page count", marks=pytest.mark.slow("interpretations")
        ),
        pytest.param(
            "duckdb",
            Interpretation(end_date="midnight"),
            4,
            id="end date is midnight",
            marks=pytest.mark.slow("interpretations"),
        ),
    ],
    indirect=["warehouse"],
)
def test_partitions_together_load_everything(warehouse: Place, interpretation: Interpretation, minimum: int) -> None:
    """A customer's partitions are contiguous, and the oldest has no first day."""
    with running_emulator(interactions=240, customers=2, days=40, seed=4, interpretation=interpretation) as api:
        found = plan_partitions(**settings(api))
        assert len(found) >= minimum
        for customer in api.customer_ids:
            own = [partition for partition in found if partition.customer_id == customer]
            assert own[0].since is None
            assert own[-1].until == date(2025, 12, 15)
            assert [partition.since for partition in own[1:]] == [
                partition.until + timedelta(days=1) for partition in own[:-1]
            ]
        for partition in found:
            report = backfill(partition.since, partition.until, **settings(api, customer_ids=[partition.customer_id]))
            assert report.is_complete
        assert differences(warehouse, api.truth()) == []


def test_partitions_of_given_days() -> None:
    """Nothing is counted, and a refused customer gets one partition, which will fail."""
    with running_emulator(interactions=60, customers=2) as api:
        first, second = api.customer_ids
        api.faults = Faults(refused_customers=(second,))
        found = plan_partitions(date(2025, 1, 31), date(2025, 4, 30), months=2, **settings(api))
    assert found == [
        Partition(first, date(2025, 1, 31), date(2025, 2, 28)),
        Partition(first, date(2025, 3, 1), date(2025, 4, 30)),
        Partition(second, date(2025, 1, 31), date(2025, 4, 30)),
    ]


def test_partition_count_is_limited() -> None:
    """Longer partitions are planned instead, without counting again."""
    with running_emulator(interactions=300, customers=2, days=300, seed=4) as api:
        unlimited = plan_partitions(**settings(api))
        counted = len(api.requests)
        api.forget_requests()
        limited = plan_partitions(**settings(api), most=len(unlimited) - 1)
        assert len(api.requests) == counted
        assert len(plan_partitions(**settings(api), most=1)) == 2
    assert 2 < len(limited) <= len(unlimited) / 2 + 2
    assert [(partition.customer_id, partition.since) for partition in limited if partition.since is None] == [
        (1001, None),
        (1002, None),
    ]


@pytest.mark.slow("postgres")
def test_state_is_stored_per_run_key(postgres: str) -> None:
    """One state is stored per run key, and a run reads only the states that it needs."""
    with running_emulator(interactions=200, customers=2, days=60, seed=4) as api:
        first, second = api.customer_ids
        for _ in range(2):
            sync(**settings(api))
            api.advance(timedelta(days=2))
        for month in (10, 11):
            for customer in (first, second):
                backfill(date(2025, month, 1), date(2025, month, 28), **settings(api, customer_ids=[customer]))
        names = [row["pipeline_name"] for row in query(postgres, "select pipeline_name from liine._dlt_pipeline_state")]
        assert len(names) == len(set(names)) == 5
        pipeline = loading.build_pipeline()
        prefix = f"{loading.PIPELINE_NAME}_backfill_"
        assert len(state_store.read_states(pipeline)) == 5
        assert len(state_store.read_states(pipeline, prefix)) == 1
        assert len(state_store.read_states(pipeline, prefix, [f"{prefix}{first}_"])) == 3
        assert all(
            "backfill" not in key for key in state_store.read_states(pipeline, prefix)[0].data["customers"][str(first)]
        )

        # Days that another run has loaded are not read again, and the watermark is unchanged.
        api.forget_requests()
        report = backfill(date(2025, 10, 1), date(2025, 10, 28), **settings(api, customer_ids=[first]))
        assert (report.rows["interactions"], [request for request in api.requests if request.params]) == (0, [])
        sync(**settings(api, lookback_days=0))
        requested = [dict(request.params) for request in api.requests if request.params]
        assert all("updated_date" in params or params["limit"] == "1" for params in requested)
        assert differences(postgres, api.truth()) == []
        assert all(customer.watermark and not customer.pending_windows for customer in status())


@on_duckdb_and_slow_postgres
def test_failed_restart_is_finished_by_next_backfill(warehouse: Place) -> None:
    """The days are read again although another run key's state has them as loaded."""
    with running_emulator(interactions=60, customers=2) as api:
        first = api.customer_ids[0]
        arguments = settings(api, customer_ids=[first])
        backfill(**settings(api))
        for row in api.truth(first):
            api.change(row["id"], touch_updated_at=False, outcome="Booked")
        api.faults = Faults(refused_customers=(first,))
        assert not backfill(restart=True, **arguments).is_complete
        api.faults = Faults()
        assert backfill(**arguments).rows["interactions"] == len(api.truth(first))
        assert differences(warehouse, api.truth()) == []
        assert backfill(**settings(api)).rows["interactions"] == 0


def test_latest_restart_wins_in_merged_states() -> None:
    """The order of commits does not matter; without a restart the newest state wins."""
    key, finished = "backfill f", {"history": {"began": None, "max_updated_at": None, "pending_windows": []}}
    restarted = {"restarted_at": "2025-01-02T00:00:00.000000+00:00"}
    later = {"restarted_at": "2025-01-03T00:00:00.000000+00:00", **finished}

    def merged(*tracks: dict[str, Any]) -> Any:
        states = [SourceState({"customers": {"1": {key: track}}}) for track in tracks]
        return merge_states(states).data["customers"]["1"][key]

    assert merged(finished, restarted) == restarted
    assert merged(finished, restarted, finished) == restarted
    assert merged(restarted, restarted | finished, finished) == restarted | finished
    assert merged(later, restarted) == later
    assert merged(finished, {}) == {}


def test_restart_is_later_than_previous_restart() -> None:
    """The clock of another machine may have been ahead."""
    ahead = "2999-01-01T00:00:00.000000+00:00"
    tracks = {"ahead": {"restarted_at": ahead, "watermark": "w"}, "new": {}}
    for name in tracks:
        Track(name, tracks).restart()
    assert tracks["ahead"] == {"restarted_at": "2999-01-01T00:00:00.000001+00:00"}
    assert tracks["new"]["restarted_at"] < ahead


def test_empty_tracks_of_other_filters_are_ignored() -> None:
    """If only these filters have loaded rows, all rows in the warehouse are theirs."""
    arguments = settings(SimpleNamespace(base_url="http://127.0.0.1:1", customer_ids=[1], username="u", password="p"))
    resolved = resolve_settings(**arguments, filters={"call_type": ["New Lead"]})
    client = resolved.open_client()
    own = fingerprint_selection(resolved.filters, None, None)
    tracks: dict[str, Any] = {
        own: {"watermark": "2025-01-01T00:00:00+00:00"},
        "none": {},
        "backfill none": {"restarted_at": ""},
    }
    assert Reader(resolved, client, SourceState({"customers": {"1": tracks}})).has_own_rows(1)
    tracks["none"] = {"watermark": "2025-01-01T00:00:00+00:00"}
    assert not Reader(resolved, client, SourceState({"customers": {"1": tracks}})).has_own_rows(1)
    client.close()


def test_select_tracks() -> None:
    """A backfill keeps the tracks of its days, a sync the watermarks, and both all other state."""
    state = {
        "analytics_methodology": "none",
        "customers": {
            "1": {
                "f": {"watermark": "w"},
                "backfill f-a-b": {"history": {"pending_windows": []}},
                "backfill f-c-d": {},
            },
            "2": {"backfill f-c-d": {"history": {"pending_windows": []}}},
        },
    }
    assert SourceState(state).select_tracks(backfill=None).data == {
        "analytics_methodology": "none",
        "customers": {"1": {"f": {"watermark": "w"}}},
    }
    assert SourceState(state).select_tracks(backfill="f-c-d").data == {
        "analytics_methodology": "none",
        "customers": {"1": {"backfill f-c-d": {}}, "2": {"backfill f-c-d": {"history": {"pending_windows": []}}}},
    }


def test_backfill_does_not_hide_failed_sync(warehouse: Place) -> None:
    """Status shows the failed sync, although a later backfill is complete."""
    with running_emulator(interactions=60, customers=1) as api:
        backfill(**settings(api))
        assert [(found.sweep_status, found.watermark) for found in status()] == [("complete", None)]
        sync(**settings(api))
        api.faults = Faults(refused_customers=tuple(api.customer_ids))
        sync(**settings(api))
        (failed,) = status()
        api.faults = Faults()
        backfill(restart=True, **settings(api))
        (found,) = status()
        assert (found.is_proven, found.last_sweep) == (False, failed.last_sweep)
        sync(**settings(api))
        assert [found.is_proven for found in status()] == [True]


def test_late_customers() -> None:
    """A customer is late if it is unproven or its last sweep is too old."""
    now = datetime.now(UTC)
    finished, unfinished = Progress(now), Progress(None, 9, 4, is_history_loaded=False)
    good = CustomerStatus(1, 5, *finished, now, "complete", "count")
    empty = CustomerStatus(2, 0, *Progress(), now, "complete", "count")
    pending = CustomerStatus(3, 5, *unfinished, now, "complete", "count")
    failed = CustomerStatus(4, 5, *finished, now, "failed", None)
    old = CustomerStatus(5, 5, *finished, now - timedelta(hours=3), "complete", "count")
    assert late_customers([good, empty, pending, failed, old], timedelta(hours=2)) == [3, 4, 5]


@pytest.mark.slow("postgres")
@pytest.mark.parametrize(("processes", "times"), [(2, 1), (3, 3)])
def test_concurrent_runs_of_same_run_key_wait(postgres: str, processes: int, times: int) -> None:
    """Several processes sync the same customer one after the other, without an error."""
    with running_emulator(interactions=60, customers=1) as api:
        command = [sys.executable, "-c", SYNC_REPEATEDLY, json.dumps(settings(api)), str(times)]
        started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(processes)]  # noqa: S603  a script of our own
        results = [(process.communicate()[1], process.returncode) for process in started]
        assert results == [("", 0)] * processes
        assert differences(postgres, api.truth()) == []


@pytest.mark.parametrize(
    "warehouse",
    [pytest.param(place, marks=pytest.mark.slow(place)) for place in ("postgres", "snowflake")],
    indirect=True,
)
def test_concurrent_new_column_of_other_type_fails_load(warehouse: Place) -> None:
    """Loading would round the value; the next run stores it as rejected."""
    with running_emulator(interactions=60, customers=2) as api:
        sync(**settings(api))
        first, second = api.customer_ids
        api.change(api.truth(first)[0]["id"], score=3)
        changed = api.truth(second)[0]["id"]
        api.change(changed, score=1.6)

        class SyncOtherOnFirstPage:
            has_synced = False

            def on_page(self, *_: Any) -> None:
                if not self.has_synced:
                    self.has_synced = True
                    other = json.dumps(settings(api, customer_ids=[first]))
                    subprocess.run([sys.executable, "-c", SYNC_REPEATEDLY, other, "1"], check=True)  # noqa: S603  a script of our own

            def __getattr__(self, _: str) -> Any:
                return lambda *_: None

        arguments = settings(api, customer_ids=[second])
        with pytest.raises(DestinationError, match="new columns of interactions, score, with other types"):
            sync(observer=SyncOtherOnFirstPage(), **arguments)
        assert sync(**arguments).is_complete
    values = "select raw_value from liine.interactions__rejected_values where field = 'score'"
    assert [row["raw_value"] for row in query(warehouse, values)] == ["1.6"]
    assert query(warehouse, f"select score from liine.interactions where id = {changed}") == [{"score": None}]  # noqa: S608  ours


def test_working_directory_is_removed_and_lock_stays_exclusive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A waiting run gets the lock although its file is removed with the directory."""
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", "postgresql://nobody:x@localhost/nowhere")
    planned = loading._plan_pipeline("postgres", "liine", run_key="one of many")
    has_lock, may_release = Event(), Event()

    def hold_lock() -> None:
        with loading._lock_working_directory(planned):
            has_lock.set()
            may_release.wait()

    with ThreadPoolExecutor(1) as executor:
        with loading._lock_working_directory(planned):
            waiting = executor.submit(hold_lock)
            assert Path(planned.build().working_dir).exists()
        has_lock.wait()
        monkeypatch.setattr(loading, "PATIENCE", 0)
        with pytest.raises(BusyError), loading._lock_working_directory(planned):
            pass
        may_release.set()
        waiting.result()
    assert [*(tmp_path / "dlt" / "pipelines").iterdir()] == []
