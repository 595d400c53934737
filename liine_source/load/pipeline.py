"""A pipeline with the settings that loading safely needs, and its working directory for one run alone.

Staging is a dataset with a name that nobody else uses; one that others made is refused. DuckDB has one writer, so a
second run is refused. Into Postgres and Snowflake several runs load at once: each has a pipeline, a working directory
and a staging dataset of its own, named after its run key. docs/architecture.md gives the reason for each setting.
"""

import hashlib
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import dlt
from dlt.common.pipeline import get_dlt_pipelines_dir
from filelock import FileLock, Timeout

from liine_source.destinations import (
    AnyDltDestination,
    Destination,
    Location,
    get_destination,
    locate_pipeline,
    pipeline_destination,
)
from liine_source.destinations.resolved_settings import resolve_settings_once
from liine_source.documentation import page
from liine_source.error_translation import translate_errors
from liine_source.errors import BusyError, ConfigurationError, MissingPackageError
from liine_source.load import dlt_settings
from liine_source.load.private_files import PrivatePipeline, owner_only_files
from liine_source.load.signals import exit_on_sigterm
from liine_source.setting_checks import refuse_secrets_in_config
from liine_source.spec.tables import DATASET_NAME
from liine_source.warehouse import catalog, lock_waits
from liine_source.warehouse.duckdb_file import RewrittenFile

log = logging.getLogger(__name__)

PIPELINE_NAME = "liine_sync"
# How many seconds a run waits for another run of the same customers.
PATIENCE = 600


def build_pipeline(
    destination: str | None = None,
    dataset: str = DATASET_NAME,
    *,
    folder: str | None = None,
    run_key: str | None = None,
    label: str | None = None,
) -> dlt.Pipeline:
    """Return a pipeline with the defaults that loading safely needs; nothing is written yet.

    `destination` is the name of any dlt destination; None takes dlt's setting `destination_type`, or DuckDB. `folder`
    is the working directory; by default each address and dataset has its own. `run_key` tells runs apart that load into
    one dataset at once, where the destination allows it; `label` is part of the pipeline's name then. Raises
    NameClashError where DuckDB could not tell file, pipeline and dataset apart, and ConfigurationError where the
    destination is unknown or lacks a setting.
    """
    return _plan_pipeline(destination, dataset, folder, run_key, label).build()


def locate(destination: str | None = None, dataset: str = DATASET_NAME) -> Location:
    """Return where the tables of a dataset are; nothing is connected to."""
    planned = _plan_pipeline(destination, dataset)
    return planned.destination.locate(planned.factory, dataset)


def working_folder() -> str:
    """Return the folder in which each address and dataset has its working directory."""
    return str(get_dlt_pipelines_dir())


def remove_deleted_bytes(destination: str | None = None, dataset: str = DATASET_NAME) -> RewrittenFile:
    """Write a DuckDB file anew: it keeps the bytes of deleted rows until then. Return its sizes.

    Raises BusyError where a run is active on this machine, DestinationError where another program has the file open.
    """
    planned = _plan_pipeline(destination, dataset)
    location = planned.destination.locate(planned.factory, dataset)
    with exit_on_sigterm(), owner_only_files(), _lock_working_directory(planned):
        return planned.destination.remove_deleted_bytes(location)


def require_compactable(destination: str | None = None, dataset: str = DATASET_NAME) -> None:
    """Raise ConfigurationError unless the destination is a file that can be written anew."""
    planned = _plan_pipeline(destination, dataset)
    if not planned.destination.can_remove_deleted_bytes:
        raise ConfigurationError(
            f"--compact is for a DuckDB file. What {planned.destination.name} keeps of deleted rows, and for how long: "
            f"{page('privacy')}. Leave --compact out; nothing was erased."
        )


