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


@dataclass(frozen=True, slots=True)
class CustomerPlan:
    """A forecast: interactions by the API's count, windows, pages, requests and seconds; `error` says why not."""

    customer_id: int
    count: int | None = None
    windows: int = 0
    pages: int = 0
    requests: int = 0
    seconds: float = 0.0
    error: str | None = None


def plan(**options: Unpack[LiineOptions]) -> list[CustomerPlan]:
    """Forecast a backfill of the days `since` to `until`, or a first sync, for each customer; nothing is loaded.

    Each page is one request, and each window some more. The pace is that of one full page of each customer. Raises as
    `check` does.
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
    return CustomerPlan(customer, audit.expected, len(windows), pages, requests, pace * requests / reader.width)
