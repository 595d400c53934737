"""The check that ends each sync: the API's count of a customer's interactions against the rows in the warehouse."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from liine_source import completeness, inventory, runs, status, sync, verification
from liine_source.emulator import Burst, Emulator, Faults, Interpretation, running_emulator
from liine_source.errors import IncompleteDatasetError
from liine_source.tasks import Reader
from liine_source.windows import Window
from tests.test_sync import settings
from tests.warehouse import Place, differences, query, spoil

CHECKS = "select expected, distinct_ids, proof, status, reason from liine.sweeps where kind = 'check' order by ended"


def small(**others: Any) -> Any:
    return running_emulator(interactions=60, customers=1, seed=4, **others)


def checks(place: Place) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in query(place, CHECKS)]


def counts(api: Emulator, happens: Callable[[], object]) -> int:
    """How often it asks for one row, and so for a count."""
    api.forget_requests()
    happens()
    return sum(dict(request.params)["limit"] == "1" for request in api.requests if request.params)


LOST = {
    "all rows": "true",
    "one row": "id = (select min(id) from liine.interactions)",
    "the newest rows": "start_time > (select min(start_time) + interval '30 days' from liine.interactions)",
}


@pytest.mark.parametrize(
    ("warehouse", "lost"),
    [
        ("duckdb", "one row"),
        *(
            pytest.param(destination, lost, marks=pytest.mark.slow("faults"))
            for destination in ("duckdb", "postgres")
            for lost in LOST
        ),
        pytest.param("snowflake", "one row", marks=pytest.mark.slow("snowflake")),
    ],
    indirect=["warehouse"],
)
def test_missing_rows_are_read_again(warehouse: Place, lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the count alone, as where somebody else has loaded rows since; one request where nothing is wrong."""
    monkeypatch.setattr(inventory.Inventory, "find_lost", lambda *_: None)
    with small() as api:
        total = len(api.truth())
        sync(**settings(api))
        assert counts(api, lambda: sync(**settings(api))) == 1
        spoil(warehouse, f"delete from liine.interactions where {LOST[lost]}")  # noqa: S608  ours
        (customer,) = sync(**settings(api)).customers
        assert (customer.status, customer.in_api, customer.in_warehouse) == ("complete", total, total)
        assert differences(warehouse, api.truth()) == []
        assert checks(warehouse) == [(total, total, "count", "complete", None)] * 3


def test_rows_that_the_api_has_lost_are_marked_by_the_second_sync(warehouse: Place) -> None:
    """After two verifications, as always; then both hold as many."""
    with small() as api:
        sync(**settings(api))
        gone = api.truth()[7]["id"]
        api.remove(gone)
        for _ in range(3):
            assert sync(**settings(api)).is_complete
        marked = query(warehouse, "select id from liine.interactions where vanished_at is not null")
        assert [row["id"] for row in marked] == [gone]
        assert checks(warehouse)[1:] == [
            (59, 60, "walk", "complete", "unseen"),
            (59, 59, "count", "complete", None),
            (59, 59, "count", "complete", None),
        ]