def dbt_environment(destination: str | None, dataset: str) -> dict[str, str]:
    """Return the destination's settings as environment variables of the dbt project's profile.

    The dataset is as the destination has it: `Other-Data` is loaded into `other_data`. Raises ConfigurationError where
    dbt does not run on the destination.
    """
    with TemporaryDirectory(prefix="liine-") as folder:
        planned = _plan_pipeline(destination, dataset, folder)
        found = planned.destination.dbt_environment(planned.factory, dataset)
        loaded = catalog.dataset_name(planned.build())
    variables = {"DESTINATION_TYPE": planned.destination.name, "LIINE_DATASET": loaded, **found}
    return {name: str(value) for name, value in variables.items() if value is not None}


@contextmanager
def open_for_reading(destination: str | None, dataset: str) -> Iterator[dlt.Pipeline]:
    """Yield a pipeline that reads a dataset, beside other readers and runs as far as the destination allows it."""
    # A folder of its own: a sync may be using the pipeline's.
    with TemporaryDirectory(prefix="liine-") as folder:
        planned = _plan_pipeline(destination, dataset, folder)
        pipeline = planned.build()
        with planned.destination.read_only(pipeline):
            yield pipeline


@contextmanager
def open_pipeline(
    destination: str | None,
    dataset: str,
    *,
    run_key: str,
    label: str,
    must_have_data: bool = False,
    check: Callable[[dlt.Pipeline], None] | None = None,
) -> Iterator[dlt.Pipeline]:
    """Yield a pipeline, as of `build_pipeline`, that no other run uses, with its state from the destination.

    What an interrupted run has left in the working directory is deleted: the destination alone knows how far each
    customer is. What this run leaves is deleted too; after a failure that is rows, and dlt's trace, which may quote
    them. Raises BusyError where another run is active, on Postgres and Snowflake after some minutes, and
    ConfigurationError where `must_have_data` and nothing was ever loaded. `check` is called with the pipeline before
    it reads its state.
    """
    planned = _plan_pipeline(destination, dataset, run_key=run_key, label=label)
    with exit_on_sigterm(), owner_only_files(), _lock_working_directory(planned):
        pipeline = planned.build()
        log.debug("Working folder: %s.", planned.folder)
        try:
            dlt_settings.refuse_losses(pipeline)
            dlt_settings.refuse_leftovers(pipeline)
            _reset_working_directory(pipeline)
            location = locate_pipeline(pipeline)
            log.debug("Connecting to %s, dataset %s.", location, dataset)
            planned.destination.require_writable(pipeline, location)
            if must_have_data and not planned.destination.has_data(pipeline, location):
                raise ConfigurationError(
                    f"Nothing has been loaded into dataset {dataset} in {location} yet. Run `liine sync`, or pass the "
                    "right dataset with --dataset."
                )
            with exclusive(pipeline, pipeline.pipeline_name, PATIENCE), planned.destination.keep_open(pipeline):
                with catalog.keep_connected(pipeline):
                    if check:
                        check(pipeline)
                    _drop_staging(pipeline)
                    planned.destination.prepare(pipeline)
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
            _reset_working_directory(pipeline)


@contextmanager
def exclusive(pipeline: dlt.Pipeline, what: str, patience: float) -> Iterator[None]:
    """Keep other sessions from doing `what` in the dataset, where the destination can; BusyError after `patience` s."""
    try:
        with pipeline_destination(pipeline).exclusive(pipeline, what, patience):
            yield
    except TimeoutError:
        raise _busy(pipeline.dataset_name) from None


@dataclass(frozen=True, slots=True)
class _PlannedPipeline:
    """Where a pipeline loads to, its name, and the working directory that dlt creates when it is built."""

    destination: Destination
    factory: AnyDltDestination
    dataset: str
    folder: str
    name: str

    def build(self) -> dlt.Pipeline:
        with owner_only_files():
            return dlt.pipeline(
                self.name,
                self.folder,
                destination=self.factory,
                dataset_name=self.dataset,
                _impl_cls=PrivatePipeline,
            )


