"""Pagination under every interpretation of open questions 1 to 5, against a small API made of a list."""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from liine_source.api.client import Page, RequestStats
from liine_source.api.query import Pairs
from liine_source.api.records import build_row
from liine_source.errors import IncompleteSweepError, MissingIdError, StuckError
from liine_source.extract.sweep import Sweep
from liine_source.extract.windows import Window

Row = dict[str, Any]
NOW = datetime(2024, 12, 1, 12, tzinfo=UTC)
LIMIT = 20


@dataclass
class ListedApi:
    """Answers from `rows` under the given interpretation; it knows nothing of how the connector paginates."""

    rows: list[Row]
    order: str = "utc"
    comparison: str = "utc"
    is_inclusive: bool = False
    count: str = "total"
    short_every: int = 0
    short_rows: int = 1
    cap: int = 1000
    before_page: Callable[["ListedApi"], None] = lambda api: None
    cursors: list[str | None] = field(default_factory=list)

    def __call__(self, pairs: Pairs, what: str, stats: RequestStats) -> Page:
        self.before_page(self)
        stats.requests += 1
        query = dict(pairs)
        cursor = query.get("pagination_timestamp")
        self.cursors.append(cursor)
        name = {"utc": "start_time_tz", "local": "start_time"}
        matching = [row for row in self.rows if cursor is None or self._is_older(row[name[self.comparison]], cursor)]
        matching.sort(key=lambda row: row[name[self.order]], reverse=True)
        limit = min(int(query["limit"]), self.cap)
        page = matching[:limit]
        if self.short_every and len(self.cursors) % self.short_every == 0:
            page = page[: self.short_rows]
        counts = {"total": len(self.rows), "remaining": len(matching), "page": len(page), "absent": None, "zero": 0}
        return Page([build_row(row) for row in page], counts[self.count], int(query["limit"]), NOW)

    def _is_older(self, moment: str, cursor: str) -> bool:
        return moment <= cursor if self.is_inclusive else moment < cursor


