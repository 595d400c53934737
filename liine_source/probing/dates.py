"""On which clock the days of `start_date`, `end_date` and `updated_date` are, and what `end_date` includes (6)."""

from collections.abc import Callable, Sequence

from liine_source.extract.cursor import day_of, first_second, format_cursor
from liine_source.probing.asking import Asker
from liine_source.probing.clocks import HOUR, NAMED, Clock, list_clocks
from liine_source.probing.cursor import CURSOR, find_newest_start
from liine_source.probing.experiment import Experiment, Threshold, Trial, ignore_value, judge_aspect
from liine_source.probing.seen import SeenRow
from liine_source.probing.verdict import Verdict

DAY = 24 * HOUR
# What is added to the day: all of it, or the second of its midnight.
_ENDS = {"day": DAY, "midnight": 1}
_ROUNDS = {"end_date": 4, "start_date": 3, "updated_date": 2}
# From a first day on, only rows of so many days are asked for: they fit on a page.
_SPAN = 3 * DAY
_WIDEST_OFFSET = 27 * HOUR


def create_end_experiment(asker: Asker, known: Sequence[SeenRow]) -> Experiment:
    """Return the experiment for `end_date`."""
    interpretations = [
        Threshold(clock=clock.name, edge=edge, time=clock.time, shift=shift)
        for clock in list_clocks(known)
        for edge, shift in _ENDS.items()
    ]
    newest = find_newest_start(known)
    newest_day = None if newest is None else first_second(day_of(newest))
    return _create("end_date", interpretations, _list_days(known), _ask_day(asker, "end_date"), newest_day)


def create_start_experiment(asker: Asker, known: Sequence[SeenRow], cursor_clocks: set[str]) -> Experiment:
    """Return the experiment for `start_date`. `cursor_clocks` are those on which a cursor may be read."""
    interpretations = [_create_lower_bound(clock) for clock in list_clocks(known)]
    ask = _ask_first_day(asker, "start_date", known, cursor_clocks)
    return _create("start_date", interpretations, _list_days(known), ask)


def create_updated_experiment(asker: Asker, known: Sequence[SeenRow], cursor_clocks: set[str]) -> Experiment:
    """Return the experiment for `updated_date`."""
    offsets = [row.offset for row in known if row.offset is not None]
    # The offset at a row's start need not be the one of the day on which it was updated.
    doubt = max(HOUR, max(offsets, default=0) - min(offsets, default=0))
    fixed = [clock for clock in list_clocks(known) if clock.name not in NAMED]
    interpretations = [
        Threshold(clock="utc", edge="", time=lambda row: row.updated, is_newer=True),
        Threshold(clock="local", edge="", time=_get_local_update, is_newer=True, doubt=doubt),
        *(Threshold(clock=clock.name, edge="", time=_shift_update(clock), is_newer=True) for clock in fixed),
    ]
    updates = [row.updated for row in known if row.updated is not None]
    days = sorted({first_second(day_of(int(update))) for update in updates})
    ask = _ask_first_day(asker, "updated_date", known, cursor_clocks)
    return _create("updated_date", interpretations, days, ask)


def judge_dates(
    end: Experiment | None, start: Experiment | None, updated: Experiment | None, known: Sequence[SeenRow]
) -> list[Verdict]:
    """Return the verdicts on days."""
    return [
        judge_aspect(start, known, "clock", 6, "clock of `start_date`"),
        judge_aspect(end, known, "clock", 6, "clock of `end_date`"),
        judge_aspect(end, known, "edge", 6, "what `end_date` includes"),
        judge_aspect(updated, known, "clock", 6, "clock of `updated_date`"),
    ]


def _create(
    name: str,
    interpretations: list[Threshold],
    days: list[int],
    ask: Callable[[int], Trial | None],
    newest_day: int | None = None,
) -> Experiment:
    return Experiment([*interpretations, ignore_value()], days, ask, _ROUNDS[name], newest_day)


def _create_lower_bound(clock: Clock) -> Threshold:
    return Threshold(clock=clock.name, edge="", time=clock.time, is_newer=True)


def _list_days(known: Sequence[SeenRow]) -> list[int]:
    starts = [time for row in known for time in (row.local, row.utc) if time is not None]
    return sorted({first_second(day_of(start)) for start in starts})


def _ask_day(asker: Asker, name: str) -> Callable[[int], Trial | None]:
    def ask(value: int) -> Trial | None:
        answers = asker.ask_twice((name, day_of(value).isoformat()))
        return Trial(value, answers) if answers else None

    return ask


def _ask_first_day(
    asker: Asker, name: str, known: Sequence[SeenRow], cursor_clocks: set[str]
) -> Callable[[int], Trial | None]:
    """Ask for the rows from a day on, up to a cursor a few days later.

    That a row before the day is missing shows only at the end of the last page. So a cursor just above it is tried.
    """

    def ask(value: int) -> Trial | None:
        day, upper = (name, day_of(value).isoformat()), value + _SPAN
        answers = asker.ask_twice(day, (CURSOR, format_cursor(upper)))
        if answers is None:
            return None
        trial = Trial(value, answers, lambda row: _starts_before(row, upper - _WIDEST_OFFSET))
        return _look_past_end(asker, day, known, trial, cursor_clocks)

    return ask


def _starts_before(row: SeenRow, bound: int) -> bool:
    return row.latest is not None and row.latest < bound


def _look_past_end(
    asker: Asker, day: tuple[str, str], known: Sequence[SeenRow], trial: Trial, cursor_clocks: set[str]
) -> Trial:
    """Return the trial with what requests past its last row show; unchanged where they show rows, or nothing sure."""
    both = trial.answers[0].ids & trial.answers[1].ids
    rows = [row for row in known if trial.is_in_scope(row)]
    last = max((at for at, row in enumerate(rows) if row.id in both), default=-1)
    following = rows[last + 1] if 0 <= last < len(rows) - 1 else None
    if following is None or following.local is None or following.utc is None:
        return trial
    # Where nothing is known of the cursor, an empty page may have other reasons.
    if not cursor_clocks or not cursor_clocks <= NAMED:
        return trial
    bounds = {clock: following.local if clock == "local" else following.utc for clock in cursor_clocks}
    for bound in set(bounds.values()):
        # One second later, so that the row itself would come, whether a cursor includes its second or not.
        for _ in range(2):
            page = asker.ask(day, (CURSOR, format_cursor(bound + 1)))
            if page is None or page.rows or page.status != 200:
                return trial

    def has_no_more(row: SeenRow) -> bool:
        times = {"local": row.local, "utc": row.utc}
        return all((time := times[clock]) is not None and time <= bound for clock, bound in bounds.items())

    return Trial(trial.value, trial.answers, trial.is_in_scope, has_no_more)


def _get_local_update(row: SeenRow) -> float | None:
    return None if row.updated is None or row.offset is None else row.updated + row.offset


def _shift_update(clock: Clock) -> Callable[[SeenRow], float | None]:
    def time(row: SeenRow) -> float | None:
        shifted = clock.time(row)
        return None if row.updated is None or shifted is None or row.utc is None else row.updated + shifted - row.utc

    return time
