"""Rows and values that the warehouse has lost since the last run: found by the next one, and read again."""

from datetime import timedelta
from typing import Any

import pytest

from liine_source import backfill, status, sync, verify
from liine_source.emulator import Burst, Faults, running_emulator
from liine_source.errors import LostRowsError
from tests.test_sync import settings
from tests.warehouse import Place, differences, query, spoil

FIRST_IDS = "(select id from liine.interactions order by id limit 5)"


def restored(table: str) -> list[str]:
    """What brings back the copy of a table that `copied` made."""
    return [f"delete from liine.{table}", f"insert into liine.{table} select * from liine.older_{table}"]  # noqa: S608  ours


def emptied(column: str, kind: str) -> list[str]:
    """What makes a column again that was dropped."""
    return [
        f"alter table liine.interactions drop column {column}",
        f"alter table liine.interactions add {column} {kind}",
    ]


# docs/architecture.md has the results, by destination.
TRIALS = {
    "interactions truncated": ["delete from liine.interactions"],
    "one interaction deleted": ["delete from liine.interactions where id = (select min(id) from liine.interactions)"],
    "newest interactions deleted": [
        "delete from liine.interactions where start_time > (select min(start_time) from liine.interactions)"
    ],
    "an older copy of interactions restored": restored("interactions"),
    "child table emptied": ["delete from liine.interactions__session_extras"],
    "some child rows deleted": [f"delete from liine.interactions__provider_names where interaction_id in {FIRST_IDS}"],  # noqa: S608  ours
    "an older copy of a child table restored": restored("interactions__provider_names"),
    "values of a column set to null": [f"update liine.interactions set outcome = null where id in {FIRST_IDS}"],  # noqa: S608  ours
    "a column dropped and made again": emptied("agent", "varchar"),
    "a new column dropped and made again": emptied("mood", "varchar"),
}
COPIED = ["interactions", "interactions__provider_names"]
# One for each way of losing something; the others take longer than `make test` should, and the stand-in is slow.
QUICK = [
    "some child rows deleted",
    "an older copy of a child table restored",
    "a new column dropped and made again",
]


@pytest.mark.parametrize(
    ("warehouse", "trials"),
    [
        ("duckdb", QUICK),
        pytest.param("duckdb", [*TRIALS], marks=pytest.mark.slow("faults")),
        pytest.param("postgres", [*TRIALS], marks=pytest.mark.slow("faults")),
        pytest.param("snowflake", QUICK, marks=pytest.mark.slow("snowflake")),
    ],
    indirect=["warehouse"],
)
def test_what_is_lost_is_read_again(warehouse: Place, trials: list[str]) -> None:
    """Each trial is damage done behind the connector's back, and a sync that says so and ends with the truth."""
    with running_emulator(interactions=60, customers=2, seed=4) as api:
        sync(**settings(api))
        for table in COPIED:
            spoil(warehouse, f"create table liine.older_{table} as select * from liine.{table}")  # noqa: S608  ours
        api.advance(timedelta(days=20))
        for row in api.truth():
            api.change(row["id"], mood="good")
        sync(**settings(api))
        spoil(warehouse, "alter table liine.older_interactions add mood varchar")
        for trial in trials:
            for statement in TRIALS[trial]:
                spoil(warehouse, statement)
            report = sync(**settings(api))
            assert report.is_complete, trial
            assert any(customer.restored for customer in report.customers), trial
            assert differences(warehouse, api.truth()) == [], trial
        assert not any(customer.restored for customer in sync(**settings(api)).customers)
        assert query(warehouse, "select distinct status from liine.sweeps") == [{"status": "complete"}]


GONE = {
    "interactions": "drop table liine.interactions",
    "a child table": "drop table liine.interactions__provider_names",
    "a column": "alter table liine.interactions drop column agent",
    "a child table and its record": "drop table liine._liine_inventory; drop table liine.interactions__session_extras",
    "a column and its record": "drop table liine._liine_inventory; alter table liine.interactions drop column lead_id",
    "another child table": "drop table liine.interactions__session_extras",
    "the audit": "drop table liine.sweeps",
    "dlt's state": "drop table liine._dlt_pipeline_state",
}


