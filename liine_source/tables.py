"""A page of rows -> Arrow tables, one for each table of the destination.

Every value arrives as the API gave it, or the column holds null and `interactions__rejected_values` the raw
value. The lists and objects of an interaction become tables of their own, merged by `interaction_id`.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from operator import attrgetter
from typing import Any, cast

import pyarrow as pa
from dlt.common.data_types import TDataType
from dlt.common.schema.typing import TColumnSchema, TTableSchemaColumns

from liine_source import values
from liine_source.rows import Row, decoded
from liine_source.spec.fields import FIELDS_BY_NAME, LIST_FIELDS, OBJECT_FIELDS, SCALAR_FIELDS
from liine_source.spec.types import Field

INTERACTIONS = "interactions"
PROVIDER_NAMES = "interactions__provider_names"
SESSION_EXTRAS = "interactions__session_extras"
REJECTED_VALUES = "interactions__rejected_values"
SWEEPS = "sweeps"
CHILDREN = (PROVIDER_NAMES, SESSION_EXTRAS, REJECTED_VALUES)
# Those that an interaction has rows in.
OF_INTERACTIONS = (INTERACTIONS, *CHILDREN)

# The kind of a row in `sweeps` that compares a customer's whole with the API's count.
CHECK = "check"
LOAD_ID = "_dlt_load_id"
_PERSONAL_DATA = "x-personal-data"

Tables = dict[str, pa.Table]
Entry = dict[str, Any]

_ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "bool": pa.bool_(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "decimal": pa.decimal128(38, 9),
}


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    data_type: TDataType
    description: str
    nullable: bool = True
    has_timezone: bool = True
    hints: Mapping[str, Any] = dataclass_field(default_factory=dict)

    def hint(self) -> TColumnSchema:
        hint: dict[str, Any] = {
            "name": self.name,
            "data_type": self.data_type,
            "description": self.description,
            "nullable": self.nullable,
            **_PRECISION.get(self.data_type, {}),
            **self.hints,
        }
        if self.data_type == "timestamp":
            hint["timezone"] = self.has_timezone
        return cast("TColumnSchema", hint)

    @property
    def blank(self) -> Any:
        """What stands in a row that only clears: null, or where that is not allowed, nothing much."""
        if self.nullable:
            return None
        return 0 if self.data_type == "bigint" else ""

    @property
    def arrow_type(self) -> pa.DataType:
        return _arrow_type(self.data_type, has_timezone=self.has_timezone)


_PRECISION: dict[str, dict[str, int]] = {"timestamp": {"precision": 6}, "decimal": {"precision": 38, "scale": 9}}


def _field_column(described: Field) -> _Column:
    hints = {_PERSONAL_DATA: described.personal_data}
    name, data_type, description = described.name, described.data_type, described.description
    return _Column(name, data_type, description, described.nullable, described.has_timezone, hints)


_ID = _Column("interaction_id", "bigint", "The `id` of the interaction in `interactions`.", nullable=False)
_IS_CLEARED = _Column(
    "is_cleared",
    "bool",
    "Tells the loader to remove an interaction's earlier rows; never true in a loaded table.",
    hints={"hard_delete": True},
)
_LOAD_ID = _Column(LOAD_ID, "text", "The dlt load that brought the row, as in `_dlt_loads`.")

# Set by `liine verify` alone; a row that is loaded again has none of them.
_VERIFIED = (
    _Column("missing_since", "timestamp", "When a verification first did not find the row in the API, UTC."),
    _Column("vanished_at", "timestamp", "When a second verification did not find it either, UTC."),
    _Column("vanished_reason", "text", "`reclassified`: other filters find it; `not returned`: none do."),
)

_COLUMNS: dict[str, tuple[_Column, ...]] = {
    INTERACTIONS: (*map(_field_column, SCALAR_FIELDS), *_VERIFIED, _LOAD_ID),
    PROVIDER_NAMES: (
        _ID,
        _Column("position", "bigint", "Place in the list, from 0.", nullable=False),
        _Column("provider_name", "text", FIELDS_BY_NAME["provider_names"].description, hints={_PERSONAL_DATA: "staff"}),
        _IS_CLEARED,
        _LOAD_ID,
    ),
    SESSION_EXTRAS: (
        _ID,
        _Column("touch", "text", "Which object it was in: `initial` or `last_touch`.", nullable=False),
        _Column("key", "text", "The key within the object.", nullable=False, hints={_PERSONAL_DATA: "indirect"}),
        _Column(
            "value",
            "text",
            "The value: a string as it is, anything else as JSON.",
            hints={_PERSONAL_DATA: "indirect"},
        ),
        _Column("value_type", "text", "JSON's type of the value: string, number, boolean, null, object or array."),
        _IS_CLEARED,
        _LOAD_ID,
    ),
    REJECTED_VALUES: (
        _ID,
        _Column("field", "text", "The field whose value did not fit its column.", nullable=False),
        _Column(
            "raw_value",
            "text",
            "The value as JSON; null where personal data is hashed or dropped.",
            hints={_PERSONAL_DATA: "direct"},
        ),
        _Column("reason", "text", "Why it did not fit."),
        _IS_CLEARED,
        _LOAD_ID,
    ),
    SWEEPS: (
        _Column("sweep_id", "text", "A random name for the walk.", nullable=False),
        _Column("customer_id", "bigint", "The customer that was read.", nullable=False),
        _Column(
            "kind",
            "text",
            "What the load was for: `sync`, `backfill` or `repair`. `check`: all rows were counted after a sync.",
        ),
        _Column("filter_hash", "text", "Fingerprint of the filters and dates asked for."),
        _Column("since", "date", "First day asked for, spare days included; null: from the beginning."),
        _Column("until", "date", "Last day asked for, spare days included; null: up to now."),
        _Column("updated_since", "date", "Day from which changes were asked for; null: everything."),
        _Column(
            "expected",
            "bigint",
            "The API's count as the last walk began; null where it gave none. Of a check: of all interactions.",
        ),
        _Column(
            "distinct_ids",
            "bigint",
            "Interactions that the last walk found, or all parts together. Of a check: those in the warehouse.",
        ),
        _Column("repeats", "bigint", "Rows received more than once, from overlaps and repairs."),
        _Column("pages", "bigint", "Pages received."),
        _Column("requests", "bigint", "Requests made, logins and repetitions included."),
        _Column("retries", "bigint", "Requests sent again after a failure."),
        _Column("repairs", "bigint", "Walks and parts read because what came before was not proven complete."),
        _Column("changed", "bigint", "Interactions updated after the sweep began."),
        _Column("suppressed", "bigint", "Of those found, interactions not loaded because their person was erased."),
        _Column(
            "proof", "text", "`count`: as many as the API counts; `walk`: its end, where the count proves nothing."
        ),
        _Column("status", "text", "`complete` or `failed`."),
        _Column(
            "reason",
            "text",
            "The kind of error of a failed sweep; `unseen`: a check met rows that the API lacks or that just came.",
        ),
        _Column("count_means", "text", "What `count` was seen to mean: `total` or `unknown`."),
        _Column("order_clock", "text", "The clock that orders the rows, as far as they told: local, utc or unknown."),
        _Column("cursor_clock", "text", "The clock that the cursor is compared with: local, utc or unknown."),
        _Column("cursor_edge", "text", "Whether the cursor's own second is included: inclusive or unknown."),
        _Column("began", "timestamp", "When the sweep began, by the API's clock where it tells, UTC."),
        _Column("ended", "timestamp", "When the sweep ended, by this machine's clock, UTC."),
        _LOAD_ID,
    ),
}

# A column's name that is the same on every destination, and under each of dlt's naming conventions.
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*", re.ASCII)
_LONGEST_NAME = 63
_WORD = re.compile(r"[a-z0-9]+", re.ASCII)
_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])", re.ASCII)
# Fields of the reference, columns of ours, and those that every table of Postgres has of itself.
_TAKEN = frozenset(
    {*FIELDS_BY_NAME, *(column.name for column in _COLUMNS[INTERACTIONS])}
    | {"ctid", "tableoid", "xmin", "xmax", "cmin", "cmax"}
)

_SCALARS = attrgetter(*(known.name for known in SCALAR_FIELDS))

_CHECKED: dict[pa.DataType, set[type]] = {
    pa.int64(): {int, type(None)},
    # A double and a decimal are always converted one by one: neither takes every number.
    pa.float64(): {type(None)},
    _ARROW_TYPES["decimal"]: {type(None)},
}

_JSON_TYPES = {str: "string", bool: "boolean", type(None): "null", dict: "object", list: "array"}


def columns(table: str) -> TTableSchemaColumns:
    """Return dlt's hints for a table's columns, in order, with descriptions."""
    return {column.name: column.hint() for column in _COLUMNS[table]}


def column_name(field: str) -> str:
    """Return the column of `interactions` for a field that the reference does not have: always the same, and its own.

    A plain name is kept. Any other gets a suffix, for several of them may come to the same: `a.b` and `a b` to `a_b`.
    """
    if _PLAIN_NAME.fullmatch(field) and len(field) <= _LONGEST_NAME and field not in _TAKEN:
        return field
    words = _WORD.findall(_CAMEL_CASE.sub("_", field).lower())
    stem = "_".join(words if words and words[0][0].isalpha() else ["field", *words])
    digest = hashlib.sha256(field.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{stem[: _LONGEST_NAME - len(digest) - 1].rstrip('_')}_{digest}"


def described(*, nullable: Sequence[str] = (), **named: tuple[TDataType, str]) -> TTableSchemaColumns:
    """Return dlt's hints for columns given as type and description."""
    return {
        name: {"name": name, "data_type": data_type, "nullable": name in nullable, "description": description}
        for name, (data_type, description) in named.items()
    }


