"""The dlt source: its settings, its tables, and each customer's state.

Nothing is requested and no file is written when the source is built, only when it is extracted.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

import dlt
from dlt.common.configuration import with_config
from dlt.common.schema import Schema
from dlt.extract import DltResource

from liine_source import query, tables, windows
from liine_source.auth import LiineCredentials
from liine_source.client import LiineClient, checked_base_url
from liine_source.concurrency import interleaved
from liine_source.errors import ApiError, ConfigurationError, LiineError, LoginRefusedError, SweepError, SyncFailedError
from liine_source.query import Filters
from liine_source.rows import Row
from liine_source.spec.endpoints import HOST, MAX_PAGE_SIZE
from liine_source.sweep import Audit, Sweep

log = logging.getLogger(__name__)


# Each id comes once in a load, so the destination need not sort the whole load to drop repeats: that would
# cost the memory of all its rows at once.
_MERGE: Any = {"disposition": "merge", "strategy": "delete-insert", "deduplicated": True}

# Interactions to a batch for dlt, whose work for a batch is the same for few rows as for many.
_BATCH = 10_000


class Observer(Protocol):
    """Follows a run. With an observer, a customer that fails is reported to it and the others are loaded."""

    def received(self, audit: Audit, rows: int) -> None:
        """A page of a sweep has brought `rows` interactions."""

    def ended(self, audit: Audit, error: LiineError | None) -> None:
        """A sweep has ended, with `error` if it is not complete."""

    def built(self, rows: Mapping[str, int], unknown_fields: set[str]) -> None:
        """All sweeps have ended: rows by table, and the names of fields that the reference does not have."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run, checked."""

    customer_ids: list[int]
    credentials: LiineCredentials
    base_url: str
    filters: Filters
    since: date | None
    until: date | None
    page_size: int
    max_concurrency: int
    observer: Observer | None = None
    failures: list[tuple[int, LiineError]] = field(default_factory=list)

    @property
    def filter_hash(self) -> str:
        """The fingerprint under which watermarks are kept."""
        return query.fingerprint(self.filters, self.since, self.until)


