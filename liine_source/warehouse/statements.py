"""SQL of our own: in Postgres's dialect, translated by sqlglot, and run by dlt's client."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from typing import Any, cast

import dlt
from dlt.common.destination import Destination
from sqlglot import exp, parse_one

from liine_source.warehouse import catalog

_FETCH_ROWS = 10_000
# A long list as an array, for which DuckDB takes half a microsecond a number instead of nine.
_FEW_NUMBERS = 100
_ARRAYS = {
    "duckdb": "select unnest(cast('[%s]' as bigint[]))",
    "postgres": "select unnest(cast('{%s}' as bigint[]))",
}

COMMITTED_LOADS = "select load_id from _dlt_loads where status = 0"
"""The ids of loads that were committed."""


def statement(sql: str, **values: Any) -> exp.Expression:
    """Return a statement in Postgres's dialect, in which `:name` is a value, or a tuple of values after `in`."""
    found: exp.Expression = _parse(sql).copy()
    for placeholder in list(found.find_all(exp.Placeholder)):
        placeholder.replace(_to_literal(values[placeholder.name]))
    return found


@lru_cache(maxsize=200)
def _parse(sql: str) -> exp.Expression:
    return cast("exp.Expression", parse_one(sql, read="postgres"))


def _to_literal(value: Any) -> exp.Expression:
    if isinstance(value, tuple) and all(type(item) is int for item in value):
        # As one text: sqlglot takes 20 microseconds for each literal, and there may be a million.
        numbers = exp.Tuple(expressions=[exp.var(", ".join(map(str, value)))])
        numbers.meta["is_long"] = len(value) > _FEW_NUMBERS
        return numbers
    if isinstance(value, tuple):
        return exp.Tuple(expressions=list(map(_to_literal, value)))
    # The column's type makes it a time again, on each destination.
    return cast("exp.Expression", exp.convert(str(value) if isinstance(value, date) else value))


def name(text: str, table: str | None = None) -> exp.Column:
    """Return a column's name for a statement, whatever characters it has."""
    return exp.column(text, table, quoted=True)


def insert(table: str, rows: Sequence[Mapping[str, Any]]) -> exp.Expression:
    """Return a statement that adds rows, all with the same columns."""
    values = exp.values([tuple(_to_literal(value) for value in row.values()) for row in rows])
    return exp.insert(values, table, columns=[exp.to_identifier(column, quoted=True) for column in rows[0]])


def select(pipeline: dlt.Pipeline, query: exp.Expression) -> Iterator[tuple[Any, ...]]:
    """Return what a statement selects, a few thousand rows at a time in memory."""
    with _connected(pipeline) as client, client.execute_query(to_sql(pipeline, query)) as cursor:
        while rows := cursor.fetchmany(_FETCH_ROWS):
            yield from map(tuple, rows)


def has_arrow(pipeline: dlt.Pipeline) -> bool:
    """Whether the destination itself returns Arrow."""
    return cast("Destination[Any, Any]", pipeline.destination).capabilities().sqlglot_dialect == "duckdb"


def select_arrow(pipeline: dlt.Pipeline, query: exp.Expression) -> Any:
    """Return all that a statement selects as an Arrow table, where the destination `has_arrow`."""
    import duckdb  # noqa: PLC0415  only needed here

    with _connected(pipeline) as client:
        # Only our own client has a limit that is ours to raise.
        allow_more_memory = getattr(client, "allow_more_memory", lambda: False)
        while True:
            try:
                # dlt's cursor makes a copy of the rows, of which DuckDB warns.
                return client.native_connection.sql(to_sql(pipeline, query)).to_arrow_table()
            except duckdb.OutOfMemoryException:
                if not allow_more_memory():
                    raise


@contextmanager
def _connected(pipeline: dlt.Pipeline) -> Iterator[Any]:
    if catalog.speaks_sql(pipeline):
        with catalog.connect(pipeline) as client:
            yield client.sql_client
    else:
        # Of files dlt makes views that can be read.
        with pipeline.sql_client() as client:
            yield client


def execute(pipeline: dlt.Pipeline, *statements: exp.Expression) -> None:
    """Run statements, all or none."""
    if not statements:
        return
    with _connected(pipeline) as client, client.begin_transaction():
        for one in statements:
            client.execute_sql(to_sql(pipeline, one))


def to_sql(pipeline: dlt.Pipeline, query: exp.Expression) -> str:
    """Write a statement in the destination's dialect; names have the letters that dlt gives them there."""
    capabilities = cast("Destination[Any, Any]", pipeline.destination).capabilities()
    for identifier in query.find_all(exp.Identifier):
        if identifier.quoted:
            identifier.set("this", capabilities.casefold_identifier(identifier.name))
    if array := _ARRAYS.get(capabilities.sqlglot_dialect or ""):
        for numbers in query.find_all(exp.Tuple):
            if numbers.meta.pop("is_long", False):
                numbers.set("expressions", [exp.var(array % numbers.expressions[0].name)])
    return query.sql(dialect=capabilities.sqlglot_dialect)
