"""What is shown of a run that goes on: rows, speed, time left, and what it waits for.

A terminal has a bar for each customer, which is redrawn; a file or a pipe gets a line now and then. All of it goes to
standard error.
"""

import math
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.text import Text

from liine_source import console
from liine_source.interruption import THIS_PROCESS
from liine_source.spec.tables import INTERACTIONS

if TYPE_CHECKING:
    from liine_source.errors import LiineError
    from liine_source.extract.audit import Audit

ProgressMode = Literal["bars", "lines", "hidden"]

FIRST_LINE_SECONDS = 10.0
NEXT_LINE_SECONDS = 60.0
# In a file or a pipe a shorter wait is not worth a line.
_LONG_WAIT_SECONDS = 10.0
# More customers would not fit on a screen.
_MAX_CUSTOMERS = 4
_BAR_WIDTH = 60
_VERBS = {
    "model": "building models",
    "test": "running tests",
    "seed": "loading seeds",
    "snapshot": "taking snapshots",
}
# A speed over less time says nothing.
_LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the progress; with a bar where it has a `total`."""

    text: str
    done: int = 0
    total: int | None = None


@dataclass(slots=True)
class CustomerRows:
    """How many interactions of a customer are there, and how many there will be.

    `kept` are those of a history that an earlier run has loaded, `history` the API's count of that history, `sweeps`
    what each other sweep brings. `received` counts those of this run, which read the first of them at `began` (seconds
    of a clock). An API without counts leaves `is_counted` false.
    """

    began: float
    kept: int = 0
    received: int = 0
    history: int | None = None
    is_counted: bool = True
    sweeps: dict[str, int] = field(default_factory=dict)
    open_sweeps: set[str] = field(default_factory=set)

    @property
    def done(self) -> int:
        """How many are there."""
        return self.kept + self.received

    @property
    def total(self) -> int | None:
        """How many there will be; None where the API gives no count. Rows that came since it has counted are in it."""
        return max(self.done, (self.history or 0) + sum(self.sweeps.values())) if self.is_counted else None

    @property
    def is_read(self) -> bool:
        """Whether nothing is being read, and nothing is known to be missing."""
        return not self.open_sweeps and (self.total is None or self.done >= self.total)

    def add_history(self, expected: int | None) -> None:
        """Add the API's count of a history that is read from its beginning."""
        self.is_counted = self.is_counted and expected is not None
        self.history = (self.history or 0) + (expected or 0)

    def begin_sweep(self, audit: "Audit") -> None:
        """Note a sweep that is not one of the history's windows, whose rows are counted as a whole."""
        if audit.sweep_id in self.open_sweeps:
            return
        self.open_sweeps.add(audit.sweep_id)
        if not audit.is_part_of_history:
            self.is_counted = self.is_counted and audit.expected is not None
            self.sweeps[audit.sweep_id] = audit.expected or 0

    def end_sweep(self, audit: "Audit") -> None:
        """Replace what a sweep was expected to bring by what it has brought."""
        self.open_sweeps.discard(audit.sweep_id)
        if audit.sweep_id in self.sweeps:
            self.sweeps[audit.sweep_id] = audit.distinct_ids - audit.shared

    def describe(self, now: float) -> str:
        """Return the numbers as a text."""
        total, seconds = self.total, now - self.began
        if total is None:
            text = f"{self.done:,} interactions"
        else:
            text = f"{self.done:,} of {total:,} interactions"
            text += f" ({self.done / total:.0%})" if total else ""
        if not self.received or seconds < _LEAST_SECONDS:
            return text
        rate = self.received / seconds
        text += f", {rate:,.0f} a second"
        return text + (f", {format_duration((total - self.done) / rate)} left" if total and total > self.done else "")


def format_duration(seconds: float) -> str:
    """Return a duration such as `1:27` or `2:05:09`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class _Progress(ABC):
    """A view that is redrawn in a terminal and written line by line elsewhere. Any thread may update it."""

    def __init__(self, mode: ProgressMode, clock: Callable[[], float] = time.monotonic) -> None:
        self._mode = mode
        self._clock = clock
        self._lock = threading.RLock()
        self._began = clock()
        self._next_line = self._began + FIRST_LINE_SECONDS
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Start to show progress."""
        self._began = self._clock()
        self._next_line = self._began + FIRST_LINE_SECONDS
        if self._mode == "bars":
            self._live = Live(self, console=console.err, transient=True, redirect_stdout=False)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop showing progress."""
        if self._live:
            self._live.stop()
            self._live = None

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Return what a terminal shows now."""
        with self._lock:
            for item in self.items():
                yield Text(item.text, overflow="fold")
                if item.total:
                    width = min(_BAR_WIDTH, options.max_width)
                    yield ProgressBar(total=item.total, completed=item.done, width=width)
                    yield Segment.line()
            yield Text(f"{format_duration(self._clock() - self._began)}  {self.status()}", overflow="fold")

    @abstractmethod
    def items(self) -> Iterator[Item]:
        """Yield what is under way."""

    @abstractmethod
    def status(self) -> str:
        """Return what is done just now, or waited for."""

    def _write_line_if_due(self) -> None:
        if self._mode != "lines" or self._clock() < self._next_line:
            return
        self._next_line = self._clock() + NEXT_LINE_SECONDS
        for line in [item.text for item in self.items()] or [self.status()]:
            console.print_hint(line)


