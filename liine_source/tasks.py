"""What a run has to read, and what it remembers of it: histories in windows, changes, backfills, repairs.

A task reads one window of one customer. When it has ended well it writes into dlt's state, which is committed
together with the rows, and names the tasks that follow from it. The state of a customer, by fingerprint of filters
and dates: `{"watermark": …, "reread": …}`, or while its history is being read `{"history": {"began": …,
"witnessed": …, "windows": …, "left": [[since, until], …], "read": [[since, until, found], …]}}`, with the number of
all its windows, and of the interactions that each has brought until all add up to the whole; a backfill has the latter
under a key of its own, and keeps it, with the time at which it was `ordered` anew if it was. Where several units of
work remember, what one no longer has another may still hold: so nothing is removed, and a mark without history and
watermark says that there is none.

A run that selects only some tables has a state of its own for them: their names follow the fingerprint, ` of
interactions`. That a table was loaded is noted in the state of its resource, which dlt removes when it drops or empties
the table; then what the state of a customer says of that table is void, and `restart` names it until all is read again.
"""

import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal, NamedTuple, Protocol

from pyroaring import BitMap64

from liine_source import query, tables, windows
from liine_source.client import LiineClient, Page, Tally
from liine_source.cursor import day_of, positions
from liine_source.errors import IncompleteSweepError
from liine_source.privacy import Suppressed
from liine_source.rows import Row
from liine_source.settings import Settings
from liine_source.sweep import Audit, Emitted, Sweep
from liine_source.windows import Window

log = logging.getLogger(__name__)

# The width that pays: more days asked for at once in the search for the first one, and more and shorter windows,
# are more requests, and take longer where requests are counted.
_WIDE = 4

# To cut a history evenly its first day need not be known exactly: the oldest window has none.
_LEEWAY = 12

_READ_AGAIN = (
    "Its windows were counted again, and those that hold more by now read again. Run again; if it stays, tell Liine's "
    "support."
)

_BACKFILL = "backfill "
_OF = " of "
_RESTART = "restart"
_MARKS_OF_ROWS = {"watermark", "history", _RESTART}
_NEVER = datetime.min.replace(tzinfo=UTC)

Key = tuple[int, Window]


@dataclass(frozen=True, slots=True)
class Repair:
    """A window that is to be read again, and how many interactions it holds at least."""

    window: Window
    interactions: int


@dataclass(slots=True)
class Order:
    """What one load is for, and what came of it.

    `sync` brings customers up to date; `backfill` reads the days `since` to `until` and leaves the watermarks as they
    are; `repair` reads the windows of `repairs` again. No window is begun once `rows` interactions have come: then
    `is_unfinished`, and another load goes on with what is not `emitted` yet. What is in `failed` is not tried again;
    `is_anew` forgets what an earlier backfill did. The histories of the customers in `restart` are read again, as the
    warehouse has lost some of their rows. `updated` customers need no more changes; of those `to_reread`, the last
    weeks are due since the moment given. Where several units of work load into one dataset, `remembered` is what all of
    them together know, and `column_types` are the columns that `interactions` has there. Of histories, `counts` are the
    API's for each customer, one before the reading and those after it, and `found` are the ids of each window read.
    """

    kind: Literal["sync", "backfill", "repair"] = "sync"
    rows: int | None = None
    repairs: Mapping[int, Sequence[Repair]] = field(default_factory=dict)
    is_anew: bool = False
    restart: set[int] = field(default_factory=set)
    emitted: Emitted = field(default_factory=Emitted)
    failed: set[Key] = field(default_factory=set)
    updated: set[int] = field(default_factory=set)
    to_reread: dict[int, datetime] = field(default_factory=dict)
    is_unfinished: bool = False
    remembered: dict[str, Any] | None = None
    column_types: Mapping[str, str] = field(default_factory=dict)
    counts: dict[int, list[int]] = field(default_factory=dict)
    found: dict[Key, BitMap64] = field(default_factory=dict)


class Progress(NamedTuple):
    """How far a customer is: its latest watermark, UTC, and the histories and backfills that are being read.

    `windows` is how many windows these have, `windows_left` how many of them are not read yet. `is_history_read` is
    false while a history is among them, or is to be read again.
    """

    watermark: datetime | None = None
    windows: int = 0
    windows_left: int = 0
    is_history_read: bool = True