def empty_tables() -> Tables:
    """Return all five tables without rows, so that a first run creates them."""
    return {name: _schema(name).empty_table() for name in _COLUMNS}


def batched(pages: Iterator[Tables], interactions: int) -> Iterator[Tables]:
    """Join pages until they hold at least so many interactions; what is left comes last."""
    waiting: dict[str, list[pa.Table]] = defaultdict(list)
    for page in pages:
        for name, table in page.items():
            waiting[name].append(table)
        if sum(map(len, waiting.get(INTERACTIONS, ()))) >= interactions:
            yield _joined(waiting)
            waiting.clear()
    if waiting:
        yield _joined(waiting)


class PageTables:
    """Turns pages into tables, and remembers the unknown fields met and the types given to them.

    `known_types` are the columns that the destination already has beyond the reference's, by name. Unless `keeps_raw`,
    a value that does not fit is told without itself. `unknown_fields` holds the names as received, `rows` how many
    rows each table was given.
    """

    def __init__(self, load_id: str, known_types: Mapping[str, str], *, keeps_raw: bool = True) -> None:
        self.unknown_fields: set[str] = set()
        self.rows: Counter[str] = Counter(dict.fromkeys(_COLUMNS, 0))
        self._load_id = load_id
        self._types = dict(known_types)
        self._keeps_raw = keeps_raw

    def build(self, rows: list[Row]) -> Tables:
        """Return the tables of one page; each of `rows` has a usable `id`, and no two have the same."""
        ids = [values.converted(row.id, "bigint") for row in rows]
        rejected: list[Entry] = []
        arrays, fields = [], []
        for name, data_type, has_timezone, raw in self._columns(rows):
            array, rejections = _array(raw, data_type, has_timezone=has_timezone)
            if array is not None:
                arrays.append(array)
                fields.append(pa.field(name, array.type, nullable=name != "id"))
            rejected += [{"interaction_id": ids[at], "field": name, **why} for at, why in rejections]
        for column in _VERIFIED:
            arrays.append(pa.nulls(len(rows), column.arrow_type))
            fields.append(pa.field(column.name, column.arrow_type))
        arrays.append(pa.repeat(self._load_id, len(rows)).cast(pa.string()))
        fields.append(pa.field(LOAD_ID, pa.string()))
        children = {
            PROVIDER_NAMES: list(self._lists(rows, ids, rejected)),
            SESSION_EXTRAS: list(self._objects(rows, ids, rejected)),
        }
        children[REJECTED_VALUES] = rejected
        for rejection in () if self._keeps_raw else rejected:
            rejection["raw_value"] = None
        self.rows.update({name: len(found) for name, found in children.items()} | {INTERACTIONS: len(rows)})
        return {
            INTERACTIONS: pa.Table.from_arrays(arrays, schema=pa.schema(fields)),
            **{name: self._child(name, found, ids) for name, found in children.items()},
        }

    def _child(self, table: str, found: list[Entry], ids: list[int]) -> pa.Table:
        """For each interaction without rows here, one row makes the loader remove those of an earlier load."""
        bare = list(set(ids).difference(row["interaction_id"] for row in found))
        constants = {column.name: column.blank for column in _COLUMNS[table]}
        constants |= {"is_cleared": True, LOAD_ID: self._load_id}
        schema = _schema(table)
        arrays = [
            pa.array(bare, field.type)
            if field.name == "interaction_id"
            else pa.repeat(pa.scalar(constants[field.name], field.type), len(bare))
            for field in schema
        ]
        return pa.concat_tables([_table(table, found, self._load_id), pa.Table.from_arrays(arrays, schema=schema)])

    def audit(self, rows: list[Entry]) -> Tables:
        """Return rows of the table `sweeps`."""
        self.rows[SWEEPS] += len(rows)
        return {SWEEPS: _table(SWEEPS, rows, self._load_id)}

    def _columns(self, rows: list[Row]) -> Iterator[tuple[str, str, bool, Sequence[Any]]]:
        for known, raw in zip(SCALAR_FIELDS, zip(*map(_SCALARS, rows), strict=True), strict=True):
            yield known.name, known.data_type, known.has_timezone, raw
        for key in sorted({key for row in rows if row.unknown for key in row.unknown}):
            # A name may hold half a surrogate pair, which cannot be printed.
            self.unknown_fields.add(key.encode(errors="backslashreplace").decode())
            name = column_name(key)
            values_met = [row.unknown.get(key) if row.unknown else None for row in rows]
            if name not in self._types and any(value is not None for value in values_met):
                self._types[name] = _inferred(values_met)
            if self._types.get(name) == "text":
                values_met = list(map(_opened, values_met))
            if name in self._types:
                yield name, self._types[name], True, values_met

    def _lists(self, rows: list[Row], ids: list[int], rejected: list[Entry]) -> Iterator[Entry]:
        for listed in LIST_FIELDS:
            for row, row_id in zip(rows, ids, strict=True):
                raw = getattr(row, listed.name)
                items, reason = _items(raw)
                if reason:
                    rejected.append(_rejection(row_id, listed.name, raw, reason))
                for place, item in enumerate(items):
                    yield {"interaction_id": row_id, "position": place, "provider_name": item}

    def _objects(self, rows: list[Row], ids: list[int], rejected: list[Entry]) -> Iterator[Entry]:
        for kept in OBJECT_FIELDS:
            touch = kept.name.removesuffix("_session_extras")
            for row, row_id in zip(rows, ids, strict=True):
                raw = getattr(row, kept.name)
                entries, reason = _entries(raw)
                if reason:
                    rejected.append(_rejection(row_id, kept.name, raw, reason))
                for key, value, value_type in entries:
                    yield {
                        "interaction_id": row_id,
                        "touch": touch,
                        "key": key,
                        "value": value,
                        "value_type": value_type,
                    }


