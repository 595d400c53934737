"""`liine status`: what the warehouse holds of each customer."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dlt

from liine_source.destinations import locate_pipeline, pipeline_destination
from liine_source.error_translation import translate_errors
from liine_source.extract.state import Progress
from liine_source.load.altered_tables import find_alterations, refuse_alterations
from liine_source.load.other_erasures import find_other_erasures
from liine_source.load.pipeline import open_for_reading
from liine_source.load.stored_progress import read_state
from liine_source.settings import configured_customers
from liine_source.spec.tables import DATASET_NAME
from liine_source.warehouse import catalog, queries


@dataclass(frozen=True, slots=True)
class CustomerStatus:
    """What the warehouse holds of a customer: its rows, its watermark (UTC), and how its last sync went.

    Backfills and repairs bring no customer up to date; they are shown where a customer was never synced.
    `sweep_status` is `failed` if one of that load's sweeps failed. Of the `windows` of histories and backfills under
    way, `pending_windows` are still to be loaded; `is_history_loaded` is false while a history is among them. When a
    sync last compared all interactions (`checked`, UTC), the API counted `in_api` and the warehouse held
    `in_warehouse`, without vanished ones; None where no count means the total.
    """

    customer_id: int
    rows: int
    watermark: datetime | None
    windows: int
    pending_windows: int
    is_history_loaded: bool
    last_sweep: datetime | None
    sweep_status: str | None
    proof: str | None
    checked: datetime | None = None
    check_status: str | None = None
    in_api: int | None = None
    in_warehouse: int | None = None

    @property
    def is_proven(self) -> bool:
        """Whether its history is loaded, and its last sync was proven complete."""
        return self.status == "complete"

    @property
    def status(self) -> str:
        """`complete`, `incomplete` while windows are pending, `failed` if its last sync was, or `no sweep`."""
        if self.sweep_status == "complete":
            is_loaded = self.is_history_loaded and (self.watermark is not None or not self.pending_windows)
            return "complete" if is_loaded else "incomplete"
        return self.sweep_status or "no sweep"

    def is_late(self, max_age: timedelta) -> bool:
        """Whether its last sweep ended longer ago than that."""
        return self.last_sweep is None or datetime.now(UTC) - self.last_sweep > max_age


@dataclass(frozen=True, slots=True)
class ErasureStatus:
    """What is still to do about erased persons.

    `unfinished` are the erasures that were cut short, by the time when each was requested (UTC; None where not even
    that was recorded). `other_erasures` counts by dataset, of the same database or file, those unknown in this one.
    """

    unfinished: list[datetime | None]
    other_erasures: dict[str, int]


@dataclass(frozen=True, slots=True)
class DatasetStatus:
    """What the warehouse holds of each customer, and what is still to do about erased persons."""

    customers: list[CustomerStatus]
    erasures: ErasureStatus


def status(destination: str | None = None, dataset: str = DATASET_NAME) -> list[CustomerStatus]:
    """Return what the warehouse holds of each customer that was ever synced; an empty list if none was.

    Raises MissingDatasetError where there is no such dataset, DestinationError where it may not be read or lacks a
    table or column, and AlteredTableError where somebody has altered one.
    """
    with _open_dataset(destination, dataset) as (pipeline, has_tables):
        return _read_customers(pipeline) if has_tables else []


def read_dataset(destination: str | None = None, dataset: str = DATASET_NAME) -> DatasetStatus:
    """Return the status of a dataset's customers and erasures; raises as `status` does."""
    with _open_dataset(destination, dataset) as (pipeline, has_tables):
        return DatasetStatus(_read_customers(pipeline) if has_tables else [], _read_erasures(pipeline))


@contextmanager
def _open_dataset(destination: str | None, dataset: str) -> Iterator[tuple[dlt.Pipeline, bool]]:
    """Yield a pipeline for reading, and whether interactions were ever loaded."""
    with translate_errors(), open_for_reading(destination, dataset) as pipeline:
        yield pipeline, pipeline_destination(pipeline).has_tables(pipeline, locate_pipeline(pipeline))


def _read_customers(pipeline: dlt.Pipeline) -> list[CustomerStatus]:
    if catalog.speaks_sql(pipeline):
        refuse_alterations(pipeline, find_alterations(pipeline), needs_all=True)
    progress = read_state(pipeline).progress()
    rows, sweeps = queries.rows_by_customer(pipeline), queries.last_sweeps(pipeline)
    checks = queries.last_checks(pipeline)
    return [
        CustomerStatus(
            customer,
            rows.get(customer, 0),
            *progress.get(customer, Progress()),
            *sweeps.get(customer, (None, None, None)),
            *checks.get(customer, ()),
        )
        for customer in sorted({*progress, *rows, *sweeps})
    ]


def _read_erasures(pipeline: dlt.Pipeline) -> ErasureStatus:
    if not catalog.speaks_sql(pipeline):
        return ErasureStatus([], {})
    unfinished = [one.erased_at for one in queries.unfinished_erasures(pipeline)]
    return ErasureStatus(unfinished, find_other_erasures(pipeline))


def late_customers(found: Sequence[CustomerStatus], max_age: timedelta) -> list[int]:
    """Return the customers, of those found and of the settings, without a proven sweep within `max_age`.

    One that no sync ever completed, without a row and not in the settings, was a mistyped id: no sync will change that.
    """
    configured = set(configured_customers())
    expected = {one.customer_id for one in found if one.rows or one.watermark or not configured} | configured
    on_time = {customer.customer_id for customer in found if customer.is_proven and not customer.is_late(max_age)}
    return sorted(expected - on_time)
