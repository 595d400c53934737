"""The dlt source: the tables, and a run through what is to be read.

Nothing is requested and no file is written when the source is built, only when it is extracted.
"""

import inspect
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date
from itertools import chain
from typing import Any, ParamSpec

import dlt
from dlt.common.schema import Schema
from dlt.extract import DltResource, DltSource
from dlt.extract.decorators import DltSourceFactoryWrapper
from dlt.extract.reference import SourceFactory

from liine_source import catalogue, dlt_settings, erasure, tables, tasks
from liine_source.auth import LiineCredentials
from liine_source.client import LiineClient, host_of
from liine_source.concurrency import interleaved
from liine_source.errors import ApiError, ConfigurationError, LiineError, LoginRefusedError, SweepError, SyncFailedError
from liine_source.failures import translated
from liine_source.privacy import Privacy, Suppressed, Treated, Treatment
from liine_source.query import Filters, FiltersSetting
from liine_source.settings import MANY_WRITERS, Observer, Settings, check, checked_settings
from liine_source.spec.endpoints import HOST, MAX_PAGE_SIZE
from liine_source.tasks import Order

log = logging.getLogger(__name__)

_Arguments = ParamSpec("_Arguments")


# Each id comes once in a load, so the destination need not sort the whole load to drop repeats: that would
# cost the memory of all its rows at once.
_MERGE: Any = {"disposition": "merge", "strategy": "delete-insert", "deduplicated": True}

# Interactions to a batch for dlt, whose work for a batch is the same for few rows as for many; each batch is a row
# group of the file, and the largest part of it that a loader holds in memory.
_BATCH = 5_000


class _CheckedSource(DltSourceFactoryWrapper[Any, DltSource]):
    """Checks the settings before dlt reads them, and tells dlt's own refusals in our words."""

    def __call__(self, *args: Any, **kwargs: Any) -> DltSource:
        given = inspect.signature(self).bind_partial(*args, **kwargs).arguments
        with translated():
            check(given)
            return super().__call__(*args, **kwargs)


def _source(function: Callable[_Arguments, Any]) -> SourceFactory[_Arguments, DltSource]:
    """As `dlt.source`, whose factory has no place for a check."""
    return _CheckedSource().clone(name="liine", section="liine").bind(function)


@_source
def liine(
    customer_ids: list[int] = dlt.config.value,
    credentials: LiineCredentials = dlt.secrets.value,
    base_url: str = HOST,
    filters: FiltersSetting | None = None,
    since: date | None = None,
    until: date | None = None,
    personal_data: Treatment = "keep",
    personal_data_fields: dict[str, Treatment] | None = None,
    personal_data_key_id: str = "1",
    page_size: int = MAX_PAGE_SIZE,
    max_concurrency: int = 4,
    reread_days: int = 90,
    reread_every_days: int = 7,
    observer: Observer | None = None,
) -> Sequence[DltResource]:
    """Return the tables `interactions`, its three child tables and `sweeps`, each customer brought up to date.

    The first run reads a customer's whole history, later runs what was updated since (reference,
    `updated_date`), with a day of overlap; rows are merged on `id`. Each argument is also a dlt setting
    under `[sources.liine]`.

    Args:
        customer_ids: Liine's internal customer ids; at least one.
        credentials: user name and password of a Liine account.
        base_url: where the API answers; `https`, or any loopback address.
        filters: any of the reference's 69 filters; a changed filter starts anew.
        since: first day to read, by the interaction's start; None reads from the beginning. A day more may come.
        until: last day to read, included; None reads up to now. Up to two days more may come.
        personal_data: `keep` loads every field as it is, `hash` personal ones as HMAC-SHA-256 under the secret
            `sources.liine.personal_data_key`, `drop` leaves them out (docs/privacy.md).
        personal_data_fields: exceptions, by a field's name.
        personal_data_key_id: the key's name, which stands before each hash.
        page_size: interactions a request, 1 to 1000.
        max_concurrency: requests at once, 1 to 64; fewer by itself where the API sends 429 or 503.
        reread_days: how many of the last days are read again from time to time, for changes that do not move
            `updated_at`; 0 for none.
        reread_every_days: how many days lie between.
        observer: follows the run. Without one, a customer that cannot be read completely makes the extraction
            raise SyncFailedError, and nothing is loaded; with one, the others are loaded.

    Raises:
        ConfigurationError: at once, if a setting is missing or wrong.
    """
    settings = checked_settings(
        customer_ids=customer_ids,
        credentials=credentials,
        base_url=base_url,
        filters=filters,
        since=since,
        until=until,
        personal_data=personal_data,
        personal_data_fields=personal_data_fields,
        personal_data_key_id=personal_data_key_id,
        page_size=page_size,
        max_concurrency=max_concurrency,
        reread_days=reread_days,
        reread_every_days=reread_every_days,
        observer=observer,
    )
    return _resources(settings, Order(), _checked_pages)