def rows_of(
    count: int, zones: list[str], *, start: datetime, step: timedelta, ties: int = 1, seed: int = 1
) -> list[Row]:
    """Rows `step` apart, `ties` of them in each second, spread over `zones` at random."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        moment = start + step * (number // ties)
        local = moment.astimezone(ZoneInfo(rng.choice(zones)))
        rows.append(
            {
                "id": number + 1,
                "start_time": local.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "start_time_tz": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "updated_at": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            }
        )
    return rows


def run_sweep(api: ListedApi, page_size: int = LIMIT) -> tuple[Sweep, list[int]]:
    sweep = Sweep(api, 1, Window(), [], "hash", page_size)
    return sweep, [row.id for page in sweep.rows() for row in page]


AUTUMN = datetime(2024, 11, 2, 20, tzinfo=UTC)
SPRING = datetime(2024, 3, 9, 20, tzinfo=UTC)
HISTORIES = {
    "one zone, west": (["America/New_York"], datetime(2024, 6, 1, tzinfo=UTC), timedelta(minutes=7), 1),
    "one zone, east": (["Asia/Kolkata"], datetime(2024, 6, 1, tzinfo=UTC), timedelta(minutes=7), 1),
    "ties": (["America/Chicago"], datetime(2024, 6, 1, tzinfo=UTC), timedelta(hours=1), 7),
    "autumn clock change": (["America/New_York"], AUTUMN, timedelta(minutes=6), 1),
    "spring clock change": (["America/New_York"], SPRING, timedelta(minutes=6), 1),
    "three zones": (
        ["America/New_York", "America/Los_Angeles", "Asia/Tokyo"],
        datetime(2024, 6, 1, tzinfo=UTC),
        timedelta(hours=2),
        1,
    ),
}
INTERPRETATIONS = list(
    itertools.product(["utc", "local"], ["utc", "local"], [False, True], ["total", "remaining", "page", "absent"])
)


@pytest.mark.parametrize("clock", ["utc", "local"])
def test_full_page_newer_than_server_clock_is_proven(clock: str) -> None:
    """A full page is in doubt only while some interpretation allows rows to hide behind it."""
    rows = rows_of(3, ["America/New_York"], start=NOW + timedelta(days=2), step=timedelta(seconds=1))
    for row, second in zip(rows, ("01", "01", "02"), strict=True):
        for name in ("start_time", "start_time_tz"):
            row[name] = f"{row[name][:17]}{second}Z"
    sweep, ids = run_sweep(ListedApi(rows, order=clock, comparison=clock), page_size=3)
    assert (sweep.audit.proof, sorted(ids)) == ("count", [1, 2, 3])


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("short_every", [0, 2, 3], ids=["full pages", "every 2nd short", "every 3rd short"])
def test_every_row_arrives_once_under_every_interpretation(history: str, short_every: int) -> None:
    """Whichever clock sorts and compares, strictly or not, and whatever the count means."""
    zones, start, step, ties = HISTORIES[history]
    rows = rows_of(205, zones, start=start, step=step, ties=ties)
    for order, comparison, is_inclusive, count in INTERPRETATIONS:
        api = ListedApi(rows, order, comparison, is_inclusive, count, short_every)
        sweep, ids = run_sweep(api)
        assert sorted(ids) == list(range(1, 206)), (order, comparison, is_inclusive, count)
        assert sweep.audit.status == "complete"


@pytest.mark.parametrize(
    ("count", "proof"),
    [
        ("total", "count"),
        ("remaining", "count"),
        ("page", "exhaustive"),
        ("absent", "exhaustive"),
        ("zero", "exhaustive"),
    ],
)
def test_proof_depends_on_meaning_of_count(count: str, proof: str) -> None:
    """A count of the total is a proof; with any other count the pagination has to be exhaustive."""
    rows = rows_of(205, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    sweep, ids = run_sweep(ListedApi(rows, count=count))
    assert (sweep.audit.proof, len(ids)) == (proof, 205)


def test_count_of_page_does_not_end_sweep() -> None:
    """A count that matches proves nothing while it may be the length of the page."""
    rows = rows_of(60, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    assert len(run_sweep(ListedApi(rows, count="page"))[1]) == 60
    assert len(run_sweep(ListedApi(rows, count="page", short_every=1, short_rows=5))[1]) == 60


@pytest.mark.parametrize("count", [20, pytest.param(60, marks=pytest.mark.slow("interpretations"))])
@pytest.mark.parametrize("is_inclusive", [True, False])
def test_short_pages_are_not_taken_for_the_end(is_inclusive: bool, count: int) -> None:
    """Where nothing is counted and each page has one row, the last page only repeats the cursor's row."""
    rows = rows_of(count, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    api = ListedApi(rows, is_inclusive=is_inclusive, count="absent", short_every=1)
    with pytest.raises(IncompleteSweepError, match=f"got {count}"):
        run_sweep(api)


def test_capped_page_size_does_not_end_pagination() -> None:
    """A page smaller than requested need not be the last page (open question 3)."""
    rows = rows_of(100, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    assert len(run_sweep(ListedApi(rows, cap=7))[1]) == 100


@pytest.mark.slow("interpretations")
def test_more_ties_than_page_size_fail() -> None:
    """A second with more rows than a page raises an error, whatever the count means."""
    rows = rows_of(100, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7), ties=LIMIT + 1)
    for is_inclusive, count in itertools.product([False, True], ["total", "remaining", "page", "absent"]):
        api = ListedApi(rows, is_inclusive=is_inclusive, count=count)
        with pytest.raises((StuckError, IncompleteSweepError)):
            run_sweep(api)


def test_ties_that_fill_page_are_complete_if_counted() -> None:
    """A second that exactly fills a page is complete if the count proves it."""
    rows = rows_of(LIMIT, ["UTC"], start=NOW, step=timedelta(0), ties=LIMIT)
    sweep, ids = run_sweep(ListedApi(rows))
    assert (len(ids), sweep.audit.proof) == (LIMIT, "count")


def test_ignored_cursor_fails() -> None:
    """An API that repeats the first page for ever ends in an error that says so."""
    rows = rows_of(50, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    api = ListedApi(rows)
    api._is_older = lambda moment, cursor: True
    with pytest.raises(StuckError, match="20 interactions of 50"):
        run_sweep(api)


def test_unreached_count_fails_with_difference() -> None:
    """The error gives the expected count, the received count and the difference."""
    rows = rows_of(50, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))

    class Overcounting(ListedApi):
        def __call__(self, pairs: Pairs, what: str, stats: RequestStats) -> Page:
            page = super().__call__(pairs, what, stats)
            return Page(page.rows, (page.count or 0) + 3, page.limit, page.server_time)

    with pytest.raises(IncompleteSweepError, match=r"expected 53 interactions, got 50 \(a difference of 3\)"):
        run_sweep(Overcounting(rows))


def test_row_removed_during_pagination_is_repaired() -> None:
    """A first pass with fewer rows than counted leads to a second pass with a new count."""
    rows = rows_of(100, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))

    def vanish(api: ListedApi) -> None:
        if len(api.cursors) == 2:
            api.rows = [row for row in api.rows if row["id"] != 10]

    sweep, ids = run_sweep(ListedApi(rows, before_page=vanish))
    assert (sweep.audit.repairs, sweep.audit.proof, sweep.audit.expected, len(ids)) == (1, "count", 99, 99)


