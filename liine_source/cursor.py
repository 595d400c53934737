"""Where the next page begins, whichever clock the API orders and compares by.

The reference does not say which of a row's two clocks orders the rows and which is compared with
`pagination_timestamp` (open question 4), or whether the comparison is strict (2); what it says of the
returned cursor contradicts itself (1), so that one is never used. Each page rules out what does not agree
with it. Among the readings still possible the newest cursor is taken: an overlap costs repeats, never rows.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise, product
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from liine_source import values
from liine_source.rows import Row

Clock = Literal["local", "utc"]
# The clock that orders the rows, and the clock that is compared with the cursor.
Interpretation = tuple[Clock, Clock]

_CLOCKS: tuple[Clock, ...] = ("local", "utc")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  both clocks are counted as plain seconds from here
_EPOCH_UTC = values.instant("1970-01-01T00:00:00Z")
_HOUR = 3600
# The page of offsets that an earlier walk met.
_EARLIER = -9
# How far local time is from UTC at most, ahead and behind.
_FARTHEST: dict[Clock, int] = {"local": 14 * _HOUR, "utc": 12 * _HOUR}


class Positions(NamedTuple):
    """Where a page's rows lie on both clocks, in whole seconds, in the order received; None where one does not say."""

    local: list[int | None]
    utc: list[int | None]

    def on(self, clock: Clock) -> list[int]:
        """Return the seconds on one of the clocks, of the rows that have them."""
        seconds = self.local if clock == "local" else self.utc
        return [second for second in seconds if second is not None]


def positions(rows: list[Row]) -> Positions:
    """Return the rows' positions (reference: `start_time`, `start_time_tz`)."""
    return Positions(
        _seconds([row.start_time for row in rows], is_local=True),
        _seconds([row.start_time_tz for row in rows], is_local=False),
    )


def spelled(cursor: int) -> str:
    """Return a cursor as the reference spells it, `YYYY-MM-DDTHH:MM:SSZ`."""
    return (_EPOCH + timedelta(seconds=cursor)).isoformat() + "Z"


def day_of(second: int) -> date:
    """Return the day of a position, on the clock that it was counted on."""
    return (_EPOCH + timedelta(seconds=second)).date()


