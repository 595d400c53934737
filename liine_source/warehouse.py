"""What the warehouse holds: SQL of our own, built by SQLAlchemy and run by dlt's client for the destination."""

from datetime import datetime
from typing import Any, NamedTuple

import dlt
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

from liine_source import tables

_interactions = sa.table(tables.INTERACTIONS, sa.column("customer_id"))
_sweeps = sa.table(tables.SWEEPS, *(sa.column(name) for name in tables.columns(tables.SWEEPS)))


class LastSweep(NamedTuple):
    """When a customer's last sweep ended (UTC), how, and what proves it."""

    ended: datetime
    status: str
    proof: str | None


def rows_by_customer(pipeline: dlt.Pipeline) -> dict[int, int]:
    """Return how many interactions each customer has in the pipeline's dataset."""
    customer = _interactions.c.customer_id
    return dict(_rows(pipeline, sa.select(customer, sa.func.count()).group_by(customer)))


def last_sweeps(pipeline: dlt.Pipeline) -> dict[int, LastSweep]:
    """Return each customer's last sweep."""
    columns = _sweeps.c
    newest = sa.func.row_number().over(partition_by=columns.customer_id, order_by=columns.ended.desc())
    numbered = sa.select(
        columns.customer_id, columns.ended, columns.status, columns.proof, newest.label("place")
    ).subquery()
    last = sa.select(numbered).where(numbered.c.place == sa.literal_column("1"))
    return {customer: LastSweep(*told) for customer, *told, _ in _rows(pipeline, last)}


def _rows(pipeline: dlt.Pipeline, statement: sa.Select[Any]) -> list[tuple[Any, ...]]:
    # DuckDB reads Postgres's dialect.
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    with pipeline.sql_client() as client:
        return [tuple(row) for row in client.execute_sql(str(statement.compile(dialect=dialect))) or []]
