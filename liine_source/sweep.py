"""One customer, one window, walked to the end and proven complete.

Reference: "Pagination" and "Response Structure"; `docs/open-questions.md` 1 to 5, 7 and 8 for what they leave
open. The walk takes its cursor from the rows, overlaps by a second, drops repeats by `id`, and ends when the
count agrees and the next page shows nothing but rows already found. Where the count proves nothing, or turns out to
be less than the rows, it ends when no cursor brings anything new. A window that three walks do not prove is read in
parts: by days first, then by filters that divide a day's rows.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from pyroaring import BitMap64

from liine_source import query, values
from liine_source.client import Page, Tally
from liine_source.cursor import Clock, Clocks, Interpretation, day_of, positions, spelled
from liine_source.errors import IncompleteSweepError, MissingIdError, StuckError, SweepError
from liine_source.privacy import Suppressed
from liine_source.query import Pairs
from liine_source.rows import Row
from liine_source.spec.endpoints import MAX_PAGE_SIZE
from liine_source.windows import DAY, Window

log = logging.getLogger(__name__)

_WALKS = 3
# Parts for each page of rows: a cursor that the API ignores needs some three, and no window may take for ever.
_PARTS_TO_A_PAGE = 6
_UNSIGNED = 2**64 - 1

Fetch = Callable[[Pairs, str, Tally], Page]


@dataclass(slots=True)
class Audit:
    """What one sweep did: a row of the table `sweeps`. Times are UTC.

    `expected` is the API's count when the last walk began, None where it gave none; `distinct_ids` what that
    walk found, or all parts together where the window was read in parts; `repairs` counts the walks and parts after
    the first walk. `proof` is `count` where the two agree and the count means the total, `walk` where the
    count proves nothing, None where nothing is proven. `count_means`, `order_clock`, `cursor_clock` and
    `cursor_edge` say which reading of the reference was met, as far as the pages told. `witnessed` is the latest
    moment up to `began`, or up to `witness_until` where that is given, at which a row says that it changed.
    `shared` counts what another sweep of the same load had already given, as windows that meet share a day.
    """

    customer_id: int
    filter_hash: str
    window: Window
    sweep_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    expected: int | None = None
    distinct_ids: int = 0
    repeats: int = 0
    pages: int = 0
    tally: Tally = field(default_factory=Tally)
    repairs: int = 0
    changed: int = 0
    suppressed: int = 0
    shared: int = 0
    proof: Literal["count", "walk"] | None = None
    status: Literal["complete", "failed"] = "failed"
    reason: str | None = None
    count_means: Literal["total", "unknown"] = "unknown"
    order_clock: str = "unknown"
    cursor_clock: str = "unknown"
    cursor_edge: str = "unknown"
    began: datetime | None = None
    ended: datetime | None = None
    witness_until: datetime | None = None
    witnessed: datetime | None = None

    def as_row(self) -> dict[str, Any]:
        """Return the audit under the names of the table `sweeps`."""
        row = {name: getattr(self, name) for name in _AUDIT_COLUMNS}
        window = {"since": self.window.since, "until": self.window.until, "updated_since": self.window.updated_since}
        return row | window | {"requests": self.tally.requests, "retries": self.tally.retries}


_AUDIT_COLUMNS = (
    *("sweep_id", "customer_id", "filter_hash", "expected", "distinct_ids", "repeats", "pages", "repairs"),
    *("changed", "suppressed", "proof", "status", "reason"),
    *("count_means", "order_clock", "cursor_clock", "cursor_edge", "began", "ended"),
)


class Emitted:
    """The ids that a load has been given: two versions of a row in one load would mix their lists."""

    def __init__(self) -> None:
        self._ids = BitMap64()
        self._lock = threading.Lock()

    def unseen(self, rows: "_Keyed") -> "_Keyed":
        """Return those of `rows` that the load does not have yet, and take them as given to it."""
        with self._lock:
            unseen = {key: row for key, row in rows.items() if key not in self._ids}
            self._ids.update(unseen)
        return unseen


class Sweep:
    """Reads one window of one customer, every interaction once, newest first.

    `audit` tells how it went; it is complete only after `rows` has ended. `emitted` is shared by the sweeps of
    one load, so that windows may overlap; rows of `suppressed` persons are counted. `witness_until` is the moment up
    to which rows witness changes, where that is earlier than the sweep's own beginning.
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
        emitted: Emitted | None = None,
        suppressed: Suppressed | None = None,
        witness_until: datetime | None = None,
    ) -> None:
        self.audit = Audit(customer_id, filter_hash, window, witness_until=witness_until)
        self._fetch = fetch
        self._limit = min(page_size, MAX_PAGE_SIZE)
        self._filters: Pairs = [("customer_id", str(customer_id)), *filters, ("limit", str(self._limit))]
        self._emitted = emitted or Emitted()
        self._suppressed = suppressed or Suppressed()
        self._gone = BitMap64()
        self._given = 0
        self._offsets: set[int] = set()
        # Until more is found than the API counts: then the count is capped, or behind.
        self._trusts_count = True
        self.found = BitMap64()

    def rows(self) -> Iterator[list[Row]]:
        """Yield the rows page by page, each `id` once; return when the window is proven complete.

        Raises StuckError or IncompleteSweepError where it cannot be proven, MissingIdError, or the ApiError of
        a request that failed for good. What was yielded before is right, only not known to be all.
        """
        audit = self.audit
        try:
            yield from self._walks()
            audit.status = "complete"
        except Exception as error:
            audit.reason = type(error).__name__
            raise
        finally:
            audit.suppressed = len(self._gone)
            audit.shared = max(0, audit.distinct_ids - self._given)
            audit.ended = datetime.now(UTC)

    def _walks(self) -> Iterator[list[Row]]:
        whole = _Part(self.audit.window)
        is_careful = False
        for attempt in range(_WALKS):
            self.audit.repairs = attempt
            walk = self._walk(whole, is_careful=is_careful)
            yield from self._fresh(walk)
            self._report(walk)
            if self.audit.proof:
                return
            log.warning("%s: found %d of %s, walking again", self._what(), len(walk.found), walk.expected)
            # A count that is too low does not say that a row was missed.
            is_careful = not walk.has_outgrown_count
        yield from self._parts(whole, walk)
        if not self.audit.proof:
            raise self._failure(walk)

    def _parts(self, whole: "_Part", last: "_Walk") -> Iterator[list[Row]]:
        """Read the window part by part; it is proven if all of them are, and together as many as are counted."""
        audit = self.audit
        found, changed, is_proven = last.found.copy(), last.changed, True
        waiting = self._pieces(whole, last)
        left = _PARTS_TO_A_PAGE * (4 + max(last.expected or 0, len(found)) // self._limit)
        is_divided = any(part.filters for part in waiting)
        while waiting and left:
            left -= 1
            audit.repairs += 1
            part = waiting.pop()
            walk = self._walk(part, is_careful=False)
            yield from self._fresh(walk)
            found |= walk.found
            changed += walk.changed
            if walk.proof():
                continue
            pieces = self._pieces(part, walk)
            is_divided = is_divided or any(piece.filters for piece in pieces)
            is_proven = is_proven and bool(pieces)
            waiting += pieces
        self.found, audit.distinct_ids = found, len(found)
        # Days leave nothing between them; filters might, and only the count could tell.
        is_proven = is_proven and not waiting and not is_divided
        if not (last.counts_total and self._trusts_count):
            audit.proof = "walk" if is_proven and audit.repairs >= _WALKS else None
            return
        audit.expected = self._page(whole, None).page.count
        # What has come meanwhile may stand in the place of what is missing. A count that is behind would have shown in
        # a part.
        if audit.expected == len(found) and (is_proven or not changed):
            audit.proof = "count"

    def _pieces(self, part: "_Part", walk: "_Walk") -> list["_Part"]:
        """Divide a part by days or, where it has only one, by the next filter; the newest piece comes last."""
        if part.divisions == 0 and (days := walk.days(part.window)):
            return [_Part(window) for window in reversed(part.window.cut(days))]
        taken = {name for name, _ in self._filters}
        divisions = [pieces for pieces in query.DIVISIONS if not taken & {name for name, _ in pieces[0]}]
        if part.divisions == len(divisions):
            return []
        return [_Part(part.window, [*part.filters, *piece], part.divisions + 1) for piece in divisions[part.divisions]]

    def _walk(self, part: "_Part", *, is_careful: bool) -> "_Walk":
        clocks = Clocks(is_careful=is_careful, offsets=self._offsets)
        return _Walk(lambda cursor: self._page(part, cursor), self._limit, clocks, trusts_count=self._trusts_count)

    def _fresh(self, walk: "_Walk") -> Iterator[list[Row]]:
        for found in walk.rows():
            self._offsets |= walk.clocks.offsets
            # Yielded all the same, as they tell of changes; whoever loads leaves them out.
            self._gone.update(key for key, row in found.items() if self._suppressed.has(row, self.audit.customer_id))
            if unseen := self._emitted.unseen(found):
                self._given += len(unseen)
                self._witness([walk.moments[key] for key in unseen])
                yield list(unseen.values())
        self._trusts_count = self._trusts_count and not (walk.has_outgrown_count or walk.is_count_low)

    def _page(self, part: "_Part", cursor: int | None) -> "_Received":
        pairs = [*self._filters, *part.window.pairs(), *part.filters]
        if cursor is not None:
            pairs.append(("pagination_timestamp", spelled(cursor)))
        page = self._fetch(pairs, self._what(), self.audit.tally)
        if self.audit.began is None:
            self.audit.began = page.server_time or datetime.now(UTC)
            self.audit.expected = page.count
        self.audit.pages += 1
        ids = [_id(row) for row in page.rows]
        if missing := ids.count(None):
            raise MissingIdError(self.audit.customer_id, str(self.audit.window), missing)
        return _Received(page, [(row_id or 0) & _UNSIGNED for row_id in ids])

    def _witness(self, moments: list[datetime]) -> None:
        """Note the latest moment up to the beginning that rows tell of, and count those changed since."""
        began = self.audit.began
        if began is None:
            return
        until = min(began, self.audit.witness_until or began)
        for moment in moments:
            if moment > began:
                self.audit.changed += 1
            if _NEVER < moment <= until and (self.audit.witnessed is None or moment > self.audit.witnessed):
                self.audit.witnessed = moment

    def _report(self, walk: "_Walk") -> None:
        audit = self.audit
        self.found = walk.found
        audit.expected, audit.distinct_ids = walk.expected, len(walk.found)
        audit.repeats += walk.repeats
        audit.count_means = "total" if walk.counts_total else "unknown"
        audit.order_clock, audit.cursor_clock = _only(walk.clocks.orders), _only(walk.clocks.comparisons)
        audit.cursor_edge = walk.clocks.edge
        audit.proof = walk.proof()

    def _failure(self, walk: "_Walk") -> SweepError:
        audit = self.audit
        got = audit.distinct_ids
        expected = walk.expected if walk.counts_total else None
        if walk.is_stuck:
            return StuckError(audit.customer_id, str(audit.window), got, expected, self._limit)
        return IncompleteSweepError(audit.customer_id, str(audit.window), got, expected)

    def _what(self) -> str:
        return f"Customer {self.audit.customer_id}, {self.audit.window}"


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a window: fewer days, or only the rows that `filters` let through after so many divisions."""

    window: Window
    filters: Pairs = field(default_factory=list)
    divisions: int = 0


class _Walk:
    """One pass from the newest row to the oldest."""

    def __init__(
        self, page: Callable[[int | None], "_Received"], limit: int, clocks: Clocks, *, trusts_count: bool
    ) -> None:
        self.clocks = clocks
        self.found = BitMap64()
        self.expected: int | None = None
        self.counts_total = False
        self.is_count_low = False
        self.repeats = 0
        self.changed = 0
        self.is_stuck = False
        self.moments: dict[int, datetime] = {}
        self._has_gap = False
        self._trusts_count = trusts_count
        self._page = page
        self._limit = limit
        self._first: Page | None = None
        self._began = _NEVER
        self._most = 0
        self._is_old = True
        self._span: tuple[int, int] | None = None
        self._is_full = False
        self._size = 0
        self._longest = 0
        self._is_short = False
        self._is_end = False

    def rows(self) -> Iterator["_Keyed"]:
        """Yield what each page brings that the walk had not yet found."""
        cursors: Iterator[int | None] = iter((None, None))
        while True:
            for cursor in cursors:
                fresh = self._take(self._page(cursor), cursor)
                if fresh:
                    yield fresh
                if self._is_confirmed or self.has_outgrown_count:
                    return
                if fresh:
                    break
            else:
                return
            cursors = self._cursors()

    def proof(self) -> Literal["count", "walk"] | None:
        """Return what proves that the walk found everything, None where nothing does.

        What changed after the walk began may or may not have been in the count.
        """
        got = len(self.found)
        if not self._has_ended:
            return None
        if self._agrees:
            return "count"
        if self._is_counted and self.expected is not None:
            return "walk" if got - self.changed <= self.expected <= got else None
        # Under no reading does a count exceed the rows that there are.
        return "walk" if not self.clocks.may_have_passed() and got >= self._most else None

    @property
    def _has_ended(self) -> bool:
        return not self._has_gap and not self.is_stuck

    @property
    def has_outgrown_count(self) -> bool:
        """Whether more was found than was counted, and nothing that came since explains it.

        A count may be capped, as search engines do, or behind the rows. Then nothing tells that a row was passed
        over, and what was asked for so far left no room for that: the walk has to begin again, without the count.
        """
        return self._is_counted and len(self.found) - self.changed > (self.expected or 0)

    @property
    def _is_counted(self) -> bool:
        return self.counts_total and self._trusts_count

    @property
    def _agrees(self) -> bool:
        """Whether as many were found as were counted at the beginning, and never more since."""
        return self.counts_total and len(self.found) == self.expected == self._most

    @property
    def _is_confirmed(self) -> bool:
        """Whether the count agrees, and so does one page more.

        A count that is capped or behind may agree at the end of any page. So one page is asked for past the oldest
        row. Its cursor is a second above that row, so an answer that holds no row at all is odd, and confirms
        nothing. It may have been cut short anywhere (open question 3): that is no end unless the page before came
        short as well. Nor is it where a row may have come after the count, and stand in the place of a missing one.
        """
        return self._is_counted and self._agrees and self._is_end and self._is_old

    def days(self, window: Window) -> list[date]:
        """Return the days at which to divide `window`: in the middle of those found, or around the only one."""
        if not self._span:
            return []
        first = max(day_of(self._span[0]), window.since or date.min)
        last = min(day_of(self._span[1]), (window.until or date.max) - DAY)
        middle = first + (last - first) // 2
        return [day for day in (middle, middle + DAY) if window.is_divided_by(day)]

    def _take(self, received: "_Received", cursor: int | None) -> "_Keyed":
        page = received.page
        fresh = {key: row for key, row in received.rows().items() if key not in self.found}
        self.repeats += len(page.rows) - len(fresh)
        # With the overlap a page starts among rows already found; if not, something lies between.
        if fresh and self.found and len(fresh) == len(page.rows):
            self._has_gap = True
        self.found.update(fresh)
        self.moments = {key: _moment(row) for key, row in fresh.items()}
        was_short, self._size = self._is_short, len(page.rows)
        self._is_full = self._size >= min(self._limit, page.limit or self._limit)
        # A page as long as any other may be full, if the API caps the limit and does not say so.
        self._is_short = not self._is_full and 0 < self._size < (self._longest or self._limit)
        self._longest = max(self._longest, self._size)
        self._is_end = self._is_short and was_short and not fresh
        self._read_count(page, is_first=cursor is None)
        # The header has whole seconds.
        self.changed += sum(moment >= self._began + _SECOND for moment in self.moments.values())
        is_dated = all(row.updated_at is not None for row in fresh.values())
        self._is_old = self._is_old and is_dated and max(self.moments.values(), default=_NEVER) < self._began
        places = positions(page.rows)
        self.clocks.observe(places, cursor)
        seconds = [*places.on("local"), *places.on("utc"), *(self._span or ())]
        self._span = (min(seconds), max(seconds)) if seconds else None
        return fresh

    def _read_count(self, page: Page, *, is_first: bool) -> None:
        """Tell a total from a page's own length and from what remains (open question 5).

        More than the page holds can only be a total. As much as the page holds may be either, until a page
        of another length repeats it. That there is nothing is believed when a second answer says so.
        """
        self._most = max(self._most, page.count or 0)
        self.is_count_low = self.is_count_low or (page.count is not None and page.count < len(page.rows))
        if is_first:
            is_empty = self._first is not None and page.count == self.expected == len(page.rows) == 0
            if self._first is None:
                self._began = page.server_time or datetime.now(UTC)
            self._first, self.expected = page, page.count
            self.counts_total = page.count is not None and (page.count > len(page.rows) or is_empty)
        elif self._first and page.count == self.expected != len(page.rows) and self.expected == len(self._first.rows):
            self.counts_total = True

    def _cursors(self) -> Iterator[int]:
        """Yield the cursors to try while no page brings anything new; the walk ends when there are no more."""
        yield from self._roomy_cursors()
        tried: list[int] = []
        # Those under which rows may hide behind the last page: it was full and brought nothing new.
        doubted: set[Interpretation] = set()
        while untried := [cursor for cursor in self.clocks.candidates() if cursor not in tried]:
            had_gap = self._has_gap
            for asked in range(3):
                yield self._doubting(untried[0], is_doubtful=bool(doubted))
                if self.clocks.are_refuted(doubted):
                    # This page contradicts them, and brought nothing new either: they raise no doubt.
                    doubted, self._has_gap = set(), had_gap
                # A short page may have been cut short anywhere (open question 3): it is asked for once more. One
                # without a row is odd where the cursor is above a row under every reading: that is asked for twice.
                if self._is_full or (asked and (self._size or tried)):
                    break
            doubted = self.clocks.interpretations_needing(untried[0]) if self._is_full else set()
            tried.append(untried[0])
        self.is_stuck = self.is_stuck or not tried or bool(doubted)
        for cursor in [] if self._is_counted else self.clocks.last():
            yield cursor
            self._has_gap = self._has_gap or (self._is_full and cursor in self.clocks.last())
        # Without the overlap, and past a second that fills a page: what these bring leaves a gap, but an
        # answer with fewer rows may tell what the count means.
        for cursor in tried[-1:]:
            yield cursor - 1
            if self._is_full or not self._is_counted:
                yield cursor - 2

    def _roomy_cursors(self) -> Iterator[int]:
        while not self._is_counted and (roomy := self.clocks.roomy()):
            yield roomy[0]
            if not self._is_full:
                # Cut short, perhaps (open question 3).
                yield roomy[0]
            if not self._is_full:
                return
            if roomy[0] in self.clocks.roomy():
                self.clocks.crowd()

    def _doubting(self, cursor: int, *, is_doubtful: bool) -> int:
        self._has_gap = self._has_gap or is_doubtful
        return cursor


_Keyed = dict[int, Row]


@dataclass(frozen=True, slots=True)
class _Received:
    """A page, and each row's `id` as the bitmaps hold it: 64 bits without a sign."""

    page: Page
    keys: list[int]

    def rows(self) -> _Keyed:
        """Return the rows by key, of two versions of one the newest."""
        rows = dict(zip(self.keys, self.page.rows, strict=True))
        if len(rows) < len(self.keys):
            for key, row in zip(self.keys, self.page.rows, strict=True):
                rows[key] = max(rows[key], row, key=_moment)
        return rows


def _only(readings: set[Clock]) -> str:
    return next(iter(readings)) if len(readings) == 1 else "unknown"


def _id(row: Row) -> int | None:
    value = row.id
    if type(value) is int and -(2**63) <= value < 2**63:
        return value
    try:
        return values.converted(value, "bigint")  # type: ignore[no-any-return]
    except values.UnfitError:
        return None


def _moment(row: Row) -> datetime:
    """When the row was last updated, or began where it does not say (open question 7)."""
    for value in (row.updated_at, row.start_time_tz):
        try:
            if value is not None:
                return values.instant(value)
        except values.UnfitError:
            continue
    return _NEVER


_NEVER = datetime.min.replace(tzinfo=UTC)
_SECOND = timedelta(seconds=1)
