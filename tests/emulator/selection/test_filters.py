"""Each of the 76 parameters, compared with what its documented meaning selects from all rows."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from liine_source.emulator import Emulator, create_emulator
from liine_source.spec.filters import PARAMETERS
from tests.emulator.calls import ask

Row = dict[str, Any]
Pairs = list[tuple[str, object]]
Case = tuple[Pairs, Callable[[Row], bool]]

INACTIVE = {100106, 100107}
FOLLOW_UPS = {"New Lead (Follow-Up)", "New Lead (First Form Follow-Up)"}
NO_LEADS = {
    "Not A New Lead Call", "Not A New Lead Form", "Not A New Lead Online Booking", "Not A New Lead EHR/PMS Entry",
}  # fmt: skip


@pytest.fixture(scope="module")
def api() -> Emulator:
    """A thousand rows of each of three customers, and a few that no journey creates."""
    emulator = create_emulator(interactions=3_000, customers=3, seed=7)
    emulator.insert(1001, direction=None, lead_id="lead-a", call_id="call-a", name="ÉMILIE Test")
    emulator.insert(1001, lead_id="lead-b", call_id="call-b", last_touch_location="Mockham", initial_location=None)
    emulator.insert(1001, status=None, tracking_number=None, phone_number="12025550123", ehr_pms_patient_id="pms-Ab1")
    emulator.insert(1001, duration=300, messaging_utilization=50, revenue=500, is_spam_likely=False)
    emulator.insert(1001, outcome="Not Booked", reason_not_booked="Rescheduling", is_new=False)
    return emulator


def get_number(row: Row, name: str) -> float:
    """Return NaN for a missing value, which fails every comparison."""
    return float("nan") if row[name] is None else row[name]


def is_in_business_hours(row: Row) -> bool:
    """Customer 1001 is open Monday to Friday from 8 to 17, local time."""
    start = datetime.fromisoformat(row["start_time"])
    return start.weekday() < 5 and 8 <= start.hour < 17


def is_verified(row: Row) -> bool:
    return bool(row["is_analyzed"] and row["is_new"] and row["call_type"] == "New Lead" and not row["is_spam_likely"])


def is_opportunity(row: Row) -> bool:
    return row["outcome"] in ("Booked", "Not Booked", "Booked Later") and row["reason_not_booked"] != "Rescheduling"


GENERAL: dict[str, list[Case]] = {
    "start_date": [([("start_date", "2024-11-03")], lambda row: row["start_time"] >= "2024-11-03T00:00:00Z")],
    "end_date": [([("end_date", "2024-11-03")], lambda row: row["start_time"] <= "2024-11-03T23:59:59Z")],
    "updated_date": [([("updated_date", "2025-06-01")], lambda row: row["updated_at"][:10] >= "2025-06-01")],
    "pagination_timestamp": [
        ([("pagination_timestamp", "2024-11-03T01:30:00Z")], lambda row: row["start_time"] < "2024-11-03T01:30:00Z")
    ],
    "duration_min": [([("duration_min", 300)], lambda row: get_number(row, "duration") > 300)],
    "duration_max": [([("duration_max", "300")], lambda row: get_number(row, "duration") < 300)],
    "messaging_utilization_min": [
        ([("messaging_utilization_min", 50)], lambda row: get_number(row, "messaging_utilization") >= 50)
    ],
    "messaging_utilization_max": [
        ([("messaging_utilization_max", 50)], lambda row: get_number(row, "messaging_utilization") < 50)
    ],
    "first_time_interaction": [
        ([("first_time_interaction", "true")], lambda row: row["first_time_interaction"] is True),
        ([("first_time_interaction", "False")], lambda row: row["first_time_interaction"] is not True),
    ],
    "verified_new_lead": [
        ([("verified_new_lead", "True")], is_verified),
        ([("verified_new_lead", "0")], lambda row: not is_verified(row)),
    ],
    "type": [
        ([("type", "form")], lambda row: row["interaction_type"] == "form"),
        ([("type", "form"), ("type", "ehr_pms_entry")],
         lambda row: row["interaction_type"] in {"form", "ehr_pms_entry"}),
    ],
    "intent_level": [([("intent_level", "3rd Party")], lambda row: row["intent_level"] == "3rd Party")],
    "booking_opportunities": [
        ([("booking_opportunities", "true")], is_opportunity),
        ([("booking_opportunities", "false")], lambda row: not is_opportunity(row)),
    ],
    "agent": [
        ([("agent", 100101), ("agent", 100102)], lambda row: row["agent_id"] in (100101, 100102)),
        ([("agent", "null")], lambda row: row["agent_id"] is None),
        ([("agent", "inactive")], lambda row: row["agent_id"] in INACTIVE),
        ([("agent", "inactive"), ("agent", "100100"), ("agent", "null")],
         lambda row: row["agent_id"] in INACTIVE | {100100, None}),
    ],
    "agents": [
        ([("agents", "100101,100102")], lambda row: row["agent_id"] in (100101, 100102)),
        ([("agents", "inactive,null")], lambda row: row["agent_id"] in INACTIVE | {None}),
    ],
    "outcome": [
        ([("outcome", "Booked")], lambda row: row["outcome"] == "Booked"),
        ([("outcome", "Booked"), ("outcome", "Not Booked")], lambda row: row["outcome"] in ("Booked", "Not Booked")),
    ],
    "direction": [
        ([("direction", "outbound")], lambda row: row["direction"] == "outbound"),
        ([("direction", "outbound"), ("direction", "null")], lambda row: row["direction"] in ("outbound", None)),
    ],
    "status": [
        ([("status", "Answered")], lambda row: row["status"] == "Connected"),
        ([("status", "Not Answered"), ("status", "Busy")], lambda row: row["status"] in ("Not Connected", "Busy")),
        ([("status", "null"), ("status", "Error")], lambda row: row["status"] in (None, "Error")),
    ],
    "outcome_rnb": [
        ([("outcome_rnb", "Price Objection")],
         lambda row: (row["outcome"], row["reason_not_booked"]) == ("Not Booked", "Price Objection")),
        ([("outcome_rnb", "null")], lambda row: (row["outcome"], row["reason_not_booked"]) == ("Not Booked", None)),
    ],
    "tracking_number": [
        ([("tracking_number", "null")], lambda row: row["tracking_number"] is None),
        ([("tracking_number", "19195550108")], lambda row: row["tracking_number"] == "19195550108"),
    ],
    "call_type": [
        ([("call_type", "New Lead Follow-Ups")], lambda row: row["call_type"] in FOLLOW_UPS),
        ([("call_type", "New Lead (Follow-Up)")], lambda row: row["call_type"] == "New Lead (Follow-Up)"),
        ([("call_type", "New Lead (First Form Follow-Up)")],
         lambda row: row["call_type"] == "New Lead (First Form Follow-Up)"),
        ([("call_type", "New Lead")], lambda row: row["call_type"] == "New Lead"),
        ([("call_type", "Not A New Lead")], lambda row: row["call_type"] in NO_LEADS),
        ([("call_type", "Voicemail")], lambda row: row["call_type"] == "Voicemail"),
        ([("call_type", "Not Analyzed")], lambda row: row["is_analyzed"] is not True),
        ([("call_type", "Existing Patient"), ("call_type", "Voicemail")],
         lambda row: row["call_type"] in ("Existing Patient / Previously Booked", "Voicemail")),
    ],
    "reason_not_booked": [
        ([("reason_not_booked", "Délai trop long"), ("reason_not_booked", "Other")],
         lambda row: row["reason_not_booked"] in ("Délai trop long", "Other")),
        ([("reason_not_booked", "null")], lambda row: row["reason_not_booked"] is None),
    ],
    "search": [
        ([("search", "émilie")], lambda row: row["name"] == "ÉMILIE Test"),
        ([("search", "9195550108")], lambda row: "9195550108" in (row["tracking_number"] or "")),
        ([("search", "2025550123")], lambda row: row["phone_number"] == "12025550123"),
    ],
    "list": [
        ([("list", "first_time_interactions")], lambda row: row["first_time_interaction"] is True),
        ([("list", "verified_new")], is_verified),
    ],
    "lead_id": [([("lead_id", "lead-a")], lambda row: row["lead_id"] == "lead-a")],
    "lead_ids": [
        ([("lead_ids", "lead-a"), ("lead_ids", "lead-b")], lambda row: row["lead_id"] in ("lead-a", "lead-b")),
    ],
    "call_ids": [
        ([("call_ids", "call-a"), ("call_ids", "call-b")], lambda row: row["call_id"] in ("call-a", "call-b")),
    ],
    "business_hours": [([("business_hours", "true")], is_in_business_hours)],
    "revenue_min": [([("revenue_min", 500)], lambda row: get_number(row, "revenue") >= 500)],
    "revenue_max": [([("revenue_max", "500.0")], lambda row: get_number(row, "revenue") <= 500)],
    "appointment_status": [
        ([("appointment_status", "Attended")], lambda row: row["appointment_status"] == "Attended"),
        ([("appointment_status", "Canceled / No Show")],
         lambda row: row["appointment_status"] in ("Canceled / No Show", "Assumed No Show")),
        ([("appointment_status", "Assumed No Show"), ("appointment_status", "Unknown")],
         lambda row: row["appointment_status"] in ("Assumed No Show", "Unknown")),
    ],
    "ehr_pms_patient_id_search": [
        ([("ehr_pms_patient_id_search", "PMS-aB1")], lambda row: row["ehr_pms_patient_id"] == "pms-Ab1")
    ],
    "appointment_location": [
        ([("appointment_location", "Mockham")], lambda row: row["appointment_location"] == "Mockham")
    ],
    "primary_insurance_name": [
        ([("primary_insurance_name", "Fictív Care")], lambda row: row["primary_insurance_name"] == "Fictív Care")
    ],
    "provider_names": [
        ([("provider_names", "Dr. Nil"), ("provider_names", "Dr. 例")],
         lambda row: bool({"Dr. Nil", "Dr. 例"} & set(row["provider_names"] or []))),
    ],
}  # fmt: skip

TOUCHES = {"either": ("initial", "last_touch"), "initial": ("initial",), "last_touch": ("last_touch",)}
VALUES = {
    "division": ["Dermatology", "null"],
    "keyword": ["fertilité", "Botox Preis"],
    "location": ["Mockham"],
    "marketing_channel": ["GBP / Organic", "Facebook"],
    "utm_campaign": ["Spring - Été", "null"],
    "utm_content": ["hero-A"],
    "utm_medium": ["null"],
    "utm_source": ["google", "gbp"],
}
TEXTS = {"landing_url": ["GCLID=test", "offers"], "referrer_url": ["GOOGLE.com", "MAPS."]}


def match_values(fields: list[str], values: list[str]) -> Callable[[Row], bool]:
    wanted = [None if value == "null" else value for value in values]
    return lambda row: [row[field] for field in fields if row[field] in wanted] != []


def match_texts(fields: list[str], texts: list[str], combine: Callable[[list[bool]], bool]) -> Callable[[Row], bool]:
    return lambda row: combine([any(text.lower() in (row[field] or "").lower() for field in fields) for text in texts])


def list_touch_cases() -> Iterator[tuple[str, Case]]:
    for prefix, touches in TOUCHES.items():
        for attribute, values in VALUES.items():
            name, fields = f"{prefix}_{attribute}", [f"{touch}_{attribute}" for touch in touches]
            yield name, ([(name, value) for value in values], match_values(fields, values))
        for attribute, texts in TEXTS.items():
            name, fields = f"{prefix}_{attribute}_search", [f"{touch}_{attribute}" for touch in touches]
            given: Pairs = [(name, text) for text in texts]
            yield name, (given, match_texts(fields, texts, all))
            yield f"{name}_type", ([*given, (f"{name}_type", "or")], match_texts(fields, texts, any))
            yield f"{name}_type", ([*given, (f"{name}_type", "and")], match_texts(fields, texts, all))


CASES = [(name, case) for name, cases in GENERAL.items() for case in cases] + list(list_touch_cases())
TESTED_BELOW = {"customer_id", "customer_ids", "limit", "analytics_methodology", "include_is_spam_likely"}


@pytest.mark.parametrize(
    ("pairs", "selects"),
    [case for _, case in CASES],
    ids=["&".join(f"{name}={value}" for name, value in case[0]) for _, case in CASES],
)
def test_parameter_selects_documented_rows(api: Emulator, pairs: Pairs, selects: Callable[[Row], bool]) -> None:
    """The answer has exactly the rows that match, in order; they are some of all rows, and `count` agrees."""
    rows = api.truth(1001, include_spam=False)
    expected = [row["id"] for row in rows if selects(row)]
    answer = ask(api, ("customer_id", 1001), ("limit", 1000), *pairs)
    assert [row["id"] for row in answer["interactions"]] == expected[:1000]
    assert 0 < len(expected) < len(rows)
    if pairs[0][0] != "pagination_timestamp":
        assert answer["count"] == len(expected)


def test_every_parameter_is_tested() -> None:
    """All 76 parameters are in the table or have a test below."""
    assert {name for name, _ in CASES} | TESTED_BELOW == {parameter.name for parameter in PARAMETERS}
    assert len(PARAMETERS) == 76


@pytest.mark.parametrize(
    ("pairs", "customers"),
    [
        ([("customer_id", 1002)], [1002]),
        ([("customer_ids", 1003)], [1003]),
        ([("customer_ids", 1001), ("customer_ids", 1003)], [1001, 1003]),
        ([("customer_id", 1002), ("customer_ids", 1003), ("customer_ids", 1003)], [1002, 1003]),
    ],
)
def test_customers(api: Emulator, pairs: Pairs, customers: list[int]) -> None:
    """Rows of several customers are sorted by start; among equal starts the higher id comes first."""
    rows = [row for customer in customers for row in api.truth(customer, include_spam=False)]
    rows.sort(key=lambda row: (row["start_time"], row["id"]), reverse=True)
    answer = ask(api, *pairs, ("limit", 700))
    assert [row["id"] for row in answer["interactions"]] == [row["id"] for row in rows][:700]
    assert answer["count"] == len(rows)


def test_limit_defaults_to_100_and_is_capped_at_1000() -> None:
    """The cap does not show in the answer's `limit`, which repeats the requested one."""
    emulator = create_emulator(interactions=1_300, customers=1)
    for limit, expected in {
        None: (100, 100, 1300, 13),
        7: (7, 7, 1300, 186),
        1000: (1000, 1000, 1300, 2),
        5000: (1000, 5000, 1300, 2),
    }.items():
        pairs: Pairs = [("customer_id", 1001), ("include_is_spam_likely", 1)]
        answer = ask(emulator, *pairs, *([] if limit is None else [("limit", limit)]))
        assert (len(answer["interactions"]), answer["limit"], answer["count"], answer["num_pages"]) == expected


