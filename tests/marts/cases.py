"""Rows for cases that the emulator generates rarely or never; they are inserted beside its own, then changed.

The rows of a case start an hour apart on one day, in the order listed, unless they set another interval (`after`).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from liine_source.emulator import DEFAULT_NOW, Emulator

Fields = dict[str, Any]

MORNING = datetime(2025, 3, 4, 15, tzinfo=UTC)
_NEW, _HOUR, _DAY, _WEEK = {"is_new": True}, timedelta(hours=1), timedelta(days=1), timedelta(days=7)
_ANSWERED: Fields = {"status": "Connected", "duration": 60}
_MISSED: Fields = {"status": "Not Connected"}
_OUT: Fields = {"direction": "outbound", "duration": 5}
_FORM: Fields = {"interaction_type": "form", "form_submission_id": 77}
_BOOKED: Fields = {"outcome": "Booked"}
_ATTENDED: Fields = {"appointment_status": "Attended", "appointment_location": "Testville"}
_MALTA, _RALEIGH = {"appointment_location": "Malta"}, {"appointment_location": "Raleigh"}
# From the start of a case to the beginning of the first load.
_UNTIL_LOAD = DEFAULT_NOW - (MORNING - _HOUR)

# Interactions of one lead each, mostly phone calls.
CALLS: tuple[Fields, ...] = (
    {"status": " connected "},
    {"status": "ANSWERED", "duration": 61},
    {"status": "Not Answered"},
    {"status": "busy"},
    {"status": "Error", "call_status": "Busy"},
    {"status": "Error", "call_status": "Connected"},
    {"status": "In Progress", "call_status": "Connected"},
    {"status": "Connected", "call_status": "Analyzing"},
    {"status": "Connected", "call_status": "Not Connected"},
    {"status": "In Progress", "call_status": "Busy"},
    {"status": "Connected", "voicemail": True},
    # A voicemail has a duration, but is not talk time.
    {"status": "Connected", "voicemail": True, "duration": 45, "agent_id": 100101, "agent": "Bo Sampleton"},
    {"status": "Connected", "call_type": " voicemail "},
    {"status": "Complete", "call_status": "Connected"},
    {"status": "Complete", "call_status": "Not Connected"},
    {"status": None, "call_status": "Busy"},
    {"status": "", "call_status": "Analyzing"},
    {"status": "Complete", "call_status": "In Progress"},
    {"status": "Complete", "call_status": "Elsewhere"},
    {"status": None, "call_status": None},
    # Answered by an agent, without a direction.
    {"status": "Connected", "direction": None, "duration": 600, "agent_id": 100101, "agent": "Bo Sampleton"},
    {"status": "Not Connected", "direction": " "},
    {"status": "Not Connected", "direction": "INBOUND ", "last_touch_location": "  "},
    _OUT | _MISSED,
    _OUT | {"status": "Connected", "voicemail": True},
    # Manual updates, marked or recognized by their nulls; and calls that only look like one.
    {"direction": "outbound"},
    {"direction": "outbound", "manually_created": False, "status": " "},
    {"manually_created": True} | _ANSWERED,
    {"direction": "outbound", "has_audio": True},
    {"direction": "outbound", "duration": 0},
    {"direction": "outbound", "call_status": "In Progress"},
    {"manually_created": True, "direction": "outbound", "messaging_skill_1": True, "agent_id": 100101},
    # No phone calls.
    {"interaction_type": "FORM "},
    {"interaction_type": "fax"},
    {"interaction_type": None},
    {"interaction_type": "online_booking", "status": "Connected"},
    # Without one or both start times: not counted.
    _ANSWERED | {"start_time": None},
    _MISSED | {"start_time_tz": None},
    {"start_time": None, "start_time_tz": None},
    # A lead needs a row that is not spam.
    _ANSWERED | {"is_spam_likely": True, "is_new": True},
    _MISSED | {"is_spam_likely": None},
    # Skills: scored and not met, not scored; a percentage with many decimals.
    _ANSWERED | {"messaging_skill_2": False, "messaging_skill_7": True, "messaging_utilization": 33.333333333},
    _FORM | {"messaging_skill_3": True, "agent_id": 100101},
)

# The rows of one lead each.
LEADS: dict[str, tuple[Fields, ...]] = {
    "called back in the same second, by id": (_MISSED, _OUT | _ANSWERED | {"after": 0}),
    "a call of the same second before it is no callback": (_OUT | _MISSED, _MISSED | {"after": 0}),
    "called back in the last second": (_MISSED, _OUT | _ANSWERED | {"after": _WEEK}),
    "called back a second too late": (_MISSED, _OUT | _ANSWERED | {"after": _WEEK + timedelta(seconds=1)}),
    "a window that is open at the first load": (_MISSED | {"after": _UNTIL_LOAD - _WEEK},),
    "a window that closed a second before": (_MISSED | {"after": _UNTIL_LOAD - _WEEK - timedelta(seconds=1)},),
    "called back in an open window": (_MISSED | {"after": _UNTIL_LOAD - 2 * _HOUR}, _OUT | _MISSED),
    "a form in an open window": (_NEW | _FORM | {"after": _UNTIL_LOAD - _HOUR},),
    "called back, never connected": (_MISSED, _OUT | _MISSED),
    "two missed calls, one callback": (_MISSED, _MISSED, _OUT | _MISSED, _ANSWERED),
    "calls again and is answered": (_MISSED, _ANSWERED, _OUT | _ANSWERED),
    "a manual update is no callback": (_MISSED, {"direction": "outbound", "manually_created": True}),
    "spam is no callback": (_MISSED, _OUT | _ANSWERED | {"is_spam_likely": True}),
    "form, attempt, connection": (_NEW | _FORM, _OUT | _MISSED, _ANSWERED),
    "form, answered too late": (_NEW | _FORM, _OUT | _MISSED | {"after": _WEEK}, _ANSWERED),
    "new comes before existing": (
        _ANSWERED | {"is_existing_patient": True},
        _ANSWERED | {"is_new": None, "call_type": "NEW LEAD (Follow-Up) "},
    ),
    "existing comes before none": (
        {"call_type": "Not A New Lead Call"},
        {"call_type": "existing patient / previously booked"},
    ),
    "none by call type": ({"call_type": "not a new lead form"},),
    "none by flag, whatever the call type": ({"is_new": False, "call_type": "New Lead"},),
    "undecided": ({"call_type": "Voicemail"},),
    "a new lead after a voicemail of the month before": (
        {"call_type": "Voicemail", "voicemail": True, "initial_marketing_channel": "Direct", "after": -6 * _DAY},
        _NEW | _FORM | {"initial_marketing_channel": "Email", "initial_utm_campaign": "spring", "after": 5 * _DAY},
        _NEW | _ANSWERED | {"initial_marketing_channel": "Direct"},
    ),
    "a patient before a new lead": (
        _ANSWERED | {"is_existing_patient": True, "is_new": False, "initial_location": "Malta", "after": -6 * _DAY},
        _NEW | _ANSWERED | {"initial_location": "Raleigh", "after": 5 * _DAY},
    ),
    "spam first": (_NEW | _ANSWERED | {"is_spam_likely": True}, _NEW | _MISSED),
    "the operative booking, not the first": (
        _NEW | {"outcome": "Booked", "agent_id": 100100},
        _NEW | {"outcome": "BOOKED ", "helper_cell": True, "agent_id": 100101},
    ),
    "operative, but no booking": (
        _NEW | {"helper_cell": True, "outcome": "Not Booked"},
        _NEW | {"outcome": "Booked", "agent_id": 100101},
    ),
    "booked elsewhere": (_NEW | {"outcome": "Booked Later", "booked_later_interaction_id": 1},),
    "booked later and booked": (_NEW | {"outcome": "Booked Later"}, _NEW | {"outcome": "Booked"}),
    "the flag is_booked_later alone is not a booking": (_NEW | {"outcome": "Not Booked", "is_booked_later": True},),
    "the last reason given": (
        _NEW | {"reason_not_booked": "Too far", "outcome": "Not Booked"},
        _NEW | {"reason_not_booked": " Price Objection ", "outcome": "Not Booked"},
        _NEW | {"reason_not_booked": "  ", "outcome": "Not Booked"},
    ),
    "revenue on every row counts once": tuple(
        _NEW | _ATTENDED | {"revenue": 1234.5, "outcome": outcome}
        for outcome in ("Booked Later", "Booked", "Not Booked")
    ),
    "two operative rows that differ": tuple(
        _NEW | _ATTENDED | _BOOKED | place | {"helper_cell": True, "revenue": revenue}
        for place, revenue in ((_MALTA, 100), (_RALEIGH, 250.25))
    ),
    "three bookings, one of them operative": (
        _NEW | _BOOKED | _ATTENDED | _MALTA | {"helper_cell": True, "revenue": 500},
        _NEW | _BOOKED | _ATTENDED | _RALEIGH | {"revenue": 800},
        _NEW | _BOOKED | _MALTA | {"appointment_status": "Future Dated"},
    ),
    "an unbooked appointment elsewhere is set aside": (
        _NEW | _BOOKED | _ATTENDED | _MALTA | {"revenue": 500},
        _NEW | _ATTENDED | _RALEIGH | {"revenue": 800.5},
        _NEW | _ATTENDED | _RALEIGH | {"revenue": 800.5, "outcome": "Not Booked"},
    ),
    "one row lacks the patient": tuple(
        _NEW | _BOOKED | _ATTENDED | {"revenue": 900, "ehr_pms_patient_id": patient} for patient in (None, "PMS-D")
    ),
    "one row lacks the location": tuple(
        _NEW | _BOOKED | _ATTENDED | {"revenue": 910, "appointment_location": place} for place in (None, "Malta")
    ),
    "one row lacks the status": tuple(
        _NEW | _BOOKED | _MALTA | {"revenue": 920, "appointment_status": status} for status in (None, "Attended")
    ),
    "one row lacks the revenue": tuple(_NEW | _BOOKED | _ATTENDED | {"revenue": revenue} for revenue in (930, None)),
    "a stale revenue on an earlier row": tuple(_NEW | _BOOKED | _ATTENDED | {"revenue": it} for it in (900, 950)),
    "a stale revenue on a later row": tuple(
        _NEW | _BOOKED | _ATTENDED | {"revenue": revenue, "updated_at": f"2025-06-{day}T00:00:00.000000Z"}
        for revenue, day in ((950, "20"), (900, "10"), (901, "10"))
    ),
    "a newer revenue on an unbooked row": (
        _NEW | _BOOKED | _ATTENDED | {"revenue": 900, "updated_at": "2025-06-10T00:00:00.000000Z"},
        _NEW | _ATTENDED | {"revenue": 950, "updated_at": "2025-06-20T00:00:00.000000Z"},
    ),
    "a row without patient goes to the one with its appointment": tuple(
        _NEW | _BOOKED | _ATTENDED | place | {"revenue": revenue, "ehr_pms_patient_id": patient}
        for place, revenue, patient in ((_MALTA, 100, "PMS-E"), (_RALEIGH, 200, "PMS-F"), (_RALEIGH, 200, None))
    ),
    "a row without patient goes to the first": tuple(
        _NEW | _BOOKED | place | {"appointment_status": status, "ehr_pms_patient_id": patient}
        for place, status, patient in (
            (_MALTA, "Attended", "PMS-G"),
            (_RALEIGH, "Attended", "PMS-H"),
            (_MALTA, "Future Dated", None),
        )
    ),
    "appointment statuses are case-insensitive": tuple(
        _NEW | _ATTENDED | {"outcome": "Booked", "revenue": 70, "appointment_status": status}
        for status in ("Attended", "ATTENDED", " attended ")
    ),
    "appointment locations are case-sensitive": tuple(
        _NEW | _ATTENDED | {"revenue": 80, "appointment_location": place} for place in ("Testville", "testville")
    ),
    "neither operative nor booked": (
        _NEW | {"appointment_location": "Mockham"},
        _NEW | {"appointment_location": " Mockham "},
        _NEW | {"appointment_location": "Mockham", "revenue": 0},
        _NEW | {"revenue": -12.34, "appointment_status": "Unknown"},
        _NEW | {"appointment_status": "Assumed No Show"},
    ),
    "operative without an appointment": (
        _NEW | {"helper_cell": True, "outcome": "Booked"},
        _NEW | _ATTENDED | {"revenue": 9.99},
    ),
    "the attended row is not the one that counts": (
        _NEW | _ATTENDED | {"revenue": 55},
        _NEW | {"helper_cell": True, "appointment_status": "Canceled / No Show"},
    ),
    "two patients": tuple(
        _NEW | _ATTENDED | {"revenue": 300, "ehr_pms_patient_id": patient} for patient in ("PMS-A", "PMS-B", "PMS-B")
    ),
    "a missing patient is filled in": tuple(
        _NEW | _ATTENDED | {"revenue": 310, "ehr_pms_patient_id": patient} for patient in (None, "", "PMS-C", " PMS-C")
    ),
    "providers with repeats and blanks": (
        _NEW | _ATTENDED | {"outcome": "Booked", "provider_names": [" Dr. B ", "Dr. A", "", "Dr. B", "Dr. a"]},
    ),
    "attended, without updated_at": (_NEW | _ATTENDED | {"updated_at": None},),
    "spellings of a channel that the seed does not know": tuple(
        _NEW | {"initial_marketing_channel": channel, "last_touch_marketing_channel": "ÉTÉ Ads"}
        for channel in (
            *(" TikTok  Ads ", "tiktok ads", "Tik\tTok Ads", "Tik\u00a0Tok\r\nADS"),
            *("", "  ", " \u00a0\u2003 "),
        )
    ),
    "a channel with non-ASCII letters": tuple(
        _NEW | {"initial_marketing_channel": channel} for channel in ("été ads", "Été\u202fAds", "ΣΤΟΑΣ", "στοασ", "ŸŽ")
    ),
    "a location and its hashes": tuple(
        _NEW | _BOOKED | _ATTENDED | {"appointment_location": place, "initial_location": "Malta"}
        for place in ("Malta", "1:" + 64 * "a", "new:" + 64 * "0", "1:" + 63 * "a", "1:" + 64 * "g")
    ),
    "a campaign, an agent and a location of spam alone": (
        {"is_spam_likely": True, "initial_utm_campaign": "spam only", "last_touch_location": "Spamville"}
        | {"agent_id": 100777, "agent": "Sam Spamson"},
        {"start_time": None, "agent_id": 100777, "agent": "Sam Newer"},
        {"start_time_tz": None, "agent_id": 100777, "agent": "Sam Undated"},
    ),
    "a UTM source with a colon": (_NEW | {"initial_utm_source": "a:b", "initial_utm_medium": "c"},),
    "a UTM medium with a colon": (_NEW | {"initial_utm_source": "a", "initial_utm_medium": "b:c"},),
    "a UTM campaign only": (_NEW | {"initial_utm_campaign": " Spring "},),
    "a UTM campaign in another case": (_NEW | {"initial_utm_campaign": "spring", "initial_utm_source": " "},),
    "an agent's newest name": (
        _NEW | _ANSWERED | {"agent_id": 100199, "agent": "Ada Oldname", "agent_location_name": "Ada (Old)"},
        _NEW | _ANSWERED | {"agent_id": 100199, "agent": "Ada Newname", "agent_location_name": "Ada (New)"},
        _NEW | _ANSWERED | {"agent_id": 100199, "agent": None, "agent_location_name": "Nobody"},
    ),
    "will be booked": (_NEW | _ANSWERED | {"outcome": "Not Booked"},),
    "will lose its booking": (_NEW | _ANSWERED | {"outcome": "Booked Later"}, _NEW | {"outcome": "Booked"}),
    "will vanish in part": (_NEW | _MISSED, _NEW | _OUT | _ANSWERED | {"outcome": "Booked"}),
    "will vanish": (_NEW | _ANSWERED,),
    "will be missed once": (_NEW | _ANSWERED | {"outcome": "Booked"}, _NEW | _ANSWERED),
    "will be spam": (_NEW | _ANSWERED | _ATTENDED | {"outcome": "Booked", "revenue": 400},),
    "will be no spam": (_NEW | _ANSWERED | {"is_spam_likely": True},),
    "will turn out a voicemail": (_NEW | _ANSWERED, _NEW | _MISSED),
}

# Lead ids that are null, blank or equal after trimming.
LEAD_IDS: tuple[Any, ...] = (None, None, "", "   ", "padded", " padded ")

# Later changes, by lead of `LEADS` and index of the row.
LATER: dict[tuple[str, int], Fields] = {
    ("will be booked", 0): {"outcome": "Booked", "helper_cell": True} | _ATTENDED | {"revenue": 512.5},
    ("will lose its booking", 1): {"lead_id": "somebody-else", "sara_lead_id_reason": "Matched to EHR/PMS patient"},
    ("will be spam", 0): {"is_spam_likely": True, "spam_likely_reason": "Not enough caller audio"},
    ("will be no spam", 0): {"is_spam_likely": False},
    ("will turn out a voicemail", 0): {"voicemail": True, "call_type": "Voicemail"},
    ("revenue on every row counts once", 1): {"revenue": 1000},
    ("providers with repeats and blanks", 0): {"provider_names": []},
    ("two patients", 2): {"appointment_status": "Canceled / No Show"},
    # Values that the reference does not list.
    ("undecided", 0): {"call_type": "Brand New Word", "status": "Ringing", "interaction_type": "telepathy"},
    ("a stale revenue on an earlier row", 0): {"revenue": 960},
    ("three bookings, one of them operative", 2): {"appointment_status": "Canceled / No Show"},
    ("an unbooked appointment elsewhere is set aside", 1): {"outcome": "Booked"},
    ("neither operative nor booked", 4): {"appointment_status": "Rescheduled", "outcome": "Perhaps"},
}


class Cases:
    """The rows inserted into one emulator, by name of the case."""

    def __init__(self, api: Emulator) -> None:
        self._api = api
        self._numbers = count(90_000_000)
        self.ids: dict[str, list[int]] = {}

    def insert(self) -> None:
        """Insert the rows of every case."""
        first, second, *_ = self._api.customer_ids
        for place, call in enumerate(CALLS):
            self._insert(first, f"call {place}", [call])
        for place, name in enumerate(LEAD_IDS):
            row = _NEW | _ATTENDED | {"outcome": "Booked", "revenue": 10 + place, "lead_id": name}
            self._insert(first, f"lead id {place}", [row, _MISSED | {"lead_id": name}])
        for customer in (first, second):
            self._insert(customer, f"shared by customers, {customer}", [_NEW | _ANSWERED | {"lead_id": "shared"}])
        for name, rows in LEADS.items():
            self._insert(second, name, rows)

    def change(self) -> None:
        """Apply the later changes."""
        for (name, place), fields in LATER.items():
            self._api.change(self.ids[name][place], **fields)

    def remove(self, name: str, place: int) -> None:
        """Remove one row from the API."""
        self._api.remove(self.ids[name][place])

    def _insert(self, customer: int, name: str, rows: Iterable[Fields]) -> None:
        self.ids[name] = []
        for at, fields in self._timed(rows):
            number = next(self._numbers)
            start = at.strftime("%Y-%m-%dT%H:%M:%SZ")
            given = {"lead_id": f"case {name}", "start_time_tz": start} | fields
            late = {key: given.pop(key) for key in ("start_time", "updated_at") if key in given}
            if given["start_time_tz"] is None:
                late["start_time_tz"] = given.pop("start_time_tz")
            self.ids[name].append(self._api.insert(customer, id=number, **given))
            if late:
                self._api.change(number, touch_updated_at=False, **late)

    def _timed(self, rows: Iterable[Fields]) -> Iterator[tuple[datetime, Fields]]:
        at = MORNING - _HOUR
        for fields in rows:
            after = fields.get("after", _HOUR)
            at += after if isinstance(after, timedelta) else timedelta(seconds=after)
            yield at, {name: value for name, value in fields.items() if name != "after"}
