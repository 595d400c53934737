"""Snowflake: many writers, no lock and no unique index; so each load is checked afterwards."""

import logging
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

import dlt
from dlt.common.schema.typing import TColumnSchema
from dlt.destinations import snowflake
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.impl.snowflake.configuration import SnowflakeCredentials
from dlt.extract import DltSource

from liine_source.destinations.base import (
    AnyDltDestination,
    Location,
    Question,
    dbt_credentials,
    partial_configuration,
    refuse_unknown_credentials,
    require_credentials,
)
from liine_source.destinations.shared_warehouse import SharedWarehouse
from liine_source.errors import ConfigurationError, DestinationError, DuplicateRowsError
from liine_source.spec.tables import INTERACTIONS, column_names
from liine_source.warehouse import catalog, comments, queries, structure
from liine_source.warehouse.comments import CommentingClient

log = logging.getLogger(__name__)

# Our settings beside dlt's own of [destination.snowflake]; docs/snowflake.md.
_IS_TRANSIENT = "destination.snowflake.is_transient"
_CLUSTER_BY = "destination.snowflake.cluster_by"
_CREDENTIALS = ("destination", "snowflake", "credentials")
_CATALOG = (
    "select schema_name from information_schema.schemata",
    "select table_schema, table_name from information_schema.tables",
)


class Snowflake(SharedWarehouse):
    """A Snowflake database."""

    extra: ClassVar[str | None] = "snowflake"
    dbt_extra: ClassVar[str | None] = "dbt-snowflake"
    questions: ClassVar[Sequence[Question] | None] = (
        Question((*_CREDENTIALS, "host"), "Account, such as myorg-myaccount"),
        Question((*_CREDENTIALS, "database"), "Database"),
        Question((*_CREDENTIALS, "warehouse"), "Warehouse"),
        Question((*_CREDENTIALS, "role"), "Role"),
        Question((*_CREDENTIALS, "username"), "User name in Snowflake"),
        Question(
            (*_CREDENTIALS, "private_key_path"),
            "File of the private key; empty to log in with a password",
            default="",
            unless=("private_key", "password", "authenticator", "token"),
        ),
        Question(
            (*_CREDENTIALS, "private_key_passphrase"),
            "Passphrase of the private key; empty for none",
            is_secret=True,
            default="",
            needs="private_key_path",
        ),
        Question(
            (*_CREDENTIALS, "password"),
            "Password in Snowflake",
            is_secret=True,
            unless=("private_key_path", "private_key", "authenticator", "token"),
        ),
    )
    column_types: ClassVar[Mapping[str, str]] = {
        # Sixteen million characters, or more.
        "text": r"text\(\d{8,}\)",
        "bigint": r"number\((19|[23]\d),0\)",
        "bool": "boolean",
        "double": "float",
        "decimal": r"number\(38,9\)",
        "timestamp": "timestamp_tz",
        "naive": "timestamp_ntz",
        "date": "date",
    }
    tables_query: ClassVar[str | None] = structure.INFORMATION_SCHEMA
    # It changes few types, and few without a copy of the column.
    can_change_types: ClassVar[bool] = False

    def build_factory(self, staging_layout: str) -> AnyDltDestination:
        """Return dlt's destination with our client and complete credentials."""
        arguments = self.arguments(staging_layout)
        refuse_unknown_credentials(self.name, SnowflakeCredentials)
        credentials = require_credentials(self.name, self.build_plain(arguments))
        # dlt has read the key from the file, and would send the file's path to the account.
        credentials.private_key_path = None
        return SnowflakeFactory(credentials, destination_name=self.name, alter_add_multi_column=False, **arguments)

    def _has_ours(self, location: Location, found: set[str]) -> bool:
        if not found:
            # Snowflake does not list tables that the role may not read.
            raise DestinationError(
                f"Dataset {location.dataset} in {location} is empty, or the role may not read its tables. Run `liine "
                "sync` if nothing was loaded yet; else grant the role usage on the schema and select on its tables."
            )
        return super()._has_ours(location, found)

    def list_datasets(self, pipeline: dlt.Pipeline) -> dict[str, set[str]]:
        """Return the tables of each schema of the database that the role may see."""
        return catalog.list_datasets(pipeline, _CATALOG)

    def updates_in_place(self, pipeline: dlt.Pipeline) -> bool:
        """Whether rows can be updated in place."""
        del pipeline
        return True

    def _explain_missing(self, location: Location, datasets: Mapping[str, set[str]]) -> str:
        hidden = " It may also exist and be hidden from the role: grant it usage on the schema."
        return super()._explain_missing(location, datasets) + hidden

    def prepare(self, pipeline: dlt.Pipeline) -> None:
        """Create the schemas before dlt does: staging, and if a setting says so the dataset, without fail-safe."""
        with pipeline.sql_client() as client:
            if dlt.config.get(_IS_TRANSIENT, bool) and not client.has_dataset():
                # Another first run may just have created it.
                client.execute_sql(f"CREATE TRANSIENT SCHEMA IF NOT EXISTS {client.fully_qualified_dataset_name()}")
            client.execute_sql(f"CREATE TRANSIENT SCHEMA {client.fully_qualified_dataset_name(staging=True)}")

    def configure(self, source: DltSource) -> None:
        """Add a clustering key to `interactions`, where a setting names columns."""
        names = dlt.config.get(_CLUSTER_BY, list) or []
        if unknown := sorted(set(names) - set(column_names(INTERACTIONS))):
            raise ConfigurationError(
                f"cluster_by of [destination.snowflake] has names that are no columns of interactions: {unknown}."
            )
        if names:
            source.resources[INTERACTIONS].apply_hints(columns={name: {"cluster": True} for name in names})

    def before_load(self, pipeline: dlt.Pipeline, declared: Any) -> None:
        """Create missing tables, and refuse columns that another run has typed otherwise."""
        self.create_tables(pipeline, declared)
        self.refuse_other_types(pipeline, "Nothing of this load was written: run again.")

    def after_load(self, pipeline: dlt.Pipeline) -> None:
        """Check what no lock or index prevents: columns with other types, and duplicate rows."""
        super().after_load(pipeline)
        self.refuse_other_types(pipeline, "Load the days again with `liine backfill --restart`.")
        # An import of erasures into a new dataset has loaded no interactions.
        if INTERACTIONS in pipeline.default_schema.tables and (duplicates := queries.duplicate_ids(pipeline)):
            raise DuplicateRowsError(
                f"{len(duplicates)} interactions are in dataset {pipeline.dataset_name} twice: two runs loaded the "
                "same customer at once. Let them end, then load the days again with `liine backfill --restart`, which "
                "leaves one row of each."
            )

    def dbt_environment(self, factory: AnyDltDestination, dataset: str) -> dict[str, Any]:
        """Return account, login, database, warehouse and role."""
        del dataset
        names = ["host", "username", "password", "database", "warehouse", "role", "private_key"]
        credentials = partial_configuration(factory).credentials
        return dbt_credentials(self.name, credentials, [*names, "private_key_passphrase"])


