"""One pagination pass over a window, from the newest row to the oldest, and what it proves.

Reference: "Pagination" and "Response Structure"; open questions 1 to 5 for what they leave open. A pass asks for one
page after another, drops repeats by `id`, and after each page decides on the next cursor:

    first page -> next page ... -> margin -> candidates -> clock change -> beyond -> end

Each page with new rows starts the phases again. `margin` looks for rows that another clock may hide, where no count
tells that they are missing; `candidates` are the cursors of all interpretations left; `clock change` looks into the
hour that comes twice; `beyond` asks past the oldest row. The pass ends early when the count agrees and one more page
brings nothing, or when more rows are found than the API counts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from pyroaring import BitMap64

from liine_source.api import values
from liine_source.api.client import Page
from liine_source.api.records import Row
from liine_source.extract.audit import Proof
from liine_source.extract.cursor import Clocks, Interpretation, day_of, row_times
from liine_source.extract.windows import DAY, Window

NEVER = datetime.min.replace(tzinfo=UTC)
_SECOND = timedelta(seconds=1)
# A short page may have been cut short anywhere (open question 3), so a cursor is tried up to three times.
_TRIES_PER_CURSOR = 3

RowsById = dict[int, Row]


@dataclass(frozen=True, slots=True)
class ReceivedPage:
    """A page, and each row's `id` as the bitmaps hold it: 64 bits without a sign."""

    page: Page
    keys: list[int]

    def rows_by_id(self) -> RowsById:
        """Return the rows by key; of two versions of one row the newer."""
        rows = dict(zip(self.keys, self.page.rows, strict=True))
        if len(rows) < len(self.keys):
            for key, row in zip(self.keys, self.page.rows, strict=True):
                rows[key] = max(rows[key], row, key=changed_at)
        return rows


def changed_at(row: Row) -> datetime:
    """Return when a row was last updated, or began where it does not say (open question 7)."""
    for value in (row.updated_at, row.start_time_tz):
        try:
            if value is not None:
                return values.parse_instant(value)
        except values.ConversionError:
            continue
    return NEVER


@dataclass(slots=True)
class CountMeaning:
    """What `count` was seen to mean: the total, the page's own length, or what remains (open question 5).

    `expected` is the count of the first page. A pass that does not trust the count leaves `is_trusted` false.
    """

    is_trusted: bool = True
    expected: int | None = None
    highest: int = 0
    is_total: bool = False
    is_below_page: bool = False
    _first_length: int | None = None

    def observe(self, page: Page, *, is_first: bool) -> None:
        """Take in a page; `is_first` if it was asked for without a cursor.

        A count above the page's length can only be a total. An equal one may be either, until a page of another length
        repeats it. A count of nothing is believed when a second answer repeats it.
        """
        length = len(page.rows)
        self.highest = max(self.highest, page.count or 0)
        self.is_below_page = self.is_below_page or (page.count is not None and page.count < length)
        if is_first:
            is_empty_twice = self._first_length is not None and page.count == self.expected == length == 0
            self._first_length, self.expected = length, page.count
            self.is_total = page.count is not None and (page.count > length or is_empty_twice)
        elif page.count == self.expected != length and self.expected == self._first_length:
            self.is_total = True

    @property
    def is_usable(self) -> bool:
        """Whether the count means the total, and nothing has shown it to be wrong."""
        return self.is_total and self.is_trusted


@dataclass(slots=True)
class PassObservation:
    """Everything that a pass has observed. `proof` depends on nothing else.

    `changed` counts rows that changed after the pass began: the count may or may not include them. `has_gap` is set
    where rows may lie between two pages, `is_stuck` where no cursor moves on. `is_end` is set where two short pages in
    a row ended with rows already found, `may_replace` where a new row may stand in the count for a missing one, and
    `may_hide_undated` where rows without a start may follow a page, which no cursor would reach.
    """

    count: CountMeaning
    clocks: Clocks
    found: BitMap64 = field(default_factory=BitMap64)
    repeats: int = 0
    changed: int = 0
    has_gap: bool = False
    is_stuck: bool = False
    may_replace: bool = False
    may_hide_undated: bool = False
    page_size: int = 0
    is_page_full: bool = False
    is_page_short: bool = False
    is_end: bool = False
    longest_page: int = 0

    @property
    def agrees(self) -> bool:
        """Whether as many rows were found as the first page counted, and no page counted more."""
        return self.count.is_total and len(self.found) == self.count.expected == self.count.highest

    @property
    def has_outgrown_count(self) -> bool:
        """Whether more rows were found than counted, and later changes do not explain it.

        A count may be capped, as search engines do, or behind the rows. Then it cannot show that rows were skipped, and
        the cursors so far left no margin for that: the pass must start again without trusting the count.
        """
        return self.count.is_usable and len(self.found) - self.changed > (self.count.expected or 0)

    @property
    def is_confirmed(self) -> bool:
        """Whether the count agrees, and one more page brings nothing.

        A count that is capped or behind may agree at the end of any page, so one page is asked for past the oldest row.
        Its cursor is one second above that row, so an answer without any row is odd and confirms nothing. A page may be
        cut short anywhere (open question 3): that is no end unless the page before was short as well.
        """
        return self.count.is_usable and self.agrees and self.is_end and not self.may_replace


