"""What the warehouse holds: SQL of our own, built by SQLAlchemy and run by dlt's client for the destination."""

import hashlib
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import product
from typing import Any, NamedTuple, cast

import dlt
import sqlalchemy as sa
import sqlglot
from dlt.common.destination import Destination
from dlt.common.versioned_state import decompress_state
from dlt.destinations.exceptions import DatabaseTransientException
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex

from liine_source import catalogue, tables
from liine_source.erasure import ERASURES, IDENTIFIERS, KINDS, Erasure, Held

_IDS_A_STATEMENT = 1000
# DuckDB understands Postgres's dialect, as far as it is used here.
_SPEAK_POSTGRES = {"postgres", "duckdb"}
# Postgres's code for a lock that another session holds for longer than `lock_timeout`.
_LOCK_NOT_AVAILABLE = "55P03"
# Those of `id` and `interaction_id` find what a load replaces; the others are for whoever asks by customer or time.
_INDEXES = {
    tables.INTERACTIONS: ("id", "customer_id", "start_time", "updated_at"),
    **dict.fromkeys(tables.CHILDREN, ("interaction_id",)),
}


def _table(name: str) -> sa.TableClause:
    columns = tables.columns(name).items()
    return sa.table(name, *(sa.column(column, _TYPES.get(hint["data_type"] or "")) for column, hint in columns))


_TYPES: dict[str, Any] = {"timestamp": sa.DateTime(), "bigint": sa.BigInteger(), "text": sa.Text()}
_interactions = _table(tables.INTERACTIONS)
_sweeps = _table(tables.SWEEPS)
_children = {name: _table(name) for name in tables.CHILDREN}
_indexes = sa.table("pg_indexes", sa.column("schemaname"), sa.column("indexname"))
_loads = sa.table("_dlt_loads", sa.column("load_id"), sa.column("status"))
_states = sa.table("_dlt_pipeline_state", sa.column("pipeline_name"), sa.column("state"), sa.column(tables.LOAD_ID))
_erasures = sa.table(
    ERASURES,
    sa.column("erasure_id", sa.Text()),
    sa.column("completed_at", sa.DateTime()),
    *(sa.column(name, sa.BigInteger()) for name in ("interactions", "child_rows")),
)
_ENDED_LOADS = sa.select(_loads.c.load_id).where(_loads.c.status == sa.literal_column("0"))


class LastSweep(NamedTuple):
    """When the last sweep of a customer's last sync ended (UTC), and how: if some failed, this is the last of those.

    Where a customer was never synced, of its last load.
    """

    ended: datetime
    status: str
    proof: str | None


class LastCheck(NamedTuple):
    """When all of a customer's interactions were counted last (UTC), what came of it, and how many there were."""

    ended: datetime
    status: str
    in_api: int
    in_warehouse: int


class Difference(NamedTuple):
    """How many interactions the API counted of a customer, and how many were in the warehouse."""

    in_api: int
    in_warehouse: int


class Day(NamedTuple):
    """How many interactions began on a day, and how many of them at its very midnight."""

    day: date | None
    rows: int
    at_midnight: int


class Stored(NamedTuple):
    """What the warehouse knows of an interaction: its times as UTC, and what earlier verifications noted."""

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
    """Return by customer what the newest complete check of its whole counted, where nothing is left to look into."""
    columns = _sweeps.c
    newest = sa.func.row_number().over(partition_by=columns.customer_id, order_by=columns.ended.desc())
    checked = (columns.customer_id, columns.expected, columns.distinct_ids, columns.reason, newest.label("place"))
    is_complete = columns.kind == tables.CHECK, columns.status == "complete", columns.filter_hash == filter_hash
    numbered = sa.select(*checked).where(*is_complete).subquery()
    last = sa.select(numbered).where(numbered.c.place == sa.literal_column("1"), numbered.c.reason.is_(None))
    return {customer: Difference(in_api, held) for customer, in_api, held, *_ in select(pipeline, last)}


def add_sweeps(pipeline: dlt.Pipeline, rows: Sequence[dict[str, Any]]) -> None:
    """Add rows to `sweeps`, all or none; their load has to be one that has ended."""
    execute(pipeline, sa.insert(_sweeps).values(list(rows)))


