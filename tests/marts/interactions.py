"""What can be said of one interaction alone: its clocks, what it is, what came of it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from hashlib import md5
from typing import Any

Row = dict[str, Any]

UNATTRIBUTED = "unattributed"
TOUCHES = ("initial", "last_touch")
_SMALL = {ord(letter): ord(letter.lower()) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_NEW = {"new lead", "new lead (follow-up)", "new lead (first form follow-up)"}
_STATES = {
    "attended": "attended",
    "canceled / no show": "no_show",
    "assumed no show": "no_show",
    "future dated": "future",
}
_RENAMED = {
    "interaction_id": "id",
    "connection_status": "status",
    "duration_seconds": "duration",
    "agent_name": "agent",
    "lead_name": "name",
    "lead_email": "email",
    "lead_city": "city",
    "lead_state": "state",
}
# False where that is not told.
_TRUE_IF_TOLD = {
    "has_audio": "has_audio",
    "is_analyzed": "is_analyzed",
    "is_first_time_interaction": "first_time_interaction",
    "is_spam": "is_spam_likely",
    "is_operative": "helper_cell",
}
_AS_GIVEN = (
    *("customer_id", "spam_likely_reason", "booked_later_interaction_id", "reason_not_booked", "appointment_status"),
    *("appointment_location", "primary_insurance_name", "interaction_type", "direction", "call_status", "call_type"),
    *("outcome", "intent_level", "agent_id", "agent_location_name", "tracking_number", "form_submission_id"),
    *("related_form_submission_id", "lead_id", "call_id", "phone_number", "ehr_pms_patient_id", "session_guid"),
    *(f"messaging_skill_{number}" for number in range(1, 8)),
    *(
        f"{touch}_{name}"
        for touch in TOUCHES
        for name in ("marketing_channel", "location", "division", "keyword", "landing_url", "referrer_url")
    ),
    *(f"{touch}_utm_{name}" for touch in TOUCHES for name in ("source", "medium", "campaign", "content")),
)
# Null unless the variable `liine_personal_data` is true.
PERSONAL = (
    *("lead_id", "call_id", "phone_number", "lead_name", "lead_email", "lead_city", "lead_state"),
    *("ehr_pms_patient_id", "session_guid"),
    *(f"{touch}_{name}" for touch in TOUCHES for name in ("keyword", "landing_url", "referrer_url")),
)


def text(value: Any) -> Any:
    """A text without blanks around it, and nothing where nothing is left; other values as they are."""
    return (value.strip(" ") or None) if isinstance(value, str) else value


def word(value: str | None) -> str | None:
    """A word of a list, to compare it."""
    trimmed = text(value)
    return trimmed.translate(_SMALL) if trimmed else None


def key_of(customer_id: int, name: str | None) -> str | None:
    """The pseudonym of a lead or a patient, without a salt."""
    return md5(f"{customer_id}:{name}".encode(), usedforsecurity=False).hexdigest() if name is not None else None


def channel_key(channel: str | None) -> str:
    """One key for all spellings of a channel."""
    return (channel or "").replace(" ", "").replace("\t", "").translate(_SMALL) or UNATTRIBUTED


def campaign_of(row: Row, touch: str) -> tuple[Any, ...] | None:
    """The customer and the three UTM values: what a campaign's key stands for."""
    values = tuple(row[f"{touch}_utm_{name}"] for name in ("source", "medium", "campaign"))
    return None if values == (None, None, None) else (row["customer_id"], *values)


def is_manual(row: Row) -> bool:
    """Whether a row of the type call was entered by hand, said or not."""
    if row.get("manually_created") is True:
        return True
    is_without_a_call = text(row.get("status")) is None and text(row.get("call_status")) is None
    is_silent = row.get("duration") is None and row.get("has_audio") is not True
    return word(row.get("direction")) == "outbound" and is_without_a_call and is_silent


def kind_of(row: Row) -> str:
    """The kind of an interaction."""
    kind = word(row.get("interaction_type"))
    if kind == "call":
        return "manual_update" if is_manual(row) else "phone_call"
    return kind if kind in {"form", "online_booking", "ehr_pms_entry"} else "unknown"


def is_voicemail(row: Row) -> bool:
    """Whether a machine took the call."""
    return row.get("voicemail") is True or word(row.get("call_type")) == "voicemail"


def call_result(row: Row) -> str:
    """What came of a phone call."""
    status, call_status = word(row.get("status")), word(row.get("call_status"))
    rules: tuple[tuple[bool, str], ...] = (
        (is_voicemail(row), "missed"),
        (status in {"connected", "answered"}, "answered"),
        (status in {"not connected", "not answered", "busy", "error"}, "missed"),
        (status == "in progress", "pending"),
        (call_status == "connected", "answered"),
        (call_status in {"not connected", "busy"}, "missed"),
        (call_status in {"in progress", "analyzing"}, "pending"),
    )
    return next((result for holds, result in rules if holds), "unknown")