def progress(state: Mapping[str, Any]) -> dict[int, Progress]:
    """Return how far each customer is, from the state of a source `liine`."""
    return {int(customer): _progress(marks) for customer, marks in state.get("customers", {}).items()}


def _progress(marks: Mapping[str, Any]) -> Progress:
    watermarks = [datetime.fromisoformat(mark["watermark"]) for mark in marks.values() if "watermark" in mark]
    # A history of which every window is read, and that does not add up yet, is not done.
    histories = [mark["history"] for mark in marks.values() if "history" in mark]
    histories = [history for history in histories if history["left"] or "read" in history]
    syncs = [mark for key, mark in marks.items() if not key.startswith(_BACKFILL)]
    return Progress(
        max(watermarks, default=None),
        sum(history["windows"] for history in histories),
        sum(len(history["left"]) or 1 for history in histories),
        is_history_read=not any("history" in mark or _RESTART in mark for mark in syncs),
    )


def forget_lost_tables(state: dict[str, Any]) -> dict[str, Any]:
    """Make void what the state says of tables that dlt has dropped or emptied since; return the state."""
    loaded = {name for name, own in state.get("resources", {}).items() if own.get("is_loaded")}
    for marks in state.get("customers", {}).values():
        for key, mark in marks.items():
            if mark.keys() & _MARKS_OF_ROWS and (lost := _tables_of(key) - loaded):
                kept = {name: mark[name] for name in mark.keys() & {"ordered"}}
                marks[key] = kept | {_RESTART: sorted(lost.union(mark.get(_RESTART, [])))}
    return state


def forget_histories(state: dict[str, Any], customer_ids: Iterable[int]) -> None:
    """Make void how far the histories of customers have been read, but for those that are being read again already."""
    for customer in customer_ids:
        marks = state.get("customers", {}).get(str(customer), {})
        for key, mark in marks.items():
            if not key.startswith(_BACKFILL) and mark.keys() & _MARKS_OF_ROWS and _RESTART not in mark:
                marks[key] = {_RESTART: sorted(_tables_of(key))}


def _tables_of(key: str) -> set[str]:
    """Return the tables that a customer's state under `key` speaks of."""
    selected = key.partition(_OF)[2]
    return set(selected.split(",") if selected else tables.OF_INTERACTIONS)


def merged(states: Iterable[Mapping[str, Any]], customer_ids: Sequence[int] | None = None) -> dict[str, Any]:
    """Return one state of several, oldest first, of all customers or of some: of each mark the newest.

    Each is true by itself, since it was committed with its rows; an older one is only behind. But one that began before
    a backfill was ordered anew says nothing of that, however late it was committed.
    """
    found: dict[str, Any] = {"customers": {}, "resources": {}}
    chosen = None if customer_ids is None else set(map(str, customer_ids))
    for state in states:
        found |= {name: value for name, value in state.items() if name not in {"customers", "resources"}}
        found["resources"] |= state.get("resources", {})
        for customer, marks in state.get("customers", {}).items():
            if chosen is None or customer in chosen:
                kept = found["customers"].setdefault(customer, {})
                kept.update({key: mark for key, mark in marks.items() if _ordered(mark) >= _ordered(kept.get(key, {}))})
    return found


def carried(state: Mapping[str, Any], kind: str, filter_hash: str) -> dict[str, Any]:
    """Return what a unit of work among many carries on from `state`; of the rest the units tell that did it.

    A backfill needs what was noted of its own days; a sync needs nothing of any backfill.
    """
    own = _BACKFILL + filter_hash

    def is_carried(key: str) -> bool:
        return key == own if kind == "backfill" else not key.startswith(_BACKFILL)

    marks = {
        customer: {key: mark for key, mark in marks.items() if is_carried(key)}
        for customer, marks in state.get("customers", {}).items()
    }
    return {**state, "customers": {customer: found for customer, found in marks.items() if found}}


