"""One customer's window, read until it is proven complete.

Reference: "Pagination" and "Response Structure"; open questions 1 to 5, 7 and 8 for what they leave open. A window that
three pagination passes do not prove is split into sub-windows: by days first, then by filters that divide the rows of
one day.
"""

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pyroaring import BitMap64

from liine_source.api import query, values
from liine_source.api.client import Page, RequestStats
from liine_source.api.query import Pairs
from liine_source.api.records import Row
from liine_source.errors import (
    IncompleteSweepError,
    MissingIdError,
    StuckError,
    SweepError,
    TooManyPagesError,
    TooManyRowsError,
)
from liine_source.extract.audit import Audit
from liine_source.extract.cursor import Clock, Clocks, first_second, format_cursor
from liine_source.extract.pagination import NEVER, PaginationPass, ReceivedPage, RowsById, changed_at
from liine_source.extract.undated import find_undated_rows
from liine_source.extract.windows import Window, shift
from liine_source.privacy.suppression import SuppressionList
from liine_source.spec.endpoints import MAX_PAGE_SIZE

log = logging.getLogger(__name__)

_PASSES = 3
# Sub-windows for each page of rows found. A cursor that the API ignores needs about three; more would never end.
_SUB_WINDOWS_PER_PAGE = 6
# Pages whose sub-windows may be read before any row is found: a dozen lead down to a day. A count that is far too high
# must not earn more.
_PAGES_AT_START = 4
_UNSIGNED = 2**64 - 1

Fetch = Callable[[Pairs, str, RequestStats], Page]


@dataclass(frozen=True, slots=True)
class WindowLimits:
    """Bounds of one window: pages of all passes together, and interactions received or counted by the API."""

    pages: int
    rows: int

    def require_count(self, customer_id: int, window: Window, count: int | None) -> None:
        """Raise TooManyRowsError where the API counts more interactions."""
        if count is not None and count > self.rows:
            raise TooManyRowsError(customer_id, str(window), count, self.rows, is_count=True)


_NO_LIMITS = WindowLimits(sys.maxsize, sys.maxsize)


class SeenIds:
    """The ids that a load has received. Two versions of a row in one load would mix their lists."""

    def __init__(self) -> None:
        self._ids = BitMap64()
        self._lock = threading.Lock()

    def take_new(self, rows: RowsById) -> RowsById:
        """Return those of `rows` that the load does not have yet, and remember them."""
        with self._lock:
            new = {key: row for key, row in rows.items() if key not in self._ids}
            self._ids.update(new)
        return new


