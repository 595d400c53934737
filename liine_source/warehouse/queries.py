"""Queries of the loaded tables: what `status`, `verify`, `erase` and the check of totals ask for."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import product
from typing import Any, NamedTuple

import dlt
from sqlglot import exp

from liine_source.privacy.erasure import IDENTIFIER_FIELDS, StoredIdentifiers
from liine_source.privacy.erasure_file import ErasedIdentifier, ErasureRecord
from liine_source.privacy.keys import SHORTEST_DIGEST
from liine_source.privacy.suppression import SuppressionEntry
from liine_source.spec.tables import (
    CHECK,
    CHILD_TABLES,
    ERASED_IDENTIFIERS,
    ERASURES,
    ID_COLUMNS,
    INTERACTIONS,
    INVENTORY,
    SWEEPS,
)
from liine_source.warehouse import catalog
from liine_source.warehouse.statements import COMMITTED_LOADS, execute, insert, name, select, statement

# Snowflake allows 16,384 values.
_IDS_PER_STATEMENT = 10_000
_OF_CUSTOMERS = "customer_id in :customer_ids"


# Rows that the API no longer returns have no customer any more where the column was dropped.
_ROWS_BY_CUSTOMER = "select customer_id, count(*) from interactions where customer_id is not null group by customer_id"
_LAST_SWEEPS = f"""
select customer_id, ended, status, proof from (
  select customer_id, ended, status, proof, row_number() over (
    partition by customer_id
    -- A load's id is its time in seconds; `failed` sorts after `complete`.
    order by case when kind in ('backfill', 'repair') then 1 else 0 end, _dlt_load_id desc, status desc, ended desc
  ) as place
  from sweeps
  -- A check that found nothing wrong says nothing about the sweeps; a column that was created again is null.
  where customer_id is not null and ended is not null and status is not null
    and (kind is null or kind <> '{CHECK}' or status = 'failed') and _dlt_load_id in ({COMMITTED_LOADS})
) as numbered where place = 1
"""  # noqa: S608  constants of ours
_HAS_COUNTS = "customer_id is not null and expected is not null and distinct_ids is not null"
_LAST_CHECKS = f"""
select customer_id, ended, status, expected, distinct_ids from (
  select customer_id, ended, status, expected, distinct_ids,
    row_number() over (partition by customer_id order by ended desc) as place
  from sweeps
  where {_HAS_COUNTS} and ended is not null and status is not null
    and kind = '{CHECK}' and _dlt_load_id in ({COMMITTED_LOADS})
) as numbered where place = 1
"""  # noqa: S608  constants of ours
_COMPLETE_CHECKS = f"""
select customer_id, expected, distinct_ids, reason from (
  select customer_id, expected, distinct_ids, reason,
    row_number() over (partition by customer_id order by ended desc) as place
  from sweeps where {_HAS_COUNTS} and kind = '{CHECK}' and status = 'complete' and filter_hash = :filter_hash
) as numbered where place = 1
"""  # noqa: S608  constants of ours
# Times in UTC, without time zone.
_STORED = """
select
  id,
  cast(start_time as date),
  cast(updated_at at time zone 'UTC' as timestamp),
  cast(missing_since at time zone 'UTC' as timestamp),
  cast(vanished_at at time zone 'UTC' as timestamp)
from interactions
"""
_UPDATE_TIMES = "select id, cast(updated_at at time zone 'UTC' as timestamp) from interactions where id in :ids"
_COMMITTED_OF = f"{COMMITTED_LOADS} and load_id in :load_ids"
_DUPLICATES = "select id, cast(min(start_time) as date) from interactions {} group by id having count(*) > 1"
_UNDATED = """
select customer_id, count(*) from interactions
where customer_id in :customer_ids and vanished_at is null
  and (start_time is null or cast(start_time as date) > :last)
