"""Loading safely: a pipeline with the settings that its destination needs, a place of its own, and nobody beside it.

`docs/architecture.md` says why for each setting. Staging is a dataset of a name that nobody else uses, and one that
somebody else made is refused. DuckDB has one writer, and a second run is refused. Postgres and
Snowflake have many: each unit of work, the customers of one run, has a pipeline, a working directory and a staging
dataset of its own. On Postgres their loads come one after the other; Snowflake has no lock for that, and no index that
would refuse a second row of one id, so there each load is looked at afterwards.
"""

import hashlib
import logging
import math
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import dlt
from dlt.common.configuration.exceptions import ConfigurationValueError
from dlt.common.destination import Destination
from dlt.common.pipeline import LoadInfo, get_dlt_pipelines_dir
from dlt.common.schema import Schema
from dlt.common.schema.utils import has_table_seen_data
from dlt.common.typing import is_optional_type
from dlt.extract import DltSource
from filelock import FileLock, Timeout

from liine_source import catalogue, datasets, dlt_settings, tables
from liine_source.datasets import Location
from liine_source.errors import (
    BusyError,
    ConfigurationError,
    DestinationError,
    DoubledError,
    MissingDatasetError,
    NameClashError,
)
from liine_source.failures import translated
from liine_source.settings import MANY_WRITERS
from liine_source.snowflake import Snowflake

log = logging.getLogger(__name__)

AnyDestination = Destination[Any, Any]

PIPELINE_NAME = "liine_sync"
DATASET_NAME = "liine"
DUCKDB_FILE = "warehouse.duckdb"

# Files and staging tables hold patients' rows: neither outlives its load. dlt reports usage unless told not to, and
# taking turns it reads some six batches ahead of the one that it writes. Told to end, it would leave some tables of a
# load merged and others not; `_finished_first` does better.
_DEFAULTS = {
    "extract.next_item_mode": "fifo",
    "load.delete_completed_jobs": True,
    "load.truncate_staging_dataset": True,
    "runtime.dlthub_telemetry": False,
    "runtime.intercept_signals": False,
    "destination.snowflake.keep_staged_files": False,
}

# DuckDB would keep a whole load in memory where it may, and each thread more than 100 MB of these wide rows.
_DUCKDB_CONFIG = {"memory_limit": "400MB", "threads": 1}

# One name on every destination: Postgres alone would cut a name at 63 characters.
_IDENTIFIERS = {"max_identifier_length": 63, "max_column_identifier_length": 63}

# Settings of ours beside dlt's own of [destination.snowflake]; docs/snowflake.md.
_IS_TRANSIENT = "destination.snowflake.is_transient"
_CLUSTER_BY = "destination.snowflake.cluster_by"
# So many seconds a run waits for another of the same customers, before it gives up.
_PATIENCE = 600


def build_pipeline(
    destination: str | None = None,
    dataset: str = DATASET_NAME,
    *,
    folder: str | None = None,
    unit: str | None = None,
    label: str | None = None,
) -> dlt.Pipeline:
    """Return a pipeline with the defaults that loading safely needs; nothing is written yet.

    `destination` is the name of any dlt destination; None takes dlt's own setting DESTINATION_TYPE, or
    DuckDB. `folder` is the working directory; None takes one for each place that is written to. `unit` tells one unit
    of work from another that loads into the same dataset at once, where the destination has many writers: it gets a
    pipeline and a staging dataset of its own; `label` is a part of the pipeline's name. Raises NameClashError where
    DuckDB could not tell file, pipeline and dataset apart, and ConfigurationError where the destination is unknown or
    lacks a setting.
    """
    return _place(destination, dataset, folder, unit, label).pipeline()


def locate(destination: str | None = None, dataset: str = DATASET_NAME) -> Location:
    """Return where the tables of a dataset are; nothing is connected to."""
    return _located(_place(destination, dataset).factory, dataset)