class Clocks:
    """What is known, page after page, of the API's clocks, and how far the walk has come on each.

    `is_careful` takes nothing for ruled out and adds an hour for a clock change: for a second walk, when
    the count says that the first one has missed something. `offsets` are those that earlier walks met.
    """

    def __init__(self, *, is_careful: bool = False, offsets: Iterable[int] = ()) -> None:
        self.is_careful = is_careful
        self.orders: set[Clock] = set(_CLOCKS)
        self.comparisons: set[Clock] = set(_CLOCKS)
        self.edge: Literal["strict", "inclusive", "unknown"] = "unknown"
        self._frontier: dict[Clock, int] = {}
        self._offsets: dict[int, int] = dict.fromkeys(offsets, _EARLIER)
        self._leads: dict[Clock, list[tuple[int, int]]] = {"local": [], "utc": []}
        self._passed: set[Clock] = set()
        self._room = 26 * _HOUR
        self._pages = 0

    def observe(self, places: Positions, cursor: int | None) -> None:
        """Learn from a page: the rows in the order received, and the cursor that asked for them."""
        self._pages += 1
        before = self._frontier.copy()
        for clock in _CLOCKS:
            if seconds := places.on(clock):
                self._learn(clock, seconds, cursor)
        offsets = {local - utc for local, utc in zip(*places, strict=True) if local is not None and utc is not None}
        self._offsets.update(dict.fromkeys(offsets, self._pages))
        for comparison in _CLOCKS:
            order = _other(comparison)
            if cursor is not None and order in before and self._frontier[order] < before[order]:
                self._leads[comparison].append((before[order], cursor - 1 - before[order]))
            if offsets:
                needed = max(offsets) if comparison == "local" else -min(offsets)
                self._look_back(comparison, max(places.on(order)), needed)

    def candidates(self) -> list[int]:
        """Return the cursors to try, newest first: the first is right under every interpretation still possible."""
        return sorted(set(self._needed().values()), reverse=True)

    def interpretations_needing(self, cursor: int) -> set[Interpretation]:
        """Return the interpretations, of those still possible, under which the next page begins at `cursor`."""
        return {interpretation for interpretation, needed in self._needed().items() if needed == cursor}

    def are_refuted(self, interpretations: Iterable[Interpretation]) -> bool:
        """Whether pages have contradicted each of these interpretations."""
        return not any(order in self.orders and compared in self.comparisons for order, compared in interpretations)

    def _needed(self) -> dict[Interpretation, int]:
        """Return the cursor at which the next page begins, by interpretation; none before a row has told its time."""
        spread = self._spread()
        needed = {}
        for order, comparison in product(self.orders, self.comparisons):
            frontier = self._frontier.get(order)
            if frontier is None:
                continue
            if order == comparison:
                needed[order, comparison] = frontier + 1
            elif spread:
                lead = spread[1] if comparison == "local" else -spread[0]
                needed[order, comparison] = frontier + lead + 1 + _HOUR * self.is_careful
        return needed

    def roomy(self) -> list[int]:
        """Return cursors newer than the `candidates`, where the clocks may differ.

        Where nothing is counted, rows that were passed over would not be missed without them. There is room for
        every zone on earth first, then for a clock change; `crowd` goes on to less where a page is too full.
        """
        return self._with_room(self._room)

    def last(self) -> list[int]:
        """Return cursors that show whether rows may hide in an hour that comes twice, where `roomy` has given up."""
        return [] if self._room else self._with_room(_HOUR)

    def crowd(self) -> None:
        """Leave less room from here on."""
        self._room = _HOUR if self._room > _HOUR else 0

    def may_have_passed(self) -> bool:
        """Whether a cursor was too old for rows of an offset that some page has shown, if the clocks differ."""
        return not self._passed.isdisjoint(self._crossed())

    @property
    def offsets(self) -> set[int]:
        """The offsets met, seconds, local less UTC."""
        return set(self._offsets)

    def _with_room(self, room: int) -> list[int]:
        spread = self._spread()
        if not room or not spread:
            return []
        leads: dict[Clock, int] = {"local": spread[1] + room, "utc": -spread[0] + room}
        crossed = [clock for clock in self._crossed() if _other(clock) in self._frontier]
        cursors = (self._frontier[_other(clock)] + min(leads[clock], _FARTHEST[clock]) + 1 for clock in crossed)
        return sorted((cursor for cursor in cursors if cursor > self.candidates()[0]), reverse=True)

    def _look_back(self, comparison: Clock, newest: int, needed: int) -> None:
        """Note if one of the last cursors was too old for rows that need such a lead; they may be an hour away."""
        leads = self._leads[comparison]
        leads[:] = [(frontier, lead) for frontier, lead in leads if frontier <= newest + _HOUR]
        if any(lead < needed for _, lead in leads):
            self._passed.add(comparison)

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

    def _rule_out(self, readings: set[Clock], clock: Clock) -> None:
        """The last reading is never ruled out: then the pages agree with none, and the count must judge."""
        if not self.is_careful and len(readings) > 1:
            readings.discard(clock)

    def _spread(self) -> tuple[int, int] | None:
        """The least and greatest offset, local less UTC, that rows not yet seen may have.

        One zone has two offsets an hour apart, of which only those near the frontier matter; a greater
        spread means several zones, any of which may come next.
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
    """Whole seconds since 1970, at once where all are spelled as the reference spells them."""
    try:
        return values.reference_times(texts, pa.timestamp("s")).cast(pa.int64()).to_pylist()  # type: ignore[no-any-return]
    except (pa.ArrowException, ValueError):
        return [_second(text, is_local=is_local) for text in texts]


def _second(text: Any, *, is_local: bool) -> int | None:
    try:
        if is_local:
            return (values.wall_clock(text) - _EPOCH) // timedelta(seconds=1)
        return (values.instant(text) - _EPOCH_UTC) // timedelta(seconds=1)
    except values.UnfitError:
        return None
