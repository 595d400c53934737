"""Experiments with rows made by hand: when an interpretation is excluded, and when nothing is decided."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from liine_source.probing.clocks import HOUR, list_clocks
from liine_source.probing.experiment import Experiment, Threshold, Trial, compare_answers, ignore_value, judge_aspect
from liine_source.probing.probe import keep_unchanged
from liine_source.probing.seen import SeenPage, SeenRow

EMPTY: frozenset[str] = frozenset()
# Every 20 minutes for six days, newest first; local time is five hours behind.
NEWEST = 20_000 * 24 * HOUR
OFFSET = -5 * HOUR


def make_row(number: int, start: int) -> SeenRow:
    return SeenRow(
        id=number,
        local=start + OFFSET,
        utc=start,
        updated=None,
        has_updated_at=False,
        is_spam=False,
        kind="call",
        agent=None,
        has_reason=False,
        keys=EMPTY,
        nulls=0,
        unknown=0,
        odd=EMPTY,
    )


ROWS = [make_row(number, NEWEST - number * HOUR // 3) for number in range(6 * 24 * 3)]


def make_page(rows: list[SeenRow], status: int = 200) -> SeenPage:
    return SeenPage(rows, {}, 1000, is_whole=True, status=status)


def run_cursor_experiment(is_selected: Callable[[SeenRow, int], bool], *, length: int = 1000) -> Experiment:
    """Run an experiment against an API that sends the newest rows that `is_selected` selects for a cursor."""
    interpretations = [
        Threshold(clock=clock.name, edge=edge, time=clock.time, shift=shift)
        for clock in list_clocks(ROWS)
        for edge, shift in (("strict", 0), ("inclusive", 1))
    ]

    def ask(value: int) -> Trial:
        page = make_page([row for row in ROWS if is_selected(row, value)][:length])
        return Trial(value, (page, page))

    starts = [time for row in ROWS for time in (row.local, row.utc) if time is not None]
    newest = ROWS[20].local
    experiment = Experiment([*interpretations, ignore_value()], starts, ask, 4, newest)
    experiment.run(ROWS)
    return experiment


@pytest.mark.parametrize(
    ("is_selected", "clock", "edge"),
    [
        (lambda row, value: row.local < value, "local", "strict"),
        (lambda row, value: row.local <= value, "local", "inclusive"),
        (lambda row, value: row.utc < value, "utc", "strict"),
        (lambda row, value: row.utc <= value, "utc", "inclusive"),
        (lambda row, value: True, "ignored", "ignored"),
        # A server in the next zone, where the edge can still be told.
        (lambda row, value: row.local - HOUR < value, "", "strict"),
        (lambda row, value: row.local + HOUR <= value, "", "inclusive"),
        # What nobody expects is not taken for what it resembles.
        (lambda row, value: row.local > value, "", ""),
        (lambda row, value: row.local < value - HOUR // 2, "", ""),
        (lambda row, value: row.id % 2 == 0, "", ""),
    ],
    ids=["local", "local =", "utc", "utc =", "ignored", "next zone", "next zone =", "newer", "half an hour", "half"],
)
def test_threshold_is_settled_or_undecided(is_selected: Any, clock: str, edge: str) -> None:
    """Clock and edge are found where all others are excluded; the empty finding is undecided."""
    experiment = run_cursor_experiment(is_selected)
    assert judge_aspect(experiment, ROWS, "clock", 4, "").finding == clock
    assert judge_aspect(experiment, ROWS, "edge", 2, "").finding == edge


def test_ignored_value_needs_rows_on_both_sides() -> None:
    """A page of the newest rows alone may also come from an API that selects newer rows."""
    experiment = run_cursor_experiment(lambda row, value: (row.local or 0) > value, length=10)
    assert judge_aspect(experiment, ROWS, "clock", 4, "").verdict == "undecided"


def test_single_row_decides_nothing() -> None:
    """One row against local time leaves it neither excluded nor settled."""

    def select(row: SeenRow, value: int) -> bool:
        assert row.local is not None
        return row.local < value and row.id != 400

    experiment = run_cursor_experiment(select)
    verdict = judge_aspect(experiment, ROWS, "clock", 4, "")
    assert (verdict.verdict, verdict.reason) == ("undecided", "too few rows on both sides, or a row against it")


def test_rows_that_changed_are_not_compared() -> None:
    """A row counts if it is on the first and the last page without a difference, in the order of the first."""
    before = ROWS[:5]
    after = [make_row(9, NEWEST + HOUR), replace(ROWS[3], updated=1.0), ROWS[4], ROWS[1], ROWS[2]]
    assert [row.id for row in keep_unchanged(before, after)] == [1, 2, 4]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4], {0: False, 1: True, 2: True, 3: True, 4: True}),
        # A row of one answer alone decides nothing, nor does one that may have been cut off.
        ([1, 3], [1, 2, 3], {0: False, 1: True, 3: True}),
        ([2], [2], {0: False, 1: False, 2: True}),
        ([1], [3], {}),
        ([], [], {0: False, 1: False, 2: False, 3: False, 4: False}),
    ],
    ids=["all", "one answer alone", "cut off", "nothing in common", "empty"],
)
def test_only_what_both_answers_agree_on_counts(first: list[int], second: list[int], expected: dict[int, bool]) -> None:
    """A known row is present in both, or missing from both although a later one came."""
    known = ROWS[:5]
    answers = tuple(make_page([known[at] for at in page]) for page in (first, second))
    assert compare_answers(known, answers) == expected


def test_rows_of_last_second_and_refusals_tell_nothing() -> None:
    """Rows of one second come in any order; a refused request has no rows to lack."""
    tied = [replace(row, local=ROWS[1].local, utc=ROWS[1].utc) if row.id == 0 else row for row in ROWS[:3]]
    page = make_page([tied[1]])
    assert compare_answers(tied, (page, page)) == {1: True}
    refused = make_page([], status=400)
    assert compare_answers(tied, (refused, refused)) == {}
