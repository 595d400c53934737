"""Random histories at the API: after each quiet sync, one during which nothing changes, the warehouse is the truth.

Promised, whatever happened before and during earlier syncs: every row that the API has is loaded once, with its
values, lists and objects of now; a row beyond those is one that the API no longer gives. Changes that do not move
`updated_at` are promised for the last `reread_days`, by a sync for which a reread is due. A sync may fail instead,
and say so, only where a page is not larger than the rows of one second or, where no count is a total, of the hours by
which a customer's clocks may differ. Nothing is promised there if besides the API cuts pages shorter than it says.
One answer of a sync may say what is not so: no row where there are some, or a wrong count.
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

from liine_source import client, source, sweep, sync, tables, tasks
from liine_source.auth import LiineCredentials
from liine_source.emulator import Burst, Emulator, Interpretation, running_emulator
from liine_source.emulator.http.breakage import corrupt_page
from liine_source.emulator.http.server import create_emulator
from liine_source.emulator.http.service import Answer, refuse
from liine_source.errors import LoginRefusedError
from liine_source.privacy import Treated
from liine_source.settings import Settings
from tests.warehouse import _TYPES, _wrong_fields, differences

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
MOMENTS = ("2025-12-15T18:00:00", "2025-11-02T06:30:00", "2026-03-01T00:00:00", "2025-06-30T23:59:59")
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
GENTLE = ("wait", "insert", "late", "tie", "change", "change", "move", "spam")
HARSH = (*GENTLE, "untouched", "remove", "restore")
# Single answers that say what is not so.
ODD: dict[str, Burst] = {
    "empty": Burst(kind="empty"),
    "no rows": Burst(kind="no_rows"),
    "count too low": Burst(kind="wrong_count"),
    "count too high": Burst(kind="wrong_count", count_off=1),
    "count null": Burst(kind="wrong_count", count_off=None),
}
STRIKES = ("fail", "fail", "crash", "lose", *ODD)


@dataclass(frozen=True)
class Step:
    """Something that happens; `place` chooses the row or customer, `size` how much."""

    kind: str
    place: int
    size: int


@dataclass(frozen=True)
class Round:
    """Steps, then a load with steps `during` it, each when so many requests were made."""

    before: list[Step]
    during: list[tuple[int, Step]]
    kind: str = "sync"

    @property
    def is_quiet(self) -> bool:
        return self.kind == "sync" and not self.during


@dataclass(frozen=True)
class History:
    """An API, how it is read, and what happens."""

    world: dict[str, Any]
    interpretation: dict[str, Any]
    reading: dict[str, Any]
    rounds: list[Round]


class Api:
    """The emulator, what happens to it, and what nobody could know of that."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.gone: dict[int, dict[str, Any]] = {}
        self.untouched: set[int] = set()
        self.due: dict[int, list[Step]] = {}
        self.struck = ""
        # Of the last answer that a thread was given: days may pass before the thread goes on.
        self.last = threading.local()
        self._answer = emulator.interactions
        self._asked = 0
        self._lock = threading.Lock()
        emulator.interactions = self.interactions

    @contextmanager
    def during(self, steps: list[tuple[int, Step]]) -> Iterator[None]:
        """Let `steps` happen, each before so many requests are answered; those never reached happen at the end."""
        self._asked, self.struck = 0, ""
        self.due = defaultdict(list)
        for request, step in steps:
            self.due[request].append(step)
        yield
        for left in self.due.values():
            for step in left:
                self.happen(step)
        self.due = {}

    def interactions(self, pairs: Any) -> Answer:
        with self._lock:
            self._asked += 1
            steps = self.due.pop(self._asked, [])
            for step in steps:
                self.happen(step)
            self.last.date, self.last.now = self.emulator.date_header(), self.emulator.now
            kinds = {step.kind for step in steps}
            answer = refuse(404, "on purpose") if "fail" in kinds else self._answer(pairs)
            for kind in kinds & ODD.keys():
                answer = Answer(answer.status, corrupt_page(answer.body, ODD[kind]))
            return answer

    def happen(self, step: Step) -> None:
        """Let one step happen; what would concern a row does nothing where there is none."""
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
                self.emulator.insert(customer, start_time_tz=_spelled(start))
            case "restore" if self.gone:
                row_id, was = self.gone.popitem()
                self.emulator.insert(was["customer_id"], id=row_id, start_time_tz=was["start_time_tz"])
            case "crash" | "lose":
                self.struck = step.kind
            case "tie" | "untouched" | "change" | "spam" | "move" | "remove" if row:
                self._befall(step, row, start)

    def _befall(self, step: Step, row: dict[str, Any], start: datetime) -> None:
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
                self.emulator.change(row_id, start_time_tz=_spelled(start), start_time=_spelled(local))
            case "remove":
                self.emulator.remove(row_id)
                self.gone[row_id] = row
        self.untouched.discard(row_id)

    def truth(self) -> dict[int, dict[str, Any]]:
        """The rows by id, in the reference's own spelling, whichever the API uses."""
        interpretation = self.emulator.interpretation
        self.emulator.interpretation = replace(interpretation, types="documented", nulls="present")
        rows = self.emulator.truth()
        self.emulator.interpretation = interpretation
        return {row["id"]: row for row in rows}

    def is_crowded(self, page_size: int) -> bool:
        """Whether rows of one customer that a cursor cannot tell apart fill the least page.

        Those are the rows of a second or, where no count is a total, of the hours by which the clocks may differ.
        """
        rows = self.truth().values()
        fill = min(page_size, self.emulator.interpretation.limit_cap)
        for customer in self.emulator.customer_ids:
            own = [row for row in rows if row["customer_id"] == customer]
            clocks = [sorted(map(_read, (row[clock] for row in own))) for clock in ("start_time", "start_time_tz")]
            offsets = [_read(row["start_time"]) - _read(row["start_time_tz"]) for row in own]
            is_counted = self.is_counted
            span = timedelta(0) if is_counted or not own else max(offsets) - min(offsets) + HOUR
            for first in range(len(own) - fill + 1):
                if any(ordered[first + fill - 1] - ordered[first] <= span for ordered in clocks):
                    return True
        return False

    @property
    def is_counted(self) -> bool:
        """Whether `count` tells all rows."""
        interpretation = self.emulator.interpretation
        return interpretation.count == "total" and interpretation.count_cap is None and not interpretation.count_lag

    def cuts_in_silence(self, page_size: int) -> bool:
        """Whether a page may be full without a sign of it, and another that would show it cannot be asked for."""
        interpretation = self.emulator.interpretation
        is_untold = interpretation.limit_cap < page_size and interpretation.limit_echo == "requested"
        return is_untold and not self.is_counted and self.is_crowded(page_size)


