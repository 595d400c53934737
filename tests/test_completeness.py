"""The windows of a history against the API's count of the whole: the tasks of a load, without HTTP and dlt."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from liine_source import client, tasks, verification
from liine_source.auth import LiineCredentials
from liine_source.concurrency import interleaved
from liine_source.emulator import Burst, Emulator, Interpretation
from liine_source.emulator.http.breakage import corrupt_page
from liine_source.emulator.http.server import create_emulator
from liine_source.errors import IncompleteSweepError
from liine_source.query import Pairs
from liine_source.settings import Settings
from liine_source.sweep import Audit
from liine_source.windows import Window

Strikes = Callable[[int, dict[str, str]], Burst | None]
EMPTY = Burst(kind="empty")


class Connector:
    """Asks an emulator directly. `strikes` gets each request's number and query, `moves` its number."""

    def __init__(
        self, rows: int = 900, customers: int = 1, interpretation: Interpretation | None = None, **reading: Any
    ) -> None:
        self.api: Emulator = create_emulator(
            interpretation or Interpretation(), interactions=rows, customers=customers, seed=3
        )
        chosen = {"page_size": 20, "max_concurrency": 1, "reread_days": 0, "reread_every_days": 7} | reading
        self.settings = Settings(self.api.customer_ids, LiineCredentials(), "", {}, None, None, **chosen)
        self.state: dict[str, Any] = {}
        self.ids: set[int] = set()
        self.asked: list[dict[str, str]] = []
        self.audits: list[Audit] = []
        self.strikes: Strikes = lambda number, query: None
        self.moves: Callable[[int], None] = lambda number: None

    def page(self, pairs: Pairs, what: str, tally: client.Tally | None = None) -> client.Page:
        """Answer as the client does; a refusal stands for a request that failed for good."""
        self.asked.append(dict(pairs))
        self.moves(len(self.asked))
        answer = self.api.interactions(pairs)
        burst = self.strikes(len(self.asked), dict(pairs))
        body = corrupt_page(answer.body, burst) if burst else answer.body
        status = burst.status if burst and burst.kind == "status" else answer.status
        return client._read_page(client._Answer(status, {"Date": self.api.date_header() or ""}, body), what)

    def load(self, kind: Any = "sync", rows: int | None = None) -> list[str]:
        """Run the loads of one order, as `source` does; return what failed."""
        self.asked, self.audits = [], []
        failed: list[str] = []
        order = tasks.Order(kind, rows)
        order.is_unfinished = True
        while order.is_unfinished:
            order.is_unfinished, given = False, 0
            # What a load commits.
            state = json.loads(json.dumps(self.state))
            waiting = tasks.for_order(order, tasks.Reader(self.settings, self, state, order.emitted))
            for event in interleaved(waiting, self.settings.max_concurrency):
                if not event.is_end:
                    self.ids |= {row.id for row in event.item}
                    given += len(event.item)
                    continue
                task = event.unit
                self.audits += [task.audit] if task.is_sweep or event.error else []
                if event.error:
                    failed.append(str(event.error))
                    order.failed.add(task.key)
                else:
                    waiting.extendleft(reversed(task.done()))
                if rows and given >= rows:
                    order.is_unfinished = order.is_unfinished or bool(waiting)
                    waiting.clear()
            self.state = state
        return failed

    @property
    def is_whole(self) -> bool:
        return self.ids == {row["id"] for row in self.api.truth()}

    @property
    def is_done(self) -> bool:
        """Whether the state says that all customers are read to the end."""
        found = tasks.progress(self.state)
        return all(found[customer].watermark and not found[customer].windows_left for customer in self.api.customer_ids)

    def windows(self) -> list[dict[str, str]]:
        """Return the dates of the windows of which a first page was asked for, each once, in order."""
        found = [query for query in self.asked if query["limit"] != "1" and "pagination_timestamp" not in query]
        return list({json.dumps(_dates(query)): _dates(query) for query in found}.values())


def _dates(query: dict[str, str]) -> dict[str, str]:
    return {name: query[name] for name in ("start_date", "end_date") if name in query}


@contextmanager
def empty(connector: Connector, window: dict[str, str], times: int) -> Iterator[None]:
    """Let the sweep of a window find nothing, so many times; how many rows it holds is told all the same."""
    left = [times]

    def strikes(_: int, query: dict[str, str]) -> Burst | None:
        if _dates(query) != window or query["limit"] == "1" or not left[0]:
            return None
        left[0] -= 1
        return EMPTY

    connector.strikes = strikes
    yield
    connector.strikes = lambda number, query: None


