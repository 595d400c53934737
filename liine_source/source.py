"""The dlt source `liine`: its resources, and what one load extracts.

Building the source requests nothing and writes no file; extracting it does.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, Unpack, cast

import dlt
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchema
from dlt.common.typing import TDataItem
from dlt.common.utils import clone_dict_nested
from dlt.extract import DltResource, DltSource
from dlt.extract.decorators import DltSourceFactoryWrapper
from dlt.extract.hints import TResourceHints
from dlt.extract.reference import SourceFactory

from liine_source.api import query
from liine_source.api.client import LiineClient
from liine_source.api.records import Row
from liine_source.destinations import pipeline_destination
from liine_source.error_translation import translate_errors
from liine_source.errors import (
    ApiError,
    ConfigurationError,
    LiineError,
    LoginRefusedError,
    OutageError,
    SweepError,
    SyncFailedError,
    UnreadableRowsError,
)
from liine_source.extract.load_request import LoadRequest, RunProgress
from liine_source.extract.observer import Observer
from liine_source.extract.parallel import run_in_parallel
from liine_source.extract.plan import plan_tasks, resumed_histories
from liine_source.extract.reader import Reader
from liine_source.extract.state import SourceState
from liine_source.extract.tasks import Task
from liine_source.load import dlt_settings
from liine_source.load.dataset_checks import (
    refuse_altered_tables,
    refuse_foreign_staging,
    require_same_dataset,
    selected_tables,
    void_incomplete_tables,
)
from liine_source.load.hints import column_hints
from liine_source.load.key_checks import check_keys, store_check_values
from liine_source.load.loading import between_loads
from liine_source.load.suppressed_rows import delete_suppressed
from liine_source.load.tables import PageTables, Tables, batched, empty_tables
from liine_source.load.unchanged_rows import leave_out_unchanged
from liine_source.privacy.masking import Masker
from liine_source.settings import LiineOptions, Settings, check_settings, resolve_settings
from liine_source.spec.tables import (
    CHILD_TABLES,
    DESCRIPTIONS,
    INTERACTION_TABLES,
    INTERACTIONS,
    SWEEPS,
    column_names,
)
from liine_source.warehouse import catalog

log = logging.getLogger(__name__)

_Arguments = ParamSpec("_Arguments")

# Each id comes once in a load, so the destination need not sort the load to remove duplicates, which would take the
# memory of all its rows.
_MERGE: Any = {"disposition": "merge", "strategy": "delete-insert", "deduplicated": True}

# dlt's work per batch does not depend on its size; each batch is a row group of the file, and the most that a loader
# holds in memory.
_BATCH_ROWS = 10_000
_BATCH_BYTES = 32_000_000


@dataclass(frozen=True, slots=True)
class _Extraction:
    """What one load extracts; the `client` stays open, and without one the load opens its own."""

    settings: Settings
    request: LoadRequest
    progress: RunProgress
    observer: Observer | None = None
    client: LiineClient | None = None


class _CheckedSource(DltSourceFactoryWrapper[Any, DltSource]):
    """Checks the settings before dlt reads them, and translates dlt's own errors."""

    def __call__(self, *args: Any, **kwargs: Any) -> DltSource:
        with translate_errors():
            check_settings({name: value for name, value in kwargs.items() if name != "observer"})
            return super().__call__(*args, **kwargs)


def _define_source(function: Callable[_Arguments, Any]) -> SourceFactory[_Arguments, DltSource]:
    """As `dlt.source`, whose factory has no place for a check."""
    return _CheckedSource().clone(name="liine", section="liine").bind(function)


@_define_source
def liine(*, observer: Observer | None = None, **options: Unpack[LiineOptions]) -> Sequence[DltResource]:
    """Return the tables `interactions`, its three child tables and `sweeps`, each customer brought up to date.

    The first run loads a customer's whole history, later runs what was updated since (reference, `updated_date`), with
    a day of overlap; rows are merged on `id`.

    Args:
        observer: follows the extraction. Without one, a customer that cannot be read completely raises
            SyncFailedError, and nothing is loaded; with one, the other customers are loaded.
        options: see `settings.LiineOptions`; each is also a dlt setting under `[sources.liine]`.

    Raises:
        ConfigurationError: at once, if a setting is missing or wrong.
    """
    dlt_settings.set_defaults(is_our_pipeline=False)
    return _resources(
        _Extraction(resolve_settings(**options), LoadRequest(), RunProgress(), observer), _extract_in_any_pipeline
    )


