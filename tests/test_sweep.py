"""The walk, under every reading of open questions 1 to 5, against a small server made of a list."""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from liine_source.client import Page, Tally
from liine_source.errors import IncompleteSweepError, MissingIdError, StuckError
from liine_source.query import Pairs
from liine_source.rows import row_of
from liine_source.sweep import Sweep
from liine_source.windows import Window

Row = dict[str, Any]
NOW = datetime(2024, 12, 1, 12, tzinfo=UTC)
LIMIT = 20


@dataclass
class ListedApi:
    """Answers from `rows` as the readings say; it knows nothing of how the connector walks."""

    rows: list[Row]
    order: str = "utc"
    comparison: str = "utc"
    is_inclusive: bool = False
    count: str = "total"
    short_every: int = 0
    short_rows: int = 1
    cap: int = 1000
    before_page: Callable[["ListedApi"], None] = lambda api: None
    asked: list[str | None] = field(default_factory=list)

    def __call__(self, pairs: Pairs, what: str, tally: Tally) -> Page:
        self.before_page(self)
        tally.requests += 1
        query = dict(pairs)
        cursor = query.get("pagination_timestamp")
        self.asked.append(cursor)
        name = {"utc": "start_time_tz", "local": "start_time"}
        matching = [row for row in self.rows if cursor is None or self._is_older(row[name[self.comparison]], cursor)]
        matching.sort(key=lambda row: row[name[self.order]], reverse=True)
        limit = min(int(query["limit"]), self.cap)
        page = matching[:limit]
        if self.short_every and len(self.asked) % self.short_every == 0:
            page = page[: self.short_rows]
        counts = {"total": len(self.rows), "remaining": len(matching), "page": len(page), "absent": None, "zero": 0}
        return Page([row_of(row) for row in page], counts[self.count], int(query["limit"]), NOW)

    def _is_older(self, moment: str, cursor: str) -> bool:
        return moment <= cursor if self.is_inclusive else moment < cursor