def _located(destination: AnyDestination, dataset: str) -> Location:
    address = _location(destination)
    if destination.destination_name != "duckdb":
        # Some may hold a login before the host, and a token after it.
        address = re.sub(r"//[^/@]*@", "//", address).partition("?")[0]
    return Location(str(destination.destination_name), address, dataset)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a pipeline loads to, and the working directory that dlt makes, or empties, when it is built."""

    factory: AnyDestination
    dataset: str
    home: str
    name: str

    @property
    def has_many_writers(self) -> bool:
        return self.factory.destination_name in MANY_WRITERS

    def pipeline(self) -> dlt.Pipeline:
        return dlt.pipeline(self.name, self.home, destination=self.factory, dataset_name=self.dataset)


def _place(
    destination: str | None, dataset: str, folder: str | None = None, unit: str | None = None, label: str | None = None
) -> _Place:
    kind = destination or os.environ.get("DESTINATION_TYPE") or "duckdb"
    suffix = f"_{_digest(unit)}" if unit and kind in MANY_WRITERS else ""
    # A name that nobody else has: dlt's own, `<dataset>_staging`, is also dbt's.
    staging = f"%s_stg{suffix or '_' + _digest(dataset)}"
    for name, value in _DEFAULTS.items():
        if dlt.config.get(name) is None:
            dlt.config[name] = value
    with translated(), _installed(kind):
        factory = _destination(kind, {"staging_dataset_name_layout": staging})
        # It imports what the destination needs.
        factory.client_class  # noqa: B018
        location = _location(factory)
    if kind == "duckdb":
        _check_names(Path(location).stem, dataset, staging % dataset)
    # Two places sharing a working directory have lost rows.
    home = folder or str(Path(get_dlt_pipelines_dir()) / f"liine_{kind}_{_digest(f'{location} {dataset}')}{suffix}")
    name = f"{PIPELINE_NAME}_{label}{suffix}" if suffix and label else PIPELINE_NAME + suffix
    dlt_settings.refuse_another_place(name)
    return _Place(factory, dataset, home, name)


@contextmanager
def _installed(kind: str) -> Iterator[None]:
    """Say what to install where a package is missing."""
    try:
        yield
    except ImportError as error:
        missing = error.name
    else:
        return
    wanted = f"liine-source[{kind}]" if kind in MANY_WRITERS else f"dlt[{kind}]"
    raise ConfigurationError(
        f"The destination {kind} needs a package that is not installed{f', {missing}' if missing else ''}: "
        f"pip install '{wanted}', then run again."
    )


def has_many_writers(pipeline: dlt.Pipeline) -> bool:
    """Whether several runs may load into the pipeline's dataset at once."""
    return kind_of(pipeline) in MANY_WRITERS


def credentials(pipeline: dlt.Pipeline) -> Any:
    """Return what dlt found of the destination's settings to reach it."""
    return _config(pipeline.destination).credentials


@contextmanager
def ready(
    destination: str | None, dataset: str, *, unit: str, label: str, is_to_be_filled: bool = False
) -> Iterator[dlt.Pipeline]:
    """Have a pipeline, as of `build_pipeline`, for oneself, as the destination remembers it; SIGTERM ends it tidily.

    What a dead run left in the working directory is dropped and fetched again: the destination alone remembers
    how far each customer is. What this run leaves is dropped too: after a failure that is rows, and dlt's trace, which
    may quote them. Raises BusyError where another run is under way, on Postgres and Snowflake after some minutes, and
    ConfigurationError where nothing was ever loaded and something should have been.
    """
    place = _place(destination, dataset, unit=unit, label=label)
    with ended_cleanly(), _locked(place):
        pipeline = place.pipeline()
        try:
            dlt_settings.refuse_losses(pipeline)
            dlt_settings.refuse_leftovers(pipeline)
            _emptied(pipeline)
            datasets.refuse_unreadable(pipeline, _located(place.factory, dataset))
            if is_to_be_filled and not is_filled(pipeline):
                raise ConfigurationError("Nothing has been loaded into this dataset yet.")
            with _alone(pipeline, pipeline.pipeline_name, _PATIENCE), _kept_open(pipeline):
                _drop_staging(pipeline)
                _make_transient(pipeline)
                pipeline.sync_destination()
                try:
                    yield pipeline
                except BaseException:
                    # The warehouse may be what failed.
                    with suppress(Exception):
                        _drop_staging(pipeline)
                    raise
                _drop_staging(pipeline)
        finally:
            _emptied(pipeline)


