"""Rows that no day selects, because the API knows no start of them.

The reference does not say where such rows are sorted, or whether a cursor finds them. They are on the first page of a
request without dates: either before all others, or after them where all fit on the page. The difference of two counts
tells how many there are; filters divide the rows until the first pages show as many.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from liine_source.api import values
from liine_source.api.query import Pairs
from liine_source.api.records import Row
from liine_source.extract.cursor import row_times
from liine_source.extract.pagination import ReceivedPage, RowsById
from liine_source.extract.windows import DAY, Window

# Every start that the API knows is later, or so wrong that it is in the oldest window, which has no first day.
_EARLIEST = date(1900, 1, 1)

FetchFirstPage = Callable[[Window, Pairs], ReceivedPage]


def find_undated_rows(fetch: FetchFirstPage, window: Window, splits: Sequence[list[Pairs]], limit: int) -> RowsById:
    """Return the rows of a window without dates that no day selects, as far as first pages show them.

    `fetch` returns the first page of a window and further filters, `splits` are the filters that divide it, one after
    the other.
    """
    return {} if window.since or window.until else _find(fetch, window, [], splits, limit)[0]


def _find(
    fetch: FetchFirstPage, window: Window, filters: Pairs, splits: Sequence[list[Pairs]], limit: int
) -> tuple[RowsById, int]:
    """Return the rows that the filters select and no day does, and how many rows the filters select."""
    whole, dated = fetch(window, filters), fetch(replace(window, since=_EARLIEST), filters)
    count, dated_count = whole.page.count, dated.page.count
    if count is None or dated_count is None or count <= dated_count:
        return {}, count or 0
    found = _compare_first_pages(whole, dated, limit)
    if len(found) < count - dated_count and splits:
        for more in splits[0]:
            rows, selected = _find(fetch, window, [*filters, *more], splits[1:], limit)
            found |= rows
            if selected == count:
                # It does not divide the rows.
                break
    return found, count


def _compare_first_pages(whole: ReceivedPage, dated: ReceivedPage, limit: int) -> RowsById:
    """Return the rows that the first page has and the first page of all days lacks."""
    selected = set(dated.keys)
    others = {key: row for key, row in whole.rows_by_id().items() if key not in selected}
    # Days select all rows with a start, unless the second answer was cut short.
    is_cut = len(selected) < min(limit, dated.page.count or 0) or any(row_times(list(others.values())).is_dated)
    return {} if is_cut else {key: row for key, row in others.items() if not _is_early(row)}


def _is_early(row: Row) -> bool:
    """Whether a row states a start that the oldest window selects."""
    for value in (row.start_time, row.start_time_tz):
        try:
            if value is not None and values.parse_wall_clock(value).date() <= _EARLIEST + DAY:
                return True
        except values.ConversionError:
            continue
    return False
