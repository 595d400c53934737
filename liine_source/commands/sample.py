"""`liine sync --sample`: the newest interactions of each customer in a dataset of their own, for a first look.

A sample proves nothing: it has no sweeps, no progress, and a table that says what it is. Personal data is masked, and
erased persons are left out, as in the dataset that it is a sample of.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Unpack

import dlt
import pyarrow as pa
from dlt.extract import DltResource, DltSource

from liine_source.api.client import require_known_host
from liine_source.api.records import Row
from liine_source.destinations import locate_pipeline, pipeline_destination
from liine_source.error_translation import translate_errors
from liine_source.errors import (
    ApiError,
    ConfigurationError,
    LoginRefusedError,
    MissingDatasetError,
    SweepError,
)
from liine_source.extract.reader import Reader
from liine_source.extract.state import SourceState
from liine_source.extract.windows import Window
from liine_source.load.arrow import table_schema
from liine_source.load.key_checks import check_keys
from liine_source.load.loading import load
from liine_source.load.pipeline import open_for_reading, open_pipeline
from liine_source.load.samples import make_room, sample_dataset
from liine_source.load.tables import PageTables, Tables, empty_tables
from liine_source.privacy.masking import Masker
from liine_source.privacy.suppression import SuppressionList
from liine_source.settings import LiineOptions, Settings, resolve_settings
from liine_source.source import table_resource
from liine_source.spec.tables import DATASET_NAME, INTERACTION_TABLES, SAMPLE

# They are held in memory.
_MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class CustomerSample:
    """How many interactions a sample has of a customer, and the error that kept others away."""

    customer_id: int
    interactions: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Where a sample is, and what it has; of each customer at most `requested` interactions."""

    location: str
    dataset: str
    requested: int
    customers: list[CustomerSample]

    @property
    def is_whole(self) -> bool:
        """Whether each customer could be read."""
        return not any(customer.error for customer in self.customers)


def sample(
    size: int, destination: str | None = None, dataset: str = DATASET_NAME, **options: Unpack[LiineOptions]
) -> Sample:
    """Load the newest `size` interactions of each customer into a dataset of their own, in place of an older sample.

    Settings are those of a sync. Nothing of the dataset itself is touched. Raises ConfigurationError where the other
    dataset is no sample.
    """
    if not 1 <= size <= _MOST_ROWS:
        raise ConfigurationError(f"A sample has 1 to {_MOST_ROWS:,} rows of each customer: --sample 100.")
    own = sample_dataset(dataset)
    with translate_errors():
        settings = resolve_settings(**options)
        require_known_host(settings.base_url)
        masker = Masker(settings.policy, _read_suppression_list(destination, dataset, settings))
        with open_pipeline(destination, own, run_key=f"sample {dataset}", label="sample", check=make_room) as pipeline:
            rows, errors = _fetch(size, settings, masker)
            customers = [CustomerSample(key, len(rows[key]), errors.get(key)) for key in settings.customer_ids]
            taken = Sample(str(locate_pipeline(pipeline)), own, size, customers)
            has_own_way = pipeline_destination(pipeline).supports_concurrent_writers
            load(pipeline, _source(taken, rows, keeps_raw=masker.keeps_raw_values, creates_tables=not has_own_way))
    return taken


def _read_suppression_list(destination: str | None, dataset: str, settings: Settings) -> SuppressionList:
    """Return whom the dataset leaves out; nobody where it does not exist yet."""
    with suppress(MissingDatasetError), open_for_reading(destination, dataset) as pipeline:
        # A file that does not exist must not be created.
        pipeline_destination(pipeline).has_tables(pipeline, locate_pipeline(pipeline))
        return check_keys(pipeline, settings, SourceState()).suppression_list
    return SuppressionList()


def _fetch(size: int, settings: Settings, masker: Masker) -> tuple[dict[int, list[Row]], dict[int, str]]:
    """Return the newest rows by customer, masked, and the errors by customer."""
    rows: dict[int, list[Row]] = {}
    errors: dict[int, str] = {}
    with closing(settings.open_client()) as client:
        reader = Reader(replace(settings, page_size=min(settings.page_size, size)), client)
        for customer in settings.customer_ids:
            newest: list[Row] = []
            try:
                for page in _pages(reader, customer):
                    newest += page
                    if len(newest) >= size:
                        break
            except LoginRefusedError:
                raise
            except (ApiError, SweepError) as error:
                errors[customer] = str(error)
            rows[customer] = masker.mask(newest[:size], customer)
    return rows, errors


def _pages(reader: Reader, customer: int) -> Iterator[list[Row]]:
    window = Window.covering(reader.settings.since, reader.settings.until)
    return reader.start_sweep(customer, window, is_shared=False).rows()


def _source(taken: Sample, rows: Mapping[int, Sequence[Row]], *, keeps_raw: bool, creates_tables: bool) -> DltSource:
    now = datetime.now(UTC)
    noted = [
        {
            "customer_id": customer.customer_id,
            "taken_at": now,
            "requested": taken.requested,
            "interactions": customer.interactions,
        }
        for customer in taken.customers
    ]

    def pages() -> Iterator[Tables]:
        load_id = dlt.current.load_package_state()["load_id"]
        builder = PageTables(load_id, {}, keeps_raw=keeps_raw, deletes_children=False)
        if creates_tables:
            yield {name: table for name, table in empty_tables().items() if name in INTERACTION_TABLES}
        yield {SAMPLE: pa.Table.from_pylist(noted, schema=table_schema(SAMPLE))}
        for customer, some in rows.items():
            page = builder.build(list(some), customer) if some else {}
            # Postgres cannot load a file without rows.
            yield {name: table for name, table in page.items() if len(table)}

    def tables() -> Iterator[DltResource]:
        read = dlt.resource(pages, name="pages", selected=False)
        for name in (SAMPLE, *INTERACTION_TABLES):
            yield table_resource(read, name, write_disposition="append")

    return dlt.source(tables, name="liine_sample", section="liine")()