def proof(observed: PassObservation) -> Proof | None:
    """Return what proves that a pass found every row, None where nothing does."""
    if observed.has_gap or observed.is_stuck:
        return None
    if observed.agrees:
        return "count"
    found, expected = len(observed.found), observed.count.expected
    if observed.count.is_usable and expected is not None:
        return "exhaustive" if found - observed.changed <= expected <= found else None
    if observed.may_hide_undated:
        return None
    # Under no interpretation is the count above the number of rows.
    return "exhaustive" if not observed.clocks.may_have_skipped() and found >= observed.count.highest else None


class CursorPlan:
    """The cursors to try after a page with new rows, until another page brings new rows.

    `next_cursor` is called after each page without new rows, and reads what that page has shown from `observed`.
    """

    def __init__(self, observed: PassObservation) -> None:
        self._observed = observed
        self._clocks = observed.clocks
        self._phases = [self._margin, self._candidates, self._clock_change, self._beyond]
        self._cursor: int | None = None
        self._tries = 0
        self._had_gap = False
        self._tried: list[int] = []
        # Interpretations under which rows may follow the last page, because it was full and brought nothing new.
        self._doubted: set[Interpretation] = set()
        self._remaining: list[int] | None = None

    def next_cursor(self) -> int | None:
        """Return the next cursor to try, None where no phase has one left."""
        while self._phases:
            self._cursor = self._phases[0]()
            if self._cursor is not None:
                return self._cursor
            self._phases.pop(0)
        return None

    def _margin(self) -> int | None:
        if self._cursor is not None:
            if not self._observed.is_page_full:
                # It may have been cut short (open question 3), so it is tried once more.
                self._tries += 1
                return self._cursor if self._tries == 1 else None
            if self._cursor in self._clocks.cursors_with_margin():
                self._clocks.reduce_margin()
        self._tries = 0
        cursors = [] if self._observed.count.is_usable else self._clocks.cursors_with_margin()
        return cursors[0] if cursors else None

    def _candidates(self) -> int | None:
        observed = self._observed
        if self._cursor is not None:
            if self._clocks.are_refuted(self._doubted):
                # This page contradicts them, and brought nothing new either.
                self._doubted, observed.has_gap = set(), self._had_gap
            if not self._is_answered() and self._tries < _TRIES_PER_CURSOR:
                return self._try(self._cursor)
            needing = self._clocks.interpretations_needing(self._cursor)
            self._doubted = needing if observed.is_page_full else set()
            self._tried.append(self._cursor)
        untried = [cursor for cursor in self._clocks.candidates() if cursor not in self._tried]
        if untried:
            self._tries, self._had_gap = 0, observed.has_gap
            return self._try(untried[0])
        observed.is_stuck = observed.is_stuck or not self._tried or bool(self._doubted)
        return None

    def _is_answered(self) -> bool:
        """Whether the last page answers its cursor.

        A short page is asked for once more. One without rows is odd where every interpretation places the cursor above
        a row: that one is asked for twice more.
        """
        has_rows_or_is_later = bool(self._observed.page_size or self._tried)
        return self._observed.is_page_full or (self._tries > 1 and has_rows_or_is_later)

    def _try(self, cursor: int) -> int:
        self._tries += 1
        self._observed.has_gap = self._observed.has_gap or bool(self._doubted)
        return cursor

    def _clock_change(self) -> int | None:
        observed = self._observed
        if self._remaining is None:
            self._remaining = [] if observed.count.is_usable else self._clocks.clock_change_cursors()
        elif self._cursor is not None:
            is_unclear = observed.is_page_full and self._cursor in self._clocks.clock_change_cursors()
            observed.has_gap = observed.has_gap or is_unclear
        return self._remaining.pop(0) if self._remaining else None

    def _beyond(self) -> int | None:
        """Ask past the oldest row, without overlap: rows there mean a gap, fewer rows may tell what the count means."""
        if not self._tried:
            return None
        oldest = self._tried[-1]
        if self._cursor is None:
            return oldest - 1
        is_open = self._observed.is_page_full or not self._observed.count.is_usable
        return oldest - 2 if self._cursor == oldest - 1 and is_open else None