@pytest.mark.parametrize("value", ["true", "false", "", "whatever"])
def test_spam_is_included_for_any_value_of_the_parameter(api: Emulator, value: str) -> None:
    """Any value of `include_is_spam_likely` includes spam; without the parameter there is none."""
    every = [row["id"] for row in api.truth(1001)]
    answer = ask(api, ("customer_id", 1001), ("limit", 1000), ("include_is_spam_likely", value))
    assert [row["id"] for row in answer["interactions"]] == every[:1000]
    assert answer["count"] == len(every) > ask(api, ("customer_id", 1001))["count"]


def test_conversion_returns_one_row_per_lead() -> None:
    """It is the lead's operative interaction, or else its first. `form` also selects rows that followed a form."""
    emulator = create_emulator(interactions=0, customers=1)
    first = emulator.insert(1001, lead_id="a", start_time_tz="2025-01-01T10:00:00Z", interaction_type="form")
    booked = emulator.insert(
        1001, lead_id="a", start_time_tz="2025-01-02T10:00:00Z", helper_cell=True, related_form_submission_id=7
    )
    emulator.insert(1001, lead_id="a", start_time_tz="2025-01-03T10:00:00Z")
    alone = emulator.insert(1001, lead_id="b", start_time_tz="2025-01-04T10:00:00Z")
    emulator.insert(1001, lead_id="b", start_time_tz="2025-01-05T10:00:00Z")
    by_lead: Pairs = [("customer_id", 1001), ("analytics_methodology", "conversion")]
    assert [row["id"] for row in ask(emulator, *by_lead)["interactions"]] == [alone, booked]
    assert [row["id"] for row in ask(emulator, *by_lead, ("type", "form"))["interactions"]] == [booked]
    forms = ask(emulator, ("customer_id", 1001), ("type", "form"))
    assert [row["id"] for row in forms["interactions"]] == [first]


