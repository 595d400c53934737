"""Postgres: many writers, kept apart by advisory locks and unique indexes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import dlt
from dlt.common.schema import Schema

from liine_source.destinations.base import (
    AnyDltDestination,
    Location,
    dbt_credentials,
    partial_configuration,
    require_credentials,
)
from liine_source.destinations.shared_warehouse import SharedWarehouse
from liine_source.errors import DestinationError
from liine_source.warehouse import catalog, structure

_MERGE_SINCE = 150000


class Postgres(SharedWarehouse):
    """A Postgres database."""

    extra: ClassVar[str | None] = "postgres"
    dbt_extra: ClassVar[str | None] = "dbt-postgres"
    column_types: ClassVar[Mapping[str, str]] = {
        "text": "character varying|text",
        "bigint": "bigint",
        "bool": "boolean",
        "double": "double precision",
        "decimal": r"numeric(\(38,9\))?",
        "timestamp": r"timestamp(\(6\))? with time zone",
        "naive": r"timestamp(\(6\))? without time zone",
        "date": "date",
    }
    tables_query: ClassVar[str | None] = structure.PG_CATALOG
    foreign_keys_query: ClassVar[str | None] = structure.PG_FOREIGN_KEYS
    serves_foreign_keys: ClassVar[bool] = True

    def arguments(self, staging_layout: str) -> dict[str, Any]:
        """Return the arguments of dlt's destination, with complete credentials."""
        arguments = super().arguments(staging_layout)
        _copy_by_row_group()
        credentials = require_credentials(self.name, self.build_plain(arguments))
        return {**arguments, "credentials": credentials}

    def address(self, factory: AnyDltDestination) -> str:
        """Return host and database; the host may be the folder of a socket."""
        credentials = partial_configuration(factory).credentials
        location = super().address(factory)
        if socket := (credentials.query or {}).get("host"):
            return location.replace(credentials.host, socket, 1)
        return location

    def list_datasets(self, pipeline: dlt.Pipeline) -> dict[str, set[str]]:
        """Return the tables of each schema of the database."""
        return catalog.list_datasets(pipeline, catalog.PG_CATALOG)

    def require_readable(self, pipeline: dlt.Pipeline, location: Location) -> None:
        """Raise DestinationError where the role may not read our tables."""
        hidden, role = catalog.hidden_tables(pipeline)
        if not hidden & catalog.OUR_TABLES:
            return
        client = pipeline.sql_client()
        schema, grantee = client.escape_column_name(client.dataset_name), client.escape_column_name(role)
        raise DestinationError(
            f"The role {role} may not read dataset {location.dataset} in {location}. Run as the tables' owner: GRANT "
            f"USAGE ON SCHEMA {schema} TO {grantee}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {grantee}; A "
            "role that loads needs more: docs/postgres.md."
        )

    def updates_in_place(self, pipeline: dlt.Pipeline) -> bool:
        """Whether the server has MERGE: from version 15 on."""
        return structure.server_version(pipeline) >= _MERGE_SINCE

    @contextmanager
    def exclusive(self, pipeline: dlt.Pipeline, what: str, patience: float) -> Iterator[None]:
        """Hold an advisory lock of the dataset."""
        from liine_source.warehouse import advisory_lock  # noqa: PLC0415  SQLAlchemy is slow to import

        with advisory_lock.hold(pipeline, f"liine-source {pipeline.dataset_name} {what}", patience):
            yield

    def before_load(self, pipeline: dlt.Pipeline, declared: Schema) -> None:
        """Create tables and indexes that are missing, and refuse columns that another run has typed otherwise."""
        from liine_source.warehouse import indexes  # noqa: PLC0415  SQLAlchemy is slow to import

        self.create_tables(pipeline, declared)
        # An earlier run may have been killed between the two, or somebody may have dropped an index.
        indexes.create_missing(pipeline)
        self.refuse_other_types(pipeline, "Nothing of this load was written: run again.")

    def dbt_environment(self, factory: AnyDltDestination) -> dict[str, Any]:
        """Return host, port, login and database; a server's socket folder is in the query of its address."""
        credentials = partial_configuration(factory).credentials
        query = credentials.query or {}
        names = ["host", "port", "username", "password", "database"]
        return dbt_credentials(self.name, credentials, names) | {
            "DESTINATION__POSTGRES__CREDENTIALS__HOST": query.get("host") or credentials.host,
            "PGSSLMODE": query.get("sslmode"),
            "PGOPTIONS": query.get("options"),
        }


def _copy_by_row_group() -> None:
    """Make dlt copy a file into Postgres by row groups, still in one transaction, instead of reading it whole."""
    with suppress(ImportError):  # dlt itself says what to install
        from dlt.destinations.impl.postgres.postgres import PostgresParquetCopyJob  # noqa: PLC0415  it needs the extra

        PostgresParquetCopyJob._ingest_per_rowgroup = True  # noqa: SLF001  dlt has no setting for it
