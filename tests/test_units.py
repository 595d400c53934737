"""Histories in units of months: together they are everything, and what each remembers is its own."""

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

from liine_source import backfill, build_pipeline, catalogue, loading, status, sync, units, warehouse
from liine_source.emulator import Faults, Interpretation, running_emulator
from liine_source.errors import BusyError, DestinationError
from liine_source.query import fingerprint
from liine_source.runs import CustomerStatus, Unit, late
from liine_source.settings import checked_settings
from liine_source.tasks import Progress, Reader, _ordered_after, carried, merged
from liine_source.windows import in_months
from tests.test_sync import settings
from tests.warehouse import Place, differences, on_duckdb_and_postgres, query

SEVERAL = """
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
def test_days_are_cut_at_months(first: str, last: str, months: int, expected: list[tuple[str, str]]) -> None:
    """Each day is in one part."""
    found = in_months(date.fromisoformat(first), date.fromisoformat(last), months)
    assert [(str(begins), str(ends)) for begins, ends in found] == expected


@pytest.mark.parametrize(
    ("warehouse", "interpretation", "fewest"),
    [
        pytest.param("postgres", Interpretation(), 4, id="plainest"),
        pytest.param(
            "duckdb", Interpretation(count="absent"), 2, id="no count", marks=pytest.mark.slow("interpretations")
        ),
        pytest.param(
            "duckdb", Interpretation(count="page"), 2, id="count of the page", marks=pytest.mark.slow("interpretations")
        ),
        pytest.param(
            "duckdb",
            Interpretation(end_date="midnight"),
            4,
            id="an end is its midnight",
            marks=pytest.mark.slow("interpretations"),
        ),
    ],
    indirect=["warehouse"],
)
def test_all_units_together_are_the_truth(warehouse: Place, interpretation: Interpretation, fewest: int) -> None:
    """Each is closed and of one customer; the oldest has no first day. Where nothing can be counted there is one."""
    with running_emulator(interactions=240, customers=2, days=40, seed=4, interpretation=interpretation) as api:
        found = units(**settings(api))
        assert len(found) >= fewest
        for customer in api.customer_ids:
            own = [unit for unit in found if unit.customer_id == customer]
            assert own[0].since is None
            assert own[-1].until == date(2025, 12, 15)
            assert [unit.since for unit in own[1:]] == [unit.until + timedelta(days=1) for unit in own[:-1]]
        for unit in found:
            report = backfill(unit.since, unit.until, **settings(api, customer_ids=[unit.customer_id]))
            assert report.is_complete
        assert differences(warehouse, api.truth()) == []


def test_units_of_given_days() -> None:
    """From the first to the last, without counting; a customer that is refused has one that will say so."""
    with running_emulator(interactions=60, customers=2) as api:
        first, second = api.customer_ids
        api.faults = Faults(refused_customers=(second,))
        found = units(date(2025, 1, 31), date(2025, 4, 30), months=2, **settings(api))
    assert found == [
        Unit(first, date(2025, 1, 31), date(2025, 2, 28)),
        Unit(first, date(2025, 3, 1), date(2025, 4, 30)),
        Unit(second, date(2025, 1, 31), date(2025, 4, 30)),
    ]


def test_no_more_units_than_wanted() -> None:
    """Longer ones instead, of twice as many months each time, and what was counted is counted once."""
    with running_emulator(interactions=300, customers=2, days=300, seed=4) as api:
        every = units(**settings(api))
        counted = len(api.requests)
        api.forget_requests()
        fewer = units(**settings(api), most=len(every) - 1)
        assert len(api.requests) == counted
        assert len(units(**settings(api), most=1)) == 2
    assert 2 < len(fewer) <= len(every) / 2 + 2
    assert [(unit.customer_id, unit.since) for unit in fewer if unit.since is None] == [(1001, None), (1002, None)]


@pytest.mark.slow("postgres")
def test_a_unit_remembers_what_is_its_own(postgres: str) -> None:
    """One state of each unit is kept, and read by those alone whom it concerns; nothing is forgotten."""
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
        assert len(warehouse.states(pipeline)) == 5
        assert len(warehouse.states(pipeline, prefix)) == 1
        assert len(warehouse.states(pipeline, prefix, [f"{prefix}{first}_"])) == 3
        assert all("backfill" not in key for key in warehouse.states(pipeline, prefix)[0]["customers"][str(first)])

        # Done is done, whoever asks; and the watermark is where it was.
        api.forget_requests()
        report = backfill(date(2025, 10, 1), date(2025, 10, 28), **settings(api, customer_ids=[first]))
        assert (report.rows["interactions"], [request for request in api.requests if request.params]) == (0, [])
        sync(**settings(api, reread_days=0))
        asked = [dict(request.params) for request in api.requests if request.params]
        assert all("updated_date" in params or params["limit"] == "1" for params in asked)
        assert differences(postgres, api.truth()) == []
        assert all(customer.watermark and not customer.windows_left for customer in status())


@on_duckdb_and_postgres
def test_what_was_ordered_anew_is_read_though_another_unit_holds_it_for_done(warehouse: Place) -> None:
    """The order failed, and is repeated without its word: what was to be read is still to be read."""
    with running_emulator(interactions=60, customers=2) as api:
        first = api.customer_ids[0]
        own = settings(api, customer_ids=[first])
        backfill(**settings(api))
        for row in api.truth(first):
            api.change(row["id"], touch_updated_at=False, outcome="Booked")
        api.faults = Faults(refused_customers=(first,))
        assert not backfill(is_anew=True, **own).is_complete
        api.faults = Faults()
        assert backfill(**own).rows["interactions"] == len(api.truth(first))
        assert differences(warehouse, api.truth()) == []
        assert backfill(**settings(api)).rows["interactions"] == 0


def test_of_two_marks_the_one_ordered_later_counts() -> None:
    """However late another run, which began before, was committed; without an order the newest does."""
    key, done = "backfill f", {"history": {"began": None, "witnessed": None, "left": []}}
    ordered = {"ordered": "2025-01-02T00:00:00.000000+00:00"}
    later = {"ordered": "2025-01-03T00:00:00.000000+00:00", **done}

    def kept(*marks: dict[str, Any]) -> Any:
        return merged({"customers": {"1": {key: mark}}} for mark in marks)["customers"]["1"][key]

    assert kept(done, ordered) == ordered
    assert kept(done, ordered, done) == ordered
    assert kept(ordered, ordered | done, done) == ordered | done
    assert kept(later, ordered) == later
    assert kept(done, {}) == {}


def test_an_order_comes_after_the_last_one_whatever_the_clock_says() -> None:
    """Another machine's may have been ahead."""
    ahead = "2999-01-01T00:00:00.000000+00:00"
    assert _ordered_after({"ordered": ahead}) == "2999-01-01T00:00:00.000001+00:00"
    assert _ordered_after({}) < ahead


