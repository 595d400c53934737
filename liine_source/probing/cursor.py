"""What a cursor is compared with, whether it includes its own second, and which row's start an answer gives."""

from collections.abc import Callable, Sequence

from liine_source.extract.cursor import format_cursor
from liine_source.probing.asking import Asker
from liine_source.probing.clocks import list_clocks
from liine_source.probing.experiment import (
    ENOUGH,
    Experiment,
    Threshold,
    Trial,
    ignore_value,
    judge_aspect,
    sample_evenly,
)
from liine_source.probing.seen import SeenPage, SeenRow
from liine_source.probing.verdict import Verdict, leave_open, settle

CURSOR = "pagination_timestamp"
_MOST_VALUES = 400
_ROUNDS = 4
_NEWER_ROWS = 30
_FEWEST_PAGES = 3
_EDGES = {"strict": 0, "inclusive": 1}


def create_cursor_experiment(asker: Asker, known: Sequence[SeenRow]) -> Experiment:
    """Return the experiment for cursors at rows' own starts, on both clocks."""
    clocks = list_clocks(known)
    interpretations = [
        Threshold(clock=clock.name, edge=edge, time=clock.time, shift=shift)
        for clock in clocks
        for edge, shift in _EDGES.items()
    ]
    interpretations.append(ignore_value())
    starts = [time for row in known for time in (row.local, row.utc) if time is not None]

    def ask(value: int) -> Trial | None:
        answers = asker.ask_twice((CURSOR, format_cursor(value)))
        return Trial(value, answers) if answers else None

    newest = find_newest_start(known)
    return Experiment(interpretations, sample_evenly(starts, _MOST_VALUES), ask, _ROUNDS, newest)


def find_newest_start(known: Sequence[SeenRow]) -> int | None:
    """Return the start of a row so new that rows on both sides of it fit on one page; None where there are too few."""
    starts = [row.local for row in known if row.local is not None]
    return starts[min(_NEWER_ROWS, len(starts) // 2)] if starts else None


def find_clocks_left(experiment: Experiment, known: Sequence[SeenRow]) -> set[str]:
    """Return the clocks that a cursor may still be read on."""
    return {one.clock for one in experiment.find_left(known)}


def judge_comparison(experiment: Experiment | None, known: Sequence[SeenRow]) -> list[Verdict]:
    """Return which clock a cursor is compared with (4), and whether it includes its own second (2)."""
    return [
        judge_aspect(experiment, known, "clock", 4, "clock compared with the cursor"),
        judge_aspect(experiment, known, "edge", 2, "rows of the cursor's own second"),
    ]


def judge_returned_cursor(pages: Sequence[SeenPage]) -> Verdict:
    """Return which row's start an answer gives as `pagination_timestamp` (1)."""
    topic = "`pagination_timestamp` of an answer"
    # A row without a usable start could be the one that the answer means.
    filled = [page for page in pages if len(page.rows) > 1 and None not in {row.earliest for row in page.rows}]
    evidence = f"{len(filled)} pages"
    if len(filled) < _FEWEST_PAGES:
        return leave_open(1, topic, evidence, "too few pages with several rows")
    for finding, is_so in (
        ("absent", lambda page: CURSOR not in page.envelope),
        ("null", lambda page: page.envelope.get(CURSOR, "") is None),
    ):
        if all(map(is_so, filled)):
            return settle(1, topic, finding, evidence, f"{finding} in each")
    if any(page.cursor is None for page in filled):
        return leave_open(1, topic, evidence, "not a time in every page")
    misses = {
        (position, clock): sum(page.cursor != time(page.rows, clock) for page in filled)
        for position, time in _POSITIONS.items()
        for clock in ("local", "utc")
    }
    left = {key for key, missed in misses.items() if missed < ENOUGH}
    positions = {position for position, clock in left if not misses[position, clock]}
    if not left:
        return settle(1, topic, "neither", evidence, "the start of neither the first nor the last row, on either clock")
    if positions and len({_SIDES[position] for position, _ in left}) == 1:
        clocks = sorted({clock for _, clock in left})
        finding = _SIDES[next(iter(positions))]
        return settle(1, topic, finding, evidence, f"the start of the {finding} row on the clock {' or '.join(clocks)}")
    return leave_open(1, topic, evidence, "pages fit more than one row, or not all pages fit")


def _pick(choose: Callable[[list[int]], int]) -> Callable[[list[SeenRow], str], int | None]:
    def pick(rows: list[SeenRow], clock: str) -> int | None:
        times = [getattr(row, clock) for row in rows]
        return None if None in times else choose(times)

    return pick


_POSITIONS = {
    "first": _pick(lambda times: times[0]),
    "last": _pick(lambda times: times[-1]),
    "newest": _pick(max),
    "oldest": _pick(min),
}
# Where rows are sorted by one clock, the newest on the other need not be the first.
_SIDES = {"first": "first", "newest": "first", "last": "last", "oldest": "last"}
