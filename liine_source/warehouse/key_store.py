"""The table `personal_data_keys`: by which check value each key is recognized that hashed something in the dataset."""

from collections.abc import Sequence

import dlt
from sqlglot import exp

from liine_source.privacy.keys import Key
from liine_source.spec.tables import INTERACTIONS, PERSONAL_DATA_KEYS, PROVIDER_NAMES
from liine_source.spec.types import Field
from liine_source.warehouse import catalog, comments
from liine_source.warehouse.statements import execute, insert, name, select, statement

_CREATE = "create table if not exists personal_data_keys (key_id text not null, check_value text not null)"
_REMOVE = "delete from personal_data_keys where key_id = :key_id and check_value = :check_value"


def read_check_values(pipeline: dlt.Pipeline) -> set[tuple[str, str]]:
    """Return the id and the check value of each key; none where there is no such table."""
    if not catalog.column_types(pipeline, PERSONAL_DATA_KEYS):
        return set()
    query = statement("select key_id, check_value from personal_data_keys")
    return {(key_id, value) for key_id, value in select(pipeline, query)}


def add_check_value(pipeline: dlt.Pipeline, key: Key) -> None:
    """Store a key's check value; the dataset and the table are created if they do not exist."""
    with pipeline.destination_client() as client:
        if not client.is_storage_initialized():
            client.initialize_storage()
    create = [] if catalog.column_types(pipeline, PERSONAL_DATA_KEYS) else [statement(_CREATE)]
    row = {"key_id": key.key_id, "check_value": key.check_value}
    execute(pipeline, *create, insert(PERSONAL_DATA_KEYS, [row]))
    if create:
        comments.write(pipeline)


def remove_check_value(pipeline: dlt.Pipeline, key: Key) -> None:
    """Remove a key's check value."""
    execute(pipeline, statement(_REMOVE, key_id=key.key_id, check_value=key.check_value))


def has_hashes(pipeline: dlt.Pipeline, fields: Sequence[Field], key_id: str) -> bool:
    """Whether the warehouse has values of hashed fields under a key's id.

    A hash that is a number does not show its key, so it counts only where no field is hashed to text.
    """
    texts = {field.name for field in fields if field.data_type == "text"}
    hashed = texts or {field.name for field in fields}
    present = catalog.column_types_by_table(pipeline, [INTERACTIONS, PROVIDER_NAMES])
    # The only list of the reference has a table of its own.
    columns_by_table = {INTERACTIONS: hashed, PROVIDER_NAMES: {"provider_name"} if "provider_names" in texts else set()}
    for table, columns in columns_by_table.items():
        found = [name(column) for column in sorted(columns & present[table].keys())]
        if not found:
            continue
        prefix = exp.Literal.string(f"{key_id}:")
        is_hash = [
            exp.StartsWith(this=column, expression=prefix) if texts else column.is_(exp.null()).not_()
            for column in found
        ]
        if any(True for _ in select(pipeline, exp.select("1").from_(table).where(exp.or_(*is_hash)).limit(1))):
            return True
    return False
