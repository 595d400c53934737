"""Limits and short pages, with pages made by hand."""

from typing import Any

import pytest

from liine_source.probing.pages import judge_limit, judge_short_pages
from liine_source.probing.seen import SeenPage
from tests.probing.test_experiment import ROWS


def make_page(first: int, length: int, asked: int, limit: int | None = None, status: int = 200) -> SeenPage:
    """Return a page of so many rows, and a `limit` in its envelope."""
    envelope: dict[str, Any] = {} if limit is None else {"limit": limit}
    return SeenPage(ROWS[first : first + length], envelope, asked, is_whole=True, status=status)


@pytest.mark.parametrize(
    ("lengths", "verdict"),
    [
        ([50, 20, 10], "settled"),
        # One short page decides nothing, and equal ones may show a cap.
        ([50, 50, 20], "undecided"),
        ([20, 20, 20], "undecided"),
    ],
)
def test_short_page_is_shorter_than_other_pages(lengths: list[int], verdict: str) -> None:
    """It has fewer rows than asked for and than other pages have, although known rows follow."""
    pages = [make_page(0, length, 200) for length in lengths]
    assert judge_short_pages(pages, ROWS).verdict == verdict
    # Where no known row follows, each may be the last page.
    assert judge_short_pages(pages, ROWS[:5]).verdict == "undecided"


@pytest.mark.parametrize(
    ("high", "others", "finding"),
    [
        (make_page(0, 0, 1001, status=400), [], "refused above 1000"),
        (make_page(0, 50, 1001, 50), [make_page(0, 50, 200, 50), make_page(0, 1, 1, 1)], "50"),
        # An answer that states its own number of rows, or the limit asked for, states no cap.
        (make_page(0, 50, 1001, 50), [make_page(0, 20, 200, 20)], ""),
        (make_page(0, 50, 1001, 1001), [make_page(0, 50, 200, 200)], ""),
        # A limit that another page exceeds.
        (make_page(0, 20, 1001, 20), [make_page(0, 50, 20, 20)], ""),
        (None, [], ""),
    ],
    ids=["refused", "stated", "rows", "asked", "exceeded", "not asked"],
)
def test_cap_is_stated_or_undecided(high: SeenPage | None, others: list[SeenPage], finding: str) -> None:
    """Fewer rows than asked for show a cap only if the answers state it."""
    assert judge_limit((high, high) if high else None, others).finding == finding