class Reader:
    """Counts and sweeps with one set of filters; what the tasks of one load share."""

    def __init__(
        self,
        settings: Settings,
        client: LiineClient,
        state: dict[str, Any] | None = None,
        emitted: Emitted | None = None,
        suppressed: Suppressed | None = None,
        selected: Collection[str] = tables.OF_INTERACTIONS,
    ) -> None:
        self.settings = settings
        self.suppressed = suppressed or Suppressed()
        self.state = {} if state is None else state
        self.filter_hash = query.fingerprint(settings.filters, settings.since, settings.until)
        is_whole = set(selected) == set(tables.OF_INTERACTIONS)
        self.state_key = self.filter_hash + ("" if is_whole else _OF + ",".join(sorted(selected)))
        self._client = client
        self._filters = query.encoded(settings.filters)
        self._emitted = emitted or Emitted()

    def unfiltered(self) -> "Reader":
        """Return a reader of the same customers' rows without filters."""
        return Reader(replace(self.settings, filters={}), self._client, self.state, suppressed=self.suppressed)

    @property
    def is_filtered(self) -> bool:
        """Whether filters leave out some rows."""
        return bool(self.settings.filters)

    def has_own_rows(self, customer_id: int) -> bool:
        """Whether a customer's rows in the warehouse are those that these filters select, as far as the state tells."""
        own = query.fingerprint(self.settings.filters, None, None)
        marks = self.marks(customer_id).items()
        read = [key for key, mark in marks if mark.keys() & _MARKS_OF_ROWS]
        kept = [key.removeprefix(_BACKFILL).partition(_OF)[0].partition("-")[0] for key in read]
        return not self.is_filtered or set(kept) == {own}

    def unread_tables(self, customer_id: int) -> list[str]:
        """Return the tables into which no sync has read a customer's rows, nor a backfill where there was no sync."""
        marks = self.marks(customer_id)
        own = [key for key in marks if not key.startswith(_BACKFILL)] or [*marks]
        read = set[str]().union(*(_tables_of(key).difference(marks[key].get(_RESTART, [])) for key in own))
        return [name for name in tables.OF_INTERACTIONS if own and name not in read]

    def sweep(
        self, customer_id: int, window: Window, witness_until: datetime | None = None, *, is_shared: bool = True
    ) -> Sweep:
        """Return a sweep; if `is_shared`, one that gives a row only if no other such sweep has."""
        return Sweep(
            self._client.page,
            customer_id,
            window,
            self._filters,
            self.filter_hash,
            self.settings.page_size,
            emitted=self._emitted if is_shared else None,
            suppressed=self.suppressed,
            witness_until=witness_until,
        )

    def first(self, customer_id: int, window: Window, tally: Tally | None = None, *, rows: int = 1) -> Page:
        """Return the newest `rows` interactions of a window, with its count."""
        pairs = [("customer_id", str(customer_id)), *window.pairs(), *self._filters, ("limit", str(rows))]
        return self._client.page(pairs, f"Customer {customer_id}, {window}", tally)

    def counts(self, customer_id: int, asked: Sequence[Window], tally: Tally) -> list[int]:
        """Return the API's counts of several windows, asked for at once; 0 where it gives none."""
        tallies = [Tally() for _ in asked]
        with ThreadPoolExecutor(self.width, thread_name_prefix="liine-count") as pool:
            pages = list(pool.map(lambda window, own: self.first(customer_id, window, own), asked, tallies))
        for own in tallies:
            tally.add(own)
        return [page.count or 0 for page in pages]

    @property
    def width(self) -> int:
        """How many requests at once."""
        return self.settings.max_concurrency

    def marks(self, customer_id: int) -> dict[str, Any]:
        """Return what the state holds of a customer."""
        found: dict[str, Any] = self.state.setdefault("customers", {}).setdefault(str(customer_id), {})
        return found

    def divided(self, customer_id: int, window: Window, audit: Audit) -> list[Window]:
        """Return the windows, newest first, that `window` is best read in; find its first day by counting."""
        page = self.first(customer_id, window, audit.tally)
        audit.began = page.server_time or datetime.now(UTC)
        audit.expected = page.count
        size = self.settings.page_size
        # A count that is no more than the one row asked for may be the page's own (open question 5).
        if page.count is None or page.count <= 1 or not windows.is_worth_cutting(page.count, size):
            return [window]
        last = _newest_day(page) or audit.began.date()
        first = self.oldest_day(customer_id, window, last, audit.tally, _LEEWAY)
        return window.cut(windows.inner_days(first, last, page.count, size, min(self.width, _WIDE)))

    def oldest_day(self, customer_id: int, window: Window, last: date, tally: Tally, leeway: int = 0) -> date:
        """Return the first day of `window` with an interaction, found by counting; `last` is one with or after any.

        `leeway` as in `windows.first_day`.
        """

        def counts(days: Sequence[date]) -> list[int]:
            return self.counts(customer_id, [Window(window.since, day) for day in days], tally)

        first = windows.first_day(counts, last, min(self.width, _WIDE), leeway)
        return max(first, window.since or first)


