"""What differs by destination. `Destination` serves every dlt destination that has no class of its own."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import dlt
from dlt.common.configuration.exceptions import ConfigurationValueError
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.destination import Destination as DltDestination
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema
from dlt.common.typing import is_optional_type
from dlt.extract import DltSource

from liine_source.documentation import page
from liine_source.errors import ConfigurationError, MissingDatasetError, did_you_mean
from liine_source.spec.tables import SOURCE_TABLES
from liine_source.warehouse import catalog, structure
from liine_source.warehouse.duckdb_file import RewrittenFile
from liine_source.warehouse.structure import ForeignKey, StoredTable

AnyDltDestination = DltDestination[Any, Any]

# One length on every destination: Postgres alone would cut a name at 63 characters.
_IDENTIFIER_LENGTHS = {"max_identifier_length": 63, "max_column_identifier_length": 63}


@dataclass(frozen=True, slots=True)
class Location:
    """Where a dataset is: destination, address and dataset, without user name or password."""

    destination: str
    address: str
    dataset: str

    def __str__(self) -> str:
        return f"{self.destination} {self.address}"


@dataclass(frozen=True, slots=True)
class Question:
    """A setting that `liine init` asks for: its path in secrets.toml, and the words of the prompt.

    With a `default` it need not be answered; an empty one stands for none. `check` raises ConfigurationError for an
    answer that is none. It is not asked where one of the settings
    `unless` is set, or `needs` is not; both are names beside it.
    """

    path: tuple[str, ...]
    text: str
    is_secret: bool = False
    default: str | None = None
    unless: tuple[str, ...] = ()
    needs: str | None = None
    check: Callable[[str], object] | None = None

    @property
    def variable(self) -> str:
        """The environment variable that dlt reads."""
        return "__".join(self.path).upper()


class Destination:
    """A dlt destination, by name. `supports_concurrent_writers`: several runs may load into a dataset at once."""

    supports_concurrent_writers: ClassVar[bool] = False
    has_staging_dataset: ClassVar[bool] = False
    # Whether the bytes of deleted rows stay in a file until it is written anew.
    can_remove_deleted_bytes: ClassVar[bool] = False
    # The extras of liine-source that it needs, and that dbt needs for it; None where there is none.
    extra: ClassVar[str | None] = None
    dbt_extra: ClassVar[str | None] = None
    # What `liine init` asks for; None where it cannot set the destination up.
    questions: ClassVar[Sequence[Question] | None] = None
    # The types that dlt's data types may have in the catalog, as regular expressions, `naive` for a timestamp without
    # time zone; empty where types are not checked.
    column_types: ClassVar[Mapping[str, str]] = {}
    # Queries of `structure`.
    tables_query: ClassVar[str | None] = None
    foreign_keys_query: ClassVar[str | None] = None
    can_change_types: ClassVar[bool] = True
    # Whether a row that is updated in place keeps the rows that refer to it.
    serves_foreign_keys: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        self.name = name

    # Where it is

    def build_factory(self, staging_layout: str) -> AnyDltDestination:
        """Return dlt's destination with our defaults; nothing is connected to.

        Raises ConfigurationError where a setting is missing.
        """
        return self.build_plain(self.arguments(staging_layout))

    def build_plain(self, arguments: Mapping[str, Any]) -> AnyDltDestination:
        """Return dlt's own destination with these arguments."""
        return cast("AnyDltDestination", DltDestination.from_reference(self.name, **arguments))

    def arguments(self, staging_layout: str) -> dict[str, Any]:
        """Return the arguments of dlt's destination."""
        return {
            "supports_transactions": True,
            "staging_dataset_name_layout": staging_layout,
            **_IDENTIFIER_LENGTHS,
        }

    def address(self, factory: AnyDltDestination) -> str:
        """Return the address that the factory writes to; it may hold a user name."""
        location = data_location(factory)
        database = getattr(partial_configuration(factory).credentials, "database", None)
        return location if not database or location.endswith(f"/{database}") else f"{location}/{database}"

    def locate(self, factory: AnyDltDestination, dataset: str) -> Location:
        """Return where a dataset is; nothing is connected to."""
        # Some addresses hold a login before the host, and a token after it.
        address = re.sub(r"//[^/@]*@", "//", self.address(factory)).partition("?")[0]
        return Location(self.name, address, dataset)

    def check_names(self, address: str, dataset: str, staging: str, pipeline: str) -> None:
        """Raise NameClashError where two names must differ and do not."""

    # What it holds

    def has_tables(self, pipeline: dlt.Pipeline, location: Location) -> bool:
        """Return whether anything was loaded into the dataset.

        Raises MissingDatasetError where there is no such dataset, and DestinationError where it cannot be read.
        """
        self.require_existing(location)
        if not catalog.speaks_sql(pipeline):
            with pipeline.destination_client() as client:
                if not client.is_storage_initialized():
                    raise MissingDatasetError(
                        f"There is no dataset {location.dataset} in {location}. Run `liine sync` to create it."
                    )
            return self.has_data(pipeline, location)
        self.require_readable(pipeline, location)
        datasets = self.list_datasets(pipeline)
        own = catalog.dataset_name(pipeline).lower()
        if own not in datasets:
            raise MissingDatasetError(self._explain_missing(location, datasets))
        return self._has_ours(location, datasets[own])

    def _has_ours(self, location: Location, found: set[str]) -> bool:
        del location
        return not found.isdisjoint(SOURCE_TABLES)

    def has_data(self, pipeline: dlt.Pipeline, location: Location) -> bool:
        """Return whether anything was ever loaded into the dataset, by any pipeline."""
        del location
        if catalog.speaks_sql(pipeline):
            # Any of them may have been dropped.
            return any(catalog.column_types_by_table(pipeline, SOURCE_TABLES).values())
        pipeline.sync_destination()
        return bool(pipeline.schema_names)

    def read_tables(self, pipeline: dlt.Pipeline) -> dict[str, StoredTable]:
        """Return the tables of the pipeline's dataset, as they are built."""
        if self.tables_query:
            return structure.read_tables(pipeline, self.tables_query)
        return structure.read_own_tables(pipeline)

    def read_foreign_keys(self, pipeline: dlt.Pipeline) -> list[ForeignKey]:
        """Return the foreign keys in the dataset, and those that refer to its tables."""
        return structure.read_foreign_keys(pipeline, self.foreign_keys_query) if self.foreign_keys_query else []

    def has_type(self, data_type: str, column: TColumnSchema) -> bool:
        """Whether a type of the catalog is that of a column of ours, or has room for all its values."""
        name = str(column["data_type"])
        if name == "timestamp" and not column.get("timezone", True):
            name = "naive"
        pattern = self.column_types.get(name)
        length = re.search(r"\((\d+)\)", data_type)
        if name == "text" and length and "precision" in column:
            return int(length[1]) >= (column["precision"] or 0)
        return pattern is None or re.fullmatch(pattern, data_type) is not None

    def drop_foreign_key(self, pipeline: dlt.Pipeline, key: ForeignKey) -> list[str]:
        """Return the statements that drop a foreign key."""
        client = pipeline.sql_client()
        names = map(client.escape_column_name, (key.dataset, key.table))
        return [f"ALTER TABLE {'.'.join(names)} DROP CONSTRAINT {client.escape_column_name(key.name)};"]

    def change_type(self, pipeline: dlt.Pipeline, table: str, column: TColumnSchema, data_type: str) -> str:
        """Return the statement that gives a column of `data_type` its own type again."""
        with pipeline.destination_client() as client:
            wanted = client.type_mapper.to_destination_type(column, {"name": table})  # type: ignore[attr-defined]
            name = client.sql_client.escape_column_name(column["name"])  # type: ignore[attr-defined]
            qualified = client.sql_client.make_qualified_table_name(table)  # type: ignore[attr-defined]
        # Between times with and without zone a cast would use the zone of the session.
        is_moment = column["data_type"] == data_type.partition(" ")[0].partition("(")[0] == "timestamp"
        value = f"{name} AT TIME ZONE 'UTC'" if is_moment else f"CAST({name} AS {wanted})"
        return f"ALTER TABLE {qualified} ALTER COLUMN {name} TYPE {wanted} USING {value};"

    def updates_in_place(self, pipeline: dlt.Pipeline) -> bool:
        """Whether rows can be updated in place, instead of deleted and inserted."""
        del pipeline
        return False

    def list_datasets(self, pipeline: dlt.Pipeline) -> dict[str, set[str]]:
        """Return the tables of each dataset in lower case; of the pipeline's own dataset where dlt knows no other."""
        return catalog.own_dataset(pipeline)

    def require_existing(self, location: Location) -> None:
        """Raise MissingDatasetError where a look would create what is not there."""

    def require_readable(self, pipeline: dlt.Pipeline, location: Location) -> None:
        """Raise DestinationError where our tables are hidden from the role."""

    def require_writable(self, pipeline: dlt.Pipeline, location: Location) -> None:
        """Raise DestinationError where the role may not load into the dataset."""
        self.require_readable(pipeline, location)

    def _explain_missing(self, location: Location, datasets: Mapping[str, set[str]]) -> str:
        similar = catalog.similar_datasets(datasets)
        others = f"Datasets there that look like ours: {similar}." if similar else "No dataset there looks like ours."
        return (
            f"There is no dataset {location.dataset} in {location}. {others} Pass the right one with --dataset, or run "
            "`liine sync` to create this one."
        )

    def check_access(self, pipeline: dlt.Pipeline, location: Location) -> None:
        """Connect, and raise DestinationError or ConfigurationError where a run could not load; nothing is created."""
        with pipeline.sql_client() as client:
            client.execute_sql("select 1")
        self.require_writable(pipeline, location)

    # A run

    @contextmanager
    def exclusive(self, pipeline: dlt.Pipeline, what: str, patience: float) -> Iterator[None]:
        """Keep other sessions from doing `what` in the dataset meanwhile; raises TimeoutError after `patience` s."""
        del pipeline, what, patience
        yield

    @contextmanager
    def keep_open(self, pipeline: dlt.Pipeline) -> Iterator[None]:
        """Keep the destination open during a run."""
        del pipeline
        yield

    @contextmanager
    def read_only(self, pipeline: dlt.Pipeline) -> Iterator[None]:
        """Open the destination without keeping other readers out meanwhile; what does not exist is not created."""
        del pipeline
        yield

    def prepare(self, pipeline: dlt.Pipeline) -> None:
        """Prepare the datasets of a run, after its staging was dropped."""

    def configure(self, source: DltSource) -> None:
        """Add hints of the destination to a source."""

    def before_load(self, pipeline: dlt.Pipeline, declared: Schema) -> None:
        """Prepare the tables of a load that is about to be written; `declared` is the source's schema."""

    def after_load(self, pipeline: dlt.Pipeline) -> None:
        """Check and tidy up after a load was committed."""

    # dbt

    def require_models(self) -> str:
        """Return the extra that dbt needs; raise ConfigurationError where the models do not run on it."""
        if self.dbt_extra is None:
            raise ConfigurationError(f"The models run on DuckDB, Postgres and Snowflake, not on {self.name}.")
        return self.dbt_extra

    def remove_deleted_bytes(self, location: Location) -> RewrittenFile:
        """Remove from disk what was deleted."""
        raise NotImplementedError(location.destination)  # `require_compactable` has refused it before

    def dbt_environment(self, factory: AnyDltDestination, dataset: str) -> dict[str, Any]:
        """Return the environment variables that the dbt project's profile reads; `dataset` was loaded."""
        del factory, dataset
        self.require_models()
        return {}