def last_sweeps(pipeline: dlt.Pipeline) -> dict[int, LastSweep]:
    """Return each customer's last sweep whose load ended; what a dead one left counts for nothing."""
    columns = _sweeps.c
    known = catalogue.column_types(pipeline, tables.SWEEPS)
    if not known:
        return {}
    # A load's id is its time in seconds; `failed` comes after `complete`.
    order: list[Any] = [columns[tables.LOAD_ID].desc(), columns.status.desc(), columns.ended.desc()]
    # What an earlier version loaded does not tell what for.
    if "kind" in known:
        order.insert(0, sa.case((columns.kind.in_(["backfill", "repair"]), 1), else_=0))
    newest = sa.func.row_number().over(partition_by=columns.customer_id, order_by=order)
    told = sa.select(columns.customer_id, columns.ended, columns.status, columns.proof, newest.label("place"))
    if "kind" in known:
        # A check of the whole that found nothing wrong says nothing of how the sweeps went.
        is_sweep = sa.or_(columns.kind.is_(None), columns.kind != tables.CHECK, columns.status == "failed")
        told = told.where(is_sweep)
    numbered = told.where(columns[tables.LOAD_ID].in_(_ENDED_LOADS)).subquery()
    last = sa.select(numbered).where(numbered.c.place == sa.literal_column("1"))
    return {customer: LastSweep(*told) for customer, *told, _ in select(pipeline, last)}


def last_checks(pipeline: dlt.Pipeline) -> dict[int, LastCheck]:
    """Return the last check of each customer's whole whose load ended."""
    columns = _sweeps.c
    if "kind" not in catalogue.column_types(pipeline, tables.SWEEPS):
        return {}
    newest = sa.func.row_number().over(partition_by=columns.customer_id, order_by=columns.ended.desc())
    result = columns.ended, columns.status, columns.expected, columns.distinct_ids
    has_ended = columns[tables.LOAD_ID].in_(_ENDED_LOADS)
    checks = sa.select(columns.customer_id, *result, newest.label("place")).where(
        columns.kind == tables.CHECK, has_ended
    )
    numbered = checks.subquery()
    last = sa.select(numbered).where(numbered.c.place == sa.literal_column("1"))
    return {customer: LastCheck(*result) for customer, *result, _ in select(pipeline, last)}


def days(pipeline: dlt.Pipeline, customer_id: int, *, is_utc: bool) -> list[Day]:
    """Return a customer's interactions by the day on which they began, by UTC or by the wall's clock.

    Those that have vanished are not among them.
    """
    moment = _utc(_interactions.c.start_time_tz) if is_utc else _interactions.c.start_time
    day = sa.cast(moment, sa.Date)
    at_midnight = sa.func.sum(sa.case((moment == sa.cast(day, sa.DateTime), 1), else_=0))
    statement = (
        sa.select(day, sa.func.count(), at_midnight)
        .where(_interactions.c.customer_id == customer_id, _interactions.c.vanished_at.is_(None))
        .group_by(day)
    )
    return [Day(day, rows, int(midnight)) for day, rows, midnight in select(pipeline, statement)]


def stored(pipeline: dlt.Pipeline, customer_id: int, since: date | None, until: date | None) -> list[Stored]:
    """Return a customer's interactions that began on the days `since` to `until` by the wall's clock.

    With both sides open those without a start are among them.
    """
    columns = _interactions.c
    day = sa.cast(columns.start_time, sa.Date)
    times = [_utc(column) for column in (columns.updated_at, columns.missing_since, columns.vanished_at)]
    statement = sa.select(columns.id, day, *times).where(columns.customer_id == customer_id)
    statement = statement.where(*([day >= since] if since else []), *([day <= until] if until else []))
    return [Stored(*row) for row in select(pipeline, statement)]


def held(pipeline: dlt.Pipeline, ids: Iterable[int]) -> set[int]:
    """Return which of `ids` the warehouse has, whenever they began."""
    found: set[int] = set()
    for some in _batches(ids):
        found.update(row[0] for row in select(pipeline, sa.select(_interactions.c.id).where(_is_one_of(some))))
    return found


def mark(pipeline: dlt.Pipeline, ids: Sequence[int], **values: datetime | str | None) -> None:
    """Set columns of the verification in the rows `ids`."""
    execute(pipeline, *(sa.update(_interactions).where(_is_one_of(some)).values(**values) for some in _batches(ids)))