def _joined(waiting: Mapping[str, list[pa.Table]]) -> Tables:
    """A column that only some pages have, an unknown field's, is null in the others."""
    return {name: pa.concat_tables(parts, promote_options="default") for name, parts in waiting.items()}


def _schema(table: str) -> pa.Schema:
    return pa.schema([pa.field(column.name, column.arrow_type, nullable=column.nullable) for column in _COLUMNS[table]])


def _arrow_type(data_type: str, *, has_timezone: bool) -> pa.DataType:
    if data_type == "timestamp":
        return pa.timestamp("us", tz="UTC" if has_timezone else None)
    return pa.date32() if data_type == "date" else _ARROW_TYPES[data_type]


def _table(name: str, rows: list[Entry], load_id: str) -> pa.Table:
    for row in rows:
        row[LOAD_ID] = load_id
    return pa.Table.from_pylist(rows, schema=_schema(name))


def _array(
    raw: Sequence[Any], data_type: str, *, has_timezone: bool
) -> tuple[pa.Array | None, list[tuple[int, Entry]]]:
    """Return a column, and for each place whose value did not fit, its raw value and the reason.

    There is no column where somebody else has made one of a type that no value is converted to.
    """
    arrow_type = _arrow_type(data_type, has_timezone=has_timezone) if data_type in values.DATA_TYPES else None
    array = _as_documented(raw, arrow_type)
    if array is not None:
        return array, []
    fitted: list[Any] = []
    rejections: list[tuple[int, Entry]] = []
    for place, value in enumerate(raw):
        try:
            fitted.append(values.converted(value, data_type, has_timezone=has_timezone))
        except values.UnfitError as error:
            fitted.append(None)
            rejections.append((place, {"raw_value": values.as_json(value), "reason": str(error)}))
    return arrow_type and pa.array(fitted, arrow_type), rejections