class Task(Protocol):
    """One window of one customer. Iterating reads it; `done`, called if it ended well, returns what follows."""

    audit: Audit
    is_sweep: bool
    is_division: bool

    def __iter__(self) -> Iterator[list[Row]]: ...

    @property
    def key(self) -> Key:
        """What the task reads."""

    def done(self) -> "list[Task]":
        """Note what is proven; return the tasks that follow."""


def for_order(order: Order, reader: Reader) -> deque[Task]:
    """Return the tasks to begin with: changes first, then histories."""
    customers = reader.settings.customer_ids
    if order.is_anew:
        for customer in customers:
            marks, key = reader.marks(customer), _BACKFILL + reader.state_key
            marks[key] = {"ordered": _ordered_after(marks.get(key, {}))}
        order.is_anew = False
    if order.kind == "repair":
        return deque(_Again(reader, customer, repair) for customer in customers for repair in order.repairs[customer])
    changes: list[Task] = []
    histories: list[Task] = []
    for customer in customers:
        key = reader.state_key if order.kind == "sync" else _BACKFILL + reader.state_key
        marks = reader.marks(customer)
        mark = marks.get(key, {})
        if order.kind == "sync" and customer not in order.updated and _witnessed(mark):
            changes.append(_Changes(reader, customer, mark, order))
        if customer in order.to_reread:
            changes.append(_Reread(reader, customer, mark, order))
        if _is_resumable(mark.get("history")):
            histories += _pending(reader, customer, key, order)
        elif "watermark" not in mark:
            histories.append(_Division(reader, customer, key, order))
    return deque(task for task in changes + histories if task.key not in order.failed)


class _Swept:
    """A task that is one sweep."""

    is_sweep = True
    is_division = False

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self.audit = sweep.audit

    def __iter__(self) -> Iterator[list[Row]]:
        return self._sweep.rows()

    @property
    def key(self) -> Key:
        return self.audit.customer_id, self.audit.window


class _Again(_Swept):
    """A window that is read again, and nothing noted. It fails where less is found than is known to be there."""

    def __init__(self, reader: Reader, customer_id: int, repair: Repair) -> None:
        super().__init__(reader.sweep(customer_id, repair.window))
        self._expected = repair.interactions

    def __iter__(self) -> Iterator[list[Row]]:
        yield from super().__iter__()
        audit = self.audit
        if audit.distinct_ids < self._expected:
            audit.status, audit.proof, audit.reason = "failed", None, IncompleteSweepError.__name__
            raise IncompleteSweepError(audit.customer_id, str(audit.window), audit.distinct_ids, self._expected)

    def done(self) -> list[Task]:
        return []


class _Changes(_Swept):
    """What was updated since the watermark; from time to time the last weeks follow, whatever `updated_at` says.

    While a window of the history is still to be read there is no watermark, only what was witnessed so far; a
    history of which no window is done is read as it is now.
    """

    def __init__(self, reader: Reader, customer_id: int, marks: dict[str, Any], order: Order) -> None:
        settings = reader.settings
        self._marks = marks
        self._previous = _witnessed(marks)
        window = Window.covering(settings.since, settings.until, windows.updated_since(self._previous))
        super().__init__(reader.sweep(customer_id, window))
        self._reader = reader
        self._order = order

    def done(self) -> list[Task]:
        self._order.updated.add(self.audit.customer_id)
        if "watermark" not in self._marks:
            return []
        watermark = windows.advanced(self._previous, self.audit.witnessed)
        if watermark:
            self._marks["watermark"] = watermark.isoformat()
        began = self.audit.began
        if began is None or not self._is_due(began):
            return []
        self._order.to_reread[self.audit.customer_id] = began
        return [_Reread(self._reader, self.audit.customer_id, self._marks, self._order)]

    def _is_due(self, began: datetime) -> bool:
        settings = self._reader.settings
        last = self._marks.get("reread")
        since = began - datetime.fromisoformat(last) if last else timedelta.max
        return settings.reread_days > 0 and since >= timedelta(days=settings.reread_every_days)


