"""The table `personal_data_keys`: by which check value each key is recognized that hashed something in the dataset."""

from collections.abc import Sequence
from typing import Any

import dlt
import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from liine_source.privacy.keys import Key
from liine_source.spec.tables import COLUMNS, INTERACTIONS, PERSONAL_DATA_KEYS, PROVIDER_NAMES
from liine_source.spec.types import Field
from liine_source.warehouse import catalog
from liine_source.warehouse.statements import COLUMN_TYPES, execute, select

_table = sa.Table(
    PERSONAL_DATA_KEYS,
    sa.MetaData(),
    *(
        sa.Column(column.name, COLUMN_TYPES[column.data_type], nullable=column.nullable)
        for column in COLUMNS[PERSONAL_DATA_KEYS]
    ),
)


def read_check_values(pipeline: dlt.Pipeline) -> set[tuple[str, str]]:
    """Return the id and the check value of each key; none where there is no such table."""
    if not catalog.column_types(pipeline, PERSONAL_DATA_KEYS):
        return set()
    return {(key_id, value) for key_id, value in select(pipeline, sa.select(_table.c.key_id, _table.c.check_value))}


def add_check_value(pipeline: dlt.Pipeline, key: Key) -> None:
    """Store a key's check value; the dataset and the table are created if they do not exist."""
    with pipeline.destination_client() as client:
        if not client.is_storage_initialized():
            client.initialize_storage()
    create = [] if catalog.column_types(pipeline, PERSONAL_DATA_KEYS) else [CreateTable(_table, if_not_exists=True)]
    execute(pipeline, *create, sa.insert(_table).values(key_id=key.key_id, check_value=key.check_value))


def remove_check_value(pipeline: dlt.Pipeline, key: Key) -> None:
    """Remove a key's check value."""
    columns = _table.c
    execute(
        pipeline,
        sa.delete(_table).where(columns.key_id == key.key_id, columns.check_value == key.check_value),
    )


def has_hashes(pipeline: dlt.Pipeline, fields: Sequence[Field], key_id: str) -> bool:
    """Whether the warehouse has values of hashed fields under a key's id.

    A hash that is a number does not show its key, so it counts only where no field is hashed to text.
    """
    texts = {field.name for field in fields if field.data_type == "text"}
    hashed = texts or {field.name for field in fields}
    present = catalog.column_types_by_table(pipeline, [INTERACTIONS, PROVIDER_NAMES])
    # The only list of the reference has a table of its own.
    names = {INTERACTIONS: hashed, PROVIDER_NAMES: {"provider_name"} if "provider_names" in texts else set()}
    for table, columns in names.items():
        found: list[sa.ColumnClause[Any]] = [sa.column(name) for name in sorted(columns & present[table].keys())]
        if not found:
            continue
        is_hash = [column.startswith(f"{key_id}:") if texts else column.is_not(None) for column in found]
        statement: Any = sa.select(sa.literal_column("1")).select_from(sa.table(table)).where(sa.or_(*is_hash)).limit(1)
        if any(True for _ in select(pipeline, statement)):
            return True
    return False
