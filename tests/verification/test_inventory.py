"""Rows and values that the warehouse has lost since the last run: the next run reads them again."""

from datetime import timedelta
from typing import Any

import pytest

from liine_source import backfill, status, sync, verify
from liine_source.emulator import Burst, Faults, running_emulator
from liine_source.errors import LostRowsError
from tests.commands.test_sync import settings
from tests.support.warehouse import Place, differences, on_duckdb_and_slow_postgres, query, spoil

FIRST_IDS = "(select id from liine.interactions order by id limit 5)"


def restore_copy(table: str) -> list[str]:
    """Statements that restore the older copy of a table."""
    return [f"delete from liine.{table}", f"insert into liine.{table} select * from liine.older_{table}"]  # noqa: S608  ours


def recreate_column(column: str, kind: str) -> list[str]:
    """Statements that drop a column and add it again, without its values."""
    return [
        f"alter table liine.interactions drop column {column}",
        f"alter table liine.interactions add {column} {kind}",
    ]


# docs/architecture.md has the results by destination.
DAMAGES = {
    "interactions truncated": ["delete from liine.interactions"],
    "one interaction deleted": ["delete from liine.interactions where id = (select min(id) from liine.interactions)"],
    "newest interactions deleted": [
        "delete from liine.interactions where start_time > (select min(start_time) from liine.interactions)"
    ],
    "an older copy of interactions restored": restore_copy("interactions"),
    "child table emptied": ["delete from liine.interactions__session_extras"],
    "some child rows deleted": [f"delete from liine.interactions__provider_names where interaction_id in {FIRST_IDS}"],  # noqa: S608  ours
    "an older copy of a child table restored": restore_copy("interactions__provider_names"),
    "values of a column set to null": [f"update liine.interactions set outcome = null where id in {FIRST_IDS}"],  # noqa: S608  ours
    "a column dropped and recreated": recreate_column("agent", "varchar"),
    "a new column dropped and recreated": recreate_column("mood", "varchar"),
}
COPIED_TABLES = ["interactions", "interactions__provider_names"]
# One for each kind of loss; the others take longer than `make test` should, and the stand-in is slow.
QUICK = [
    "an older copy of a child table restored",
    "a new column dropped and recreated",
]


@pytest.mark.parametrize(
    ("warehouse", "damages"),
    [
        ("duckdb", QUICK),
        pytest.param("duckdb", [*DAMAGES], marks=pytest.mark.slow("faults")),
        pytest.param("postgres", [*DAMAGES], marks=pytest.mark.slow("faults")),
        pytest.param("snowflake", QUICK, marks=pytest.mark.slow("snowflake")),
    ],
    indirect=["warehouse"],
)
def test_lost_rows_are_read_again(warehouse: Place, damages: list[str]) -> None:
    """A sync after each damage reports it and restores the rows."""
    with running_emulator(interactions=60, customers=2, seed=4) as api:
        sync(**settings(api))
        for table in COPIED_TABLES:
            spoil(warehouse, f"create table liine.older_{table} as select * from liine.{table}")  # noqa: S608  ours
        api.advance(timedelta(days=20))
        for row in api.truth():
            api.change(row["id"], mood="good")
        sync(**settings(api))
        spoil(warehouse, "alter table liine.older_interactions add mood varchar")
        for damage in damages:
            for statement in DAMAGES[damage]:
                spoil(warehouse, statement)
            report = sync(**settings(api))
            assert report.is_complete, damage
            assert any(customer.restored for customer in report.customers), damage
            assert differences(warehouse, api.truth()) == [], damage
        assert not any(customer.restored for customer in sync(**settings(api)).customers)
        assert query(warehouse, "select distinct status from liine.sweeps") == [{"status": "complete"}]


DROPS = {
    "interactions": "drop table liine.interactions",
    "a child table": "drop table liine.interactions__provider_names",
    "a column": "alter table liine.interactions drop column agent",
    "a child table and its record": "drop table liine._liine_inventory; drop table liine.interactions__session_extras",
    "a column and its record": "drop table liine._liine_inventory; alter table liine.interactions drop column lead_id",
    "another child table": "drop table liine.interactions__session_extras",
    "the table sweeps": "drop table liine.sweeps",
    "dlt's state": "drop table liine._dlt_pipeline_state",
}