def rows_of(
    count: int, zones: list[str], *, start: datetime, step: timedelta, ties: int = 1, seed: int = 1
) -> list[Row]:
    """Rows `step` apart, `ties` of them in each second, spread over `zones` at random."""
    dice = random.Random(seed)
    rows = []
    for number in range(count):
        moment = start + step * (number // ties)
        local = moment.astimezone(ZoneInfo(dice.choice(zones)))
        rows.append(
            {
                "id": number + 1,
                "start_time": local.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "start_time_tz": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "updated_at": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            }
        )
    return rows


def swept(api: ListedApi, page_size: int = LIMIT) -> tuple[Sweep, list[int]]:
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
READINGS = list(
    itertools.product(["utc", "local"], ["utc", "local"], [False, True], ["total", "remaining", "page", "absent"])
)


@pytest.mark.parametrize("clock", ["utc", "local"])
def test_one_full_page_of_rows_newer_than_the_servers_clock_is_proven(clock: str) -> None:
    """A full page leaves a doubt only as long as the interpretation stands under which rows may hide behind it."""
    rows = rows_of(3, ["America/New_York"], start=NOW + timedelta(days=2), step=timedelta(seconds=1))
    for row, second in zip(rows, ("01", "01", "02"), strict=True):
        for name in ("start_time", "start_time_tz"):
            row[name] = f"{row[name][:17]}{second}Z"
    sweep, ids = swept(ListedApi(rows, order=clock, comparison=clock), page_size=3)
    assert (sweep.audit.proof, sorted(ids)) == ("count", [1, 2, 3])


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("short_every", [0, 2, 3], ids=["full pages", "every 2nd short", "every 3rd short"])
def test_every_row_comes_once_under_every_reading(history: str, short_every: int) -> None:
    """Whatever clock orders and compares, strict or not, whatever the count means, each row comes once."""
    zones, start, step, ties = HISTORIES[history]
    rows = rows_of(205, zones, start=start, step=step, ties=ties)
    for order, comparison, is_inclusive, count in READINGS:
        api = ListedApi(rows, order, comparison, is_inclusive, count, short_every)
        sweep, ids = swept(api)
        assert sorted(ids) == list(range(1, 206)), (order, comparison, is_inclusive, count)
        assert sweep.audit.status == "complete"


@pytest.mark.parametrize(
    ("count", "proof"),
    [("total", "count"), ("remaining", "count"), ("page", "walk"), ("absent", "walk"), ("zero", "walk")],
)
def test_the_proof_says_what_the_count_is_worth(count: str, proof: str) -> None:
    """A count that means the total proves; any other leaves the proof to the walk."""
    rows = rows_of(205, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    sweep, ids = swept(ListedApi(rows, count=count))
    assert (sweep.audit.proof, len(ids)) == (proof, 205)


def test_a_count_that_proves_nothing_is_met_on_one_page_too() -> None:
    """As many rows as the count says prove nothing while the count may be the page's own length."""
    rows = rows_of(60, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    assert len(swept(ListedApi(rows, count="page"))[1]) == 60
    assert len(swept(ListedApi(rows, count="page", short_every=1, short_rows=5))[1]) == 60


@pytest.mark.parametrize("count", [20, pytest.param(60, marks=pytest.mark.slow("interpretations"))])
@pytest.mark.parametrize("is_inclusive", [True, False])
def test_pages_that_all_come_short_are_not_taken_for_the_end(is_inclusive: bool, count: int) -> None:
    """One row a page, and no count: what would be the last page brings the cursor's own row only."""
    rows = rows_of(count, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    api = ListedApi(rows, is_inclusive=is_inclusive, count="absent", short_every=1)
    with pytest.raises(IncompleteSweepError, match=f"got {count}"):
        swept(api)


def test_a_capped_limit_does_not_end_the_walk() -> None:
    """A page smaller than asked for is no last page (open question 3)."""
    rows = rows_of(100, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    assert len(swept(ListedApi(rows, cap=7))[1]) == 100


def test_more_ties_than_a_page_holds_fail_loudly() -> None:
    """A second that overfills a page is never passed over in silence, whatever the count is worth."""
    rows = rows_of(100, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7), ties=LIMIT + 1)
    for is_inclusive, count in itertools.product([False, True], ["total", "remaining", "page", "absent"]):
        api = ListedApi(rows, is_inclusive=is_inclusive, count=count)
        with pytest.raises((StuckError, IncompleteSweepError)):
            swept(api)


def test_as_many_ties_as_a_page_holds_are_complete_where_the_count_tells() -> None:
    """A second that just fills a page is no failure when the count proves it."""
    rows = rows_of(LIMIT, ["UTC"], start=NOW, step=timedelta(0), ties=LIMIT)
    sweep, ids = swept(ListedApi(rows))
    assert (len(ids), sweep.audit.proof) == (LIMIT, "count")


def test_an_ignored_cursor_fails_loudly() -> None:
    """A server that gives page one for ever ends in an error that says so."""
    rows = rows_of(50, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    api = ListedApi(rows)
    api._is_older = lambda moment, cursor: True
    with pytest.raises(StuckError, match="20 interactions of 50"):
        swept(api)


def test_a_count_that_is_never_reached_fails_by_how_much() -> None:
    """An error names what was expected and what came."""
    rows = rows_of(50, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))

    class Boasting(ListedApi):
        def __call__(self, pairs: Pairs, what: str, tally: Tally) -> Page:
            page = super().__call__(pairs, what, tally)
            return Page(page.rows, (page.count or 0) + 3, page.limit, page.server_time)

    with pytest.raises(IncompleteSweepError, match=r"expected 53 interactions, got 50 \(a difference of 3\)"):
        swept(Boasting(rows))


def test_a_row_that_vanishes_during_the_walk_is_repaired() -> None:
    """When the first walk falls short of its count, a second one asks for the count anew."""
    rows = rows_of(100, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))

    def vanish(api: ListedApi) -> None:
        if len(api.asked) == 2:
            api.rows = [row for row in api.rows if row["id"] != 10]

    sweep, ids = swept(ListedApi(rows, before_page=vanish))
    assert (sweep.audit.repairs, sweep.audit.proof, sweep.audit.expected, len(ids)) == (1, "count", 99, 99)


def test_rows_that_arrive_or_change_during_the_walk_do_not_fail_it() -> None:
    """A row updated after the sweep began does not make the count a lie; the next run fetches it."""
    rows = rows_of(100, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))

    def arrive(api: ListedApi) -> None:
        if len(api.asked) == 2:
            late = {**api.rows[0], "id": 1000, "updated_at": (NOW + timedelta(seconds=5)).isoformat()}
            api.rows = [late, *api.rows]

    sweep, ids = swept(ListedApi(rows, before_page=arrive))
    assert (sweep.audit.status, sweep.audit.changed, sweep.audit.proof) == ("complete", 1, "walk")
    assert set(range(1, 101)) <= set(ids)
    assert sweep.audit.witnessed is not None
    assert sweep.audit.witnessed <= NOW


@pytest.mark.parametrize("is_dated", [True, False])
@pytest.mark.parametrize("later", [timedelta(seconds=5), timedelta(hours=-1)], ids=["", "by a clock behind"])
def test_a_row_that_arrives_among_the_oldest_hides_none(is_dated: bool, later: timedelta) -> None:
    """As many rows as were counted are not all of them, when one of them was not there to be counted."""
    rows: list[Row] = rows_of(39, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    new = {**rows[10], "id": 1000, "updated_at": (NOW + later).isoformat()}
    # One row less and one more, dated before the walk, could not be told from none.
    for at, is_another_gone in itertools.product((1, 2), (False, True) if later > timedelta(0) else (False,)):

        def arrive(api: ListedApi, at: int = at, is_another_gone: bool = is_another_gone) -> None:
            if len(api.asked) == at:
                api.rows = [row for row in [*api.rows, new] if not is_another_gone or row["id"] != 38]
                api.rows = [row if is_dated else {**row, "updated_at": None} for row in api.rows]

        sweep, ids = swept(ListedApi(rows, before_page=arrive))
        assert set(range(1, 38)) <= set(ids), (at, is_another_gone)
        assert sweep.audit.status == "complete"


@pytest.mark.parametrize("start", [AUTUMN, SPRING], ids=["autumn", "spring"])
def test_a_clock_change_is_walked_through_where_nothing_counts(start: datetime) -> None:
    """Rows of the hour that comes twice are not passed over, wherever the pages end."""
    for minutes, first in [(2, 0), *itertools.product((6,), range(0, 120, 24))]:
        step = timedelta(minutes=minutes)
        # New York's clocks change 10 or 11 hours after the start, which with less than 6 minutes is never reached.
        begin = start + timedelta(minutes=first) + 100 * (timedelta(minutes=6) - step)
        rows = rows_of(205, ["America/New_York"], start=begin, step=step)
        for order, comparison in itertools.product(["utc", "local"], ["utc", "local"]):
            try:
                _, ids = swept(ListedApi(rows, order, comparison, count="absent"))
            except IncompleteSweepError:
                # A page that spans less than an hour has no room for an hour's repeats.
                assert minutes * LIMIT <= 60
            else:
                assert sorted(ids) == list(range(1, 206)), (order, comparison, minutes, first)


@pytest.mark.parametrize("hours", [0.5, 1, 3])
def test_a_zone_that_shows_late_is_not_passed_over_in_silence(hours: float) -> None:
    """Where nothing counts, a walk that learns of such a zone too late proves nothing.

    A page that spans more than the 14 hours that a zone may be ahead has room for rows of zones not met yet.
    """
    step = timedelta(hours=hours)
    zones = ["America/Denver", "Asia/Kathmandu"]
    one, other = (rows_of(60, [zone], start=datetime(2024, 6, 1, tzinfo=UTC), step=step) for zone in zones)
    mixtures = [[*one[:39], *other[39:]], [*other[:39], *one[39:]]]
    lone = [[*one[:at], other[at], *one[at + 1 :]] for at in (0, 20, 40, 59)]
    for order, comparison in itertools.product(["utc", "local"], ["utc", "local"]):
        for rows in mixtures + lone * (hours * LIMIT > 28):
            api = ListedApi(rows, order, comparison, count="absent")
            try:
                _, ids = swept(api)
            except IncompleteSweepError:
                assert hours < 3
            else:
                assert sorted(ids) == list(range(1, 61)), (order, comparison)


def test_a_row_without_an_id_fails_the_window() -> None:
    """Such a row cannot be merged, and is not dropped in silence."""
    rows = rows_of(3, ["UTC"], start=NOW, step=timedelta(minutes=1))
    rows[1]["id"] = None
    with pytest.raises(MissingIdError, match="1 of a page's interactions have no usable id"):
        swept(ListedApi(rows))


@pytest.mark.parametrize("absent", ["start_time", "start_time_tz", "updated_at"])
def test_a_missing_clock_is_survived(absent: str) -> None:
    """The walk needs one of the clocks, and the watermark one witness."""
    rows: list[dict[str, Any]] = rows_of(60, ["UTC"], start=NOW - timedelta(days=9), step=timedelta(minutes=7))
    blanked = [{**row, absent: None} for row in rows]
    api = ListedApi(rows, order="utc", comparison="utc")

    def blank(pairs: Pairs, what: str, tally: Tally) -> Page:
        page = api(pairs, what, tally)
        return Page([row_of(blanked[row.id - 1]) for row in page.rows], page.count, page.limit, page.server_time)

    sweep = Sweep(blank, 1, Window(), [], "hash", LIMIT)
    assert sum(len(page) for page in sweep.rows()) == 60
    assert (sweep.audit.witnessed is None) is False


def test_the_audit_says_which_reading_was_met() -> None:
    """Rows of several zones tell which clock orders and compares them."""
    rows = rows_of(205, ["America/New_York", "Asia/Tokyo"], start=NOW - timedelta(days=40), step=timedelta(hours=1))
    for order, comparison in itertools.product(["utc", "local"], ["utc", "local"]):
        sweep, _ = swept(ListedApi(rows, order, comparison))
        assert sweep.audit.order_clock == order
        assert sweep.audit.cursor_clock in (comparison, "unknown")
