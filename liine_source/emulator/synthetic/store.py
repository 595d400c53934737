"""The interactions of all customers, sorted by each of the two clocks."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable

from liine_source.emulator.synthetic.clocks import Clock
from liine_source.emulator.synthetic.rows import Row, parse_timestamp

_ID_BITS = 31


def get_start(row: Row, clock: Clock) -> int:
    """Return the start of `row` on `clock`; if it cannot be parsed, the start on the other clock, or 0."""
    first, second = (row.start_time, row.start_time_tz) if clock == "local" else (row.start_time_tz, row.start_time)
    return parse_timestamp(first) or parse_timestamp(second) or 0


def make_sort_key(row: Row, clock: Clock) -> int:
    """Return the sort key of `row`: its start on `clock`, then its id."""
    # Start and id in one integer: a million keys take 8 MB.
    return get_start(row, clock) << _ID_BITS | row.id


def make_lowest_key(second: int) -> int:
    """Return the lowest sort key that a row of this second can have."""
    return second << _ID_BITS


class SortedRows:
    """The rows of one customer, oldest first on one clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # Keys and rows are two parallel lists, because bisect on bare integers needs no key function.
        self._keys = array("q")
        self._rows: list[Row] = []

    def fill(self, rows: Iterable[Row]) -> None:
        """Replace the content by `rows`."""
        keyed = sorted((make_sort_key(row, self._clock), row.id, row) for row in rows)
        self._keys = array("q", [key for key, _, _ in keyed])
        self._rows = [row for _, _, row in keyed]

    def add(self, row: Row) -> None:
        """Insert one row at its position."""
        key = make_sort_key(row, self._clock)
        index = bisect_left(self._keys, key)
        self._keys.insert(index, key)
        self._rows.insert(index, row)

    def discard(self, row: Row) -> None:
        """Remove one row, whose start must not have changed since it was added."""
        index = bisect_left(self._keys, make_sort_key(row, self._clock))
        del self._keys[index]
        del self._rows[index]

    def select_between(self, first: int | None, last: int | None) -> list[Row]:
        """Return the rows that start in the seconds from `first` to `last`, both included."""
        low = 0 if first is None else bisect_left(self._keys, make_lowest_key(first))
        high = len(self._keys) if last is None else bisect_left(self._keys, make_lowest_key(last + 1))
        return self._rows[low:high]


class Store:
    """Rows by id and by customer. `version` grows with every change, so that callers know when a cache is stale."""

    def __init__(self, customer_ids: Iterable[int]) -> None:
        self.version = 0
        self._rows: dict[int, Row] = {}
        self._sorted: dict[int, dict[Clock, SortedRows]] = {
            customer_id: {"local": SortedRows("local"), "utc": SortedRows("utc")} for customer_id in customer_ids
        }

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row_id: int) -> bool:
        return row_id in self._rows

    def __getitem__(self, row_id: int) -> Row:
        return self._rows[row_id]

    def fill(self, customer_id: int, rows: list[Row]) -> None:
        """Add the whole history of one customer."""
        self.version += 1
        self._rows.update((row.id, row) for row in rows)
        for sorted_rows in self._sorted[customer_id].values():
            sorted_rows.fill(rows)

    def add(self, row: Row) -> None:
        """Add one row."""
        self.version += 1
        self._rows[row.id] = row
        self._insert(row)

    def change(self, row: Row, fields: dict[str, object]) -> None:
        """Set fields of one row and move it to its new position."""
        self.version += 1
        # Few changes touch the start; the others need no search.
        is_moved = not fields.keys().isdisjoint(("start_time", "start_time_tz"))
        if is_moved:
            self._discard(row)
        for name, value in fields.items():
            setattr(row, name, value)
        if is_moved:
            self._insert(row)

    def remove(self, row_id: int) -> None:
        """Delete one row."""
        self.version += 1
        self._discard(self._rows.pop(row_id))

    def select_between(
        self, customer_id: int, clock: Clock, first: int | None = None, last: int | None = None
    ) -> list[Row]:
        """Return the rows of one customer that start from `first` to `last` on `clock`, oldest first."""
        return self._sorted[customer_id][clock].select_between(first, last)

    def _insert(self, row: Row) -> None:
        for sorted_rows in self._sorted[row.customer_id].values():
            sorted_rows.add(row)

    def _discard(self, row: Row) -> None:
        for sorted_rows in self._sorted[row.customer_id].values():
            sorted_rows.discard(row)