def for_order(settings: Settings, order: Order, client: LiineClient) -> DltSource:
    """Return the source `liine` for one load of a run that takes several, or that does not bring up to date.

    Its pipeline is one of `loading`'s; `client` stays open.
    """
    return dlt.source(_resources, name="liine", section="liine")(settings, order, _pages, client)


def _resources(
    settings: Settings, order: Order, read: Callable[..., Any], *client: LiineClient
) -> Sequence[DltResource]:
    pages = dlt.resource(read, name="pages", selected=False)(settings, order, *client)
    return [
        _table(pages, tables.INTERACTIONS, primary_key="id", write_disposition=_MERGE),
        *(_child_table(pages, name) for name in tables.CHILDREN),
        _table(pages, tables.SWEEPS, write_disposition="append"),
    ]


def _table(pages: DltResource, table: str, **hints: Any) -> DltResource:
    def pick(page: tables.Tables) -> Iterator[Any]:
        if table in page:
            yield page[table]

    return dlt.transformer(
        pick,
        data_from=pages,
        name=table,
        columns=tables.columns(table),
        file_format="parquet",
        **hints,
    )


def _child_table(pages: DltResource, table: str) -> DltResource:
    return _table(
        pages,
        table,
        merge_key="interaction_id",
        write_disposition=_MERGE,
        references=[
            {
                "referenced_table": tables.INTERACTIONS,
                "columns": ["interaction_id"],
                "referenced_columns": ["id"],
            }
        ],
    )


def _checked_pages(settings: Settings, order: Order) -> Iterator[tables.Tables]:
    """As `_pages`, in a pipeline that `loading` knows nothing of."""
    dlt_settings.refuse_losses(dlt.current.pipeline())
    dlt_settings.refuse_discarding(dlt.current.source())
    _keep_staging_apart()
    with closing(settings.open_client()) as client:
        yield from _pages(settings, order, client)


def _pages(settings: Settings, order: Order, client: LiineClient) -> Iterator[tables.Tables]:
    """Sweep what the order asks for, yield the rows as tables, and note in the state what is proven complete."""
    selected = _selected_tables()
    state = dlt.current.source_state()
    if order.remembered is not None:
        state.update(order.remembered)
        order.remembered = None
    keep_hosts_apart(state, settings.base_url)
    _note_incomplete_tables(state)
    tasks.forget_lost_tables(state)
    tasks.forget_histories(state, order.restart)
    order.restart = set()
    for name in selected:
        dlt.current.resource_state(name)["is_loaded"] = True
    _keep_meanings_apart(state, settings.filters)
    _keep_forms_apart(state, settings.privacy)
    schema = dlt.current.source_schema()
    load_id = dlt.current.load_package_state()["load_id"]
    suppressed = _suppressed(settings)
    treated = Treated(settings.privacy, suppressed)
    builder = tables.PageTables(load_id, _known_types(schema, order), keeps_raw=treated.keeps_raw_values)
    reader = tasks.Reader(settings, client, state, order.emitted, suppressed, selected)
    waiting = tasks.for_order(order, reader)
    empty = [tables.empty_tables()] if _are_to_be_made(schema, order) else []
    yield from tables.batched(chain(empty, _swept(settings, order, waiting, builder, treated)), _BATCH)
    if settings.observer:
        settings.observer.built(builder.rows, builder.unknown_fields, treated.dropped)
    elif settings.failures:
        raise SyncFailedError(settings.failures)


def _note_incomplete_tables(state: dict[str, Any]) -> None:
    """A table that is gone, or lacks a column, is not loaded any more: nobody else can tell what was in it."""
    schema, pipeline = dlt.current.source_schema(), dlt.current.pipeline()
    loaded = [name for name, own in state.get("resources", {}).items() if own.get("is_loaded")]
    columns = {name: schema.get_table_columns(name).keys() for name in loaded if name in schema.tables}
    for name in catalogue.incomplete_tables(pipeline, columns) if columns and pipeline.destination else ():
        state["resources"][name]["is_loaded"] = False


def _selected_tables() -> list[str]:
    """Return the tables of interactions that a run fills; refuse what would load half of the rows, or some twice."""
    resources = dlt.current.source().resources.selected
    selected = [name for name in tables.OF_INTERACTIONS if name in resources]
    if not selected:
        raise ConfigurationError("Select a table of interactions, too: sweeps alone tell of rows that are nowhere.")
    if not all(_is_merged(resources[name].write_disposition) for name in selected):
        raise ConfigurationError(
            "Changes are merged into the tables of interactions: appended they would be there twice, and a replaced "
            'table would hold nothing else. Leave write_disposition out; refresh="drop_resources" loads all rows again.'
        )
    return selected


def _is_merged(disposition: Any) -> bool:
    given = {"disposition": disposition} if isinstance(disposition, str) else disposition
    return given["disposition"] == "merge" and given.get("strategy") != "insert-only"


