"""The windows of a history against the API's count of the whole: the tasks of a load, without HTTP or dlt."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from liine_source.api import client
from liine_source.api.auth import LiineCredentials
from liine_source.api.query import Pairs
from liine_source.emulator import Burst, Emulator, Interpretation
from liine_source.emulator.http.breakage import corrupt_page
from liine_source.emulator.http.server import create_emulator
from liine_source.errors import IncompleteSweepError
from liine_source.extract.audit import Audit
from liine_source.extract.load_request import LoadRequest, Repair, RunProgress
from liine_source.extract.parallel import run_in_parallel
from liine_source.extract.plan import plan_tasks
from liine_source.extract.reader import Reader
from liine_source.extract.state import SourceState
from liine_source.extract.windows import Window
from liine_source.settings import Settings
from liine_source.verification import comparison as verification

FaultInjector = Callable[[int, dict[str, str]], Burst | None]
EMPTY = Burst(kind="empty")


class Connector:
    """Calls an emulator directly. `inject_fault` gets each request's number and query, `before_answer` its number."""

    def __init__(
        self, rows: int = 900, customers: int = 1, interpretation: Interpretation | None = None, **options: Any
    ) -> None:
        self.api: Emulator = create_emulator(
            interpretation or Interpretation(), interactions=rows, customers=customers, seed=3
        )
        chosen = {"page_size": 20, "max_concurrency": 1, "lookback_days": 0, "lookback_every_days": 7} | options
        self.settings = Settings(self.api.customer_ids, LiineCredentials(), "", {}, None, None, **chosen)
        self.state: dict[str, Any] = {}
        self.ids: set[int] = set()
        self.requests: list[dict[str, str]] = []
        self.audits: list[Audit] = []
        self.inject_fault: FaultInjector = lambda number, query: None
        self.before_answer: Callable[[int], None] = lambda number: None

    def fetch_page(self, pairs: Pairs, what: str, stats: client.RequestStats | None = None) -> client.Page:
        """Answer as the client does; an error status stands for a request that failed permanently."""
        self.requests.append(dict(pairs))
        self.before_answer(len(self.requests))
        answer = self.api.interactions(pairs)
        burst = self.inject_fault(len(self.requests), dict(pairs))
        body = corrupt_page(answer.body, burst) if burst else answer.body
        status = burst.status if burst and burst.kind == "status" else answer.status
        return client._read_page(client.Answer(status, {"Date": self.api.date_header() or ""}, body), what)

    def load(self, kind: Any = "sync", rows: int | None = None) -> list[str]:
        """Run the loads of one request, as `source` does; return the errors."""
        self.requests, self.audits = [], []
        failed: list[str] = []
        request, progress = LoadRequest(kind, rows), RunProgress()
        progress.is_unfinished = True
        while progress.is_unfinished:
            progress.is_unfinished, loaded = False, 0
            # The load changes a copy, and commits it when it ends.
            state = json.loads(json.dumps(self.state))
            reader = Reader(self.settings, self, SourceState(state), seen_ids=progress.seen_ids)
            waiting = plan_tasks(request, progress, reader)
            progress.has_started = True
            for event in run_in_parallel(waiting, self.settings.max_concurrency):
                if not event.is_end:
                    self.ids |= {row.id for row in event.item}
                    loaded += len(event.item)
                    continue
                task = event.task
                self.audits += [task.audit] if task.is_sweep or event.error else []
                if event.error:
                    failed.append(str(event.error))
                    progress.failed.add(task.key)
                else:
                    waiting.extendleft(reversed(task.complete()))
                if rows and loaded >= rows:
                    progress.is_unfinished = progress.is_unfinished or bool(waiting)
                    waiting.clear()
            self.state = state
        return failed

    @property
    def has_all_rows(self) -> bool:
        return self.ids == {row["id"] for row in self.api.truth()}

    @property
    def is_history_complete(self) -> bool:
        """Whether the state says that all customers are loaded to the end."""
        found = SourceState(self.state).progress()
        return all(
            found[customer].watermark and not found[customer].pending_windows for customer in self.api.customer_ids
        )

    def windows(self) -> list[dict[str, str]]:
        """Return the dates of each window whose first page was requested, in order and without repeats."""
        found = [query for query in self.requests if query["limit"] != "1" and "pagination_timestamp" not in query]
        return list({json.dumps(_dates(query)): _dates(query) for query in found}.values())


def _dates(query: dict[str, str]) -> dict[str, str]:
    return {name: query[name] for name in ("start_date", "end_date") if name in query}


@contextmanager
def empty_window(connector: Connector, window: dict[str, str], times: int) -> Iterator[None]:
    """Answer the sweep of a window with empty pages, so many times; its count stays right."""
    remaining = [times]

    def inject_fault(_: int, query: dict[str, str]) -> Burst | None:
        if _dates(query) != window or query["limit"] == "1" or not remaining[0]:
            return None
        remaining[0] -= 1
        return EMPTY

    connector.inject_fault = inject_fault
    yield
    connector.inject_fault = lambda number, query: None


