"""Random histories of the API: after a quiet sync, during which nothing changes, the warehouse equals the API.

Guaranteed, whatever happened before and during earlier syncs: every row of the API is loaded once, with its current
values, lists and objects; any other row is one that the API no longer returns. Changes that do not move `updated_at`
are guaranteed for the last `lookback_days`, by a sync for which a lookback is due. A sync may fail with an error
instead only where a page is not larger than the rows of one second or, without a total, of the hours by which a
customer's clocks may differ. Nothing is guaranteed there if the API also cuts pages without reporting its limit.
One answer during a sync may be wrong: no row where there are some, or a wrong count.
"""

import json
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liine_source import source, sync
from liine_source.api import client
from liine_source.api.auth import LiineCredentials
from liine_source.emulator import Burst, Emulator, Interpretation, running_emulator
from liine_source.emulator.http.breakage import corrupt_page
from liine_source.emulator.http.server import create_emulator
from liine_source.emulator.http.service import Answer, refuse
from liine_source.errors import LoginRefusedError
from liine_source.extract import pagination, sweep, tasks, track
from liine_source.extract import reader as readers
from liine_source.extract.load_request import LoadRequest, RunProgress
from liine_source.extract.plan import plan_tasks
from liine_source.extract.reader import Reader
from liine_source.extract.state import SourceState
from liine_source.load import tables
from liine_source.privacy.masking import Masker
from liine_source.settings import Settings
from liine_source.spec.tables import CHILD_TABLES, INTERACTIONS, LOAD_ID
from tests.support.warehouse import _TYPES, _wrong_fields, differences

pytestmark = pytest.mark.slow("histories")

SOAK = int(os.environ.get("LIINE_SOAK", "0"))
COMMON = {
    "deadline": None,
    "database": None,
    "derandomize": not SOAK,
    "print_blob": False,
    "suppress_health_check": list(HealthCheck),
}

ZONES = ("America/New_York", "Etc/GMT+12", "Pacific/Kiritimati", "Asia/Kathmandu", "Australia/Lord_Howe")
START_TIMES = ("2025-12-15T18:00:00", "2025-11-02T06:30:00", "2026-03-01T00:00:00", "2025-06-30T23:59:59")
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
PAUSES = (SECOND, 3 * HOUR, 13 * HOUR, DAY + 7 * HOUR, 2 * DAY, 3 * DAY, 4 * DAY, 8 * DAY)
CHANGES: tuple[dict[str, Any], ...] = (
    {"outcome": "Booked", "revenue": 12.34},
    {"provider_names": ["Dr. A", "Dr. B", "Dr. A"]},
    {"provider_names": ["Dr. B"]},
    {"provider_names": []},
    {"initial_session_extras": {"a": "1", "b": [2]}},
    {"initial_session_extras": None, "last_touch_session_extras": {}},
    {"duration": "n/a"},
    {"duration": 12},
)
BASIC_STEPS = ("wait", "insert", "late", "tie", "change", "change", "move", "spam")
ALL_STEPS = (*BASIC_STEPS, "untouched", "remove", "restore")
# Answers that are well-formed but wrong.
WRONG_ANSWERS: dict[str, Burst] = {
    "empty": Burst(kind="empty"),
    "no rows": Burst(kind="no_rows"),
    "count too low": Burst(kind="wrong_count"),
    "count too high": Burst(kind="wrong_count", count_off=1),
    "count null": Burst(kind="wrong_count", count_off=None),
}
FAULTS = ("fail", "fail", "crash", "lose", *WRONG_ANSWERS)


@dataclass(frozen=True)
class Step:
    """Something that happens; `place` selects the row or customer, `size` how much."""

    kind: str
    place: int
    size: int


@dataclass(frozen=True)
class Round:
    """Steps before a load, and steps during it, each with the number of the request it precedes."""

    before: list[Step]
    during: list[tuple[int, Step]]
    kind: str = "sync"

    @property
    def is_quiet(self) -> bool:
        return self.kind == "sync" and not self.during


@dataclass(frozen=True)
class History:
    """An API, how the connector reads it, and what happens."""

    world: dict[str, Any]
    interpretation: dict[str, Any]
    options: dict[str, Any]
    rounds: list[Round]