class _Reread(_Swept):
    """The last weeks once more, for changes that do not move `updated_at`."""

    def __init__(self, reader: Reader, customer_id: int, marks: dict[str, Any], order: Order) -> None:
        settings = reader.settings
        self._began = order.to_reread[customer_id]
        self._order = order
        since = self._began.date() - timedelta(days=settings.reread_days)
        window = Window.covering(max(since, settings.since or since), settings.until)
        super().__init__(reader.sweep(customer_id, window))
        self._marks = marks

    def done(self) -> list[Task]:
        del self._order.to_reread[self.audit.customer_id]
        self._marks["reread"] = self._began.isoformat()
        return []


class _Counting(ABC):
    """A task that asks for counts, and reads nothing."""

    is_sweep = False
    is_division = False

    def __init__(self, reader: Reader, customer_id: int, key: str, order: Order) -> None:
        self._window = Window.covering(reader.settings.since, reader.settings.until)
        self.audit = Audit(customer_id, reader.filter_hash, self._window)
        self._reader = reader
        self._key = key
        self._order = order
        self._found: list[Window] = []

    @property
    def key(self) -> Key:
        return self.audit.customer_id, self._window

    def __iter__(self) -> Iterator[list[Row]]:
        try:
            self._found = self._windows()
        except Exception as error:
            self.audit.reason = type(error).__name__
            raise
        finally:
            self.audit.ended = datetime.now(UTC)
        yield from ()

    @abstractmethod
    def _windows(self) -> list[Window]:
        """Return the windows that are to be read."""


class _Division(_Counting):
    """Finds the windows of a whole history, or of a backfill."""

    is_division = True

    def _windows(self) -> list[Window]:
        return self._reader.divided(self.audit.customer_id, self._window, self.audit)

    def done(self) -> list[Task]:
        audit = self.audit
        left = [_spelled(window) for window in self._found]
        began = audit.began and audit.began.isoformat()
        self._order.updated.add(audit.customer_id)
        self._order.counts[audit.customer_id] = [audit.expected or 0]
        history = {"began": began, "witnessed": None, "windows": len(left), "left": left, "read": []}
        self._reader.marks(audit.customer_id).setdefault(self._key, {})["history"] = history
        return _pending(self._reader, audit.customer_id, self._key, self._order)


class _Windows(_Swept):
    """One window of a history or backfill."""

    def __init__(self, reader: Reader, customer_id: int, key: str, window: Window, order: Order) -> None:
        self._reader = reader
        self._key = key
        self._order = order
        self._history = reader.marks(customer_id)[key]["history"]
        super().__init__(reader.sweep(customer_id, window, datetime.fromisoformat(self._history["began"])))

    def done(self) -> list[Task]:
        history, window = self._history, _spelled(self.audit.window)
        history["left"].remove(window)
        history["read"].append([*window, self.audit.distinct_ids])
        self._order.found[self.key] = self._sweep.found
        earlier = history["witnessed"] and datetime.fromisoformat(history["witnessed"])
        witnessed = windows.advanced(earlier, self.audit.witnessed)
        history["witnessed"] = witnessed and witnessed.isoformat()
        return [] if history["left"] else _pending(self._reader, self.audit.customer_id, self._key, self._order)