def source_for_run(
    settings: Settings,
    request: LoadRequest,
    progress: RunProgress,
    client: LiineClient,
    observer: Observer | None = None,
) -> DltSource:
    """Return the source `liine` for one load of a run, which may take several; its pipeline is one of `load`."""
    extraction = _Extraction(settings, request, progress, observer, client)
    return dlt.source(_resources, name="liine", section="liine")(extraction, _extract)


class _Resource(DltResource):
    """The resource of a table. Computes its schema once, where dlt does so for each batch of rows.

    Takes no limit: a load that ends early would have some rows of a customer, and no proof of which are missing.
    """

    _computed: TTableSchema | None = None

    def compute_table_schema(self, item: TDataItem = None, meta: Any = None) -> TTableSchema:
        """Return the schema that follows from the hints; dlt takes 5 ms to validate 84 columns."""
        if meta is not None or any(map(callable, (self._hints or {}).values())):
            return super().compute_table_schema(item, meta)
        self._computed = self._computed or super().compute_table_schema(item, meta)
        return cast("TTableSchema", clone_dict_nested(cast("dict[str, Any]", self._computed)))

    def _set_hints(self, hints: TResourceHints, create_table_variant: bool = False) -> None:  # noqa: FBT001, FBT002  as dlt calls it
        self._computed = None
        super()._set_hints(hints, create_table_variant)

    def add_limit(self, *_: Any, **__: Any) -> NoReturn:
        """Raise ConfigurationError."""
        raise ConfigurationError(
            "add_limit has no place here: it would load some rows and prove nothing about the others. Limit the days "
            "instead, with since and until, or the customers, with customer_ids; for a first look there is `liine sync "
            "--sample 100`. Nothing was requested."
        )


def _resources(extraction: _Extraction, extract: Callable[[_Extraction], Iterator[Tables]]) -> Sequence[DltResource]:
    pages = dlt.resource(extract, name="pages", selected=False)(extraction)
    return [
        table_resource(pages, INTERACTIONS, primary_key="id", write_disposition=_MERGE),
        *(_child_table(pages, name) for name in CHILD_TABLES),
        table_resource(pages, SWEEPS, write_disposition="append"),
    ]


def table_resource(pages: DltResource, table: str, **hints: Any) -> DltResource:
    """Return the resource of one table, which picks its rows from pages."""

    def pick(page: Tables) -> Iterator[Any]:
        if table in page:
            yield page[table]

    resource: DltResource = dlt.transformer(  # type: ignore[call-overload]  # without _impl_cls
        pick,
        data_from=pages,
        name=table,
        columns=column_hints(table),
        file_format="parquet",
        _impl_cls=_Resource,
        **hints,
    )
    return resource.apply_hints(additional_table_hints={"description": DESCRIPTIONS[table]})


def _child_table(pages: DltResource, table: str) -> DltResource:
    return table_resource(
        pages,
        table,
        merge_key="interaction_id",
        write_disposition=_MERGE,
        references=[
            {
                "referenced_table": INTERACTIONS,
                "columns": ["interaction_id"],
                "referenced_columns": ["id"],
            }
        ],
    )


def _extract_in_any_pipeline(extraction: _Extraction) -> Iterator[Tables]:
    """As `_extract`, in a pipeline that `load` did not build."""
    pipeline = dlt.current.pipeline()
    # What a failed load leaves there, until the next load, holds rows.
    Path(pipeline.working_dir).chmod(0o700)
    dlt_settings.refuse_losses(pipeline)
    dlt_settings.refuse_discarding(dlt.current.source())
    refuse_foreign_staging()
    refuse_altered_tables()
    # A source may be extracted again, by a second run.
    progress = RunProgress()
    yield from _extract(replace(extraction, progress=progress))
    with between_loads(pipeline):
        delete_suppressed(pipeline, progress.suppressed_ids)


