"""What each table holds of a customer: stored when a run ends, and compared before the next one loads.

The API counts rows of `interactions` alone. The inventory also shows deleted rows of a child table, values lost with a
column that was dropped and created again, and an older copy of one table. Where somebody else has loaded rows of a
customer since, there is nothing to compare until the next run ends.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import dlt
from sqlglot import exp

from liine_source.spec.tables import (
    INTERACTION_TABLES,
    INTERACTIONS,
    INVENTORY,
    INVENTORY_COLUMNS,
    LOAD_ID,
    column_names,
)
from liine_source.warehouse import catalog, comments, queries
from liine_source.warehouse.statements import execute, insert, name, select, statement

_SQL_TYPES = {"bigint": "bigint", "text": "text", "decimal": "numeric(38, 9)", "bool": "boolean"}
_COLUMNS = ", ".join(f"{column.name} {_SQL_TYPES[column.data_type]}" for column in INVENTORY_COLUMNS)
_CREATE = f"create table if not exists {INVENTORY} ({_COLUMNS})"
_READ = """
select customer_id, table_name, row_count, newest_load, sum_of_loads, values_by_column, is_lost
from _liine_inventory where customer_id in :customer_ids
"""
_ROWS_PER_STATEMENT = 500
# They change without a load, and are not the API's.
UNCOUNTED_COLUMNS = {"missing_since", "vanished_at", "vanished_reason", "is_cleared", LOAD_ID}


class Holding(NamedTuple):
    """What a table holds of a customer, without vanished interactions.

    `newest_load` is the id of the last load that wrote one of the rows, `sum_of_loads` the sum over all rows; `values`
    counts by column what is not null.
    """

    rows: int = 0
    newest_load: str = ""
    sum_of_loads: Decimal = Decimal(0)
    values: Mapping[str, int] = {}


class Loss(NamedTuple):
    """A table that has lost rows or has other rows, or a column that has lost values."""

    table: str
    column: str | None
    before: int
    now: int
    where: str = "before"

    def __str__(self) -> str:
        if self.column:
            return f"{self.table}.{self.column}: {self.before} values {self.where}, {self.now} found"
        if self.before == self.now:
            return f"{self.table}: other rows than before"
        return f"{self.table}: {self.before} rows {self.where}, {self.now} found"


Holdings = dict[int, dict[str, Holding]]


class Inventory:
    """What the tables hold of some customers. `lost` is by customer what they should hold and do not.

    For customers in `flagged` an earlier run has found a loss, and their rows have not been loaded again since.
    """

    def __init__(self, pipeline: dlt.Pipeline, customer_ids: Collection[int]) -> None:
        self.lost: dict[int, list[Loss]] = {}
        self.flagged: set[int] = set()
        self._pipeline = pipeline
        self._customer_ids = sorted(customer_ids)
        self._before: Holdings = {}
        self._now: Holdings = {}
        self._exists = bool(catalog.column_types(pipeline, INVENTORY))
        if self._exists:
            self._read()

    def find_lost(self) -> None:
        """Count, compare with what was there when the last run ended, and flag in the warehouse what is lost."""
        self.count()
        if self._exists:
            self._read()
        for customer, before in self._before.items():
            now = self._now.get(customer, {})
            if customer in self.flagged or _newest_load(now) <= _newest_load(before):
                found = list(_compare_holdings(before, now))
                if found or customer in self.flagged:
                    self.lost[customer] = found
        if new := sorted(self.lost.keys() - self.flagged):
            flag = "update _liine_inventory set is_lost = true where customer_id in :customer_ids"
            execute(self._pipeline, statement(flag, customer_ids=tuple(new)))

    def is_current(self, customer_id: int) -> bool:
        """Whether the inventory knows what the tables should hold of a customer: only our commands loaded its rows."""
        before, now = self._before.get(customer_id), self._now.get(customer_id, {})
        return before is not None and _newest_load(now) <= _newest_load(before)

    def count(self) -> None:
        """Count what the tables hold now."""
        with catalog.keep_connected(self._pipeline):
            self._now = _count_holdings(self._pipeline, self._customer_ids)

    def interactions(self, customer_id: int) -> int:
        """Return how many interactions a customer had when last counted, without vanished ones."""
        return self._now.get(customer_id, {}).get(INTERACTIONS, Holding()).rows

    def remaining_losses(self, customer_id: int) -> list[Loss]:
        """Return what was lost and is still not there."""
        found = _compare_holdings(self._before.get(customer_id, {}), self._now.get(customer_id, {}))
        return [loss for loss in found if loss.now < loss.before]

    def store(self, restored: Collection[int] = (), unverified: Collection[int] = ()) -> None:
        """Store what was counted last, except for `unverified` customers and losses that are not `restored`."""
        changed = [
            customer
            for customer in self._customer_ids
            if customer not in unverified
            and (
                customer in restored if customer in self.lost else self._now.get(customer) != self._before.get(customer)
            )
        ]
        if not changed:
            return
        rows = [
            {
                "customer_id": customer,
                "table_name": table,
                "row_count": holding.rows,
                "newest_load": holding.newest_load,
                "sum_of_loads": holding.sum_of_loads,
                "values_by_column": json.dumps(holding.values, sort_keys=True),
                "is_lost": False,
            }
            for customer in changed
            for table, holding in self._now.get(customer, {}).items()
        ]
        create = [] if self._exists else [statement(_CREATE)]
        execute(
            self._pipeline,
            *create,
            statement("delete from _liine_inventory where customer_id in :customer_ids", customer_ids=tuple(changed)),
            *(
                insert(INVENTORY, rows[at : at + _ROWS_PER_STATEMENT])
                for at in range(0, len(rows), _ROWS_PER_STATEMENT)
            ),
        )
        self._exists = True
        if create:
            comments.write(self._pipeline)

    def _read(self) -> None:
        query = statement(_READ, customer_ids=tuple(self._customer_ids))
        self._before, self.flagged = {}, set()
        for customer, table, rows, newest, loads, values, is_lost in select(self._pipeline, query):
            holding = Holding(rows, newest, Decimal(loads), json.loads(values))
            self._before.setdefault(customer, {})[table] = holding
            if is_lost:
                self.flagged.add(customer)


def flag_all_customers(pipeline: dlt.Pipeline) -> None:
    """Have the next sync load the history of each customer again, because rows or values of theirs are lost."""
    customers = queries.known_customers(pipeline)
    is_stored = bool(catalog.column_types(pipeline, INVENTORY))
    known_query = statement("select distinct customer_id from _liine_inventory")
    known = {row[0] for row in select(pipeline, known_query)} if is_stored else set()
    unknown = {"row_count": 0, "newest_load": "", "table_name": ""}
    flags = {"sum_of_loads": 0, "values_by_column": "{}", "is_lost": True}
    rows = [{"customer_id": customer, **unknown, **flags} for customer in sorted(customers - known)]
    execute(
        pipeline,
        *([] if is_stored else [statement(_CREATE)]),
        statement("update _liine_inventory set is_lost = true"),
        *([insert(INVENTORY, rows)] if rows else []),
    )
    if not is_stored:
        comments.write(pipeline)


def _newest_load(holdings: Mapping[str, Holding]) -> str:
    return max((holding.newest_load for holding in holdings.values()), default="")


def _compare_holdings(before: Mapping[str, Holding], now: Mapping[str, Holding]) -> Iterator[Loss]:
    for table, held in before.items():
        holds = now.get(table, Holding())
        if (held.rows, held.sum_of_loads) != (holds.rows, holds.sum_of_loads):
            yield Loss(table, None, held.rows, holds.rows)
            continue
        for column, values in held.values.items():
            if holds.values.get(column, 0) != values:
                yield Loss(table, column, values, holds.values.get(column, 0))


def _count_holdings(pipeline: dlt.Pipeline, customer_ids: Sequence[int]) -> Holdings:
    found: Holdings = {}
    present = counted_columns(pipeline)
    for table, columns in present.items() if present[INTERACTIONS] else ():
        if LOAD_ID not in columns:
            continue
        is_parent = table == INTERACTIONS
        counted = [column for column in columns if column not in UNCOUNTED_COLUMNS]
        load_id = name(LOAD_ID, table)
        query = (
            exp.select(
                name("customer_id", INTERACTIONS),
                exp.Count(this=exp.Star()),
                exp.Max(this=load_id),
                exp.Sum(this=exp.cast(load_id, "decimal(38, 9)")),
                *(exp.Count(this=name(column, table)) for column in counted),
            )
            .from_(table)
            .where(name("customer_id", INTERACTIONS).isin(*customer_ids))
            .where(name("vanished_at", INTERACTIONS).is_(exp.null()))
            .group_by(name("customer_id", INTERACTIONS))
        )
        if not is_parent:
            query = query.join(INTERACTIONS, on=name("interaction_id", table).eq(name("id", INTERACTIONS)))
        for customer, rows, newest, loads, *values in select(pipeline, query):
            filled = {column: count for column, count in zip(counted, values, strict=True) if count}
            # A column that was dropped, and created again, has no load ids.
            found.setdefault(customer, {})[table] = Holding(rows, newest or "", Decimal(loads or 0), filled)
    return found


def counted_columns(pipeline: dlt.Pipeline) -> dict[str, list[str]]:
    """Return the columns that loads have filled and that exist, by table; not those that somebody else has added."""
    present = catalog.column_types_by_table(pipeline, INTERACTION_TABLES)
    known = {table: set(column_names(table)) for table in present}
    for schema in pipeline.schemas.values():
        for table in known:
            known[table] |= schema.tables.get(table, {"columns": {}})["columns"].keys()
    return {table: sorted(names.intersection(present[table])) for table, names in known.items()}