class PaginationPass:
    """One pass over a window. `fetch` returns the page of a cursor, or the first page for None."""

    def __init__(
        self, fetch: Callable[[int | None], ReceivedPage], limit: int, clocks: Clocks, *, trusts_count: bool
    ) -> None:
        self.clocks = clocks
        self.observed = PassObservation(CountMeaning(is_trusted=trusts_count), clocks)
        self.change_times: dict[int, datetime] = {}
        self.local_starts: dict[int, int | None] = {}
        self._fetch = fetch
        self._limit = limit
        self._began: datetime | None = None
        self._oldest_and_newest: tuple[int, int] | None = None
        self._has_dated_rows = False
        self._is_first_page_full = False
        # Rows without a start at the end of a page, until another page has them: rows like them may follow.
        self._undated_end: set[int] = set()

    def rows(self) -> Iterator[RowsById]:
        """Yield the rows of each page that the pass had not found before."""
        # An empty first page is asked for twice.
        fresh = self._take(None) or self._take(None)
        while fresh:
            yield fresh
            fresh = self._next_new_rows()

    def _next_new_rows(self) -> RowsById:
        plan = CursorPlan(self.observed)
        while not (self.observed.is_confirmed or self.observed.has_outgrown_count):
            cursor = plan.next_cursor()
            if cursor is None:
                # Rows without a start may be on the first page alone, and it may have been cut short.
                return self._take(None) if self.observed.may_hide_undated and not self._is_first_page_full else {}
            if fresh := self._take(cursor):
                return fresh
        return {}

    def proof(self) -> Proof | None:
        """Return what proves that the pass found every row, None where nothing does."""
        return proof(self.observed)

    def split_days(self, window: Window) -> list[date]:
        """Return the days at which to split `window`: the middle of the days found, or around the only one."""
        if not self._oldest_and_newest:
            return []
        oldest, newest = self._oldest_and_newest
        first = max(day_of(oldest), window.since or date.min)
        last = min(day_of(newest), (window.until or date.max) - DAY)
        middle = first + (last - first) // 2
        return [day for day in (middle, middle + DAY) if window.is_split_by(day)]

    def _take(self, cursor: int | None) -> RowsById:
        received = self._fetch(cursor)
        observed, page = self.observed, received.page
        times = row_times(page.rows)
        fresh = {key: row for key, row in received.rows_by_id().items() if key not in observed.found}
        observed.repeats += len(page.rows) - len(fresh)
        self._observe_overlap(received.keys, times.is_dated, has_new_rows=bool(fresh))
        is_first = cursor is None and not observed.found
        observed.found.update(fresh)
        if self._began is None:
            self._began = page.server_time or datetime.now(UTC)
        self._observe_length(page, has_new_rows=bool(fresh))
        observed.count.observe(page, is_first=is_first)
        self._observe_changes(fresh, self._began)
        self._observe_undated_end(received.keys, times.is_dated, fresh, is_first=is_first)
        self.local_starts = {
            key: second for key, second in zip(received.keys, times.local, strict=True) if key in fresh
        }
        self.clocks.observe(times, cursor)
        seconds = [*times.on("local"), *times.on("utc"), *(self._oldest_and_newest or ())]
        self._oldest_and_newest = (min(seconds), max(seconds)) if seconds else None
        return fresh

    def _observe_overlap(self, keys: list[int], is_dated: list[bool], *, has_new_rows: bool) -> None:
        """Note a gap: with the overlap a page starts among rows already found; if not, rows may lie between.

        Rows without a start do not count: they may be on every page.
        """
        found = self.observed.found
        repeats = any(dated and key in found for key, dated in zip(keys, is_dated, strict=True))
        if has_new_rows and self._has_dated_rows and not repeats:
            self.observed.has_gap = True
        self._has_dated_rows = self._has_dated_rows or any(is_dated)

    def _observe_undated_end(self, keys: list[int], is_dated: list[bool], fresh: RowsById, *, is_first: bool) -> None:
        if is_first:
            self._is_first_page_full = self.observed.is_page_full
        else:
            self._undated_end.difference_update(keys)
        for key, dated in zip(reversed(keys), reversed(is_dated), strict=True):
            if dated:
                break
            if key in fresh:
                self._undated_end.add(key)
        self.observed.may_hide_undated = bool(self._undated_end)

    def _observe_length(self, page: Page, *, has_new_rows: bool) -> None:
        observed = self.observed
        was_short = observed.is_page_short
        size = observed.page_size = len(page.rows)
        observed.is_page_full = size >= min(self._limit, page.limit or self._limit)
        # A page as long as any other may be full, if the API caps the limit without saying so.
        observed.is_page_short = not observed.is_page_full and 0 < size < (observed.longest_page or self._limit)
        observed.longest_page = max(observed.longest_page, size)
        observed.is_end = observed.is_page_short and was_short and not has_new_rows

    def _observe_changes(self, fresh: RowsById, began: datetime) -> None:
        self.change_times = {key: changed_at(row) for key, row in fresh.items()}
        # The server's `Date` has whole seconds.
        self.observed.changed += sum(moment >= began + _SECOND for moment in self.change_times.values())
        is_dated = all(row.updated_at is not None for row in fresh.values())
        is_old = is_dated and max(self.change_times.values(), default=NEVER) < began
        self.observed.may_replace = self.observed.may_replace or not is_old
