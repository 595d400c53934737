"""One load: extract, normalize and write, one load at a time where the destination can keep others out."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import dlt
from dlt.common.pipeline import LoadInfo
from dlt.common.schema.utils import has_table_seen_data
from dlt.extract import DltSource

from liine_source.destinations import pipeline_destination
from liine_source.load.pipeline import PATIENCE, exclusive
from liine_source.load.signals import defer_signals
from liine_source.spec.tables import SOURCE_TABLES
from liine_source.warehouse import catalog

log = logging.getLogger(__name__)


def load(
    pipeline: dlt.Pipeline,
    source: DltSource,
    on_committed: Callable[[LoadInfo], None] | None = None,
    before_write: Callable[[], None] | None = None,
) -> LoadInfo:
    """Extract, normalize and load a source.

    `before_write` is called when no other load can come between it and this one, `on_committed` when the load is in the
    destination, before a deferred signal ends the run. Raises DuplicateRowsError where Snowflake has rows twice
    afterwards.
    """
    destination = pipeline_destination(pipeline)
    destination.configure(source)
    declared = source.discover_schema()
    loaded_columns = _loaded_columns(pipeline)
    pipeline.extract(source)
    pipeline.normalize()
    with between_loads(pipeline):
        if before_write:
            before_write()
        if loaded_columns and catalog.speaks_sql(pipeline):
            _recreate_dropped(pipeline, loaded_columns)
        destination.before_load(pipeline, declared)
        with defer_signals():
            info = pipeline.load()
            if on_committed:
                on_committed(info)
            destination.after_load(pipeline)
    return info


@contextmanager
def between_loads(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Keep other loads out of the dataset meanwhile, where the destination can (Postgres)."""
    with exclusive(pipeline, "load", math.inf):
        yield


def load_separately(pipeline: dlt.Pipeline, source: DltSource, name: str, *, is_patient: bool) -> None:
    """Load a source into the pipeline's dataset by another pipeline, called `name`, which keeps no state.

    What a failed load has left in the pipeline, rows and state, must never be loaded together with anything else.
    Raises BusyError where another run is loading, after some minutes or, if not `is_patient`, at once.
    """
    with TemporaryDirectory(prefix="liine-") as folder:
        other = dlt.pipeline(name, folder, destination=pipeline.destination, dataset_name=pipeline.dataset_name)
        other.config.restore_from_destination = False
        other.extract(source)
        other.normalize()
        with exclusive(other, "load", PATIENCE if is_patient else 0), defer_signals():
            other.load()
        pipeline.activate()


def _loaded_columns(pipeline: dlt.Pipeline) -> dict[str, set[str]]:
    """Return the columns that earlier loads have created, by table, as far as the pipeline knows."""
    if not pipeline.schema_names:
        return {}
    schema = pipeline.default_schema
    loaded = [name for name in SOURCE_TABLES if has_table_seen_data(schema.tables.get(name, {}))]
    names = (*loaded, *schema.dlt_table_names()) if loaded else ()
    return {name: set(schema.get_table_columns(name)) for name in names}


def _recreate_dropped(pipeline: dlt.Pipeline, columns: Mapping[str, set[str]]) -> None:
    """Create tables and columns again that somebody has dropped: dlt checks them only when its schema has changed."""
    if missing := sorted(catalog.incomplete_tables(pipeline, columns)):
        log.warning("Tables were missing, or lacked columns, and are created again: %s", ", ".join(missing))
        with pipeline.destination_client() as client:
            client._execute_schema_update_sql(missing, store_schema=False)  # type: ignore[attr-defined]  # noqa: SLF001  no public method takes tables