def test_business_hours_false_selects_all(api: Emulator) -> None:
    """The documented default is false, so false must not exclude rows."""
    both = [ask(api, ("customer_id", 1001), *more)["count"] for more in ([], [("business_hours", "false")])]
    assert both[0] == both[1]


def test_filters_are_combined_by_and(api: Emulator) -> None:
    """Several parameters select the rows that match all of them."""
    expected = [
        row["id"]
        for row in api.truth(1001, include_spam=False)
        if row["direction"] == "outbound" and row["outcome"] == "Booked" and row["start_time"] >= "2024-06-01"
    ]
    pairs: Pairs = [("direction", "outbound"), ("outcome", "Booked"), ("start_date", "2024-06-01"), ("limit", 1000)]
    assert [row["id"] for row in ask(api, ("customer_id", 1001), *pairs)["interactions"]] == expected
    assert expected


def test_null_is_special_only_for_starred_parameters(api: Emulator) -> None:
    """For starred parameters `null` selects missing values, not the text "null"; for others it is a plain text."""
    assert ask(api, ("customer_id", 1001), ("appointment_location", "null"))["count"] == 0
    rows = api.truth(1001, include_spam=False)
    assert any(row["initial_utm_campaign"] == "null" for row in rows)
    answer = ask(api, ("customer_id", 1001), ("initial_utm_campaign", "null"))
    assert answer["count"] == sum(row["initial_utm_campaign"] is None for row in rows)
