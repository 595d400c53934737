"""The warehouse compared with the API, window by window: by count first, then by ids where the counts differ.

The reference does not say which rows a window's dates select (open question 6). Four interpretations are possible: two
clocks, and two meanings of `end_date`. The rows of two days show which one holds. A window is read where its count
differs under an interpretation that is left. Reading decides, because it asks for spare days around the window and
compares only the days that it certainly has.

A count may be capped, or behind the rows (open question 5). If a window's count is capped, so is that of the whole. So
a window that counts as many as the whole is read, and one that is the whole is also counted in two halves. A count that
is behind shows in the rows of the two days.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import accumulate, product
from typing import Any, NamedTuple

import dlt
from pyroaring import BitMap64

from liine_source.api import values
from liine_source.api.records import Row
from liine_source.errors import ApiError, IncompleteSweepError, LiineError, LoginRefusedError, SweepError
from liine_source.extract.audit import Audit
from liine_source.extract.cursor import day_of, is_usable_day, row_times
from liine_source.extract.load_request import Repair
from liine_source.extract.observer import RunObserver
from liine_source.extract.reader import Reader
from liine_source.extract.sweep import Sweep
from liine_source.extract.windows import DAY, Window, shift
from liine_source.verification.inventory import Loss
from liine_source.warehouse import catalog, queries
from liine_source.warehouse.queries import DayCount, StoredInteraction

_UNSIGNED = 2**64 - 1
_DateMeaning = tuple[bool, bool]
"""Whether dates are in UTC and not local, and whether `end_date` is the whole day and not its midnight."""


@dataclass(slots=True)
class CustomerVerification:
    """How the warehouse differs from the API for one customer; numbers are interactions unless noted otherwise.

    `windows` were counted, `read` of them read. `missing`: in the API alone; `stale`: updated since in the API;
    `unseen`: in the warehouse alone, for the first time; `vanished`: for the second time, and marked now;
    `returned`: marked earlier, and found again. `to_repair` are the windows with missing or stale rows.
    `duplicates` are interactions that are stored more than once. `lost` are rows of a table, or values of a column,
    that were there when the last run ended. Into `unloaded_tables` no run has loaded all of the customer's rows.
    `is_loaded` is false where no run has loaded any.
    """

    customer_id: int
    is_loaded: bool = True
    windows: int = 0
    read: int = 0
    missing: int = 0
    stale: int = 0
    unseen: int = 0
    vanished: int = 0
    returned: int = 0
    duplicates: int = 0
    is_repaired: bool = False
    to_repair: list[Repair] = field(default_factory=list)
    lost: list[Loss] = field(default_factory=list)
    unloaded_tables: list[str] = field(default_factory=list)
    errors: list[LiineError] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs, as far as counts, ids and update times show."""
        differs = self.missing or self.stale or self.unseen or self.duplicates
        return not (self.unloaded_tables or self.errors or differs)

    @property
    def is_complete(self) -> bool:
        """Whether the warehouse has all that the API has, as it has it."""
        is_equal = not (self.missing or self.stale or self.duplicates or self.lost)
        return not (self.unloaded_tables or self.errors) and (self.is_repaired or is_equal)


def compare_customer(
    pipeline: dlt.Pipeline, reader: Reader, customer_id: int, observer: RunObserver | None = None
) -> CustomerVerification:
    """Compare one customer, mark what has vanished, and return what differs; nothing is loaded.

    The observer follows the windows that are read.
    """
    known = reader.customer(customer_id)
    result = CustomerVerification(customer_id, any(known.tracks()), unloaded_tables=known.unloaded_tables())
    if catalog.speaks_sql(pipeline):
        _note_duplicates(queries.duplicate_ids(pipeline, customer_id), result)
    chosen = reader.settings
    whole = Window.covering(chosen.since, chosen.until)
    audit = Audit(customer_id, reader.filter_hash, whole)
    try:
        parts = reader.plan_windows(customer_id, whole, audit)
        result.windows = len(parts)
        differing = _differing(pipeline, reader, customer_id, parts, audit)
    except LoginRefusedError:
        raise
    except (ApiError, SweepError) as error:
        result.errors.append(error)
        return result
    received = BitMap64()
    lost: dict[Window, list[StoredInteraction]] = {}
    for window, count in differing.items():
        try:
            asked, rows = _compare(pipeline, reader, window, count, result, received, observer)
            lost[asked] = rows
        except LoginRefusedError:
            raise
        except (ApiError, SweepError) as error:
            result.errors.append(error)
    # The API may select a row by another day than the row states, so it must be in none of the windows.
    is_all_read = not result.errors
    for asked, rows in lost.items() if reader.has_own_rows(customer_id) else ():
        absent = [row for row in rows if row.id & _UNSIGNED not in received and (is_all_read or is_usable_day(row.day))]
        try:
            _mark_lost(pipeline, reader, asked, result, audit.began or datetime.now(UTC), absent)
        except LoginRefusedError:
            raise
        except (ApiError, SweepError) as error:
            result.errors.append(error)
    return result


