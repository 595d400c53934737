"""How many rows of a load are new to the warehouse, and how many of those that it has were updated since.

The API returns a day of overlap again with each sync, so most rows of a load may be as they were. Only a look at the
stored rows tells; it finds them by `id`, as the merge does, and not for customers who had none when the run began.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.parquet import ParquetFile

from liine_source.spec.tables import INTERACTIONS
from liine_source.warehouse import catalog, queries


class RowChanges(NamedTuple):
    """Interactions of a load that the warehouse did not have, and those that it had with another `updated_at`."""

    new: int = 0
    changed: int = 0


def count_changes(pipeline: dlt.Pipeline, known_customers: Collection[int]) -> RowChanges | None:
    """Compare the load that is about to be written with the warehouse; None where it has files instead of tables.

    The warehouse has no row of other customers than `known_customers` that is in the load.
    """
    if not catalog.speaks_sql(pipeline):
        return None
    files = [ParquetFile(path) for path in _files_of_load(pipeline)]
    rows = sum(file.metadata.num_rows for file in files)
    if not known_customers or not catalog.column_types(pipeline):
        return RowChanges(rows)
    loaded = _read_update_times(files, known_customers)
    stored = queries.update_times(pipeline, list(loaded))
    changed = sum(key in stored and stored[key] != moment for key, moment in loaded.items())
    return RowChanges(rows - len(stored), changed)


def _read_update_times(files: Sequence[ParquetFile], customers: Collection[int]) -> dict[int, datetime | None]:
    """Return when each interaction of these customers was updated, in UTC without time zone, by its id."""
    found: dict[int, datetime | None] = {}
    for file in files:
        rows = file.read(columns=["id", "customer_id", "updated_at"])
        rows = rows.filter(pc.is_in(rows["customer_id"], pa.array(list(customers), pa.int64())))
        # With its time zone Arrow would return a time four times slower.
        moments = rows["updated_at"].cast(pa.timestamp("us")).to_pylist()
        found.update(zip(rows["id"].to_pylist(), moments, strict=True))
    return found


def _files_of_load(pipeline: dlt.Pipeline) -> list[str]:
    return [
        job.file_path
        for load_id in pipeline.list_normalized_load_packages()
        for job in pipeline.get_load_package_info(load_id).jobs["new_jobs"]
        if job.job_file_info.table_name == INTERACTIONS and job.file_path.endswith(".parquet")
    ]
