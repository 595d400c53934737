"""Histories and backfills in windows: found by counting, read several at once, resumed, planned."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from liine_source import backfill, plan, runs, status, sync
from liine_source.emulator import Burst, Emulator, Faults, Interpretation, running_emulator
from tests.test_sync import settings
from tests.warehouse import Place, differences, query

WAREHOUSE = Path("warehouse.duckdb")


@pytest.fixture
def api() -> Any:
    with running_emulator(interactions=1500, customers=2, seed=3) as running:
        yield running


class Closing:
    """An observer that makes the API refuse everything once the windows of a history are known."""

    def __init__(self, api: Emulator) -> None:
        self._api = api

    def divided(self, *_: Any) -> None:
        self._api.faults = Faults(bursts=(Burst(status=400),))

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def windows_of(customer: int) -> list[Any]:
    sweeps = f"liine.sweeps where customer_id = {customer} and kind <> 'check'"
    sql = f"select since, until, status from {sweeps} order by ended"  # noqa: S608  a number of the emulator's
    return [tuple(row.values()) for row in query(WAREHOUSE, sql)]


def started(api: Emulator, customer: int) -> list[date]:
    return sorted(date.fromisoformat(row["start_time"][:10]) for row in api.truth(customer))


def test_a_history_is_read_in_windows_that_leave_nothing_out(api: Emulator) -> None:
    """Newest first, neighbours share a day, and the first day was found by counting, not asked for year by year."""
    customer = api.customer_ids[0]
    assert sync(**settings(api, page_size=25, max_concurrency=1)).is_complete
    assert differences(WAREHOUSE, api.truth()) == []
    found = windows_of(customer)
    assert len(found) > 4
    assert found[0][1] is None
    assert found[-1][0] is None
    assert all(newer[0] == older[1] for newer, older in pairwise(found))
    first, *_, last = started(api, customer)
    assert first < found[-1][1] <= first + (last - first) / 4


def test_a_small_history_is_one_window(api: Emulator) -> None:
    """To cut it would cost more requests than it has pages."""
    sync(**settings(api))
    assert [len(windows_of(customer)) for customer in api.customer_ids] == [1, 1]


@pytest.mark.parametrize("width", [pytest.param(1, marks=pytest.mark.slow("faults")), 16])
def test_every_width_loads_the_same(api: Emulator, width: int) -> None:
    """Several windows at once share days; no row is doubled."""
    report = sync(**settings(api, page_size=20, max_concurrency=width))
    assert [customer.proof for customer in report.customers] == ["count", "count"]
    assert sum(customer.received for customer in report.customers) == 1500
    assert differences(WAREHOUSE, api.truth()) == []


def test_a_long_history_comes_in_several_loads(
    api: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each is committed with the windows that it holds, and the customers' watermarks come with the last."""
    monkeypatch.setattr(runs, "_ROWS_A_LOAD", 300)
    report = sync(**settings(api, page_size=20))
    assert len(report.load_ids) > 3
    assert report.rows["interactions"] == 1500
    assert differences(WAREHOUSE, api.truth()) == []
    before = len(query(WAREHOUSE, "select 1 from liine.sweeps where kind <> 'check'"))
    sync(**settings(api, page_size=20))
    assert len(query(WAREHOUSE, "select 1 from liine.sweeps where kind <> 'check'")) == before + 2


def test_what_fails_in_a_window_leaves_only_that_window(api: Emulator) -> None:
    """The others are kept; the next run reads what is left, and changes meanwhile arrive all the same."""
    refused = api.customer_ids[0]
    sync(**settings(api, page_size=20, max_concurrency=1, customer_ids=[refused]))
    total = len(windows_of(refused))
    Path("warehouse.duckdb").unlink()
    api.faults = Faults(bursts=(Burst(status=400, after=40, next=1),))
    report = sync(**settings(api, page_size=20, max_concurrency=1, customer_ids=[refused]))
    assert [len(customer.errors) for customer in report.customers] == [1]
    assert status()[0].watermark is None
    told = windows_of(refused)
    assert [state for *_, state in told].count("failed") == 1
    assert len(told) == total
    api.faults = Faults()
    api.advance(timedelta(days=1))
    assert sync(**settings(api, page_size=20, customer_ids=[refused])).is_complete
    # What changed, what was left, and once more the newest window, which has had rows since.
    assert len(windows_of(refused)) == total + 3
    assert differences(WAREHOUSE, api.truth(refused)) == []
    assert status()[0].watermark is not None


def test_a_history_of_which_nothing_was_read_is_read_once(api: Emulator) -> None:
    """The windows are known, and no window has ended: there is no moment from which to ask for changes."""
    customer = api.customer_ids[0]
    chosen = settings(api, page_size=20, max_concurrency=1, customer_ids=[customer])
    assert not sync(**chosen, observer=Closing(api)).is_complete
    told = status()[0]
    assert (told.rows, told.sweep_status, told.windows_left) == (0, "failed", len(windows_of(customer)))
    api.faults = Faults()
    report = sync(**chosen).customers[0]
    assert report.received == report.expected == len(api.truth(customer))
    assert report.windows == told.windows_left
    assert status()[0].windows_left == 0


