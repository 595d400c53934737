"""Date windows and watermarks.

The reference's dates have no time zone, and `end_date` may mean the day's midnight (open question 6). So the days that
a user names are requested with spare days around them, neighbouring windows share a day, and rows are merged by `id`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

DAY = timedelta(days=1)
OVERLAP = DAY

# The search for the first day begins here. The oldest window has no first day, so older rows are read as well.
_EARLIEST = date(2000, 1, 1)

# Windows of fewer pages lose to their edges what reading several at once saves. Larger ones would repeat much after an
# interruption; none is shorter than a week.
_MIN_PAGES = 3
_MAX_PAGES = 20
_MIN_PAGES_TO_SPLIT = 8
_MIN_LENGTH = timedelta(days=7)

Counts = Callable[[Sequence[date]], list[int]]


@dataclass(frozen=True, slots=True)
class Window:
    """What one sweep asks for: `start_date`, `end_date` and `updated_date`. None leaves that side open."""

    since: date | None = None
    until: date | None = None
    updated_since: date | None = None

    @classmethod
    def covering(cls, since: date | None, until: date | None, updated_since: date | None = None) -> "Window":
        """Return the window that holds these days, both included, in every time zone.

        A day ends up to 14 hours after UTC's, and `end_date` may include no more than its midnight.
        """
        return cls(since and shift(since, -1), until and shift(until, 2), updated_since)

    def query_parameters(self) -> list[tuple[str, str]]:
        """Return the window as query parameters."""
        sides = (("start_date", self.since), ("end_date", self.until), ("updated_date", self.updated_since))
        return [(name, day.isoformat()) for name, day in sides if day]

    def split_at(self, days: Sequence[date]) -> "list[Window]":
        """Return the windows between `days`, newest first. Neighbours share a day, so there is no gap."""
        edges = [self.since, *days, self.until]
        return [replace(self, since=edges[at], until=edges[at + 1]) for at in range(len(days), -1, -1)]

    def is_split_by(self, day: date) -> bool:
        """Whether `day` lies between the window's edges, so that both parts are smaller."""
        return (not self.since or self.since < day) and (not self.until or day < self.until)

    def __str__(self) -> str:
        words = [f"{self.since or 'the beginning'} to {self.until or 'now'}"]
        if self.updated_since:
            words.append(f"updated since {self.updated_since}")
        return ", ".join(words)


def shift(day: date, days: int) -> date:
    """Return the day so many days later, or the first or last day that there is."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def is_worth_splitting(rows: int, page_size: int) -> bool:
    """Whether reading `rows` interactions in several windows saves more than finding the windows costs."""
    return rows > _MIN_PAGES_TO_SPLIT * page_size


def find_split_days(first: date, last: date, rows: int, page_size: int, width: int) -> list[date]:
    """Return the days at which to split the days `first` to `last`, which hold `rows` interactions, oldest first.

    `width` windows are read at once, so each must be short compared with the whole.
    """
    pages = max(_MIN_PAGES, min(_MAX_PAGES, rows // (4 * width * page_size)))
    count = min(-(-rows // (pages * page_size)), max(1, (last - first) // _MIN_LENGTH))
    return [first + (last - first) * number // count for number in range(1, count)]


def split_by_months(first: date, last: date, months: int) -> list[tuple[date, date]]:
    """Return the first and last day of each group of calendar months between `first` and `last`, oldest first."""
    found = []
    while first <= last:
        number = first.year * 12 + first.month - 1 + months
        following = date(number // 12, number % 12 + 1, 1)
        found.append((first, min(following - DAY, last)))
        first = following
    return found


def find_first_day(counts: Counts, last: date, probes: int, tolerance: int = 0) -> date:
    """Return the first day up to `last` with an interaction; `counts` returns how many there are up to each day.

    With a `tolerance` of n, the result may be too late by 1/n of the days from there to `last`. Asks for `probes` days
    at once. Where the counts contradict each other the search still ends, with an earlier day.
    """
    empty, full = _EARLIEST, last
    while full - empty > max(DAY, (last - full) // tolerance if tolerance else DAY):
        step = (full - empty) / (probes + 1)
        days = sorted({empty + max(DAY, step * number) for number in range(1, probes + 1)} - {empty, full})
        found = [day for day, count in zip(days, counts(days), strict=True) if count > 0]
        full = min(found, default=full)
        empty = max((day for day in days if day < full), default=empty)
    return full


def updated_since(watermark: datetime | None) -> date | None:
    """Return the value of `updated_date`: the day before the watermark's in UTC; None without a watermark.

    A day begins up to 12 hours later than in UTC; the day before covers every time zone.
    """
    return watermark.astimezone(UTC).date() - OVERLAP if watermark else None


def advance_watermark(previous: datetime | None, max_updated_at: datetime | None) -> datetime | None:
    """Return the watermark after a proven sweep; it never moves back.

    `max_updated_at` is the latest change that a row states, up to the sweep's beginning. A row changed during the
    sweep or dated in the future does not move the watermark, nor does a clock ahead of the data (open questions 7, 8).
    """
    return max((moment for moment in (previous, max_updated_at) if moment), default=None)
