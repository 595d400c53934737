"""Parallel tasks: every item arrives, a failure stops no other task, closing stops all; and the limiter of requests."""

import threading
from collections import deque
from collections.abc import Iterator

import pytest

from liine_source.api.rate_limit import AdaptiveLimiter
from liine_source.extract.parallel import run_in_parallel


class Task:
    def __init__(self, name: str, count: int, error: Exception | None = None) -> None:
        self.name, self.count, self.error = name, count, error
        self.produced = 0

    def __iter__(self) -> Iterator[str]:
        for number in range(self.count):
            self.produced += 1
            yield f"{self.name}{number}"
        if self.error:
            raise self.error


@pytest.mark.parametrize("width", [1, 2, 8])
def test_every_item_of_every_task_arrives(width: int) -> None:
    """Each task's items arrive in order, followed by one end."""
    tasks = [Task(name, 5) for name in "abc"]
    events = list(run_in_parallel(deque(tasks), width))
    for task in tasks:
        own = [event for event in events if event.task is task]
        assert [event.item for event in own] == [*(f"{task.name}{n}" for n in range(5)), None]
        assert [event.is_end for event in own] == [False] * 5 + [True]


def test_failing_task_does_not_stop_others() -> None:
    """The failing task's end carries the error, and the other tasks complete."""
    error = ValueError("no")
    tasks = [Task("a", 2, error), Task("b", 3)]
    ends = {event.task.name: event.error for event in run_in_parallel(deque(tasks), 2) if event.is_end}
    assert ends == {"a": error, "b": None}


def test_task_runs_only_few_items_ahead() -> None:
    """A task runs only a few items ahead of a slow reader."""
    task = Task("a", 1000)
    events = run_in_parallel(deque([task, Task("b", 0)]), 2)
    for _ in range(10):
        next(events)
    # Ten taken, four queued, and one held by the thread that waits for space in the queue.
    assert task.produced <= 15
    events.close()  # type: ignore[attr-defined]


def test_closing_stops_all_tasks() -> None:
    """Once the reader closes, running tasks stop and waiting tasks never start."""
    tasks = [Task("a", 1000), Task("b", 1000), Task("c", 1000)]
    events = run_in_parallel(deque(tasks), 2)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert tasks[2].produced == 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("liine-sweep")]


@pytest.mark.parametrize("width", [1, 4])
def test_tasks_can_be_added_while_running(width: int) -> None:
    """The reader of the events may add tasks."""
    waiting = deque([Task("a", 1), Task("never", 1)])
    seen = []
    for event in run_in_parallel(waiting, width):
        if event.item == "a0":
            waiting.extend([Task("b", 2), Task("c", 2)])
        seen += [event.item] if event.item else []
    assert sorted(seen) == ["a0", "b0", "b1", "c0", "c1", "never0"]


def test_waiting_tasks_can_be_dropped() -> None:
    """Clearing the queue ends the run after the tasks that are under way."""
    waiting = deque([Task("a", 1), Task("b", 1), Task("c", 1)])
    seen = []
    for event in run_in_parallel(waiting, 1):
        waiting.clear()
        seen += [event.item] if event.item else []
    assert seen == ["a0"]


class Clock:
    """A clock that advances only in `sleep`."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def acquire_once(limiter: AdaptiveLimiter) -> int:
    """Acquire and release one slot; return its number."""
    with limiter.acquire() as number:
        return number


def answers_until_next_slot(limiter: AdaptiveLimiter) -> int:
    """Report successes until there is one more slot; return how many it took."""
    before, answers = limiter.slots, 0
    while limiter.slots == before:
        limiter.on_success()
        answers += 1
    return answers


def test_throttling_halves_slots_and_success_restores_them_slowly() -> None:
    """Slots stay between one and the width, and several refusals at one moment count once."""
    limiter = AdaptiveLimiter(8)
    assert limiter.slots == 4
    for _ in range(300):
        limiter.on_success()
    assert limiter.slots == 8
    numbers = [acquire_once(limiter) for _ in range(3)]
    limiter.on_throttled(numbers[2], 0)
    limiter.on_throttled(numbers[1], 0)
    assert limiter.slots == 4
    limiter.on_success()
    assert limiter.slots == 4
    for _ in range(9):
        limiter.on_throttled(acquire_once(limiter), 0)
    assert limiter.slots == 1


def test_refused_number_of_slots_is_rarely_tried_again() -> None:
    """The number of slots that the server accepts returns soon; one more is tried rarely."""
    limiter = AdaptiveLimiter(16)
    limiter.on_throttled(acquire_once(limiter), 0)
    assert limiter.slots == 2
    assert answers_until_next_slot(limiter) < 12
    assert limiter.slots == 3
    assert answers_until_next_slot(limiter) > 100


def test_requested_wait_applies_to_all_requests() -> None:
    """The next request waits until the moment that the answer named; later ones do not wait again."""
    clock = Clock()
    limiter = AdaptiveLimiter(4, clock.sleep, clock)
    with limiter.acquire() as number:
        limiter.on_throttled(number, 7)
    clock.now += 2
    for _ in range(2):
        with limiter.acquire():
            pass
    assert clock.waits == [5]


def test_concurrent_requests_do_not_exceed_slots() -> None:
    """A thread without a slot gets one when another thread releases it."""
    limiter = AdaptiveLimiter(1)
    acquired = []

    def second() -> None:
        with limiter.acquire():
            acquired.append("second")

    with limiter.acquire():
        thread = threading.Thread(target=second)
        thread.start()
        acquired.append("first")
    thread.join()
    assert acquired == ["first", "second"]
