"""The columns of an interaction that depend on that interaction alone."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from hashlib import md5
from typing import Any

Row = dict[str, Any]

UNATTRIBUTED = "unattributed"
TOUCHES = ("initial", "last_touch")
# Blanks that Python does not count as space.
_ZERO_WIDTH = "\u200b\u2060\ufeff"
_ASCII_LOWER_CASE = {ord(letter): ord(letter.lower()) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
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
# False if the API returns null.
_FALSE_IF_NULL = {
    "has_audio": "has_audio",
    "is_analyzed": "is_analyzed",
    "is_first_time_interaction": "first_time_interaction",
    "is_spam": "is_spam_likely",
    "is_operative": "helper_cell",
}
_UNCHANGED = (
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


def nullif_blank(value: Any) -> Any:
    """Text without surrounding spaces, None if nothing is left; other values unchanged."""
    return (value.strip(" ") or None) if isinstance(value, str) else value


def normalize_value(value: str | None) -> str | None:
    """An enumerated value in ASCII lower case, without surrounding spaces."""
    trimmed = nullif_blank(value)
    return trimmed.translate(_ASCII_LOWER_CASE) if trimmed else None


def surrogate_key(customer_id: int, name: str | None) -> str | None:
    """The pseudonym of a lead or a patient, without a salt."""
    return md5(f"{customer_id}:{name}".encode(), usedforsecurity=False).hexdigest() if name is not None else None


def channel_key(channel: str | None) -> str:
    """The key that all spellings of a channel share."""
    kept = [letter for letter in channel or "" if not letter.isspace() and letter not in _ZERO_WIDTH]
    # Letter by letter: Python writes a sigma at the end of a word in another way.
    return "".join(letter.lower() for letter in kept) or UNATTRIBUTED


def campaign_values(row: Row, touch: str) -> tuple[Any, ...] | None:
    """The customer and the three UTM values that a campaign key identifies."""
    values = tuple(row[f"{touch}_utm_{name}"] for name in ("source", "medium", "campaign"))
    return None if values == (None, None, None) else (row["customer_id"], *values)


def is_manual_update(row: Row) -> bool:
    """Whether a row of the type call is a manual update, marked as one or not."""
    if row.get("manually_created") is True:
        return True
    has_no_status = nullif_blank(row.get("status")) is None and nullif_blank(row.get("call_status")) is None
    has_no_call = row.get("duration") is None and row.get("has_audio") is not True
    return normalize_value(row.get("direction")) == "outbound" and has_no_status and has_no_call


def interaction_kind(row: Row) -> str:
    """The kind of an interaction."""
    kind = normalize_value(row.get("interaction_type"))
    if kind == "call":
        return "manual_update" if is_manual_update(row) else "phone_call"
    return kind if kind in {"form", "online_booking", "ehr_pms_entry"} else "unknown"


def is_voicemail(row: Row) -> bool:
    """Whether the call went to voicemail."""
    return row.get("voicemail") is True or normalize_value(row.get("call_type")) == "voicemail"


def call_result(row: Row) -> str:
    """The result of a phone call."""
    status, call_status = normalize_value(row.get("status")), normalize_value(row.get("call_status"))
    rules: tuple[tuple[bool, str], ...] = (
        (is_voicemail(row), "missed"),
        (status in {"connected", "answered"}, "answered"),
        (status in {"not connected", "not answered", "busy", "error"}, "missed"),
        (status == "in progress", "pending"),
        (call_status == "connected", "answered"),
        (call_status in {"not connected", "busy"}, "missed"),
        (call_status in {"in progress", "analyzing"}, "pending"),
    )
    return next((result for applies, result in rules if applies), "unknown")


def missed_reason(row: Row) -> str:
    """Why a phone call was missed."""
    if is_voicemail(row):
        return "voicemail"
    if "busy" in {normalize_value(row.get("status")), normalize_value(row.get("call_status"))}:
        return "busy"
    return "error" if normalize_value(row.get("status")) == "error" else "not connected"


def parse_timestamp(value: str | None) -> datetime | None:
    """A timestamp without time zone."""
    return datetime.fromisoformat(value.removesuffix("Z")) if value else None


def to_decimal(value: float | None) -> Decimal | None:
    """Money and percentages, exactly as written."""
    return None if value is None else Decimal(str(value))


def interaction(row: Row) -> Row:
    """The row of `fct_liine__interactions`, personal columns included, from a row of the API."""
    result_row: Row = {name: nullif_blank(row.get(name)) for name in _UNCHANGED}
    result_row |= {name: nullif_blank(row.get(source)) for name, source in _RENAMED.items()}
    result_row |= {name: row.get(source) is True for name, source in _FALSE_IF_NULL.items()}
    for describe in (_dates, _call, _lead, _booking, _touches):
        result_row |= describe(row, result_row)
    result_row["is_counted"] = bool(
        not result_row["is_spam"] and result_row["started_at_utc"] and result_row["started_at_local"]
    )
    return result_row


def _dates(row: Row, _: Row) -> Row:
    utc, local = parse_timestamp(row.get("start_time_tz")), parse_timestamp(row.get("start_time"))
    return {
        "started_at_utc": utc,
        "started_at_local": local,
        "date_local": local and local.date(),
        "hour_local": local and local.hour,
        "weekday_local": local and local.isoweekday(),
        "date_utc": utc and utc.date(),
        "utc_offset_minutes": int((local - utc).total_seconds() / 60) if local and utc else None,
        "updated_at_utc": parse_timestamp(row.get("updated_at")),
    }


def _call(row: Row, _: Row) -> Row:
    kind = interaction_kind(row)
    is_call = kind == "phone_call"
    result = call_result(row) if is_call else None
    direction = normalize_value(row.get("direction")) if is_call else None
    return {
        "interaction_kind": kind,
        "is_phone_call": is_call,
        "is_inbound_call": direction == "inbound",
        "is_outbound_call": direction == "outbound",
        "call_result": result,
        "is_answered": result == "answered",
        "is_missed_call": result == "missed" and direction == "inbound",
        "missed_reason": missed_reason(row) if result == "missed" else None,
        "messaging_utilization_percent": to_decimal(row.get("messaging_utilization")),
    }


def _lead(row: Row, result_row: Row) -> Row:
    call_type, is_new = normalize_value(row.get("call_type")), row.get("is_new")
    is_existing_patient = row.get("is_existing_patient") is True or call_type == "existing patient / previously booked"
    return {
        "lead_key": surrogate_key(result_row["customer_id"], result_row["lead_id"]),
        "patient_key": surrogate_key(result_row["customer_id"], result_row["ehr_pms_patient_id"]),
        "is_new_lead_interaction": call_type in _NEW if is_new is None else is_new,
        "is_existing_patient_interaction": is_existing_patient,
        "is_not_new_lead_interaction": is_new is False or (call_type or "").startswith("not a new lead"),
        "is_lead_reassigned": nullif_blank(row.get("sara_lead_id_reason")) is not None,
    }


def _booking(row: Row, result_row: Row) -> Row:
    outcome, revenue = normalize_value(row.get("outcome")), to_decimal(row.get("revenue"))
    status, location = result_row["appointment_status"], result_row["appointment_location"]
    has_appointment = not (status is None and location is None and revenue is None)
    return {
        "is_booking": outcome == "booked",
        "is_booked_later": outcome == "booked later",
        "has_appointment": has_appointment,
        "appointment_state": _STATES.get(normalize_value(status) or "", "unknown") if has_appointment else None,
        "revenue": revenue,
    }


def _touches(_: Row, result_row: Row) -> Row:
    keys: dict[str, Callable[[str], Any]] = {
        "channel_key": lambda touch: channel_key(result_row[f"{touch}_marketing_channel"]),
        "campaign_key": lambda touch: campaign_values(result_row, touch),
    }
    return {f"{touch}_{name}": make(touch) for touch in TOUCHES for name, make in keys.items()}


def sorted_by_start(rows: Iterable[Row]) -> list[Row]:
    """Counted rows by UTC start and id."""
    return sorted(rows, key=lambda row: (row["started_at_utc"], row["interaction_id"]))


def rows_by_lead(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The counted rows of each lead, sorted by start, by lead key."""
    found: dict[str, list[Row]] = {}
    for row in sorted_by_start(row for row in rows if row["is_counted"]):
        if row["lead_key"]:
            found.setdefault(row["lead_key"], []).append(row)
    return found