def _plan_pipeline(
    name: str | None, dataset: str, folder: str | None = None, run_key: str | None = None, label: str | None = None
) -> _PlannedPipeline:
    if not (dataset.strip() and dataset.isprintable()):
        raise ConfigurationError("The name of the dataset, --dataset, must be a text without control characters.")
    destination = get_destination(name)
    suffix = f"_{_digest(run_key)}" if run_key and destination.supports_concurrent_writers else ""
    # dlt's own name for staging, `<dataset>_staging`, is also dbt's.
    staging_layout = f"%s_stg{suffix or '_' + _digest(dataset)}"
    dlt_settings.set_defaults(is_our_pipeline=True)
    refuse_secrets_in_config()
    with translate_errors(), _explain_missing_package(destination):
        factory = destination.build_factory(staging_layout)
        resolve_settings_once(factory)
        # This imports what the destination needs.
        factory.client_class  # noqa: B018
        address = destination.address(factory)
    destination.check_names(address, dataset, staging_layout % dataset, PIPELINE_NAME)
    # With one working directory for two datasets, rows have been lost.
    own_folder = f"liine_{destination.name}_{_digest(f'{address} {dataset}')}{suffix}"
    pipeline_name = f"{PIPELINE_NAME}_{label}{suffix}" if suffix and label else PIPELINE_NAME + suffix
    dlt_settings.refuse_redirection(pipeline_name)
    return _PlannedPipeline(
        destination, factory, dataset, folder or str(Path(working_folder()) / own_folder), pipeline_name
    )


@contextmanager
def _explain_missing_package(destination: Destination) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        missing = error.name
    else:
        return
    package = f"liine-source[{destination.extra}]" if destination.extra else f"dlt[{destination.name}]"
    raise MissingPackageError(
        f"The destination {destination.name} needs a package that is not installed{f', {missing}' if missing else ''}: "
        f"pip install '{package}', then run again."
    )


def _reset_working_directory(pipeline: dlt.Pipeline) -> None:
    """Delete what is in the working directory: rows of a failed load, and dlt's trace, which may quote them."""
    pipeline.drop()


@contextmanager
def _lock_working_directory(planned: _PlannedPipeline) -> Iterator[None]:
    """Keep other runs on this machine out of the working directory; that of a run key is deleted afterwards."""
    folder = Path(planned.folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    is_own = planned.destination.supports_concurrent_writers
    lock = FileLock(folder.parent / f"{folder.name}.lock")
    if not _acquire(lock, planned.dataset, PATIENCE if is_own else 0):
        raise _busy(planned.dataset)
    try:
        yield
    finally:
        if is_own:
            # A history has thousands of run keys. The lock file is deleted while it is held: whoever has it open opens
            # it again.
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                Path(lock.lock_file).unlink()
        lock.release()


def _acquire(lock: FileLock, dataset: str, patience: float) -> bool:
    """Return whether the lock was free within `patience` seconds; a longer wait is reported."""
    pause = min(patience, lock_waits.FIRST_REPORT_SECONDS)
    for timeout in (pause, patience - pause):
        with suppress(Timeout):
            lock.acquire(timeout=timeout)
            return True
        if timeout == pause < patience:
            lock_waits.log.warning(
                "Waiting for another run of the same customers on this machine, dataset %s.", dataset
            )
    return False


def _busy(dataset: str) -> BusyError:
    return BusyError(
        f"Another run is loading into dataset {dataset}; nothing was requested. It continues by itself: run again when "
        "it has ended."
    )


def _drop_staging(pipeline: dlt.Pipeline) -> None:
    """Drop the pipeline's staging dataset: what an interrupted run has left in it, or this run's tables.

    Raises ConfigurationError where it has tables that no load of ours creates.
    """
    if not pipeline_destination(pipeline).has_staging_dataset:
        return
    with catalog.connect(pipeline) as connected, connected.sql_client.with_staging_dataset():
        client = connected.sql_client
        if not client.has_dataset():
            return
        if catalog.unstaged_tables(client):
            raise ConfigurationError(
                f"The dataset {client.dataset_name} has tables that no load has staged, and liine-source needs its "
                f"name for the staging of {pipeline.dataset_name}. Rename it, or load into another --dataset. Nothing "
                "was requested."
            )
        client.drop_dataset()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
