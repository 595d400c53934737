"""Each table and column has a comment in the warehouse, written once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from liine_source import erase, sync
from liine_source.emulator import running_emulator
from liine_source.spec.tables import COLUMNS, DESCRIPTIONS, INTERACTIONS, INVENTORY, INVENTORY_COLUMNS, SAMPLE
from liine_source.warehouse.comments import CommentingClient
from tests.commands.test_sync import settings
from tests.support.snowflake_stand_in import StandIn
from tests.support.warehouse import Place, differences, on_duckdb_and_postgres, query

KEY = "3f9a1c7e5b2d8046a1e9c3b7d5f20864"
QUERIES = {
    "duckdb": """
        select table_name, null as column_name, comment from duckdb_tables() where schema_name = 'liine'
        union all select table_name, column_name, comment from duckdb_columns() where schema_name = 'liine'""",
    "postgres": """
        select relname as table_name, null as column_name, obj_description(oid, 'pg_class') as comment
        from pg_class where relnamespace = 'liine'::regnamespace and relkind = 'r'
        union all select relname, attname, col_description(oid, attnum) from pg_class, pg_attribute
        where oid = attrelid and relnamespace = 'liine'::regnamespace and relkind = 'r'
        and attnum > 0 and not attisdropped""",
    "snowflake": """
        select table_name, null as column_name, comment from information_schema.tables where table_schema = 'LIINE'
        union all
        select table_name, column_name, comment from information_schema.columns where table_schema = 'LIINE'""",
}
Comments = dict[tuple[str, str], str | None]


@on_duckdb_and_postgres
def test_every_table_and_column_has_a_comment(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the run history, of erasures and of dlt itself as well."""
    monkeypatch.setenv("SOURCES__LIINE__STORE_RUN_HISTORY", "true")
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", KEY)
    with running_emulator(interactions=20, customers=1) as api:
        api.change(api.truth()[5]["id"], brand_new="x")
        sync(**settings(api))
        erase(lead_ids=[api.truth()[0]["lead_id"]], is_dry_run=False, **settings(api))
    found = comments(warehouse)
    assert [name for name, comment in found.items() if not comment] == []
    # A sample is a dataset of its own.
    specified = {name: one for name, one in COLUMNS.items() if name != SAMPLE} | {INVENTORY: INVENTORY_COLUMNS}
    expected: Comments = {(table, ""): DESCRIPTIONS[table] for table in specified}
    expected |= {(table, one.name): one.description for table, columns in specified.items() for one in columns}
    assert {name: found.get(name) for name in expected} == expected
    assert found["interactions", "brand_new"] == "A field that the reference of the API does not have."


@on_duckdb_and_postgres
def test_only_changed_comments_are_written(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run without news about columns asks for no comment; a new version of the package replaces what it rewords."""
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
        before = comments(warehouse)
        api.change(api.truth()[0]["id"], duration=7)
        with looks() as found:
            sync(**settings(api))
        assert found == []
        describe_otherwise("revenue", "It's other money.", monkeypatch)
        with looks() as found:
            sync(**settings(api))
    changed = {name: text for name, text in comments(warehouse).items() if text != before[name]}
    assert changed == {("interactions", "revenue"): "It's other money."}
    assert [len(one) for one in found if one] == [1]


@pytest.mark.slow("snowflake")
def test_comment_that_may_not_be_written_fails_no_load(
    snowflake: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Snowflake lets a role load into tables whose comments it may not change; the log says so once."""
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
        describe_otherwise("revenue", "other money", monkeypatch)
        monkeypatch.setattr(CommentingClient, "_find_statements", lambda self: ["select * from liine.hidden"])
        assert sync(**settings(api)).is_complete
        assert differences(snowflake, api.truth()) == []
    assert [one.message for one in caplog.records if "comments" in one.message] == [
        "The comments on some tables could not be written (DatabaseUndefinedRelation)."
    ]


def comments(place: Place) -> Comments:
    """Return the comment of each column of the dataset, and under an empty name of each table."""
    kind = "snowflake" if isinstance(place, StandIn) else "postgres" if isinstance(place, str) else "duckdb"
    rows = query(place, QUERIES[kind])
    return {(row["table_name"].lower(), (row["column_name"] or "").lower()): row["comment"] for row in rows}


def describe_otherwise(column: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a column of `interactions` another description."""
    columns = [replace(one, description=text) if one.name == column else one for one in COLUMNS[INTERACTIONS]]
    monkeypatch.setitem(COLUMNS, INTERACTIONS, tuple(columns))


@contextmanager
def looks() -> Iterator[list[list[str]]]:
    """Collect, each time that comments are looked up in the warehouse meanwhile, the statements that follow."""
    found: list[list[str]] = []
    original = CommentingClient._find_statements

    def find_statements(self: CommentingClient) -> Iterator[str]:
        found.append(list(original(self)))
        return iter(found[-1])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CommentingClient, "_find_statements", find_statements)
        yield found