def _as_documented(raw: Sequence[Any], arrow_type: pa.DataType | None) -> pa.Array | None:
    """Return the whole column at once where every value has its documented type, else None.

    Arrow refuses other types by itself, except that it cuts off the fractions of whole numbers without a word.
    """
    if arrow_type is None or (arrow_type in _CHECKED and {type(value) for value in raw} - _CHECKED[arrow_type]):
        return None
    try:
        if pa.types.is_timestamp(arrow_type):
            return values.reference_times(raw, arrow_type)
        array = pa.array(raw, arrow_type)
    except (pa.ArrowException, ValueError, OverflowError):
        return None
    return None if pa.types.is_string(arrow_type) and _has_nul(array) else array


def _has_nul(texts: pa.StringArray) -> bool:
    characters = texts.buffers()[2]
    return characters is not None and b"\0" in characters.to_pybytes()


def _inferred(raw: list[Any]) -> str:
    kinds = {type(value) for value in raw if value is not None}
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "bigint"
    if kinds and not kinds & {bool, str, dict, list}:
        return "double"
    return "text"


def _opened(value: Any) -> Any:
    """An object or a list as JSON, unless something in it has none."""
    try:
        return values.json_text(value) if isinstance(value, dict | list) else value
    except values.UnfitError:
        return value