group by customer_id
"""
_LOST_ERASURES = """
select count(*) from erasures where completed_at is not null and erasure_id not in (
  select erasure_id from erased_identifiers where length(digest) >= :shortest
)
"""
_COMPLETE = """
update erasures set completed_at = :now, interactions = interactions + :interactions,
  child_rows = child_rows + :child_rows
where erasure_id = :erasure_id
"""
_TAKE_OVER = "update erased_identifiers set erasure_id = :erasure_id where erasure_id in :superseded"
_FORGET = "delete from erasures where erasure_id in :superseded"
_DAYS = """
select day, count(*), sum(case when moment = cast(day as timestamp) then 1 else 0 end) from (
  select cast({0} as date) as day, {0} as moment
  from interactions where customer_id = :customer_id and vanished_at is null
) as started group by day
"""


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


class CompletedErasure(NamedTuple):
    """How many rows an erasure has deleted just now."""

    erasure_id: str
    interactions: int
    child_rows: int


class UnfinishedErasure(NamedTuple):
    """An erasure that was cut short: when it was requested, and the kinds and hashes that it has recorded."""

    erasure_id: str
    erased_at: datetime | None
    entries: set[tuple[str, str]]


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
    return dict(select(pipeline, statement(_ROWS_BY_CUSTOMER)))


def known_customers(pipeline: dlt.Pipeline) -> set[int]:
    """Return the customers of which the dataset has rows or sweeps; either table may be missing, or lack the column."""
    found: set[int] = set()
    for table in (INTERACTIONS, SWEEPS):
        if "customer_id" in catalog.column_types(pipeline, table):
            query = statement(f"select distinct customer_id from {table} where customer_id is not null")  # noqa: S608  a table of ours
            found.update(int(row[0]) for row in select(pipeline, query))
    return found


def explained_differences(pipeline: dlt.Pipeline, filter_hash: str) -> dict[int, Difference]:
    """Return by customer the numbers of the newest complete check, unless it left rows to look into."""
    return {
        customer: Difference(expected, stored)
        for customer, expected, stored, reason in select(pipeline, statement(_COMPLETE_CHECKS, filter_hash=filter_hash))
        if reason is None
    }


def add_sweeps(pipeline: dlt.Pipeline, rows: Sequence[dict[str, Any]]) -> None:
    """Add rows to `sweeps`, all or none; their load must be committed."""
    execute(pipeline, insert(SWEEPS, rows))


def last_sweeps(pipeline: dlt.Pipeline) -> dict[int, LastSweep]:
    """Return each customer's last sweep; rows of loads that were not committed do not count."""
    if not catalog.column_types(pipeline, SWEEPS):
        return {}
    return {customer: LastSweep(*sweep) for customer, *sweep in select(pipeline, statement(_LAST_SWEEPS))}


def last_checks(pipeline: dlt.Pipeline) -> dict[int, LastCheck]:
    """Return the last check of each customer's totals; rows of loads that were not committed do not count."""
    if not catalog.column_types(pipeline, SWEEPS):
        return {}
    return {customer: LastCheck(*check) for customer, *check in select(pipeline, statement(_LAST_CHECKS))}


def count_days(pipeline: dlt.Pipeline, customer_id: int, *, is_utc: bool) -> list[DayCount]:
    """Return how many interactions of a customer began on each day, by UTC or by the local clock.

    Vanished ones are left out.
    """
    start = "cast(start_time_tz at time zone 'UTC' as timestamp)" if is_utc else "start_time"
    query = statement(_DAYS.format(start), customer_id=customer_id)
    return [DayCount(day, rows, int(midnight)) for day, rows, midnight in select(pipeline, query)]


def count_undated(pipeline: dlt.Pipeline, customer_ids: Sequence[int], last: date) -> dict[int, int]:
    """Return how many interactions customers have that have no start, or one after the day `last`, by the local clock.

    Vanished ones are left out.
    """
    return dict(select(pipeline, statement(_UNDATED, customer_ids=tuple(customer_ids), last=last)))