class Sweep:
    """Reads one window of one customer, every interaction once, newest first.

    `audit` is complete only after `rows` has ended. `seen_ids` is shared by the sweeps of one load, so that windows may
    overlap. Rows of erased persons are counted in the audit. `changes_until` is the latest change that rows may state,
    where that is earlier than the sweep's own beginning.
    """

    def __init__(
        self,
        fetch: Fetch,
        customer_id: int,
        window: Window,
        filters: Pairs,
        filter_hash: str,
        page_size: int,
        *,
        seen_ids: SeenIds | None = None,
        suppression_list: SuppressionList | None = None,
        changes_until: datetime | None = None,
        limits: WindowLimits = _NO_LIMITS,
    ) -> None:
        self.audit = Audit(customer_id, filter_hash, window, changes_until=changes_until)
        self.found = BitMap64()
        self._fetch = fetch
        self._limit = min(page_size, MAX_PAGE_SIZE)
        self._filters: Pairs = [("customer_id", str(customer_id)), *filters, ("limit", str(self._limit))]
        self._seen_ids = seen_ids or SeenIds()
        self._suppression_list = suppression_list or SuppressionList()
        self._suppressed = BitMap64()
        self._yielded = 0
        self._offsets: set[int] = set()
        self._limits = limits
        self._undated = BitMap64()
        self._most_without_id = 0
        # Until more rows are found than the API counts: then the count is capped, or behind.
        self._trusts_count = True

    def rows(self) -> Iterator[list[Row]]:
        """Yield the rows page by page, each `id` once; return when the window is proven complete.

        Raises StuckError or IncompleteSweepError where it cannot be proven, MissingIdError, TooManyRowsError,
        TooManyPagesError, or the ApiError of a request that failed for good. Rows yielded before an error are right,
        but may not be all.
        """
        audit = self.audit
        try:
            yield from self._read_until_proven()
            audit.status = "complete"
        except Exception as error:
            audit.reason = type(error).__name__
            raise
        finally:
            audit.suppressed = len(self._suppressed)
            audit.undated = len(self._undated)
            audit.shared = max(0, audit.distinct_ids - self._yielded)
            audit.ended = datetime.now(UTC)

    def _read_until_proven(self) -> Iterator[list[Row]]:
        whole = _SubWindow(self.audit.window)
        is_careful = False
        for attempt in range(_PASSES):
            self.audit.repairs = attempt
            attempted = self._start_pass(whole, is_careful=is_careful)
            yield from self._new_rows(attempted)
            self._update_audit(attempted)
            if self._most_without_id:
                raise MissingIdError(self.audit.customer_id, str(self.audit.window), self._most_without_id)
            if self.audit.proof:
                return
            observed = attempted.observed
            numbers = (self.audit.context, len(observed.found), observed.count.expected)
            log.warning("%s: found %d of %s, starting another pass", *numbers)
            # A count that is too low does not mean that rows were skipped.
            is_careful = not observed.has_outgrown_count
        yield from self._read_sub_windows(whole, attempted)
        if not self.audit.proof:
            raise self._failure(attempted)

    def _read_sub_windows(self, whole: "_SubWindow", last: PaginationPass) -> Iterator[list[Row]]:
        """Read the window in parts. It is proven if each of them is, and they add up to the count."""
        audit, observed = self.audit, last.observed
        found, in_parts = observed.found.copy(), BitMap64()
        changed, are_proven = observed.changed, True
        pending = self._split(whole, last)
        is_split_by_filters = any(part.filters for part in pending)
        read = 0
        while pending and read < _SUB_WINDOWS_PER_PAGE * (_PAGES_AT_START + len(found) // self._limit):
            read += 1
            audit.repairs += 1
            part = pending.pop()
            attempted = self._start_pass(part, is_careful=False)
            yield from self._new_rows(attempted)
            found |= attempted.observed.found
            in_parts |= attempted.observed.found
            changed += attempted.observed.changed
            if attempted.proof():
                continue
            parts = self._split(part, attempted)
            is_split_by_filters = is_split_by_filters or any(part.filters for part in parts)
            are_proven = are_proven and bool(parts)
            pending += parts
        self.found, audit.distinct_ids = found, len(found)
        # Days have no gap between them, unless the API knows no start of a row. Filters might have one, and only the
        # count can tell.
        has_gap = is_split_by_filters or not observed.found.issubset(in_parts)
        is_proven = are_proven and not pending and not has_gap
        if not (observed.count.is_total and self._trusts_count):
            audit.proof = "exhaustive" if is_proven and audit.repairs >= _PASSES else None
            return
        audit.expected = self._fetch_page(whole, None).page.count
        if audit.expected is not None and audit.expected > audit.distinct_ids:
            yield from self.undated_rows()
        # A row that came meanwhile may stand in the count for a missing one. A count that is behind would have shown
        # in a sub-window.
        if audit.expected == audit.distinct_ids and (is_proven or not changed):
            audit.proof = "count"

    def undated_rows(self) -> Iterator[list[Row]]:
        """Yield the rows that no day selects and that were not found yet; they are found then."""
        audit = self.audit
        pages = _SubWindow(audit.window)
        undated = find_undated_rows(
            lambda window, filters: self._fetch_page(replace(pages, window=window, filters=filters), None),
            audit.window,
            self._splits(),
            self._limit,
        )
        new = {key: row for key, row in undated.items() if key not in self.found}
        self.found.update(new)
        self._undated.update(new)
        audit.distinct_ids = len(self.found)
        yield from self._take_new(new, {key: changed_at(row) for key, row in new.items()})

    def _split(self, part: "_SubWindow", attempted: PaginationPass) -> list["_SubWindow"]:
        """Split by days or, where there is only one, by the next filter; the newest part comes last."""
        if part.splits == 0 and (days := attempted.split_days(part.window)):
            return [_SubWindow(window) for window in reversed(part.window.split_at(days))]
        splits = self._splits()
        if part.splits == len(splits):
            return []
        return [_SubWindow(part.window, [*part.filters, *filters], part.splits + 1) for filters in splits[part.splits]]

    def _splits(self) -> list[list[Pairs]]:
        """Return the filters that may split a window, one after the other."""
        used = {name for name, _ in self._filters}
        return [parts for parts in query.SPLITTING_FILTERS if not used & {name for name, _ in parts[0]}]

    def _start_pass(self, part: "_SubWindow", *, is_careful: bool) -> PaginationPass:
        clocks = Clocks(is_careful=is_careful, offsets=self._offsets)
        return PaginationPass(
            lambda cursor: self._fetch_page(part, cursor), self._limit, clocks, trusts_count=self._trusts_count
        )

    def _new_rows(self, attempted: PaginationPass) -> Iterator[list[Row]]:
        for rows in attempted.rows():
            self._offsets |= attempted.clocks.offsets
            self._note_undated(attempted.local_starts)
            yield from self._take_new(rows, attempted.change_times)
            if len(attempted.observed.found) > self._limits.rows:
                audit, found = self.audit, len(attempted.observed.found)
                raise TooManyRowsError(audit.customer_id, str(audit.window), found, self._limits.rows, is_count=False)
        observed = attempted.observed
        is_count_wrong = observed.has_outgrown_count or observed.count.is_below_page
        self._trusts_count = self._trusts_count and not is_count_wrong

    def _take_new(self, rows: RowsById, change_times: Mapping[int, datetime]) -> Iterator[list[Row]]:
        # Rows of erased persons are yielded too, because they state changes; the loading side leaves them out.
        customer = self.audit.customer_id
        self._suppressed.update(key for key, row in rows.items() if self._suppression_list.has(row, customer))
        if new := self._seen_ids.take_new(rows):
            self._yielded += len(new)
            self._note_changes([change_times[key] for key in new])
            yield list(new.values())

    def _note_undated(self, local_starts: Mapping[int, int | None]) -> None:
        """Note the rows without a usable start, and those that start after the days of the window."""
        audit = self.audit
        last = audit.window.until or (audit.began or datetime.now(UTC)).date()
        # A day of every time zone has begun by the end of the next one.
        end = first_second(shift(last, 2))
        self._undated.update(key for key, second in local_starts.items() if second is None or second >= end)

    def _fetch_page(self, part: "_SubWindow", cursor: int | None) -> ReceivedPage:
        audit = self.audit
        if audit.pages == self._limits.pages:
            counts = (audit.pages, self._yielded, audit.expected)
            raise TooManyPagesError(audit.customer_id, str(audit.window), *counts)
        pairs = [*self._filters, *part.window.query_parameters(), *part.filters]
        if cursor is not None:
            pairs.append(("pagination_timestamp", format_cursor(cursor)))
        page = self._fetch(pairs, audit.context, audit.stats)
        if audit.began is None:
            audit.began = page.server_time or datetime.now(UTC)
            audit.expected = page.count
        self._limits.require_count(audit.customer_id, audit.window, page.count)
        audit.pages += 1
        ids = [_usable_id(row) for row in page.rows]
        if missing := ids.count(None):
            self._most_without_id = max(self._most_without_id, missing)
            page = replace(page, rows=[row for row, row_id in zip(page.rows, ids, strict=True) if row_id is not None])
        return ReceivedPage(page, [row_id & _UNSIGNED for row_id in ids if row_id is not None])

    def _note_changes(self, change_times: list[datetime]) -> None:
        """Keep the latest change up to the beginning, and count the rows changed since."""
        audit = self.audit
        if audit.began is None:
            return
        until = min(audit.began, audit.changes_until or audit.began)
        for changed in change_times:
            if changed > audit.began:
                audit.changed += 1
            if NEVER < changed <= until and (audit.max_updated_at is None or changed > audit.max_updated_at):
                audit.max_updated_at = changed

    def _update_audit(self, attempted: PaginationPass) -> None:
        audit, observed = self.audit, attempted.observed
        self.found = observed.found
        audit.expected, audit.distinct_ids = observed.count.expected, len(observed.found)
        audit.repeats += observed.repeats
        audit.count_means = "total" if observed.count.is_total else "unknown"
        audit.order_clock, audit.cursor_clock = _only(attempted.clocks.orders), _only(attempted.clocks.comparisons)
        audit.cursor_edge = attempted.clocks.edge
        audit.proof = attempted.proof()

    def _failure(self, attempted: PaginationPass) -> SweepError:
        audit, observed = self.audit, attempted.observed
        expected = observed.count.expected if observed.count.is_total else None
        if observed.is_stuck:
            return StuckError(audit.customer_id, str(audit.window), audit.distinct_ids, expected, self._limit)
        return IncompleteSweepError(audit.customer_id, str(audit.window), audit.distinct_ids, expected)


@dataclass(frozen=True, slots=True)
class _SubWindow:
    """A part of a window: fewer days, or the rows that `filters` select after so many splits."""

    window: Window
    filters: Pairs = field(default_factory=list)
    splits: int = 0


def _only(clocks: set[Clock]) -> str:
    return next(iter(clocks)) if len(clocks) == 1 else "unknown"


def _usable_id(row: Row) -> int | None:
    value = row.id
    if type(value) is int and -(2**63) <= value < 2**63:
        return value
    try:
        return values.convert(value, "bigint")  # type: ignore[no-any-return]
    except values.ConversionError:
        return None