def _emptied(pipeline: dlt.Pipeline) -> None:
    """Drop what lies in the working directory: rows of a load that failed, and dlt's trace, which may quote them."""
    pipeline.drop()


@contextmanager
def _locked(place: _Place) -> Iterator[None]:
    """Let no other run on this machine use the working directory meanwhile; of a unit's nothing stays."""
    home = Path(place.home)
    home.parent.mkdir(parents=True, exist_ok=True)
    is_patient = place.has_many_writers
    lock = FileLock(home.parent / f"{home.name}.lock")
    try:
        lock.acquire(timeout=_PATIENCE if is_patient else 0)
    except Timeout:
        is_busy = True
    else:
        is_busy = False
    if is_busy:
        raise _busy(place.dataset)
    try:
        yield
    finally:
        if is_patient:
            # A history is thousands of units. The file goes while it is held: whoever has opened it opens it again.
            shutil.rmtree(home, ignore_errors=True)
            with suppress(OSError):
                Path(lock.lock_file).unlink()
        lock.release()


def _busy(dataset: str) -> BusyError:
    return BusyError(
        f"Another run is loading into the same place, dataset {dataset}; nothing was requested. "
        "It goes on by itself: run again when it has ended."
    )


def load(
    pipeline: dlt.Pipeline,
    source: DltSource,
    committed: Callable[[LoadInfo], None] = lambda _: None,
    before: Callable[[], None] = lambda: None,
) -> LoadInfo:
    """Extract, normalise and load; into a dataset on Postgres one load at a time.

    `before` is called when no other load can come between it and this one. `committed` is called when the load is in
    the destination, and before a signal that came meanwhile ends the run.
    Raises DoubledError where rows are there twice afterwards, which no index of Snowflake's forbids.
    """
    is_snowflake = kind_of(pipeline) == "snowflake"
    if is_snowflake:
        _cluster(source)
    declared = source.discover_schema() if has_many_writers(pipeline) else None
    loaded = _loaded_columns(pipeline)
    pipeline.extract(source)
    pipeline.normalize()
    with between_loads(pipeline):
        before()
        if loaded and catalogue.speaks_sql(pipeline):
            _recreate_dropped(pipeline, loaded)
        if declared:
            _make_tables(pipeline, declared)
            _refuse_other_types(pipeline, "Nothing of this load was written: run again.")
        with _finished_first():
            info = pipeline.load()
            committed(info)
            if declared:
                _forget_older_states(pipeline)
            if is_snowflake:
                # No lock has kept another run from adding them since.
                _refuse_other_types(pipeline, "Read the days again with `liine backfill --anew`.")
                _refuse_duplicates(pipeline)
    return info


@contextmanager
def between_loads(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Let no load into the dataset come meanwhile, where something can keep it away: on Postgres."""
    with _alone(pipeline, "load"):
        yield


def append(pipeline: dlt.Pipeline, source: DltSource, name: str, *, is_patient: bool) -> None:
    """Load beside the pipeline, into its dataset, by one called `name`, which remembers nothing.

    What a failed load has left in the pipeline, rows and how far they went, must never be loaded with anything else.
    Raises BusyError where another run is loading, after some minutes or, if not `is_patient`, at once.
    """
    with TemporaryDirectory(prefix="liine-") as folder:
        beside = dlt.pipeline(name, folder, destination=pipeline.destination, dataset_name=pipeline.dataset_name)
        beside.config.restore_from_destination = False
        beside.extract(source)
        beside.normalize()
        with _alone(beside, "load", _PATIENCE if is_patient else 0), _finished_first():
            beside.load()
        pipeline.activate()


@contextmanager
def ended_cleanly() -> Iterator[None]:
    """Have SIGTERM raise SystemExit, as a shell expects it, so that a run tidies up; a scheduler's handler stays."""
    if not _is_in_charge() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number: int, _: Any) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def _finished_first() -> Iterator[None]:
    """Let a load that has begun be committed before SIGTERM or SIGINT does whatever it would have done."""
    if not _is_in_charge():
        yield
        return
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda number, _: received.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        signal.raise_signal(received[0])