def stored_interactions(
    pipeline: dlt.Pipeline, customer_id: int, since: date | None, until: date | None
) -> list[StoredInteraction]:
    """Return a customer's interactions that began on the days `since` to `until` by the local clock.

    Those without a start are included: the API may know on which day they began.
    """
    days = ["cast(start_time as date) >= :since"] if since else []
    days += ["cast(start_time as date) <= :until"] if until else []
    is_selected = f"and (start_time is null or {' and '.join(days)})" if days else ""
    sql = f"{_STORED} where customer_id = :customer_id {is_selected}"
    query = statement(sql, customer_id=customer_id, since=since, until=until)
    return [StoredInteraction(*row) for row in select(pipeline, query)]


def stored_by_id(pipeline: dlt.Pipeline, ids: Iterable[int]) -> Iterator[StoredInteraction]:
    """Return those of `ids` that the warehouse has, whenever they began."""
    for batch in _batches(ids):
        query = statement(f"{_STORED} where id in :ids", ids=batch)
        yield from (StoredInteraction(*row) for row in select(pipeline, query))


def update_times(pipeline: dlt.Pipeline, ids: Sequence[int]) -> dict[int, datetime | None]:
    """Return when each of `ids` that the warehouse has was updated, in UTC without time zone."""
    found: dict[int, datetime | None] = {}
    for batch in _batches(ids):
        found.update((key, moment) for key, moment in select(pipeline, statement(_UPDATE_TIMES, ids=batch)))
    return found


def committed_loads(pipeline: dlt.Pipeline, load_ids: Collection[str]) -> set[str]:
    """Return those of the loads that were committed."""
    if not load_ids:
        return set()
    return {row[0] for row in select(pipeline, statement(_COMMITTED_OF, load_ids=tuple(sorted(load_ids))))}


def ids_with_values(pipeline: dlt.Pipeline, columns: Sequence[str], ids: Iterable[int]) -> set[int]:
    """Return those of the interactions `ids` that have a value in one of the columns."""
    has_value = exp.or_(*(name(column).is_(exp.null()).not_() for column in columns))
    return {
        key
        for batch in _batches(ids)
        for (key,) in select(pipeline, exp.select("id").from_(INTERACTIONS).where(has_value, name("id").isin(*batch)))
    }


def count_values(
    pipeline: dlt.Pipeline, table: str, columns: Sequence[str], ids: Sequence[int]
) -> tuple[int, dict[str, int]]:
    """Return how many rows a table has of the interactions `ids`, and how many values in each column."""
    rows, values = 0, dict.fromkeys(columns, 0)
    for batch in _batches(ids):
        numbers = [exp.Count(this=exp.Star()), *(exp.Count(this=name(column)) for column in columns)]
        found, *by_column = next(
            select(pipeline, exp.select(*numbers).from_(table).where(name(ID_COLUMNS[table]).isin(*batch)))
        )
        rows += found
        values = {column: values[column] + number for column, number in zip(columns, by_column, strict=True)}
    return rows, values


def mark(pipeline: dlt.Pipeline, ids: Sequence[int], **values: datetime | str | None) -> None:
    """Set the columns of a verification in the rows `ids`."""
    assignments = ", ".join(f"{column} = :{column}" for column in values)
    sql = f"update interactions set {assignments} where id in :ids"  # noqa: S608  columns of ours
    execute(pipeline, *(statement(sql, ids=batch, **values) for batch in _batches(ids)))


def duplicate_ids(pipeline: dlt.Pipeline, customer_id: int | None = None) -> list[tuple[int, date | None]]:
    """Return id and first day of the interactions that are stored more than once."""
    condition = "" if customer_id is None else "where customer_id = :customer_id"
    query = statement(_DUPLICATES.format(condition), customer_id=customer_id)
    return [(key, day) for key, day in select(pipeline, query)]