class SyncProgress(_Progress):
    """Follows a run, shows how far each customer is, and remembers how many interactions are safe (`kept_rows`)."""

    def __init__(self, mode: ProgressMode, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(mode, clock)
        self.kept_rows = 0
        self._customers: dict[int, CustomerRows] = {}
        self._step = "starting"
        self._wait = ""
        self._waits_until = self._began

    def items(self) -> Iterator[Item]:
        """Yield the customers that are being read, those with the latest page first, and how many are read already."""
        now = self._clock()
        rows = dict(reversed(self._customers.items()))
        active = {customer: one for customer, one in rows.items() if not one.is_read}
        for customer in [*active][:_MAX_CUSTOMERS]:
            one = active[customer]
            yield Item(f"customer {customer}: {one.describe(now)}", one.done, one.total)
        if len(active) > _MAX_CUSTOMERS:
            yield Item(f"and {len(active) - _MAX_CUSTOMERS} more customers under way")
        if read := [one for customer, one in rows.items() if customer not in active]:
            customers = f"{len(read)} customer{'s' if len(read) > 1 else ''}"
            yield Item(f"{customers} read: {sum(one.received for one in read):,} interactions")

    def status(self) -> str:
        """Return what the API makes the run wait for, or what it does."""
        if THIS_PROCESS.is_deferred:
            return "interrupted; the load that has begun is finished first"
        wait = self._waits_until - self._clock()
        return f"{self._wait} {math.ceil(wait)} s" if wait > 0 else self._step

    def on_planned(self, audit: "Audit", windows: int) -> None:
        """Show the count of a history."""
        del windows
        with self._lock:
            self._rows(audit.customer_id).add_history(audit.expected)
            self._write_line_if_due()

    def on_resumed(self, customer_id: int, expected: int | None, kept: int) -> None:
        """Show a history that an earlier run has begun."""
        with self._lock:
            rows = self._rows(customer_id)
            if rows.history is None:
                rows.kept = kept
                rows.add_history(expected)

    def on_page(self, audit: "Audit", rows: int) -> None:
        """Show the rows received."""
        with self._lock:
            customer = self._rows(audit.customer_id)
            customer.begin_sweep(audit)
            customer.received += rows
            self._step = "reading"
            self._write_line_if_due()

    def on_window_end(self, audit: "Audit", error: "LiineError | None") -> None:
        """Show the result of a sweep."""
        del error
        with self._lock:
            self._rows(audit.customer_id).end_sweep(audit)
            self._write_line_if_due()

    def on_extracted(self, rows: Mapping[str, int], unknown_fields: set[str], dropped: Mapping[str, int]) -> None:
        """Show what is loaded."""
        del unknown_fields, dropped
        self.on_step(f"loading {rows[INTERACTIONS]:,} interactions")

    def on_kept(self, rows: int) -> None:
        """Remember what is safe."""
        self.kept_rows += rows

    def on_step(self, text: str) -> None:
        """Show what the run does."""
        with self._lock:
            self._step = text
            self._write_line_if_due()

    def on_wait(self, reason: str, seconds: float) -> None:
        """Show what the run waits for."""
        with self._lock:
            now = self._clock()
            is_waiting, until = self._waits_until > now, now + seconds
            if until <= self._waits_until:
                return
            self._wait, self._waits_until = reason, until
            if self._mode == "lines" and seconds >= _LONG_WAIT_SECONDS and not is_waiting:
                console.print_hint(self.status())

    def _rows(self, customer_id: int) -> CustomerRows:
        """Return a customer's rows, and move them behind those of the others."""
        rows = self._customers.pop(customer_id, None) or CustomerRows(self._clock())
        self._customers[customer_id] = rows
        return rows


class DbtProgress(_Progress):
    """Shows which of its nodes dbt builds; in a file or a pipe, a line for each tenth of them."""

    def __init__(self, mode: ProgressMode, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(mode, clock)
        self._node: Item | None = None
        self._tenths = -1

    def items(self) -> Iterator[Item]:
        """Yield the newest node."""
        if self._node:
            yield self._node

    def status(self) -> str:
        """Return what dbt does."""
        return "dbt builds the models" if self._node else "dbt reads the project"

    def on_node(self, kind: str, number: int, total: int) -> None:
        """Show a node that dbt begins with."""
        with self._lock:
            self._node = Item(f"{_VERBS.get(kind, kind)} {number} of {total}", number, total)
            tenths = 10 * number // total
            if self._mode == "lines" and tenths > self._tenths:
                console.print_hint(f"dbt: {self._node.text}")
            self._tenths = max(tenths, self._tenths)


def choose_mode(*, is_hidden: bool = False) -> ProgressMode:
    """Return how progress is shown on standard error, unless it is hidden."""
    return "hidden" if is_hidden else "bars" if console.err.is_terminal else "lines"
