"""Several iterators at once, one stream of events, bounded memory."""

import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Unit = TypeVar("Unit", bound=Iterable[object])
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Event(Generic[Unit]):
    """What a unit brought: an `item`, or its end; `error` is why it ended, None where it came to its own end."""

    unit: Unit
    item: Any = None
    is_end: bool = False
    error: Exception | None = None


class _StoppedError(Exception):
    pass


def interleaved(units: Sequence[Unit], width: int) -> Iterator[Event[Unit]]:
    """Iterate over each of `units`, at most `width` at a time and begun in order; yield what they bring.

    A unit that raises ends alone, and its event carries the error. No more than `2 * width` items wait to be
    taken. Closing this iterator stops the units at their next item. A single unit needs no thread and gets none.
    """
    if min(width, len(units)) > 1:
        yield from _threaded(units, width)
    else:
        for unit in units:
            yield from _alone(unit)


def _threaded(units: Sequence[Unit], width: int) -> Iterator[Event[Unit]]:
    events: queue.Queue[Event[Unit]] = queue.Queue(maxsize=2 * width)
    stop = threading.Event()

    def put(event: Event[Unit]) -> None:
        while not stop.is_set():
            try:
                return events.put(event, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
        raise _StoppedError

    def run(unit: Unit) -> None:
        error = None
        try:
            for item in unit:
                put(Event(unit, item))
        except _StoppedError:
            return
        except Exception as raised:  # noqa: BLE001  whatever it is, it is told to whoever takes the events
            error = raised
        put(Event(unit, is_end=True, error=error))

    with ThreadPoolExecutor(width, thread_name_prefix="liine-sweep") as pool:
        try:
            for unit in units:
                pool.submit(run, unit)
            ended = 0
            while ended < len(units):
                event = events.get()
                ended += event.is_end
                yield event
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


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
