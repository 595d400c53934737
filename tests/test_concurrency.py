"""Several iterators at once: everything comes, failures stay alone, closing stops the rest."""

import threading
from collections.abc import Iterator

import pytest

from liine_source.concurrency import interleaved


class Unit:
    def __init__(self, name: str, count: int, error: Exception | None = None) -> None:
        self.name, self.count, self.error = name, count, error
        self.given = 0

    def __iter__(self) -> Iterator[str]:
        for number in range(self.count):
            self.given += 1
            yield f"{self.name}{number}"
        if self.error:
            raise self.error


@pytest.mark.parametrize("width", [1, 2, 8])
def test_every_item_of_every_unit_comes(width: int) -> None:
    """Each unit's items keep their order, and each unit has one end."""
    units = [Unit(name, 5) for name in "abc"]
    events = list(interleaved(units, width))
    for unit in units:
        of_unit = [event for event in events if event.unit is unit]
        assert [event.item for event in of_unit] == [*(f"{unit.name}{n}" for n in range(5)), None]
        assert [event.is_end for event in of_unit] == [False] * 5 + [True]


def test_a_unit_that_raises_ends_alone() -> None:
    """Its event carries the error, and the others come to their own end."""
    error = ValueError("no")
    units = [Unit("a", 2, error), Unit("b", 3)]
    ends = {event.unit.name: event.error for event in interleaved(units, 2) if event.is_end}
    assert ends == {"a": error, "b": None}


def test_few_items_wait_to_be_taken() -> None:
    """However slow the reader, a unit is only a few items ahead."""
    unit = Unit("a", 1000)
    events = interleaved([unit, Unit("b", 0)], 2)
    for _ in range(10):
        next(events)
    # Ten taken, four waiting, one in the hand of the thread that waits to hand it over.
    assert unit.given <= 15
    events.close()  # type: ignore[attr-defined]


def test_closing_stops_the_units() -> None:
    """Nothing goes on running once the reader has gone, and units not yet begun never begin."""
    units = [Unit("a", 1000), Unit("b", 1000), Unit("c", 1000)]
    events = interleaved(units, 2)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert units[2].given == 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("liine-sweep")]
