"""Date windows and watermarks.

Dates of the reference have no zone, and `end_date` may mean the day's midnight (open question 6). So the days
that a user names are asked for with days to spare, windows that meet share a day, and rows are merged by `id`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from liine_source.errors import ConfigurationError

DAY = timedelta(days=1)
OVERLAP = DAY

# No interaction is older than this, or if one is, it lies in the oldest window, which has no first day.
_EARLIEST = date(2000, 1, 1)

# A window has at least so many pages, or what is saved by reading several at once goes into their edges;
# and at most so many, so that little is read again after an interruption, unless that is less than a week.
_FEWEST_PAGES = 3
_MOST_PAGES = 20
_WORTH_CUTTING = 8
_SHORTEST = timedelta(days=7)

Counts = Callable[[Sequence[date]], list[int]]


@dataclass(frozen=True, slots=True)
class Window:
    """What one sweep asks for: `start_date`, `end_date` and `updated_date`. None leaves that side open."""

    since: date | None = None
    until: date | None = None
    updated_since: date | None = None

    @classmethod
    def covering(cls, since: date | None, until: date | None, updated_since: date | None = None) -> "Window":
        """Return the window that holds these days, both included, in whichever zone and wherever a day ends.

        A day ends up to 14 hours after UTC's, and its own midnight may be all that `end_date` includes.
        """
        return cls(since and since - DAY, until and until + 2 * DAY, updated_since)

    def pairs(self) -> list[tuple[str, str]]:
        """Return the window as query parameters."""
        sides = (("start_date", self.since), ("end_date", self.until), ("updated_date", self.updated_since))
        return [(name, day.isoformat()) for name, day in sides if day]

    def cut(self, days: Sequence[date]) -> "list[Window]":
        """Return the windows between `days`, newest first. Neighbours share a day, and so have no gap."""
        edges = [self.since, *days, self.until]
        return [replace(self, since=edges[at], until=edges[at + 1]) for at in range(len(days), -1, -1)]

    def is_divided_by(self, day: date) -> bool:
        """Whether `day` lies between the window's edges, so that cutting there leaves less on both sides."""
        return (not self.since or self.since < day) and (not self.until or day < self.until)

    def __str__(self) -> str:
        words = [f"{self.since or 'the beginning'} to {self.until or 'now'}"]
        if self.updated_since:
            words.append(f"updated since {self.updated_since}")
        return ", ".join(words)


def is_worth_cutting(rows: int, page_size: int) -> bool:
    """Whether reading `rows` interactions in several windows at once gains more than finding the windows costs."""
    return rows > _WORTH_CUTTING * page_size


def inner_days(first: date, last: date, rows: int, page_size: int, width: int) -> list[date]:
    """Return the days at which to cut the days `first` to `last`, which hold `rows` interactions, oldest first.

    `width` windows will be read at once, and each should be short beside the whole.
    """
    pages = max(_FEWEST_PAGES, min(_MOST_PAGES, rows // (4 * width * page_size)))
    count = min(-(-rows // (pages * page_size)), max(1, (last - first) // _SHORTEST))
    return [first + (last - first) * number // count for number in range(1, count)]


def in_months(first: date, last: date, months: int) -> list[tuple[date, date]]:
    """Return the days `first` to `last` as first and last days of so many calendar months each, oldest first."""
    found = []
    while first <= last:
        number = first.year * 12 + first.month - 1 + months
        following = date(number // 12, number % 12 + 1, 1)
        found.append((first, min(following - DAY, last)))
        first = following
    return found


def first_day(counts: Counts, last: date, probes: int, leeway: int = 0) -> date:
    """Return the first day up to `last` with an interaction; `counts` tells how many there are up to each day.

    With a `leeway` it may be a later day: by no more than one part in so many of the days from there to `last`.
    Asks for `probes` days at once. Where the counts make no sense the search still ends, with some earlier day.
    """
    empty, full = _EARLIEST, last
    while full - empty > max(DAY, (last - full) // leeway if leeway else DAY):
        step = (full - empty) / (probes + 1)
        days = sorted({empty + max(DAY, step * number) for number in range(1, probes + 1)} - {empty, full})
        found = [day for day, count in zip(days, counts(days), strict=True) if count > 0]
        full = min(found, default=full)
        empty = max((day for day in days if day < full), default=empty)
    return full


def checked_dates(since: date | str | None, until: date | str | None) -> tuple[date | None, date | None]:
    """Return both as dates. Raises ConfigurationError on a wrong spelling or an order of no sense."""
    first, last = _date("since", since), _date("until", until)
    if first and last and first > last:
        raise ConfigurationError("since must not be later than until.")
    return first, last


def updated_since(watermark: datetime | None) -> date | None:
    """Return the day to ask `updated_date` from: a day before the watermark's, in UTC; None asks for all.

    A zone may begin a day up to 12 hours after UTC does; the day before covers every zone.
    """
    return watermark.astimezone(UTC).date() - OVERLAP if watermark else None


def advanced(previous: datetime | None, witnessed: datetime | None) -> datetime | None:
    """Return the watermark after a proven sweep; it never moves back.

    `witnessed` is the latest moment, up to the sweep's beginning, that the rows themselves tell of. A row
    changed during the walk, or dated in the future, does not move the watermark; nor does a clock that
    runs ahead of the data (open questions 7 and 8).
    """
    return max((moment for moment in (previous, witnessed) if moment), default=None)


def _date(name: str, value: date | str | None) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        problem = f"{name} must be a date such as 2024-01-31."
    raise ConfigurationError(problem)
