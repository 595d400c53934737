"""`liine plan`: forecast a backfill or a first sync."""

import time
from contextlib import closing
from dataclasses import dataclass
from typing import Unpack

from liine_source.error_translation import translate_errors
from liine_source.errors import ApiError, HostError, LoginRefusedError
from liine_source.extract.audit import Audit
from liine_source.extract.reader import Reader
from liine_source.extract.windows import Window
from liine_source.settings import LiineOptions, resolve_settings

# Of an interaction, where the API answers at once (docs/benchmarks.md).
_LOAD_SECONDS = 45e-6


@dataclass(frozen=True, slots=True)
class CustomerPlan:
    """A forecast: interactions by the API's count, windows, pages and requests; `error` says why not.

    `seconds` are those that requests wait for the API. `load_seconds` is what converting and loading the interactions
    adds, into DuckDB on two cores; None where the API gives no count.
    """

    customer_id: int
    count: int | None = None
    windows: int = 0
    pages: int = 0
    requests: int = 0
    seconds: float = 0.0
    load_seconds: float | None = None
    error: str | None = None


def plan(**options: Unpack[LiineOptions]) -> list[CustomerPlan]:
    """Forecast a backfill of the days `since` to `until`, or a first sync, for each customer; nothing is loaded.

    Each page is one request, and each window some more. The pace is that of one full page of each customer. A run reads
    and loads by turns, so it takes the sum of both times at most. Raises as `check` does.
    """
    with translate_errors():
        settings = resolve_settings(**options)
        with closing(settings.open_client()) as client:
            return [_plan_customer(Reader(settings, client), customer) for customer in settings.customer_ids]


def _plan_customer(reader: Reader, customer: int) -> CustomerPlan:
    whole = Window.covering(reader.settings.since, reader.settings.until)
    audit = Audit(customer, reader.filter_hash, whole)
    try:
        began = time.monotonic()
        reader.fetch_newest(customer, whole, audit.stats, rows=reader.settings.page_size)
        pace = time.monotonic() - began
        windows = reader.plan_windows(customer, whole, audit)
        requests = audit.stats.requests
        counts = reader.count(customer, windows, audit.stats) if len(windows) > 1 else [audit.expected or 0]
    except (HostError, LoginRefusedError):
        raise
    except ApiError as error:
        return CustomerPlan(customer, error=str(error))
    pages = sum(-(-count // reader.settings.page_size) for count in counts)
    # One more page for each window, and a count of the whole when all are read.
    requests += pages + len(windows) + (len(windows) > 1)
    load_seconds = None if audit.expected is None else audit.expected * _LOAD_SECONDS
    seconds = pace * requests / reader.width
    return CustomerPlan(customer, audit.expected, len(windows), pages, requests, seconds, load_seconds)
