"""The clocks on which a cursor or a day may be read: those of a row, and others that only have to be excluded."""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from liine_source.probing.seen import SeenRow

HOUR = 3600
NAMED = frozenset({"local", "utc"})
# No zones are further apart, but those that are so far have few users.
_OFFSETS = range(-12, 13)


class Clock(NamedTuple):
    """A clock; `time` gives a row's start on it, in seconds."""

    name: str
    time: Callable[[SeenRow], float | None]


def list_clocks(known: Iterable[SeenRow]) -> list[Clock]:
    """Return the clocks to tell apart: local, UTC, and those that are whole hours from one of them.

    The latter stand for a server's or an account's own zone. Those that no row tells from local time or UTC are left
    out.
    """
    offsets = {row.offset for row in known}
    others = [
        *(_shift_clock("local", hours) for hours in _OFFSETS if hours and -hours * HOUR not in offsets),
        *(_shift_clock("utc", hours) for hours in _OFFSETS if hours and hours * HOUR not in offsets),
    ]
    return [Clock("local", lambda row: row.local), Clock("utc", lambda row: row.utc), *others]


def _shift_clock(name: Literal["local", "utc"], hours: int) -> Clock:
    def time(row: SeenRow) -> float | None:
        start = row.local if name == "local" else row.utc
        return None if start is None else start + hours * HOUR

    return Clock(f"{name}{hours:+d}", time)