def duplicate_ids(pipeline: dlt.Pipeline, customer_id: int | None = None) -> list[tuple[int, date | None]]:
    """Return id and first day of the interactions that are there more than once: for where no index forbids it."""
    columns = _interactions.c
    statement = sa.select(columns.id, sa.cast(sa.func.min(columns.start_time), sa.Date)).group_by(columns.id)
    if customer_id is not None:
        statement = statement.where(columns.customer_id == customer_id)
    return [(key, day) for key, day in select(pipeline, statement.having(sa.func.count() > 1))]


def erased(pipeline: dlt.Pipeline) -> list[tuple[str, str]]:
    """Return kind and hash of what must not be loaded again; none where nobody was ever erased."""
    if not catalogue.column_types(pipeline, IDENTIFIERS):
        return []
    columns = sa.table(IDENTIFIERS, sa.column("kind"), sa.column("digest"), sa.column(tables.LOAD_ID)).c
    return [(kind, digest) for kind, digest in select(pipeline, sa.select(columns.kind, columns.digest))]


def persons(pipeline: dlt.Pipeline, customer_ids: Sequence[int]) -> Iterator[Held]:
    """Return every interaction of some customers, as far as it may name a person."""
    columns = [_interactions.c[name] for name in ("id", "customer_id", *KINDS)]
    statement = sa.select(*columns).where(_interactions.c.customer_id.in_(list(customer_ids)))
    return (Held(*row) for row in select(pipeline, statement))


def child_rows(pipeline: dlt.Pipeline, ids: Sequence[int]) -> int:
    """Return how many rows the child tables have of the interactions `ids`."""
    found = 0
    for table, some in product(tables.CHILDREN, list(_batches(ids))):
        statement = (
            sa.select(sa.func.count()).select_from(_children[table]).where(_children[table].c.interaction_id.in_(some))
        )
        found += int(next(select(pipeline, statement))[0])
    return found


def erase(pipeline: dlt.Pipeline, ids: Sequence[int], erasure: Erasure) -> None:
    """Delete interactions and what belongs to them, and write down that it was done, in one transaction."""
    of_them = [
        sa.delete(table).where(table.c.interaction_id.in_(some))
        for some, table in product(_batches(ids), _children.values())
    ]
    done = sa.update(_erasures).where(_erasures.c.erasure_id == erasure.erasure_id)
    counted = {"interactions": erasure.interactions, "child_rows": erasure.child_rows}
    execute(
        pipeline,
        *of_them,
        *(sa.delete(_interactions).where(_is_one_of(some)) for some in _batches(ids)),
        done.values(completed_at=datetime.now(UTC), **counted),
    )


@contextmanager
def locked(pipeline: dlt.Pipeline, name: str, patience: float = math.inf) -> Iterator[None]:
    """Hold one of Postgres's own locks: another session that wants it waits, and the end of this one frees it.

    Raises TimeoutError after so many seconds. A signal is noticed within a second: Python has no turn while Postgres
    is waited for.
    """
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    began = time.monotonic()
    with pipeline.sql_client() as client:
        client.execute_sql(_spelled(pipeline, sa.select(sa.func.set_config("lock_timeout", "1s", False))))
        while True:
            try:
                client.execute_sql(_spelled(pipeline, sa.select(sa.func.pg_advisory_lock(key))))
                break
            except DatabaseTransientException as error:
                if getattr(error.dbapi_exception, "pgcode", None) != _LOCK_NOT_AVAILABLE:
                    raise
            if time.monotonic() - began > patience:
                raise TimeoutError
        yield


def create_indexes(pipeline: dlt.Pipeline) -> None:
    """Create the indexes that merging and looking up want, where the table is there and the index is not."""
    with pipeline.sql_client() as client:
        own = _indexes.c.schemaname == client.dataset_name
    present = {row[0] for row in select(pipeline, sa.select(_indexes.c.indexname).where(own))}
    for table, names in _INDEXES.items():
        missing = [name for name in names if _index_name(table, name) not in present]
        if missing and catalogue.column_types(pipeline, table):
            _create_indexes_of(pipeline, table, missing)


