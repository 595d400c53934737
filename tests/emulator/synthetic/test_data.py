"""The invented data: the right amount, reproducible by seed, and with every documented value."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from liine_source.emulator import DEFAULT_NOW, Emulator, create_emulator
from liine_source.emulator.synthetic.rows import SAMPLE_FIELDS, Row
from liine_source.spec import vocabulary
from liine_source.spec.fields import FIELDS


@pytest.fixture(scope="module")
def api() -> Emulator:
    return create_emulator(interactions=10_000)


@pytest.fixture(scope="module")
def rows(api: Emulator) -> list[dict[str, Any]]:
    return api.truth()


def test_rows_have_the_documented_fields() -> None:
    """The emulator's own list of 84 fields equals the spec's; 75 of them are in the sample."""
    assert set(Row.__struct_fields__) == {field.name for field in FIELDS}
    assert len(Row.__struct_fields__) == 84
    assert set(Row.__struct_fields__) - set(SAMPLE_FIELDS) == {
        "is_booked_later", "updated_at", "helper_cell", "google_analytics_client_id", "related_form_submission_id",
        "form_submission_id", "salient_interaction", "sara_lead_id_reason", "ehr_pms_patient_id",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("interaction_type", vocabulary.INTERACTION_TYPES),
        ("direction", vocabulary.DIRECTIONS),
        ("status", vocabulary.FIELD_STATUSES),
        ("call_status", vocabulary.CALL_STATUSES),
        ("call_type", vocabulary.FIELD_CALL_TYPES),
        ("outcome", vocabulary.FIELD_OUTCOMES),
        ("intent_level", vocabulary.FIELD_INTENT_LEVELS),
        ("appointment_status", vocabulary.APPOINTMENT_STATUSES),
        ("spam_likely_reason", vocabulary.SPAM_REASONS),
    ],
)
def test_every_documented_value_occurs(rows: list[dict[str, Any]], field: str, values: tuple[str, ...]) -> None:
    """10,000 rows contain every documented value and no other."""
    assert {row[field] for row in rows} - {None} == set(values)


def test_every_field_is_set_somewhere(rows: list[dict[str, Any]]) -> None:
    """Every field has a value in some row."""
    assert {name for row in rows for name, value in row.items() if value is not None} == set(Row.__struct_fields__)


def test_values_have_the_documented_types(rows: list[dict[str, Any]]) -> None:
    """Every value has its documented JSON type."""
    python: dict[str, Any] = {
        "text": str,
        "bool": bool,
        "bigint": int,
        "double": (int, float),
        "decimal": (int, float),
        "json": dict,
    }
    for field in FIELDS:
        kinds = {"list": list, "object": dict}.get(field.shape) or python.get(field.data_type, str)
        assert all(row[field.name] is None or isinstance(row[field.name], kinds) for row in rows), field.name


@pytest.mark.parametrize(("interactions", "customers"), [(0, 1), (1, 1), (2, 3), (17, 2), (1_000, 7)])
def test_number_of_interactions_is_exact(interactions: int, customers: int) -> None:
    """The start has exactly the requested rows, shared evenly among customers, with unique ids."""
    emulator = create_emulator(interactions=interactions, customers=customers)
    shares = [len(emulator.truth(customer)) for customer in emulator.customer_ids]
    assert (sum(shares), len(shares)) == (interactions, customers)
    assert max(shares) - min(shares) <= 1
    assert len({row["id"] for row in emulator.truth()}) == interactions == len(emulator)


def test_same_seed_gives_the_same_rows() -> None:
    """Equal settings give equal rows, also after the clock has moved in other steps to the same time."""
    first, second, other = (create_emulator(interactions=600, seed=seed) for seed in (5, 5, 6))
    assert first.truth() == second.truth() != other.truth()
    first.advance(timedelta(days=9))
    for _ in range(3):
        second.advance(timedelta(days=3))
    assert first.truth() == second.truth()


def test_wall_clocks(api: Emulator, rows: list[dict[str, Any]]) -> None:
    """`start_time` is local time with a Z and `start_time_tz` is UTC, in every season."""
    for row in rows:
        utc = datetime.fromisoformat(row["start_time_tz"])
        local = utc.astimezone(ZoneInfo(api.zone(row["customer_id"])))
        assert row["start_time"] == local.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert utc <= api.now
        assert row["start_time_tz"][:-1] <= row["updated_at"] <= "2025-12-15T18:00:01Z"
    assert [api.zone(customer) for customer in api.customer_ids] == [
        "America/New_York", "America/Los_Angeles", "Australia/Sydney",
    ]  # fmt: skip


def test_updated_at_is_the_last_change(rows: list[dict[str, Any]]) -> None:
    """A scored call was updated after its end, an attended appointment after its booking."""
    for row in rows:
        since = datetime.fromisoformat(row["updated_at"]) - datetime.fromisoformat(row["start_time_tz"])
        if row["call_status"] == "Connected":
            assert since >= timedelta(seconds=row["duration"] + 300)
        if row["appointment_status"] == "Attended":
            assert since > timedelta(days=1)


def test_repeated_hour_has_rows_before_and_after_the_change(rows: list[dict[str, Any]]) -> None:
    """At each of three autumn clock changes, rows share a local time but not a UTC time."""
    moments: dict[tuple[int, str], set[str]] = {}
    for row in rows:
        moments.setdefault((row["customer_id"], row["start_time"]), set()).add(row["start_time_tz"])
    twice = Counter((customer, local[:10]) for (customer, local), utc in moments.items() if len(utc) > 1)
    assert {day for customer, day in twice if customer == 1001} == {"2023-11-05", "2024-11-03", "2025-11-02"}
    assert {day for customer, day in twice if customer == 1003} == {"2023-04-02", "2024-04-07", "2025-04-06"}


@pytest.mark.parametrize(("ties", "tie_share"), [(1, 0.0), (7, 0.2), (60, 1.0)])
def test_ties(ties: int, tie_share: float) -> None:
    """The requested number of rows share a second."""
    emulator = create_emulator(interactions=1_200, customers=1, ties=ties, tie_share=tie_share)
    sizes = Counter(row["start_time_tz"] for row in emulator.truth())
    assert ties <= max(sizes.values()) <= max(ties + 2, 2)


def test_zones_can_be_chosen_and_mixed() -> None:
    """A location in another time zone makes the two clocks sort rows differently."""
    emulator = create_emulator(
        interactions=400, customers=2, zones=("Asia/Kolkata", "America/Denver"), mixed_zones=True
    )
    rows = emulator.truth(1001)
    shifts = {datetime.fromisoformat(row["start_time"]) - datetime.fromisoformat(row["start_time_tz"]) for row in rows}
    assert shifts == {timedelta(hours=5, minutes=30), -timedelta(hours=6), -timedelta(hours=7)}
    utc = [row["start_time_tz"] for row in rows]
    assert utc != sorted(utc, reverse=True)


def test_contact_details_are_fictional(rows: list[dict[str, Any]]) -> None:
    """Phone numbers are in the range for fiction, e-mail addresses at example.com."""
    assert all(row["phone_number"] == "Unknown" or row["phone_number"][4:9] == "55501" for row in rows)
    assert all((row["tracking_number"] or "19195550100")[4:9] == "55501" for row in rows)
    assert all((row["email"] or "@example.com").endswith("@example.com") for row in rows)
    assert any(not (row["name"] or "").isascii() for row in rows)


def test_journeys_are_consistent(rows: list[dict[str, Any]]) -> None:
    """A row that was booked later points to a later row of the journey, which is the operative one."""
    by_id = {row["id"]: row for row in rows}
    later = [row for row in rows if row["is_booked_later"]]
    assert len(later) > 500
    for row in later:
        booked = by_id[row["booked_later_interaction_id"]]
        assert booked["start_time_tz"] > row["start_time_tz"]
        assert booked["call_id"] != row["call_id"]
        assert booked["helper_cell"] is True
        assert row["outcome"] == "Booked Later"
    manual = [row for row in rows if row["manually_created"]]
    assert {(row["interaction_type"], row["direction"]) for row in manual} == {("call", "outbound")}
    assert all(row["duration"] is None for row in rows if row["interaction_type"] != "call")
    assert all(row["is_spam_likely"] for row in rows if row["spam_likely_reason"])
    assert any(row["sara_lead_id_reason"] for row in rows)
    assert any(row["provider_names"] == [] for row in rows)


def test_history_and_now_can_be_chosen() -> None:
    """No row is older than the history or newer than now."""
    now = datetime(2024, 2, 29, 12, tzinfo=UTC)
    starts = [row["start_time_tz"] for row in create_emulator(interactions=500, now=now, days=10).truth()]
    assert "2024-02-19T12:00:00Z" <= min(starts) <= max(starts) <= "2024-02-29T12:00:00Z"
    assert create_emulator(interactions=0).now == DEFAULT_NOW


@pytest.mark.parametrize(
    "settings",
    [
        {"customers": 0},
        {"interactions": -1},
        {"days": 0},
        {"ties": 0},
        {"zones": ()},
        {"now": datetime(2025, 1, 1)},  # noqa: DTZ001
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any]) -> None:
    """Settings that make no sense raise `ValueError` at once."""
    with pytest.raises(ValueError):
        create_emulator(**settings)


def test_unknown_settings_are_refused() -> None:
    """A misspelled setting raises `TypeError`."""
    with pytest.raises(TypeError):
        create_emulator(interaction=5)
