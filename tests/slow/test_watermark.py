"""Watermarks: long runs, wrong clocks, dates in the future, clock changes and all time zones."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from liine_source import status, sync
from liine_source.emulator import Emulator, Interpretation, running_emulator
from tests.commands.test_sync import settings
from tests.support.warehouse import differences

pytestmark = pytest.mark.slow("clocks")

WAREHOUSE = Path("warehouse.duckdb")
HOUR = timedelta(hours=1)


class RunAfterPage:
    """An observer that calls `action` with the number of pages so far after each page."""

    def __init__(self, action: Callable[[int], object]) -> None:
        self._action = action
        self._pages = count()

    def on_page(self, *_: Any) -> None:
        self._action(next(self._pages))

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def assert_syncs_keep_up(api: Emulator, steps: int = 3, step: timedelta = HOUR, **others: Any) -> None:
    """After each step the warehouse equals the API, and no sync reads the whole history again."""
    for _ in range(steps):
        api.advance(step)
        report = sync(**settings(api, lookback_days=0, **others))
        assert report.is_complete
        assert differences(WAREHOUSE, api.truth()) == []
        assert report.rows["interactions"] < len(api) / 2


@pytest.mark.parametrize("clock", ["utc", "local"])
def test_sync_longer_than_a_day_misses_nothing(clock: Any) -> None:
    """Six hours pass with each page; the next sync loads rows that changed after their page."""
    interpretation = Interpretation(updated_date_clock=clock, order_clock=clock, token_validity=timedelta(days=99))
    with running_emulator(interactions=600, customers=1, interpretation=interpretation) as api:
        began = api.now
        newest, oldest = (api.truth(api.customer_ids[0])[at]["id"] for at in (0, -1))

        def change(page: int) -> None:
            api.advance(6 * HOUR)
            if page < 15:
                api.change(newest if page < 3 else oldest, agent_full_name=f"Changed {page}")

        assert sync(**settings(api, page_size=20, max_concurrency=1), observer=RunAfterPage(change)).is_complete
        assert api.now - began > timedelta(days=6)
        assert_syncs_keep_up(api)


def test_changes_during_pagination_are_loaded_by_next_sync() -> None:
    """Rows are inserted, and changed just before and just after their page."""
    with running_emulator(interactions=600, customers=1) as api:
        ids = [row["id"] for row in api.truth()]

        def change(page: int) -> None:
            api.change(ids[20 * page % len(ids)], agent_full_name=f"Changed {page}")
            api.change(ids[-20 * page % len(ids)], agent_full_name=f"Changed {page}")
            api.insert(api.customer_ids[0], start_time_tz=api.truth()[300]["start_time_tz"])
            api.advance(timedelta(seconds=1))

        sync(**settings(api, page_size=20), observer=RunAfterPage(change))
        assert_syncs_keep_up(api)


@pytest.mark.parametrize("future", ["2099-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_future_updated_at_does_not_advance_watermark(future: str) -> None:
    """Such a row is loaded as it is, and later syncs keep up."""
    with running_emulator(interactions=300, customers=1) as api:
        api.change(api.truth()[5]["id"], touch_updated_at=False, updated_at=future)
        sync(**settings(api))
        assert status()[0].watermark <= api.now  # type: ignore[operator]
        api.change(api.truth()[7]["id"], touch_updated_at=False, updated_at=future)
        assert_syncs_keep_up(api, step=timedelta(days=2))


@pytest.mark.parametrize("skew", [timedelta(days=400), timedelta(days=-400), timedelta(hours=30)])
def test_wrong_server_clock_loses_nothing(skew: timedelta) -> None:
    """The `Date` header may differ from the rows by any time."""
    with running_emulator(interactions=300, customers=1, date_skew=skew) as api:
        sync(**settings(api))
        assert_syncs_keep_up(api, step=timedelta(days=2))


@pytest.mark.parametrize("before", [datetime(2025, 11, 2, 2, tzinfo=UTC), datetime(2026, 3, 8, 3, tzinfo=UTC)])
@pytest.mark.parametrize("clock", ["utc", "local"])
def test_clock_change_loses_nothing(before: datetime, clock: Any) -> None:
    """An hour occurs twice, or never, and a sync every three hours keeps up."""
    interpretation = Interpretation(order_clock=clock, cursor_clock=clock, updated_date_clock=clock, dates_clock=clock)
    with running_emulator(interactions=300, customers=2, now=before, interpretation=interpretation) as api:
        sync(**settings(api, page_size=20))
        for minute in range(0, 120, 7):
            api.insert(api.customer_ids[0], start_time_tz=(before + 4 * HOUR + timedelta(minutes=minute)).isoformat())
        assert_syncs_keep_up(api, steps=4, step=3 * HOUR, page_size=20)


@pytest.mark.parametrize("clock", ["utc", "local"])
def test_customers_of_all_time_zones_keep_up(clock: Any) -> None:
    """From UTC-12 to UTC+14, whichever clock dates and `updated_date` use."""
    zones = ("Etc/GMT+12", "Pacific/Kiritimati", "Asia/Kathmandu", "Pacific/Marquesas")
    interpretation = Interpretation(
        order_clock=clock, cursor_clock="local", updated_date_clock=clock, dates_clock=clock
    )
    with running_emulator(interactions=600, customers=4, zones=zones, interpretation=interpretation) as api:
        sync(**settings(api, page_size=40))
        assert differences(WAREHOUSE, api.truth()) == []
        assert_syncs_keep_up(api, steps=4, step=7 * HOUR)
