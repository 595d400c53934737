"""The clock, explicit changes, and the same over HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from liine_source.emulator import Emulator, Request, create_emulator, running_emulator
from tests.emulator.calls import Reply, ask, get, log_in, send

CHANGED = {
    "outcome", "revenue", "appointment_status", "lead_id", "provider_names", "last_touch_session_extras",
    "is_spam_likely", "spam_likely_reason", "helper_cell", "sara_lead_id_reason",
}  # fmt: skip


@pytest.mark.parametrize("interactions", [60, 5_000])
def test_a_day_brings_new_rows_and_changes_old_ones(interactions: int) -> None:
    """However few there are, a day brings new interactions and each kind of change, with `updated_at` moving."""
    emulator = create_emulator(interactions=interactions)
    before = {row["id"]: row for row in emulator.truth()}
    assert emulator.advance(timedelta(days=1)) == emulator.now == datetime(2025, 12, 16, 18, tzinfo=UTC)
    after = {row["id"]: row for row in emulator.truth()}
    assert len(after) > len(before)
    assert before.keys() < after.keys()
    moved = {row_id for row_id in before if before[row_id] != after[row_id]}
    fields = {name for row_id in moved for name in before[row_id] if before[row_id][name] != after[row_id][name]}
    assert fields > {"updated_at"}
    assert len(fields & CHANGED) >= 6
    for row_id in moved:
        assert after[row_id]["updated_at"] > "2025-12-15T18" > before[row_id]["updated_at"][:13]
        assert after[row_id]["start_time_tz"] == before[row_id]["start_time_tz"]
    born = [row["start_time_tz"] for row_id, row in after.items() if row_id not in before]
    assert "2025-12-15T18:00:00Z" < min(born) <= max(born) <= "2025-12-16T18:00:00Z"


def test_weeks_bring_what_comes_late() -> None:
    """Revenue, appointments and re-assigned leads of rows that are weeks old."""
    emulator = create_emulator(interactions=10_000, customers=1)
    before = {row["id"]: row for row in emulator.truth()}
    emulator.advance(timedelta(days=45))
    after = {row["id"]: row for row in emulator.truth()}
    changed = {name for row_id in before for name in before[row_id] if before[row_id][name] != after[row_id][name]}
    assert changed >= CHANGED
    attended = [row for row in before.values() if row["appointment_status"] == "Future Dated"]
    assert {after[row["id"]]["appointment_status"] for row in attended} >= {"Attended", "Canceled / No Show"}
    assert any(before[row_id]["revenue"] is None and after[row_id]["revenue"] for row_id in before)
    unfinished = [row_id for row_id, row in before.items() if row["call_status"] == "Analyzing"]
    assert all(row_id in after for row_id in unfinished)


def test_the_clock_stands_still_until_it_is_moved_and_never_goes_back() -> None:
    """Nothing changes by itself."""
    emulator = create_emulator(interactions=100)
    assert emulator.truth() == emulator.truth()
    with pytest.raises(ValueError, match="only moves forward"):
        emulator.advance(timedelta(seconds=-1))


def test_a_row_that_turns_out_to_be_spam_vanishes() -> None:
    """It is no longer among the others, and comes back with the parameter."""
    emulator = create_emulator(interactions=0, customers=1)
    row_id = emulator.insert(1001)
    emulator.change(row_id, is_spam_likely=True)
    assert ask(emulator, ("customer_id", 1001))["interactions"] == []
    assert emulator.truth(include_spam=False) == []
    answer = ask(emulator, ("customer_id", 1001), ("include_is_spam_likely", "false"))
    assert [row["id"] for row in answer["interactions"]] == [row_id]


def test_insert_change_remove() -> None:
    """A test says what a row is, what becomes of it, and that it is gone."""
    emulator = create_emulator(interactions=10, customers=2)
    born = emulator.insert(1002, name="Nobody", start_time="2025-07-01T09:00:00Z")
    row = next(row for row in emulator.truth(1002) if row["id"] == born)
    assert (row["start_time"], row["start_time_tz"]) == ("2025-07-01T09:00:00Z", "2025-07-01T16:00:00Z")
    assert (row["name"], row["interaction_type"], row["updated_at"][:19]) == ("Nobody", "call", "2025-12-15T18:00:00")
    emulator.change(born, touch_updated_at=False, revenue=10.25, start_time_tz="2025-12-15T17:59:59Z", start_time="x")
    later = emulator.truth(1002)[0]
    assert (later["id"], later["revenue"], later["updated_at"]) == (born, 10.25, row["updated_at"])
    emulator.change(born, revenue=11)
    assert emulator.truth(1002)[0]["updated_at"] > row["updated_at"]
    emulator.remove(born)
    assert born not in {row["id"] for row in emulator.truth()}
    assert len(emulator) == 10


@pytest.mark.parametrize("fields", [{"id": 5}, {"customer_id": 1002}])
def test_a_row_keeps_its_id_and_customer(fields: dict[str, Any]) -> None:
    """These would be another row."""
    emulator = create_emulator(interactions=0, customers=2)
    row_id = emulator.insert(1001, id=4)
    with pytest.raises(ValueError, match="keeps its id"):
        emulator.change(row_id, **fields)
    with pytest.raises(ValueError, match="of this id"):
        emulator.insert(1002, id=4)


def test_a_removed_row_stays_away() -> None:
    """What would have become of it does not bring it back."""
    emulator = create_emulator(interactions=3_000, customers=1)
    gone = {row["id"] for row in emulator.truth()}
    for row_id in gone:
        emulator.remove(row_id)
    emulator.advance(timedelta(days=60))
    assert gone.isdisjoint(row["id"] for row in emulator.truth())


@pytest.fixture(scope="module")
def api() -> Iterator[Emulator]:
    with running_emulator(interactions=40, customers=2) as emulator:
        yield emulator


def post(api: Emulator, name: str, **body: Any) -> Reply:
    return send(api, "POST", f"/_emulator/{name}", json.dumps(body))


def test_the_controls(api: Emulator) -> None:
    """All that a test does in Python can be done over HTTP, without a token and outside the log."""
    state = post(api, "advance", days=1, hours=2).json
    assert state["now"] == "2025-12-16T20:00:00Z"
    assert state["zones"] == {"1001": "America/New_York", "1002": "America/Los_Angeles"}
    assert state["interactions"] == len(api.truth()) > 40
    assert send(api, "GET", "/_emulator/truth").json == {"interactions": api.truth()}
    one = send(api, "GET", "/_emulator/truth?customer_id=1002&include_spam=false").json["interactions"]
    assert one == api.truth(1002, include_spam=False)
    row_id = post(api, "insert", customer_id=1001, fields={"name": "N"}).json["id"]
    assert post(api, "change", id=row_id, fields={"name": "M"}).json == {"id": row_id}
    assert next(row for row in api.truth() if row["id"] == row_id)["name"] == "M"
    assert post(api, "remove", id=row_id).status == 200
    assert row_id not in {row["id"] for row in api.truth()}
    assert send(api, "GET", "/_emulator/state").json["requests"] == len(api.requests) == 0


def test_the_controls_switch_readings_and_faults(api: Emulator) -> None:
    """Those named change, the others stay."""
    assert post(api, "interpretation", count="page", token_validity=90).json["token_validity"] == "PT90S"
    assert (api.interpretation.count, api.interpretation.token_validity, api.interpretation.cursor) == (
        "page",
        timedelta(seconds=90),
        "last",
    )
    post(api, "faults", bursts=[{"kind": "status", "status": 502, "next": 1}])
    post(api, "faults", login_failures=1)
    assert (log_in(api).status, get(api).status, get(api).status) == (503, 502, 200)
    assert send(api, "GET", "/_emulator/faults").json["login_failures"] == 1
    assert send(api, "GET", "/_emulator/interpretation").json["count"] == "page"
    assert send(api, "GET", "/_emulator/requests").json[-1] == {
        "method": "GET",
        "path": "/call_log/interactions/",
        "params": ["customer_id"],
        "has_token": True,
        "authorized": True,
        "status": 200,
    }
    assert post(api, "revoke").status == 200
    assert isinstance(api.requests[0], Request)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("advance", {"weeks": 1}),
        ("advance", {}),
        ("advance", {"days": -1}),
        ("interpretation", {"colour": "blue"}),
        ("interpretation", {"count": "sometimes"}),
        ("faults", {"bursts": [{"kind": "flood"}]}),
        ("change", {"id": 1, "fields": {}}),
        ("insert", {"customer_id": 5}),
    ],
)
def test_a_control_refuses_what_it_does_not_know(api: Emulator, name: str, body: dict[str, Any]) -> None:
    """A mistake in a demo is told, not swallowed."""
    assert post(api, name, **body).status == 400


def test_serve_runs_in_a_process_of_its_own() -> None:
    """`serve` tells where it listens through `on_ready`, prints nothing itself, and ends with the process."""
    program = (
        "from liine_source.emulator import serve\n"
        "serve(port=0, interactions=3, customers=1, on_ready=lambda api: print(api.base_url, flush=True))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  a script of our own
        assert process.stdout is not None
        try:
            remote = create_emulator(interactions=0)
            remote.base_url = process.stdout.readline().strip()
            assert len(get(remote, include_is_spam_likely=1).json["interactions"]) == 3
        finally:
            process.terminate()
        assert process.stdout.read() == ""