def third_window(**options: Any) -> dict[str, str]:
    """Return the third window in which a `Connector` reads its history."""
    plain = Connector(**options)
    assert plain.load() == []
    assert (plain.has_all_rows, plain.is_history_complete) == (True, True)
    return plain.windows()[2]


@pytest.mark.parametrize("kind", ["sync", "backfill"])
@pytest.mark.parametrize("width", [1, 4])
def test_window_empty_twice_is_read_again(kind: str, width: int) -> None:
    """Two empty answers end a window; the count of the whole shows that rows are missing."""
    connector = Connector(max_concurrency=width)
    with empty_window(connector, third_window(max_concurrency=width), 2):
        assert connector.load(kind) == []
    assert connector.has_all_rows
    assert {audit.status for audit in connector.audits} == {"complete"}
    assert [audit.distinct_ids for audit in connector.audits].count(0) == 1
    assert SourceState(connector.state).progress()[connector.api.customer_ids[0]].pending_windows == 0
    connector.load(kind)
    assert len(connector.audits) == (1 if kind == "sync" else 0)


def test_window_that_stays_empty_fails_with_counts() -> None:
    """The error gives both counts, the watermark stays unset, and the next run reads that window only."""
    connector = Connector()
    with empty_window(connector, third_window(), 1000):
        (error,) = connector.load()
    missing = len(connector.api) - len(connector.ids)
    assert missing > 50
    assert f"expected 900 interactions, got {900 - missing} (a difference of {missing})" in error
    assert "counted again" in error
    found = SourceState(connector.state).progress()[connector.api.customer_ids[0]]
    assert (found.watermark, found.pending_windows, found.is_history_loaded) == (None, 1, False)
    last = connector.audits[-1]
    assert (last.status, last.expected, last.distinct_ids) == ("failed", 900, 900 - missing)
    assert connector.load() == []
    assert (connector.has_all_rows, connector.is_history_complete) == (True, True)
    (reread,) = (audit.distinct_ids for audit in connector.audits if audit.window.updated_since is None)
    # The window shares some days with its neighbours.
    assert missing <= reread < missing + 10


@pytest.mark.parametrize("after", [1, 8, 20, 40])
def test_api_that_turns_empty_does_not_complete_history(after: int) -> None:
    """Empty answers with a count of 0 agree with each other, but not with the first count."""
    connector = Connector()
    connector.inject_fault = lambda number, query: EMPTY if number > after else None
    assert "expected 900 interactions" in connector.load()[0]
    assert not connector.is_history_complete
    connector.inject_fault = lambda number, query: None
    assert connector.load() == []
    assert (connector.has_all_rows, connector.is_history_complete) == (True, True)


@pytest.mark.parametrize(
    "odd",
    [
        EMPTY,
        Burst(kind="no_rows"),
        Burst(kind="wrong_count", count_off=-1),
        Burst(kind="wrong_count", count_off=-90),
        Burst(kind="wrong_count", count_off=90),
        Burst(kind="wrong_count", count_off=None),
    ],
    ids=lambda burst: f"{burst.kind} {burst.count_off}",
)
@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.slow("faults"))])
def test_single_odd_answer_in_first_sync_loses_no_row(odd: Burst, step: int) -> None:
    """A wrong answer to any one request fails at most that load, and the next load corrects it."""
    plain = Connector(rows=200)
    plain.load()
    assert len(plain.windows()) == 4
    for at in range(1, len(plain.requests) + 1, step):
        connector = Connector(rows=200)
        connector.inject_fault = lambda number, query, at=at: odd if number == at else None
        errors = connector.load()
        connector.inject_fault = lambda number, query: None
        assert errors == [] or not connector.is_history_complete, at
        assert connector.load() == [], at
        assert (connector.has_all_rows, connector.is_history_complete) == (True, True), at


@pytest.mark.parametrize("rows", [None, 150])
def test_interrupted_history_is_counted_across_runs(rows: int | None) -> None:
    """Rows that neighbouring windows share are counted once, even if two runs read them."""
    connector = Connector()
    connector.inject_fault = lambda number, query: Burst(status=404) if number in (30, 50) else None
    assert len(connector.load(rows=rows)) == 2
    assert SourceState(connector.state).progress()[connector.api.customer_ids[0]].pending_windows == 2
    connector.inject_fault = lambda number, query: None
    assert connector.load(rows=rows) == []
    assert (connector.has_all_rows, connector.is_history_complete) == (True, True)
    # The two failed windows and the changes, nothing else.
    assert len(connector.audits) == 3


def test_next_run_finds_rows_missed_by_interrupted_run() -> None:
    """The state keeps the counts of completed windows, so the next run notices the missing rows."""
    connector = Connector()
    with empty_window(connector, third_window(), 2):
        empty = connector.inject_fault
        connector.inject_fault = lambda number, query: Burst(status=404) if number == 60 else empty(number, query)
        assert len(connector.load()) == 1
    assert connector.load() == []
    assert (connector.has_all_rows, connector.is_history_complete) == (True, True)


