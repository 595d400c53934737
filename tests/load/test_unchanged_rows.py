"""Interactions that are stored as the API returns them are not written again; all others are."""

from pathlib import Path
from typing import Any

import pytest

from liine_source import source as source_module
from liine_source import sync
from liine_source.commands import run as run_module
from liine_source.destinations import duckdb, duckdb_client
from liine_source.emulator import ABSENT, Emulator, running_emulator
from liine_source.load.tables import PageTables
from liine_source.verification.inventory import Inventory
from tests.commands.test_sync import settings
from tests.support.warehouse import Place, differences, on_duckdb_and_postgres, query, spoil

TABLES = {
    "liine.interactions": "id",
    "liine.interactions__provider_names": "interaction_id",
    "liine.interactions__session_extras": "interaction_id",
    "liine.interactions__rejected_values": "interaction_id",
}
# A row with something in each table.
ROW = {
    "outcome": "Booked",
    "revenue": 12.5,
    "provider_names": ["Dr. A", "Dr. B"],
    "initial_session_extras": {"gclid": "x"},
    "messaging_utilization": "odd",
    "new_field": 1,
}
# What somebody may do to a stored row; the API returns it as before.
SPOILED = {
    "a value changed": "update liine.interactions set outcome = 'Lost' where id = {id}",
    "a value lost": "update liine.interactions set revenue = null where id = {id}",
    "a value of a new field lost": "update liine.interactions set new_field = null where id = {id}",
    "marked as missing": "update liine.interactions set missing_since = '2025-01-01 00:00:00' where id = {id}",
    "child row lost": "delete from liine.interactions__provider_names where interaction_id = {id} and position = 1",
    "child row changed": "update liine.interactions__session_extras set value = 'y' where interaction_id = {id}",
    "child row added": "insert into liine.interactions__provider_names "
    "select * from liine.interactions__provider_names where interaction_id = {id} and position = 0",
    "rejected value lost": "delete from liine.interactions__rejected_values where interaction_id = {id}",
    "written by a load that was killed": "update liine.interactions set _dlt_load_id = '1' where id = {id}",
    "child row written by a load that was killed": "update liine.interactions__session_extras "
    "set _dlt_load_id = '1' where interaction_id = {id}",
    "load unknown": "update liine.interactions set _dlt_load_id = null where id = {id}",
}
STORED_TWICE = "insert into liine.interactions select * from liine.interactions where id = {id}"
# What the API may change without another `updated_at`.
CHANGED: dict[str, dict[str, Any]] = {
    "a value": {"outcome": "Lost"},
    "no value": {"revenue": None},
    "an element": {"provider_names": ["Dr. A", "Dr. C"]},
    "no list": {"provider_names": None},
    "an entry": {"initial_session_extras": {"gclid": "x", "more": 1}},
    "a rejected value": {"messaging_utilization": "odder"},
    "a value that fits": {"messaging_utilization": 0.5},
    "a new field": {"new_field": 2},
    "no new field": {"new_field": None},
}


def load_ids(place: Place) -> dict[int, set[str]]:
    """Return the loads that wrote the rows of each interaction, those of its child tables included."""
    found: dict[int, set[str]] = {}
    for table, key in TABLES.items():
        for row in query(place, f"select {key} as id, _dlt_load_id as load_id from {table}"):  # noqa: S608  names of this test
            found.setdefault(row["id"], set()).add(row["load_id"])
    return found


def load_changed_rows(api: Emulator, **others: Any) -> list[int]:
    """Sync, change each row, and sync again, so that each later sync returns all of them; return their ids."""
    sync(**settings(api, **others))
    ids = [row["id"] for row in api.truth()]
    for row_id in ids:
        api.change(row_id, **ROW)
    sync(**settings(api, **others))
    return ids


def expected_rows(api: Emulator) -> list[dict[str, Any]]:
    """Return what the API returns, without the values that fit no column."""
    rejected = {"messaging_utilization": None}
    return [row | rejected if isinstance(row["messaging_utilization"], str) else row for row in api.truth()]


