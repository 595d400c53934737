"""From a query to all the rows it selects, oldest first."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from liine_source.emulator.selection.filters import build_predicates, keep_one_per_lead
from liine_source.emulator.selection.interpretation import Interpretation
from liine_source.emulator.selection.query import Query
from liine_source.emulator.synthetic.clocks import DAY, Clock
from liine_source.emulator.synthetic.customers import Customer
from liine_source.emulator.synthetic.rows import Row, format_timestamp
from liine_source.emulator.synthetic.store import Store, make_sort_key

_MAX_CACHED_ROWS = 4_000_000


class RowSelector:
    """Selects rows and caches each selection until a row changes.

    A client that pages asks for the same selection once per page.
    """

    def __init__(self, store: Store, customers: Mapping[int, Customer]) -> None:
        self._store = store
        self._customers = customers
        self._cache: OrderedDict[object, list[Row]] = OrderedDict()
        self._version = store.version

    def select(self, query: Query, interpretation: Interpretation) -> list[Row]:
        """Return all rows that `query` selects, regardless of its cursor and limit."""
        if self._version != self._store.version:
            self._cache.clear()
            self._version = self._store.version
        # Only these switches change a selection; the others change pages or formats.
        clocks = (interpretation.order_clock, interpretation.dates_clock, interpretation.updated_date_clock)
        dates = (query.start_date, query.end_date, query.updated_date)
        key = (query.customer_ids, dates, query.filters, clocks, interpretation.end_date)
        if key not in self._cache:
            self._cache[key] = self._select(query, interpretation)
        self._cache.move_to_end(key)
        while len(self._cache) > 1 and sum(map(len, self._cache.values())) > _MAX_CACHED_ROWS:
            self._cache.popitem(last=False)
        return self._cache[key]

    def _select(self, query: Query, interpretation: Interpretation) -> list[Row]:
        clock = interpretation.order_clock
        rows = [
            row
            for customer_id in query.customer_ids
            for row in self._select_by_date(customer_id, query, interpretation)
        ]
        for passes in build_predicates(query, self._customers):
            rows = [row for row in rows if passes(row)]
        # One customer's rows already come sorted by the clock of the dates.
        if len(query.customer_ids) > 1 or clock != interpretation.dates_clock:
            rows.sort(key=lambda row: make_sort_key(row, clock))
        return keep_one_per_lead(rows) if ("analytics_methodology", "conversion") in query.filters else rows

    def _select_by_date(self, customer_id: int, query: Query, interpretation: Interpretation) -> list[Row]:
        first = None if query.start_date is None else _get_midnight(query.start_date)
        last = None if query.end_date is None else _get_midnight(query.end_date)
        if last is not None and interpretation.end_date == "day":
            last += DAY - 1
        rows = self._store.select_between(customer_id, interpretation.dates_clock, first, last)
        if query.updated_date is None:
            return rows
        since = self._format_updated_since(customer_id, query.updated_date, interpretation.updated_date_clock)
        return [row for row in rows if isinstance(row.updated_at, str) and row.updated_at >= since]

    def _format_updated_since(self, customer_id: int, day: date, clock: Clock) -> str:
        midnight = _get_midnight(day)
        moment = midnight if clock == "utc" else self._customers[customer_id].wall_clock.to_utc(midnight)
        # Without its Z the text sorts before every `updated_at` of that second.
        return format_timestamp(moment)[:-1]


def _get_midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