def _extract(extraction: _Extraction) -> Iterator[Tables]:
    """Read what the request asks for, yield the rows as tables, and note in the state what is proven complete."""
    if extraction.client:
        yield from _extract_with(extraction, extraction.client)
        return
    with closing(extraction.settings.open_client()) as client:
        yield from _extract_with(extraction, client)


def _extract_with(extraction: _Extraction, client: LiineClient) -> Iterator[Tables]:
    settings, progress, observer = extraction.settings, extraction.progress, extraction.observer
    tables = selected_tables()
    state = _prepare_state(extraction, tables)
    pipeline, schema = dlt.current.pipeline(), dlt.current.source_schema()
    suppression_list, unstored_keys = check_keys(pipeline, settings, state)
    masker = Masker(settings.policy, suppression_list)
    load_id = dlt.current.load_package_state()["load_id"]
    if extraction.client and not progress.has_started:
        progress.is_first_run = _is_first_run(pipeline)
    builder = PageTables(
        *(load_id, _unknown_columns(schema, progress)),
        keeps_raw=masker.keeps_raw_values,
        # No row is stored yet, and none is loaded twice in a run.
        deletes_children=not progress.is_first_run,
    )
    reader = Reader(
        settings, client, state, seen_ids=progress.seen_ids, suppression_list=suppression_list, tables=tables
    )
    tasks = plan_tasks(extraction.request, progress, reader)
    if observer and not progress.has_started:
        for customer, history in resumed_histories(extraction.request, reader):
            observer.on_resumed(customer, history.expected, history.rows)
    progress.has_started = True
    may_leave_out = _may_leave_out(extraction, pipeline, schema)
    rereading = {task.audit.customer_id for task in tasks if task.rereads} if may_leave_out else set()
    added = _unknown_columns(schema, progress)
    empty = [empty_tables()] if _must_create_tables(pipeline, schema, progress) else []
    for batch in batched(chain(empty, _read_tasks(extraction, tasks, builder, masker)), _BATCH_ROWS, _BATCH_BYTES):
        yield leave_out_unchanged(pipeline, batch, rereading, added) if rereading else batch
    if observer:
        observer.on_extracted(builder.rows, builder.unknown_fields, masker.dropped)
    elif progress.failures:
        raise SyncFailedError(progress.failures)
    progress.suppressed_ids |= masker.suppressed_ids
    # Before any row that the key has hashed is written.
    store_check_values(pipeline, unstored_keys)
    if key := settings.policy.key:
        state.note_key_check(key.key_id, key.check_value)


def _prepare_state(extraction: _Extraction, tables: Sequence[str]) -> SourceState:
    state, progress = SourceState(dlt.current.source_state()), extraction.progress
    is_first_load = not progress.has_started
    if is_first_load and progress.initial_state is not None:
        state.data.update(progress.initial_state.data)
    require_same_dataset(state, extraction.settings)
    void_incomplete_tables(state)
    state.void_lost_tables()
    if is_first_load:
        state.restart_histories(extraction.request.restart_customers)
    for name in tables:
        dlt.current.resource_state(name)["is_loaded"] = True
    return state


def _must_create_tables(pipeline: dlt.Pipeline, schema: Schema, progress: RunProgress) -> bool:
    """Whether empty tables must be loaded, so that all tables exist after a first run.

    Postgres cannot load a file without rows; where several runs may load at once, `destinations` creates the tables.
    """
    is_known = bool(progress.column_types) or INTERACTIONS in schema.tables
    has_own_way = pipeline.destination and pipeline_destination(pipeline).supports_concurrent_writers
    return not is_known and not has_own_way


def _may_leave_out(extraction: _Extraction, pipeline: dlt.Pipeline, schema: Schema) -> bool:
    """Whether rows that are stored as they are need no load.

    In a pipeline of others a table may have another name. And with the rows of a table dlt brings its columns and
    comments up to date.
    """
    if extraction.client is None or not catalog.speaks_sql(pipeline):
        return False
    return all(
        _is_part({"columns": column_hints(name), "description": DESCRIPTIONS[name]}, schema.tables.get(name, {}))
        for name in INTERACTION_TABLES
    )


