"""Which tables and columns the destination has, by its own catalog; the schemas of pipelines may be wrong."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any, cast
from weakref import WeakKeyDictionary

import dlt
from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.common.destination.client import WithStagingDataset
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.destinations.fs_client import FSClientBase
from dlt.destinations.job_client_impl import SqlJobClientBase

from liine_source.spec.tables import INTERACTION_TABLES, INTERACTIONS, SAMPLE, SOURCE_TABLES

STATE_TABLE = "_dlt_pipeline_state"
LOADS_TABLE = "_dlt_loads"
OUR_TABLES = {*SOURCE_TABLES, LOADS_TABLE, STATE_TABLE}

VERSION_TABLE = "_dlt_version"
DLT_TABLES = (VERSION_TABLE, LOADS_TABLE, STATE_TABLE)

# dlt stages the tables that are merged, with its own version table, but never its table of loads.
_STAGED_TABLES = {*INTERACTION_TABLES}

PG_CATALOG = ("select nspname from pg_namespace", "select schemaname, tablename from pg_tables")
"""Queries of all schemas and all tables. DuckDB has this catalog too; information_schema hides unreadable tables."""

_MAX_LISTED = 10

# Idle clients by pipeline: dlt takes longer to make a client than our statements take to run.
_idle: "WeakKeyDictionary[dlt.Pipeline, list[Any]]" = WeakKeyDictionary()
# Connected ones that wait for the next statement, within `keep_connected`.
_waiting: "WeakKeyDictionary[dlt.Pipeline, list[Any]]" = WeakKeyDictionary()


@contextmanager
def connect(pipeline: dlt.Pipeline) -> Iterator[Any]:
    """Yield a connected dlt client of the pipeline's destination; a database's client has a `sql_client`."""
    waiting = _waiting.get(pipeline)
    if waiting:
        client = waiting.pop()
        yield client
        # After an error it may be of no use.
        waiting.append(client)
        return
    idle = _idle.setdefault(pipeline, [])
    client = idle.pop() if idle else pipeline.destination_client()
    with client:
        yield client
    idle.append(client)


@contextmanager
def keep_connected(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Let one connection serve several statements, which must not take long: a server may end idle sessions."""
    if pipeline in _waiting:
        yield
        return
    with connect(pipeline) as client:
        _waiting[pipeline] = [client]
        try:
            yield
        finally:
            del _waiting[pipeline]


def speaks_sql(pipeline: dlt.Pipeline) -> bool:
    """Whether the destination is a database, and not files."""
    client_class = cast("Destination[Any, Any]", pipeline.destination).client_class
    return issubclass(client_class, SqlJobClientBase)


def dataset_name(pipeline: dlt.Pipeline) -> str:
    """Return the dataset's name as the destination writes it; nothing is connected to."""
    return pipeline.sql_client().dataset_name


def column_types(pipeline: dlt.Pipeline, table: str = INTERACTIONS) -> dict[str, str]:
    """Return dlt's data types of a table's columns in the pipeline's dataset; none where there is no such table."""
    return column_types_by_table(pipeline, [table])[table]


def column_types_by_table(pipeline: dlt.Pipeline, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return dlt's data types of the columns of several tables in the pipeline's dataset.

    Names are in lower case, apart from those that no load can have created because letters differ in case.
    """
    with connect(pipeline) as client:
        stored = client.get_storage_tables(names)
        capabilities = client.capabilities
        return {
            table: {_column_name(name, capabilities): column["data_type"] for name, column in columns.items()}
            for table, columns in stored
        }


def _column_name(stored: str, capabilities: DestinationCapabilitiesContext) -> str:
    name = stored.lower()
    # Snowflake writes names in upper case. Quoted, another name is another column in Postgres and Snowflake.
    is_another = capabilities.has_case_sensitive_identifiers and capabilities.casefold_identifier(name) != stored
    return stored if is_another else name


def unstaged_tables(client: Any) -> set[str]:
    """Return the tables in the dataset of a SQL client that no load has put there as staging."""
    name = client.make_qualified_table_name_path(None, quote=False)[-1]
    rows = client.execute_sql("SELECT table_name FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = %s", name)
    return {str(row[0]).lower() for row in rows} - _STAGED_TABLES - {VERSION_TABLE}


def foreign_staging_dataset(pipeline: dlt.Pipeline) -> str | None:
    """Return the dataset that dlt would empty as its staging although others made it; None where there is none.

    Other tables in it, such as dbt's models, are not touched by dlt.
    """
    with pipeline.destination_client() as client:
        if not isinstance(client, WithStagingDataset):
            return None
        with client.with_staging_dataset():
            stored = client.get_storage_tables([*_STAGED_TABLES, VERSION_TABLE, LOADS_TABLE])  # type: ignore[attr-defined]
            found = {name for name, columns in stored if columns}
            name = str(client.sql_client.dataset_name)  # type: ignore[attr-defined]
    is_staging = VERSION_TABLE in found and LOADS_TABLE not in found
    return name if found & _STAGED_TABLES and not is_staging else None


def incomplete_tables(pipeline: dlt.Pipeline, columns: Mapping[str, AbstractSet[str]]) -> list[str]:
    """Return the tables that are missing, or lack one of the columns given for them; of files, those without files."""
    with connect(pipeline) as client:
        if isinstance(client, FSClientBase):
            return [name for name in columns if not _has_files(client, name)]
    stored = column_types_by_table(pipeline, [*columns])
    return [name for name, expected in columns.items() if expected - stored[name].keys()]


def _has_files(client: FSClientBase, name: str) -> bool:
    try:
        return bool(client.list_table_files(name))
    except DestinationUndefinedEntity:
        return False


def list_datasets(pipeline: dlt.Pipeline, queries: tuple[str, str]) -> dict[str, set[str]]:
    """Return the tables of each dataset in lower case, by queries of all datasets and all tables."""
    with pipeline.sql_client() as client:
        names, tables = (client.execute_sql(query) or [] for query in queries)
    datasets: dict[str, set[str]] = {name.lower(): set() for (name,) in names}
    for dataset, table in tables:
        datasets.setdefault(dataset.lower(), set()).add(table.lower())
    return datasets


def own_dataset(pipeline: dlt.Pipeline) -> dict[str, set[str]]:
    """Return our tables in the pipeline's dataset, by the dataset's name in lower case."""
    with pipeline.destination_client() as client:
        exists = client.is_storage_initialized()
        present = {name for name, columns in client.get_storage_tables(OUR_TABLES) if columns}  # type: ignore[attr-defined]
    return {dataset_name(pipeline).lower(): present} if exists else {}


def similar_datasets(datasets: Mapping[str, set[str]]) -> str:
    """Return the names of the first datasets that look like ours, as text."""
    similar = sorted(
        name for name, tables in datasets.items() if tables >= {INTERACTIONS, STATE_TABLE} and SAMPLE not in tables
    )
    return ", ".join(similar[:_MAX_LISTED]) + (" …" if len(similar) > _MAX_LISTED else "")
