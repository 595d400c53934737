"""Wall clocks: fast conversion between a time zone and UTC."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Clock = Literal["local", "utc"]
"""The two clocks of a row: `start_time` shows the customer's wall clock, `start_time_tz` shows UTC."""

FIRST_YEAR, LAST_YEAR = 1990, 2060
HOUR = 3600
DAY = 24 * HOUR


class WallClock:
    """The wall clock of one time zone. All times are in seconds since 1970."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self._info = ZoneInfo(zone)
        # Generating a million rows would spend most of its time in `datetime` without this table.
        self._moments, self._offsets = self._find_transitions()

    def get_offset(self, moment: int) -> int:
        """Return how many seconds this clock is ahead of UTC at `moment`."""
        return self._offsets[bisect_right(self._moments, moment)]

    def to_local(self, moment: int) -> int:
        """Convert UTC to the time that this clock shows."""
        return moment + self.get_offset(moment)

    def to_utc(self, local: int) -> int:
        """Convert a time on this clock to UTC. In a repeated hour, return the first of the two moments."""
        guesses = sorted(local - self.get_offset(local + shift) for shift in (-DAY, DAY))
        # In the hour that spring skips, no guess fits; the later one is as good as any.
        return next((guess for guess in guesses if self.to_local(guess) == local), guesses[-1])

    def find_repeated_hours(self, begin: int, end: int) -> list[int]:
        """Return the moments between `begin` and `end` at which the clock is set back."""
        changes = zip(self._moments, self._offsets, self._offsets[1:], strict=False)
        return [moment for moment, before, after in changes if after < before and begin <= moment < end]

    def _find_transitions(self) -> tuple[list[int], list[int]]:
        moment, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (FIRST_YEAR, LAST_YEAR))
        moments, offsets = [], [self._compute_offset(moment)]
        while moment < end:
            # No zone changes twice within a week, so weekly steps miss nothing.
            after = moment + 7 * DAY
            if self._compute_offset(after) != offsets[-1]:
                after = self._find_change(moment, after)
                moments.append(after)
                offsets.append(self._compute_offset(after))
            moment = after
        return moments, offsets

    def _find_change(self, before: int, after: int) -> int:
        while after - before > 1:
            middle = (before + after) // 2
            if self._compute_offset(middle) == self._compute_offset(before):
                before = middle
            else:
                after = middle
        return after

    def _compute_offset(self, moment: int) -> int:
        offset = datetime.fromtimestamp(moment, self._info).utcoffset() or timedelta()
        return int(offset.total_seconds())


@lru_cache
def get_wall_clock(zone: str) -> WallClock:
    """Return the wall clock of `zone`, built once per process."""
    return WallClock(zone)