def data_location(factory: AnyDltDestination) -> str:
    """Return the place that a dlt destination writes to: a file, a bucket, a server or an account."""
    try:
        return str(partial_configuration(factory).data_location())
    except (ConfigurationValueError, TypeError):
        # Some destinations need the whole configuration; dlt then says what is missing.
        whole = factory.configuration(factory.spec()._bind_dataset_name("liine"))  # noqa: SLF001  as a pipeline does
        return str(whole.data_location())


def partial_configuration(factory: Any) -> Any:
    """Return a destination's configuration without dataset and folder, which the pipeline sets."""
    return factory.configuration(factory.spec(), accept_partial=True)


def require_credentials(name: str, factory: AnyDltDestination) -> Any:
    """Return the credentials of a destination; raise a ConfigurationError that names what is missing."""
    try:
        credentials = partial_configuration(factory).credentials
        hints = credentials.get_resolvable_fields().items()
        missing: Sequence[str] = [
            key for key, hint in hints if credentials.get(key) is None and not is_optional_type(hint)
        ]
    except ConfigurationValueError:
        # Which of them Snowflake needs depends on the others.
        missing = ["username, with password or private_key"]
    if missing:
        raise explain_missing_credentials(name, missing)
    return credentials


def explain_missing_credentials(name: str, missing: Sequence[str]) -> ConfigurationError:
    """Return the error for settings of a destination that are missing."""
    section = f"destination.{name}.credentials"
    return ConfigurationError(
        f"Settings of the destination {name} are missing: {', '.join(missing)}. Set them under [{section}] in "
        f".dlt/secrets.toml, or as {section.upper().replace('.', '__')}__… in the environment; see {page(name)}."
    )


