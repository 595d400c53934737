"""Ctrl-C at any moment ends the program with one line and the exit code 130.

KeyboardInterrupt alone is not enough: libraries turn it into an error of their own (DuckDB during a query, typer at a
question), and where nothing can be raised, as while an object is deleted, Python prints it and goes on. So it is noted
here that the signal has come, which is true of a process and not of a call.
"""

import _thread
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import Any

EXIT_CODE = 128 + signal.SIGINT
_REPEAT_SECONDS = 0.05


class Interruption:
    """Whether Ctrl-C has come, whether it waits for the end of a load, and whether it was reported.

    `count_kept_rows` returns the rows that are safe.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget it, as at the start of a program."""
        self.has_come = False
        self.is_deferred = False
        self.is_reported = False
        self.count_kept_rows: Callable[[], int] | None = None

    def __str__(self) -> str:
        kept = f", {self.count_kept_rows():,} rows kept" if self.count_kept_rows else ""
        return f"interrupted{kept}; run the same command again to go on"


THIS_PROCESS = Interruption()


@contextmanager
def ends_program(report: Callable[[str], None]) -> Iterator[None]:
    """Where Ctrl-C ends the block, however that shows, report it once and raise SystemExit with the code 130.

    A handler that somebody else has set stays, and so does a signal that is ignored. Blocks may be nested.
    """
    handler = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or handler not in {signal.default_int_handler, _interrupt}:
        yield
        return
    with _noting() if handler is signal.default_int_handler else nullcontext():
        try:
            yield
        except BaseException as error:
            # `liine emulator` is meant to be ended by it.
            if not THIS_PROCESS.has_come or (isinstance(error, SystemExit) and not error.code):
                raise
            # Nothing is left that a second one could end sooner.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            if not THIS_PROCESS.is_reported:
                THIS_PROCESS.is_reported = True
                report(str(THIS_PROCESS))
            raise SystemExit(EXIT_CODE) from None


@contextmanager
def _noting() -> Iterator[None]:
    """Note Ctrl-C meanwhile."""
    THIS_PROCESS.reset()
    ignored_before = sys.unraisablehook
    signal.signal(signal.SIGINT, _interrupt)
    sys.unraisablehook = _repeat_or(ignored_before)
    try:
        yield
    finally:
        THIS_PROCESS.reset()
        sys.unraisablehook = ignored_before
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    THIS_PROCESS.has_come = True
    signal.default_int_handler(number, frame)


def _repeat_or(otherwise: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return a hook that raises a KeyboardInterrupt again which Python has ignored; anything else it passes on."""

    def hook(ignored: Any) -> None:
        if issubclass(ignored.exc_type, KeyboardInterrupt):
            timer = threading.Timer(_REPEAT_SECONDS, _thread.interrupt_main)
            timer.daemon = True
            timer.start()
        else:
            otherwise(ignored)

    return hook
