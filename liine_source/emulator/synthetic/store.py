"""The interactions of all customers, in order of each of the two clocks."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable

from liine_source.emulator.synthetic.clocks import Clock
from liine_source.emulator.synthetic.rows import Row, seconds_of

_SHIFT = 31


def start_of(row: Row, clock: Clock) -> int:
    """When `row` starts on `clock`; one whose start cannot be read there goes by the other clock, or first of all."""
    first, second = (row.start_time, row.start_time_tz) if clock == "local" else (row.start_time_tz, row.start_time)
    return seconds_of(first) or seconds_of(second) or 0


def key_of(row: Row, clock: Clock) -> int:
    """The place of `row` among all: by its start on `clock`, of equal starts by its id.

    Second and id are one integer, so that a million keys take 8 MB.
    """
    return start_of(row, clock) << _SHIFT | row.id


def first_key(second: int) -> int:
    """The least key that a row of this second can have."""
    return second << _SHIFT


class Order:
    """The rows of one customer from oldest to newest on one clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keys = array("q")
        self._rows: list[Row] = []

    def fill(self, rows: Iterable[Row]) -> None:
        """Take all rows at once."""
        keyed = sorted((key_of(row, self._clock), row.id, row) for row in rows)
        self._keys = array("q", [key for key, _, _ in keyed])
        self._rows = [row for _, _, row in keyed]

    def add(self, row: Row) -> None:
        """Put one row in its place."""
        key = key_of(row, self._clock)
        place = bisect_left(self._keys, key)
        self._keys.insert(place, key)
        self._rows.insert(place, row)

    def discard(self, row: Row) -> None:
        """Take one row out; its start must still be what it was when it was added."""
        place = bisect_left(self._keys, key_of(row, self._clock))
        del self._keys[place]
        del self._rows[place]

    def between(self, first: int | None, last: int | None) -> list[Row]:
        """The rows that start in the seconds from `first` to `last`, both included."""
        low = 0 if first is None else bisect_left(self._keys, first_key(first))
        high = len(self._keys) if last is None else bisect_left(self._keys, first_key(last + 1))
        return self._rows[low:high]


class Store:
    """Rows by id and by customer. `version` grows with every change, so that an answer can be kept until then."""

    def __init__(self, customer_ids: Iterable[int]) -> None:
        self.version = 0
        self._rows: dict[int, Row] = {}
        self._orders: dict[int, dict[Clock, Order]] = {
            customer_id: {"local": Order("local"), "utc": Order("utc")} for customer_id in customer_ids
        }

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row_id: int) -> bool:
        return row_id in self._rows

    def __getitem__(self, row_id: int) -> Row:
        return self._rows[row_id]

    def fill(self, customer_id: int, rows: list[Row]) -> None:
        """Take all rows of one customer at once."""
        self.version += 1
        self._rows.update((row.id, row) for row in rows)
        for order in self._orders[customer_id].values():
            order.fill(rows)

    def add(self, row: Row) -> None:
        """Take one row."""
        self.version += 1
        self._rows[row.id] = row
        for order in self._orders[row.customer_id].values():
            order.add(row)

    def change(self, row: Row, fields: dict[str, object]) -> None:
        """Set fields of one row, and its place in the orders if it moves."""
        self.version += 1
        moves = not fields.keys().isdisjoint(("start_time", "start_time_tz"))
        if moves:
            self._discard(row)
        for name, value in fields.items():
            setattr(row, name, value)
        if moves:
            for order in self._orders[row.customer_id].values():
                order.add(row)

    def remove(self, row_id: int) -> None:
        """Forget one row."""
        self.version += 1
        self._discard(self._rows.pop(row_id))

    def between(self, customer_id: int, clock: Clock, first: int | None = None, last: int | None = None) -> list[Row]:
        """The rows of one customer that start from `first` to `last` on `clock`, oldest first."""
        return self._orders[customer_id][clock].between(first, last)

    def _discard(self, row: Row) -> None:
        for order in self._orders[row.customer_id].values():
            order.discard(row)
