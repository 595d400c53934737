"""One load: extract, normalize and write, one load at a time where the destination can keep others out."""

import logging
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import dlt
import pyarrow as pa
from dlt.common.pipeline import LoadInfo
from dlt.common.schema import Schema
from dlt.common.schema.utils import has_table_seen_data, new_table
from dlt.extract import DltSource

from liine_source.destinations import pipeline_destination
from liine_source.load.altered_tables import dlt_tables
from liine_source.load.hints import column_hints
from liine_source.load.pipeline import PATIENCE, exclusive
from liine_source.load.signals import defer_signals
from liine_source.spec.tables import COLUMNS, ERASURES, INTERACTIONS, column_names
from liine_source.warehouse import catalog, queries

log = logging.getLogger(__name__)

_UPDATE_IN_PLACE: Any = {"disposition": "merge", "strategy": "upsert"}


class Hooks(NamedTuple):
    """What a run does when no other load can come between that and its own.

    `before_recreate` is called with the tables and columns that somebody has dropped and that are about to be created
    again, then `before_write` in any case. Afterwards `new_customers` returns those who had no rows when the run began.
    """

    before_write: Callable[[], None] = lambda: None
    before_recreate: Callable[[Collection[str]], None] = lambda _: None
    new_customers: Callable[[], Collection[int]] = tuple


NO_HOOKS = Hooks()


def load(
    pipeline: dlt.Pipeline,
    source: DltSource,
    on_committed: Callable[[LoadInfo], None] | None = None,
    hooks: Hooks = NO_HOOKS,
) -> LoadInfo:
    """Extract, normalize and load a source.

    `on_committed` is called when the load is in the destination, before a deferred signal ends the run. Raises
    DuplicateRowsError where Snowflake has rows twice afterwards.
    """
    destination = pipeline_destination(pipeline)
    destination.configure(source)
    loaded_columns = _loaded_columns(pipeline)
    if INTERACTIONS in source.resources and _must_update_in_place(pipeline, loaded_columns.get(INTERACTIONS, set())):
        source.resources[INTERACTIONS].apply_hints(write_disposition=_UPDATE_IN_PLACE)
    declared = source.discover_schema()
    pipeline.extract(source)
    # The rows are in files now, and the destination needs memory too.
    pa.default_memory_pool().release_unused()
    pipeline.normalize()
    with between_loads(pipeline):
        with catalog.keep_connected(pipeline):
            _recreate_dropped(pipeline, declared, loaded_columns, hooks.before_recreate)
            hooks.before_write()
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
        declared = source.discover_schema()
        other.extract(source)
        other.normalize()
        with exclusive(other, "load", PATIENCE if is_patient else 0), defer_signals():
            _recreate_dropped(other, declared, {}, NO_HOOKS.before_recreate)
            other.load()
        pipeline.activate()


def create_first_tables(pipeline: dlt.Pipeline, names: Collection[str]) -> None:
    """Create `FIRST_TABLES` or their columns again: without its own tables dlt cannot even read its state."""
    schema = Schema("liine")
    for table in dlt_tables():
        schema.update_table(table)
    erasures = new_table(ERASURES, columns=list(column_hints(ERASURES).values()))
    for column in erasures["columns"].values():
        column["nullable"] = True
    schema.update_table(erasures)
    with between_loads(pipeline):
        _create(pipeline, schema, names)


def _loaded_columns(pipeline: dlt.Pipeline) -> dict[str, set[str]]:
    """Return the columns that earlier loads have created, by table, as far as the pipeline knows."""
    if not pipeline.schema_names:
        return {}
    tables = pipeline.default_schema.tables
    return {name: {*table["columns"]} for name, table in tables.items() if has_table_seen_data(table)}


def _must_update_in_place(pipeline: dlt.Pipeline, loaded_columns: Collection[str]) -> bool:
    """Whether somebody keeps values in own columns of `interactions`, or refers to its rows, and none is there twice.

    An insert after a delete would lose those. An update would leave duplicates.
    """
    if not catalog.speaks_sql(pipeline):
        return False
    destination = pipeline_destination(pipeline)
    stored = catalog.column_types(pipeline)
    has_others = bool(stored.keys() - {*column_names(INTERACTIONS), *loaded_columns})
    if stored and not has_others and destination.serves_foreign_keys:
        has_others = any(key.referenced_table == INTERACTIONS for key in destination.read_foreign_keys(pipeline))
    if not (has_others and destination.updates_in_place(pipeline)):
        return False
    return not queries.duplicate_ids(pipeline)


def _recreate_dropped(
    pipeline: dlt.Pipeline,
    declared: Schema,
    loaded_columns: Mapping[str, Collection[str]],
    before_recreate: Callable[[Collection[str]], None],
) -> None:
    """Create tables and columns again that somebody has dropped: dlt checks them only when its schema has changed."""
    if not catalog.speaks_sql(pipeline):
        return
    names = [name for name in declared.data_table_names(include_incomplete=True) if name in COLUMNS]
    stored = catalog.column_types_by_table(pipeline, [*names, catalog.VERSION_TABLE])
    if not stored[catalog.VERSION_TABLE]:
        # A new dataset, in which dlt creates everything.
        return
    is_new = not any(stored[name] or name in loaded_columns for name in names)
    schema = pipeline.default_schema.clone()
    for name in names:
        schema.update_table(declared.tables[name])
    absent = {name: sorted(_known_columns(name, schema, loaded_columns) - stored[name].keys()) for name in names}
    dropped = []
    for name, columns in absent.items():
        dropped += [f"{name}.{column}" for column in columns] if stored[name] else [name]
        for column in columns if stored[name] else ():
            # Rows that stay have no value in it.
            schema.tables[name]["columns"][column]["nullable"] = True
    if not dropped:
        return
    if not is_new:
        log.warning("Somebody has dropped tables or columns, which are created again: %s", ", ".join(dropped))
        before_recreate(dropped)
    _create(pipeline, schema, {name.partition(".")[0] for name in dropped})


def _known_columns(table: str, schema: Schema, loaded_columns: Mapping[str, Collection[str]]) -> set[str]:
    """Return the columns that a table should have before a load; those of new fields are dlt's to create."""
    if table == INTERACTIONS:
        return {*column_names(table), *loaded_columns.get(table, ())}
    return {*schema.tables[table]["columns"]}


def _create(pipeline: dlt.Pipeline, schema: Schema, names: Collection[str]) -> None:
    with pipeline.destination_client() as client:
        # As it will be stored: a changed schema is refused.
        client.schema = Schema.from_dict(schema.to_dict())  # type: ignore[arg-type]
        # Whoever finds the table of interactions finds the others too.
        ordered = sorted(names, key=lambda name: name == INTERACTIONS)
        client._execute_schema_update_sql(ordered, store_schema=False)  # type: ignore[attr-defined]  # noqa: SLF001  no public method takes tables