@pytest.mark.parametrize(
    ("warehouse", "drops"),
    [
        ("duckdb", ["interactions", "a column", "a child table and its record"]),
        pytest.param("duckdb", [*DROPS], marks=pytest.mark.slow("faults")),
        pytest.param("postgres", [*DROPS], marks=pytest.mark.slow("faults")),
        pytest.param("snowflake", ["interactions", "a column"], marks=pytest.mark.slow("snowflake")),
    ],
    indirect=["warehouse"],
)
def test_dropped_objects_are_recreated_and_filled(warehouse: Place, drops: list[str]) -> None:
    """dlt alone would trust its stored schema, and every load would fail."""
    with small() as api:
        sync(**settings(api))
        for number, name in enumerate(drops):
            spoil(warehouse, DROPS[name])
            # A new field makes dlt inspect its tables, too.
            api.change(api.truth()[0]["id"], **({f"mood_{number}": "good"} if number % 2 else {}))
            assert sync(**settings(api)).is_complete, name
            assert differences(warehouse, api.truth()) == [], name


def small() -> Any:
    return running_emulator(interactions=60, customers=1, seed=4)


def delete_provider_names(place: Place) -> None:
    spoil(place, f"delete from liine.interactions__provider_names where interaction_id in {FIRST_IDS}")  # noqa: S608  ours


on_duckdb = pytest.mark.parametrize("warehouse", ["duckdb"], indirect=True)


@on_duckdb_and_slow_postgres
def test_verify_reports_and_repairs_lost_rows(warehouse: Place) -> None:
    """It reports the table and its numbers of rows; a sync would read them again too."""
    with small() as api:
        sync(**settings(api))
        delete_provider_names(warehouse)
        (found,) = verify(**settings(api))
        ((table, column, before, now, _),) = found.lost
        assert (table, column, before > now) == ("interactions__provider_names", None, True)
        assert not found.is_complete
        (repaired,) = verify(repair=True, **settings(api))
        assert (repaired.is_complete, repaired.is_repaired) == (True, True)
        assert differences(warehouse, api.truth()) == []
        (equal,) = verify(**settings(api))
        assert (equal.lost, equal.is_complete) == ([], True)


@pytest.mark.slow("faults")
@on_duckdb_and_slow_postgres
def test_failed_restore_is_repeated_by_next_run(warehouse: Place) -> None:
    """The failed run loads changes, but does not forget which rows were lost."""
    with small() as api:
        sync(**settings(api))
        delete_provider_names(warehouse)
        api.advance(timedelta(days=20))
        # The fault begins after the changes and before the lost rows are read.
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
def test_lost_rows_before_since_are_reported(warehouse: Place) -> None:
    """The sync fails, and its error gives the command that reads them."""
    with small() as api:
        days = sorted(row["start_time"][:10] for row in api.truth())
        arguments = settings(api, since=days[40])
        backfill(**settings(api))
        sync(**arguments)
        delete_provider_names(warehouse)
        (customer,) = sync(**arguments).customers
        (problem,) = customer.errors
        assert isinstance(problem, LostRowsError)
        assert "liine backfill --restart" in str(problem)
        assert backfill(restart=True, **settings(api)).is_complete
        assert sync(**arguments).is_complete
        assert differences(warehouse, api.truth()) == []


@on_duckdb
def test_user_column_is_ignored(warehouse: Place) -> None:
    """Nothing is read again when a user fills or empties a column of theirs."""
    with small() as api:
        sync(**settings(api))
        spoil(warehouse, "alter table liine.interactions add reviewed_by varchar")
        for value in ("'me'", "null"):
            spoil(warehouse, f"update liine.interactions set reviewed_by = {value}")  # noqa: S608  ours
            (customer,) = sync(**settings(api)).customers
            assert (customer.restored, customer.status) == ([], "complete")


@on_duckdb
def test_duplicate_interactions_are_reported_and_repaired(warehouse: Place) -> None:
    """On DuckDB no index prevents them."""
    with small() as api:
        sync(**settings(api))
        spoil(warehouse, "insert into liine.interactions select * from liine.interactions order by id limit 3")
        (found,) = verify(**settings(api))
        assert (found.duplicates, found.is_complete) == (3, False)
        assert all(customer.is_complete for customer in verify(repair=True, **settings(api)))
        assert differences(warehouse, api.truth()) == []
