"""Postgres: many writers, kept apart by advisory locks and unique indexes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from functools import cache
from typing import Any, ClassVar, cast

import dlt
from dlt.common.configuration.exceptions import InvalidNativeValue
from dlt.common.schema import Schema
from dlt.destinations import postgres

from liine_source.destinations.base import (
    AnyDltDestination,
    Location,
    Question,
    data_location,
    explain_missing_credentials,
    partial_configuration,
    refuse_unknown_credentials,
)
from liine_source.destinations.postgres_login import (
    PostgresLogin,
    PostgresLoginConfiguration,
    connection_parameters,
    dbt_variables,
)
from liine_source.destinations.shared_warehouse import SharedWarehouse
from liine_source.documentation import page
from liine_source.errors import ConfigurationError, DestinationError
from liine_source.warehouse import advisory_lock, catalog, comments, indexes, lock_waits, privileges, structure
from liine_source.warehouse.comments import CommentingClient

_MERGE_SINCE = 150_000

# In which every text can be stored; SQL_ASCII stores bytes as they come, which are UTF-8.
_ENCODINGS = {"UTF8", "SQL_ASCII"}
_UNREADABLE = (
    "The address of Postgres, DESTINATION__POSTGRES__CREDENTIALS or credentials under [destination.postgres], cannot "
    "be read. It must look like postgresql://user:password@host:5432/database?sslmode=verify-full, with parameters "
    "that libpq knows, and in user, password and database with %20 for a blank, %25 for %, %40 for @, %2F for / and "
    "%3A for a colon."
)


class Postgres(SharedWarehouse):
    """A Postgres database."""

    extra: ClassVar[str | None] = "postgres"
    dbt_extra: ClassVar[str | None] = "dbt-postgres"
    questions: ClassVar[Sequence[Question] | None] = (
        Question(
            ("destination", "postgres", "credentials"),
            "Address, such as postgresql://user:password@host:5432/database?sslmode=verify-full",
            is_secret=True,
        ),
    )
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

    def build_plain(self, arguments: Mapping[str, Any]) -> AnyDltDestination:
        """Return dlt's destination with our login."""
        return PostgresFactory(destination_name=self.name, **arguments)

    def arguments(self, staging_layout: str) -> dict[str, Any]:
        """Return the arguments of dlt's destination, with the login."""
        arguments = super().arguments(staging_layout)
        refuse_unknown_credentials(self.name, PostgresLogin)
        try:
            login: PostgresLogin = partial_configuration(self.build_plain(arguments)).credentials
        except InvalidNativeValue:
            is_readable = False
        else:
            is_readable = True
        if not is_readable:
            raise ConfigurationError(_UNREADABLE)
        if not (login.database_name or login.service):
            raise explain_missing_credentials(self.name, ["database (or service in query)"])
        return {**arguments, "credentials": login}

    def address(self, factory: AnyDltDestination) -> str:
        """Return host, port and database, or the service; the host may be the folder of a socket."""
        return data_location(factory)

    def list_datasets(self, pipeline: dlt.Pipeline) -> dict[str, set[str]]:
        """Return the tables of each schema of the database."""
        return catalog.list_datasets(pipeline, catalog.PG_CATALOG)

    def require_readable(self, pipeline: dlt.Pipeline, location: Location) -> None:
        """Raise DestinationError where the role may not read our tables."""
        if missing := privileges.missing_for_reading(pipeline):
            role = privileges.read_session(pipeline).role
            raise DestinationError(
                f"The role {role} may not read dataset {location.dataset} in {location}. Run as the tables' owner: "
                f"{' '.join(missing)} A role that loads needs more: {page('postgres')}."
            )

    def require_writable(self, pipeline: dlt.Pipeline, location: Location) -> None:
        """Raise DestinationError where server, session or role take no rows, ConfigurationError where not all text."""
        session = privileges.read_session(pipeline)
        if session.is_standby:
            raise DestinationError(
                f"The server of {location} is a standby, which takes no rows. Set the address of the primary, or of "
                "several hosts with target_session_attrs=read-write. Nothing was requested."
            )
        if session.encoding not in _ENCODINGS:
            raise ConfigurationError(
                f"The database {session.database} has the encoding {session.encoding}, which cannot hold every text. "
                "Create another: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0; Nothing was requested."
            )
        if missing := privileges.missing_for_loading(pipeline, session):
            raise DestinationError(
                f"The role {session.login} may not load into dataset {location.dataset} in {location}. Run as an "
                f"administrator: {' '.join(missing)} Nothing was requested; {page('postgres')} has all privileges."
            )

    def updates_in_place(self, pipeline: dlt.Pipeline) -> bool:
        """Whether the server has MERGE: from version 15 on."""
        return structure.server_version(pipeline) >= _MERGE_SINCE

    @contextmanager
    def exclusive(self, pipeline: dlt.Pipeline, what: str, patience: float) -> Iterator[None]:
        """Hold an advisory lock of the dataset, and report the locks of tables that a load waits for."""
        # A run spends most of its time with the API; only a load waits for tables.
        reported = lock_waits.reported(pipeline) if what == "load" else nullcontext()
        with advisory_lock.hold(pipeline, f"liine-source {pipeline.dataset_name} {what}", patience), reported:
            yield

    def before_load(self, pipeline: dlt.Pipeline, declared: Schema) -> None:
        """Create tables and indexes that are missing, and refuse columns that another run has typed otherwise."""
        self.create_tables(pipeline, declared)
        # An earlier run may have been killed between the two, or somebody may have dropped an index.
        indexes.create_missing(pipeline)
        self.refuse_other_types(pipeline, "Nothing of this load was written: run again.")

    def dbt_environment(self, factory: AnyDltDestination, dataset: str) -> dict[str, Any]:
        """Return host, port, login and database, and libpq's variables, as a connection finds them.

        Raises ConfigurationError where dbt cannot write the database's name.
        """
        import psycopg2  # noqa: PLC0415  it needs the extra

        login: PostgresLogin = partial_configuration(factory).credentials
        with closing(psycopg2.connect(login.to_native_representation())) as connection:
            privileges.prepare_session(connection, dataset)
            parameters = connection_parameters(connection, login)
        if {"'", '"'} & set(parameters["dbname"]):
            raise ConfigurationError(
                "dbt cannot build in a database that has a quote in its name. Rename it: ALTER DATABASE … RENAME TO …;"
            )
        return dbt_variables(parameters)