def _is_part(some: Mapping[str, Any], every: Mapping[str, Any]) -> bool:
    """Whether nested dictionaries say nothing that the others do not."""
    return all(
        _is_part(value, every.get(key, {})) if isinstance(value, dict) else every.get(key) == value
        for key, value in some.items()
    )


def _is_first_run(pipeline: dlt.Pipeline) -> bool:
    """Whether there is no table of interactions, and no other run can create it meanwhile."""
    if pipeline_destination(pipeline).supports_concurrent_writers or not catalog.speaks_sql(pipeline):
        return False
    return not catalog.column_types(pipeline)


def _unknown_columns(schema: Schema, progress: RunProgress) -> dict[str, str]:
    """Return the types of the columns that earlier loads added to `interactions` for unknown fields."""
    stored = schema.tables.get(INTERACTIONS, {"columns": {}})["columns"]
    known = {name: column["data_type"] or "text" for name, column in stored.items() if "data_type" in column}
    documented = set(column_names(INTERACTIONS))
    return {name: data_type for name, data_type in {**progress.column_types, **known}.items() if name not in documented}


def _read_tasks(extraction: _Extraction, tasks: deque[Task], builder: PageTables, masker: Masker) -> Iterator[Tables]:
    request, progress, observer = extraction.request, extraction.progress, extraction.observer
    broken: dict[int, LiineError] = {}
    scope = {"kind": request.kind, **_describe_scope(extraction.settings)}
    for event in run_in_parallel(tasks, extraction.settings.max_concurrency):
        task = event.task
        if not event.is_end:
            if page := _build_page(task, event.item, builder, masker, broken):
                yield page
            if observer:
                observer.on_page(task.audit, len(event.item))
            continue
        failure = broken.pop(id(task), None) or (_customer_error(task, event.error) if event.error else None)
        if failure:
            _log_failure(failure)
            task.audit.status, task.audit.proof, task.audit.reason = "failed", None, type(failure).__name__
            progress.failures.append((task.audit.customer_id, failure))
            progress.failed.add(task.key)
        else:
            following = task.complete()
            tasks.extendleft(reversed(following))
            if observer and task.is_plan:
                observer.on_planned(task.audit, len(following))
        if task.is_sweep or failure:
            if observer:
                observer.on_window_end(task.audit, failure)
            yield builder.build_sweeps([task.audit.as_row() | scope])
        if request.max_rows is not None and builder.rows[INTERACTIONS] >= request.max_rows:
            progress.is_unfinished = progress.is_unfinished or bool(tasks)
            tasks.clear()


def _log_failure(failure: LiineError) -> None:
    """Log why a task has failed; of an outage the client has logged it once for all."""
    if not isinstance(failure, OutageError):
        log.error("%s", failure)


def _build_page(
    task: Task, rows: list[Row], builder: PageTables, masker: Masker, broken: dict[int, LiineError]
) -> Tables:
    """Return the tables of a page; a row that cannot be converted breaks its task, and no other."""
    customer = task.audit.customer_id
    try:
        kept = [] if id(task) in broken else masker.mask(rows, customer)
        return builder.build(kept, customer) if kept else {}
    except Exception as error:  # noqa: BLE001  one customer's odd row must not stop the others
        broken[id(task)] = _customer_error(task, error)
        return {}


def _describe_scope(settings: Settings) -> dict[str, str]:
    """Return what the rows of a load are a selection of, under the column names of `sweeps`."""
    return {
        "filters": query.describe_filters(settings.filters),
        "lead_rows": query.kept_lead_rows(settings.filters),
        "personal_data": settings.policy.description,
    }


def _customer_error(task: Task, error: Exception) -> LiineError:
    """Return an error that concerns one customer alone; raise one that ends the run, such as a refused login."""
    if isinstance(error, ApiError | SweepError) and not isinstance(error, LoginRefusedError):
        return error
    if isinstance(error, LiineError):
        raise error
    customer, window = task.key
    return UnreadableRowsError(customer, str(window), error)