def test_a_mark_that_holds_nothing_tells_of_no_rows() -> None:
    """What these filters select is all that is there, though other filters were asked for and found nothing."""
    given = settings(SimpleNamespace(base_url="http://127.0.0.1:1", customer_ids=[1], username="u", password="p"))
    resolved = checked_settings(**given, filters={"call_type": ["New Lead"]})
    client = resolved.open_client()
    own = fingerprint(resolved.filters, None, None)
    marks: dict[str, Any] = {
        own: {"watermark": "2025-01-01T00:00:00+00:00"},
        "none": {},
        "backfill none": {"ordered": ""},
    }
    assert Reader(resolved, client, {"customers": {"1": marks}}).has_own_rows(1)
    marks["none"] = {"watermark": "2025-01-01T00:00:00+00:00"}
    assert not Reader(resolved, client, {"customers": {"1": marks}}).has_own_rows(1)
    client.close()


def test_what_is_carried_on() -> None:
    """A backfill takes its own days' note, a sync the watermarks; the rest of the state comes along."""
    state = {
        "analytics_methodology": "none",
        "customers": {
            "1": {"f": {"watermark": "w"}, "backfill f-a-b": {"history": {"left": []}}, "backfill f-c-d": {}},
            "2": {"backfill f-c-d": {"history": {"left": []}}},
        },
    }
    assert carried(state, "sync", "f") == {
        "analytics_methodology": "none",
        "customers": {"1": {"f": {"watermark": "w"}}},
    }
    assert carried(state, "backfill", "f-c-d") == {
        "analytics_methodology": "none",
        "customers": {"1": {"backfill f-c-d": {}}, "2": {"backfill f-c-d": {"history": {"left": []}}}},
    }