class PostgresFactory(postgres):
    """dlt's Postgres with our login, which also its copies of files use. Other pipelines keep dlt's own."""

    spec = PostgresLoginConfiguration  # type: ignore[assignment]

    @property
    def client_class(self) -> Any:
        """Return the client with our copies; it needs the extra `postgres`."""
        return _client_class()


@cache
def _client_class() -> Any:
    from dlt.destinations.impl.postgres.factory import get_adbc_driver_location  # noqa: PLC0415  they need the extra
    from dlt.destinations.impl.postgres.postgres import PostgresClient, PostgresParquetCopyJob  # noqa: PLC0415
    from dlt.destinations.impl.postgres.sql_client import Psycopg2SqlClient  # noqa: PLC0415
    from psycopg2.extensions import make_dsn  # noqa: PLC0415

    class SqlClient(Psycopg2SqlClient):
        def __init__(self, dataset_name: str, *others: Any) -> None:
            super().__init__(dataset_name, *others)
            # The other name is that of staging for a while.
            self._main_dataset = dataset_name

        def _reset_connection(self) -> None:
            # It ends what a session was told: whom it acts as among others.
            super()._reset_connection()
            privileges.prepare_session(self._conn, self._main_dataset)

    class CopyJob(PostgresParquetCopyJob):
        # By row groups, still in one transaction: dlt would read a whole file.
        _ingest_per_rowgroup = True

        def _connect(self) -> Any:
            return cast("Any", self._job_client).connect_for_copies()

    class Client(CommentingClient, PostgresClient):
        comments_query = comments.POSTGRES

        def __init__(self, schema: Any, config: Any, capabilities: Any) -> None:
            super().__init__(schema, config, capabilities)
            own = self.sql_client
            names = own.dataset_name, own.staging_dataset_name
            self.sql_client = SqlClient(*names, config.credentials, capabilities)

        def connect_for_copies(self) -> Any:
            from adbc_driver_manager import dbapi  # noqa: PLC0415  as dlt does: only copies need it

            login: Any = self.config.credentials
            parameters = connection_parameters(self.sql_client.native_connection, login)
            return dbapi.connect(driver=get_adbc_driver_location(), db_kwargs={"uri": make_dsn(**parameters)})

        def create_load_job(self, table: Any, file_path: str, load_id: str, restore: bool = False) -> Any:  # noqa: FBT001, FBT002  dlt's own
            job = super().create_load_job(table, file_path, load_id, restore)
            return CopyJob(file_path) if isinstance(job, PostgresParquetCopyJob) else job

    return Client
