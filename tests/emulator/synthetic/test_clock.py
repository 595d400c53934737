"""What happens when the clock moves, and the changes that a test makes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from liine_source.emulator import create_emulator
from tests.emulator.calls import ask

CHANGED = {
    "outcome", "revenue", "appointment_status", "lead_id", "provider_names", "last_touch_session_extras",
    "is_spam_likely", "spam_likely_reason", "helper_cell", "sara_lead_id_reason",
}  # fmt: skip


@pytest.mark.parametrize("interactions", [60, 5_000])
def test_day_adds_rows_and_changes_old_ones(interactions: int) -> None:
    """A day adds interactions and makes every kind of change, even to a small history; `updated_at` follows."""
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


def test_weeks_bring_late_changes() -> None:
    """Rows that are weeks old get revenue, appointments and other leads."""
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


def test_clock_moves_only_on_request_and_only_forward() -> None:
    """Nothing changes until a test moves the clock, which cannot go back."""
    emulator = create_emulator(interactions=100)
    assert emulator.truth() == emulator.truth()
    with pytest.raises(ValueError, match="only moves forward"):
        emulator.advance(timedelta(seconds=-1))


def test_row_that_becomes_spam_is_left_out() -> None:
    """The row is missing from answers unless the request includes spam."""
    emulator = create_emulator(interactions=0, customers=1)
    row_id = emulator.insert(1001)
    emulator.change(row_id, is_spam_likely=True)
    assert ask(emulator, ("customer_id", 1001))["interactions"] == []
    assert emulator.truth(include_spam=False) == []
    answer = ask(emulator, ("customer_id", 1001), ("include_is_spam_likely", "false"))
    assert [row["id"] for row in answer["interactions"]] == [row_id]


def test_insert_change_remove() -> None:
    """A test can add a row, change it and remove it."""
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
def test_row_keeps_its_id_and_customer(fields: dict[str, Any]) -> None:
    """A change of id or customer is refused, and so is a second row with the same id."""
    emulator = create_emulator(interactions=0, customers=2)
    row_id = emulator.insert(1001, id=4)
    with pytest.raises(ValueError, match="keeps its id"):
        emulator.change(row_id, **fields)
    with pytest.raises(ValueError, match="of this id"):
        emulator.insert(1002, id=4)


def test_removed_row_does_not_return() -> None:
    """Changes scheduled for a removed row do not restore it."""
    emulator = create_emulator(interactions=3_000, customers=1)
    gone = {row["id"] for row in emulator.truth()}
    for row_id in gone:
        emulator.remove(row_id)
    emulator.advance(timedelta(days=60))
    assert gone.isdisjoint(row["id"] for row in emulator.truth())
