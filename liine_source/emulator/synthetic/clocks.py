"""Wall clocks: how far a time zone is from UTC at any moment, quickly."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Clock = Literal["local", "utc"]
FIRST_YEAR, LAST_YEAR = 1990, 2060
HOUR = 3600
DAY = 24 * HOUR


class Wall:
    """The wall clock of one zone: conversions between it and UTC, both in seconds since 1970.

    The transitions are found once, because a million conversions through `datetime` would take most
    of the time that inventing a million interactions takes.
    """

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self._info = ZoneInfo(zone)
        self._moments, self._offsets = self._transitions()

    def offset(self, moment: int) -> int:
        """Seconds by which this wall clock is ahead of UTC at `moment`."""
        return self._offsets[bisect_right(self._moments, moment)]

    def local(self, moment: int) -> int:
        """What the wall clock shows at `moment`."""
        return moment + self.offset(moment)

    def utc(self, local: int) -> int:
        """The moment at which the wall clock shows `local`; the first of two, where an hour repeats."""
        guesses = sorted(local - self.offset(local + shift) for shift in (-DAY, DAY))
        return next((guess for guess in guesses if self.local(guess) == local), guesses[-1])

    def repeated_hours(self, begin: int, end: int) -> list[int]:
        """The moments between `begin` and `end` at which an autumn clock change sets the clock back."""
        changes = zip(self._moments, self._offsets, self._offsets[1:], strict=False)
        return [moment for moment, before, after in changes if after < before and begin <= moment < end]

    def _transitions(self) -> tuple[list[int], list[int]]:
        moment, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (FIRST_YEAR, LAST_YEAR))
        moments, offsets = [], [self._exact(moment)]
        while moment < end:
            after = moment + 7 * DAY
            if self._exact(after) != offsets[-1]:
                after = self._change_between(moment, after)
                moments.append(after)
                offsets.append(self._exact(after))
            moment = after
        return moments, offsets

    def _change_between(self, before: int, after: int) -> int:
        while after - before > 1:
            middle = (before + after) // 2
            if self._exact(middle) == self._exact(before):
                before = middle
            else:
                after = middle
        return after

    def _exact(self, moment: int) -> int:
        offset = datetime.fromtimestamp(moment, self._info).utcoffset() or timedelta()
        return int(offset.total_seconds())


@lru_cache
def wall_of(zone: str) -> Wall:
    """The wall clock of `zone`, worked out once."""
    return Wall(zone)