def missed_how(row: Row) -> str:
    """Why nobody was spoken to."""
    if is_voicemail(row):
        return "voicemail"
    if "busy" in {word(row.get("status")), word(row.get("call_status"))}:
        return "busy"
    return "error" if word(row.get("status")) == "error" else "not connected"


def moment(value: str | None) -> datetime | None:
    """What a clock shows, without a zone."""
    return datetime.fromisoformat(value.removesuffix("Z")) if value else None


def number(value: float | None) -> Decimal | None:
    """Money and percents, exactly as they are written."""
    return None if value is None else Decimal(str(value))


def interaction(row: Row) -> Row:
    """The row of `fct_liine__interactions`, personal columns included, from a row of the API."""
    made: Row = {name: text(row.get(name)) for name in _AS_GIVEN}
    made |= {name: text(row.get(source)) for name, source in _RENAMED.items()}
    made |= {name: row.get(source) is True for name, source in _TRUE_IF_TOLD.items()}
    for describe in (_clocks, _contact, _lead, _booking, _touches):
        made |= describe(row, made)
    made["is_counted"] = bool(not made["is_spam"] and made["started_at_utc"] and made["started_at_local"])
    return made


def _clocks(row: Row, _: Row) -> Row:
    utc, local = moment(row.get("start_time_tz")), moment(row.get("start_time"))
    return {
        "started_at_utc": utc,
        "started_at_local": local,
        "date_local": local and local.date(),
        "hour_local": local and local.hour,
        "weekday_local": local and local.isoweekday(),
        "date_utc": utc and utc.date(),
        "utc_offset_minutes": int((local - utc).total_seconds() / 60) if local and utc else None,
        "updated_at_utc": moment(row.get("updated_at")),
    }


def _contact(row: Row, _: Row) -> Row:
    kind = kind_of(row)
    is_call = kind == "phone_call"
    result = call_result(row) if is_call else None
    direction = word(row.get("direction")) if is_call else None
    return {
        "interaction_kind": kind,
        "is_phone_call": is_call,
        "is_inbound_call": direction == "inbound",
        "is_outbound_call": direction == "outbound",
        "call_result": result,
        "is_answered": result == "answered",
        "is_missed_call": result == "missed" and direction == "inbound",
        "missed_how": missed_how(row) if result == "missed" else None,
        "messaging_utilization_percent": number(row.get("messaging_utilization")),
    }


def _lead(row: Row, made: Row) -> Row:
    call_type, is_new = word(row.get("call_type")), row.get("is_new")
    is_known = row.get("is_existing_patient") is True or call_type == "existing patient / previously booked"
    return {
        "lead_key": key_of(made["customer_id"], made["lead_id"]),
        "patient_key": key_of(made["customer_id"], made["ehr_pms_patient_id"]),
        "is_of_new_lead": call_type in _NEW if is_new is None else is_new,
        "is_of_existing_patient": is_known,
        "is_of_no_new_lead": is_new is False or (call_type or "").startswith("not a new lead"),
        "is_lead_reassigned": text(row.get("sara_lead_id_reason")) is not None,
    }


def _booking(row: Row, made: Row) -> Row:
    outcome, revenue = word(row.get("outcome")), number(row.get("revenue"))
    status, location = made["appointment_status"], made["appointment_location"]
    has_appointment = not (status is None and location is None and revenue is None)
    return {
        "is_booking": outcome == "booked",
        "is_booked_later": outcome == "booked later",
        "has_appointment": has_appointment,
        "appointment_state": _STATES.get(word(status) or "", "unknown") if has_appointment else None,
        "revenue": revenue,
    }


def _touches(_: Row, made: Row) -> Row:
    keys: dict[str, Callable[[str], Any]] = {
        "channel_key": lambda touch: channel_key(made[f"{touch}_marketing_channel"]),
        "campaign_key": lambda touch: campaign_of(made, touch),
    }
    return {f"{touch}_{name}": make(touch) for touch in TOUCHES for name, make in keys.items()}


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Counted rows as they followed each other."""
    return sorted(rows, key=lambda row: (row["started_at_utc"], row["interaction_id"]))


def leads_rows(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The counted rows of each lead in order, by the lead's key."""
    found: dict[str, list[Row]] = {}
    for row in in_order(row for row in rows if row["is_counted"]):
        if row["lead_key"]:
            found.setdefault(row["lead_key"], []).append(row)
    return found
