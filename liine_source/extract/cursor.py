"""Where the next page begins, whichever clock the API orders and compares by.

The reference does not say which of a row's two clocks orders the rows, which one is compared with
`pagination_timestamp` (open question 4), or whether the comparison is strict (2). The cursor that the API returns is
never used, because the reference contradicts itself there (1). Each page rules out the interpretations that it
contradicts. Of those left, the newest cursor is used: it may repeat rows, but cannot skip any.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise, product
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from liine_source.api import values
from liine_source.api.records import Row
from liine_source.api.reference_times import parse_reference_times

Clock = Literal["local", "utc"]
# The clock that orders the rows, and the clock that is compared with the cursor.
Interpretation = tuple[Clock, Clock]

_CLOCKS: tuple[Clock, ...] = ("local", "utc")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  both clocks are counted as plain seconds from here
_EPOCH_UTC = values.parse_instant("1970-01-01T00:00:00Z")
_HOUR = 3600
# The page number of offsets that an earlier pass met.
_EARLIER = -9
# The largest difference of local time to UTC, ahead and behind.
_MAX_OFFSET: dict[Clock, int] = {"local": 14 * _HOUR, "utc": 12 * _HOUR}
# A start before 1970 or after 2199 is no start: some systems write the year 1 or 9999 where they know none.
_USABLE = range((datetime(2200, 1, 1) - _EPOCH) // timedelta(seconds=1))  # noqa: DTZ001  as above
_LAST = (datetime(9999, 12, 31, 23, 59, 59) - _EPOCH) // timedelta(seconds=1)  # noqa: DTZ001  as above


class RowTimes(NamedTuple):
    """The times of a page's rows on both clocks, in whole seconds and the order received; None where one is missing.

    A row has neither if one of them cannot be its start: years away from now, or further from the other than any time
    zone. Such a time would lead past rows.
    """

    local: list[int | None]
    utc: list[int | None]

    @property
    def is_dated(self) -> list[bool]:
        """Whether each row has a usable start."""
        return [local is not None or utc is not None for local, utc in zip(*self, strict=True)]

    def on(self, clock: Clock) -> list[int]:
        """Return the times on one of the clocks, without the missing ones."""
        seconds = self.local if clock == "local" else self.utc
        return [second for second in seconds if second is not None]


def row_times(rows: list[Row]) -> RowTimes:
    """Return the times of rows (reference: `start_time`, `start_time_tz`)."""
    times = RowTimes(
        _seconds([row.start_time for row in rows], is_local=True),
        _seconds([row.start_time_tz for row in rows], is_local=False),
    )
    for at, (local, utc) in enumerate(zip(*times, strict=True)):
        if not _is_usable(local, utc):
            times.local[at] = times.utc[at] = None
    return times


def _is_usable(local: int | None, utc: int | None) -> bool:
    if local is None or utc is None:
        return (local is None or local in _USABLE) and (utc is None or utc in _USABLE)
    return local in _USABLE and utc in _USABLE and -_MAX_OFFSET["utc"] <= local - utc <= _MAX_OFFSET["local"]


def format_cursor(cursor: int) -> str:
    """Return a cursor in the reference's format, `YYYY-MM-DDTHH:MM:SSZ`."""
    return (_EPOCH + timedelta(seconds=min(cursor, _LAST))).isoformat() + "Z"


def day_of(second: int) -> date:
    """Return the day of a time in seconds, on the same clock."""
    return (_EPOCH + timedelta(seconds=second)).date()


def is_usable_day(day: date | None) -> bool:
    """Whether a row may have begun on a day."""
    return day is not None and first_second(day) in _USABLE


def first_second(day: date) -> int:
    """Return the first second of a day, on the same clock."""
    return (day - _EPOCH.date()) // timedelta(seconds=1)