@pytest.mark.parametrize("at", [5, 20, 45, 60])
def test_row_added_during_first_sync_does_not_fail_it(at: int) -> None:
    """A row added meanwhile explains why the API counts more."""
    connector = Connector()
    customer = connector.api.customer_ids[0]
    connector.before_answer = lambda number: connector.api.insert(customer) if number == at else None
    assert connector.load() == []
    assert connector.is_history_complete
    connector.before_answer = lambda number: None
    assert connector.load() == []
    assert connector.has_all_rows


@pytest.mark.parametrize(
    ("at", "place"),
    [
        (20, 450),
        *(pytest.param(at, place, marks=pytest.mark.slow("faults")) for at in (20, 60) for place in (0, 450, 899)),
    ],
)
def test_row_removed_during_first_sync_fails_at_most_once(at: int, place: int) -> None:
    """A lower count fails at most one run; the next run accepts what the API has."""
    connector = Connector()
    removed = connector.api.truth()[place]["id"]
    connector.before_answer = lambda number: connector.api.remove(removed) if number == at else None
    errors = connector.load()
    assert errors == [] or ("expected 900 interactions, got 899" in errors[0] and not connector.is_history_complete)
    connector.before_answer = lambda number: None
    assert connector.load() == []
    assert connector.is_history_complete
    assert connector.ids - {removed} == {row["id"] for row in connector.api.truth()}


@pytest.mark.parametrize(
    "interpretation",
    [
        Interpretation(count_cap=300),
        Interpretation(count_cap=60),
        Interpretation(count_cap=39),
        Interpretation(count_lag=1),
        Interpretation(count_lag=5, order_clock="utc"),
        Interpretation(count="remaining", count_cap=199),
        Interpretation(count_cap=199, short_page_every=3),
    ],
    ids=["cap 300", "cap 60", "cap 39", "lag 1", "lag 5", "remaining, cap 199", "cap 199, short pages"],
)
def test_capped_or_lagging_count_loses_no_row(interpretation: Interpretation) -> None:
    """Windows with more rows than the API counts are read exhaustively."""
    connector = Connector(interpretation=interpretation)
    assert connector.load() == []
    assert (connector.has_all_rows, connector.is_history_complete) == (True, True)
    is_above_windows = interpretation.count_cap == 300
    assert ("exhaustive" in {audit.proof for audit in connector.audits}) is not is_above_windows
    connector.load()
    assert len(connector.audits) == 1


@pytest.mark.parametrize(("customers", "before"), [(1, 134), pytest.param(3, 185, marks=pytest.mark.slow("faults"))])
def test_proof_of_first_sync_costs_few_requests(customers: int, before: int) -> None:
    """It costs at most a tenth more requests than trusting the count, which took `before` as measured."""
    connector = Connector(rows=20_000, customers=customers, page_size=200, max_concurrency=4)
    assert connector.load() == []
    assert connector.has_all_rows
    assert len(connector.requests) <= 1.1 * before
    connector.load()
    assert len(connector.requests) == 2 * customers


def test_customer_without_rows_costs_one_extra_request() -> None:
    """An empty customer is accepted after two empty pages."""
    connector = Connector(rows=0)
    for _ in range(2):
        assert connector.load() == []
        assert [query["limit"] for query in connector.requests] == ["1", "20", "20"]


def empty_pages(number: int, query: dict[str, str]) -> Burst | None:
    """Answer each page without rows; the counts stay right."""
    return None if query["limit"] == "1" else EMPTY


def test_repair_that_finds_fewer_rows_than_expected_fails() -> None:
    """Two empty answers do not end a repair, since the verification has just seen rows there."""
    connector = Connector()
    connector.inject_fault = empty_pages
    customer = connector.api.customer_ids[0]
    request = LoadRequest("repair", repairs={customer: [Repair(Window(), 3)]})
    reader = Reader(replace(connector.settings, customer_ids=[customer]), connector)
    (task,) = plan_tasks(request, RunProgress(), reader)
    with pytest.raises(IncompleteSweepError, match="expected 3 interactions, got 0"):
        list(task)
    assert (task.audit.status, task.audit.proof, task.audit.reason) == ("failed", None, "IncompleteSweepError")


def test_verification_that_finds_fewer_rows_than_counted_fails() -> None:
    """It would mark the missing rows as lost; a count that was too high is requested again."""
    connector = Connector()
    customer = connector.api.customer_ids[0]
    reader = Reader(connector.settings, connector)
    total = len(connector.api.truth(customer))
    assert len(verification._received(reader, customer, Window(), total + 1)) == total
    connector.inject_fault = empty_pages
    with pytest.raises(IncompleteSweepError, match=f"expected {total} interactions, got 0"):
        verification._received(reader, customer, Window(), total)
