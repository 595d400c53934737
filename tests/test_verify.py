"""The warehouse compared with the API: what is missing, stale, vanished, returned; and repaired."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from liine_source import backfill, status, sync, verify
from liine_source.emulator import Emulator, Faults, Interpretation, running_emulator
from liine_source.errors import ConfigurationError
from tests.test_sync import settings
from tests.warehouse import Place, differences, query, spoil

WAREHOUSE = Path("warehouse.duckdb")
NOTHING = {"missing": 0, "stale": 0, "unseen": 0, "vanished": 0, "returned": 0}
READINGS = {
    "local days": Interpretation(),
    "UTC midnights": Interpretation(end_date="midnight", dates_clock="utc", order_clock="utc", cursor_clock="utc"),
    "UTC days": Interpretation(dates_clock="utc", cursor_comparison="inclusive"),
    "local midnights": Interpretation(end_date="midnight", cursor="absent"),
    "a count of the page": Interpretation(count="page"),
    "no count": Interpretation(count="absent"),
}


# The others take longer than `make test` should.
QUICK = {"no count"}


@pytest.fixture(
    params=[pytest.param(name, marks=() if name in QUICK else pytest.mark.slow("interpretations")) for name in READINGS]
)
def api(request: pytest.FixtureRequest) -> Any:
    with running_emulator(interactions=600, customers=2, seed=5, interpretation=READINGS[request.param]) as running:
        yield running


def told(found: list[Any]) -> dict[str, int]:
    return {name: sum(getattr(customer, name) for customer in found) for name in NOTHING}


def marks(place: Place = WAREHOUSE) -> dict[int, tuple[bool, str | None]]:
    rows = query(place, "select * from liine.interactions where missing_since is not null")
    return {row["id"]: (row["vanished_at"] is not None, row["vanished_reason"]) for row in rows}


def test_a_warehouse_that_is_equal_is_told_so(api: Emulator) -> None:
    """Where the count is worth something, by counting alone."""
    sync(**settings(api, page_size=20))
    found = verify(**settings(api, page_size=20))
    assert told(found) == NOTHING
    assert all(customer.is_complete for customer in found)
    assert all(customer.read == 0 for customer in found) is (api.interpretation.count == "total")


def test_what_is_missing_or_stale_is_told_and_repaired(api: Emulator, warehouse: Place) -> None:
    """Without `repair` nothing is fetched; with it the warehouse equals the truth."""
    sync(**settings(api, page_size=20))
    ids = sorted(row["id"] for row in api.truth())
    lost, old = ids[100:103], ids[300]
    spoil(warehouse, f"delete from liine.interactions where id in ({', '.join(map(str, lost))})")  # noqa: S608  ids of the emulator's
    told_only = verify(**settings(api, page_size=20))
    assert told(told_only)["missing"] == 3
    assert not all(customer.is_complete for customer in told_only)
    assert len(query(warehouse, "select 1 from liine.interactions")) == 597
    spoil(warehouse, f"update liine.interactions set updated_at = '2001-01-01', lead_id = 1 where id = {old}")  # noqa: S608  ids of the emulator's
    repaired = verify(repair=True, **settings(api, page_size=20))
    assert told(repaired)["missing"] == 3
    assert all(customer.is_complete for customer in repaired)
    if api.interpretation.count != "total":
        assert told(repaired)["stale"] == 1
        assert differences(warehouse, api.truth()) == []
    else:
        # A stale row is met where its window is read: equal counts do not tell of it.
        assert len(differences(warehouse, api.truth())) <= 2
    assert told(verify(**settings(api, page_size=20)))["missing"] == 0


def test_a_row_that_vanishes_is_marked_when_it_is_missed_twice(api: Emulator, warehouse: Place) -> None:
    """Never deleted; unmarked when it comes back."""
    sync(**settings(api, page_size=20))
    gone = api.truth(api.customer_ids[0])[100]
    api.remove(gone["id"])
    first = verify(**settings(api, page_size=20))
    assert told(first) == {**NOTHING, "unseen": 1}
    assert marks(warehouse) == {gone["id"]: (False, None)}
    assert told(verify(**settings(api, page_size=20))) == {**NOTHING, "vanished": 1}
    assert marks(warehouse) == {gone["id"]: (True, "not returned")}
    assert told(verify(**settings(api, page_size=20))) == NOTHING
    assert len(query(warehouse, "select 1 from liine.interactions")) == 600


def test_a_row_that_comes_back_is_unmarked(warehouse: Place) -> None:
    """Whether a verification finds it or a sync loads it again."""
    with running_emulator(interactions=600, customers=1, seed=5) as api:
        sync(**settings(api, page_size=20))
        customer = api.customer_ids[0]
        gone = api.truth()[100]
        api.faults = Faults()
        kept = "customer_id, start_time, start_time_tz, updated_at, _dlt_load_id"
        copied = f"select 999999999, {kept} from liine.interactions where id = {gone['id']}"  # noqa: S608  ids of the emulator's
        spoil(warehouse, f"insert into liine.interactions (id, {kept}) {copied}")
        for _ in range(2):
            verify(**settings(api, page_size=20))
        assert marks(warehouse) == {999999999: (True, "not returned")}
        api.insert(customer, id=999999999, start_time_tz=gone["start_time_tz"])
        found = verify(repair=True, **settings(api, page_size=20))
        assert told(found)["returned"] == 1
        assert marks(warehouse) == {}
        assert differences(warehouse, api.truth()) == []


def test_a_row_that_other_filters_find_is_reclassified() -> None:
    """It says why, so that nobody takes it for lost."""
    with running_emulator(interactions=600, customers=1, seed=5) as api:
        chosen = settings(api, page_size=20, filters={"type": ["call"]})
        sync(**chosen)
        calls = [row for row in api.truth() if row["interaction_type"] == "call"]
        api.change(calls[20]["id"], interaction_type="form")
        api.remove(calls[30]["id"])
        assert told(verify(**chosen))["unseen"] == 2
        assert told(verify(**chosen))["vanished"] == 2
        assert marks() == {calls[20]["id"]: (True, "reclassified"), calls[30]["id"]: (True, "not returned")}


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
def test_a_count_below_the_rows_hides_nothing(interpretation: Interpretation, lost: int) -> None:
    """Just as many rows are lost as the count leaves out; and nothing is marked that is there."""
    with running_emulator(interactions=250, customers=1, seed=5, interpretation=interpretation) as api:
        sync(**settings(api, page_size=20))
        assert told(verify(**settings(api, page_size=20))) == NOTHING
        oldest = ", ".join(str(row["id"]) for row in api.truth()[-lost:])
        spoil(WAREHOUSE, f"delete from liine.interactions where id in ({oldest})")  # noqa: S608  ids of the emulator's
        assert told(verify(repair=True, **settings(api, page_size=20))) == {**NOTHING, "missing": lost}
        assert differences(WAREHOUSE, api.truth()) == []
        assert marks() == {}


def test_only_the_days_since_are_verified(api: Emulator) -> None:
    """What was lost before them is not looked for."""
    sync(**settings(api, page_size=20))
    newest, *_, oldest = api.truth(api.customer_ids[0])
    since = newest["start_time"][:10]
    spoil(WAREHOUSE, f"delete from liine.interactions where id in ({newest['id']}, {oldest['id']})")  # noqa: S608  ids of the emulator's
    chosen = settings(api, page_size=20, customer_ids=[api.customer_ids[0]])
    assert told(verify(since, **chosen))["missing"] == 1


def test_what_cannot_be_read_is_told_and_marks_nothing(api: Emulator) -> None:
    """A refused customer is an error, not a customer without rows."""
    sync(**settings(api, page_size=20))
    refused, granted = api.customer_ids
    api.faults = Faults(refused_customers=(refused,))
    found = verify(**settings(api, page_size=20))
    assert [(customer.customer_id, customer.is_complete) for customer in found] == [(refused, False), (granted, True)]
    assert marks() == {}
    assert len(status()) == 2


def test_nothing_loaded_is_nothing_to_verify() -> None:
    """A clear word instead of an error of the database."""
    with (
        running_emulator(interactions=10, customers=1) as api,
        pytest.raises(ConfigurationError, match="Nothing has been loaded"),
    ):
        verify(**settings(api))


def test_late_changes_that_do_not_move_updated_at_arrive_within_a_week() -> None:
    """The last 90 days are read again each week; what is older waits for a verification."""
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
        sync(**settings(api, reread_days=0))
        assert differences(WAREHOUSE, api.truth()) == [f"interaction {changed}: revenue"]


def test_other_filters_than_those_loaded_mark_nothing() -> None:
    """What they leave out has not vanished."""
    with running_emulator(interactions=300, customers=1) as api:
        sync(**settings(api, filters={"type": ["call"]}))
        for _ in range(2):
            verify(**settings(api, filters={"type": ["form"]}))
        assert marks() == {}
        api.remove(api.truth()[0]["id"])
        backfill(**settings(api, filters={"type": ["form"]}))
        for _ in range(2):
            verify(**settings(api, filters={"type": ["call"]}))
        assert marks() == {}
