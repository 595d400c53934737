"""Tasks: changes since the watermark, lookbacks and repairs; `history` has those of a history.

A task reads one window of one customer. When it has ended well, `complete` writes its progress into the state, which is
committed together with the rows, and returns the tasks that follow.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

from liine_source.api.records import Row
from liine_source.errors import IncompleteSweepError
from liine_source.extract import windows
from liine_source.extract.audit import Audit
from liine_source.extract.load_request import Repair, RunProgress, WindowKey
from liine_source.extract.reader import Reader
from liine_source.extract.sweep import Sweep
from liine_source.extract.track import Track
from liine_source.extract.windows import Window


class Task(Protocol):
    """One window of one customer; iterating reads it.

    `is_sweep` is false for a task that only counts; `is_plan` marks the one that finds a history's windows. A task that
    `rereads` finds many rows that were loaded before.
    """

    audit: Audit
    is_sweep: bool
    is_plan: bool
    rereads: bool

    def __iter__(self) -> Iterator[list[Row]]: ...

    @property
    def key(self) -> WindowKey:
        """The customer and the window."""

    def complete(self) -> "list[Task]":
        """Note what is proven; return the tasks that follow."""


class SweepTask:
    """A task that is one sweep."""

    is_sweep = True
    is_plan = False
    rereads = False

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.audit = sweep.audit

    def __iter__(self) -> Iterator[list[Row]]:
        return self.sweep.rows()

    @property
    def key(self) -> WindowKey:
        """The customer and the window."""
        return self.audit.customer_id, self.audit.window


class RepairTask(SweepTask):
    """Reads a window again and changes no state. It fails if it finds fewer rows than there are."""

    def __init__(self, reader: Reader, customer_id: int, repair: Repair) -> None:
        super().__init__(reader.start_sweep(customer_id, repair.window))
        self._expected = repair.interactions

    def __iter__(self) -> Iterator[list[Row]]:
        yield from super().__iter__()
        audit = self.audit
        if audit.distinct_ids < self._expected:
            audit.status, audit.proof, audit.reason = "failed", None, IncompleteSweepError.__name__
            raise IncompleteSweepError(audit.customer_id, str(audit.window), audit.distinct_ids, self._expected)

    def complete(self) -> list[Task]:
        """Nothing follows."""
        return []


class ChangesTask(SweepTask):
    """Reads what was updated since the watermark.

    While windows of the history are pending there is no watermark; then it reads what was updated since the latest
    change in the windows loaded. A lookback follows where one is due.
    """

    rereads = True

    def __init__(self, reader: Reader, customer_id: int, track: Track, progress: RunProgress) -> None:
        settings = reader.settings
        window = Window.covering(settings.since, settings.until, windows.updated_since(track.latest_change))
        super().__init__(reader.start_sweep(customer_id, window))
        self._reader = reader
        self._track = track
        self._progress = progress

    def complete(self) -> list[Task]:
        """Move the watermark; return a lookback where one is due."""
        customer, began = self.audit.customer_id, self.audit.began
        self._progress.updated.add(customer)
        if self._track.watermark is None:
            return []
        self._track.advance(self.audit.max_updated_at)
        if began is None or not self._is_lookback_due(began):
            return []
        self._progress.pending_lookbacks[customer] = began
        return [LookbackTask(self._reader, customer, self._track, self._progress)]

    def _is_lookback_due(self, now: datetime) -> bool:
        settings, last = self._reader.settings, self._track.last_lookback
        since = now - last if last else timedelta.max
        return settings.lookback_days > 0 and since >= timedelta(days=settings.lookback_every_days)


class LookbackTask(SweepTask):
    """Reads the last weeks again, for changes that do not move `updated_at` (open question 7)."""

    rereads = True

    def __init__(self, reader: Reader, customer_id: int, track: Track, progress: RunProgress) -> None:
        settings = reader.settings
        self._began = progress.pending_lookbacks[customer_id]
        self._progress = progress
        self._track = track
        since = self._began.date() - timedelta(days=settings.lookback_days)
        window = Window.covering(max(since, settings.since or since), settings.until)
        super().__init__(reader.start_sweep(customer_id, window))

    def complete(self) -> list[Task]:
        """Note the lookback; nothing follows."""
        del self._progress.pending_lookbacks[self.audit.customer_id]
        self._track.note_lookback(self._began)
        return []


class CountTask(ABC):
    """A task that only counts, to find windows that have to be read."""

    is_sweep = False
    is_plan = False
    rereads = False

    def __init__(self, reader: Reader, customer_id: int, track: Track, progress: RunProgress) -> None:
        self.window = Window.covering(reader.settings.since, reader.settings.until)
        self.audit = Audit(customer_id, reader.filter_hash, self.window)
        self.reader = reader
        self.track = track
        self.progress = progress
        self.found_windows: list[Window] = []

    @property
    def key(self) -> WindowKey:
        """The customer and the window."""
        return self.audit.customer_id, self.window

    def __iter__(self) -> Iterator[list[Row]]:
        try:
            self.found_windows = self.find_windows()
        except Exception as error:
            self.audit.reason = type(error).__name__
            raise
        finally:
            self.audit.ended = datetime.now(UTC)
        yield from ()

    @abstractmethod
    def find_windows(self) -> list[Window]:
        """Return the windows that have to be read."""
