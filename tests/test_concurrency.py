"""Several iterators at once: everything comes, failures stay alone, closing stops the rest."""

import threading
from collections import deque
from collections.abc import Iterator

import pytest

from liine_source.concurrency import Gate, interleaved


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
    events = list(interleaved(deque(units), width))
    for unit in units:
        of_unit = [event for event in events if event.unit is unit]
        assert [event.item for event in of_unit] == [*(f"{unit.name}{n}" for n in range(5)), None]
        assert [event.is_end for event in of_unit] == [False] * 5 + [True]


def test_a_unit_that_raises_ends_alone() -> None:
    """Its event carries the error, and the others come to their own end."""
    error = ValueError("no")
    units = [Unit("a", 2, error), Unit("b", 3)]
    ends = {event.unit.name: event.error for event in interleaved(deque(units), 2) if event.is_end}
    assert ends == {"a": error, "b": None}


def test_few_items_wait_to_be_taken() -> None:
    """However slow the reader, a unit is only a few items ahead."""
    unit = Unit("a", 1000)
    events = interleaved(deque([unit, Unit("b", 0)]), 2)
    for _ in range(10):
        next(events)
    # Ten taken, four waiting, one in the hand of the thread that waits to hand it over.
    assert unit.given <= 15
    events.close()  # type: ignore[attr-defined]


def test_closing_stops_the_units() -> None:
    """Nothing goes on running once the reader has gone, and units not yet begun never begin."""
    units = [Unit("a", 1000), Unit("b", 1000), Unit("c", 1000)]
    events = interleaved(deque(units), 2)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert units[2].given == 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("liine-sweep")]


@pytest.mark.parametrize("width", [1, 4])
def test_units_may_follow_from_units(width: int) -> None:
    """Whoever takes the events adds units and removes those not yet begun."""
    waiting = deque([Unit("a", 1), Unit("never", 1)])
    seen = []
    for event in interleaved(waiting, width):
        if event.item == "a0":
            waiting.extend([Unit("b", 2), Unit("c", 2)])
        seen += [event.item] if event.item else []
    assert sorted(seen) == ["a0", "b0", "b1", "c0", "c1", "never0"]


def test_units_not_yet_begun_can_be_dropped() -> None:
    """A run that has enough ends with the units that are under way."""
    waiting = deque([Unit("a", 1), Unit("b", 1), Unit("c", 1)])
    seen = []
    for event in interleaved(waiting, 1):
        waiting.clear()
        seen += [event.item] if event.item else []
    assert seen == ["a0"]


class Clock:
    """Time that passes only in sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def passed(gate: Gate) -> int:
    """Let one request pass."""
    with gate.passed() as number:
        return number


def answers_to_a_place(gate: Gate) -> int:
    """Welcome answers until there is one place more; return how many it took."""
    before, answers = gate.places, 0
    while gate.places == before:
        gate.welcomed()
        answers += 1
    return answers


def test_a_refusal_halves_the_places_and_good_answers_raise_them_slowly() -> None:
    """Never below one, never above the width; several refusals of one moment count once."""
    gate = Gate(8)
    assert gate.places == 4
    for _ in range(300):
        gate.welcomed()
    assert gate.places == 8
    numbers = [passed(gate) for _ in range(3)]
    gate.refused(numbers[2], 0)
    gate.refused(numbers[1], 0)
    assert gate.places == 4
    gate.welcomed()
    assert gate.places == 4
    for _ in range(9):
        gate.refused(passed(gate), 0)
    assert gate.places == 1


def test_as_many_places_as_were_refused_are_slow_to_come_again() -> None:
    """Where a server takes three, four are tried seldom, and what it takes is back soon."""
    gate = Gate(16)
    gate.refused(passed(gate), 0)
    assert gate.places == 2
    assert answers_to_a_place(gate) < 12
    assert gate.places == 3
    assert answers_to_a_place(gate) > 100


def test_a_wait_that_is_asked_for_holds_for_all() -> None:
    """The next to pass waits until the moment that the answer named, and those after it not again."""
    clock = Clock()
    gate = Gate(4, clock.sleep, clock)
    with gate.passed() as number:
        gate.refused(number, 7)
    clock.now += 2
    for _ in range(2):
        with gate.passed():
            pass
    assert clock.waits == [5]


def test_no_more_pass_at_once_than_there_are_places() -> None:
    """A thread that finds no place gets one when another leaves."""
    gate = Gate(1)
    order = []

    def second() -> None:
        with gate.passed():
            order.append("second")

    with gate.passed():
        thread = threading.Thread(target=second)
        thread.start()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