def third_window(**reading: Any) -> dict[str, str]:
    """Return the third of the windows in which a `Connector` reads its history."""
    plain = Connector(**reading)
    assert plain.load() == []
    assert (plain.is_whole, plain.is_done) == (True, True)
    return plain.windows()[2]


@pytest.mark.parametrize("kind", ["sync", "backfill"])
@pytest.mark.parametrize("width", [1, 4])
def test_a_window_that_is_empty_twice_is_read_again(kind: str, width: int) -> None:
    """Two answers that agree end it; the count of the whole tells that rows are missing, and of which window."""
    connector = Connector(max_concurrency=width)
    with empty(connector, third_window(max_concurrency=width), 2):
        assert connector.load(kind) == []
    assert connector.is_whole
    assert {audit.status for audit in connector.audits} == {"complete"}
    assert [audit.distinct_ids for audit in connector.audits].count(0) == 1
    assert tasks.progress(connector.state)[connector.api.customer_ids[0]].windows_left == 0
    connector.load(kind)
    assert len(connector.audits) == (1 if kind == "sync" else 0)


def test_a_window_that_stays_empty_fails_with_the_numbers() -> None:
    """The watermark stays away, and the next run reads that window alone."""
    connector = Connector()
    with empty(connector, third_window(), 1000):
        (told,) = connector.load()
    missing = len(connector.api) - len(connector.ids)
    assert missing > 50
    assert f"expected 900 interactions, got {900 - missing} (a difference of {missing})" in told
    assert "counted again" in told
    found = tasks.progress(connector.state)[connector.api.customer_ids[0]]
    assert (found.watermark, found.windows_left, found.is_history_read) == (None, 1, False)
    last = connector.audits[-1]
    assert (last.status, last.expected, last.distinct_ids) == ("failed", 900, 900 - missing)
    assert connector.load() == []
    assert (connector.is_whole, connector.is_done) == (True, True)
    (again,) = (audit.distinct_ids for audit in connector.audits if audit.window.updated_since is None)
    # With the days that it shares.
    assert missing <= again < missing + 10


@pytest.mark.parametrize("after", [1, 8, 20, 40])
def test_an_api_that_falls_silent_is_not_a_history_that_ends(after: int) -> None:
    """From some request on each answer is empty, and counts nothing: that agrees with itself, not with what was."""
    connector = Connector()
    connector.strikes = lambda number, query: EMPTY if number > after else None
    assert "expected 900 interactions" in connector.load()[0]
    assert not connector.is_done
    connector.strikes = lambda number, query: None
    assert connector.load() == []
    assert (connector.is_whole, connector.is_done) == (True, True)


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
def test_one_odd_answer_of_a_first_sync_loses_no_row(odd: Burst, step: int) -> None:
    """Whichever it is: a count of the whole, a day of the search, a page. At most it is told, and then mended."""
    plain = Connector(rows=200)
    plain.load()
    assert len(plain.windows()) == 4
    for at in range(1, len(plain.asked) + 1, step):
        connector = Connector(rows=200)
        connector.strikes = lambda number, query, at=at: odd if number == at else None
        told = connector.load()
        connector.strikes = lambda number, query: None
        assert told == [] or not connector.is_done, at
        assert connector.load() == [], at
        assert (connector.is_whole, connector.is_done) == (True, True), at


@pytest.mark.parametrize("rows", [None, 150])
def test_an_interrupted_history_adds_up_over_its_runs(rows: int | None) -> None:
    """What neighbouring windows share is counted once, though two runs have read it."""
    connector = Connector()
    connector.strikes = lambda number, query: Burst(status=404) if number in (30, 50) else None
    assert len(connector.load(rows=rows)) == 2
    assert tasks.progress(connector.state)[connector.api.customer_ids[0]].windows_left == 2
    connector.strikes = lambda number, query: None
    assert connector.load(rows=rows) == []
    assert (connector.is_whole, connector.is_done) == (True, True)
    # No window but those two, and the changes.
    assert len(connector.audits) == 3


def test_what_an_interrupted_run_missed_is_found_by_the_next() -> None:
    """The numbers of the windows that are done are kept in the state."""
    connector = Connector()
    with empty(connector, third_window(), 2):
        first = connector.strikes
        connector.strikes = lambda number, query: Burst(status=404) if number == 60 else first(number, query)
        assert len(connector.load()) == 1
    assert connector.load() == []
    assert (connector.is_whole, connector.is_done) == (True, True)