def _note_duplicates(duplicates: Sequence[tuple[int, date | None]], result: CustomerVerification) -> None:
    """Request a repair of the days with duplicates, which leaves one row of each."""
    result.duplicates = len(duplicates)
    days = [day for _, day in duplicates if day]
    if duplicates:
        has_all_days = len(days) == len(duplicates)
        window = Window.covering(min(days), max(days)) if has_all_days else Window()
        result.to_repair.append(Repair(window, len(duplicates)))


def _differing(
    pipeline: dlt.Pipeline, reader: Reader, customer_id: int, parts: Sequence[Window], audit: Audit
) -> dict[Window, int]:
    """Return the windows whose counts differ from the warehouse under an interpretation that is left, with the counts.

    Where counts mean nothing, they are 0.
    """
    by_clock = {is_utc: queries.count_days(pipeline, customer_id, is_utc=is_utc) for is_utc in (False, True)}
    asked = parts if len(parts) > 1 else _halves(parts[0], by_clock[False])
    counts = dict(zip(asked, reader.count(customer_id, asked, audit.stats), strict=True))
    # With one row requested, a count of one may be the page's own length, and none means nothing (open question 5).
    if max(counts.values()) <= 1:
        return dict.fromkeys(parts, 0)
    meanings = _date_meanings(reader, customer_id, by_clock[False], audit)
    whole = audit.expected or 0
    is_capped = [window for window, count in counts.items() if 0 < whole <= count]
    if len(parts) == 1:
        counts[parts[0]] = whole
    differing = {
        window: count
        for window, count in counts.items()
        if not meanings
        or window in is_capped
        or any(_count(by_clock[is_utc], window, is_whole=is_whole) != count for is_utc, is_whole in meanings)
    }
    return differing if len(parts) > 1 else {window: whole for window in parts if differing}


def _halves(whole: Window, days: Iterable[DayCount]) -> list[Window]:
    """Return the windows before and after the day in the middle of the stored rows; `whole` where there is none."""
    rows = sorted((day.day, day.rows) for day in days if day.day)
    running = accumulate(held for _, held in rows)
    half = sum(held for _, held in rows) / 2
    middle = next((day for (day, _), up_to in zip(rows, running, strict=True) if up_to >= half), None)
    return whole.split_at([middle]) if middle and whole.is_split_by(middle) else [whole]


def _date_meanings(reader: Reader, customer_id: int, days: Iterable[DayCount], audit: Audit) -> list[_DateMeaning]:
    """Return what dates may mean: the interpretations under which two days have exactly the rows that the API returns.

    The two days are the busiest that fit on one page together with the days around them.
    """
    rows = {day.day: day.rows for day in days if day.day}
    size = reader.settings.page_size
    around = {day: sum(rows.get(day + DAY * step, 0) for step in range(-2, 5)) for day in rows if is_usable_day(day)}
    fitting = [day for day, held in around.items() if held < size]
    if not fitting:
        return []
    day = max(fitting, key=lambda one: (around[one], one))
    asked, wide = Window(day, day + DAY), Window(day - DAY, day + 3 * DAY)
    pages = [reader.fetch_newest(customer_id, window, audit.stats, rows=size) for window in (asked, wide)]
    given, known = (page.rows for page in pages)
    is_behind = any(page.count is not None and page.count < len(page.rows) for page in pages)
    if is_behind or len(known) >= size:
        return []
    ids = {row.id for row in given}
    times = row_times(known)
    return [
        (is_utc, is_whole)
        for is_utc, is_whole in product((False, True), (True, False))
        if ids
        == {
            row.id
            for row, second in zip(known, times.utc if is_utc else times.local, strict=True)
            if second is not None and _selects(asked, second, is_whole=is_whole)
        }
    ]


def _count(days: Iterable[DayCount], window: Window, *, is_whole: bool) -> int:
    """Return how many rows a window selects, if its last day counts as a whole or only its midnight."""
    count = 0
    for day, rows, at_midnight in days:
        if day is None:
            # Rows without a start are selected only where no date is asked for.
            count += rows if window == Window() else 0
        elif (window.since is None or day >= window.since) and (window.until is None or day <= window.until):
            count += at_midnight if day == window.until and not is_whole else rows
    return count


def _selects(window: Window, second: int, *, is_whole: bool) -> bool:
    day = day_of(second)
    is_midnight = second % 86_400 == 0
    return _count([DayCount(day, 1, int(is_midnight))], window, is_whole=is_whole) == 1


