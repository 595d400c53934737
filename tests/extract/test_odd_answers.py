"""Wrong answers: a single one, or a count that never equals the number of rows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from liine_source.api.client import Page, RequestStats
from liine_source.api.query import Pairs
from tests.extract.test_sweep import LIMIT, NOW, ListedApi, rows_of, run_sweep

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
    """Subtracts `lag` from its counts and caps them at `most`; changes the answers `odd_at` as `odd` says."""

    most: int = 10_000
    lag: int = 0
    odd: str = ""
    odd_at: tuple[int, ...] = ()

    def __call__(self, pairs: Pairs, what: str, stats: RequestStats) -> Page:
        page = super().__call__(pairs, what, stats)
        if page.count is not None:
            page = replace(page, count=max(0, min(page.count - self.lag, self.most)))
        return ODD[self.odd](page) if len(self.cursors) in self.odd_at else page


COUNTS: dict[str, dict[str, Any]] = {
    "total": {},
    "page": {"count": "page"},
    "absent": {"count": "absent"},
    # A page, and another that repeats one row of the first.
    "capped at page end": {"most": LIMIT + LIMIT - 1},
    "lagging": {"lag": 1},
}


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("odd", ODD)
def test_single_odd_answer_loses_no_row(odd: str, count: str) -> None:
    """A wrong answer to any one request loses no row, whatever the count means."""
    for order, comparison, is_inclusive in CLOCKS:
        options = {"order": order, "comparison": comparison, "is_inclusive": is_inclusive, **COUNTS[count]}
        plain = OddApi(ROWS, **options)
        run_sweep(plain)
        for at in range(1, len(plain.cursors) + 2):
            _, ids = run_sweep(OddApi(ROWS, **options, odd=odd, odd_at=(at,)))
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
def test_capped_or_lagging_count_does_not_end_pagination(
    rows: int, page_size: int, most: int, lag: int, cap: int, short_every: int
) -> None:
    """The count matches at the end of some page, and the next page disproves it."""
    listed = rows_of(rows, ["America/New_York"], start=NOW - timedelta(days=900), step=timedelta(hours=7))
    api = OddApi(listed, most=most, lag=lag, cap=cap, short_every=short_every)
    sweep, ids = run_sweep(api, page_size)
    assert sorted(ids) == list(range(1, rows + 1))
    assert (sweep.audit.proof, sweep.audit.distinct_ids) == ("exhaustive", rows)


def test_empty_page_does_not_confirm_count() -> None:
    """The cursor is above the oldest row found, so a page without that row is odd."""
    _, ids = run_sweep(OddApi(ROWS, most=LIMIT + LIMIT - 1, odd="no row, right count", odd_at=(3,)))
    assert sorted(ids) == IDS


def test_short_page_after_full_page_does_not_confirm_count() -> None:
    """A short page may have been cut before the remaining rows."""
    _, ids = run_sweep(OddApi(ROWS, most=LIMIT + LIMIT - 1, short_every=3))
    assert sorted(ids) == IDS


@pytest.mark.parametrize(
    ("count", "expected", "proof"), [("total", 0, "count"), ("absent", None, "exhaustive"), ("zero", 0, "count")]
)
def test_empty_window_needs_two_empty_answers(count: str, expected: int | None, proof: str) -> None:
    """One empty answer is not enough, since the next may have the rows."""
    sweep, ids = run_sweep(OddApi([], count=count))
    assert (ids, sweep.audit.proof, sweep.audit.expected, sweep.audit.pages) == ([], proof, expected, 2)
    for odd in ("no row, count 0", "no row, right count"):
        sweep, ids = run_sweep(OddApi(ROWS, odd=odd, odd_at=(1,)))
        assert (sorted(ids), sweep.audit.proof, sweep.audit.expected) == (IDS, "count", len(IDS))


def test_matching_count_costs_one_extra_page() -> None:
    """One more page shows that no row follows, unless the last page has shown it."""
    several, one = OddApi(ROWS), OddApi(ROWS[: LIMIT - 1])
    assert (run_sweep(several)[0].audit.proof, len(several.cursors)) == ("count", 5)
    assert (run_sweep(one)[0].audit.proof, len(one.cursors)) == ("count", 2)


@pytest.mark.parametrize(("lag", "proof"), [(0, "count"), (1, "exhaustive")])
def test_more_rows_than_counted_start_second_pass(lag: int, proof: str) -> None:
    """The second pass does without the count, unless it matches in the end; only changes explain more rows."""
    sweep, ids = run_sweep(OddApi(ROWS, lag=lag, odd="count one too low", odd_at=(1,)))
    assert (sorted(ids), sweep.audit.repairs, sweep.audit.proof) == (IDS, 1, proof)