def refuse_unknown_credentials(name: str, spec: type[BaseConfiguration]) -> None:
    """Raise ConfigurationError for a name that nothing reads: dlt would ignore it, and with it perhaps `sslmode`."""
    section = f"destination.{name}.credentials"
    known = {*spec.get_resolvable_fields(), "drivername"}
    given: Any = dlt.secrets.get(section)
    names = {key: f"{key} under [{section}]" for key in given} if isinstance(given, Mapping) else {}
    prefix = f"{section}.".upper().replace(".", "__")
    names |= {key.removeprefix(prefix).lower(): key for key in os.environ if key.startswith(prefix)}
    listed = sorted(name for name in known - {"drivername"} if not name.startswith("_"))
    if unknown := sorted(key for key in names if key not in known):
        raise ConfigurationError(
            f"Unknown settings: {'; '.join(names[key] + did_you_mean(key, known) for key in unknown)}. Known are "
            f"{', '.join(listed)}; other parameters of a connection go into query, a table, or "
            f"JSON in {prefix}QUERY. See {page(name)}."
        )


def dbt_credentials(name: str, credentials: Any, keys: Sequence[str]) -> dict[str, Any]:
    """Return credentials as the dbt project's profile reads them, which are dlt's own variables."""
    prefix = f"DESTINATION__{name.upper()}__CREDENTIALS__"
    return {prefix + key.upper(): getattr(credentials, key, None) for key in keys}