@pytest.mark.parametrize("at", [5, 20, 45, 60])
def test_rows_that_come_during_a_first_sync_do_not_fail_it(at: int) -> None:
    """They explain why the API counts more by now."""
    connector = Connector()
    customer = connector.api.customer_ids[0]
    connector.moves = lambda number: connector.api.insert(customer) if number == at else None
    assert connector.load() == []
    assert connector.is_done
    connector.moves = lambda number: None
    assert connector.load() == []
    assert connector.is_whole


@pytest.mark.parametrize(
    ("at", "place"),
    [
        (20, 450),
        *(pytest.param(at, place, marks=pytest.mark.slow("faults")) for at in (20, 60) for place in (0, 450, 899)),
    ],
)
def test_a_row_that_vanishes_during_a_first_sync_is_told_at_most_once(at: int, place: int) -> None:
    """Fewer than were counted before, whoever is right: the run says so, and the next one takes what there is."""
    connector = Connector()
    gone = connector.api.truth()[place]["id"]
    connector.moves = lambda number: connector.api.remove(gone) if number == at else None
    told = connector.load()
    assert told == [] or ("expected 900 interactions, got 899" in told[0] and not connector.is_done)
    connector.moves = lambda number: None
    assert connector.load() == []
    assert connector.is_done
    assert connector.ids - {gone} == {row["id"] for row in connector.api.truth()}


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
    ids=["300", "60", "39", "1 behind", "5 behind", "remaining, 199", "199, short pages"],
)
def test_a_count_that_is_capped_or_behind_leaves_no_row_out(interpretation: Interpretation) -> None:
    """Windows that hold more than is counted prove themselves, in twice the requests."""
    connector = Connector(interpretation=interpretation)
    assert connector.load() == []
    assert (connector.is_whole, connector.is_done) == (True, True)
    is_above_windows = interpretation.count_cap == 300
    assert ("walk" in {audit.proof for audit in connector.audits}) is not is_above_windows
    connector.load()
    assert len(connector.audits) == 1


@pytest.mark.parametrize(("customers", "before"), [(1, 134), (3, 185)])
def test_the_proof_of_a_first_sync_costs_little(customers: int, before: int) -> None:
    """No more than a tenth more requests than when a count alone was believed: `before`, by measurement."""
    connector = Connector(rows=20_000, customers=customers, page_size=200, max_concurrency=4)
    assert connector.load() == []
    assert connector.is_whole
    assert len(connector.asked) <= 1.1 * before
    connector.load()
    assert len(connector.asked) == 2 * customers


def test_a_customer_without_rows_costs_one_request_more() -> None:
    """Nothing is believed when it is said twice."""
    connector = Connector(rows=0)
    for _ in range(2):
        assert connector.load() == []
        assert [query["limit"] for query in connector.asked] == ["1", "20", "20"]


def nothing_found(number: int, query: dict[str, str]) -> Burst | None:
    """Each answer that should hold rows holds none; what is counted is right."""
    return None if query["limit"] == "1" else EMPTY


def test_a_repair_that_finds_less_than_is_there_fails() -> None:
    """An empty answer is believed when it is given twice; but the verification has just seen rows there."""
    connector = Connector()
    connector.strikes = nothing_found
    customer = connector.api.customer_ids[0]
    order = tasks.Order("repair", repairs={customer: [tasks.Repair(Window(), 3)]})
    reader = tasks.Reader(replace(connector.settings, customer_ids=[customer]), connector)
    (task,) = tasks.for_order(order, reader)
    with pytest.raises(IncompleteSweepError, match="expected 3 interactions, got 0"):
        list(task)
    assert (task.audit.status, task.audit.proof, task.audit.reason) == ("failed", None, "IncompleteSweepError")


def test_a_verification_that_finds_less_than_was_counted_fails() -> None:
    """Its rows would be marked as lost; a count that was too high is counted again."""
    connector = Connector()
    customer = connector.api.customer_ids[0]
    reader = tasks.Reader(connector.settings, connector)
    total = len(connector.api.truth(customer))
    assert len(verification._received(reader, customer, Window(), total + 1)) == total
    connector.strikes = nothing_found
    with pytest.raises(IncompleteSweepError, match=f"expected {total} interactions, got 0"):
        verification._received(reader, customer, Window(), total)
