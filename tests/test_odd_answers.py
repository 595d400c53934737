"""Answers that say what is not so: one among many, or a count that is never the number of rows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from liine_source.client import Page, Tally
from liine_source.query import Pairs
from tests.test_sweep import LIMIT, NOW, ListedApi, rows_of, swept

ODD: dict[str, Callable[[Page], Page]] = {
    "no row, count 0": lambda page: replace(page, rows=[], count=0),
    "no row, right count": lambda page: replace(page, rows=[]),
    "count one too low": lambda page: replace(page, count=max(0, (page.count or 0) - 1)),
    "count 0": lambda page: replace(page, count=0),
    "count of the page": lambda page: replace(page, count=len(page.rows)),
    "count one too high": lambda page: replace(page, count=(page.count or 0) + 1),
    "no count": lambda page: replace(page, count=None),
}
CLOCKS = [("local", "local", True), ("utc", "local", False)]
ROWS = rows_of(58, ["America/New_York"], start=NOW - timedelta(days=40), step=timedelta(hours=7))
IDS = [row["id"] for row in ROWS]


@dataclass
class OddApi(ListedApi):
    """Counts no more than `most`, and `lag` less than there are; gives the answers `odd_at` as `odd` makes them."""

    most: int = 10_000
    lag: int = 0
    odd: str = ""
    odd_at: tuple[int, ...] = ()

    def __call__(self, pairs: Pairs, what: str, tally: Tally) -> Page:
        page = super().__call__(pairs, what, tally)
        if page.count is not None:
            page = replace(page, count=max(0, min(page.count - self.lag, self.most)))
        return ODD[self.odd](page) if len(self.asked) in self.odd_at else page


COUNTS: dict[str, dict[str, Any]] = {
    "total": {},
    "page": {"count": "page"},
    "absent": {"count": "absent"},
    # A page, and one that begins with a row of the page before.
    "capped at a page's end": {"most": LIMIT + LIMIT - 1},
    "behind": {"lag": 1},
}


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("odd", ODD)
def test_one_odd_answer_loses_no_row(odd: str, count: str) -> None:
    """Whichever request it answers, and whatever the count is worth."""
    for order, comparison, is_inclusive in CLOCKS:
        chosen = {"order": order, "comparison": comparison, "is_inclusive": is_inclusive, **COUNTS[count]}
        plain = OddApi(ROWS, **chosen)
        swept(plain)
        for at in range(1, len(plain.asked) + 2):
            _, ids = swept(OddApi(ROWS, **chosen, odd=odd, odd_at=(at,)))
            assert sorted(ids) == IDS, (order, comparison, at)


@pytest.mark.parametrize(
    ("rows", "page_size", "most", "lag", "cap"),
    [
        (250, 100, 199, 0, 1000),
        (1500, 1000, 991, 0, 100),
        (200, 100, 1000, 1, 1000),
        (101, 100, 1000, 1, 1000),
        (250, 1000, 199, 0, 1000),
        (5, 1000, 1000, 1, 1000),
        (250, 100, 1, 0, 1000),
    ],
)
@pytest.mark.parametrize("short_every", [0, 2, 3])
def test_a_count_that_is_capped_or_behind_ends_no_walk(
    rows: int, page_size: int, most: int, lag: int, cap: int, short_every: int
) -> None:
    """It agrees at the end of some page, and the next one shows that it proves nothing."""
    listed = rows_of(rows, ["America/New_York"], start=NOW - timedelta(days=900), step=timedelta(hours=7))
    api = OddApi(listed, most=most, lag=lag, cap=cap, short_every=short_every)
    sweep, ids = swept(api, page_size)
    assert sorted(ids) == list(range(1, rows + 1))
    assert (sweep.audit.proof, sweep.audit.distinct_ids) == ("walk", rows)


def test_a_page_without_a_row_confirms_no_count() -> None:
    """Its cursor is above the oldest row found: a page without that row is odd."""
    _, ids = swept(OddApi(ROWS, most=LIMIT + LIMIT - 1, odd="no row, right count", odd_at=(3,)))
    assert sorted(ids) == IDS


def test_a_short_page_after_a_full_one_confirms_no_count() -> None:
    """It may have been cut short before the rows that are still to come."""
    _, ids = swept(OddApi(ROWS, most=LIMIT + LIMIT - 1, short_every=3))
    assert sorted(ids) == IDS


@pytest.mark.parametrize(
    ("count", "expected", "proof"), [("total", 0, "count"), ("absent", None, "walk"), ("zero", 0, "count")]
)
def test_no_row_at_all_is_believed_when_it_is_said_twice(count: str, expected: int | None, proof: str) -> None:
    """Not when one answer says so: the next one has the rows."""
    sweep, ids = swept(OddApi([], count=count))
    assert (ids, sweep.audit.proof, sweep.audit.expected, sweep.audit.pages) == ([], proof, expected, 2)
    for odd in ("no row, count 0", "no row, right count"):
        sweep, ids = swept(OddApi(ROWS, odd=odd, odd_at=(1,)))
        assert (sorted(ids), sweep.audit.proof, sweep.audit.expected) == (IDS, "count", len(IDS))


def test_a_count_that_agrees_costs_one_page_more() -> None:
    """The least that shows that nothing follows; none more where the last page has shown it."""
    several, one = OddApi(ROWS), OddApi(ROWS[: LIMIT - 1])
    assert (swept(several)[0].audit.proof, len(several.asked)) == ("count", 5)
    assert (swept(one)[0].audit.proof, len(one.asked)) == ("count", 2)


@pytest.mark.parametrize(("lag", "proof"), [(0, "count"), (1, "walk")])
def test_more_rows_than_counted_begin_the_walk_again(lag: int, proof: str) -> None:
    """Without the count, which may still agree in the end; only rows that changed since are explained."""
    sweep, ids = swept(OddApi(ROWS, lag=lag, odd="count one too low", odd_at=(1,)))
    assert (sorted(ids), sweep.audit.repairs, sweep.audit.proof) == (IDS, 1, proof)
