"""`liine reset`: forget how far customers are, and delete their rows if asked to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Unpack

import dlt
from dlt.extract import DltSource

from liine_source.commands.session import monitored, open_run
from liine_source.errors import ConfigurationError
from liine_source.extract.state import Progress, SourceState
from liine_source.load.loading import between_loads, load
from liine_source.load.stored_progress import read_state
from liine_source.settings import LiineOptions, resolve_settings
from liine_source.spec.tables import DATASET_NAME
from liine_source.warehouse import catalog, queries


@dataclass(frozen=True, slots=True)
class CustomerReset:
    """How far a customer was (UTC), and how many interactions of it the dataset has."""

    customer_id: int
    watermark: datetime | None
    windows: int
    pending_windows: int
    interactions: int


@dataclass(frozen=True, slots=True)
class Reset:
    """What was forgotten, or would be."""

    customers: list[CustomerReset]
    drops_rows: bool
    is_dry_run: bool


def reset(
    destination: str | None = None,
    dataset: str = DATASET_NAME,
    *,
    drop_rows: bool = False,
    is_dry_run: bool = True,
    **options: Unpack[LiineOptions],
) -> Reset:
    """Forget how far the configured customers are, so that the next sync reads their whole histories again.

    Their rows stay, and the next sync merges into them; with `drop_rows` they are deleted, apart from `sweeps`. Erased
    persons stay erased. With `is_dry_run` nothing is changed. The API is not asked. Raises ConfigurationError where
    nothing was loaded, or where the destination has files instead of tables.
    """
    with monitored(dataset):
        settings = resolve_settings(**options)
        customers = settings.customer_ids
        with open_run(destination, dataset, settings, "reset_rows" if drop_rows else "reset") as pipeline:
            if not catalog.speaks_sql(pipeline):
                raise ConfigurationError(
                    "The progress of a dataset in files cannot be reset: load into another one with --dataset. Nothing "
                    "was changed."
                )
            state = read_state(pipeline, customers)
            found = Reset(list(_describe(pipeline, state, customers)), drop_rows, is_dry_run)
            if not is_dry_run:
                # First: rows without progress are read again, but progress without rows would lose them.
                load(pipeline, _state_source(state))
                if drop_rows:
                    with between_loads(pipeline):
                        queries.delete_customers(pipeline, customers)
    return found


def _describe(pipeline: dlt.Pipeline, state: SourceState, customers: Sequence[int]) -> Iterator[CustomerReset]:
    progress, rows = state.progress(), queries.rows_by_customer(pipeline)
    for customer in customers:
        known = progress.get(customer, Progress())
        yield CustomerReset(customer, known.watermark, known.windows, known.pending_windows, rows.get(customer, 0))


def _state_source(state: SourceState) -> DltSource:
    """Return a source without rows that stores that the customers of `state` start again."""

    def forget() -> Iterator[Any]:
        SourceState(dlt.current.source_state()).restart(state)
        yield from ()

    resources = [dlt.resource(forget, name="reset")]
    return dlt.source(lambda: resources, name="liine", section="liine")()
