"""DuckDB: one file, one writer."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import combinations
from pathlib import Path
from typing import Any, ClassVar, cast

import dlt

from liine_source.destinations.base import (
    AnyDltDestination,
    Destination,
    Location,
    Question,
    data_location,
    partial_configuration,
)
from liine_source.destinations.duckdb_client import MEMORY_LIMIT, DuckDbFactory
from liine_source.errors import ConfigurationError, MissingDatasetError, NameClashError
from liine_source.warehouse import catalog, duckdb_file, structure
from liine_source.warehouse.duckdb_file import RewrittenFile
from liine_source.warehouse.structure import ForeignKey

DEFAULT_FILE = "warehouse.duckdb"

# Without these DuckDB keeps a whole load in memory where it can, and each thread takes more than 100 MB of wide rows.
_LIMITS = {"memory_limit": MEMORY_LIMIT, "threads": 1}


class DuckDb(Destination):
    """A DuckDB file."""

    # Those that runs of an earlier version have left.
    has_staging_dataset = True
    can_remove_deleted_bytes = True
    dbt_extra: ClassVar[str | None] = "dbt"
    questions: ClassVar[Sequence[Question] | None] = (
        Question(("destination", "duckdb", "credentials"), "DuckDB file", default=DEFAULT_FILE),
    )
    column_types: ClassVar[Mapping[str, str]] = {
        "text": "varchar",
        "bigint": "bigint",
        "bool": "boolean",
        "double": "double",
        "decimal": r"decimal\(38,9\)",
        "timestamp": "timestamp with time zone",
        "naive": "timestamp",
        "date": "date",
    }
    tables_query: ClassVar[str | None] = structure.INFORMATION_SCHEMA
    foreign_keys_query: ClassVar[str | None] = structure.DUCKDB_FOREIGN_KEYS

    def build_factory(self, staging_layout: str) -> AnyDltDestination:
        """Return dlt's destination with our client."""
        return DuckDbFactory(destination_name=self.name, **self.arguments(staging_layout))

    def arguments(self, staging_layout: str) -> dict[str, Any]:
        """Return the arguments of dlt's destination, with limits on memory and threads."""
        arguments = super().arguments(staging_layout)
        if dlt.secrets.get("destination.duckdb.credentials") is None:
            arguments["credentials"] = DEFAULT_FILE
        credentials = partial_configuration(self.build_plain(arguments)).credentials
        credentials.global_config = _LIMITS | (credentials.global_config or {})
        return {**arguments, "credentials": credentials}

    def address(self, factory: AnyDltDestination) -> str:
        """Return the absolute path of the file."""
        return str(Path(data_location(factory)).resolve())

    def locate(self, factory: AnyDltDestination, dataset: str) -> Location:
        """Return file and dataset."""
        return Location(self.name, self.address(factory), dataset)

    def check_names(self, address: str, dataset: str, staging: str, pipeline: str) -> None:
        """DuckDB names a database after its file, and confuses it with a schema of the same name."""
        names: Mapping[str, str] = {
            "the DuckDB file": Path(address).stem,
            "the dataset": dataset,
            "the pipeline": pipeline,
            "the staging dataset": staging,
        }
        for (one, first), (other, second) in combinations(names.items(), 2):
            if first.lower() == second.lower():
                raise NameClashError(
                    f"{one} and {other} have the same name, {first!r}, which DuckDB cannot tell apart. "
                    "Choose another --dataset, or another file in DESTINATION__DUCKDB__CREDENTIALS."
                )

    def require_existing(self, location: Location) -> None:
        """Raise MissingDatasetError where there is no file: connecting would create it."""
        if not Path(location.address).exists():
            raise MissingDatasetError(
                f"There is no DuckDB file {location.address}. Run `liine sync` to create it, or set the right one in "
                "DESTINATION__DUCKDB__CREDENTIALS; a relative path starts in the current folder."
            )

    def check_access(self, pipeline: dlt.Pipeline, location: Location) -> None:
        """Read a file that exists; else the first sync creates it, in a folder that has to exist."""
        del pipeline
        file = Path(location.address)
        if not file.parent.is_dir() or file.is_dir():
            raise ConfigurationError(
                f"The DuckDB file {file} must be a file in a folder that exists. Create the folder, or name another."
            )
        if file.exists():
            duckdb_file.require_readable(file)

    def has_data(self, pipeline: dlt.Pipeline, location: Location) -> bool:
        """Return whether anything was ever loaded into the dataset."""
        return Path(location.address).exists() and super().has_data(pipeline, location)

    def list_datasets(self, pipeline: dlt.Pipeline) -> dict[str, set[str]]:
        """Return the tables of each schema of the file."""
        return catalog.list_datasets(pipeline, catalog.PG_CATALOG)

    def updates_in_place(self, pipeline: dlt.Pipeline) -> bool:
        """Whether rows can be updated in place; DuckDB checks foreign keys as if the row was deleted, though."""
        del pipeline
        return True

    def drop_foreign_key(self, pipeline: dlt.Pipeline, key: ForeignKey) -> list[str]:
        """Return the statements that copy a table without its foreign key: DuckDB cannot drop one."""
        client = pipeline.sql_client()
        names = key.dataset, key.table, f"{key.table}_copy"
        dataset, table, copy = map(client.escape_column_name, names)
        return [
            f"CREATE TABLE {dataset}.{copy} AS FROM {dataset}.{table};",
            f"DROP TABLE {dataset}.{table};",
            f"ALTER TABLE {dataset}.{copy} RENAME TO {table};",
        ]

    @contextmanager
    def keep_open(self, pipeline: dlt.Pipeline) -> Iterator[None]:
        """Keep the file open during a run, by a connection that all others are duplicated from.

        dlt closes it after each step, and DuckDB then writes all changes into it. And a file that another program has
        open fails before the first request.
        """
        with catalog.connect(pipeline):
            yield

    @contextmanager
    def read_only(self, pipeline: dlt.Pipeline) -> Iterator[None]:
        """Open a file that exists beside other readers, once for all connections.

        Raises DestinationError where another program writes to it. A file that this process itself writes to is
        opened as it is.
        """
        factory: AnyDltDestination = cast("AnyDltDestination", pipeline.destination)
        file = Path(self.address(factory))
        with duckdb_file.hold_for_reading(file) if file.exists() else nullcontext(False) as is_held:
            factory.config_params["credentials"].read_only = is_held
            yield

    def remove_deleted_bytes(self, location: Location) -> RewrittenFile:
        """Write the file anew, without what was deleted."""
        self.require_existing(location)
        return duckdb_file.rewrite(Path(location.address))

    def dbt_environment(self, factory: AnyDltDestination, dataset: str) -> dict[str, Any]:
        """Return the file's path."""
        del dataset
        credentials: Any = partial_configuration(factory).credentials
        return {"DESTINATION__DUCKDB__CREDENTIALS": Path(cast("str", credentials.database)).resolve()}
