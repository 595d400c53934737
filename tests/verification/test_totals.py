"""The check that ends each sync: the API's count of a customer's rows against the warehouse."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from liine_source import erase, status, sync
from liine_source.commands import run
from liine_source.emulator import Burst, Emulator, Faults, Interpretation, running_emulator
from liine_source.errors import IncompleteDatasetError
from liine_source.extract.reader import Reader
from liine_source.extract.windows import Window
from liine_source.verification import comparison, inventory, totals
from tests.commands.test_sync import settings
from tests.support.warehouse import Place, differences, query, spoil

CHECKS = "select expected, distinct_ids, proof, status, reason from liine.sweeps where kind = 'check' order by ended"


def small(**others: Any) -> Any:
    return running_emulator(interactions=60, customers=1, seed=4, **others)


def checks(place: Place) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in query(place, CHECKS)]


def count_requests(api: Emulator, action: Callable[[], object]) -> int:
    """How many requests are made for a single row, that is, for a count."""
    api.forget_requests()
    action()
    return sum(dict(request.params)["limit"] == "1" for request in api.requests if request.params)


LOSSES = {
    "all rows": "true",
    "one row": "id = (select min(id) from liine.interactions)",
    "the newest rows": "start_time > (select min(start_time) + interval '30 days' from liine.interactions)",
}


@pytest.mark.parametrize(
    ("warehouse", "loss"),
    [
        ("duckdb", "one row"),
        *(
            pytest.param(destination, loss, marks=pytest.mark.slow("faults"))
            for destination in ("duckdb", "postgres")
            for loss in LOSSES
        ),
        pytest.param("snowflake", "one row", marks=pytest.mark.slow("snowflake")),
    ],
    indirect=["warehouse"],
)
def test_missing_rows_are_read_again(warehouse: Place, loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The count alone reveals them; it is the only extra request if nothing is missing."""
    monkeypatch.setattr(inventory.Inventory, "find_lost", inventory.Inventory.count)
    with small() as api:
        total = len(api.truth())
        sync(**settings(api))
        assert count_requests(api, lambda: sync(**settings(api))) == 1
        spoil(warehouse, f"delete from liine.interactions where {LOSSES[loss]}")  # noqa: S608  ours
        (customer,) = sync(**settings(api)).customers
        assert (customer.status, customer.in_api, customer.in_warehouse) == ("complete", total, total)
        assert differences(warehouse, api.truth()) == []
        assert checks(warehouse) == [(total, total, "count", "complete", None)] * 3


@pytest.mark.slow("faults")
def test_rows_lost_by_api_are_marked_by_second_sync(warehouse: Place) -> None:
    """Each row is marked after two verifications, and then the totals agree."""
    with small() as api:
        sync(**settings(api))
        removed = api.truth()[7]["id"]
        api.remove(removed)
        for _ in range(3):
            assert sync(**settings(api)).is_complete
        marked = query(warehouse, "select id from liine.interactions where vanished_at is not null")
        assert [row["id"] for row in marked] == [removed]
        assert checks(warehouse)[1:] == [
            (59, 60, "exhaustive", "complete", "unseen"),
            (59, 59, "count", "complete", None),
            (59, 59, "count", "complete", None),
        ]


