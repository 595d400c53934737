"""`liine report`: the figures of the dbt models as one HTML file, which needs no network."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from liine_source.errors import ConfigurationError
from liine_source.file_replacement import replace_file
from liine_source.html_report.figures import read_figures
from liine_source.html_report.page import build_page, refuse_other_file
from liine_source.load.models import open_models, require_models
from liine_source.settings import parse_dates
from liine_source.spec.tables import DATASET_NAME
from liine_source.warehouse.marts import MartSelection

DEFAULT_FILE = Path("liine-report.html")
# The time that ages count to, for dbt too.
_NOW = "LIINE_NOW"


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report: its file, how large it is, and how many customers it shows."""

    path: str
    bytes: int
    customers: int


def report(
    destination: str | None = None,
    dataset: str = DATASET_NAME,
    *,
    output: str | Path = DEFAULT_FILE,
    since: date | str | None = None,
    until: date | str | None = None,
    customer_ids: Sequence[int] = (),
) -> WrittenReport:
    """Write the figures of a dataset's dbt models to one HTML file, which only its owner can read.

    It holds sums by day, customer, location, channel, reason and agent, and nothing of a patient. An older report is
    replaced, no other file is. `since` and `until` are local days, both included. Raises ConfigurationError where the
    file cannot be written or a customer is not in the models, MissingModelsError where the models are missing.
    """
    path, now = Path(output), _read_now()
    first, last = parse_dates(since, until)
    refuse_other_file(path)
    selection = MartSelection(first or date.min, last or date.max, customer_ids)
    with open_models(destination, dataset) as pipeline:
        require_models(pipeline, destination, dataset)
        figures = read_figures(pipeline, selection, now)
    _refuse_unknown_customers(customer_ids, figures["customers"])
    made = {"made_at": now.isoformat(), "dataset": dataset, "version": version("liine-source")}
    content = build_page(made | figures)
    try:
        replace_file(path, content)
    except OSError as error:
        raise ConfigurationError(
            f"The report cannot be written to {path.absolute()} ({type(error).__name__}). Name another file in "
            "--output."
        ) from None
    return WrittenReport(str(path.absolute()), len(content), len(figures["customers"]))


def _read_now() -> datetime:
    text = os.environ.get(_NOW)
    if not text:
        return datetime.now(UTC)
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    raise ConfigurationError(f"{_NOW} must be a time in UTC such as 2025-02-02 01:59:59, or not be set.")


def _refuse_unknown_customers(wanted: Sequence[int], found: Sequence[dict[str, Any]]) -> None:
    if unknown := sorted(set(wanted) - {customer["id"] for customer in found}):
        raise ConfigurationError(
            f"The models have no customer {', '.join(map(str, unknown))}. Correct --customer-id, or load the customer "
            "with `liine sync --then-dbt`. Nothing was written."
        )