def _read(spelled: str) -> datetime:
    return datetime.fromisoformat(spelled.removesuffix("Z"))


def _spelled(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class Memory:
    """A connector whose client asks the emulator without HTTP, and whose warehouse is a dictionary.

    Rows are merged as the hints of `source` tell dlt: by delete and insert, a load's own repeats not removed.
    """

    def __init__(self, api: Api, **reading: Any) -> None:
        self.rows = reading.pop("rows")
        self.settings = Settings(
            api.emulator.customer_ids, LiineCredentials(), "", {}, since=None, until=None, **reading
        )
        self.state: dict[str, Any] = {}
        self.complete: set[int] = set()
        self.merged: dict[str, dict[int, list[dict[str, Any]]]] = defaultdict(dict)
        self._api = api

    def page(self, pairs: Any, what: str, tally: client.Tally | None = None) -> client.Page:
        """Read a page as the client does; a failure is not tried again."""
        answer = self._api.emulator.interactions([(name, value) for name, value in pairs])
        if self._api.struck == "crash":
            raise LoginRefusedError(what)
        headers = {"Date": self._api.last.date} if self._api.last.date else {}
        return client._read_page(client._Answer(answer.status, headers, answer.body), what)

    def load(self, kind: str) -> set[int]:
        """Run the loads of one order as `runs` does; return the customers who failed."""
        self.settings.failures.clear()
        order = tasks.Order(kind, self.rows, is_anew=True)
        treated = Treated(self.settings.privacy)
        order.is_unfinished = True
        while order.is_unfinished and not self._api.struck:
            order.is_unfinished = False
            state = json.loads(json.dumps(self.state))
            builder = tables.PageTables("a load", {})
            try:
                waiting = tasks.for_order(order, tasks.Reader(self.settings, self, state, order.emitted))
                loaded = list(tables.batched(source._swept(self.settings, order, waiting, builder, treated), 10_000))
            except LoginRefusedError:
                break
            # What was extracted and never reached the warehouse has left no state there either.
            if not self._api.struck:
                self._merge(loaded)
                self.state = state
        failed = {customer for customer, _ in self.settings.failures}
        if kind == "sync" and not self._api.struck:
            self.complete |= set(self.settings.customer_ids) - failed
        return failed

    def _merge(self, loaded: list[tables.Tables]) -> None:
        for name, key in {tables.INTERACTIONS: "id", **dict.fromkeys(tables.CHILDREN, "interaction_id")}.items():
            found = defaultdict(list)
            for part in loaded:
                for row in part[name].to_pylist() if name in part else ():
                    found[row[key]] += [] if row.get("is_cleared") else [row]
            self.merged[name] |= found

    def differences(self, api: Api, failed: set[int], reread: set[int]) -> list[str]:
        """Say where the tables are not the truth; of customers who `failed`, only where a row is doubled.

        Rows that are gone may be there or not. Changes that nobody could know of must be there for the last days of
        customers who had a `reread`.
        """
        truth = api.truth()
        days = api.emulator.server_time().date() - self.settings.reread_days * DAY
        told = [
            f"row {key} too many" for key in self.merged[tables.INTERACTIONS].keys() - truth.keys() - api.gone.keys()
        ]
        for key, row in truth.items():
            expected = row | _unfit(row)
            found = self.merged[tables.INTERACTIONS].get(key, [])
            if len(found) > 1 or (not found and row["customer_id"] not in failed):
                told.append(f"row {key}: {len(found)} times")
            is_recent = row["start_time_tz"][:10] >= days.isoformat() and self.settings.reread_days > 0
            is_promised = key not in api.untouched or (row["customer_id"] in reread and is_recent)
            if row["customer_id"] not in failed and is_promised:
                told += [f"row {key}: {name}" for one in found for name in _wrong_fields(expected, one)]
                told += [] if self._children(key) == _children_of(row) else [f"row {key}: lists, objects or rejections"]
        return told

    def _children(self, key: int) -> list[tuple[Any, ...]]:
        ours = ("interaction_id", "is_cleared", "reason", tables.LOAD_ID)
        rows = [row for name in tables.CHILDREN for row in self.merged[name].get(key, [])]
        return sorted((tuple(value for name, value in row.items() if name not in ours) for row in rows), key=str)


def _unfit(row: dict[str, Any]) -> dict[str, None]:
    """The value that does not fit its column."""
    return {"duration": None} if row["duration"] == "n/a" else {}


def _children_of(row: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What stands in the child tables for a row: provider names, session extras, rejected values."""
    extras = [
        (touch, key, value if isinstance(value, str) else msgspec.json.encode(value).decode(), _TYPES[type(value)])
        for touch in ("initial", "last_touch")
        for key, value in (row.get(f"{touch}_session_extras") or {}).items()
    ]
    rejected = [(name, '"n/a"') for name in _unfit(row)]
    return sorted([*enumerate(row["provider_names"] or []), *extras, *rejected], key=str)


def _rounds(kinds: tuple[str, ...], strikes: tuple[str, ...], most: int) -> st.SearchStrategy[list[Round]]:
    """Noisy rounds, at most one strike in each, then a quiet one."""
    place, size = st.integers(0, 499), st.integers(0, 99)
    before = st.lists(st.builds(Step, st.sampled_from(kinds), place, size), max_size=6)
    request = st.integers(1, 12) | st.integers(1, 25) | st.integers(20, 60)
    during = st.lists(
        st.tuples(request, st.builds(Step, st.sampled_from((*kinds, "wait", "wait", "late")), place, size)), max_size=8
    )
    strike = st.builds(Step, st.sampled_from(strikes), place, size)
    struck = st.just([]) | st.just([]) | st.lists(st.tuples(request, strike), max_size=1)
    noise = st.builds(list.__add__, during, struck)
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
    now=[datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in MOMENTS],
    ties=[1, 2, 3],
    tie_share=[0.05, 0.5, 1.0],
    arrivals_per_day=[0.5, 1.5],
)
READINGS = _either(
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
    # A clock that is ahead by more than half a day, with days between a load's requests, is nobody's promise.
    date_skew=[timedelta(0), -2 * DAY, -HOUR, HOUR, DAY / 2],
)
READING = _either(
    page_size=[3, 4, 4, 5, 6, 8, 20],
    max_concurrency=[1, 1, 2, 4],
    rows=[None, 20, 60, 200],
    reread_days=[0, 3, 90],
    reread_every_days=[0, 0, 7],
)


def _is_promised(history: History) -> bool:
    """Whether the walk's own end may be trusted.

    Not where the one page that is asked for again may come short again, and not yet where rows are ordered by one
    clock and compared by the other while they have offsets from UTC that no earlier page has shown.
    """
    interpretation, world = history.interpretation, history.world
    if interpretation["short_page_every"] and history.reading["max_concurrency"] > 1:
        return False
    has_offsets = world["mixed_zones"] or not {"America/New_York", "Australia/Lord_Howe"}.isdisjoint(world["zones"])
    return not has_offsets or interpretation["order_clock"] == interpretation["cursor_clock"]


HISTORIES = st.builds(History, WORLDS, READINGS, READING, _rounds(HARSH, STRIKES, 4)).filter(_is_promised)


def test_a_quiet_sync_brings_the_truth(record_property: Any) -> None:
    """The connector's tasks, sweeps and tables against the emulator, without HTTP and dlt."""
    ran: Counter[str] = Counter()

    @settings(max_examples=SOAK or 500, **COMMON)
    @given(HISTORIES)
    def brings_the_truth(history: History) -> None:
        ran["histories"] += 1
        api = Api(create_emulator(Interpretation(**history.interpretation), **history.world))
        connector = Memory(api, **history.reading)
        with _machine_clock(api):
            for happening in history.rounds:
                is_last = happening is history.rounds[-1]
                for step in happening.before:
                    api.happen(step)
                if is_last:
                    api.emulator.advance(history.reading["reread_every_days"] * DAY)
                is_due = is_last or not history.reading["reread_every_days"]
                reread = connector.complete.copy() if is_due else set()
                with api.during(happening.during):
                    failed = connector.load(happening.kind)
                if happening.is_quiet:
                    ran["quiet syncs"] += 1
                    ran["of them failed, and said so"] += bool(failed)
                    assert not failed or api.is_crowded(history.reading["page_size"]), connector.settings.failures
                    if not api.cuts_in_silence(history.reading["page_size"]):
                        assert connector.differences(api, failed, reread) == []

    brings_the_truth()
    record_property("shown", ", ".join(f"{count} {what}" for what, count in ran.items()))


@contextmanager
def _machine_clock(api: Api) -> Iterator[None]:
    """Where the API tells no time, let this machine's clock be right."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return getattr(api.last, "now", api.emulator.now)

    with pytest.MonkeyPatch.context() as patch:
        for module in (sweep, tasks):
            patch.setattr(module, "datetime", Clock)
        yield


PLAIN = _either(interactions=[90], customers=[2], seed=range(1000), zones=[ZONES], days=[60, 1000])
THROUGH = _either(page_size=[4, 20], max_concurrency=[1, 3], reread_days=[2000], reread_every_days=[0])


@settings(max_examples=10, **COMMON)
@given(st.builds(History, PLAIN, _either(end_date=["day", "midnight"]), THROUGH, _rounds(GENTLE, ("fail",), 2)))
def test_a_quiet_sync_brings_the_truth_into_duckdb(history: History) -> None:
    """The same through HTTP, dlt and a DuckDB file."""
    file = Path("warehouse.duckdb")
    file.unlink(missing_ok=True)
    with running_emulator(Interpretation(**history.interpretation), **history.world) as emulator:
        api = Api(emulator)
        credentials = {"username": emulator.username, "password": emulator.password}
        place = {"customer_ids": emulator.customer_ids, "base_url": emulator.base_url, "credentials": credentials}
        for happening in history.rounds:
            for step in happening.before:
                api.happen(step)
            with api.during(happening.during):
                report = sync(**place, **history.reading)
            if happening.is_quiet:
                assert report.is_complete
                # What does not fit its column is null there.
                rows = [row | _unfit(row) for row in api.truth().values()]
                assert differences(file, rows) == []
