"""A page of rows -> Arrow tables, one for each table of the destination.

A value that does not fit its column becomes null there, with the raw value in `interactions__rejected_values`. The
lists and objects of an interaction become child tables, merged by `interaction_id`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, cast

import pyarrow as pa
from msgspec.structs import astuple, fields

from liine_source.api import values
from liine_source.api.records import Row, parse_json
from liine_source.load.arrow import (
    Rejection,
    build_array,
    column_arrow_type,
    format_nested,
    infer_data_type,
    table_schema,
)
from liine_source.load.column_names import column_name
from liine_source.spec.fields import LIST_FIELDS, OBJECT_FIELDS
from liine_source.spec.tables import (
    COLUMNS,
    INTERACTIONS,
    LOAD_ID,
    LOADED_FIELDS,
    PROVIDER_NAMES,
    REJECTED_VALUES,
    SESSION_EXTRAS,
    SOURCE_TABLES,
    SWEEPS,
    VERIFICATION_COLUMNS,
)

Tables = dict[str, pa.Table]
Entry = dict[str, Any]
Received = Mapping[str, Sequence[Any]]
"""The values of a page as received, by attribute."""


class RejectedValue(NamedTuple):
    """A row of `interactions__rejected_values`."""

    interaction_id: int
    field: str
    raw_value: str | None
    reason: str


_ATTRIBUTES = [field.name for field in fields(Row)]
# Columns for fields that the reference does not have. A Postgres table has 1,600 columns at most, and a row of texts in
# about 450 of them does not fit its page.
MOST_ADDED_COLUMNS = 200
_MOST_NAMED = 1_000
_CHILD_COLUMNS = {
    PROVIDER_NAMES: ("interaction_id", "position", "provider_name"),
    SESSION_EXTRAS: ("interaction_id", "touch", "key", "value", "value_type"),
    REJECTED_VALUES: RejectedValue._fields,
}
# The `field` in `interactions__rejected_values` for all fields of an interaction that get no column.
OTHER_FIELDS = "*"
# Rows of a child table that wait as tuples, which take several times the memory of Arrow.
_ROWS_AT_ONCE = 10_000
_JSON_TYPES = {str: "string", bool: "boolean", type(None): "null", dict: "object", list: "array"}


def empty_tables() -> Tables:
    """Return all tables without rows, so that a first run creates them."""
    return {name: table_schema(name).empty_table() for name in SOURCE_TABLES}


def batched(pages: Iterator[Tables], most_rows: int, most_bytes: int) -> Iterator[Tables]:
    """Join pages until they hold so many interactions, or tables of so many bytes; the rest comes last."""
    waiting: dict[str, list[pa.Table]] = defaultdict(list)
    rows = size = 0
    for page in pages:
        for name, table in page.items():
            waiting[name].append(table)
            size += table.nbytes
        rows += len(page.get(INTERACTIONS, ()))
        if rows >= most_rows or size >= most_bytes:
            yield _join(waiting)
            waiting.clear()
            rows = size = 0
    if waiting:
        yield _join(waiting)


class PageTables:
    """Turns pages into tables, and remembers unknown fields and the types given to them.

    `known_types` are the types of columns that the destination already has for unknown fields. Unless `keeps_raw`,
    rejected values are recorded without the raw value. Unless `deletes_children`, no row makes a merge delete child
    rows of an earlier load. `unknown_fields` holds the names of the first thousand as received, `rows` the number of
    rows for each table.
    """

    def __init__(
        self, load_id: str, known_types: Mapping[str, str], *, keeps_raw: bool = True, deletes_children: bool = True
    ) -> None:
        self.unknown_fields: set[str] = set()
        self.rows: Counter[str] = Counter(dict.fromkeys(SOURCE_TABLES, 0))
        self._load_id = load_id
        self._types = dict(known_types)
        self._keeps_raw = keeps_raw
        self._deletes_children = deletes_children

    def build(self, rows: list[Row], customer_id: int) -> Tables:
        """Return the tables of one page of a customer; each of `rows` has a usable `id`, and no two have the same."""
        received = dict(zip(_ATTRIBUTES, zip(*map(astuple, rows), strict=True), strict=True))
        ids = _build_ids(received["id"])
        rejected: list[RejectedValue] = []
        arrays, fields = [], []
        for name, data_type, has_timezone, raw in self._columns(rows, received, ids, rejected):
            array, rejections = build_array(raw, data_type, has_timezone=has_timezone)
            if name == "customer_id":
                array = _require_customer(array, raw, customer_id, rejections)
            if array is not None:
                arrays.append(array)
                fields.append(pa.field(name, array.type, nullable=name != "id"))
            rejected += [RejectedValue(ids[at], name, raw_value, reason) for at, raw_value, reason in rejections]
        for column in VERIFICATION_COLUMNS:
            arrays.append(pa.nulls(len(rows), column_arrow_type(column)))
            fields.append(pa.field(column.name, column_arrow_type(column)))
        arrays.append(_repeat(self._load_id, pa.string(), len(rows)))
        fields.append(pa.field(LOAD_ID, pa.string()))
        children = {
            PROVIDER_NAMES: self._child(PROVIDER_NAMES, _read_lists(received, ids, rejected), ids),
            SESSION_EXTRAS: self._child(SESSION_EXTRAS, _read_objects(received, ids, rejected), ids),
        }
        if not self._keeps_raw:
            rejected = [one._replace(raw_value=None) for one in rejected]
        self.rows[INTERACTIONS] += len(rows)
        return {
            INTERACTIONS: pa.Table.from_arrays(arrays, schema=pa.schema(fields)),
            **children,
            REJECTED_VALUES: self._child(REJECTED_VALUES, rejected, ids),
        }

    def _child(self, table: str, entries: Iterable[tuple[Any, ...]], ids: list[int]) -> pa.Table:
        """Return a child table; for an interaction without rows in it, one row deletes those of an earlier load."""
        parts, waiting, without = [table_schema(table).empty_table()], iter(entries), set(ids)
        while found := list(islice(waiting, _ROWS_AT_ONCE)):
            columns = dict(zip(_CHILD_COLUMNS[table], zip(*found, strict=True), strict=True))
            parts.append(_fill_table(table, columns, {LOAD_ID: self._load_id}, len(found)))
            without.difference_update(columns["interaction_id"])
            self.rows[table] += len(found)
        if self._deletes_children:
            constants = {column.name: column.empty_value for column in COLUMNS[table]}
            constants |= {"is_cleared": True, LOAD_ID: self._load_id}
            parts.append(_fill_table(table, {"interaction_id": list(without)}, constants, len(without)))
        return pa.concat_tables(parts)

    def build_sweeps(self, rows: list[Entry]) -> Tables:
        """Return rows of the table `sweeps`."""
        self.rows[SWEEPS] += len(rows)
        return {SWEEPS: _table(SWEEPS, rows, self._load_id)}

    def _columns(
        self, rows: list[Row], received: Received, ids: list[int], rejected: list[RejectedValue]
    ) -> Iterator[tuple[str, str, bool, Sequence[Any]]]:
        for known in LOADED_FIELDS:
            yield known.name, known.data_type, known.has_timezone, received[known.name]
        others: set[str] = set()
        for key in sorted({key for row in rows if row.unknown for key in row.unknown}):
            # A name may contain half a surrogate pair, which cannot be printed.
            if len(self.unknown_fields) < _MOST_NAMED:
                self.unknown_fields.add(key.encode(errors="backslashreplace").decode())
            name = column_name(key)
            if name not in self._types and len(self._types) >= MOST_ADDED_COLUMNS:
                others.add(key)
                continue
            values_met = [row.unknown.get(key) if row.unknown else None for row in rows]
            if name not in self._types and any(value is not None for value in values_met):
                self._types[name] = infer_data_type(values_met)
            if self._types.get(name) == "text":
                values_met = list(map(format_nested, values_met))
            if name in self._types:
                yield name, self._types[name], True, values_met
        if others:
            rejected += _reject_fields(rows, ids, others)


def _build_ids(raw: Sequence[Any]) -> list[int]:
    ids, _ = build_array(raw, "bigint", has_timezone=False)
    return cast("list[int]", cast("pa.Array", ids).to_pylist())


def _read_lists(
    received: Received, ids: list[int], rejected: list[RejectedValue]
) -> Iterator[tuple[int, int, str | None]]:
    for listed in LIST_FIELDS:
        for row_id, raw in zip(ids, received[listed.name], strict=True):
            items, reason = _items(raw)
            if reason:
                rejected.append(RejectedValue(row_id, listed.name, values.to_raw_value(raw), reason))
            for place, item in enumerate(items):
                yield row_id, place, item


def _read_objects(
    received: Received, ids: list[int], rejected: list[RejectedValue]
) -> Iterator[tuple[int, str, str, str, str]]:
    for kept in OBJECT_FIELDS:
        touch = kept.name.removesuffix("_session_extras")
        for row_id, raw in zip(ids, received[kept.name], strict=True):
            entries, reason = _entries(raw)
            if reason:
                rejected.append(RejectedValue(row_id, kept.name, values.to_raw_value(raw), reason))
            for key, value, value_type in entries:
                yield row_id, touch, key, value, value_type


def _require_customer(array: pa.Array, raw: Sequence[Any], customer_id: int, rejections: list[Rejection]) -> pa.Array:
    """Return a column with the customer who was asked for, and reject any other one.

    The reference calls it the customer "you are viewing". With another one, or none, a row would be in nobody's counts.
    """
    rejections += [
        (place, values.to_raw_value(raw[place]), "the id of another customer")
        for place, found in enumerate(array.to_pylist())
        if found not in (None, customer_id)
    ]
    return _repeat(customer_id, pa.int64(), len(raw))


def _reject_fields(rows: list[Row], ids: list[int], names: set[str]) -> Iterator[RejectedValue]:
    for row, row_id in zip(rows, ids, strict=True):
        fields = {name: value for name, value in (row.unknown or {}).items() if name in names and value is not None}
        if fields:
            reason = f"the table has {MOST_ADDED_COLUMNS} columns for fields not in the reference"
            yield RejectedValue(row_id, OTHER_FIELDS, values.to_raw_value(fields), reason)


def _join(waiting: Mapping[str, list[pa.Table]]) -> Tables:
    """Join pages; a column for an unknown field is null in pages without it."""
    return {name: pa.concat_tables(parts, promote_options="default") for name, parts in waiting.items()}


def _fill_table(name: str, columns: Mapping[str, Sequence[Any]], constants: Mapping[str, Any], length: int) -> pa.Table:
    """Return a table of these columns; each of the others holds a constant, or nulls where it has none."""
    schema = table_schema(name)
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else _repeat(constants.get(field.name), field.type, length)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _repeat(value: Any, arrow_type: pa.DataType, length: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, arrow_type), length)


def _table(name: str, rows: list[Entry], load_id: str) -> pa.Table:
    for row in rows:
        row[LOAD_ID] = load_id
    return pa.Table.from_pylist(rows, schema=table_schema(name))


def _items(raw: Any) -> tuple[list[str | None], str]:
    """Return the elements of a list as text, and the reason if one did not fit."""
    if raw is None:
        return [], ""
    if not isinstance(raw, list):
        return [], "not a list"
    items: list[str | None] = []
    reason = ""
    for element in raw:
        try:
            items.append(values.convert(element, "text"))
        except values.ConversionError as error:
            items.append(None)
            reason = f"an element: {error}"
    return items, reason


def _entries(raw: Any) -> tuple[list[tuple[str, str, str]], str]:
    """Return keys, values and value types of an object, and the reason if one did not fit."""
    if raw is None:
        return [], ""
    found = _parse_object(raw)
    if found is None:
        return [], "not an object"
    entries: list[tuple[str, str, str]] = []
    reason = ""
    for key, value in found.items():
        try:
            text = values.require_storable(value if isinstance(value, str) else values.to_strict_json(value))
            entries.append((values.require_storable(key), text, _JSON_TYPES.get(type(value), "number")))
        except values.ConversionError as error:
            reason = f"an entry: {error}"
    return entries, reason


def _parse_object(raw: Any) -> Entry | None:
    """Return an object, also where it is given as text; None for anything else."""
    if isinstance(raw, str):
        try:
            raw = parse_json(raw.encode())
        except ValueError:
            return None
    return raw if isinstance(raw, dict) else None