def erased_identifiers(pipeline: dlt.Pipeline) -> list[SuppressionEntry]:
    """Return the identifiers that must not be loaded again."""
    if not catalog.column_types(pipeline, ERASED_IDENTIFIERS):
        return []
    query = statement(f"select {', '.join(SuppressionEntry._fields)} from erased_identifiers")  # noqa: S608  columns of ours
    return [SuppressionEntry(*row) for row in select(pipeline, query)]


def has_erased(pipeline: dlt.Pipeline, tables: Collection[str]) -> bool:
    """Whether persons were ever erased from the dataset, as far as its other `tables` show."""
    signs: list[str] = []
    if catalog.VERSION_TABLE in tables:
        # Each load that knows more tables stores their names.
        signs.append(f"select 1 from _dlt_version where strpos(schema, '\"{ERASED_IDENTIFIERS}\"') > 0 limit 1")  # noqa: S608  constants of ours
    if ERASURES in tables:
        signs.append("select 1 from erasures limit 1")
    if SWEEPS in tables and "suppressed" in catalog.column_types(pipeline, SWEEPS):
        signs.append("select 1 from sweeps where suppressed > 0 limit 1")
    return any(next(select(pipeline, statement(sign)), None) for sign in signs)


def count_lost_erasures(pipeline: dlt.Pipeline) -> int:
    """Return how many completed erasures have no identifier any more, or only some that were cut."""
    query = statement(_LOST_ERASURES, shortest=SHORTEST_DIGEST)
    return int(next(select(pipeline, query))[0])


def stored_identifiers(pipeline: dlt.Pipeline, customer_ids: Sequence[int]) -> Iterator[StoredIdentifiers]:
    """Return the identifiers of every interaction of some customers."""
    columns = ", ".join(("id", "customer_id", *IDENTIFIER_FIELDS))
    sql = f"select {columns} from interactions where customer_id in :customer_ids"  # noqa: S608  columns of ours
    query = statement(sql, customer_ids=tuple(customer_ids))
    return (StoredIdentifiers(*row) for row in select(pipeline, query))


def count_child_rows(pipeline: dlt.Pipeline, ids: Sequence[int]) -> int:
    """Return how many rows the child tables have of the interactions `ids`."""
    found = 0
    for child, batch in product(CHILD_TABLES, list(_batches(ids))):
        sql = f"select count(*) from {child} where interaction_id in :ids"  # noqa: S608  a table of ours
        found += int(next(select(pipeline, statement(sql, ids=batch)))[0])
    return found


def identifiers_by_erasure(pipeline: dlt.Pipeline) -> list[ErasedIdentifier]:
    """Return all rows of `erased_identifiers`; none where there is no such table."""
    if not catalog.column_types(pipeline, ERASED_IDENTIFIERS):
        return []
    query = statement("select erasure_id, kind, digest, phone_country from erased_identifiers order by 1, 2, 3")
    return [ErasedIdentifier(*row) for row in select(pipeline, query)]


def read_erasures(pipeline: dlt.Pipeline, identified: Collection[str] = ()) -> list[ErasureRecord]:
    """Return the rows of `erasures`; for those in `identified` that were cut short before it was written, as well."""
    found = {}
    if catalog.column_types(pipeline, ERASURES):
        query = statement("select erasure_id, erased_at, customers, identifiers from erasures")
        found = {row[0]: ErasureRecord(*row) for row in select(pipeline, query)}
    lost = sorted(set(identified) - found.keys())
    return [*found.values(), *(ErasureRecord(erasure_id, datetime.now(UTC), 0, 0) for erasure_id in lost)]


def erasures_elsewhere(pipeline: dlt.Pipeline, dataset: str) -> set[str]:
    """Return the ids of the erasures of another dataset of the same database; its name is in lower case."""
    table = exp.table_(ERASED_IDENTIFIERS, db=dataset, quoted=True)
    return {str(row[0]) for row in select(pipeline, exp.select("erasure_id").distinct().from_(table))}