def _is_in_charge() -> bool:
    return threading.current_thread() is threading.main_thread()


def _loaded_columns(pipeline: dlt.Pipeline) -> dict[str, set[str]]:
    """Return by table the columns that earlier loads have made, as far as the pipeline knows."""
    if not pipeline.schema_names:
        return {}
    schema = pipeline.default_schema
    seen = [
        name for name in (*tables.OF_INTERACTIONS, tables.SWEEPS) if has_table_seen_data(schema.tables.get(name, {}))
    ]
    return {name: set(schema.get_table_columns(name)) for name in (*seen, *schema.dlt_table_names()) if seen}


def _recreate_dropped(pipeline: dlt.Pipeline, loaded: Mapping[str, set[str]]) -> None:
    """Create tables and columns that somebody has dropped: dlt looks for them only when its schema has changed."""
    if missing := sorted(catalogue.incomplete_tables(pipeline, loaded)):
        log.warning("Tables were missing, or lacked columns, and are created again: %s", ", ".join(missing))
        with pipeline.destination_client() as client:
            client._execute_schema_update_sql(missing, store_schema=False)  # type: ignore[attr-defined]  # noqa: SLF001  no other tells which


def _make_tables(pipeline: dlt.Pipeline, declared: Schema) -> None:
    """Make the tables before a first load, which may have no row for some, and whatever is missing of their indexes."""
    from liine_source import warehouse  # noqa: PLC0415  it needs SQLAlchemy, which is slow to import

    if not is_filled(pipeline):
        with pipeline.destination_client() as client:
            # As it would be if it had been stored: a changed one is refused.
            client.schema = Schema.from_dict(declared.to_dict())  # type: ignore[arg-type]
            client.initialize_storage()
            names = declared.data_table_names(include_incomplete=True) + client.schema.dlt_table_names()
            # Interactions last: where they are, whoever looks meanwhile finds the others too.
            client.update_stored_schema(only_tables=sorted(names, key=lambda name: name == tables.INTERACTIONS))
    # A run may have been killed in between, or somebody may have dropped one.
    if kind_of(pipeline) == "postgres":
        warehouse.create_indexes(pipeline)


def _forget_older_states(pipeline: dlt.Pipeline) -> None:
    """Keep one state of the pipeline: dlt writes one with each load, and reads the newest."""
    from liine_source import warehouse  # noqa: PLC0415  it needs SQLAlchemy, which is slow to import

    warehouse.forget_older_states(pipeline)


def _refuse_other_types(pipeline: dlt.Pipeline, remedy: str) -> None:
    """Refuse a load whose new columns another run has added meanwhile with other types: values would be converted."""
    held = catalogue.column_types(pipeline)
    columns = pipeline.default_schema.tables.get(tables.INTERACTIONS, {"columns": {}})["columns"]
    new = {name: column.get("data_type") for name, column in columns.items() if name in held}
    ours = tables.columns(tables.INTERACTIONS)
    if other := sorted(name for name, kind in new.items() if name not in ours and kind and kind != held[name]):
        raise DestinationError(
            f"Another run has loaded the new columns {', '.join(other)} of interactions with other types. {remedy}"
        )


def _refuse_duplicates(pipeline: dlt.Pipeline) -> None:
    from liine_source import warehouse  # noqa: PLC0415  it needs SQLAlchemy, which is slow to import

    if duplicates := warehouse.duplicate_ids(pipeline):
        raise DoubledError(
            f"{len(duplicates)} interactions are in dataset {pipeline.dataset_name} twice: two runs loaded the same "
            "customer at once. Let them end, then read the days again with `liine backfill --anew`, which leaves one "
            "row of each."
        )


def _cluster(source: DltSource) -> None:
    """Ask for a clustering key of the interactions, where a setting names columns."""
    names = dlt.config.get(_CLUSTER_BY, list) or []
    if unknown := sorted(set(names) - {*tables.columns(tables.INTERACTIONS)}):
        raise ConfigurationError(f"cluster_by of [destination.snowflake] names no columns of interactions: {unknown}.")
    if names:
        source.resources[tables.INTERACTIONS].apply_hints(columns={name: {"cluster": True} for name in names})


