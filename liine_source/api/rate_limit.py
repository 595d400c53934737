"""How many requests run at once: fewer after 429 or 503, slowly more while answers are good (open question 17)."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Starting higher than a server allows costs more than it gains.
_INITIAL_SLOTS = 4
# So many good answers per slot add one slot; a number of slots that was throttled before needs more of them.
_ANSWERS_PER_SLOT = 4
_ANSWERS_PER_THROTTLED_SLOT = 100


class AdaptiveLimiter:
    """Limits requests at once to `max_slots`; halves the slots when throttled, then adds them again one by one.

    A wait that an answer asks for holds for all requests. `sleep` waits for seconds, `clock` returns them.
    """

    def __init__(
        self,
        max_slots: int,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_slots = max_slots
        self._slots = float(min(max_slots, _INITIAL_SLOTS))
        self._throttled_slots = float("inf")
        self._sleep = sleep
        self._clock = clock
        self._active = 0
        self._started = 0
        self._started_at_throttling = 0
        self._paused_until = 0.0
        self._changed = threading.Condition()

    @property
    def slots(self) -> int:
        """How many requests may run at once now."""
        return int(self._slots)

    @contextmanager
    def acquire(self) -> Iterator[int]:
        """Wait for a slot and hold it; yields the request's number for `on_throttled`."""
        with self._changed:
            self._changed.wait_for(lambda: self._active < self.slots)
            self._active += 1
            self._started += 1
            number = self._started
            wait = self._paused_until - self._clock()
        try:
            if wait > 0:
                self._sleep(wait)
            yield number
        finally:
            with self._changed:
                self._active -= 1
                self._changed.notify_all()

    def on_throttled(self, number: int, wait: float) -> None:
        """Reduce the slots after a 429 or 503, and start no request for `wait` seconds.

        Several requests that were running at the time count as one sign.
        """
        with self._changed:
            self._paused_until = max(self._paused_until, self._clock() + wait)
            if number > self._started_at_throttling:
                self._started_at_throttling = self._started
                self._throttled_slots = self._slots
                self._slots = max(1.0, self._slots / 2)

    def on_success(self) -> None:
        """Add a fraction of a slot after a good answer."""
        with self._changed:
            was_throttled = self._slots + 1 > self._throttled_slots
            answers = _ANSWERS_PER_THROTTLED_SLOT if was_throttled else _ANSWERS_PER_SLOT
            self._slots = min(self._max_slots, self._slots + 1 / (answers * self._slots))
            self._changed.notify_all()
