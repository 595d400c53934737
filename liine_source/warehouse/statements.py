"""SQL of our own: built by SQLAlchemy, written in the destination's dialect, and run by dlt's client."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import dlt
import sqlalchemy as sa
import sqlglot
from dlt.common.destination import Destination
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

from liine_source.spec.tables import COLUMNS, LOAD_ID
from liine_source.warehouse import catalog

# DuckDB understands Postgres's dialect, as far as it is used here.
_POSTGRES_DIALECTS = {"postgres", "duckdb"}
_FETCH_ROWS = 10_000

COLUMN_TYPES: dict[str, Any] = {"timestamp": sa.DateTime(), "bigint": sa.BigInteger(), "text": sa.Text()}


def define_table(name: str) -> sa.TableClause:
    """Return a table of ours for statements."""
    return sa.table(name, *(sa.column(column.name, COLUMN_TYPES.get(column.data_type)) for column in COLUMNS[name]))


LOADS = sa.table(catalog.LOADS_TABLE, sa.column("load_id"), sa.column("status"))
COMMITTED_LOADS = sa.select(LOADS.c.load_id).where(LOADS.c.status == sa.literal_column("0"))
"""The ids of loads that were committed."""


def has_committed_load(table: sa.TableClause) -> Any:
    """Return the condition that a row's load was committed."""
    return table.c[LOAD_ID].in_(COMMITTED_LOADS)


def select(pipeline: dlt.Pipeline, statement: sa.Select[*tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Return what a statement selects, a few thousand rows at a time in memory."""
    with _connected(pipeline) as client, client.execute_query(to_sql(pipeline, statement)) as cursor:
        while rows := cursor.fetchmany(_FETCH_ROWS):
            yield from map(tuple, rows)


@contextmanager
def _connected(pipeline: dlt.Pipeline) -> Iterator[Any]:
    if catalog.speaks_sql(pipeline):
        with catalog.connect(pipeline) as client:
            yield client.sql_client
    else:
        # Of files dlt makes views that can be read.
        with pipeline.sql_client() as client:
            yield client


def execute(pipeline: dlt.Pipeline, *statements: sa.sql.expression.ClauseElement) -> None:
    """Run statements, all or none."""
    if not statements:
        return
    with _connected(pipeline) as client, client.begin_transaction():
        for statement in statements:
            client.execute_sql(to_sql(pipeline, statement))


def to_sql(pipeline: dlt.Pipeline, statement: sa.sql.expression.ClauseElement) -> str:
    """Write a statement in the destination's dialect, by way of Postgres's."""
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    text = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    destination = cast("Destination[Any, Any]", pipeline.destination)
    if destination.destination_name in _POSTGRES_DIALECTS:
        return text
    return sqlglot.transpile(text, read="postgres", write=destination.capabilities().sqlglot_dialect)[0]