@pytest.mark.slow("faults")
def test_erased_rows_are_not_reported_missing(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The difference is verified once and then known."""
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", "3f9a1c7e5b2d8046a1e9c3b7d5f20864")
    with small() as api:
        sync(**settings(api))
        lead = api.truth()[3]["lead_id"]
        erase(lead_ids=[lead], is_dry_run=False, **settings(api))
        remaining = sum(row["lead_id"] != lead for row in api.truth())
        assert sync(**settings(api)).is_complete
        assert count_requests(api, lambda: sync(**settings(api))) == 1
        assert checks(warehouse)[1:] == [(60, remaining, "exhaustive", "complete", None)] * 2


@pytest.mark.parametrize(
    ("interpretation", "count"),
    [
        (Interpretation(count_cap=40), 40),
        pytest.param(Interpretation(count_lag=1), 59, marks=pytest.mark.slow("interpretations")),
    ],
)
def test_known_low_count_is_not_verified_again(warehouse: Place, interpretation: Interpretation, count: int) -> None:
    """A first sync has read everything; later only a new difference starts a verification."""
    with small(interpretation=interpretation) as api:
        sync(**settings(api))
        assert count_requests(api, lambda: sync(**settings(api))) == 1
        assert checks(warehouse) == [(count, 60, "exhaustive", "complete", None)] * 2
        spoil(warehouse, "delete from liine.interactions where id = (select min(id) from liine.interactions)")
        assert count_requests(api, lambda: sync(**settings(api))) > 1
        assert differences(warehouse, api.truth()) == []


@pytest.mark.parametrize(
    "interpretation",
    [
        Interpretation(count="page"),
        *(pytest.param(Interpretation(count=c), marks=pytest.mark.slow("interpretations")) for c in ("absent", "null")),
    ],
)
def test_no_check_is_recorded_without_total(warehouse: Place, interpretation: Interpretation) -> None:
    """The API reports no total that could be compared."""
    with small(interpretation=interpretation) as api:
        (customer,) = sync(**settings(api)).customers
        assert (customer.status, customer.in_api) == ("complete", None)
        assert checks(warehouse) == []


def test_single_count_of_zero_is_not_trusted(warehouse: Place) -> None:
    """For a warehouse with rows, a count of zero or one is requested a second time."""
    with small() as api:
        sync(**settings(api))
        api.forget_requests()
        sync(**settings(api))
        requests = sum(bool(request.params) for request in api.requests)
        api.faults = Faults(bursts=(Burst(kind="wrong_count", count_off=-1_000_000, after=requests - 1, next=1),))
        (customer,) = sync(**settings(api)).customers
        assert (customer.status, customer.in_api, customer.in_warehouse) == ("complete", 60, 60)


def test_unexplained_high_count_fails(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """No row was erased, so every counted row should be loaded."""
    with small() as api:
        sync(**settings(api))
        fetch_newest = Reader.fetch_newest

        def one_more(self: Reader, customer: int, window: Window, *others: Any, **named: Any) -> Any:
            page = fetch_newest(self, customer, window, *others, **named)
            return replace(page, count=61) if window == Window() else page

        monkeypatch.setattr(Reader, "fetch_newest", one_more)
        monkeypatch.setattr(comparison, "compare_customer", lambda *_: comparison.CustomerVerification(1001))
        (customer,) = sync(**settings(api)).customers
        assert [type(error) for error in customer.errors] == [IncompleteDatasetError]
        assert (customer.in_api, customer.in_warehouse) == (61, 60)


def test_totals_of_other_filters_or_dates_are_not_compared(warehouse: Place) -> None:
    """Rows that another run has loaded are no surplus and are not marked."""
    with small() as api:
        sync(**settings(api))
        for others in ({"filters": {"type": ["call"]}}, {"since": api.now.date() - timedelta(days=20)}):
            (customer,) = sync(**settings(api, **others)).customers
            assert (customer.status, customer.in_api) == ("complete", None)
        assert len(checks(warehouse)) == 1
        assert query(warehouse, "select id from liine.interactions where missing_since is not null") == []


def test_rows_added_during_sync_are_loaded(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sync reads once more, without a verification."""
    monkeypatch.setattr(comparison, "compare_customer", None)
    compare_totals = totals.compare_totals
    with small() as api:
        sync(**settings(api))

        def insert_late(*arguments: Any) -> Any:
            if len(api.truth()) == 60:
                api.insert(api.customer_ids[0])
            return compare_totals(*arguments)

        monkeypatch.setattr(totals, "compare_totals", insert_late)
        report = sync(**settings(api))
        assert (report.is_complete, report.customers[0].in_warehouse) == (True, 61)
        assert differences(warehouse, api.truth()) == []


def test_unrepaired_difference_is_reported_with_counts(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run and its status fail until a later run repairs it; the loaded rows stay."""
    with small() as api:
        sync(**settings(api))
        spoil(warehouse, "delete from liine.interactions where id = (select min(id) from liine.interactions)")
        with monkeypatch.context() as patch:
            patch.setattr(run.Run, "repair", lambda *_: None)
            patch.setattr(inventory.Inventory, "find_lost", inventory.Inventory.count)
            (customer,) = sync(**settings(api)).customers
        (problem,) = customer.errors
        assert isinstance(problem, IncompleteDatasetError)
        assert "the API counts 60, the warehouse holds 59" in str(problem)
        assert "liine verify --repair" in str(problem)
        (found,) = status()
        assert (found.status, found.check_status, found.in_api, found.in_warehouse) == ("failed", "failed", 60, 59)
        assert sync(**settings(api)).is_complete
        (found,) = status()
        assert (found.status, found.check_status, found.in_api, found.in_warehouse) == ("complete", "complete", 60, 60)


def test_refused_count_fails_only_the_check(warehouse: Place) -> None:
    """The rows are loaded, but not proven complete."""
    with small() as api:
        sync(**settings(api))
        api.forget_requests()
        sync(**settings(api))
        requests = sum(bool(request.params) for request in api.requests)
        api.faults = Faults(bursts=(Burst(status=400, after=requests - 1, next=1),))
        (customer,) = sync(**settings(api)).customers
        assert ([type(error).__name__ for error in customer.errors], customer.in_api) == (["BadRequestError"], None)
        assert query(warehouse, "select distinct status from liine.sweeps") == [{"status": "complete"}]
        assert differences(warehouse, api.truth()) == []
