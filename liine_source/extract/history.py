"""A customer's history, or a backfill: planned in windows, read one by one, and checked against the whole."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import pairwise

from liine_source.api.records import Row
from liine_source.errors import IncompleteSweepError
from liine_source.extract.load_request import RunProgress
from liine_source.extract.reader import Reader
from liine_source.extract.tasks import CountTask, SweepTask, Task
from liine_source.extract.track import History, Track
from liine_source.extract.windows import Window

log = logging.getLogger(__name__)

_REREAD_ADVICE = (
    "Its windows were counted again, and those that hold more by now were read again. Run again; if the difference "
    "stays, contact Liine's support."
)


def pending_tasks(reader: Reader, customer_id: int, track: Track, progress: RunProgress) -> list[Task]:
    """Return a task for each pending window of a history; if there is none, the one that compares their sum."""
    history = _history(track)
    tasks: list[Task] = [WindowTask(reader, customer_id, track, window, progress) for window in history.pending_windows]
    if not tasks and not history.is_finished:
        tasks = [SumCheck(reader, customer_id, track, progress)]
    return [task for task in tasks if task.key not in progress.failed]


def _history(track: Track) -> History:
    if track.history is None:
        raise ValueError("the track has no history")
    return track.history


class HistoryPlan(CountTask):
    """Finds the windows of a history or a backfill."""

    is_plan = True

    def find_windows(self) -> list[Window]:
        """Return the windows, newest first."""
        return self.reader.plan_windows(self.audit.customer_id, self.window, self.audit)

    def complete(self) -> list[Task]:
        """Start the history; return its windows."""
        customer = self.audit.customer_id
        self.progress.updated.add(customer)
        self.progress.counts[customer] = [self.audit.expected or 0]
        self.track.start_history(self.audit.began, self.found_windows, self.audit.expected)
        return pending_tasks(self.reader, customer, self.track, self.progress)


class WindowTask(SweepTask):
    """Reads one window of a history or a backfill."""

    def __init__(self, reader: Reader, customer_id: int, track: Track, window: Window, progress: RunProgress) -> None:
        super().__init__(reader.start_sweep(customer_id, window, _history(track).began))
        self.audit.is_part_of_history = True
        self._reader = reader
        self._track = track
        self._progress = progress

    def complete(self) -> list[Task]:
        """Note the window; after the last one, the sum is checked."""
        history, audit = _history(self._track), self.audit
        new = audit.distinct_ids - audit.shared
        history.complete_window(audit.window, audit.distinct_ids, audit.max_updated_at, new)
        self._progress.found[self.key] = self.sweep.found
        if history.pending_windows:
            return []
        return pending_tasks(self._reader, audit.customer_id, self._track, self._progress)


class SumCheck(CountTask):
    """Compares the rows of a history's windows with the API's count of the whole, before and after.

    Two wrong answers alike for one window show only here. Where fewer rows were found than counted, each window is
    counted again, and those that hold more by now are read again, once in a run. What is missing then may be rows that
    no day selects; those are read now. More rows than counted prove nothing; then each window has proven itself. When
    the windows add up, the history is finished.
    """

    def __init__(self, reader: Reader, customer_id: int, track: Track, progress: RunProgress) -> None:
        super().__init__(reader, customer_id, track, progress)
        self._undated: list[list[Row]] = []

    def __iter__(self) -> Iterator[list[Row]]:
        yield from super().__iter__()
        yield from self._undated

    def find_windows(self) -> list[Window]:
        """Return the windows that have to be read again."""
        customer, audit, counts = self.audit.customer_id, self.audit, self.progress.counts
        loaded = _history(self.track).loaded_windows
        audit.distinct_ids = sum(loaded.values()) - self._count_shared(loaded)
        # The pages of a history that was not split have counted it once more.
        if len(loaded) == 1 and customer in counts and audit.distinct_ids >= counts[customer][0]:
            return []
        is_first = len(counts.setdefault(customer, [0])) == 1
        if self._adds_up():
            return []
        short = self._find_short_windows(loaded) if is_first else []
        if not short and not self._adds_up_with_undated(is_first=is_first):
            raise IncompleteSweepError(customer, str(self.window), audit.distinct_ids, audit.expected, _REREAD_ADVICE)
        return short

    def _adds_up_with_undated(self, *, is_first: bool) -> bool:
        sweep = self.reader.start_sweep(self.audit.customer_id, self.window)
        self._undated = list(sweep.undated_rows())
        self.audit.distinct_ids += len(sweep.found)
        self.audit.stats.add(sweep.audit.stats)
        return (is_first or bool(sweep.found)) and self._adds_up()

    def _adds_up(self) -> bool:
        """Whether as many rows were found as the API counted before, and counts now.

        Of several counts since, the smallest: rows that came while windows were read again come with the changes.
        """
        customer = self.audit.customer_id
        before, *after = self.progress.counts[customer]
        after.append(self.reader.fetch_newest(customer, self.window, self.audit.stats).count or 0)
        self.progress.counts[customer] = [before, *after]
        self.audit.expected = max(before, min(after))
        return self.audit.distinct_ids >= self.audit.expected

    def _find_short_windows(self, loaded: Mapping[Window, int]) -> list[Window]:
        """Return the windows that hold more interactions by now than were found in them."""
        counts = self.reader.count(self.audit.customer_id, list(loaded), self.audit.stats)
        short = [window for (window, found), count in zip(loaded.items(), counts, strict=True) if count > found]
        numbers = (self.audit.customer_id, self.audit.distinct_ids, self.audit.expected, len(short), len(loaded))
        log.warning("Customer %d: found %d of %d; reading %d of %d windows again", *numbers)
        return short

    def _count_shared(self, loaded: Iterable[Window]) -> int:
        """Return how many interactions neighbouring windows share; by counting where another run read one of them."""
        shared, unknown = 0, []
        for newer, older in pairwise(sorted(loaded, key=lambda window: window.until or date.max, reverse=True)):
            ids = [self.progress.found.get((self.audit.customer_id, window)) for window in (newer, older)]
            if ids[0] is not None and ids[1] is not None:
                shared += len(ids[0] & ids[1])
            else:
                unknown.append(Window(older.until, older.until))
        return shared + sum(self.reader.count(self.audit.customer_id, unknown, self.audit.stats))

    def complete(self) -> list[Task]:
        """Finish the history, or return the windows to be read again."""
        if self.found_windows:
            _history(self.track).reopen_windows(self.found_windows)
            return pending_tasks(self.reader, self.audit.customer_id, self.track, self.progress)
        self.track.finish_history()
        return []