@on_duckdb_and_postgres
def test_only_rows_that_differ_are_written(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever differs, in the table or in a child table, the row is written again, and no other row is."""
    # It would find the damage and load the whole history again.
    monkeypatch.setattr(Inventory, "find_lost", Inventory.count)
    with running_emulator(interactions=40, customers=1) as api:
        ids = load_changed_rows(api)
        before = load_ids(warehouse)
        report = sync(**settings(api))
        assert (report.rows["interactions"], report.new, report.changed) == (len(ids), 0, 0)
        assert load_ids(warehouse) == before
        # Postgres alone has an index that refuses it.
        spoiled = SPOILED if isinstance(warehouse, str) else {**SPOILED, "stored twice": STORED_TWICE}
        differing = dict(zip(ids, (*spoiled, *CHANGED), strict=False))
        for row_id, what in differing.items():
            if what in spoiled:
                spoil(warehouse, spoiled[what].format(id=row_id))
            else:
                api.change(row_id, touch_updated_at=False, **CHANGED[what])
        sync(**settings(api))
        assert differences(warehouse, expected_rows(api)) == []
    after = load_ids(warehouse)
    assert {what for row_id, what in differing.items() if after[row_id] & before[row_id]} == set()
    assert {key for key in ids if after[key] == before[key]} == {*ids} - {*differing}
    assert query(warehouse, "select id from liine.interactions where missing_since is not null") == []


@on_duckdb_and_postgres
def test_child_rows_without_a_required_value_are_written(warehouse: Place) -> None:
    """As after a column was dropped and created again, if the history could not be read to its end since."""
    with running_emulator(interactions=20, customers=1) as api:
        load_changed_rows(api)
        spoil(warehouse, "alter table liine.interactions__provider_names alter column position drop not null")
        spoil(warehouse, "update liine.interactions__provider_names set position = null")
        sync(**settings(api))
        assert differences(warehouse, expected_rows(api)) == []


def test_rows_that_take_much_memory_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB reads 2,048 rows at once, however few are asked for; like a merge, that gets more memory."""
    place = Path("warehouse.duckdb")
    with running_emulator(interactions=8, customers=1) as api:
        for row_id in load_changed_rows(api):
            api.change(row_id, call_summary="x" * 700_000)
        sync(**settings(api))
        before = load_ids(place)
        monkeypatch.setitem(duckdb._LIMITS, "memory_limit", "8.0 MiB")
        monkeypatch.setitem(duckdb_client._MORE_MEMORY, "8.0 MiB", "RESET memory_limit")
        sync(**settings(api, page_size=4))
        assert load_ids(place) == before
        assert differences(place, expected_rows(api)) == []


def test_column_of_others_may_have_capitals(postgres: str) -> None:
    """In Postgres such a name is another one than in small letters. Its values stay, in rows that change as well."""
    with running_emulator(interactions=20, customers=1) as api:
        first, *_ = load_changed_rows(api)
        before = load_ids(postgres)
        spoil(postgres, "alter table liine.interactions add column \"OwnNote\" text default 'x'")
        api.change(first, outcome="Lost")
        sync(**settings(api))
        assert [key for key, loads in load_ids(postgres).items() if loads != before[key]] == [first]
    assert query(postgres, 'select distinct "OwnNote" as note from liine.interactions') == [{"note": "x"}]


@on_duckdb_and_postgres
def test_values_of_a_field_that_is_gone_are_removed(warehouse: Place) -> None:
    """The batch has no column for it, and the rows have no other `updated_at`."""
    with running_emulator(interactions=20, customers=1) as api:
        for row_id in load_changed_rows(api):
            api.change(row_id, touch_updated_at=False, new_field=ABSENT)
        sync(**settings(api))
    assert query(warehouse, "select count(new_field) as found from liine.interactions") == [{"found": 0}]


@on_duckdb_and_postgres
def test_first_run_alone_deletes_no_child_rows(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside other runs, which Postgres and Snowflake allow, a first run may find rows of theirs."""
    built = []

    def build(*arguments: Any, deletes_children: bool, **others: Any) -> PageTables:
        built.append(deletes_children)
        return PageTables(*arguments, deletes_children=deletes_children, **others)

    monkeypatch.setattr(source_module, "PageTables", build)
    monkeypatch.setattr(run_module, "ROWS_PER_LOAD", 30)
    with running_emulator(interactions=100, customers=1) as api:
        load_changed_rows(api, page_size=10)
        assert differences(warehouse, expected_rows(api)) == []
    is_alone = isinstance(warehouse, Path)
    assert built[:2] == [not is_alone] * 2
    assert built[-1]