def _create_indexes_of(pipeline: dlt.Pipeline, table: str, names: Sequence[str]) -> None:
    hints = tables.columns(table)
    made = sa.Table(table, sa.MetaData(), *(sa.Column(name, _TYPES[str(hints[name]["data_type"])]) for name in names))
    with pipeline.sql_client() as client:
        for name in names:
            is_unique = (table, name) == (tables.INTERACTIONS, "id")
            index = sa.Index(_index_name(table, name), made.c[name], unique=is_unique)
            # Another run may have made it meanwhile.
            client.execute_sql(_spelled(pipeline, CreateIndex(index, if_not_exists=True)))


def _index_name(table: str, column: str) -> str:
    return f"{table}_{column}"


def states(
    pipeline: dlt.Pipeline, prefix: str | None = None, allowed: Sequence[str] = (), erasing: str = ""
) -> list[dict[str, Any]]:
    """Return the state of the source `liine` from each pipeline that loaded into the dataset, oldest first.

    Of pipelines whose name begins with `prefix` only those that begin with one of `allowed`, and the newest, which
    tells like any other under which settings the dataset's rows were loaded. An erasure's knows nothing.
    """
    columns = _states.c
    newest = sa.func.row_number().over(partition_by=columns.pipeline_name, order_by=columns[tables.LOAD_ID].desc())
    numbered = sa.select(columns.state, columns[tables.LOAD_ID], newest.label("place")).where(
        columns[tables.LOAD_ID].in_(_ENDED_LOADS)
    )
    if prefix is not None:
        begins = {name: sa.func.left(columns.pipeline_name, len(name)) == name for name in (prefix, erasing, *allowed)}
        told = sa.select(sa.func.max(columns[tables.LOAD_ID])).where(
            columns[tables.LOAD_ID].in_(_ENDED_LOADS), sa.not_(begins[erasing])
        )
        chosen = [begins[name] for name in allowed]
        numbered = numbered.where(
            sa.or_(sa.not_(begins[prefix]), columns[tables.LOAD_ID] == told.scalar_subquery(), *chosen)
        )
    found = numbered.subquery()
    last = sa.select(found.c.state).where(found.c.place == sa.literal_column("1")).order_by(found.c[tables.LOAD_ID])
    # Before the first load there is no table, and maybe not even a schema to look for one in.
    packed = [row[0] for row in select(pipeline, last)] if catalogue.column_types(pipeline, _states.name) else []
    return [decompress_state(state).get("sources", {}).get("liine", {}) for state in packed]


def forget_older_states(pipeline: dlt.Pipeline) -> None:
    """Remove the states of the pipeline before its newest whose load has ended; nobody reads them again."""
    columns, load_id = _states.c, _states.c[tables.LOAD_ID]
    own = columns.pipeline_name == pipeline.pipeline_name
    newest = sa.select(sa.func.max(load_id)).where(own, load_id.in_(_ENDED_LOADS)).scalar_subquery()
    execute(pipeline, sa.delete(_states).where(own, load_id < newest))


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    every = list(ids)
    return (every[at : at + _IDS_A_STATEMENT] for at in range(0, len(every), _IDS_A_STATEMENT))


def _is_one_of(ids: Sequence[int]) -> Any:
    return _interactions.c.id.in_(ids)


def _utc(column: Any) -> Any:
    """A moment on UTC's clock, without its zone."""
    return sa.cast(column.op("AT TIME ZONE")(sa.literal("UTC")), sa.DateTime)


def select(pipeline: dlt.Pipeline, statement: sa.Select[*tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Return what a statement selects, a few thousand rows at a time in memory."""
    with _connected(pipeline) as client, client.execute_query(_spelled(pipeline, statement)) as cursor:
        while rows := cursor.fetchmany(10_000):
            yield from map(tuple, rows)


@contextmanager
def _connected(pipeline: dlt.Pipeline) -> Iterator[Any]:
    if catalogue.speaks_sql(pipeline):
        with catalogue.connect(pipeline) as client:
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
            client.execute_sql(_spelled(pipeline, statement))


def _spelled(pipeline: dlt.Pipeline, statement: sa.sql.expression.ClauseElement) -> str:
    """Write a statement in the destination's dialect, by way of Postgres's."""
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    text = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    destination = cast("Destination[Any, Any]", pipeline.destination)
    if destination.destination_name in _SPEAK_POSTGRES:
        return text
    return sqlglot.transpile(text, read="postgres", write=destination.capabilities().sqlglot_dialect)[0]