@pytest.mark.parametrize(
    ("warehouse", "gone"),
    [
        ("duckdb", ["interactions", "a column", "a child table and its record"]),
        pytest.param("duckdb", [*GONE], marks=pytest.mark.slow("faults")),
        pytest.param("postgres", [*GONE], marks=pytest.mark.slow("faults")),
        pytest.param("snowflake", ["interactions", "a column"], marks=pytest.mark.slow("snowflake")),
    ],
    indirect=["warehouse"],
)
def test_what_was_dropped_is_made_and_filled_again(warehouse: Place, gone: list[str]) -> None:
    """dlt would take its own schema's word that it is there, and each load would fail."""
    with small() as api:
        sync(**settings(api))
        for number, name in enumerate(gone):
            spoil(warehouse, GONE[name])
            # A new field has dlt look at its tables, too.
            api.change(api.truth()[0]["id"], **({f"mood_{number}": "good"} if number % 2 else {}))
            assert sync(**settings(api)).is_complete, name
            assert differences(warehouse, api.truth()) == [], name


def small() -> Any:
    return running_emulator(interactions=60, customers=1, seed=4)


def lose_names(place: Place) -> None:
    spoil(place, f"delete from liine.interactions__provider_names where interaction_id in {FIRST_IDS}")  # noqa: S608  ours


on_duckdb = pytest.mark.parametrize("warehouse", ["duckdb"], indirect=True)
on_duckdb_and_slowly_on_postgres = pytest.mark.parametrize(
    "warehouse", ["duckdb", pytest.param("postgres", marks=pytest.mark.slow("postgres"))], indirect=True
)


@on_duckdb_and_slowly_on_postgres
def test_verify_tells_what_is_lost_and_repairs_it(warehouse: Place) -> None:
    """The table and its numbers; a sync would read it again as well."""
    with small() as api:
        sync(**settings(api))
        lose_names(warehouse)
        (found,) = verify(**settings(api))
        ((table, column, before, now),) = found.lost
        assert (table, column, before > now) == ("interactions__provider_names", None, True)
        assert not found.is_complete
        (repaired,) = verify(repair=True, **settings(api))
        assert (repaired.is_complete, repaired.is_repaired) == (True, True)
        assert differences(warehouse, api.truth()) == []
        (equal,) = verify(**settings(api))
        assert (equal.lost, equal.is_complete) == ([], True)


@on_duckdb_and_slowly_on_postgres
def test_what_could_not_be_read_again_is_read_by_the_next_run(warehouse: Place) -> None:
    """The run fails, and though it has loaded since, what was lost is not forgotten."""
    with small() as api:
        sync(**settings(api))
        lose_names(warehouse)
        api.advance(timedelta(days=20))
        # After the changes of those days, and before anything is read again.
        api.faults = Faults(bursts=(Burst(status=400, after=4),))
        report = sync(**settings(api))
        (customer,) = report.customers
        assert (report.rows["interactions"] > 0, customer.status, len(customer.restored)) == (True, "failed", 1)
        assert [found.status for found in status()] == ["failed"]
        api.faults = Faults()
        assert sync(**settings(api)).is_complete
        assert differences(warehouse, api.truth()) == []


@pytest.mark.slow("faults")
@on_duckdb
def test_days_that_a_sync_does_not_read_are_told(warehouse: Place) -> None:
    """With `since` older rows stay as they are: the run fails once, and says what reads them."""
    with small() as api:
        days = sorted(row["start_time"][:10] for row in api.truth())
        chosen = settings(api, since=days[40])
        backfill(**settings(api))
        sync(**chosen)
        lose_names(warehouse)
        (customer,) = sync(**chosen).customers
        (problem,) = customer.errors
        assert isinstance(problem, LostRowsError)
        assert "liine backfill --anew" in str(problem)
        assert backfill(is_anew=True, **settings(api)).is_complete
        assert sync(**chosen).is_complete
        assert differences(warehouse, api.truth()) == []


@on_duckdb
def test_a_column_of_ones_own_is_none_of_ours(warehouse: Place) -> None:
    """Whoever fills and empties it, nothing is read again."""
    with small() as api:
        sync(**settings(api))
        spoil(warehouse, "alter table liine.interactions add reviewed_by varchar")
        for value in ("'me'", "null"):
            spoil(warehouse, f"update liine.interactions set reviewed_by = {value}")  # noqa: S608  ours
            (customer,) = sync(**settings(api)).customers
            assert (customer.restored, customer.status) == ([], "complete")


@on_duckdb
def test_interactions_that_are_there_twice_are_told_and_repaired(warehouse: Place) -> None:
    """No index of DuckDB's refuses them."""
    with small() as api:
        sync(**settings(api))
        spoil(warehouse, "insert into liine.interactions select * from liine.interactions order by id limit 3")
        (found,) = verify(**settings(api))
        assert (found.duplicates, found.is_complete) == (3, False)
        assert all(customer.is_complete for customer in verify(repair=True, **settings(api)))
        assert differences(warehouse, api.truth()) == []
