"""Which clock sorts the rows (4).

Only rows of several time zones, or of the hour that an autumn clock change repeats, are in another order on each clock.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise

from liine_source.extract.cursor import day_of
from liine_source.probing.asking import Asker
from liine_source.probing.clocks import HOUR, NAMED
from liine_source.probing.experiment import ENOUGH
from liine_source.probing.seen import SeenPage, SeenRow
from liine_source.probing.verdict import Verdict, leave_open, settle
from liine_source.spec.endpoints import MAX_PAGE_SIZE

_YEARS = 2
_SUNDAY = 6


def try_clock_changes(asker: Asker, known: Sequence[SeenRow]) -> None:
    """Ask for the days around the last autumn clock changes, unless known rows already show the order."""
    if judge_order(asker.pages).verdict == "settled":
        return
    newest = max((row.local for row in known if row.local is not None), default=None)
    offsets = {row.offset for row in known if row.offset is not None}
    if newest is None or not offsets:
        return
    today = day_of(newest)
    changes = [_find_change(today.year - back, max(offsets)) for back in range(_YEARS + 1)]
    for change in [day for day in changes if day and day < today][:_YEARS]:
        days = (("start_date", str(change - timedelta(days=1))), ("end_date", str(change + timedelta(days=1))))
        asker.ask_twice(*days, limit=MAX_PAGE_SIZE)


def _find_change(year: int, offset: int) -> date | None:
    """Return the Sunday on which clocks are set back where local time has this offset; None where few places do."""
    if -10 * HOUR <= offset <= -3 * HOUR:
        return _find_sunday(date(year, 11, 1))
    if 0 <= offset <= 3 * HOUR:
        return _find_sunday(date(year, 10, 25))
    if offset >= 9 * HOUR:
        return _find_sunday(date(year, 4, 1))
    return None


def _find_sunday(day: date) -> date:
    return day + timedelta(days=(_SUNDAY - day.weekday()) % 7)


def judge_order(pages: Sequence[SeenPage]) -> Verdict:
    """Return which clock sorts the rows (4): a later row that is newer on a clock contradicts that clock."""
    topic = "clock that sorts the rows"
    keys: dict[str, Callable[[SeenRow], float | None]] = {
        "local": lambda row: row.local,
        "utc": lambda row: row.utc,
        "id": lambda row: row.id,
        "updated_at": lambda row: row.updated,
    }
    seen: dict[str, Counter[tuple[int, int]]] = {name: Counter() for name in keys}
    neighbours = 0
    for page in pages:
        neighbours += max(0, len(page.rows) - 1)
        for earlier, later in pairwise(page.rows):
            for name, key in keys.items():
                first, second = key(earlier), key(later)
                seen[name][earlier.id, later.id] += first is not None and second is not None and first < second
    # Only what another answer repeats excludes a clock.
    against = {name: sum(count >= ENOUGH for count in pairs.values()) for name, pairs in seen.items()}
    evidence = f"{neighbours} neighbours; out of order: " + ", ".join(f"{name} {against[name]}" for name in keys)
    left = [name for name in keys if against[name] < ENOUGH]
    if len(left) == 1 and not seen[left[0]].total() and left[0] in NAMED:
        return settle(4, topic, left[0], evidence, "only this clock never runs backwards")
    if not left:
        return leave_open(4, topic, evidence, "neither clock sorts all rows")
    return leave_open(4, topic, evidence, f"no row tells these apart: {', '.join(left)}")