def _make_transient(pipeline: dlt.Pipeline) -> None:
    """Make Snowflake's schemas before dlt does: staging, and if a setting says so the dataset, without fail-safe."""
    if kind_of(pipeline) != "snowflake":
        return
    with pipeline.sql_client() as client:
        if dlt.config.get(_IS_TRANSIENT, bool) and not client.has_dataset():
            # Another first run may just have made it.
            client.execute_sql(f"CREATE TRANSIENT SCHEMA IF NOT EXISTS {client.fully_qualified_dataset_name()}")
        client.execute_sql(f"CREATE TRANSIENT SCHEMA {client.fully_qualified_dataset_name(staging=True)}")


def has_tables(pipeline: dlt.Pipeline) -> bool:
    """Whether anything was ever loaded into the dataset; MissingDatasetError or DestinationError if nobody can tell."""
    where = _located(cast("AnyDestination", pipeline.destination), pipeline.dataset_name)
    if where.destination == "duckdb" and not Path(where.address).exists():
        raise MissingDatasetError(
            f"There is no DuckDB file {where.address}. Run `liine sync` to make it, or name the right one in "
            "DESTINATION__DUCKDB__CREDENTIALS; a relative path begins in the current folder."
        )
    if catalogue.speaks_sql(pipeline):
        return datasets.has_tables(pipeline, where)
    with pipeline.destination_client() as client:
        if not client.is_storage_initialized():
            raise MissingDatasetError(f"There is no dataset {where.dataset} in {where}. Run `liine sync` to make it.")
    return is_filled(pipeline)


def is_filled(pipeline: dlt.Pipeline) -> bool:
    """Whether anything was ever loaded into the pipeline's dataset, by whichever pipeline."""
    # To look into a DuckDB file that is not there would make it.
    if kind_of(pipeline) == "duckdb" and not Path(_location(cast("AnyDestination", pipeline.destination))).exists():
        return False
    if catalogue.speaks_sql(pipeline):
        return bool(catalogue.column_types(pipeline))
    pipeline.sync_destination()
    return bool(pipeline.schema_names)


@contextmanager
def _alone(pipeline: dlt.Pipeline, what: str, patience: float = math.inf) -> Iterator[None]:
    """On Postgres, let no other session do the same to the dataset meanwhile; BusyError after so many seconds."""
    name = f"liine-source {pipeline.dataset_name} {what}"
    with ExitStack() as stack:
        if kind_of(pipeline) == "postgres":
            from liine_source import warehouse  # noqa: PLC0415  it needs SQLAlchemy, which is slow to import

            try:
                stack.enter_context(warehouse.locked(pipeline, name, patience))
            except TimeoutError:
                raise _busy(pipeline.dataset_name) from None
        yield


def _drop_staging(pipeline: dlt.Pipeline) -> None:
    """Remove the pipeline's staging dataset: what a dead run left in it, or this one's tables.

    Raises ConfigurationError where it holds what no load of ours puts there.
    """
    if kind_of(pipeline) not in {"duckdb", *MANY_WRITERS}:
        return
    with catalogue.connect(pipeline) as connected, connected.sql_client.with_staging_dataset():
        client = connected.sql_client
        if not client.has_dataset():
            return
        if catalogue.unstaged_tables(client):
            raise ConfigurationError(
                f"The dataset {client.dataset_name} holds tables that no load has staged, and its name is the one that "
                f"staging of {pipeline.dataset_name} needs. Rename it, or load into another --dataset. Nothing was "
                "requested."
            )
        client.drop_dataset()


def kind_of(pipeline: dlt.Pipeline) -> str:
    """Return the name of the pipeline's destination, such as `duckdb`."""
    return str(cast("AnyDestination", pipeline.destination).destination_name)


