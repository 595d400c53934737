"""Date windows and watermarks.

Dates of the reference have no zone, and `end_date` may mean the day's midnight (open question 6):
each edge is asked for with a day to spare, and the rows are merged by `id`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from liine_source.errors import ConfigurationError

OVERLAP = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """What one sweep reads: interactions begun from `since` to `until`, both days included, and of
    these only the ones updated since `updated_since`. None leaves that side open.
    """

    since: date | None = None
    until: date | None = None
    updated_since: date | None = None

    def pairs(self) -> list[tuple[str, str]]:
        """Return the window as query parameters, a day wider on each side."""
        sides = (
            ("start_date", self.since and self.since - OVERLAP),
            ("end_date", self.until and self.until + OVERLAP),
            ("updated_date", self.updated_since),
        )
        return [(name, day.isoformat()) for name, day in sides if day]

    def __str__(self) -> str:
        words = [f"{self.since or 'the beginning'} to {self.until or 'now'}"]
        if self.updated_since:
            words.append(f"updated since {self.updated_since}")
        return ", ".join(words)


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
