"""Leaves out of a load the interactions that the warehouse holds as they are in the API.

A sync reads a day of overlap again, and a lookback some weeks; most of those interactions have not changed. One is left
out if every value that would be written, in the child tables too, equals the stored one. Where there is any doubt, such
as a dropped table or an interaction that is stored twice, it is loaded.
"""

from collections import Counter
from collections.abc import Collection
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc

from liine_source.load.tables import Tables
from liine_source.spec.tables import ID_COLUMNS, INTERACTION_TABLES, INTERACTIONS, LOAD_ID
from liine_source.warehouse import catalog, queries

# As many rows with all their values are compared at once.
_ROWS_AT_ONCE = 1_000


def leave_out_unchanged(
    pipeline: dlt.Pipeline, tables: Tables, customers: Collection[int], added_columns: Collection[str]
) -> Tables:
    """Return the tables without the interactions of `customers` that are stored as they are.

    `added_columns` are those that loads have added to `interactions` for fields that the reference does not have: a row
    without such a field may have a value there.
    """
    if INTERACTIONS not in tables:
        return tables
    candidates = _find_not_updated(pipeline, tables[INTERACTIONS], customers)
    stored_columns = catalog.column_types_by_table(pipeline, INTERACTION_TABLES) if candidates else {}
    unchanged: set[int] = set()
    for place in range(0, len(candidates), _ROWS_AT_ONCE):
        found = {*candidates[place : place + _ROWS_AT_ONCE]}
        for name in INTERACTION_TABLES:
            added = added_columns if name == INTERACTIONS else ()
            found -= _find_differing(pipeline, name, tables[name], added, stored_columns[name], found)
        unchanged |= found
    if not unchanged:
        return tables
    ids = pa.array(unchanged, pa.int64())
    kept = {
        name: table.filter(pc.invert(pc.is_in(table[ID_COLUMNS[name]], ids))) if name in ID_COLUMNS else table
        for name, table in tables.items()
    }
    return {name: table for name, table in kept.items() if len(table)}


def _find_not_updated(pipeline: dlt.Pipeline, rows: pa.Table, customers: Collection[int]) -> list[int]:
    """Return the ids of the rows of `customers` that are stored with the same `updated_at`."""
    rows = rows.filter(pc.is_in(rows["customer_id"], pa.array(list(customers), pa.int64())))
    received = dict(zip(rows["id"].to_pylist(), _to_values(rows["updated_at"]), strict=True))
    stored = queries.update_times(pipeline, list(received))
    return [key for key, moment in stored.items() if received[key] == moment]


def _find_differing(
    pipeline: dlt.Pipeline,
    name: str,
    rows: pa.Table,
    added_columns: Collection[str],
    stored_columns: Collection[str],
    ids: Collection[int],
) -> set[int]:
    """Return those of `ids` whose rows in a table are others than those received; all where there is no such table."""
    if not stored_columns:
        return {*ids}
    key = ID_COLUMNS[name]
    rows = rows.filter(pc.is_in(rows[key], pa.array(ids, pa.int64())))
    if "is_cleared" in rows.column_names:
        rows = rows.filter(pc.invert(pc.fill_null(rows["is_cleared"], False)))
    columns = {column: rows[column] for column in rows.column_names if column != LOAD_ID}
    columns |= {column: pa.nulls(len(rows)) for column in added_columns if column not in columns}
    times = {column for column, values in columns.items() if getattr(values.type, "tz", None)}
    received = Counter(zip(*map(_to_values, columns.values()), strict=True))
    stored = Counter(queries.stored_rows(pipeline, name, list(columns), stored_columns, times, list(ids)))
    place = list(columns).index(key)
    return {row[place] for row in (received - stored) | (stored - received)}


def _to_values(column: pa.ChunkedArray) -> list[Any]:
    """Return Python values, times with a time zone as UTC without one: Arrow returns those four times faster."""
    values: list[Any] = (column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column).to_pylist()
    return values