class Api:
    """The emulator, what happens to it, and which of that the connector cannot know."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.removed: dict[int, dict[str, Any]] = {}
        self.untouched: set[int] = set()
        self.pending_steps: dict[int, list[Step]] = {}
        self.fault = ""
        # Times of the last answer to each thread: days may pass before the thread continues.
        self.last = threading.local()
        self._answer = emulator.interactions
        self._request_count = 0
        self._lock = threading.Lock()
        emulator.interactions = self.interactions

    @contextmanager
    def during(self, steps: list[tuple[int, Step]]) -> Iterator[None]:
        """Apply each step before its request is answered, or at the end if the request is never made."""
        self._request_count, self.fault = 0, ""
        self.pending_steps = defaultdict(list)
        for request, step in steps:
            self.pending_steps[request].append(step)
        yield
        for unreached in self.pending_steps.values():
            for step in unreached:
                self.apply(step)
        self.pending_steps = {}

    def interactions(self, pairs: Any) -> Answer:
        with self._lock:
            self._request_count += 1
            steps = self.pending_steps.pop(self._request_count, [])
            for step in steps:
                self.apply(step)
            self.last.date, self.last.now = self.emulator.date_header(), self.emulator.now
            kinds = {step.kind for step in steps}
            answer = refuse(404, "on purpose") if "fail" in kinds else self._answer(pairs)
            for kind in kinds & WRONG_ANSWERS.keys():
                answer = Answer(answer.status, corrupt_page(answer.body, WRONG_ANSWERS[kind]))
            return answer

    def apply(self, step: Step) -> None:
        """Apply one step; a step that concerns a row does nothing if there is none."""
        rows = list(self.truth().values())
        row = rows[step.place % len(rows)] if rows else {}
        customer = self.emulator.customer_ids[step.place % len(self.emulator.customer_ids)]
        start = self.emulator.now - step.size * DAY / 3
        match step.kind:
            case "wait":
                self.emulator.advance(PAUSES[step.size % len(PAUSES)])
            case "insert":
                self.emulator.insert(customer)
            case "late":
                self.emulator.insert(customer, start_time_tz=_format(start))
            case "restore" if self.removed:
                row_id, was = self.removed.popitem()
                self.emulator.insert(was["customer_id"], id=row_id, start_time_tz=was["start_time_tz"])
            case "crash" | "lose":
                self.fault = step.kind
            case "tie" | "untouched" | "change" | "spam" | "move" | "remove" if row:
                self._change_row(step, row, start)

    def _change_row(self, step: Step, row: dict[str, Any], start: datetime) -> None:
        row_id, change = row["id"], CHANGES[step.size % len(CHANGES)]
        match step.kind:
            case "tie":
                for number in range(1 + step.size % 3):
                    self.emulator.insert(row["customer_id"], start_time_tz=row["start_time_tz"], duration=number)
                return
            case "untouched":
                self.emulator.change(row_id, touch_updated_at=False, **change)
                self.untouched.add(row_id)
                return
            case "change":
                self.emulator.change(row_id, **change)
            case "spam":
                self.emulator.change(row_id, is_spam_likely=not row.get("is_spam_likely"))
            case "move":
                local = start.astimezone(ZoneInfo(self.emulator.zone(row["customer_id"])))
                self.emulator.change(row_id, start_time_tz=_format(start), start_time=_format(local))
            case "remove":
                self.emulator.remove(row_id)
                self.removed[row_id] = row
        self.untouched.discard(row_id)

    def truth(self) -> dict[int, dict[str, Any]]:
        """The API's rows by id, in the format of the reference, whichever format the API uses."""
        interpretation = self.emulator.interpretation
        self.emulator.interpretation = replace(interpretation, types="documented", nulls="present")
        rows = self.emulator.truth()
        self.emulator.interpretation = interpretation
        return {row["id"]: row for row in rows}

    def is_crowded(self, page_size: int) -> bool:
        """Whether rows of one customer that a cursor cannot distinguish fill the smallest page.

        Those are the rows of a second or, without a total, of the hours by which the customer's clocks may differ.
        """
        rows = self.truth().values()
        fill = min(page_size, self.emulator.interpretation.limit_cap)
        for customer in self.emulator.customer_ids:
            own = [row for row in rows if row["customer_id"] == customer]
            clocks = [sorted(map(_parse, (row[clock] for row in own))) for clock in ("start_time", "start_time_tz")]
            offsets = [_parse(row["start_time"]) - _parse(row["start_time_tz"]) for row in own]
            has_total = self.has_total
            span = timedelta(0) if has_total or not own else max(offsets) - min(offsets) + HOUR
            for first in range(len(own) - fill + 1):
                if any(times[first + fill - 1] - times[first] <= span for times in clocks):
                    return True
        return False

    @property
    def has_total(self) -> bool:
        """Whether `count` is the number of all rows."""
        interpretation = self.emulator.interpretation
        return interpretation.count == "total" and interpretation.count_cap is None and not interpretation.count_lag

    def cuts_pages_silently(self, page_size: int) -> bool:
        """Whether the API may cut a page unnoticed, and no other request would reveal it."""
        interpretation = self.emulator.interpretation
        is_unreported = interpretation.limit_cap < page_size and interpretation.limit_echo == "requested"
        return is_unreported and not self.has_total and self.is_crowded(page_size)