@dlt.source(name="liine", section="liine")
def liine(
    customer_ids: list[int] = dlt.config.value,
    credentials: LiineCredentials = dlt.secrets.value,
    base_url: str = HOST,
    filters: Filters | None = None,
    since: date | None = None,
    until: date | None = None,
    personal_data: Literal["keep"] = "keep",
    page_size: int = MAX_PAGE_SIZE,
    max_concurrency: int = 4,
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
        until: last day to read, included; None reads up to now. A day more may come.
        personal_data: only `keep` is available: every field is loaded as it is.
        page_size: interactions a request, 1 to 1000.
        max_concurrency: customers read at once, 1 to 64.
        observer: follows the run. Without one, a customer that cannot be read completely makes the extraction
            raise SyncFailedError, and nothing is loaded; with one, the others are loaded.

    Raises:
        ConfigurationError: at once, if a setting is missing or wrong.
    """
    settings = checked_settings(
        customer_ids, credentials, base_url, filters, since, until, personal_data, page_size, max_concurrency, observer
    )
    pages = dlt.resource(_pages, name="pages", selected=False)(settings)
    return [
        _table(pages, tables.INTERACTIONS, primary_key="id", write_disposition=_MERGE),
        *(_child_table(pages, name) for name in tables.CHILDREN),
        _table(pages, tables.SWEEPS, write_disposition="append"),
    ]


def watermarks(state: Mapping[str, Any]) -> dict[int, datetime]:
    """Return each customer's latest watermark, in UTC, from the state of a source `liine`."""
    return {
        int(customer): max(datetime.fromisoformat(mark["watermark"]) for mark in marks.values())
        for customer, marks in state.get("customers", {}).items()
        if marks
    }


@with_config(sections=("sources", "liine"))
def checked_settings(
    customer_ids: list[int] = dlt.config.value,
    credentials: LiineCredentials = dlt.secrets.value,
    base_url: str = HOST,
    filters: Filters | None = None,
    since: date | None = None,
    until: date | None = None,
    personal_data: Literal["keep"] = "keep",
    page_size: int = MAX_PAGE_SIZE,
    max_concurrency: int = 4,
    observer: Observer | None = None,
) -> Settings:
    """Return the settings of the source `liine`, those not given read from dlt's; raises ConfigurationError."""
    ids = list(dict.fromkeys(customer_ids))
    if not ids or any(type(customer) is not int or customer < 1 for customer in ids):
        raise ConfigurationError("customer_ids must be a list of at least one customer id, each a positive integer.")
    if personal_data != "keep":
        raise ConfigurationError("personal_data: only 'keep' is available in this version; nothing was loaded.")
    if type(page_size) is not int or not 1 <= page_size <= MAX_PAGE_SIZE:
        raise ConfigurationError(f"page_size must be 1 to {MAX_PAGE_SIZE}: the API caps it there.")
    if type(max_concurrency) is not int or not 1 <= max_concurrency <= 64:
        raise ConfigurationError("max_concurrency must be 1 to 64.")
    first, last = windows.checked_dates(since, until)
    return Settings(
        customer_ids=ids,
        credentials=credentials,
        base_url=checked_base_url(base_url),
        filters=query.validated(filters),
        since=first,
        until=last,
        page_size=page_size,
        max_concurrency=max_concurrency,
        observer=observer,
    )


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


def _pages(settings: Settings) -> Iterator[tables.Tables]:
    """Sweep every customer, yield their rows as tables, and move the watermark of each that is proven complete."""
    state = dlt.current.source_state()
    _keep_meanings_apart(state, settings.filters)
    schema = dlt.current.source_schema()
    load_id = dlt.current.load_package_state()["load_id"]
    builder = tables.PageTables(load_id, _known_types(schema), schema.naming.normalize_identifier)
    yield tables.empty_tables()
    client = LiineClient(settings.credentials, settings.base_url, connections=settings.max_concurrency)
    try:
        yield from tables.batched(_swept(settings, client, state, builder), _BATCH)
    finally:
        client.close()
    if settings.observer:
        settings.observer.built(builder.rows, builder.unknown_fields)
    elif settings.failures:
        raise SyncFailedError(settings.failures)


def _swept(
    settings: Settings, client: LiineClient, state: dict[str, Any], builder: tables.PageTables
) -> Iterator[tables.Tables]:
    runs = [_CustomerSweep(settings, client, customer, state) for customer in settings.customer_ids]
    for event in interleaved(runs, settings.max_concurrency):
        sweep = event.unit.sweep
        if not event.is_end:
            yield builder.build(event.item)
            if settings.observer:
                settings.observer.received(sweep.audit, len(event.item))
            continue
        error = _reported(event.error)
        if error:
            log.error("%s", error)
            settings.failures.append((sweep.audit.customer_id, error))
        else:
            event.unit.remember(state)
        if settings.observer:
            settings.observer.ended(sweep.audit, error)
        yield builder.audit([sweep.audit.as_row()])


def _reported(error: Exception | None) -> LiineError | None:
    """Return what concerns one customer alone; raise what ends the run, as a refused login does."""
    if error is None or (isinstance(error, ApiError | SweepError) and not isinstance(error, LoginRefusedError)):
        return error
    raise error


class _CustomerSweep:
    """One customer's part of a run."""

    def __init__(self, settings: Settings, client: LiineClient, customer_id: int, state: dict[str, Any]) -> None:
        self._hash = settings.filter_hash
        self._previous = self._mark(state, customer_id)
        window = windows.Window(settings.since, settings.until, windows.updated_since(self._previous))
        filters = query.encoded(settings.filters)
        self.sweep = Sweep(client.page, customer_id, window, filters, self._hash, settings.page_size)

    def __iter__(self) -> Iterator[list[Row]]:
        return self.sweep.rows()

    def remember(self, state: dict[str, Any]) -> None:
        """Move the watermark; dlt commits the state together with the load."""
        audit = self.sweep.audit
        watermark = windows.advanced(self._previous, audit.witnessed)
        if watermark:
            marks = state.setdefault("customers", {}).setdefault(str(audit.customer_id), {})
            marks[self._hash] = {"watermark": watermark.isoformat()}

    def _mark(self, state: dict[str, Any], customer_id: int) -> datetime | None:
        mark = state.get("customers", {}).get(str(customer_id), {}).get(self._hash)
        return datetime.fromisoformat(mark["watermark"]) if mark else None


def _keep_meanings_apart(state: dict[str, Any], filters: Filters) -> None:
    """`analytics_methodology` gives the same rows another meaning (open question 16)."""
    methodology = filters.get("analytics_methodology", "none")
    if state.setdefault("analytics_methodology", methodology) != methodology:
        raise ConfigurationError(
            "This dataset was loaded with another analytics_methodology, under which the same rows mean "
            "something else. Load this one into a dataset of its own: --dataset, or dataset_name."
        )


def _known_types(schema: Schema) -> dict[str, str]:
    """Return the columns of `interactions` that earlier runs added to the reference's."""
    ours = tables.columns(tables.INTERACTIONS)
    stored = schema.tables.get(tables.INTERACTIONS, {"columns": {}})["columns"]
    return {
        name: column["data_type"] or "text"
        for name, column in stored.items()
        if name not in ours and "data_type" in column
    }
