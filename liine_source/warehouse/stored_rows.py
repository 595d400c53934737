"""Reads stored rows with all their values, as Arrow."""

from collections.abc import Collection, Sequence

import dlt
import pyarrow as pa
from sqlglot import exp

from liine_source.spec.tables import ID_COLUMNS
from liine_source.warehouse.statements import has_arrow, select, select_arrow, statement

_IN_UTC = """cast("{}" at time zone 'UTC' as timestamp)"""
# Python's values take several times the memory of Arrow's.
_IDS_PER_QUERY = 10_000
_IDS_PER_QUERY_OF_TUPLES = 1_000


def read_rows(
    pipeline: dlt.Pipeline, table: str, schema: pa.Schema, stored_columns: Collection[str], ids: Sequence[int]
) -> pa.Table:
    """Return the rows that a table has of the interactions `ids`, with the columns of a schema.

    A column that is not among `stored_columns` is null. Raises pa.ArrowException where a stored value is of a type that
    does not fit.
    """
    # A column that somebody has dropped and a load created again has rows without a value.
    schema = pa.schema([field.with_nullable(True) for field in schema])
    fields = [field for field in schema if field.name in stored_columns]
    selected = (_IN_UTC.format(one.name) if getattr(one.type, "tz", None) else f'"{one.name}"' for one in fields)
    sql = f'select {", ".join(selected)} from {table} where "{ID_COLUMNS[table]}" in :ids'  # noqa: S608  columns that loads created
    size = _IDS_PER_QUERY if has_arrow(pipeline) else _IDS_PER_QUERY_OF_TUPLES
    batches = [tuple(ids[at : at + size]) for at in range(0, len(ids), size)]
    parts = [_read(pipeline, statement(sql, ids=batch), pa.schema(fields)) for batch in batches]
    found = pa.concat_tables([pa.schema(fields).empty_table(), *parts])
    columns = [found[field.name] if field in fields else pa.nulls(len(found), field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _read(pipeline: dlt.Pipeline, query: exp.Expression, schema: pa.Schema) -> pa.Table:
    if has_arrow(pipeline):
        return select_arrow(pipeline, query).rename_columns(schema.names).cast(schema)
    values = [*zip(*select(pipeline, query), strict=True)]
    if not values:
        return schema.empty_table()
    arrays = [pa.array(column, field.type) for column, field in zip(values, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
