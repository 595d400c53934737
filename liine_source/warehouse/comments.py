"""Comments on the tables and columns of a dataset: what they hold, for readers of the warehouse.

They are written when dlt creates or changes a table or its description, in the same transaction. A run that changes
none of them asks for no comment and writes none.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import dlt
from dlt.common.schema.typing import TColumnSchema, TTableSchema
from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset

from liine_source.spec.tables import (
    COLUMNS,
    DESCRIPTIONS,
    INTERACTIONS,
    INVENTORY,
    INVENTORY_COLUMNS,
    LOAD_ID,
    PERSONAL_DATA_KEYS,
)
from liine_source.warehouse import catalog

# Queries of table, column or null, and comment, each with the dataset's name twice.
DUCKDB = """
select table_name, null as column_name, comment from duckdb_tables()
where database_name = current_database() and schema_name = %s
union all
select table_name, column_name, comment from duckdb_columns()
where database_name = current_database() and schema_name = %s
"""
# Only the owner of a table may comment it.
POSTGRES = """
select c.relname, null, obj_description(c.oid, 'pg_class')
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = %s and c.relkind in ('r', 'p') and pg_has_role(c.relowner, 'usage')
union all
select c.relname, a.attname, col_description(c.oid, a.attnum)
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = %s and c.relkind in ('r', 'p') and pg_has_role(c.relowner, 'usage')
"""
SNOWFLAKE = """
select table_name, null, comment from information_schema.tables
where table_catalog = current_database() and table_schema = %s and table_type = 'BASE TABLE'
union all
select table_name, column_name, comment from information_schema.columns
where table_catalog = current_database() and table_schema = %s
"""
_NEW_FIELD = "A field that the reference of the API does not have."
# What dlt itself does not describe.
_STATE = "Created by dlt. One row per pipeline: its state, with how far each customer is."
_OF_DLT = {
    "_dlt_id": "Random id of the row, given by dlt.",
    LOAD_ID: "Id of the dlt load that wrote the row, as in `_dlt_loads`.",
}
# Tables that our own SQL creates.
_WITHOUT_LOADS = {
    table: {column.name: column.description for column in columns}
    for table, columns in ((INVENTORY, INVENTORY_COLUMNS), (PERSONAL_DATA_KEYS, COLUMNS[PERSONAL_DATA_KEYS]))
}


class CommentingClient(SqlJobClientWithStagingDataset):
    """Part of a dlt client: comments tables and columns whenever a schema has changed."""

    comments_query: ClassVar[str]

    def write_comments(self) -> None:
        """Write the comments that are missing or differ, on the tables that loads have made."""
        if statements := sorted(self._find_statements()):
            self.sql_client.execute_many(statements)

    def _execute_schema_update_sql(self, only_tables: Any, store_schema: bool = True) -> Any:  # noqa: FBT001, FBT002  as dlt calls it
        update = super()._execute_schema_update_sql(only_tables, store_schema)
        if not self.in_staging_dataset_mode:
            self.write_comments()
        return update

    def _find_statements(self) -> Iterator[str]:
        # As the catalog spells it.
        dataset = self.sql_client.make_qualified_table_name_path(None, quote=False)[-1]
        found: Sequence[Any] = self.sql_client.execute_sql(self.comments_query, dataset, dataset) or []
        stored: dict[tuple[str, str | None], str | None] = {(table, column): text for table, column, text in found}
        for (table, column), comment in stored.items():
            text = self._describe(table.lower(), column and column.lower()) if (table, None) in stored else None
            if text and text != comment:
                name = self.sql_client.make_qualified_table_name(table.lower())
                of_column = f".{self.sql_client.escape_column_name(column.lower())}" if column else ""
                what = f"{'COLUMN' if column else 'TABLE'} {name}{of_column}"
                yield f"COMMENT ON {what} IS {to_literal(text)}"

    def _describe(self, table: str, column: str | None) -> str | None:
        """Return the comment of a table or column; None where no load has made it."""
        loaded = self.schema.tables.get(table)
        if loaded is None and table not in _WITHOUT_LOADS:
            return None
        if column is None:
            return describe_table(table, loaded)
        hint = loaded["columns"].get(column) if loaded else None
        return describe_column(table, hint) if hint else _WITHOUT_LOADS.get(table, {}).get(column)


def describe_table(name: str, table: TTableSchema | None) -> str | None:
    """Return the comment of a table; None where it has no description."""
    if name == catalog.STATE_TABLE:
        return _STATE
    return DESCRIPTIONS.get(name) or (table.get("description") if table else None)


def describe_column(table: str, column: TColumnSchema) -> str | None:
    """Return the comment of a column that a load makes; None where it has no description."""
    described = column.get("description") or _OF_DLT.get(column["name"] or "")
    return described or (_NEW_FIELD if table == INTERACTIONS else None)


def to_literal(text: str) -> str:
    """Return a comment as a statement writes it."""
    return "'" + text.replace("'", "''") + "'"


def write(pipeline: dlt.Pipeline) -> None:
    """Write comments that are missing on tables that no load of dlt's has created, where the destination takes them."""
    with catalog.connect(pipeline) as client:
        if isinstance(client, CommentingClient):
            client.write_comments()