def test_rows_of_erased_persons_are_not_missed(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The difference is looked into once, and then known."""
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", "0123456789abcdef0123456789abcdef")
    with small() as api:
        sync(**settings(api))
        lead = api.truth()[3]["lead_id"]
        runs.purge(lead_ids=[lead], is_dry_run=False, **settings(api))
        left = sum(row["lead_id"] != lead for row in api.truth())
        assert sync(**settings(api)).is_complete
        assert counts(api, lambda: sync(**settings(api))) == 1
        assert checks(warehouse)[1:] == [(60, left, "walk", "complete", None)] * 2


@pytest.mark.parametrize(
    ("interpretation", "count"),
    [
        (Interpretation(count_cap=40), 40),
        pytest.param(Interpretation(count_lag=1), 59, marks=pytest.mark.slow("interpretations")),
    ],
)
def test_a_count_below_the_rows_is_looked_into_no_more(
    warehouse: Place, interpretation: Interpretation, count: int
) -> None:
    """A first sync has read everything; later only another difference is worth a verification."""
    with small(interpretation=interpretation) as api:
        sync(**settings(api))
        assert counts(api, lambda: sync(**settings(api))) == 1
        assert checks(warehouse) == [(count, 60, "walk", "complete", None)] * 2
        spoil(warehouse, "delete from liine.interactions where id = (select min(id) from liine.interactions)")
        assert counts(api, lambda: sync(**settings(api))) > 1
        assert differences(warehouse, api.truth()) == []


@pytest.mark.parametrize(
    "interpretation",
    [
        Interpretation(count="page"),
        *(pytest.param(Interpretation(count=c), marks=pytest.mark.slow("interpretations")) for c in ("absent", "null")),
    ],
)
def test_where_nothing_counts_nothing_is_said(warehouse: Place, interpretation: Interpretation) -> None:
    """No total, no row of a check."""
    with small(interpretation=interpretation) as api:
        (customer,) = sync(**settings(api)).customers
        assert (customer.status, customer.in_api) == ("complete", None)
        assert checks(warehouse) == []


def test_one_count_of_nothing_does_not_pass_for_the_end(warehouse: Place) -> None:
    """It is asked for once more: of a warehouse with rows, neither nothing nor one row is believed at once."""
    with small() as api:
        sync(**settings(api))
        api.forget_requests()
        sync(**settings(api))
        asked = sum(bool(request.params) for request in api.requests)
        api.faults = Faults(bursts=(Burst(kind="wrong_count", count_off=-1_000_000, after=asked - 1, next=1),))
        (customer,) = sync(**settings(api)).customers
        assert (customer.status, customer.in_api, customer.in_warehouse) == ("complete", 60, 60)


def test_a_count_above_the_rows_that_nothing_explains_fails(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody was erased, so all that is counted should be there."""
    with small() as api:
        sync(**settings(api))
        first = Reader.first

        def one_more(self: Reader, customer: int, window: Window, *others: Any, **named: Any) -> Any:
            page = first(self, customer, window, *others, **named)
            return replace(page, count=61) if window == Window() else page

        monkeypatch.setattr(Reader, "first", one_more)
        monkeypatch.setattr(verification, "verified", lambda *_: verification.CustomerVerification(1001))
        (customer,) = sync(**settings(api)).customers
        assert [type(error) for error in customer.errors] == [IncompleteDatasetError]
        assert (customer.in_api, customer.in_warehouse) == (61, 60)


def test_other_filters_or_dates_are_not_compared(warehouse: Place) -> None:
    """Rows of which another run knows are no surplus, and none is marked as lost."""
    with small() as api:
        sync(**settings(api))
        for others in ({"filters": {"type": ["call"]}}, {"since": api.now.date() - timedelta(days=20)}):
            (customer,) = sync(**settings(api, **others)).customers
            assert (customer.status, customer.in_api) == ("complete", None)
        assert len(checks(warehouse)) == 1
        assert query(warehouse, "select id from liine.interactions where missing_since is not null") == []


def test_rows_that_come_during_the_run_are_read(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a sync once more, without a verification."""
    monkeypatch.setattr(verification, "verified", None)
    compare = completeness.compare
    with small() as api:
        sync(**settings(api))

        def late(*arguments: Any) -> Any:
            if len(api.truth()) == 60:
                api.insert(api.customer_ids[0])
            return compare(*arguments)

        monkeypatch.setattr(completeness, "compare", late)
        report = sync(**settings(api))
        assert (report.is_complete, report.customers[0].in_warehouse) == (True, 61)
        assert differences(warehouse, api.truth()) == []


def test_what_cannot_be_mended_is_told_with_its_numbers(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run fails, and so does the status until the next one; what was loaded stays."""
    with small() as api:
        sync(**settings(api))
        spoil(warehouse, "delete from liine.interactions where id = (select min(id) from liine.interactions)")
        with monkeypatch.context() as patch:
            patch.setattr(runs._Run, "repair", lambda *_: None)
            patch.setattr(inventory.Inventory, "find_lost", lambda *_: None)
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


def test_a_count_that_is_refused_fails_the_check_alone(warehouse: Place) -> None:
    """The rows are there; that they are all is not proven."""
    with small() as api:
        sync(**settings(api))
        api.forget_requests()
        sync(**settings(api))
        asked = sum(bool(request.params) for request in api.requests)
        api.faults = Faults(bursts=(Burst(status=400, after=asked - 1, next=1),))
        (customer,) = sync(**settings(api)).customers
        assert ([type(error).__name__ for error in customer.errors], customer.in_api) == (["BadRequestError"], None)
        assert query(warehouse, "select distinct status from liine.sweeps") == [{"status": "complete"}]
        assert differences(warehouse, api.truth()) == []