def test_row_added_during_pagination_does_not_fail_it() -> None:
    """A row updated after the sweep began explains a wrong count; the next run fetches it."""
    rows = rows_of(100, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))

    def arrive(api: ListedApi) -> None:
        if len(api.cursors) == 2:
            late = {**api.rows[0], "id": 1000, "updated_at": (NOW + timedelta(seconds=5)).isoformat()}
            api.rows = [late, *api.rows]

    sweep, ids = run_sweep(ListedApi(rows, before_page=arrive))
    assert (sweep.audit.status, sweep.audit.changed, sweep.audit.proof) == ("complete", 1, "exhaustive")
    assert set(range(1, 101)) <= set(ids)
    assert sweep.audit.max_updated_at is not None
    assert sweep.audit.max_updated_at <= NOW


@pytest.mark.parametrize("is_dated", [True, False])
@pytest.mark.parametrize("later", [timedelta(seconds=5), timedelta(hours=-1)], ids=["clock right", "clock behind"])
def test_row_added_among_oldest_hides_no_other(is_dated: bool, later: timedelta) -> None:
    """Matching the count is no proof when one of the rows was added after it was taken."""
    rows: list[Row] = rows_of(39, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    new = {**rows[10], "id": 1000, "updated_at": (NOW + later).isoformat()}
    # A row removed and another added with a date before the pass look like no change at all.
    for at, is_another_removed in itertools.product((1, 2), (False, True) if later > timedelta(0) else (False,)):

        def arrive(api: ListedApi, at: int = at, is_another_removed: bool = is_another_removed) -> None:
            if len(api.cursors) == at:
                api.rows = [row for row in [*api.rows, new] if not is_another_removed or row["id"] != 38]
                api.rows = [row if is_dated else {**row, "updated_at": None} for row in api.rows]

        sweep, ids = run_sweep(ListedApi(rows, before_page=arrive))
        assert set(range(1, 38)) <= set(ids), (at, is_another_removed)
        assert sweep.audit.status == "complete"


@pytest.mark.parametrize(
    "start", [pytest.param(AUTUMN, id="autumn"), pytest.param(SPRING, id="spring", marks=pytest.mark.slow("clocks"))]
)
def test_clock_change_loses_no_row_without_count(start: datetime) -> None:
    """No row of the hour that occurs twice is skipped, wherever the pages end."""
    for minutes, first in [(2, 0), *itertools.product((6,), range(0, 120, 24))]:
        step = timedelta(minutes=minutes)
        # New York's clocks change 10 or 11 hours after `start`, which steps of less than 6 minutes do not reach.
        begin = start + timedelta(minutes=first) + 100 * (timedelta(minutes=6) - step)
        rows = rows_of(205, ["America/New_York"], start=begin, step=step)
        for order, comparison in itertools.product(["utc", "local"], ["utc", "local"]):
            try:
                _, ids = run_sweep(ListedApi(rows, order, comparison, count="absent"))
            except IncompleteSweepError:
                # A page that spans less than an hour has no room to repeat an hour.
                assert minutes * LIMIT <= 60
            else:
                assert sorted(ids) == list(range(1, 206)), (order, comparison, minutes, first)


@pytest.mark.parametrize("hours", [0.5, 1, 3])
def test_time_zone_seen_late_is_not_skipped_silently(hours: float) -> None:
    """Without a count, a pass that sees a time zone too late proves nothing.

    A page that spans more than 14 hours, the most that a zone may be ahead, has room for rows of zones not yet seen.
    """
    step = timedelta(hours=hours)
    zones = ["America/Denver", "Asia/Kathmandu"]
    one, other = (rows_of(60, [zone], start=datetime(2024, 6, 1, tzinfo=UTC), step=step) for zone in zones)
    halves = [[*one[:39], *other[39:]], [*other[:39], *one[39:]]]
    single_rows = [[*one[:at], other[at], *one[at + 1 :]] for at in (0, 20, 40, 59)]
    for order, comparison in itertools.product(["utc", "local"], ["utc", "local"]):
        for rows in halves + single_rows * (hours * LIMIT > 28):
            api = ListedApi(rows, order, comparison, count="absent")
            try:
                _, ids = run_sweep(api)
            except IncompleteSweepError:
                assert hours < 3
            else:
                assert sorted(ids) == list(range(1, 61)), (order, comparison)


def test_row_without_id_fails_window() -> None:
    """A row without an id cannot be merged and must not be dropped silently."""
    rows = rows_of(3, ["UTC"], start=NOW, step=timedelta(minutes=1))
    rows[1]["id"] = None
    with pytest.raises(MissingIdError, match="1 interactions have no usable id"):
        run_sweep(ListedApi(rows))


@pytest.mark.parametrize("absent", ["start_time", "start_time_tz", "updated_at"])
def test_missing_timestamp_is_tolerated(absent: str) -> None:
    """Pagination needs one of the two start times, and the watermark at least one timestamp."""
    rows: list[dict[str, Any]] = rows_of(60, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    blanked = [{**row, absent: None} for row in rows]
    api = ListedApi(rows, order="utc", comparison="utc")

    def blank(pairs: Pairs, what: str, stats: RequestStats) -> Page:
        page = api(pairs, what, stats)
        return Page([build_row(blanked[row.id - 1]) for row in page.rows], page.count, page.limit, page.server_time)

    sweep = Sweep(blank, 1, Window(), [], "hash", LIMIT)
    assert sum(len(page) for page in sweep.rows()) == 60
    assert (sweep.audit.max_updated_at is None) is False


def test_audit_records_observed_interpretation() -> None:
    """Rows of several time zones reveal which clock sorts and which compares."""
    rows = rows_of(205, ["America/New_York", "Asia/Tokyo"], start=NOW - timedelta(days=40), step=timedelta(hours=1))
    for order, comparison in itertools.product(["utc", "local"], ["utc", "local"]):
        sweep, _ = run_sweep(ListedApi(rows, order, comparison))
        assert sweep.audit.order_clock == order
        assert sweep.audit.cursor_clock in (comparison, "unknown")
