"""The clocks on which a cursor or a day may be read: those of a row, and fixed ones that only have to be excluded."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from liine_source.probing.seen import SeenRow

HOUR = 3600
NAMED = frozenset({"local", "utc"})
_OFFSETS = range(-12, 15)


class Clock(NamedTuple):
    """A clock; `time` gives a row's start on it, in seconds."""

    name: str
    time: Callable[[SeenRow], float | None]


def list_clocks(known: Iterable[SeenRow]) -> list[Clock]:
    """Return the clocks to tell apart: local, UTC, and each whole hour from UTC that is no row's local time."""
    offsets = {row.offset for row in known}
    fixed = [_fix_clock(hours) for hours in _OFFSETS if hours and hours * HOUR not in offsets]
    return [Clock("local", lambda row: row.local), Clock("utc", lambda row: row.utc), *fixed]


def _fix_clock(hours: int) -> Clock:
    def time(row: SeenRow) -> float | None:
        return None if row.utc is None else row.utc + hours * HOUR

    return Clock(f"UTC{hours:+d}", time)