def _suppressed(settings: Settings) -> Suppressed:
    """Return whom not to load, from the destination."""
    pipeline = dlt.current.pipeline()
    # Of several pipelines that load into one dataset, no schema need know what another's erasure made.
    is_sql = pipeline.destination and catalogue.speaks_sql(pipeline)
    if not (is_sql and catalogue.column_types(pipeline, erasure.IDENTIFIERS)):
        return Suppressed()
    from liine_source import warehouse  # noqa: PLC0415  it needs SQLAlchemy, which is slow to import

    return Suppressed(warehouse.erased(pipeline), settings.keys)


def _are_to_be_made(schema: Schema, order: Order) -> bool:
    """Whether the tables are to be loaded without a row, so that they are there.

    A file without a row cannot be loaded into Postgres; `loading` makes the tables where there are many writers.
    """
    is_known = bool(order.column_types) or tables.INTERACTIONS in schema.tables
    destination = dlt.current.pipeline().destination
    return not is_known and not (destination and destination.destination_name in MANY_WRITERS)


def _swept(
    settings: Settings, order: Order, waiting: deque[tasks.Task], builder: tables.PageTables, treated: Treated
) -> Iterator[tables.Tables]:
    for event in interleaved(waiting, settings.max_concurrency):
        task = event.unit
        if not event.is_end:
            if rows := treated.rows(event.item, task.audit.customer_id):
                yield builder.build(rows)
            if settings.observer:
                settings.observer.received(task.audit, len(event.item))
            continue
        error = _reported(event.error)
        if error:
            log.error("%s", error)
            settings.failures.append((task.audit.customer_id, error))
            order.failed.add(task.key)
        else:
            following = task.done()
            waiting.extendleft(reversed(following))
            if settings.observer and task.is_division:
                settings.observer.divided(task.audit, len(following))
        if task.is_sweep or error:
            if settings.observer:
                settings.observer.ended(task.audit, error)
            yield builder.audit([{**task.audit.as_row(), "kind": order.kind}])
        if order.rows is not None and builder.rows[tables.INTERACTIONS] >= order.rows:
            order.is_unfinished = order.is_unfinished or bool(waiting)
            waiting.clear()


def _reported(error: Exception | None) -> LiineError | None:
    """Return what concerns one customer alone; raise what ends the run, as a refused login does."""
    if error is None or (isinstance(error, ApiError | SweepError) and not isinstance(error, LoginRefusedError)):
        return error
    raise error


def keep_hosts_apart(state: dict[str, Any], base_url: str) -> None:
    """Raise ConfigurationError where the rows are another host's; `state` is that of their source.

    A watermark of an emulator's rows would have the API's passed over, and a verification would mark them as vanished.
    """
    host = host_of(base_url)
    known = "a host that it does not tell" if state.get("customers") else host
    if (loaded_from := state.setdefault("host", known)) != host:
        raise ConfigurationError(
            f"This dataset was loaded from {loaded_from}, and base_url names {host}. Load from there into a dataset of "
            "its own: --dataset, or dataset_name."
        )


def _keep_meanings_apart(state: dict[str, Any], filters: Filters) -> None:
    """`analytics_methodology` gives the same rows another meaning (open question 16)."""
    methodology = filters.get("analytics_methodology", "none")
    if state.setdefault("analytics_methodology", methodology) != methodology:
        raise ConfigurationError(
            "This dataset was loaded with another analytics_methodology, under which the same rows mean "
            "something else. Load this one into a dataset of its own: --dataset, or dataset_name."
        )


def _keep_forms_apart(state: dict[str, Any], privacy: Privacy) -> None:
    """Rows with and rows without personal data in one dataset would look as if all were without."""
    if state.setdefault("personal_data", privacy.fingerprint) != privacy.fingerprint:
        raise ConfigurationError(
            "This dataset was loaded with other settings of personal_data, and rows that are there would stay as they "
            "are. Load into a dataset of its own: --dataset, or dataset_name; then drop the old one."
        )


def _keep_staging_apart() -> None:
    """Before each load dlt empties staging, whoever made the dataset of that name; `loading` gives it another."""
    pipeline = dlt.current.pipeline()
    if pipeline.destination and (name := catalogue.staging_of_others(pipeline)):
        raise ConfigurationError(
            f"The dataset {name} holds tables that no load has staged, and dlt would empty it: staging has that name. "
            f'Give staging another, such as staging_dataset_name_layout = "%s_stg" under '
            f"[destination.{pipeline.destination.destination_name}], or load into another dataset_name."
        )


def _known_types(schema: Schema, order: Order) -> dict[str, str]:
    """Return the columns of `interactions` that earlier runs, of whichever unit of work, added to the reference's."""
    ours = tables.columns(tables.INTERACTIONS)
    stored = schema.tables.get(tables.INTERACTIONS, {"columns": {}})["columns"]
    found = {name: column["data_type"] or "text" for name, column in stored.items() if "data_type" in column}
    return {name: kind for name, kind in {**order.column_types, **found}.items() if name not in ours}
