"""Windows that pagination alone cannot prove: a second with more rows than a page, an ignored cursor, a wrong count."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from liine_source import raise_for_failures, status, sync
from liine_source.api.client import LiineClient
from liine_source.emulator import Emulator, Interpretation, running_emulator
from liine_source.errors import SyncFailedError
from tests.commands.test_sync import settings
from tests.support.warehouse import Place, differences, query

WAREHOUSE = Path("warehouse.duckdb")


def crowd(api: Emulator, rows: int, **fields: Any) -> None:
    """Add so many interactions within one second of the past."""
    moment = api.truth()[len(api) // 2]["start_time_tz"]
    for number in range(rows):
        kind = ("call", "form", "online_booking", "ehr_pms_entry")[number % 4]
        values = {"interaction_type": kind, "first_time_interaction": number % 3 == 0, "direction": None, **fields}
        api.insert(api.customer_ids[0], start_time_tz=moment, **values)


@pytest.mark.parametrize(
    ("rows", "comparison"),
    [
        (25, "inclusive"),
        (100, "strict"),
        *(
            pytest.param(rows, comparison, marks=pytest.mark.slow("interpretations"))
            for rows, comparison in ((25, "strict"), (60, "strict"), (60, "inclusive"), (100, "inclusive"))
        ),
    ],
)
def test_second_with_more_rows_than_page_is_split(rows: int, comparison: Any) -> None:
    """It is split by days, then by filters, until each part fits a page; the count proves the whole."""
    with running_emulator(
        interactions=300, customers=1, interpretation=Interpretation(cursor_comparison=comparison)
    ) as api:
        crowd(api, rows)
        report = sync(**settings(api, page_size=20))
        assert report.is_complete
        assert report.customers[0].proof == "count"
        assert differences(WAREHOUSE, api.truth()) == []
        assert query(WAREHOUSE, "select max(repairs) as repairs from liine.sweeps")[0]["repairs"] > 0


@pytest.mark.parametrize(
    "count",
    ["total", *(pytest.param(count, marks=pytest.mark.slow("interpretations")) for count in ("absent", "page"))],
)
def test_second_that_cannot_be_split_fails(count: Any, warehouse: Place) -> None:
    """Rows equal in every filter fail their customer with both counts; other customers are loaded."""
    with running_emulator(interactions=300, customers=2, interpretation=Interpretation(count=count)) as api:
        crowd(api, 60, interaction_type="form", first_time_interaction=False, duration=None)
        report = sync(**settings(api, page_size=20))
        crowded, other = api.customer_ids
        assert [customer.customer_id for customer in report.customers if customer.errors] == [crowded]
        with pytest.raises(
            SyncFailedError, match=f"Customer {crowded}, .* (interactions of [0-9]+[.]|no usable count)"
        ):
            raise_for_failures(report)
        watermarks = {customer.customer_id: customer.watermark for customer in status()}
        assert watermarks[crowded] is None
        assert watermarks[other] is not None
        failed = query(warehouse, "select expected, distinct_ids, reason from liine.sweeps where status = 'failed'")
        assert failed
        assert all(row["reason"] in {"StuckError", "IncompleteSweepError"} for row in failed)


def test_ignored_cursor_falls_back_to_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    """If every answer starts at the newest row, the window is split by days until each part fits a page."""
    original = LiineClient.fetch_page

    def without_cursor(self: LiineClient, pairs: Any, *others: Any) -> Any:
        return original(self, [pair for pair in pairs if pair[0] != "pagination_timestamp"], *others)

    monkeypatch.setattr(LiineClient, "fetch_page", without_cursor)
    with running_emulator(interactions=400, customers=1) as api:
        report = sync(**settings(api, page_size=50))
        assert report.is_complete
        assert differences(WAREHOUSE, api.truth()) == []


@pytest.mark.parametrize("excess", [1, pytest.param(50, marks=pytest.mark.slow("interpretations"))])
def test_count_above_rows_fails_with_difference(monkeypatch: pytest.MonkeyPatch, excess: int) -> None:
    """All rows are loaded, but the run fails because the count cannot be confirmed."""
    original = LiineClient.fetch_page

    def with_excess_count(self: LiineClient, *others: Any) -> Any:
        page = original(self, *others)
        return replace(page, count=page.count + excess if page.count else page.count)

    monkeypatch.setattr(LiineClient, "fetch_page", with_excess_count)
    with running_emulator(interactions=300, customers=1) as api:
        report = sync(**settings(api, page_size=50))
        assert not report.is_complete
        with pytest.raises(SyncFailedError, match=f"expected {300 + excess} interactions, got 300"):
            raise_for_failures(report)
        assert differences(WAREHOUSE, api.truth()) == []
        assert status()[0].watermark is None


def test_concurrent_run_into_same_dataset_is_refused() -> None:
    """The second run fails with a clear message and requests nothing; the first continues."""
    refusals: list[str] = []

    class SecondRun:
        def on_page(self, *_: Any) -> None:
            before = len(api.requests)
            with ThreadPoolExecutor(1) as other:
                refusals.append(str(other.submit(sync, **settings(api)).exception()))
            assert len(api.requests) == before

        def on_planned(self, *_: Any) -> None: ...
        def on_window_end(self, *_: Any) -> None: ...
        def on_extracted(self, *_: Any) -> None: ...
        def on_resumed(self, *_: Any) -> None: ...
        def on_step(self, *_: Any) -> None: ...
        def on_wait(self, *_: Any) -> None: ...
        def on_kept(self, *_: Any) -> None: ...

    with running_emulator(interactions=300, customers=1) as api:
        assert sync(observer=SecondRun(), **settings(api)).is_complete
        assert refusals
        assert all(message.startswith("Another run is loading into dataset liine") for message in refusals)
        assert differences(WAREHOUSE, api.truth()) == []
