"""Queries of the loaded tables: what `status`, `verify`, `erase` and the check of totals ask for."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import product
from typing import Any, NamedTuple

import dlt
import sqlalchemy as sa

from liine_source.privacy.erasure import IDENTIFIER_FIELDS, Erasure, StoredIdentifiers
from liine_source.privacy.suppression import SuppressionEntry
from liine_source.spec.tables import CHECK, CHILD_TABLES, ERASED_IDENTIFIERS, ERASURES, INTERACTIONS, LOAD_ID, SWEEPS
from liine_source.warehouse import catalog
from liine_source.warehouse.statements import define_table, execute, has_committed_load, select

_IDS_PER_STATEMENT = 1000
_FIRST: Any = sa.literal_column("1")

_interactions = define_table(INTERACTIONS)
_sweeps = define_table(SWEEPS)
_erasures = define_table(ERASURES)
_erased_identifiers = define_table(ERASED_IDENTIFIERS)
_children = {name: define_table(name) for name in CHILD_TABLES}


class LastSweep(NamedTuple):
    """When the last sweep of a customer's last sync ended (UTC), and how; the last failed one where some failed.

    Where a customer was never synced, it is a sweep of its last load.
    """

    ended: datetime
    status: str
    proof: str | None


class LastCheck(NamedTuple):
    """When all of a customer's interactions were last counted (UTC), with which result and numbers."""

    ended: datetime
    status: str
    in_api: int
    in_warehouse: int


class Difference(NamedTuple):
    """How many interactions of a customer the API counted, and how many were in the warehouse."""

    in_api: int
    in_warehouse: int


class DayCount(NamedTuple):
    """How many interactions began on a day, and how many of them exactly at its midnight."""

    day: date | None
    rows: int
    at_midnight: int


class StoredInteraction(NamedTuple):
    """What the warehouse knows of an interaction: its times in UTC, and what earlier verifications noted."""

    id: int
    day: date | None
    updated_at: datetime | None
    missing_since: datetime | None
    vanished_at: datetime | None


def rows_by_customer(pipeline: dlt.Pipeline) -> dict[int, int]:
    """Return how many interactions each customer has in the pipeline's dataset."""
    customer = _interactions.c.customer_id
    return dict(select(pipeline, sa.select(customer, sa.func.count()).group_by(customer)))


def explained_differences(pipeline: dlt.Pipeline, filter_hash: str) -> dict[int, Difference]:
    """Return by customer the numbers of the newest complete check, unless it left rows to look into."""
    columns = _sweeps.c
    is_complete = columns.kind == CHECK, columns.status == "complete", columns.filter_hash == filter_hash
    result = columns.expected, columns.distinct_ids, columns.reason
    newest = _newest_by_customer([columns.ended.desc()], result, is_complete)
    return {
        customer: Difference(expected, stored)
        for customer, expected, stored, reason in select(pipeline, newest)
        if reason is None
    }


def add_sweeps(pipeline: dlt.Pipeline, rows: Sequence[dict[str, Any]]) -> None:
    """Add rows to `sweeps`, all or none; their load must be committed."""
    execute(pipeline, sa.insert(_sweeps).values(list(rows)))


def last_sweeps(pipeline: dlt.Pipeline) -> dict[int, LastSweep]:
    """Return each customer's last sweep; rows of loads that were not committed do not count."""
    columns = _sweeps.c
    if not catalog.column_types(pipeline, SWEEPS):
        return {}
    is_other_kind = sa.case((columns.kind.in_(["backfill", "repair"]), 1), else_=0)
    # A load's id is its time in seconds; `failed` sorts after `complete`.
    order = is_other_kind, columns[LOAD_ID].desc(), columns.status.desc(), columns.ended.desc()
    # A check that found nothing wrong says nothing about the sweeps.
    is_sweep = sa.or_(columns.kind.is_(None), columns.kind != CHECK, columns.status == "failed")
    result = columns.ended, columns.status, columns.proof
    newest = _newest_by_customer(order, result, (is_sweep, has_committed_load(_sweeps)))
    return {customer: LastSweep(*sweep) for customer, *sweep in select(pipeline, newest)}


