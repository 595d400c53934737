"""Leaves out of a load the interactions that the warehouse holds as they are in the API.

A sync reads a day of overlap again, and a lookback some weeks; most of those interactions have not changed. One is left
out if every value that would be written, in the child tables too, equals the stored one, and a committed load has
written it. Where there is any doubt, such as a dropped table or an interaction that is stored twice, it is loaded.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc

from liine_source.load.tables import Tables
from liine_source.spec.tables import ID_COLUMNS, INTERACTION_TABLES, INTERACTIONS, LOAD_ID
from liine_source.warehouse import catalog, queries
from liine_source.warehouse.stored_rows import read_rows

# So many are compared at once, with copies of all their values.
_ROWS_AT_ONCE = 2_500


def leave_out_unchanged(
    pipeline: dlt.Pipeline, tables: Tables, customers: Collection[int], added_columns: Collection[str]
) -> Tables:
    """Return the tables without the interactions of `customers` that are stored as they are.

    `added_columns` are those that loads have added to `interactions` for fields that the reference does not have: a row
    without such a field may have a value there.
    """
    if INTERACTIONS not in tables:
        return tables
    with catalog.keep_connected(pipeline):
        unchanged = _find_unchanged(pipeline, tables, customers, added_columns)
    if not unchanged:
        return tables
    ids = pa.array(unchanged, pa.int64())
    kept = {
        name: table.filter(pc.invert(pc.is_in(table[ID_COLUMNS[name]], ids))) if name in ID_COLUMNS else table
        for name, table in tables.items()
    }
    return {name: table for name, table in kept.items() if len(table)}


def find_not_updated(pipeline: dlt.Pipeline, interactions: pa.Table) -> set[int]:
    """Return the ids of the interactions that are stored with the same `updated_at`."""
    # With its time zone Arrow would return a time four times slower.
    moments = interactions["updated_at"].cast(pa.timestamp("us")).to_pylist()
    received = dict(zip(interactions["id"].to_pylist(), moments, strict=True))
    stored = queries.update_times(pipeline, list(received))
    return {key for key, moment in stored.items() if received[key] == moment}


def _find_unchanged(
    pipeline: dlt.Pipeline, tables: Tables, customers: Collection[int], added_columns: Collection[str]
) -> set[int]:
    rows = tables[INTERACTIONS]
    candidates = find_not_updated(
        pipeline, rows.filter(pc.is_in(rows["customer_id"], pa.array(list(customers), pa.int64())))
    )
    # Somebody may have added a column with capitals; loads do not.
    absent = [name for name in added_columns if name not in rows.column_names and name == name.lower()]
    if candidates and absent:
        candidates -= queries.ids_with_values(pipeline, absent, candidates)
    stored_columns = catalog.column_types_by_table(pipeline, INTERACTION_TABLES) if candidates else {}
    ids, unchanged, committed = [*candidates], set[int](), set[str]()
    for at in range(0, len(ids), _ROWS_AT_ONCE):
        unchanged |= _find_equal(pipeline, tables, stored_columns, {*ids[at : at + _ROWS_AT_ONCE]}, committed)
    return unchanged


def _find_equal(
    pipeline: dlt.Pipeline,
    tables: Tables,
    stored_columns: Mapping[str, Collection[str]],
    ids: set[int],
    committed: set[str],
) -> set[int]:
    """Return those of `ids` whose rows are equal to the stored ones in each table.

    `committed` are loads known to be committed; more are added.
    """
    for name in INTERACTION_TABLES:
        if not ids or not stored_columns[name]:
            return set()
        received = _select_received(name, tables[name], ids)
        try:
            stored = read_rows(pipeline, name, received.schema, stored_columns[name], [*ids])
        except pa.ArrowException:
            # Somebody has given a column another type.
            return set()
        ids = ids - _find_uncommitted(pipeline, name, stored, committed)
        received, stored = (rows.drop_columns([LOAD_ID]) for rows in (received, stored))
        ids &= _equal_rows(received, stored) if name == INTERACTIONS else _equal_children(received, stored, ids)
    return ids


def _select_received(name: str, rows: pa.Table, ids: Collection[int]) -> pa.Table:
    """Return what would be stored of the interactions `ids`."""
    rows = rows.filter(pc.is_in(rows[ID_COLUMNS[name]], pa.array(ids, pa.int64())))
    if "is_cleared" in rows.column_names:
        rows = rows.filter(pc.invert(pc.fill_null(rows["is_cleared"], False)))
    return rows


def _find_uncommitted(pipeline: dlt.Pipeline, name: str, stored: pa.Table, committed: set[str]) -> set[int]:
    """Return the interactions with a row of a load that was killed before its commit, or of none."""
    loads = {*pc.unique(stored[LOAD_ID]).to_pylist()}
    committed |= queries.committed_loads(pipeline, loads - committed - {None})
    has_commit = pc.is_in(stored[LOAD_ID], pa.array([*committed], pa.string()))
    return {*stored[ID_COLUMNS[name]].filter(pc.invert(has_commit)).to_pylist()}


def _equal_rows(received: pa.Table, stored: pa.Table) -> set[int]:
    """Return the ids of the interactions that are stored once, with the values received."""
    stored_times = Counter(stored["id"].to_pylist())
    once = pa.array([key for key, times in stored_times.items() if times == 1], pa.int64())
    received, stored = (rows.filter(pc.is_in(rows["id"], once)).sort_by("id") for rows in (received, stored))
    is_equal = pa.repeat(True, len(received))
    for one, other in zip(received.columns, stored.columns, strict=True):
        has_same_value = pc.fill_null(pc.equal(one, other), False)
        has_no_value = pc.and_(pc.is_null(one), pc.is_null(other))
        is_equal = pc.and_(is_equal, pc.or_(has_same_value, has_no_value))
    return {*received["id"].filter(is_equal).to_pylist()}


def _equal_children(received: pa.Table, stored: pa.Table, ids: Collection[int]) -> set[int]:
    """Return those of the interactions `ids` whose rows in a child table are the same, in any order."""
    ours, theirs = (_group_children(rows) for rows in (received, stored))
    return {key for key in ids if ours.get(key) == theirs.get(key)}


def _group_children(rows: pa.Table) -> dict[int, Counter[tuple[Any, ...]]]:
    grouped: dict[int, Counter[tuple[Any, ...]]] = {}
    for key, *values in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        grouped.setdefault(key, Counter())[tuple(values)] += 1
    return grouped