class SnowflakeFactory(snowflake):
    """dlt's Snowflake with statements that create only what does not exist: no lock keeps two first runs apart.

    Other pipelines of the process keep dlt's own.
    """

    @property
    def client_class(self) -> Any:
        """Return the client with our statements; it needs the extra `snowflake`."""
        return _client_class()


class _CommentingClient(CommentingClient):
    comments_query = comments.SNOWFLAKE

    def write_comments(self) -> None:
        """Write the comments that the statements of new tables and columns do not have, if the role may."""
        try:
            super().write_comments()
        except DatabaseException as error:
            log.warning("The comments on some tables could not be written (%s).", type(error).__name__)

    def _get_table_update_sql(
        self,
        table_name: str,
        new_columns: Sequence[TColumnSchema],
        generate_alter: bool,  # noqa: FBT001  as dlt calls it
    ) -> list[str]:
        statements = super()._get_table_update_sql(table_name, new_columns, generate_alter)
        text = comments.describe_table(table_name, self.schema.tables[table_name])
        if text and not generate_alter:
            statements[0] += f" COMMENT = {comments.to_literal(text)}"
        return statements

    def _get_column_def_sql(self, column: TColumnSchema, table: Any = None) -> str:
        described = column.copy()
        if text := comments.describe_column(table["name"], column):
            described["description"] = text
        return super()._get_column_def_sql(described, table)


@cache
def _client_class() -> Any:
    from dlt.destinations.impl.snowflake.snowflake import SnowflakeClient  # noqa: PLC0415  it needs the extra

    class Client(_CommentingClient, SnowflakeClient):
        def initialize_storage(self, truncate_tables: Any = None) -> None:
            self._set_query_tags(operation="prepare_storage")
            if not self.is_storage_initialized():
                name = self.sql_client.fully_qualified_dataset_name()
                self.sql_client.execute_sql(f"CREATE SCHEMA IF NOT EXISTS {name}")
            elif truncate_tables:
                self.sql_client.truncate_tables(*truncate_tables)

        def _make_create_table(self, qualified_name: str, table: Any) -> str:
            del table
            return f"CREATE TABLE IF NOT EXISTS {qualified_name}"

        def _make_add_column_sql(self, new_columns: Any, table: Any = None) -> list[str]:
            # One statement for each column: Snowflake may not accept IF NOT EXISTS in a list.
            return [f"ADD COLUMN IF NOT EXISTS {self._get_column_def_sql(column, table)}" for column in new_columns]

    return Client