def _destination(kind: str, more: dict[str, Any]) -> AnyDestination:
    """Return a destination with our defaults."""
    arguments: dict[str, Any] = {"supports_transactions": True, **_IDENTIFIERS, **more}
    if kind == "duckdb":
        if dlt.secrets.get("destination.duckdb.credentials") is None:
            arguments["credentials"] = DUCKDB_FILE
        credentials = _config(Destination.from_reference(kind, **arguments)).credentials
        credentials.global_config = _DUCKDB_CONFIG | (credentials.global_config or {})
        arguments["credentials"] = credentials
    if kind in MANY_WRITERS:
        credentials = _complete_credentials(kind, Destination.from_reference(kind, **arguments))
        # dlt has read the key from the file, and would send its path to the account.
        if kind == "snowflake":
            credentials.private_key_path = None
            return Snowflake(credentials, destination_name=kind, alter_add_multi_column=False, **arguments)
        _copy_in_parts()
        arguments["credentials"] = credentials
    return cast("AnyDestination", Destination.from_reference(kind, **arguments))


def _complete_credentials(kind: str, destination: Any) -> Any:
    """Return the credentials; raise a ConfigurationError that names what is missing of them."""
    try:
        credentials = _config(destination).credentials
        fields = credentials.get_resolvable_fields().items()
        missing = [name for name, hint in fields if credentials.get(name) is None and not is_optional_type(hint)]
    except ConfigurationValueError:
        # Which of them Snowflake needs depends on the others.
        missing = ["username, with password or private_key"]
    if missing:
        where = f"destination.{kind}.credentials"
        raise ConfigurationError(
            f"Settings of the destination {kind} are missing: {', '.join(missing)}. Write them under [{where}] in "
            f".dlt/secrets.toml, or as {where.upper().replace('.', '__')}__… in the environment; see docs/{kind}.md."
        )
    return credentials


def _copy_in_parts() -> None:
    """Have dlt copy a file into Postgres a row group at a time, in one transaction all the same, and not held whole."""
    with suppress(ImportError):  # dlt says by itself what to install
        from dlt.destinations.impl.postgres.postgres import PostgresParquetCopyJob  # noqa: PLC0415  it needs the extra

        PostgresParquetCopyJob._ingest_per_rowgroup = True  # noqa: SLF001  dlt has no setting for it


def _location(destination: AnyDestination) -> str:
    """Return the place that a destination writes to."""
    config = _config(destination)
    try:
        location = str(config.data_location())
    except (ConfigurationValueError, TypeError):
        # Some can tell only when nothing is left out; and then dlt says what is missing.
        whole = destination.configuration(destination.spec()._bind_dataset_name(DATASET_NAME))  # noqa: SLF001
        location = str(whole.data_location())
    if destination.destination_name == "duckdb":
        return str(Path(location).resolve())
    credentials = config.credentials
    if socket := (getattr(credentials, "query", None) or {}).get("host"):
        location = location.replace(credentials.host, socket, 1)
    # Snowflake's and others' is an account, which has several.
    database = getattr(credentials, "database", None)
    return location if not database or location.endswith(f"/{database}") else f"{location}/{database}"


def _config(destination: Any) -> Any:
    """Partial: the dataset and the folder are the pipeline's to give, and do not tell the place."""
    return destination.configuration(destination.spec(), accept_partial=True)


@contextmanager
def _kept_open(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Keep DuckDB's file open for a whole run, by a connection that all others are made from.

    dlt closes it after each step, and DuckDB then writes out what staging holds, only to have it removed. And
    a file that another program has open is met before the first request.
    """
    with catalogue.connect(pipeline) if kind_of(pipeline) == "duckdb" else nullcontext():
        yield


def _check_names(file_stem: str, dataset: str, staging: str) -> None:
    """DuckDB calls a database by its file's stem, and cannot tell it from a schema of the same name."""
    names = {"the DuckDB file": file_stem, "the dataset": dataset, "the pipeline": PIPELINE_NAME}
    names["the staging dataset"] = staging
    for (one, first), (other, second) in combinations(names.items(), 2):
        if first.lower() == second.lower():
            raise NameClashError(
                f"{one} and {other} have the same name, {first!r}, which DuckDB cannot tell apart. "
                "Give another --dataset, or another file in DESTINATION__DUCKDB__CREDENTIALS."
            )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
