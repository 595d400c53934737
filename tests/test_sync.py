"""From the emulator into DuckDB: the warehouse equals the truth, first and after each step of the clock."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from liine_source import build_pipeline, liine, status, sync
from liine_source.emulator import Burst, Emulator, Faults, Readings, running_emulator
from tests.warehouse import differences, query

WAREHOUSE = Path("warehouse.duckdb")
STEPS = (timedelta(hours=1), timedelta(days=1), timedelta(hours=7), timedelta(days=3), timedelta(days=30))


def settings(api: Emulator, **others: Any) -> dict[str, Any]:
    """The settings of a sync with the emulator."""
    credentials = {"username": api.username, "password": api.password}
    return {"customer_ids": api.customer_ids, "base_url": api.base_url, "credentials": credentials, **others}


# Every switch of open questions 1 to 9, 11, 13 and 14 is on in at least one scenario.
SCENARIOS: dict[str, tuple[Readings, Faults]] = {
    "plainest": (Readings(), Faults()),
    "local clocks, inclusive, first row's cursor": (
        Readings(cursor="first", cursor_comparison="inclusive", end_date="midnight", login_accepts="json"),
        Faults(),
    ),
    "UTC clocks, lying cursor, short pages": (
        Readings(order_clock="utc", cursor_clock="utc", cursor="neither", short_page_every=3, token_prefix=False),
        Faults(),
    ),
    "ordered local, compared UTC, no cursor, count remains": (
        Readings(order_clock="local", cursor_clock="utc", cursor="absent", count="remaining", dates_clock="utc"),
        Faults(),
    ),
    "ordered UTC, compared local, inclusive, null cursor, count of the page": (
        Readings(order_clock="utc", cursor_comparison="inclusive", cursor="null", count="page", nulls="omitted"),
        Faults(),
    ),
    "count of the page, short pages of one row": (
        Readings(count="page", short_page_every=2, short_page_rows=1, slash="redirect_to_no_slash"),
        Faults(),
    ),
    "no count, capped limit": (
        Readings(count="absent", limit_cap=150, limit_echo="effective", updated_date_clock="local"),
        Faults(),
    ),
    "null count, cap untold, no Date": (
        Readings(count="null", limit_cap=170, date_header="absent", valid_until_milliseconds=False),
        Faults(),
    ),
    "no updated_at": (Readings(updated_at="absent", order_clock="utc"), Faults()),
    "updated_at on some rows, real Date": (Readings(updated_at="some", date_header="real"), Faults()),
    "Date ahead": (Readings(date_skew=timedelta(days=2), gzip=True), Faults()),
    "Date behind, sample's fields": (Readings(date_skew=timedelta(days=-2), fields="sample"), Faults()),
    "unknown fields, new words": (Readings(fields="unknown", vocabulary="drifted"), Faults()),
    "loose types": (Readings(types="loose", cursor_comparison="inclusive"), Faults()),
    "short tokens, faults": (
        Readings(token_validity=timedelta(minutes=5)),
        Faults(
            bursts=(
                Burst(status=503, every=5),
                Burst(status=429, retry_after="seconds", every=7),
                Burst(kind="reset", every=11),
                Burst(kind="truncated_body", every=13),
                Burst(kind="truncated_json", every=17),
                Burst(kind="html", every=19),
                Burst(status=500, every=23),
            ),
            token_lapses=1,
            revoke_after=9,
            login_failures=1,
        ),
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_warehouse_equals_the_truth(name: str) -> None:
    """10,000 interactions of three customers arrive, every field of every row, and so do five steps of change."""
    readings, faults = SCENARIOS[name]
    with running_emulator(interactions=10_000, customers=3, readings=readings, faults=faults) as api:
        for step in (timedelta(0), *STEPS):
            api.advance(step)
            report = sync(**settings(api))
            assert report.is_complete
            assert differences(WAREHOUSE, documented(api)) == []


def documented(api: Emulator) -> list[dict[str, Any]]:
    """The truth in the reference's own spelling, whichever the API uses."""
    readings = api.readings
    api.readings = replace(readings, types="documented", nulls="present")
    try:
        return api.truth()
    finally:
        api.readings = readings