def last_checks(pipeline: dlt.Pipeline) -> dict[int, LastCheck]:
    """Return the last check of each customer's totals; rows of loads that were not committed do not count."""
    columns = _sweeps.c
    if not catalog.column_types(pipeline, SWEEPS):
        return {}
    result = columns.ended, columns.status, columns.expected, columns.distinct_ids
    is_committed_check = columns.kind == CHECK, has_committed_load(_sweeps)
    newest = _newest_by_customer([columns.ended.desc()], result, is_committed_check)
    return {customer: LastCheck(*check) for customer, *check in select(pipeline, newest)}


def _newest_by_customer(order: Sequence[Any], columns: Sequence[Any], where: Sequence[Any]) -> Any:
    """Return a statement for customer and `columns` of the first row of `sweeps` of each customer, by `order`."""
    place = sa.func.row_number().over(partition_by=_sweeps.c.customer_id, order_by=order).label("place")
    numbered = sa.select(_sweeps.c.customer_id, *columns, place).where(*where).subquery()
    kept = [numbered.c[name] for name in ("customer_id", *(column.name for column in columns))]
    return sa.select(*kept).where(numbered.c.place == _FIRST)


def count_days(pipeline: dlt.Pipeline, customer_id: int, *, is_utc: bool) -> list[DayCount]:
    """Return how many interactions of a customer began on each day, by UTC or by the local clock.

    Vanished ones are left out.
    """
    moment = _to_utc(_interactions.c.start_time_tz) if is_utc else _interactions.c.start_time
    day = sa.cast(moment, sa.Date)
    at_midnight = sa.func.sum(sa.case((moment == sa.cast(day, sa.DateTime), 1), else_=0))
    statement = (
        sa.select(day, sa.func.count(), at_midnight)
        .where(_interactions.c.customer_id == customer_id, _interactions.c.vanished_at.is_(None))
        .group_by(day)
    )
    return [DayCount(day, rows, int(midnight)) for day, rows, midnight in select(pipeline, statement)]


def stored_interactions(
    pipeline: dlt.Pipeline, customer_id: int, since: date | None, until: date | None
) -> list[StoredInteraction]:
    """Return a customer's interactions that began on the days `since` to `until` by the local clock.

    With both sides open, those without a start are included.
    """
    columns = _interactions.c
    day = sa.cast(columns.start_time, sa.Date)
    times = [_to_utc(column) for column in (columns.updated_at, columns.missing_since, columns.vanished_at)]
    statement = sa.select(columns.id, day, *times).where(columns.customer_id == customer_id)
    statement = statement.where(*([day >= since] if since else []), *([day <= until] if until else []))
    return [StoredInteraction(*row) for row in select(pipeline, statement)]


def existing_ids(pipeline: dlt.Pipeline, ids: Iterable[int]) -> set[int]:
    """Return which of `ids` the warehouse has, whenever they began."""
    found: set[int] = set()
    for batch in _batches(ids):
        found.update(row[0] for row in select(pipeline, sa.select(_interactions.c.id).where(_has_id(batch))))
    return found


def update_times(pipeline: dlt.Pipeline, ids: Sequence[int]) -> dict[int, datetime | None]:
    """Return when each of `ids` that the warehouse has was updated, in UTC without time zone."""
    found: dict[int, datetime | None] = {}
    for batch in _batches(ids):
        statement = sa.select(_interactions.c.id, _to_utc(_interactions.c.updated_at)).where(_has_id(batch))
        found.update((key, moment) for key, moment in select(pipeline, statement))
    return found


