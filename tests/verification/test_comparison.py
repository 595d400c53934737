"""`liine verify`: missing, stale, vanished and returned rows are found, and repaired on request."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from liine_source import backfill, console, status, sync, verify
from liine_source.emulator import Emulator, Faults, Interpretation, running_emulator
from liine_source.errors import ConfigurationError
from tests.commands.test_sync import settings
from tests.support.warehouse import Place, differences, query, spoil

WAREHOUSE = Path("warehouse.duckdb")
NO_DIFFERENCE = {"missing": 0, "stale": 0, "unseen": 0, "vanished": 0, "returned": 0}
INTERPRETATIONS = {
    "local days": Interpretation(),
    "UTC midnights": Interpretation(end_date="midnight", dates_clock="utc", order_clock="utc", cursor_clock="utc"),
    "UTC days": Interpretation(dates_clock="utc", cursor_comparison="inclusive"),
    "local midnights": Interpretation(end_date="midnight", cursor="absent"),
    "page count": Interpretation(count="page"),
    "no count": Interpretation(count="absent"),
}


# The others take longer than `make test` should.
QUICK = {"no count"}


@pytest.fixture(
    params=[
        pytest.param(name, marks=() if name in QUICK else pytest.mark.slow("interpretations"))
        for name in INTERPRETATIONS
    ]
)
def api(request: pytest.FixtureRequest) -> Any:
    with running_emulator(
        interactions=600, customers=2, seed=5, interpretation=INTERPRETATIONS[request.param]
    ) as running:
        yield running


def totals(found: list[Any]) -> dict[str, int]:
    return {name: sum(getattr(customer, name) for customer in found) for name in NO_DIFFERENCE}


def marked_rows(place: Place = WAREHOUSE) -> dict[int, tuple[bool, str | None]]:
    rows = query(place, "select * from liine.interactions where missing_since is not null")
    return {row["id"]: (row["vanished_at"] is not None, row["vanished_reason"]) for row in rows}


def test_equal_warehouse_has_no_differences(api: Emulator) -> None:
    """If the API reports a total, counting alone proves it."""
    sync(**settings(api, page_size=20))
    found = verify(**settings(api, page_size=20))
    assert totals(found) == NO_DIFFERENCE
    assert all(customer.is_complete for customer in found)
    assert all(customer.read == 0 for customer in found) is (api.interpretation.count == "total")


def test_missing_and_stale_rows_are_reported_and_repaired(api: Emulator, warehouse: Place) -> None:
    """Without `repair` nothing is fetched; with it the warehouse equals the API."""
    sync(**settings(api, page_size=20))
    ids = sorted(row["id"] for row in api.truth())
    lost, stale = ids[100:103], ids[300]
    spoil(warehouse, f"delete from liine.interactions where id in ({', '.join(map(str, lost))})")  # noqa: S608  ids of the emulator's
    unrepaired = verify(**settings(api, page_size=20))
    assert totals(unrepaired)["missing"] == 3
    assert not all(customer.is_complete for customer in unrepaired)
    assert len(query(warehouse, "select 1 from liine.interactions")) == 597
    spoil(warehouse, f"update liine.interactions set updated_at = '2001-01-01', lead_id = 1 where id = {stale}")  # noqa: S608  ids of the emulator's
    repaired = verify(repair=True, **settings(api, page_size=20))
    assert totals(repaired)["missing"] == 3
    assert all(customer.is_complete for customer in repaired)
    if api.interpretation.count != "total":
        assert totals(repaired)["stale"] == 1
        assert differences(warehouse, api.truth()) == []
    else:
        # A stale row is only found if its window is read, and windows with equal counts are not.
        assert len(differences(warehouse, api.truth())) <= 2
    assert totals(verify(**settings(api, page_size=20)))["missing"] == 0


def test_row_missed_twice_is_marked_as_vanished(api: Emulator, warehouse: Place) -> None:
    """It is never deleted."""
    sync(**settings(api, page_size=20))
    gone = api.truth(api.customer_ids[0])[100]
    api.remove(gone["id"])
    first = verify(**settings(api, page_size=20))
    assert totals(first) == {**NO_DIFFERENCE, "unseen": 1}
    assert marked_rows(warehouse) == {gone["id"]: (False, None)}
    assert totals(verify(**settings(api, page_size=20))) == {**NO_DIFFERENCE, "vanished": 1}
    assert marked_rows(warehouse) == {gone["id"]: (True, "not returned")}
    assert totals(verify(**settings(api, page_size=20))) == NO_DIFFERENCE
    assert len(query(warehouse, "select 1 from liine.interactions")) == 600


@pytest.mark.slow("faults")
def test_returned_row_is_unmarked(warehouse: Place) -> None:
    """A verification that finds the row again clears its marks."""
    with running_emulator(interactions=600, customers=1, seed=5) as api:
        sync(**settings(api, page_size=20))
        customer = api.customer_ids[0]
        gone = api.truth()[100]
        api.faults = Faults()
        columns = "customer_id, start_time, start_time_tz, updated_at, _dlt_load_id"
        copy = f"select 999999999, {columns} from liine.interactions where id = {gone['id']}"  # noqa: S608  ids of the emulator's
        spoil(warehouse, f"insert into liine.interactions (id, {columns}) {copy}")
        for _ in range(2):
            verify(**settings(api, page_size=20))
        assert marked_rows(warehouse) == {999999999: (True, "not returned")}
        api.insert(customer, id=999999999, start_time_tz=gone["start_time_tz"])
        found = verify(repair=True, **settings(api, page_size=20))
        assert totals(found)["returned"] == 1
        assert marked_rows(warehouse) == {}
        assert differences(warehouse, api.truth()) == []


def test_row_lost_only_by_filters_is_reclassified() -> None:
    """The reason distinguishes it from a row that the API no longer returns."""
    with running_emulator(interactions=600, customers=1, seed=5) as api:
        arguments = settings(api, page_size=20, filters={"type": ["call"]})
        sync(**arguments)
        calls = [row for row in api.truth() if row["interaction_type"] == "call"]
        api.change(calls[20]["id"], interaction_type="form")
        api.remove(calls[30]["id"])
        assert totals(verify(**arguments))["unseen"] == 2
        assert totals(verify(**arguments))["vanished"] == 2
        assert marked_rows() == {calls[20]["id"]: (True, "reclassified"), calls[30]["id"]: (True, "not returned")}


@pytest.mark.parametrize(
    ("interpretation", "lost"),
    [
        pytest.param(Interpretation(count_lag=1), 1, id="behind", marks=pytest.mark.slow("interpretations")),
        pytest.param(Interpretation(count_cap=199), 51, id="capped"),
        pytest.param(
            Interpretation(count_cap=40), 210, id="capped below a window", marks=pytest.mark.slow("interpretations")
        ),
    ],
)
def test_low_count_does_not_hide_missing_rows(interpretation: Interpretation, lost: int) -> None:
    """As many rows are missing as the count leaves out; no row that exists is marked."""
    with running_emulator(interactions=250, customers=1, seed=5, interpretation=interpretation) as api:
        sync(**settings(api, page_size=20))
        assert totals(verify(**settings(api, page_size=20))) == NO_DIFFERENCE
        oldest = ", ".join(str(row["id"]) for row in api.truth()[-lost:])
        spoil(WAREHOUSE, f"delete from liine.interactions where id in ({oldest})")  # noqa: S608  ids of the emulator's
        assert totals(verify(repair=True, **settings(api, page_size=20))) == {**NO_DIFFERENCE, "missing": lost}
        assert differences(WAREHOUSE, api.truth()) == []
        assert marked_rows() == {}


def test_verify_starts_at_since(api: Emulator) -> None:
    """Rows that were lost before `since` are not looked for."""
    sync(**settings(api, page_size=20))
    newest, *_, oldest = api.truth(api.customer_ids[0])
    since = newest["start_time"][:10]
    spoil(WAREHOUSE, f"delete from liine.interactions where id in ({newest['id']}, {oldest['id']})")  # noqa: S608  ids of the emulator's
    arguments = settings(api, page_size=20, customer_ids=[api.customer_ids[0]])
    assert totals(verify(since, **arguments))["missing"] == 1


def test_refused_customer_fails_and_marks_nothing(api: Emulator) -> None:
    """A refused customer is an error, not a customer without rows."""
    sync(**settings(api, page_size=20))
    refused, granted = api.customer_ids
    api.faults = Faults(refused_customers=(refused,))
    found = verify(**settings(api, page_size=20))
    assert [(customer.customer_id, customer.is_complete) for customer in found] == [(refused, False), (granted, True)]
    assert marked_rows() == {}
    assert len(status()) == 2


def test_customer_that_was_never_loaded_needs_a_sync(capsys: pytest.CaptureFixture[str]) -> None:
    """Not a repair, which would read its whole history as one difference."""
    with running_emulator(interactions=20, customers=2) as api:
        loaded, other = api.customer_ids
        sync(**settings(api, customer_ids=[loaded]))
        found = verify(**settings(api))
    assert [(customer.customer_id, customer.is_loaded) for customer in found] == [(loaded, True), (other, False)]
    console.print_verification(found)
    # The table may break lines.
    printed = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "not loaded: `liine sync` loads its rows" in printed
    assert "--repair" not in printed


def test_verify_without_dataset_is_refused() -> None:
    """The error is a clear message instead of the database's."""
    with (
        running_emulator(interactions=10, customers=1) as api,
        pytest.raises(ConfigurationError, match="Nothing has been loaded"),
    ):
        verify(**settings(api))