def _parse(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("Z"))


def _format(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class _IgnoreEvents:
    """An observer, so that a failed customer does not end the extraction."""

    def __getattr__(self, _: str) -> Any:
        return lambda *_: None


class Memory:
    """A connector whose client calls the emulator without HTTP, and whose warehouse is a dictionary.

    Rows are merged as dlt does with the hints of `source`: by delete and insert, without removing a load's repeats.
    """

    def __init__(self, api: Api, **options: Any) -> None:
        self.rows = options.pop("rows")
        self.settings = Settings(
            api.emulator.customer_ids, LiineCredentials(), "", {}, since=None, until=None, **options
        )
        self.state: dict[str, Any] = {}
        self.failures: list[Any] = []
        self.complete: set[int] = set()
        self.merged: dict[str, dict[int, list[dict[str, Any]]]] = defaultdict(dict)
        self._api = api

    def fetch_page(self, pairs: Any, what: str, stats: client.RequestStats | None = None) -> client.Page:
        """Read a page as the client does, but without retries."""
        answer = self._api.emulator.interactions([(name, value) for name, value in pairs])
        if self._api.fault == "crash":
            raise LoginRefusedError(what)
        headers = {"Date": self._api.last.date} if self._api.last.date else {}
        return client._read_page(client.Answer(answer.status, headers, answer.body), what)

    def load(self, kind: str) -> set[int]:
        """Run the loads of one request as `commands.run` does; return the customers that failed."""
        request, progress = LoadRequest(kind, self.rows, restart=True), RunProgress()
        self.failures = progress.failures
        masker = Masker(self.settings.policy)
        extraction = source._Extraction(self.settings, request, progress, _IgnoreEvents())
        progress.is_unfinished = True
        while progress.is_unfinished and not self._api.fault:
            progress.is_unfinished = False
            state = json.loads(json.dumps(self.state))
            builder = tables.PageTables("a load", {})
            try:
                reader = Reader(self.settings, self, SourceState(state), seen_ids=progress.seen_ids)
                planned = plan_tasks(request, progress, reader)
                progress.has_started = True
                loaded = list(tables.batched(source._read_tasks(extraction, planned, builder, masker), 10_000, 10**9))
            except LoginRefusedError:
                break
            # State is stored with the rows, so a lost load leaves none.
            if not self._api.fault:
                self._merge(loaded)
                self.state = state
        failed = {customer for customer, _ in self.failures}
        if kind == "sync" and not self._api.fault:
            self.complete |= set(self.settings.customer_ids) - failed
        return failed

    def _merge(self, loaded: list[tables.Tables]) -> None:
        for name, key in {INTERACTIONS: "id", **dict.fromkeys(CHILD_TABLES, "interaction_id")}.items():
            found = defaultdict(list)
            for part in loaded:
                for row in part[name].to_pylist() if name in part else ():
                    found[row[key]] += [] if row.get("is_cleared") else [row]
            self.merged[name] |= found

    def differences(self, api: Api, failed: set[int], lookback: set[int]) -> list[str]:
        """Where the tables differ from the API; for customers that `failed`, only where a row is duplicated.

        Removed rows may be loaded or not. Changes that do not move `updated_at` must be loaded for the last days of
        customers with a `lookback`.
        """
        truth = api.truth()
        days = api.emulator.server_time().date() - self.settings.lookback_days * DAY
        wrong = [f"row {key} too many" for key in self.merged[INTERACTIONS].keys() - truth.keys() - api.removed.keys()]
        for key, row in truth.items():
            expected = row | _invalid_as_null(row)
            found = self.merged[INTERACTIONS].get(key, [])
            if len(found) > 1 or (not found and row["customer_id"] not in failed):
                wrong.append(f"row {key}: {len(found)} times")
            is_recent = row["start_time_tz"][:10] >= days.isoformat() and self.settings.lookback_days > 0
            is_guaranteed = key not in api.untouched or (row["customer_id"] in lookback and is_recent)
            if row["customer_id"] not in failed and is_guaranteed:
                wrong += [f"row {key}: {name}" for one in found for name in _wrong_fields(expected, one)]
                wrong += (
                    []
                    if self._children(key) == _expected_children(row)
                    else [f"row {key}: lists, objects or rejections"]
                )
        return wrong

    def _children(self, key: int) -> list[tuple[Any, ...]]:
        ours = ("interaction_id", "is_cleared", "reason", LOAD_ID)
        rows = [row for name in CHILD_TABLES for row in self.merged[name].get(key, [])]
        return sorted((tuple(value for name, value in row.items() if name not in ours) for row in rows), key=str)


def _invalid_as_null(row: dict[str, Any]) -> dict[str, None]:
    """The value that does not fit its column, as null."""
    return {"duration": None} if row["duration"] == "n/a" else {}


def _expected_children(row: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What the child tables should have for a row: provider names, extras, rejected values."""
    extras = [
        (touch, key, value if isinstance(value, str) else msgspec.json.encode(value).decode(), _TYPES[type(value)])
        for touch in ("initial", "last_touch")
        for key, value in (row.get(f"{touch}_session_extras") or {}).items()
    ]
    rejected = [(name, '"n/a"') for name in _invalid_as_null(row)]
    return sorted([*enumerate(row["provider_names"] or []), *extras, *rejected], key=str)


def _rounds(kinds: tuple[str, ...], faults: tuple[str, ...], most: int) -> st.SearchStrategy[list[Round]]:
    """Noisy rounds, each with at most one fault, and a quiet one."""
    place, size = st.integers(0, 499), st.integers(0, 99)
    before = st.lists(st.builds(Step, st.sampled_from(kinds), place, size), max_size=6)
    request = st.integers(1, 12) | st.integers(1, 25) | st.integers(20, 60)
    during = st.lists(
        st.tuples(request, st.builds(Step, st.sampled_from((*kinds, "wait", "wait", "late")), place, size)), max_size=8
    )
    fault = st.builds(Step, st.sampled_from(faults), place, size)
    at_most_one = st.just([]) | st.just([]) | st.lists(st.tuples(request, fault), max_size=1)
    noise = st.builds(list.__add__, during, at_most_one)
    kind = st.sampled_from(("sync", "sync", "sync", "sync", "backfill"))
    noisy = st.lists(st.builds(Round, before, noise, kind), max_size=most)
    return st.builds(lambda rounds, last: [*rounds, Round(last, [])], noisy, before)


def _either(**choices: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: st.sampled_from(values) for name, values in choices.items()})


WORLDS = _either(
    interactions=[0, 3, 30, 60, 90, 120],
    customers=[1, 1, 1, 2, 3],
    seed=range(1000),
    zones=[*((zone,) for zone in ZONES), ZONES, ZONES[::-1]],
    mixed_zones=[False, False, True],
    days=[60, 200, 1000],
    now=[datetime.fromisoformat(start).replace(tzinfo=UTC) for start in START_TIMES],
    ties=[1, 2, 3],
    tie_share=[0.05, 0.5, 1.0],
    arrivals_per_day=[0.5, 1.5],
)
INTERPRETATIONS = _either(
    cursor=["last", "first", "neither", "absent", "null"],
    cursor_comparison=["strict", "inclusive"],
    cursor_clock=["local", "utc"],
    order_clock=["local", "utc"],
    short_page_every=[0, 0, 2, 3],
    short_page_rows=[None, 1],
    limit_cap=[1000, 1000, 7],
    limit_echo=["requested", "effective"],
    count=["total", "total", "total", "remaining", "page", "absent", "null"],
    count_cap=[None, None, None, 15, 40],
    count_lag=[0, 0, 0, 1],
    dates_clock=["local", "utc"],
    end_date=["day", "midnight"],
    updated_date_clock=["local", "utc"],
    updated_at=["present", "present", "absent", "some"],
    fields=["documented", "sample", "unknown"],
    nulls=["present", "omitted"],
    vocabulary=["documented", "drifted"],
    types=["documented", "loose"],
    date_header=["virtual", "virtual", "absent"],
    # With days between a load's requests, nothing is guaranteed for a clock that is further ahead.
    date_skew=[timedelta(0), -2 * DAY, -HOUR, HOUR, DAY / 2],
)
OPTIONS = _either(
    page_size=[3, 4, 4, 5, 6, 8, 20],
    max_concurrency=[1, 1, 2, 4],
    rows=[None, 20, 60, 200],
    lookback_days=[0, 3, 90],
    lookback_every_days=[0, 0, 7],
)


def _is_guaranteed(history: History) -> bool:
    """Whether the end of a pagination pass can be trusted.

    Not if the page that is requested again may be short again, and not if rows are sorted by one clock and compared
    by the other while they have offsets from UTC that no earlier page has shown.
    """
    interpretation, world = history.interpretation, history.world
    if interpretation["short_page_every"] and history.options["max_concurrency"] > 1:
        return False
    has_offsets = world["mixed_zones"] or not {"America/New_York", "Australia/Lord_Howe"}.isdisjoint(world["zones"])
    return not has_offsets or interpretation["order_clock"] == interpretation["cursor_clock"]


HISTORIES = st.builds(History, WORLDS, INTERPRETATIONS, OPTIONS, _rounds(ALL_STEPS, FAULTS, 4)).filter(_is_guaranteed)


def test_quiet_sync_equals_api(record_property: Any) -> None:
    """The connector's tasks, sweeps and tables read the emulator without HTTP and dlt."""
    ran: Counter[str] = Counter()

    @settings(max_examples=SOAK or 500, **COMMON)
    @given(HISTORIES)
    def check_history(history: History) -> None:
        ran["histories"] += 1
        api = Api(create_emulator(Interpretation(**history.interpretation), **history.world))
        connector = Memory(api, **history.options)
        with _machine_clock(api):
            for round_ in history.rounds:
                is_last = round_ is history.rounds[-1]
                for step in round_.before:
                    api.apply(step)
                if is_last:
                    api.emulator.advance(history.options["lookback_every_days"] * DAY)
                is_due = is_last or not history.options["lookback_every_days"]
                lookback = connector.complete.copy() if is_due else set()
                with api.during(round_.during):
                    failed = connector.load(round_.kind)
                if round_.is_quiet:
                    ran["quiet syncs"] += 1
                    ran["of them failed"] += bool(failed)
                    assert not failed or api.is_crowded(history.options["page_size"]), connector.failures
                    if not api.cuts_pages_silently(history.options["page_size"]):
                        assert connector.differences(api, failed, lookback) == []

    check_history()
    record_property("shown", ", ".join(f"{count} {what}" for what, count in ran.items()))


@contextmanager
def _machine_clock(api: Api) -> Iterator[None]:
    """Let this machine's clock be right, for an API that reports no time."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return getattr(api.last, "now", api.emulator.now)

    with pytest.MonkeyPatch.context() as patch:
        for module in (pagination, readers, sweep, tasks, track):
            patch.setattr(module, "datetime", Clock)
        yield


SMALL_WORLDS = _either(interactions=[90], customers=[2], seed=range(1000), zones=[ZONES], days=[60, 1000])
DUCKDB_OPTIONS = _either(page_size=[4, 20], max_concurrency=[1, 3], lookback_days=[2000], lookback_every_days=[0])


@settings(max_examples=10, **COMMON)
@given(
    st.builds(
        History, SMALL_WORLDS, _either(end_date=["day", "midnight"]), DUCKDB_OPTIONS, _rounds(BASIC_STEPS, ("fail",), 2)
    )
)
def test_quiet_sync_to_duckdb_equals_api(history: History) -> None:
    """The same with HTTP, dlt and a DuckDB file."""
    file = Path("warehouse.duckdb")
    file.unlink(missing_ok=True)
    with running_emulator(Interpretation(**history.interpretation), **history.world) as emulator:
        api = Api(emulator)
        credentials = {"username": emulator.username, "password": emulator.password}
        place = {"customer_ids": emulator.customer_ids, "base_url": emulator.base_url, "credentials": credentials}
        for round_ in history.rounds:
            for step in round_.before:
                api.apply(step)
            with api.during(round_.during):
                report = sync(**place, **history.options)
            if round_.is_quiet:
                assert report.is_complete
                # A value that does not fit its column is loaded as null.
                rows = [row | _invalid_as_null(row) for row in api.truth().values()]
                assert differences(file, rows) == []
