"""From a query to one page of rows, newest first, and to what the answer says about it."""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import count
from random import Random

from liine_source.emulator.selection.filters import by_lead, predicates_of
from liine_source.emulator.selection.interpretation import Interpretation
from liine_source.emulator.selection.query import Query
from liine_source.emulator.synthetic.clocks import DAY, Clock
from liine_source.emulator.synthetic.customers import Customer
from liine_source.emulator.synthetic.rows import Row, spelled
from liine_source.emulator.synthetic.store import Store, first_key, key_of, start_of

_KEPT_ROWS = 4_000_000
_LARGEST_LIE = 2 * 60 * 60


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first, and the numbers around them."""

    rows: list[Row]
    total: int
    remaining: int
    size: int


class Selections:
    """What queries select, oldest first, kept until a row changes: a walk asks the same many times."""

    def __init__(self, store: Store, customers: Mapping[int, Customer]) -> None:
        self._store = store
        self._customers = customers
        self._kept: OrderedDict[object, list[Row]] = OrderedDict()
        self._version = store.version

    def rows(self, query: Query, interpretation: Interpretation) -> list[Row]:
        """All rows that `query` selects, whatever its cursor and limit."""
        if self._version != self._store.version:
            self._kept.clear()
            self._version = self._store.version
        clocks = (
            interpretation.order_clock,
            interpretation.dates_clock,
            interpretation.end_date,
            interpretation.updated_date_clock,
        )
        dates = (query.start_date, query.end_date, query.updated_date)
        key = (query.customer_ids, dates, query.filters, clocks)
        if key not in self._kept:
            self._kept[key] = self._select(query, interpretation)
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and sum(map(len, self._kept.values())) > _KEPT_ROWS:
            self._kept.popitem(last=False)
        return self._kept[key]

    def _select(self, query: Query, interpretation: Interpretation) -> list[Row]:
        clock = interpretation.order_clock
        rows = [row for customer_id in query.customer_ids for row in self._of(customer_id, query, interpretation)]
        for passes in predicates_of(query, self._customers):
            rows = [row for row in rows if passes(row)]
        if len(query.customer_ids) > 1 or clock != interpretation.dates_clock:
            rows.sort(key=lambda row: key_of(row, clock))
        return by_lead(rows) if ("analytics_methodology", "conversion") in query.filters else rows

    def _of(self, customer_id: int, query: Query, interpretation: Interpretation) -> list[Row]:
        first = None if query.start_date is None else _midnight(query.start_date)
        last = None if query.end_date is None else _midnight(query.end_date)
        if last is not None and interpretation.end_date == "day":
            last += DAY - 1
        rows = self._store.between(customer_id, interpretation.dates_clock, first, last)
        if query.updated_date is None:
            return rows
        since = self._updated_since(customer_id, query.updated_date, interpretation.updated_date_clock)
        return [row for row in rows if isinstance(row.updated_at, str) and row.updated_at >= since]

    def _updated_since(self, customer_id: int, day: date, clock: Clock) -> str:
        midnight = _midnight(day)
        moment = midnight if clock == "utc" else self._customers[customer_id].wall.utc(midnight)
        # Without its Z the text comes before every moment of that second.
        return spelled(moment)[:-1]


def page_of(
    selected: list[Row], query: Query, interpretation: Interpretation, shorten: Callable[[int, int], int]
) -> Page:
    """The newest of the rows that the cursor leaves; `shorten` gets their number and the size, and gives the size."""
    rows, end = _before_cursor(selected, query, interpretation)
    size = min(query.limit, interpretation.limit_cap)
    begin = max(0, end - shorten(end, size))
    return Page(rows[begin:end][::-1], len(selected), end, size)


class Shortener:
    """Makes every n-th page come short that is not the last one."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._pages = count(1)

    def size(self, interpretation: Interpretation, remaining: int, size: int) -> int:
        """How many rows the page at hand gets."""
        if not interpretation.short_page_every or remaining <= size:
            return size
        number = next(self._pages)
        if number % interpretation.short_page_every:
            return size
        rows = interpretation.short_page_rows or Random(f"{self._seed}/{number}").randint(1, max(1, size - 1))  # noqa: S311  # invention, no secret
        return min(rows, size)


def count_of(page: Page, interpretation: Interpretation) -> int | None:
    """What the answer gives as `count`, by the reading; None where it gives none."""
    counts = {"total": page.total, "remaining": page.remaining, "page": len(page.rows)}
    if interpretation.count not in counts:
        return None
    count = max(0, counts[interpretation.count] - interpretation.count_lag)
    return count if interpretation.count_cap is None else min(count, interpretation.count_cap)


def cursor_of(page: Page, interpretation: Interpretation, seed: int) -> str | None:
    """What the answer gives as `pagination_timestamp`, by the reading."""
    if not page.rows or interpretation.cursor in ("absent", "null"):
        return None
    row = page.rows[0] if interpretation.cursor == "first" else page.rows[-1]
    start = start_of(row, interpretation.cursor_clock)
    if interpretation.cursor == "neither":
        start += Random(f"{seed}/{start}").choice((-1, 1)) * Random(f"{start}/{seed}").randint(1, _LARGEST_LIE)  # noqa: S311  # invention, no secret
    return spelled(start)


def _before_cursor(selected: list[Row], query: Query, interpretation: Interpretation) -> tuple[list[Row], int]:
    """Rows, and how many of them, from the oldest on, the cursor leaves."""
    if query.cursor is None:
        return selected, len(selected)
    clock = interpretation.cursor_clock
    end = query.cursor + (interpretation.cursor_comparison == "inclusive")
    if clock == interpretation.order_clock:
        return selected, bisect_left(selected, first_key(end), key=lambda row: key_of(row, clock))
    older = [row for row in selected if start_of(row, clock) < end]
    return older, len(older)


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
