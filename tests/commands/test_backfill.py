"""Histories and backfills: split into windows, read in parallel, resumed and planned."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from liine_source import backfill, plan, status, sync
from liine_source.commands import run
from liine_source.emulator import Burst, Emulator, Faults, Interpretation, running_emulator
from tests.commands.test_sync import settings
from tests.support.warehouse import Place, differences, query

WAREHOUSE = Path("warehouse.duckdb")


@pytest.fixture
def api() -> Any:
    with running_emulator(interactions=1500, customers=2, seed=3) as running:
        yield running


class RefuseAfterPlanning:
    """An observer that makes the API refuse every request once the windows of a history are planned."""

    def __init__(self, api: Emulator) -> None:
        self._api = api

    def on_planned(self, *_: Any) -> None:
        self._api.faults = Faults(bursts=(Burst(status=400),))

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def swept_windows(customer: int) -> list[Any]:
    sweeps = f"liine.sweeps where customer_id = {customer} and kind <> 'check'"
    sql = f"select since, until, status from {sweeps} order by ended"  # noqa: S608  a number of the emulator's
    return [tuple(row.values()) for row in query(WAREHOUSE, sql)]


def start_dates(api: Emulator, customer: int) -> list[date]:
    return sorted(date.fromisoformat(row["start_time"][:10]) for row in api.truth(customer))


def test_history_windows_are_contiguous(api: Emulator) -> None:
    """Windows are read newest first, neighbours share a day, and counting finds the first day."""
    customer = api.customer_ids[0]
    assert sync(**settings(api, page_size=25, max_concurrency=1)).is_complete
    assert differences(WAREHOUSE, api.truth()) == []
    found = swept_windows(customer)
    assert len(found) > 4
    assert found[0][1] is None
    assert found[-1][0] is None
    assert all(newer[0] == older[1] for newer, older in pairwise(found))
    first, *_, last = start_dates(api, customer)
    assert first < found[-1][1] <= first + (last - first) / 4


def test_small_history_is_not_split(api: Emulator) -> None:
    """Splitting it would cost more requests than it has pages."""
    sync(**settings(api))
    assert [len(swept_windows(customer)) for customer in api.customer_ids] == [1, 1]


@pytest.mark.parametrize("concurrency", [pytest.param(1, marks=pytest.mark.slow("faults")), 16])
def test_concurrency_does_not_change_loaded_rows(api: Emulator, concurrency: int) -> None:
    """Windows that are read in parallel share days, but no row is duplicated."""
    report = sync(**settings(api, page_size=20, max_concurrency=concurrency))
    assert [customer.proof for customer in report.customers] == ["count", "count"]
    assert sum(customer.received for customer in report.customers) == 1500
    assert differences(WAREHOUSE, api.truth()) == []


def test_long_history_is_split_into_several_loads(
    api: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each load is committed with its windows, and the last one stores the watermarks."""
    monkeypatch.setattr(run, "ROWS_PER_LOAD", 300)
    report = sync(**settings(api, page_size=20))
    assert len(report.load_ids) > 3
    assert report.rows["interactions"] == 1500
    assert differences(WAREHOUSE, api.truth()) == []
    before = len(query(WAREHOUSE, "select 1 from liine.sweeps where kind <> 'check'"))
    sync(**settings(api, page_size=20))
    assert len(query(WAREHOUSE, "select 1 from liine.sweeps where kind <> 'check'")) == before + 2


@pytest.mark.slow("faults")
def test_failed_window_is_read_by_next_run(api: Emulator) -> None:
    """The other windows are kept, and changes made in the meantime are loaded too."""
    refused = api.customer_ids[0]
    sync(**settings(api, page_size=20, max_concurrency=1, customer_ids=[refused]))
    total = len(swept_windows(refused))
    Path("warehouse.duckdb").unlink()
    api.faults = Faults(bursts=(Burst(status=400, after=40, next=1),))
    report = sync(**settings(api, page_size=20, max_concurrency=1, customer_ids=[refused]))
    assert [len(customer.errors) for customer in report.customers] == [1]
    assert status()[0].watermark is None
    found = swept_windows(refused)
    assert [state for *_, state in found].count("failed") == 1
    assert len(found) == total
    api.faults = Faults()
    api.advance(timedelta(days=1))
    assert sync(**settings(api, page_size=20, customer_ids=[refused])).is_complete
    # The changes, the failed window, and the newest window again, which has new rows.
    assert len(swept_windows(refused)) == total + 3
    assert differences(WAREHOUSE, api.truth(refused)) == []
    assert status()[0].watermark is not None


def test_history_without_finished_window_is_read_once(api: Emulator) -> None:
    """All windows are pending, so there is no time from which to request changes."""
    customer = api.customer_ids[0]
    arguments = settings(api, page_size=20, max_concurrency=1, customer_ids=[customer])
    assert not sync(**arguments, observer=RefuseAfterPlanning(api)).is_complete
    progress = status()[0]
    assert (progress.rows, progress.sweep_status, progress.pending_windows) == (
        0,
        "failed",
        len(swept_windows(customer)),
    )
    api.faults = Faults()
    report = sync(**arguments).customers[0]
    assert report.received == report.expected == len(api.truth(customer))
    assert report.windows == progress.pending_windows
    assert status()[0].pending_windows == 0


