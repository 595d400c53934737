"""Columns of a page -> Arrow arrays, at once where every value has its documented type, else value by value."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from liine_source.api import values
from liine_source.api.reference_times import parse_reference_times
from liine_source.spec.tables import COLUMNS, Column

_ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "bool": pa.bool_(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "decimal": pa.decimal128(38, 9),
    "date": pa.date32(),
}
# Arrow takes other numbers for these, or cuts them, such as a tiny decimal to 0: a column with other types is converted
# value by value.
_BULK_TYPES: dict[pa.DataType, set[type]] = {
    pa.int64(): {int, type(None)},
    pa.float64(): {type(None)},
    _ARROW_TYPES["decimal"]: {type(None)},
}

Rejection = tuple[int, str | None, str]
"""The place of a value in its column, its raw value, and the reason, for `interactions__rejected_values`."""


def table_schema(table: str) -> pa.Schema:
    """Return the Arrow schema of a table."""
    return pa.schema([pa.field(c.name, column_arrow_type(c), nullable=c.nullable) for c in COLUMNS[table]])


def column_arrow_type(column: Column) -> pa.DataType:
    """Return the Arrow type of a column."""
    return _arrow_type(column.data_type, has_timezone=column.has_timezone)


def _arrow_type(data_type: str, *, has_timezone: bool) -> pa.DataType:
    if data_type == "timestamp":
        return pa.timestamp("us", tz="UTC" if has_timezone else None)
    return _ARROW_TYPES[data_type]


def build_array(raw: Sequence[Any], data_type: str, *, has_timezone: bool) -> tuple[pa.Array | None, list[Rejection]]:
    """Return a column, and the values that did not fit it.

    There is no column where the destination has one with a type that no value is converted to.
    """
    arrow_type = _arrow_type(data_type, has_timezone=has_timezone) if data_type in values.DATA_TYPES else None
    array = _build_in_bulk(raw, arrow_type)
    if array is not None:
        return array, []
    fitted: list[Any] = []
    rejections: list[Rejection] = []
    for place, value in enumerate(raw):
        try:
            fitted.append(values.convert(value, data_type, has_timezone=has_timezone))
        except values.ConversionError as error:
            fitted.append(None)
            rejections.append((place, values.to_raw_value(value), str(error)))
    return arrow_type and pa.array(fitted, arrow_type), rejections


def _build_in_bulk(raw: Sequence[Any], arrow_type: pa.DataType | None) -> pa.Array | None:
    """Return the whole column at once where every value has its documented type, else None.

    Arrow itself refuses other types, except that it silently truncates fractions in a column of integers.
    """
    if arrow_type is None or (arrow_type in _BULK_TYPES and {type(value) for value in raw} - _BULK_TYPES[arrow_type]):
        return None
    try:
        if pa.types.is_timestamp(arrow_type):
            return parse_reference_times(raw, arrow_type)
        array = pa.array(raw, arrow_type)
    except (pa.ArrowException, ValueError, OverflowError):
        return None
    return None if pa.types.is_string(arrow_type) and _may_be_unstorable(array) else array


def _may_be_unstorable(texts: pa.StringArray) -> bool:
    """Whether one of the texts has a NUL character, or all of them are longer than one may be."""
    characters = texts.buffers()[2]
    return characters is not None and (characters.size > values.LONGEST_TEXT or b"\0" in characters.to_pybytes())


def infer_data_type(raw: list[Any]) -> str:
    """Return dlt's data type for the values of an unknown field."""
    kinds = {type(value) for value in raw if value is not None}
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "bigint"
    if kinds and not kinds & {bool, str, dict, list, values.DeepValue}:
        return "double"
    return "text"


def format_nested(value: Any) -> Any:
    """Return an object or a list as JSON text, or as Unstorable where it cannot be one; other values as they are."""
    try:
        return values.to_strict_json(value) if isinstance(value, dict | list) else value
    except values.ConversionError as error:
        return values.Unstorable(values.to_json(value), str(error))