def test_lookback_loads_changes_without_updated_at() -> None:
    """The last 90 days are read again each week; older changes wait for a verification."""
    with running_emulator(interactions=600, customers=1, seed=5) as api:
        sync(**settings(api))
        started = (api.now - timedelta(days=75)).date().isoformat()
        changed = next(row["id"] for row in api.truth() if row["start_time"][:10] < started)
        api.change(changed, touch_updated_at=False, revenue=4321.5)
        api.advance(timedelta(days=3))
        sync(**settings(api))
        assert differences(WAREHOUSE, api.truth()) == [f"interaction {changed}: revenue"]
        api.advance(timedelta(days=5))
        sync(**settings(api))
        assert differences(WAREHOUSE, api.truth()) == []
        api.change(changed, touch_updated_at=False, revenue=1234.5)
        api.advance(timedelta(days=8))
        sync(**settings(api, lookback_days=0))
        assert differences(WAREHOUSE, api.truth()) == [f"interaction {changed}: revenue"]


def test_verify_with_other_filters_marks_nothing() -> None:
    """Rows that the filters leave out have not vanished."""
    with running_emulator(interactions=300, customers=1) as api:
        sync(**settings(api, filters={"type": ["call"]}))
        for _ in range(2):
            verify(**settings(api, filters={"type": ["form"]}))
        assert marked_rows() == {}
        api.remove(api.truth()[0]["id"])
        backfill(**settings(api, filters={"type": ["form"]}))
        for _ in range(2):
            verify(**settings(api, filters={"type": ["call"]}))
        assert marked_rows() == {}