class _Completeness(_Counting):
    """Compares what the windows of a history brought with the API's count of the whole, before and after.

    A window whose answers were wrong twice alike shows only here. Where fewer were found than counted, each window is
    counted again, and those that hold more by now are read again, once in a run. More than are counted prove nothing;
    then each window has proven itself. When the windows add up, a history has its watermark.
    """

    def __init__(self, reader: Reader, customer_id: int, key: str, order: Order) -> None:
        super().__init__(reader, customer_id, key, order)
        self._marks = reader.marks(customer_id)
        self._history = self._marks[key]["history"]

    def _windows(self) -> list[Window]:
        customer, audit, counts = self.audit.customer_id, self.audit, self._order.counts
        read = {_read(window): found for *window, found in self._history["read"]}
        audit.distinct_ids = sum(read.values()) - self._shared(read)
        # The pages of a history that was not cut have counted it once more.
        if len(read) == 1 and customer in counts and audit.distinct_ids >= counts[customer][0]:
            return []
        is_first = len(counts.setdefault(customer, [0])) == 1
        if self._adds_up():
            return []
        short = self._short(read) if is_first else []
        if not short and (not is_first or not self._adds_up()):
            raise IncompleteSweepError(customer, str(self._window), audit.distinct_ids, audit.expected, _READ_AGAIN)
        return short

    def _adds_up(self) -> bool:
        """Whether as many were found as the API counted before, and as it counts now.

        Of several counts since, the least: what came while windows were read again comes with the changes.
        """
        before, *after = self._order.counts[self.audit.customer_id]
        after.append(self._reader.first(self.audit.customer_id, self._window, self.audit.tally).count or 0)
        self._order.counts[self.audit.customer_id] = [before, *after]
        self.audit.expected = max(before, min(after))
        return self.audit.distinct_ids >= self.audit.expected

    def _short(self, read: Mapping[Window, int]) -> list[Window]:
        """Return the windows that hold more interactions by now than were found in them."""
        counts = self._reader.counts(self.audit.customer_id, list(read), self.audit.tally)
        short = [window for (window, found), count in zip(read.items(), counts, strict=True) if count > found]
        numbers = (self.audit.customer_id, self.audit.distinct_ids, self.audit.expected, len(short), len(read))
        log.warning("Customer %d: found %d of %d; reading %d of %d windows again", *numbers)
        return short

    def _shared(self, read: Iterable[Window]) -> int:
        """Return how many interactions neighbouring windows share; where another run read one of them, by counting."""
        shared, unknown = 0, []
        for newer, older in pairwise(sorted(read, key=lambda window: window.until or date.max, reverse=True)):
            both = [self._order.found.get((self.audit.customer_id, window)) for window in (newer, older)]
            if both[0] is not None and both[1] is not None:
                shared += len(both[0] & both[1])
            else:
                unknown.append(Window(older.until, older.until))
        return shared + sum(self._reader.counts(self.audit.customer_id, unknown, self.audit.tally))

    def done(self) -> list[Task]:
        history = self._history
        if self._found:
            history["left"] = [_spelled(window) for window in self._found]
            history["read"] = [entry for entry in history["read"] if entry[:2] not in history["left"]]
            return _pending(self._reader, self.audit.customer_id, self._key, self._order)
        self._marks[self._key].pop(_RESTART, None)
        if self._key.startswith(_BACKFILL):
            del history["read"]
        elif history["witnessed"]:
            self._marks[self._key] = {"watermark": history["witnessed"], "reread": history["began"]}
        else:
            self._marks[self._key] = {}
        return []


def _is_resumable(history: Mapping[str, Any] | None) -> bool:
    """Whether there is one; an earlier version did not note how many interactions each window had brought."""
    return history is not None and ("read" in history or not history["left"])


def _pending(reader: Reader, customer_id: int, key: str, order: Order) -> list[Task]:
    """Return a task for each window of a history that is still to be read; when all are, one that compares them."""
    history = reader.marks(customer_id)[key]["history"]
    found: list[Task] = [_Windows(reader, customer_id, key, _read(window), order) for window in history["left"]]
    if not found and "read" in history:
        found = [_Completeness(reader, customer_id, key, order)]
    return [task for task in found if task.key not in order.failed]


def _ordered_after(mark: Mapping[str, Any]) -> str:
    """Now, or a moment after the last order: another machine's clock may be ahead of this one's."""
    last = _ordered(mark)
    least = datetime.fromisoformat(last) + timedelta(microseconds=1) if last else _NEVER
    return max(datetime.now(UTC), least).isoformat(timespec="microseconds")


def _ordered(mark: Mapping[str, Any]) -> str:
    return str(mark.get("ordered", ""))


def _witnessed(mark: Mapping[str, Any]) -> datetime | None:
    spelled = mark.get("watermark") or mark.get("history", {}).get("witnessed")
    return datetime.fromisoformat(spelled) if spelled else None


def _newest_day(page: Page) -> date | None:
    places = positions(page.rows)
    seconds = [*places.on("local"), *places.on("utc")]
    return day_of(max(seconds)) if seconds else None


def _spelled(window: Window) -> list[str | None]:
    return [day.isoformat() if day else None for day in (window.since, window.until)]


def _read(spelled: Sequence[str | None]) -> Window:
    since, until = (date.fromisoformat(day) if day else None for day in spelled)
    return Window(since, until)