def test_a_run_that_goes_on_expects_what_it_receives(api: Emulator) -> None:
    """Rows of the days that windows share are counted once, though not known to be all the customer's."""
    api.faults = Faults(bursts=(Burst(status=400, after=60, next=8),))
    assert not sync(**settings(api, page_size=20)).is_complete
    assert "failed" in {customer.sweep_status for customer in status()}
    assert sum(customer.windows_left for customer in status()) > 0
    api.faults = Faults()
    report = sync(**settings(api, page_size=20))
    assert report.is_complete
    assert [customer.received for customer in report.customers] == [customer.expected for customer in report.customers]
    assert differences(WAREHOUSE, api.truth()) == []


def test_a_backfill_keeps_to_the_settings(api: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """`since` as a setting bounds it, and an argument goes before."""
    days = started(api, api.customer_ids[0])
    monkeypatch.setenv("SOURCES__LIINE__SINCE", days[len(days) // 2].isoformat())
    some = backfill(**settings(api)).rows["interactions"]
    assert 0 < some < 2000
    assert backfill(days[0], **settings(api)).rows["interactions"] > some


def test_a_backfill_leaves_the_watermark_and_does_nothing_twice(api: Emulator, warehouse: Place) -> None:
    """It reads the days asked for, and when it is done there is nothing more to read, unless anew."""
    sync(**settings(api))
    before = status()
    days = started(api, api.customer_ids[0])
    since, until = days[len(days) // 3], days[2 * len(days) // 3]
    wanted = {row["id"] for row in api.truth() if since.isoformat() <= row["start_time"][:10] <= until.isoformat()}
    for row_id in list(wanted)[:20]:
        api.change(row_id, touch_updated_at=False, agent_full_name="Somebody Else")
    done = backfill(since, until, **settings(api, page_size=20))
    assert done.is_complete
    assert len(wanted) <= done.rows["interactions"] < len(wanted) + 100
    assert differences(warehouse, api.truth()) == []
    assert [customer.watermark for customer in status()] == [customer.watermark for customer in before]
    assert backfill(since, until, **settings(api, page_size=20)).rows["interactions"] == 0
    assert backfill(since, until, is_anew=True, **settings(api, page_size=20)).rows == done.rows


def test_a_backfill_goes_on_where_it_was(api: Emulator, monkeypatch: pytest.MonkeyPatch, warehouse: Place) -> None:
    """What an interrupted one has loaded is not read again."""
    monkeypatch.setattr(runs, "_ROWS_A_LOAD", 300)
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
def test_the_days_asked_for_come_whole_under_every_reading_of_dates(end_date: Any, clock: Any) -> None:
    """An analyst means days on the practice's wall, whatever the API means."""
    with running_emulator(
        interactions=800, customers=3, interpretation=Interpretation(end_date=end_date, dates_clock=clock)
    ) as api:
        days = started(api, api.customer_ids[0])
        since, until = days[50], days[150]
        backfill(since, until, **settings(api, page_size=50))
        wanted = {row["id"] for row in api.truth() if since.isoformat() <= row["start_time"][:10] <= until.isoformat()}
        loaded = {row["id"] for row in query(WAREHOUSE, "select id from liine.interactions")}
        assert wanted <= loaded


@pytest.mark.parametrize(
    "count",
    [
        "page",
        *(pytest.param(count, marks=pytest.mark.slow("interpretations")) for count in ("absent", "null", "remaining")),
    ],
)
def test_without_a_count_of_all_a_history_is_one_walk(count: Any) -> None:
    """What cannot be counted cannot be cut; it is complete all the same."""
    with running_emulator(interactions=600, customers=1, interpretation=Interpretation(count=count)) as api:
        assert sync(**settings(api, page_size=20)).is_complete
        assert differences(WAREHOUSE, api.truth()) == []


def test_a_plan_counts_and_loads_nothing(api: Emulator) -> None:
    """Its requests are what a first sync then makes, within the overlap of windows."""
    forecast = plan(**settings(api, page_size=20))
    assert [customer.count for customer in forecast] == [len(api.truth(customer)) for customer in api.customer_ids]
    assert all(customer.windows > 4 and customer.seconds > 0 for customer in forecast)
    assert not WAREHOUSE.exists()
    api.forget_requests()
    sync(**settings(api, page_size=20))
    made = len(api.requests)
    assert 0.7 * made < sum(customer.requests for customer in forecast) < 1.3 * made


def test_a_plan_says_who_may_not_be_read(api: Emulator) -> None:
    """And plans the others."""
    refused, granted = api.customer_ids
    api.faults = Faults(refused_customers=(refused,))
    assert [(customer.customer_id, bool(customer.error)) for customer in plan(**settings(api))] == [
        (refused, True),
        (granted, False),
    ]