def count_values(
    pipeline: dlt.Pipeline, table: str, columns: Sequence[str], ids: Sequence[int]
) -> tuple[int, dict[str, int]]:
    """Return how many rows a table has of the interactions `ids`, and how many values in each column."""
    key = "id" if table == INTERACTIONS else "interaction_id"
    counted = sa.table(table, *map(sa.column, {*columns, key}))
    rows, values = 0, dict.fromkeys(columns, 0)
    for batch in _batches(ids):
        numbers = [sa.func.count(), *(sa.func.count(counted.c[name]) for name in columns)]
        statement = sa.select(*numbers).select_from(counted).where(counted.c[key].in_(batch))
        found, *by_column = next(select(pipeline, statement))
        rows += found
        values = {name: values[name] + number for name, number in zip(columns, by_column, strict=True)}
    return rows, values


def mark(pipeline: dlt.Pipeline, ids: Sequence[int], **values: datetime | str | None) -> None:
    """Set the columns of a verification in the rows `ids`."""
    execute(pipeline, *(sa.update(_interactions).where(_has_id(batch)).values(**values) for batch in _batches(ids)))


def duplicate_ids(pipeline: dlt.Pipeline, customer_id: int | None = None) -> list[tuple[int, date | None]]:
    """Return id and first day of the interactions that are stored more than once."""
    columns = _interactions.c
    statement = sa.select(columns.id, sa.cast(sa.func.min(columns.start_time), sa.Date)).group_by(columns.id)
    if customer_id is not None:
        statement = statement.where(columns.customer_id == customer_id)
    return [(key, day) for key, day in select(pipeline, statement.having(sa.func.count() > 1))]


def erased_identifiers(pipeline: dlt.Pipeline) -> list[SuppressionEntry]:
    """Return the identifiers that must not be loaded again."""
    if not catalog.column_types(pipeline, ERASED_IDENTIFIERS):
        return []
    columns = [_erased_identifiers.c[name] for name in SuppressionEntry._fields]
    return [SuppressionEntry(*row) for row in select(pipeline, sa.select(*columns))]


def stored_identifiers(pipeline: dlt.Pipeline, customer_ids: Sequence[int]) -> Iterator[StoredIdentifiers]:
    """Return the identifiers of every interaction of some customers."""
    columns = [_interactions.c[name] for name in ("id", "customer_id", *IDENTIFIER_FIELDS)]
    statement = sa.select(*columns).where(_interactions.c.customer_id.in_(list(customer_ids)))
    return (StoredIdentifiers(*row) for row in select(pipeline, statement))


def count_child_rows(pipeline: dlt.Pipeline, ids: Sequence[int]) -> int:
    """Return how many rows the child tables have of the interactions `ids`."""
    found = 0
    for child, batch in product(_children.values(), list(_batches(ids))):
        statement = sa.select(sa.func.count()).select_from(child).where(child.c.interaction_id.in_(batch))
        found += int(next(select(pipeline, statement))[0])
    return found


def erase(pipeline: dlt.Pipeline, ids: Sequence[int], erasure: Erasure) -> None:
    """Delete interactions and their child rows, and note that it was done, in one transaction."""
    child_rows = [
        sa.delete(child).where(child.c.interaction_id.in_(batch))
        for batch, child in product(_batches(ids), _children.values())
    ]
    done = sa.update(_erasures).where(_erasures.c.erasure_id == erasure.erasure_id)
    counted = {"interactions": erasure.interactions, "child_rows": erasure.child_rows}
    execute(
        pipeline,
        *child_rows,
        *(sa.delete(_interactions).where(_has_id(batch)) for batch in _batches(ids)),
        done.values(completed_at=datetime.now(UTC), **counted),
    )


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    every = list(ids)
    return (every[at : at + _IDS_PER_STATEMENT] for at in range(0, len(every), _IDS_PER_STATEMENT))


def _has_id(ids: Sequence[int]) -> Any:
    return _interactions.c.id.in_(ids)


def _to_utc(column: Any) -> Any:
    """A time in UTC, without time zone."""
    return sa.cast(column.op("AT TIME ZONE")(sa.literal("UTC")), sa.DateTime)
