"""Postgres's indexes: those that a merge needs, and those for queries by customer or time."""

from collections.abc import Sequence

import dlt

from liine_source.spec.tables import CHILD_TABLES, INTERACTIONS
from liine_source.warehouse import catalog

_INDEXED_COLUMNS = {
    INTERACTIONS: ("id", "customer_id", "start_time", "updated_at"),
    **dict.fromkeys(CHILD_TABLES, ("interaction_id",)),
}


def create_missing(pipeline: dlt.Pipeline) -> None:
    """Create the indexes that are missing on tables that exist."""
    with pipeline.sql_client() as client:
        rows = client.execute_sql("select indexname from pg_indexes where schemaname = %s", client.dataset_name)
    present = {row[0] for row in rows or []}
    for table, names in _INDEXED_COLUMNS.items():
        missing = [name for name in names if _index_name(table, name) not in present]
        if missing and catalog.column_types(pipeline, table):
            _create(pipeline, table, missing)


def _create(pipeline: dlt.Pipeline, table: str, names: Sequence[str]) -> None:
    with pipeline.sql_client() as client:
        for name in names:
            kind = "unique index" if (table, name) == (INTERACTIONS, "id") else "index"
            # Another run may have created it meanwhile.
            client.execute_sql(f"create {kind} if not exists {_index_name(table, name)} on {table} ({name})")


def _index_name(table: str, column: str) -> str:
    return f"{table}_{column}"
