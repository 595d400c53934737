"""One page of the selected rows, newest first, with the `count` and the cursor of the answer."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from random import Random

from liine_source.emulator.selection.interpretation import Interpretation
from liine_source.emulator.selection.query import Query
from liine_source.emulator.synthetic.rows import Row, format_timestamp
from liine_source.emulator.synthetic.store import get_start, make_lowest_key, make_sort_key

# Longer than a clock change, so that no choice of clock explains the cursor.
_MAX_CURSOR_OFFSET = 2 * 60 * 60


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page, newest first.

    `total` counts all selected rows, `remaining` those older than the request's cursor; `size` is the limit applied.
    """

    rows: list[Row]
    total: int
    remaining: int
    size: int


class PageShortener:
    """Shortens every n-th page that is not the last."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._pages = count(1)

    def choose_size(self, interpretation: Interpretation, remaining: int, size: int) -> int:
        """Return the number of rows of the next page, of which `size` fit and `remaining` exist."""
        # A last page is short anyway and would not show that short pages can come earlier.
        if not interpretation.short_page_every or remaining <= size:
            return size
        number = next(self._pages)
        if number % interpretation.short_page_every:
            return size
        rows = interpretation.short_page_rows or Random(f"{self._seed}/{number}").randint(1, max(1, size - 1))  # noqa: S311  # invented data, no secret
        return min(rows, size)


def cut_page(
    selected: list[Row], query: Query, interpretation: Interpretation, choose_size: Callable[[int, int], int]
) -> Page:
    """Return the newest rows before the cursor. `choose_size` gets the remaining rows and the limit."""
    rows, end = _find_cursor(selected, query, interpretation)
    size = min(query.limit, interpretation.limit_cap)
    begin = max(0, end - choose_size(end, size))
    return Page(rows[begin:end][::-1], len(selected), end, size)


def compute_count(page: Page, interpretation: Interpretation) -> int | None:
    """Return the answer's `count`; None if it is null or absent."""
    counts = {"total": page.total, "remaining": page.remaining, "page": len(page.rows)}
    if interpretation.count not in counts:
        return None
    count = max(0, counts[interpretation.count] - interpretation.count_lag)
    return count if interpretation.count_cap is None else min(count, interpretation.count_cap)


def compute_cursor(page: Page, interpretation: Interpretation, seed: int) -> str | None:
    """Return the answer's `pagination_timestamp`; None if it is null or absent."""
    if not page.rows or interpretation.cursor in ("absent", "null"):
        return None
    row = page.rows[0] if interpretation.cursor == "first" else page.rows[-1]
    start = get_start(row, interpretation.cursor_clock)
    if interpretation.cursor == "neither":
        # Seeded by the row, so that the same page gives the same cursor again.
        sign = Random(f"{seed}/{start}").choice((-1, 1))  # noqa: S311  # invented data, no secret
        start += sign * Random(f"{start}/{seed}").randint(1, _MAX_CURSOR_OFFSET)  # noqa: S311  # invented data, no secret
    return format_timestamp(start)


def _find_cursor(selected: list[Row], query: Query, interpretation: Interpretation) -> tuple[list[Row], int]:
    """Return rows, oldest first, and how many of them are before the cursor."""
    if query.cursor is None:
        return selected, len(selected)
    clock = interpretation.cursor_clock
    end = query.cursor + (interpretation.cursor_comparison == "inclusive")
    if clock == interpretation.order_clock:
        return selected, bisect_left(selected, make_lowest_key(end), key=lambda row: make_sort_key(row, clock))
    # Sorted by the other clock, the rows before the cursor may lie anywhere.
    older = [row for row in selected if get_start(row, clock) < end]
    return older, len(older)
