"""Column descriptions in `spec.tables` -> dlt's column hints."""

from typing import Any, cast

from dlt.common.schema.typing import TColumnSchema, TTableSchemaColumns

from liine_source.spec.tables import COLUMNS, Column

PERSONAL_DATA_HINT = "x-personal-data"

_PRECISION: dict[str, dict[str, int]] = {"timestamp": {"precision": 6}, "decimal": {"precision": 38, "scale": 9}}


def column_hints(table: str) -> TTableSchemaColumns:
    """Return dlt's hints for the columns of a table, in order, with descriptions."""
    return {column.name: column_hint(column) for column in COLUMNS[table]}


def column_hint(column: Column) -> TColumnSchema:
    """Return dlt's hints for one column."""
    hint: dict[str, Any] = {
        "name": column.name,
        "data_type": column.data_type,
        "description": column.description,
        "nullable": column.nullable,
        **_PRECISION.get(column.data_type, {}),
    }
    if column.personal_data:
        hint[PERSONAL_DATA_HINT] = column.personal_data
    if column.is_hard_delete:
        hint["hard_delete"] = True
    if column.data_type == "timestamp":
        hint["timezone"] = column.has_timezone
    return cast("TColumnSchema", hint)
