"""Counts and sweeps with one set of filters, and the customers' state for them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from liine_source.api import query
from liine_source.api.client import LiineClient, Page, RequestStats
from liine_source.extract import windows
from liine_source.extract.audit import Audit
from liine_source.extract.cursor import day_of, row_times
from liine_source.extract.parallel import thread_pool
from liine_source.extract.state import CustomerState, SourceState
from liine_source.extract.sweep import SeenIds, Sweep, WindowLimits
from liine_source.extract.track import Track, selection_key
from liine_source.extract.windows import Window
from liine_source.privacy.suppression import SuppressionList
from liine_source.settings import Settings
from liine_source.spec.tables import INTERACTION_TABLES

# More counts at once, and more and shorter windows, cost more requests than they save time.
_MAX_WIDTH = 4
# To split a history evenly its first day need not be known exactly: the oldest window has none.
_FIRST_DAY_TOLERANCE = 12


class Reader:
    """What the tasks of one load share: settings, client, state, and the ids seen so far."""

    def __init__(
        self,
        settings: Settings,
        client: LiineClient,
        state: SourceState | None = None,
        *,
        seen_ids: SeenIds | None = None,
        suppression_list: SuppressionList | None = None,
        tables: Collection[str] = INTERACTION_TABLES,
    ) -> None:
        self.settings = settings
        self.suppression_list = suppression_list or SuppressionList()
        self.state = state or SourceState()
        self.filter_hash = query.fingerprint_selection(settings.filters, settings.since, settings.until)
        self._selection = selection_key(self.filter_hash, tables)
        self._client = client
        self._filters = query.encode_filters(settings.filters)
        self._seen_ids = seen_ids or SeenIds()
        self._limits = WindowLimits(settings.max_window_pages, settings.max_window_rows)

    def without_filters(self) -> "Reader":
        """Return a reader of all rows of the same customers."""
        settings = replace(self.settings, filters={})
        return Reader(settings, self._client, self.state, suppression_list=self.suppression_list)

    @property
    def is_filtered(self) -> bool:
        """Whether filters leave out rows."""
        return bool(self.settings.filters)

    @property
    def width(self) -> int:
        """How many requests run at once."""
        return self.settings.max_concurrency

    def customer(self, customer_id: int) -> CustomerState:
        """Return how far a customer is."""
        return self.state.customer(customer_id)

    def track(self, customer_id: int, *, is_backfill: bool = False) -> Track:
        """Return how far a customer is with the rows that this reader selects."""
        return self.customer(customer_id).track(self._selection, is_backfill=is_backfill)

    def has_own_rows(self, customer_id: int) -> bool:
        """Whether a customer's rows in the warehouse are those that the filters select, as far as the state says."""
        own = query.fingerprint_selection(self.settings.filters, None, None)
        return not self.is_filtered or self.customer(customer_id).filter_hashes() == {own}

    def start_sweep(
        self, customer_id: int, window: Window, changes_until: datetime | None = None, *, is_shared: bool = True
    ) -> Sweep:
        """Return a sweep; if `is_shared`, it leaves out rows that another such sweep has brought."""
        return Sweep(
            self._client.fetch_page,
            customer_id,
            window,
            self._filters,
            self.filter_hash,
            self.settings.page_size,
            seen_ids=self._seen_ids if is_shared else None,
            suppression_list=self.suppression_list,
            changes_until=changes_until,
            limits=self._limits,
        )

    def fetch_newest(
        self, customer_id: int, window: Window, stats: RequestStats | None = None, *, rows: int = 1
    ) -> Page:
        """Return the newest `rows` interactions of a window, with its count."""
        parameters = [("customer_id", str(customer_id)), *window.query_parameters(), *self._filters]
        return self._client.fetch_page([*parameters, ("limit", str(rows))], f"Customer {customer_id}, {window}", stats)

    def count(self, customer_id: int, asked: Sequence[Window], stats: RequestStats) -> list[int]:
        """Return the API's counts of several windows, requested at once; 0 where it gives none."""
        all_stats = [RequestStats() for _ in asked]
        with thread_pool(self.width, "liine-count") as pool:
            pages = list(pool.map(lambda window, own: self.fetch_newest(customer_id, window, own), asked, all_stats))
        for own in all_stats:
            stats.add(own)
        return [page.count or 0 for page in pages]

    def plan_windows(self, customer_id: int, window: Window, audit: Audit) -> list[Window]:
        """Return the windows, newest first, in which to read `window`; its first day is found by counting."""
        page = self.fetch_newest(customer_id, window, audit.stats)
        audit.began = page.server_time or datetime.now(UTC)
        audit.expected = page.count
        self._limits.require_count(customer_id, window, page.count)
        size = self.settings.page_size
        # With one row requested, a count of one may be the page's own (open question 5).
        if page.count is None or page.count <= 1 or not windows.is_worth_splitting(page.count, size):
            return [window]
        # The newest window has no last day, so rows that start later are in it.
        last = min(_newest_day(page) or date.max, audit.began.date())
        first = self.find_oldest_day(customer_id, window, last, audit.stats, _FIRST_DAY_TOLERANCE)
        return window.split_at(windows.find_split_days(first, last, page.count, size, min(self.width, _MAX_WIDTH)))

    def find_oldest_day(
        self, customer_id: int, window: Window, last: date, stats: RequestStats, tolerance: int = 0
    ) -> date:
        """Return the first day of `window` with an interaction, found by counting; none is later than `last`.

        `tolerance` as in `windows.find_first_day`.
        """

        def counts(days: Sequence[date]) -> list[int]:
            return self.count(customer_id, [Window(window.since, day) for day in days], stats)

        first = windows.find_first_day(counts, last, min(self.width, _MAX_WIDTH), tolerance)
        return max(first, window.since or first)


def _newest_day(page: Page) -> date | None:
    times = row_times(page.rows)
    seconds = [*times.on("local"), *times.on("utc")]
    return day_of(max(seconds)) if seconds else None