def unfinished_erasures(pipeline: dlt.Pipeline) -> list[UnfinishedErasure]:
    """Return the erasures of which rows may still be there, with what each has recorded."""
    if not catalog.column_types(pipeline, ERASURES):
        return []
    query = statement("select erasure_id, erased_at, completed_at is not null from erasures")
    recorded = {erasure_id: (erased_at, is_done) for erasure_id, erased_at, is_done in select(pipeline, query)}
    entries: dict[str, set[tuple[str, str]]] = {one: set() for one, (_, is_done) in recorded.items() if not is_done}
    for one in identifiers_by_erasure(pipeline):
        # A load that died may have written one of the two tables.
        if one.erasure_id in entries or one.erasure_id not in recorded:
            entries.setdefault(one.erasure_id, set()).add((one.kind, one.digest))
    return [UnfinishedErasure(key, recorded.get(key, (None, False))[0], found) for key, found in entries.items()]


def erase(
    pipeline: dlt.Pipeline, ids: Sequence[int], completed: Iterable[CompletedErasure], superseded: Collection[str] = ()
) -> None:
    """Delete interactions and their child rows, and note that it was done, in one transaction.

    The one erasure that is completed takes over what `superseded` ones have recorded that were cut short.
    """
    now, marks = datetime.now(UTC), list(completed)
    execute(
        pipeline,
        *_deletions(ids),
        *(statement(_COMPLETE, now=now, **one._asdict()) for one in marks),
        *(
            statement(change, erasure_id=one.erasure_id, superseded=tuple(superseded))
            for one in (marks if superseded else ())
            for change in (_TAKE_OVER, _FORGET)
        ),
    )


def stored_ids(pipeline: dlt.Pipeline, ids: Collection[int]) -> list[int]:
    """Return those of the interactions `ids` that are stored, in order; none where there is no such table."""
    return sorted(update_times(pipeline, sorted(ids))) if catalog.column_types(pipeline) else []


def delete_interactions(pipeline: dlt.Pipeline, ids: Sequence[int]) -> None:
    """Delete interactions and their child rows, in one transaction."""
    # A pipeline of one's own need not load every table.
    stored = catalog.column_types_by_table(pipeline, CHILD_TABLES)
    execute(pipeline, *_deletions(ids, [child for child in CHILD_TABLES if stored[child]]))


def delete_customers(pipeline: dlt.Pipeline, customer_ids: Sequence[int]) -> None:
    """Delete the interactions of customers, their child rows, and what the inventory knows, in one transaction."""
    stored = catalog.column_types_by_table(pipeline, [*CHILD_TABLES, INVENTORY])
    conditions = [(child, "interaction_id in (select id from interactions where {})") for child in CHILD_TABLES]
    execute(
        pipeline,
        *(
            statement(f"delete from {table} where {condition.format(_OF_CUSTOMERS)}", customer_ids=tuple(customer_ids))  # noqa: S608  tables of ours
            for table, condition in [*conditions, (INVENTORY, "{}"), (INTERACTIONS, "{}")]
            if table == INTERACTIONS or stored[table]
        ),
    )


def _deletions(ids: Sequence[int], child_tables: Sequence[str] = CHILD_TABLES) -> Iterator[exp.Expression]:
    """Yield the statements that delete interactions, after their child rows."""
    for batch, child in product(_batches(ids), child_tables):
        yield statement(f"delete from {child} where interaction_id in :ids", ids=batch)  # noqa: S608  a table of ours
    for batch in _batches(ids):
        yield statement("delete from interactions where id in :ids", ids=batch)


def _batches(ids: Iterable[int]) -> Iterator[tuple[int, ...]]:
    every = tuple(ids)
    return (every[at : at + _IDS_PER_STATEMENT] for at in range(0, len(every), _IDS_PER_STATEMENT))