@pytest.mark.slow("faults")
def test_resumed_run_counts_shared_rows_once(api: Emulator) -> None:
    """A resumed run expects as many rows as it receives, although windows share days."""
    api.faults = Faults(bursts=(Burst(status=400, after=60, next=8),))
    assert not sync(**settings(api, page_size=20)).is_complete
    assert "failed" in {customer.sweep_status for customer in status()}
    assert sum(customer.pending_windows for customer in status()) > 0
    api.faults = Faults()
    report = sync(**settings(api, page_size=20))
    assert report.is_complete
    assert [customer.received for customer in report.customers] == [customer.expected for customer in report.customers]
    assert differences(WAREHOUSE, api.truth()) == []


def test_backfill_uses_since_from_settings(api: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting `since` bounds a backfill, and an argument takes precedence."""
    days = start_dates(api, api.customer_ids[0])
    monkeypatch.setenv("SOURCES__LIINE__SINCE", days[len(days) // 2].isoformat())
    some = backfill(**settings(api)).rows["interactions"]
    assert 0 < some < 2000
    assert backfill(days[0], **settings(api)).rows["interactions"] > some


def test_backfill_is_idempotent_and_keeps_watermark(api: Emulator, warehouse: Place) -> None:
    """It reads the requested days; repeating it reads nothing unless it is restarted."""
    sync(**settings(api))
    before = status()
    days = start_dates(api, api.customer_ids[0])
    since, until = days[len(days) // 3], days[2 * len(days) // 3]
    requested = {row["id"] for row in api.truth() if since.isoformat() <= row["start_time"][:10] <= until.isoformat()}
    for row_id in list(requested)[:20]:
        api.change(row_id, touch_updated_at=False, agent_full_name="Somebody Else")
    report = backfill(since, until, **settings(api, page_size=20))
    assert report.is_complete
    assert len(requested) <= report.rows["interactions"] < len(requested) + 100
    assert differences(warehouse, api.truth()) == []
    assert [customer.watermark for customer in status()] == [customer.watermark for customer in before]
    assert backfill(since, until, **settings(api, page_size=20)).rows["interactions"] == 0
    assert backfill(since, until, restart=True, **settings(api, page_size=20)).rows == report.rows


def test_interrupted_backfill_is_resumed(api: Emulator, monkeypatch: pytest.MonkeyPatch, warehouse: Place) -> None:
    """Rows that an interrupted backfill has loaded are not read again."""
    monkeypatch.setattr(run, "ROWS_PER_LOAD", 300)
    api.faults = Faults(bursts=(Burst(status=404, after=60),))
    first = backfill(**settings(api, page_size=20, max_concurrency=1))
    assert not first.is_complete
    api.faults = Faults()
    second = backfill(**settings(api, page_size=20, max_concurrency=1))
    assert second.is_complete
    assert first.rows["interactions"] > 300
    assert 1500 <= first.rows["interactions"] + second.rows["interactions"] < 1600
    assert differences(warehouse, api.truth()) == []


@pytest.mark.parametrize(
    ("end_date", "clock"),
    [
        ("midnight", "utc"),
        *(
            pytest.param(*interpretation, marks=pytest.mark.slow("interpretations"))
            for interpretation in (("day", "local"), ("day", "utc"), ("midnight", "local"))
        ),
    ],
)
def test_backfill_loads_whole_days_under_every_interpretation(end_date: Any, clock: Any) -> None:
    """The requested days are local days of the practice, however the API interprets dates."""
    with running_emulator(
        interactions=800, customers=3, interpretation=Interpretation(end_date=end_date, dates_clock=clock)
    ) as api:
        days = start_dates(api, api.customer_ids[0])
        since, until = days[50], days[150]
        backfill(since, until, **settings(api, page_size=50))
        requested = {
            row["id"] for row in api.truth() if since.isoformat() <= row["start_time"][:10] <= until.isoformat()
        }
        loaded = {row["id"] for row in query(WAREHOUSE, "select id from liine.interactions")}
        assert requested <= loaded


@pytest.mark.parametrize(
    "count",
    [
        "page",
        *(pytest.param(count, marks=pytest.mark.slow("interpretations")) for count in ("absent", "null", "remaining")),
    ],
)
def test_history_without_total_is_not_split(count: Any) -> None:
    """Without a total the history is read in one pass, and is complete all the same."""
    with running_emulator(interactions=600, customers=1, interpretation=Interpretation(count=count)) as api:
        assert sync(**settings(api, page_size=20)).is_complete
        assert differences(WAREHOUSE, api.truth()) == []


def test_plan_estimates_requests_and_loads_nothing(api: Emulator) -> None:
    """A first sync makes as many requests as estimated, within 30 percent."""
    forecast = plan(**settings(api, page_size=20))
    assert [customer.count for customer in forecast] == [len(api.truth(customer)) for customer in api.customer_ids]
    assert all(customer.windows > 4 and customer.seconds > 0 for customer in forecast)
    assert not WAREHOUSE.exists()
    api.forget_requests()
    sync(**settings(api, page_size=20))
    made = len(api.requests)
    assert 0.7 * made < sum(customer.requests for customer in forecast) < 1.3 * made


def test_plan_reports_refused_customers(api: Emulator) -> None:
    """The other customers are planned."""
    refused, granted = api.customer_ids
    api.faults = Faults(refused_customers=(refused,))
    assert [(customer.customer_id, bool(customer.error)) for customer in plan(**settings(api))] == [
        (refused, True),
        (granted, False),
    ]
