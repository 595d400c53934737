"""Several iterators at once, one stream of events, bounded memory; and how many requests at once are welcome."""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Unit = TypeVar("Unit", bound=Iterable[object])
_POLL_SECONDS = 0.1
# However many units run, no more items than this wait to be taken, apart from the one that each holds.
_WAITING = 4
# As many places to begin with, however wide: more than a server takes costs more than it gains.
_FIRST_PLACES = 4
# A place comes, or comes back, for so many good answers to each place there is; one that was refused before, for
# many times as many.
_ANSWERS_TO_A_PLACE = 4
_ANSWERS_TO_A_REFUSED_PLACE = 100


@dataclass(frozen=True, slots=True)
class Event(Generic[Unit]):
    """What a unit brought: an `item`, or its end; `error` is why it ended, None where it came to its own end."""

    unit: Unit
    item: Any = None
    is_end: bool = False
    error: Exception | None = None


class _StoppedError(Exception):
    pass


def interleaved(units: deque[Unit], width: int) -> Iterator[Event[Unit]]:
    """Iterate over each of `units`, at most `width` at a time and begun in order; yield what they bring.

    Units are taken from the left as places come free, and whoever takes the events may add or remove units
    meanwhile. A unit that raises ends alone, and its event carries the error. Closing this iterator stops the
    units at their next item. A unit that is alone needs no thread and gets none.
    """
    while units:
        if width == 1 or len(units) == 1:
            yield from _alone(units.popleft())
        else:
            yield from _Threads[Unit](width).events(units)


class _Threads(Generic[Unit]):
    def __init__(self, width: int) -> None:
        self._width = width
        self._events: queue.Queue[Event[Unit]] = queue.Queue(maxsize=_WAITING)
        self._stop = threading.Event()

    def events(self, units: deque[Unit]) -> Iterator[Event[Unit]]:
        running = 0
        with ThreadPoolExecutor(self._width, thread_name_prefix="liine-sweep") as pool:
            try:
                while units or running:
                    while units and running < self._width:
                        pool.submit(self._run, units.popleft())
                        running += 1
                    event = self._events.get()
                    running -= event.is_end
                    yield event
            finally:
                self._stop.set()
                pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, unit: Unit) -> None:
        error = None
        try:
            for item in unit:
                self._put(Event(unit, item))
        except _StoppedError:
            return
        except Exception as raised:  # noqa: BLE001  whatever it is, it is told to whoever takes the events
            error = raised
        self._put(Event(unit, is_end=True, error=error))

    def _put(self, event: Event[Unit]) -> None:
        while not self._stop.is_set():
            try:
                return self._events.put(event, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
        raise _StoppedError


def _alone(unit: Unit) -> Iterator[Event[Unit]]:
    error = None
    items = iter(unit)
    while True:
        try:
            item = next(items)
        except StopIteration:
            break
        except Exception as raised:  # noqa: BLE001  as in a thread
            error = raised
            break
        yield Event(unit, item)
    yield Event(unit, is_end=True, error=error)


class Gate:
    """Lets at most `width` requests through at once; after a refusal half as many, then slowly more again.

    It begins with few places, and is slowest to try again as many as were refused. A wait that an answer asks for
    holds for all. `sleep` waits so many seconds, `clock` tells them.
    """

    def __init__(
        self,
        width: int,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._width = width
        self._places = float(min(width, _FIRST_PLACES))
        self._refused_places = float("inf")
        self._sleep = sleep
        self._clock = clock
        self._inside = 0
        self._entered = 0
        self._entered_at_refusal = 0
        self._opens = 0.0
        self._changed = threading.Condition()

    @property
    def places(self) -> int:
        """How many are let through at once at present."""
        return int(self._places)

    @contextmanager
    def passed(self) -> Iterator[int]:
        """Wait for a place and hold it; yields the request's number, which `refused` wants."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside < self.places)
            self._inside += 1
            self._entered += 1
            number = self._entered
            wait = self._opens - self._clock()
        try:
            if wait > 0:
                self._sleep(wait)
            yield number
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def refused(self, number: int, wait: float) -> None:
        """A request was told that it is one too many: let fewer through, and none for `wait` seconds.

        Several refused at the same time are one sign, not many.
        """
        with self._changed:
            self._opens = max(self._opens, self._clock() + wait)
            if number > self._entered_at_refusal:
                self._entered_at_refusal = self._entered
                self._refused_places = self._places
                self._places = max(1.0, self._places / 2)

    def welcomed(self) -> None:
        """A request was answered."""
        with self._changed:
            is_doubtful = self._places + 1 > self._refused_places
            answers = _ANSWERS_TO_A_REFUSED_PLACE if is_doubtful else _ANSWERS_TO_A_PLACE
            self._places = min(self._width, self._places + 1 / (answers * self._places))
            self._changed.notify_all()
