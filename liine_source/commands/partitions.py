"""Partitions of a long history, for schedulers: independent backfills that any number of workers may run at once."""

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Unpack

from liine_source.api.client import RequestStats
from liine_source.error_translation import translate_errors
from liine_source.errors import ApiError, LoginRefusedError
from liine_source.extract.reader import Reader
from liine_source.extract.windows import Window, split_by_months
from liine_source.settings import OptionsWithoutDays, resolve_settings, with_days


@dataclass(frozen=True, slots=True)
class Partition:
    """Days of one customer, both included, for one worker; `since` None: from the beginning."""

    customer_id: int
    since: date | None
    until: date


def plan_partitions(
    since: date | None = None,
    until: date | None = None,
    *,
    months: int = 1,
    most: int | None = None,
    **options: Unpack[OptionsWithoutDays],
) -> list[Partition]:
    """Return the days `since` to `until` of each customer in partitions of `months` calendar months.

    With `most`, the months are doubled until there are no more partitions than that. `backfill` of a partition's days
    and customer loads it. Without `since` a customer's first day is found by counting, and its oldest partition has
    none; where nothing can be counted the customer is one partition. Raises as `check` does, except for a customer that
    the API refuses: its backfill reports that.
    """
    with translate_errors():
        settings = resolve_settings(**with_days(options, since, until))
        with closing(settings.open_client()) as client:
            customers = [_find_days(Reader(settings, client), customer) for customer in settings.customer_ids]
    while True:
        found = [
            Partition(customer, begins if number else settings.since, ends)
            for customer, first, last in customers
            for number, (begins, ends) in enumerate(split_by_months(first, last, months))
        ]
        if most is None or len(found) <= max(most, len(customers)):
            return found
        months *= 2


def _find_days(reader: Reader, customer: int) -> tuple[int, date, date]:
    """Return a customer with its first and last day; both are the last one where nothing can be counted."""
    settings = reader.settings
    whole = Window.covering(settings.since, settings.until)
    try:
        page = reader.fetch_newest(customer, whole)
        last = settings.until or (page.server_time or datetime.now(UTC)).date()
        first = settings.since
        # With one row requested, a count of one may be the page's own length (open question 5).
        if first is None and page.count is not None and page.count > 1:
            first = reader.find_oldest_day(customer, whole, last, RequestStats())
    except LoginRefusedError:
        raise
    except ApiError:
        first, last = None, settings.until or datetime.now(UTC).date()
    return customer, first or last, last
