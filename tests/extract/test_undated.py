"""Rows without a usable start: missing, null, no time at all, or of the year 1 or 9999."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from liine_source.api.client import Page, RequestStats
from liine_source.api.query import Pairs
from liine_source.api.records import build_row
from liine_source.errors import SweepError
from liine_source.extract.sweep import Sweep
from liine_source.extract.windows import Window
from tests.extract.test_sweep import INTERPRETATIONS, LIMIT, NOW, rows_of

Row = dict[str, Any]
CLOCKS = {"utc": "start_time_tz", "local": "start_time"}
FILTERS = {"first_time_interaction": ("true", "false"), "type": ("call", "form", "online_booking", "ehr_pms_entry")}


@dataclass
class UndatedApi:
    """Answers from `rows`, in which it sees the start that `own` has for a row: None where it knows none.

    Rows without one come first or last; a date never selects them, a cursor does if `cursor_selects` is set.
    """

    rows: list[Row]
    own: dict[int, Row] = field(default_factory=dict)
    order: str = "utc"
    comparison: str = "utc"
    is_inclusive: bool = False
    count: str = "total"
    are_first: bool = True
    cursor_selects: bool = False
    requests: int = 0

    def __call__(self, pairs: Pairs, what: str, stats: RequestStats) -> Page:
        self.requests += 1
        query = dict(pairs)
        selected = [row for row in self.rows if self._is_selected(row, query)]
        selected.sort(key=self._sort_key, reverse=True)
        cursor = query.get("pagination_timestamp")
        matching = [row for row in selected if cursor is None or self._is_older(row, cursor)]
        page = matching[: int(query["limit"])]
        counts = {"total": len(selected), "remaining": len(matching), "page": len(page), "absent": None}
        return Page([build_row(row) for row in page], counts[self.count], int(query["limit"]), NOW)

    def start(self, row: Row, clock: str) -> str | None:
        return self.own.get(row["id"], row)[CLOCKS[clock]]

    def _sort_key(self, row: Row) -> tuple[bool, str]:
        start = self.start(row, self.order)
        return (start is None) == self.are_first, start or ""

    def _is_older(self, row: Row, cursor: str) -> bool:
        start = self.start(row, self.comparison)
        if start is None:
            return self.cursor_selects
        return start <= cursor if self.is_inclusive else start < cursor

    def _is_selected(self, row: Row, query: dict[str, str]) -> bool:
        start = self.start(row, "local")
        day = start and start[:10]
        if any(
            name in query and row["id"] // 2 % len(values) != values.index(query[name])
            for name, values in FILTERS.items()
        ):
            return False
        if day is None:
            return not query.keys() & {"start_date", "end_date"}
        return query.get("start_date", "") <= day <= query.get("end_date", "9999-12-31")


def sweep_of(api: UndatedApi, window: Window = Window()) -> tuple[Sweep, list[int]]:  # noqa: B008  it is frozen
    sweep = Sweep(api, 1, window, [], "hash", LIMIT)
    return sweep, sorted(row.id for page in sweep.rows() for row in page)


ODD_STARTS: dict[str, Any] = {
    "null": None,
    "no time": "soon",
    "number": 1_622_088_531,
    "year 1": "0001-01-01T00:00:00Z",
    "end of year 1": "0001-12-31T23:59:59Z",
    "year 9999": "9999-01-01T00:00:00Z",
    "last second": "9999-12-31T23:59:59Z",
    "ten days ahead": (NOW + timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ"),
}


def odd_row(number: int, start: Any) -> Row:
    return {
        "id": number,
        "start_time": start,
        "start_time_tz": start,
        "updated_at": NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("start", ODD_STARTS)
def test_row_without_usable_start_alone_is_proven(start: str, rows: int) -> None:
    """Alone among the changes, under every interpretation; the audit counts it."""
    odd = [odd_row(number, ODD_STARTS[start]) for number in range(1, rows + 1)]
    is_time = isinstance(ODD_STARTS[start], str) and "Z" in ODD_STARTS[start]
    own = {} if is_time else {row["id"]: odd_row(row["id"], None) for row in odd}
    for (order, comparison, inclusive, count), selects in itertools.product(INTERPRETATIONS, (False, True)):
        api = UndatedApi(odd, own, order, comparison, inclusive, count, cursor_selects=selects)
        sweep, ids = sweep_of(api, Window(None, None, date(2024, 11, 1)))
        assert (ids, sweep.audit.status, sweep.audit.undated) == (list(range(1, rows + 1)), "complete", rows), (
            order,
            comparison,
            inclusive,
            count,
            selects,
        )
        assert api.requests <= 12


def _odd_histories() -> Iterator[Any]:
    for start, at in itertools.product(ODD_STARTS, (0, 5, LIMIT - 1, LIMIT, 3 * LIMIT)):
        yield pytest.param(start, at, id=f"{start} at {at}")


@pytest.mark.parametrize(("start", "at"), [*_odd_histories()])
def test_row_with_odd_start_loses_no_other(start: str, at: int) -> None:
    """The API sorts it by a start of its own, which the row does not state."""
    rows = rows_of(3 * LIMIT + 1, ["America/New_York"], start=NOW - timedelta(days=40), step=timedelta(hours=7))
    rows.reverse()
    own = {rows[at]["id"]: {**rows[at]}}
    for names in (["start_time", "start_time_tz"], ["start_time"], ["start_time_tz"]):
        odd = [{**row, **dict.fromkeys(names, ODD_STARTS[start])} if row["id"] in own else row for row in rows]
        for order, comparison, inclusive, count in INTERPRETATIONS:
            api = UndatedApi(odd, own, order, comparison, inclusive, count)
            sweep, ids = sweep_of(api)
            assert (ids, sweep.audit.status) == (list(range(1, 3 * LIMIT + 2)), "complete"), (
                names,
                order,
                comparison,
                inclusive,
                count,
            )


@pytest.mark.parametrize("undated", [1, LIMIT - 1, LIMIT + 1, 3 * LIMIT])
@pytest.mark.parametrize("dated", [LIMIT - 1, 3 * LIMIT + 1])
def test_rows_that_no_day_selects_are_found_or_missed_loudly(dated: int, undated: int) -> None:
    """The API knows no start of them, sorts them first or last, and a cursor selects all of them or none.

    Only where nothing is counted and no page shows one of them does nobody know of them.
    """
    rows = rows_of(dated, ["America/New_York"], start=NOW - timedelta(days=40), step=timedelta(hours=7))
    rows += [odd_row(dated + number, None) for number in range(1, undated + 1)]
    every = list(range(1, dated + undated + 1))
    for (order, comparison, inclusive, count), first, selects in itertools.product(
        INTERPRETATIONS, (True, False), (True, False)
    ):
        api = UndatedApi(rows, {}, order, comparison, inclusive, count, first, selects)
        case = (order, comparison, inclusive, count, first, selects)
        try:
            _, ids = sweep_of(api)
        except SweepError:
            assert count != "total" or undated > LIMIT, case
        else:
            is_hidden = count in {"page", "absent"} and not first and dated >= LIMIT
            assert ids == every or (is_hidden and not selects and ids == every[:dated]), case