def _items(raw: Any) -> tuple[list[str | None], str]:
    """Return a list's elements as text, and the reason if something of it did not fit."""
    if raw is None:
        return [], ""
    if not isinstance(raw, list):
        return [], "not a list"
    items: list[str | None] = []
    reason = ""
    for element in raw:
        try:
            items.append(values.converted(element, "text"))
        except values.UnfitError as error:
            items.append(None)
            reason = f"an element: {error}"
    return items, reason


def _entries(raw: Any) -> tuple[list[tuple[str, str, str]], str]:
    """Return an object's keys, values and types of values, and the reason if something of it did not fit."""
    if raw is None:
        return [], ""
    found = _object(raw)
    if found is None:
        return [], "not an object"
    entries: list[tuple[str, str, str]] = []
    reason = ""
    for key, value in found.items():
        try:
            text = values.converted(value if isinstance(value, str) else values.json_text(value), "text")
            entries.append((values.converted(key, "text"), text, _JSON_TYPES.get(type(value), "number")))
        except values.UnfitError as error:
            reason = f"an entry: {error}"
    return entries, reason


def _object(raw: Any) -> Entry | None:
    """An object, or text that spells one."""
    if isinstance(raw, str):
        try:
            raw = decoded(raw.encode())
        except ValueError:
            return None
    return raw if isinstance(raw, dict) else None


def _rejection(row_id: int, field: str, raw: Any, reason: str) -> Entry:
    return {"interaction_id": row_id, "field": field, "raw_value": values.as_json(raw), "reason": reason}