@pytest.mark.parametrize("has_kind", [True, pytest.param(False, marks=pytest.mark.slow("interpretations"))])
def test_a_backfill_makes_nobody_up_to_date(warehouse: Place, monkeypatch: pytest.MonkeyPatch, has_kind: bool) -> None:
    """After a sync that failed it is the sync that is told, as far as the dataset knows which is which."""
    with running_emulator(interactions=60, customers=1) as api:
        backfill(**settings(api))
        assert [(found.sweep_status, found.watermark) for found in status()] == [("complete", None)]
        sync(**settings(api))
        api.faults = Faults(refused_customers=tuple(api.customer_ids))
        sync(**settings(api))
        (failed,) = status()
        api.faults = Faults()
        backfill(is_anew=True, **settings(api))
        with monkeypatch.context() as patch:
            if not has_kind:
                known = dict.fromkeys(catalogue.column_types(build_pipeline(), "sweeps").keys() - {"kind"}, "text")
                patch.setattr(catalogue, "column_types", lambda *_: known)
            (found,) = status()
        assert (found.is_proven, found.last_sweep == failed.last_sweep) == (not has_kind, has_kind)
        sync(**settings(api))
        assert [found.is_proven for found in status()] == [True]


def test_proven_and_late() -> None:
    """What `liine status --max-age` and a scheduler's checks ask."""
    now = datetime.now(UTC)
    whole, part = Progress(now), Progress(None, 9, 4, is_history_read=False)
    good = CustomerStatus(1, 5, *whole, now, "complete", "count")
    empty = CustomerStatus(2, 0, *Progress(), now, "complete", "count")
    reading = CustomerStatus(3, 5, *part, now, "complete", "count")
    failed = CustomerStatus(4, 5, *whole, now, "failed", None)
    old = CustomerStatus(5, 5, *whole, now - timedelta(hours=3), "complete", "count")
    assert late([good, empty, reading, failed, old], timedelta(hours=2)) == [3, 4, 5]


@pytest.mark.parametrize(("processes", "times"), [(2, 1), pytest.param(3, 3, marks=pytest.mark.slow("postgres"))])
def test_the_same_unit_at_once_waits(postgres: str, processes: int, times: int) -> None:
    """Processes with the same customer, each several times: one after the other, without an error."""
    with running_emulator(interactions=60, customers=1) as api:
        command = [sys.executable, "-c", SEVERAL, json.dumps(settings(api)), str(times)]
        started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(processes)]  # noqa: S603  a script of our own
        ended = [(process.communicate()[1], process.returncode) for process in started]
        assert ended == [("", 0)] * processes
        assert differences(postgres, api.truth()) == []


@pytest.mark.parametrize(
    "warehouse",
    [pytest.param(place, marks=pytest.mark.slow(place)) for place in ("postgres", "snowflake")],
    indirect=True,
)
def test_a_new_column_that_another_run_has_typed_otherwise_meanwhile(warehouse: Place) -> None:
    """The load is refused, as its value would be rounded; the next run tells the value that does not fit."""
    with running_emulator(interactions=60, customers=2) as api:
        sync(**settings(api))
        first, second = api.customer_ids
        api.change(api.truth(first)[0]["id"], score=3)
        late = api.truth(second)[0]["id"]
        api.change(late, score=1.6)

        class Meanwhile:
            begun = False

            def received(self, *_: Any) -> None:
                if not self.begun:
                    self.begun = True
                    other = json.dumps(settings(api, customer_ids=[first]))
                    subprocess.run([sys.executable, "-c", SEVERAL, other, "1"], check=True)  # noqa: S603  a script of our own

            def __getattr__(self, _: str) -> Any:
                return lambda *_: None

        own = settings(api, customer_ids=[second])
        with pytest.raises(DestinationError, match="new columns score of interactions with other types"):
            sync(observer=Meanwhile(), **own)
        assert sync(**own).is_complete
    values = "select raw_value from liine.interactions__rejected_values where field = 'score'"
    assert [row["raw_value"] for row in query(warehouse, values)] == ["1.6"]
    assert query(warehouse, f"select score from liine.interactions where id = {late}") == [{"score": None}]  # noqa: S608  ours


def test_of_a_unit_no_folder_stays_and_whoever_waits_is_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The lock's file goes with the folder, and the lock that a waiting run then gets keeps others out as before."""
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", "postgresql://nobody:x@localhost/nowhere")
    place = loading._place("postgres", "liine", unit="one of many")
    has_it, may_go = Event(), Event()

    def wait_for_it() -> None:
        with loading._locked(place):
            has_it.set()
            may_go.wait()

    with ThreadPoolExecutor(1) as other:
        with loading._locked(place):
            waiting = other.submit(wait_for_it)
            assert Path(place.pipeline().working_dir).exists()
        has_it.wait()
        monkeypatch.setattr(loading, "_PATIENCE", 0)
        with pytest.raises(BusyError), loading._locked(place):
            pass
        may_go.set()
        waiting.result()
    assert [*(tmp_path / "dlt" / "pipelines").iterdir()] == []
