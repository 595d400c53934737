"""Several iterators at once, as one stream of events, with bounded memory."""

import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from liine_source.interruption import THIS_PROCESS

Task = TypeVar("Task", bound=Iterable[object])
_POLL_SECONDS = 0.1
# Items that may wait to be consumed, however many tasks run; each task holds one more.
_QUEUE_SIZE = 4


@dataclass(frozen=True, slots=True)
class Event(Generic[Task]):
    """An `item` of a task, or its end; `error` is what the task raised, None where it ended normally."""

    task: Task
    item: Any = None
    is_end: bool = False
    error: Exception | None = None


@contextmanager
def thread_pool(width: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """Yield a pool of threads, which are waited for, unless Ctrl-C ends the program: a request may take minutes."""
    pool = ThreadPoolExecutor(width, thread_name_prefix=name)
    try:
        yield pool
    finally:
        pool.shutdown(wait=not THIS_PROCESS.has_come, cancel_futures=True)


class _StoppedError(Exception):
    pass


def run_in_parallel(tasks: deque[Task], width: int) -> Iterator[Event[Task]]:
    """Iterate over `tasks`, started in order, at most `width` at a time; yield their items as they come.

    Tasks are taken from the left when a slot is free, and the consumer may add or remove waiting tasks meanwhile. A
    task that raises ends alone, and its event carries the error. Closing this iterator stops the tasks at their next
    item. A single task runs without a thread.
    """
    while tasks:
        if width == 1 or len(tasks) == 1:
            yield from _run_alone(tasks.popleft())
        else:
            yield from _Threads[Task](width).events(tasks)


class _Threads(Generic[Task]):
    def __init__(self, width: int) -> None:
        self._width = width
        self._events: queue.Queue[Event[Task]] = queue.Queue(maxsize=_QUEUE_SIZE)
        self._stop = threading.Event()

    def events(self, tasks: deque[Task]) -> Iterator[Event[Task]]:
        running = 0
        with thread_pool(self._width, "liine-sweep") as pool:
            try:
                while tasks or running:
                    while tasks and running < self._width:
                        pool.submit(self._run, tasks.popleft())
                        running += 1
                    event = self._events.get()
                    running -= event.is_end
                    yield event
            finally:
                self._stop.set()

    def _run(self, task: Task) -> None:
        error = None
        try:
            for item in task:
                self._put(Event(task, item))
        except _StoppedError:
            return
        except Exception as raised:  # noqa: BLE001  the consumer of the events decides what it means
            error = raised
        self._put(Event(task, is_end=True, error=error))

    def _put(self, event: Event[Task]) -> None:
        while not self._stop.is_set():
            try:
                return self._events.put(event, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
        raise _StoppedError


def _run_alone(task: Task) -> Iterator[Event[Task]]:
    error = None
    items = iter(task)
    while True:
        try:
            item = next(items)
        except StopIteration:
            break
        except Exception as raised:  # noqa: BLE001  as in a thread
            error = raised
            break
        yield Event(task, item)
    yield Event(task, is_end=True, error=error)
