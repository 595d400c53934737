"""Signals: SIGTERM lets a run tidy up, and a load that has begun is committed first."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from liine_source.interruption import THIS_PROCESS


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Raise SystemExit on SIGTERM, so that a run tidies up; a handler that a scheduler has set stays."""
    if not _is_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def exit_process(number: int, _: Any) -> None:
        # The code that a shell expects.
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, exit_process)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def defer_signals() -> Iterator[None]:
    """Deliver SIGTERM and SIGINT only after the block, so that a load in it is committed."""
    if not _is_main_thread():
        yield
        return
    received: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def note(number: int, _: Any) -> None:
        received.append(number)
        THIS_PROCESS.is_deferred = number == signal.SIGINT

    for number in handlers:
        signal.signal(number, note)
    try:
        yield
    finally:
        THIS_PROCESS.is_deferred = False
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if received:
        signal.raise_signal(received[0])


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
