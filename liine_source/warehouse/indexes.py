"""Postgres's indexes: those that a merge needs, and those for queries by customer or time."""

from collections.abc import Sequence

import dlt
import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex

from liine_source.spec.tables import CHILD_TABLES, COLUMNS, INTERACTIONS
from liine_source.warehouse import catalog
from liine_source.warehouse.statements import COLUMN_TYPES, select, to_sql

_INDEXED_COLUMNS = {
    INTERACTIONS: ("id", "customer_id", "start_time", "updated_at"),
    **dict.fromkeys(CHILD_TABLES, ("interaction_id",)),
}
_indexes = sa.table("pg_indexes", sa.column("schemaname"), sa.column("indexname"))


def create_missing(pipeline: dlt.Pipeline) -> None:
    """Create the indexes that are missing on tables that exist."""
    with pipeline.sql_client() as client:
        is_own = _indexes.c.schemaname == client.dataset_name
    present = {row[0] for row in select(pipeline, sa.select(_indexes.c.indexname).where(is_own))}
    for table, names in _INDEXED_COLUMNS.items():
        missing = [name for name in names if _index_name(table, name) not in present]
        if missing and catalog.column_types(pipeline, table):
            _create(pipeline, table, missing)


def _create(pipeline: dlt.Pipeline, table: str, names: Sequence[str]) -> None:
    types = {column.name: COLUMN_TYPES[column.data_type] for column in COLUMNS[table] if column.name in names}
    indexed = sa.Table(table, sa.MetaData(), *(sa.Column(name, types[name]) for name in names))
    with pipeline.sql_client() as client:
        for name in names:
            is_unique = (table, name) == (INTERACTIONS, "id")
            index = sa.Index(_index_name(table, name), indexed.c[name], unique=is_unique)
            # Another run may have created it meanwhile.
            client.execute_sql(to_sql(pipeline, CreateIndex(index, if_not_exists=True)))


def _index_name(table: str, column: str) -> str:
    return f"{table}_{column}"