def _compare(
    pipeline: dlt.Pipeline,
    reader: Reader,
    window: Window,
    count: int,
    result: CustomerVerification,
    all_received: BitMap64,
    observer: RunObserver | None,
) -> tuple[Window, list[StoredInteraction]]:
    """Read a window and compare it; return what was asked for, and the stored rows that it did not bring."""
    customer_id = result.customer_id
    # Neighbouring windows share a day, which is compared in the newer one.
    first, last = window.since, window.until and shift(window.until, -1)
    asked = Window.covering(first, last)
    result.read += 1
    received = _received(reader, customer_id, asked, count, observer)
    all_received.update(key & _UNSIGNED for key in received)
    around = asked.since and shift(asked.since, -1), asked.until and shift(asked.until, 1)
    in_window = {row.id: row for row in queries.stored_interactions(pipeline, customer_id, *around)}
    elsewhere = {row.id: row for row in queries.stored_by_id(pipeline, received.keys() - in_window.keys())}
    stored = in_window | elsewhere
    missing = received.keys() - stored.keys()
    stale = {
        key
        for key, row in received.items()
        if key in stored and (_is_newer(row.updated_at, stored[key].updated_at) or _has_moved(row, elsewhere.get(key)))
    }
    result.missing += len(missing)
    result.stale += len(stale)
    if missing or stale:
        result.to_repair.append(Repair(asked, len(received)))
    back = [key for key, row in stored.items() if key in received and (row.missing_since or row.vanished_at)]
    result.returned += sum(stored[key].vanished_at is not None for key in back)
    queries.mark(pipeline, back, missing_since=None, vanished_at=None, vanished_reason=None)
    lost = [
        row
        for key, row in in_window.items()
        if key not in received and not row.vanished_at and _lies(row.day, first, last)
    ]
    return asked, lost


def _mark_lost(
    pipeline: dlt.Pipeline,
    reader: Reader,
    asked: Window,
    result: CustomerVerification,
    now: datetime,
    lost: Sequence[StoredInteraction],
) -> None:
    """Mark rows that the API does not return: as missing the first time, as vanished the second time."""
    once = [row.id for row in lost if not row.missing_since]
    again = [row.id for row in lost if row.missing_since]
    result.unseen += len(once)
    result.vanished += len(again)
    queries.mark(pipeline, once, missing_since=now)
    found = _received(reader.without_filters(), result.customer_id, asked) if again and reader.is_filtered else {}
    for reason, is_found in (("reclassified", True), ("not returned", False)):
        ids = [key for key in again if (key in found) is is_found]
        queries.mark(pipeline, ids, vanished_at=now, vanished_reason=reason)


class _Received(NamedTuple):
    """When a row of the API was updated, in UTC, and the day on which it says that it began, by the local clock."""

    updated_at: datetime | None
    day: date | None


def _received(
    reader: Reader, customer_id: int, window: Window, least: int = 0, observer: RunObserver | None = None
) -> dict[int, _Received]:
    """Return the rows of a window in the API by id, proven complete.

    Raises IncompleteSweepError where they are fewer than the API has counted (`least`), and than it counts now.
    """
    sweep = reader.start_sweep(customer_id, window, is_shared=False)
    pages = _observed(sweep, observer) if observer else sweep.rows()
    rows = (row for page in pages for row in page if not reader.suppression_list.has(row, customer_id))
    found = {values.convert(row.id, "bigint"): _describe(row) for row in rows}
    got = sweep.audit.distinct_ids
    if got < least and got < (counted := reader.fetch_newest(customer_id, window).count or 0):
        raise IncompleteSweepError(customer_id, str(window), got, counted)
    return found


def _observed(sweep: Sweep, observer: RunObserver) -> Iterator[list[Row]]:
    for page in sweep.rows():
        observer.on_page(sweep.audit, len(page))
        yield page
    observer.on_window_end(sweep.audit, None)


def _describe(row: Row) -> _Received:
    updated_at = _parse(values.parse_instant, row.updated_at)
    start = _parse(values.parse_wall_clock, row.start_time)
    return _Received(updated_at and updated_at.replace(tzinfo=None), start and start.date())


def _parse(parser: Callable[[Any], datetime], value: Any) -> datetime | None:
    try:
        return parser(value)
    except values.ConversionError:
        return None


def _has_moved(received: _Received, stored: StoredInteraction | None) -> bool:
    """Whether a row that is stored outside a window says that it began on another day than the stored one."""
    return stored is not None and stored.day != received.day


def _is_newer(received: datetime | None, stored: datetime | None) -> bool:
    return received is not None and received != stored


def _lies(day: date | None, first: date | None, last: date | None) -> bool:
    if day is None:
        return first is None and last is None
    return (first is None or day >= first) and (last is None or day <= last)