class Clocks:
    """The interpretations of the API's clocks that the pages still allow, and the oldest time reached on each clock.

    `is_careful` rules nothing out and adds an hour for a clock change. It is for a second pass, after the count has
    shown that the first one missed rows. `offsets` are those that earlier passes met.
    """

    def __init__(self, *, is_careful: bool = False, offsets: Iterable[int] = ()) -> None:
        self.is_careful = is_careful
        self.orders: set[Clock] = set(_CLOCKS)
        self.comparisons: set[Clock] = set(_CLOCKS)
        self.edge: Literal["strict", "inclusive", "unknown"] = "unknown"
        self._frontier: dict[Clock, int] = {}
        self._offsets: dict[int, int] = dict.fromkeys(offsets, _EARLIER)
        self._leads: dict[Clock, list[tuple[int, int]]] = {"local": [], "utc": []}
        self._skipped: set[Clock] = set()
        self._margin = 26 * _HOUR
        self._pages = 0

    def observe(self, times: RowTimes, cursor: int | None) -> None:
        """Take in a page: the times of its rows, and the cursor of its request."""
        self._pages += 1
        before = self._frontier.copy()
        for clock in _CLOCKS:
            if seconds := times.on(clock):
                self._learn(clock, seconds, cursor)
        offsets = {local - utc for local, utc in zip(*times, strict=True) if local is not None and utc is not None}
        self._offsets.update(dict.fromkeys(offsets, self._pages))
        for comparison in _CLOCKS:
            order = _other(comparison)
            if cursor is not None and order in before and self._frontier[order] < before[order]:
                self._leads[comparison].append((before[order], cursor - 1 - before[order]))
            if offsets:
                needed = max(offsets) if comparison == "local" else -min(offsets)
                self._check_past_cursors(comparison, max(times.on(order)), needed)

    def candidates(self) -> list[int]:
        """Return the cursors to try, newest first. The first one is right under every interpretation left."""
        return sorted(set(self._needed().values()), reverse=True)

    def interpretations_needing(self, cursor: int) -> set[Interpretation]:
        """Return the interpretations left under which the next page begins at `cursor`."""
        return {interpretation for interpretation, needed in self._needed().items() if needed == cursor}

    def are_refuted(self, interpretations: Iterable[Interpretation]) -> bool:
        """Whether pages have contradicted each of these interpretations."""
        return not any(order in self.orders and compared in self.comparisons for order, compared in interpretations)

    def _needed(self) -> dict[Interpretation, int]:
        """Return the cursor at which the next page begins, by interpretation.

        As long as no row has a time, it is one above all times.
        """
        interpretations = list(product(self.orders, self.comparisons))
        if not self._frontier:
            return dict.fromkeys(interpretations, _LAST)
        spread = self._spread()
        needed = {}
        for order, comparison in interpretations:
            frontier = self._frontier.get(order)
            if frontier is None:
                continue
            if order == comparison:
                needed[order, comparison] = frontier + 1
            elif spread:
                lead = spread[1] if comparison == "local" else -spread[0]
                needed[order, comparison] = frontier + lead + 1 + _HOUR * self.is_careful
        return needed

    def cursors_with_margin(self) -> list[int]:
        """Return cursors newer than the `candidates`, where the two clocks may differ.

        Without a count, nothing else would show that rows were skipped. The margin first covers every time zone, then
        one clock change; `reduce_margin` goes to the next one where a page is too full.
        """
        return self._with_margin(self._margin)

    def clock_change_cursors(self) -> list[int]:
        """Return cursors that show whether an hour that comes twice may hide rows, once no margin is left."""
        return [] if self._margin else self._with_margin(_HOUR)

    def reduce_margin(self) -> None:
        """Use a smaller margin from here on."""
        self._margin = _HOUR if self._margin > _HOUR else 0

    def may_have_skipped(self) -> bool:
        """Whether some cursor was too old for rows of an offset that a page has shown, if the clocks differ."""
        return not self._skipped.isdisjoint(self._crossed())

    @property
    def offsets(self) -> set[int]:
        """The offsets met, in seconds, local time less UTC."""
        return set(self._offsets)

    def _with_margin(self, margin: int) -> list[int]:
        spread = self._spread()
        if not margin or not spread:
            return []
        leads: dict[Clock, int] = {"local": spread[1] + margin, "utc": -spread[0] + margin}
        crossed = [clock for clock in self._crossed() if _other(clock) in self._frontier]
        cursors = (self._frontier[_other(clock)] + min(leads[clock], _MAX_OFFSET[clock]) + 1 for clock in crossed)
        return sorted((cursor for cursor in cursors if cursor > self.candidates()[0]), reverse=True)

    def _check_past_cursors(self, comparison: Clock, newest: int, needed: int) -> None:
        """Note whether one of the last cursors was too old for rows that need such a lead; they may be an hour away."""
        leads = self._leads[comparison]
        leads[:] = [(frontier, lead) for frontier, lead in leads if frontier <= newest + _HOUR]
        if any(lead < needed for _, lead in leads):
            self._skipped.add(comparison)

    def _crossed(self) -> list[Clock]:
        """The clocks that may be compared while the other orders."""
        return [comparison for comparison in self.comparisons if _other(comparison) in self.orders]

    def _learn(self, clock: Clock, seconds: list[int], cursor: int | None) -> None:
        self._frontier[clock] = min(self._frontier.get(clock, seconds[0]), *seconds)
        if any(earlier < later for earlier, later in pairwise(seconds)):
            self._rule_out(self.orders, clock)
        if cursor is None:
            return
        if max(seconds) > cursor:
            self._rule_out(self.comparisons, clock)
        elif cursor in seconds and self.comparisons == {clock}:
            self.edge = "inclusive"

    def _rule_out(self, clocks: set[Clock], clock: Clock) -> None:
        """Rule out one clock, but never both: if the pages contradict both, only the count can tell."""
        if not self.is_careful and len(clocks) > 1:
            clocks.discard(clock)

    def _spread(self) -> tuple[int, int] | None:
        """Return the least and greatest offset, local less UTC, that rows not yet seen may have.

        One time zone has two offsets an hour apart, and only those of the last pages matter. A larger spread means
        several zones, any of which may come next.
        """
        if not self._offsets:
            return None
        least, most = min(self._offsets), max(self._offsets)
        if most - least <= _HOUR and not self.is_careful:
            near = [offset for offset, page in self._offsets.items() if page >= self._pages - 1]
            least, most = min(near, default=least), max(near, default=most)
        return least, most


def _other(clock: Clock) -> Clock:
    return "utc" if clock == "local" else "local"


def _seconds(texts: list[Any], *, is_local: bool) -> list[int | None]:
    """Return whole seconds since 1970, in bulk where all times have the reference's format."""
    try:
        return parse_reference_times(texts, pa.timestamp("s")).cast(pa.int64()).to_pylist()  # type: ignore[no-any-return]
    except (pa.ArrowException, ValueError):
        return [_second(text, is_local=is_local) for text in texts]


def _second(text: Any, *, is_local: bool) -> int | None:
    try:
        if is_local:
            return (values.parse_wall_clock(text) - _EPOCH) // timedelta(seconds=1)
        return (values.parse_instant(text) - _EPOCH_UTC) // timedelta(seconds=1)
    except values.ConversionError:
        return None
