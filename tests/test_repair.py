"""Windows that a walk alone does not prove: a second fuller than a page, a cursor that is ignored, a lying count."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from liine_source import raise_for_failures, status, sync
from liine_source.client import LiineClient
from liine_source.emulator import Emulator, Interpretation, running_emulator
from liine_source.errors import SyncFailedError
from tests.test_sync import settings
from tests.warehouse import Place, differences, query

WAREHOUSE = Path("warehouse.duckdb")


def crowd(api: Emulator, rows: int, **fields: Any) -> None:
    """Put interactions into one and the same second of the past, inbound and outbound by turns."""
    moment = api.truth()[len(api) // 2]["start_time_tz"]
    for number in range(rows):
        kind = ("call", "form", "online_booking", "ehr_pms_entry")[number % 4]
        chosen = {"interaction_type": kind, "first_time_interaction": number % 3 == 0, "direction": None, **fields}
        api.insert(api.customer_ids[0], start_time_tz=moment, **chosen)


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
def test_a_second_with_more_rows_than_a_page_is_divided(rows: int, comparison: Any) -> None:
    """By days down to its own, then by filters, until each part fits; the count proves the whole."""
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
def test_a_second_that_nothing_divides_fails_loudly(count: Any, warehouse: Place) -> None:
    """Rows alike in every filter: expected and found are told, the watermark stays, the rest is loaded."""
    with running_emulator(interactions=300, customers=2, interpretation=Interpretation(count=count)) as api:
        crowd(api, 60, interaction_type="form", first_time_interaction=False, duration=None)
        report = sync(**settings(api, page_size=20))
        crowded, other = api.customer_ids
        assert [customer.customer_id for customer in report.customers if customer.errors] == [crowded]
        with pytest.raises(
            SyncFailedError, match=f"Customer {crowded}, .* (interactions of [0-9]+[.]|no usable count)"
        ):
            raise_for_failures(report)
        marks = {customer.customer_id: customer.watermark for customer in status()}
        assert marks[crowded] is None
        assert marks[other] is not None
        failed = query(warehouse, "select expected, distinct_ids, reason from liine.sweeps where status = 'failed'")
        assert failed
        assert all(row["reason"] in {"StuckError", "IncompleteSweepError"} for row in failed)


def test_a_cursor_that_is_ignored_is_replaced_by_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer begins with the newest row again: days divide the window until each part fits a page."""
    original = LiineClient.page

    def without_cursor(self: LiineClient, pairs: Any, *others: Any) -> Any:
        return original(self, [pair for pair in pairs if pair[0] != "pagination_timestamp"], *others)

    monkeypatch.setattr(LiineClient, "page", without_cursor)
    with running_emulator(interactions=400, customers=1) as api:
        report = sync(**settings(api, page_size=50))
        assert report.is_complete
        assert differences(WAREHOUSE, api.truth()) == []


@pytest.mark.parametrize("lie", [1, pytest.param(50, marks=pytest.mark.slow("interpretations"))])
def test_a_count_above_the_rows_fails_and_says_by_how_much(monkeypatch: pytest.MonkeyPatch, lie: int) -> None:
    """Everything was loaded; but nobody can prove it."""
    original = LiineClient.page

    def lying(self: LiineClient, *others: Any) -> Any:
        page = original(self, *others)
        return replace(page, count=page.count + lie if page.count else page.count)

    monkeypatch.setattr(LiineClient, "page", lying)
    with running_emulator(interactions=300, customers=1) as api:
        report = sync(**settings(api, page_size=50))
        assert not report.is_complete
        with pytest.raises(SyncFailedError, match=f"expected {300 + lie} interactions, got 300"):
            raise_for_failures(report)
        assert differences(WAREHOUSE, api.truth()) == []
        assert status()[0].watermark is None


def test_a_second_run_into_the_same_place_is_refused() -> None:
    """It ends with a clear word and asks for nothing; the first goes on undisturbed."""
    refusals: list[str] = []

    class Meddler:
        def received(self, *_: Any) -> None:
            asked = len(api.requests)
            with ThreadPoolExecutor(1) as other:
                refusals.append(str(other.submit(sync, **settings(api)).exception()))
            assert len(api.requests) == asked

        def divided(self, *_: Any) -> None: ...
        def ended(self, *_: Any) -> None: ...
        def built(self, *_: Any) -> None: ...

    with running_emulator(interactions=300, customers=1) as api:
        assert sync(observer=Meddler(), **settings(api)).is_complete
        assert refusals
        assert all(told.startswith("Another run is loading into the same place") for told in refusals)
        assert differences(WAREHOUSE, api.truth()) == []
