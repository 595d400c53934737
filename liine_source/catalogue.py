"""What tables the destination has, by its own catalogue; no schema that some pipeline remembers is trusted for it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any, cast
from weakref import WeakKeyDictionary

import dlt
from dlt.common.destination import Destination
from dlt.common.destination.client import WithStagingDataset
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema.utils import has_table_seen_data
from dlt.destinations.fs_client import FSClientBase
from dlt.destinations.job_client_impl import SqlJobClientBase

from liine_source import tables

# What a load has in staging: the tables that are merged, and dlt's own, which tells of their columns.
_STAGED = {*tables.OF_INTERACTIONS}
_VERSION = "_dlt_version"
# What a dataset has that was loaded, and staging never.
_LOADS = "_dlt_loads"

STATES = "_dlt_pipeline_state"
OURS = {*tables.OF_INTERACTIONS, tables.SWEEPS, "_dlt_loads", STATES}
_PG_CATALOG = ("select nspname from pg_namespace", "select schemaname, tablename from pg_tables")
# All datasets of the database, and all tables. DuckDB has Postgres's catalogue, too; Postgres's information_schema
# hides what the role may not read.
_CATALOGS = {
    "duckdb": _PG_CATALOG,
    "postgres": _PG_CATALOG,
    "snowflake": (
        "select schema_name from information_schema.schemata",
        "select table_schema, table_name from information_schema.tables",
    ),
}
_MAY_READ = """
select c.relname, has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select'), current_user
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where n.nspname = %s
"""


# Of each pipeline the clients that are not in use: dlt takes longer to make one than our statements take to run.
_idle: "WeakKeyDictionary[dlt.Pipeline, list[Any]]" = WeakKeyDictionary()


@contextmanager
def connect(pipeline: dlt.Pipeline) -> Iterator[Any]:
    """Connect dlt's client of the pipeline's destination and yield it; that of a database has a `sql_client`."""
    idle = _idle.setdefault(pipeline, [])
    client = idle.pop() if idle else pipeline.destination_client()
    with client:
        yield client
    idle.append(client)


def speaks_sql(pipeline: dlt.Pipeline) -> bool:
    """Whether the destination is a database, rather than files."""
    client_class = cast("Destination[Any, Any]", pipeline.destination).client_class
    return issubclass(client_class, SqlJobClientBase)


def column_types(pipeline: dlt.Pipeline, table: str = tables.INTERACTIONS) -> dict[str, str]:
    """Return dlt's data types of the columns that a table has in the pipeline's dataset; none if it is not there."""
    return column_types_by_table(pipeline, [table])[table]


def column_types_by_table(pipeline: dlt.Pipeline, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return dlt's data types of the columns that each of some tables has in the pipeline's dataset."""
    with connect(pipeline) as client:
        stored = client.get_storage_tables(names)
        # Snowflake spells in capitals what dlt spells in small letters.
        return {
            table: {name.lower(): column["data_type"] for name, column in columns.items()} for table, columns in stored
        }


def unstaged_tables(client: Any) -> set[str]:
    """Return those tables of the dataset that a SQL client is turned to which no load has put there as staging."""
    name = client.make_qualified_table_name_path(None, quote=False)[-1]
    rows = client.execute_sql("SELECT table_name FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = %s", name)
    return {str(row[0]).lower() for row in rows} - _STAGED - {_VERSION}


def staging_of_others(pipeline: dlt.Pipeline) -> str | None:
    """Return the dataset that dlt would empty as its staging though somebody else made it; None where it is nobody's.

    Other tables may be there, such as models of dbt's: dlt leaves them alone.
    """
    with pipeline.destination_client() as client:
        if not isinstance(client, WithStagingDataset):
            return None
        with client.with_staging_dataset():
            stored = client.get_storage_tables([*_STAGED, _VERSION, _LOADS])  # type: ignore[attr-defined]
            found = {name for name, columns in stored if columns}
            name = str(client.sql_client.dataset_name)  # type: ignore[attr-defined]
    is_staging = _VERSION in found and _LOADS not in found
    return name if found & _STAGED and not is_staging else None


def dropped_tables(pipeline: dlt.Pipeline, names: Sequence[str]) -> list[str]:
    """Return the tables that had rows once, as the schema in the destination tells, and are not there any more."""
    with connect(pipeline) as client:
        stored = client.get_stored_schema("liine")
        known = json.loads(stored.schema)["tables"] if stored else {}
        absent = [name for name, columns in client.get_storage_tables(names) if not columns]
    return [name for name in absent if name in known and has_table_seen_data(known[name])]


def incomplete_tables(pipeline: dlt.Pipeline, columns: Mapping[str, AbstractSet[str]]) -> list[str]:
    """Return the tables of which something is missing.

    In a database that is a table, or one of the columns named with it; of files, all of a table's.
    """
    with connect(pipeline) as client:
        if isinstance(client, FSClientBase):
            return [name for name in columns if not _has_files(client, name)]
    held = column_types_by_table(pipeline, [*columns])
    return [name for name, expected in columns.items() if expected - held[name].keys()]


def _has_files(client: FSClientBase, name: str) -> bool:
    try:
        return bool(client.list_table_files(name))
    except DestinationUndefinedEntity:
        return False


def datasets(pipeline: dlt.Pipeline) -> dict[str, set[str]]:
    """Return the tables of each dataset of the database, in small letters.

    Of the pipeline's dataset alone, and only tables of ours, where the destination is none of the three with a page.
    """
    destination: Any = pipeline.destination
    if queries := _CATALOGS.get(destination.destination_name):
        with pipeline.sql_client() as client:
            names, named = (client.execute_sql(query) or [] for query in queries)
        found: dict[str, set[str]] = {name.lower(): set() for (name,) in names}
        for dataset, table in named:
            found.setdefault(dataset.lower(), set()).add(table.lower())
        return found
    with pipeline.destination_client() as client:
        is_there = client.is_storage_initialized()
        present = {name for name, columns in client.get_storage_tables(OURS) if columns}  # type: ignore[attr-defined]
    return {dataset_name(pipeline).lower(): present} if is_there else {}


def hidden_tables(pipeline: dlt.Pipeline) -> tuple[set[str], str]:
    """Return the tables of a dataset on Postgres that the role may not read, and the role."""
    with pipeline.sql_client() as client:
        told = client.execute_sql(_MAY_READ, client.dataset_name) or []
    return {table for table, may_read, _ in told if not may_read}, next((role for *_, role in told), "")


def dataset_name(pipeline: dlt.Pipeline) -> str:
    """Return the dataset's name as the destination spells it; nothing is connected to."""
    return pipeline.sql_client().dataset_name
