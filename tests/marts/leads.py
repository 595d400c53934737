"""Leads and the attribution of their touches."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from tests.marts.interactions import Row, normalize_value, rows_by_lead
from tests.marts.load_scope import Scopes, known, true_or_known_false

_TOUCH_COLUMNS = (
    *("channel_key", "location", "division", "keyword", "campaign_key"),
    *("utm_source", "utm_medium", "utm_campaign", "utm_content"),
)
_HALF = Decimal("0.5")
# Model, touch, weight.
MODELS = (
    ("first_touch", "initial", Decimal(1)),
    ("last_touch", "last_touch", Decimal(1)),
    ("linear", "initial", _HALF),
    ("linear", "last_touch", _HALF),
)


def leads(rows: Iterable[Row], appointments: Iterable[Row], scopes: Scopes) -> list[Row]:
    """The rows of `fct_liine__leads`, personal columns included."""
    appointments_by_lead: dict[str | None, list[Row]] = {}
    for appointment in appointments:
        appointments_by_lead.setdefault(appointment["lead_key"], []).append(appointment)
    return [
        _lead(key, group, appointments_by_lead.get(key, []), scopes[group[0]["customer_id"]])
        for key, group in rows_by_lead(rows).items()
    ]


def _lead(key: str, rows: list[Row], appointments: list[Row], scope: Row) -> Row:
    kind = lead_type(rows)
    unchanged = {name: rows[0][name] for name in ("customer_id", "lead_id")}
    result = {"lead_key": key, "lead_type": kind, "is_new_lead": kind == "new", **unchanged}
    result |= _ends(rows) | _first_contact(rows[0]) | _counts(rows)
    result |= _reached(rows, scope) | _booked(rows, scope)
    return result | _appointments(rows, appointments, scope)


def lead_type(rows: list[Row]) -> str:
    """The first lead type that applies to any row."""
    flags = (
        ("new", "is_new_lead_interaction"),
        ("existing", "is_existing_patient_interaction"),
        ("none", "is_not_new_lead_interaction"),
    )
    return next((kind for kind, name in flags if any(row[name] for row in rows)), "undecided")


def _ends(rows: list[Row]) -> Row:
    first = next((row for row in rows if row["is_new_lead_interaction"]), rows[0])
    result: Row = {"first_interaction_kind": first["interaction_kind"]}
    for end, row, touch in (("first", first, "initial"), ("last", rows[-1], "last_touch")):
        result |= {f"{end}_interaction_id": row["interaction_id"], f"{end}_date_local": row["date_local"]}
        result |= {f"{end}_at_utc": row["started_at_utc"], f"{end}_at_local": row["started_at_local"]}
        result |= {f"{end}_{name}": row[f"{touch}_{name}"] for name in _TOUCH_COLUMNS}
    return result | {"first_month_local": first["date_local"].replace(day=1)}


def _first_contact(row: Row) -> Row:
    return {
        "first_contact_interaction_id": row["interaction_id"],
        "first_contact_kind": row["interaction_kind"],
        "first_contact_at_utc": row["started_at_utc"],
        "first_contact_date_local": row["date_local"],
        "first_contact_channel_key": row["initial_channel_key"],
    }


def _reached(rows: list[Row], scope: Row) -> Row:
    reached: Row = next((row for row in rows if row["is_answered"]), {})
    seconds = (reached["started_at_utc"] - rows[0]["started_at_utc"]).total_seconds() if reached else None
    return {
        "is_reached": true_or_known_false(reached, scope["has_all_calls"]),
        "reached_interaction_id": reached.get("interaction_id"),
        "reached_at_utc": reached.get("started_at_utc"),
        "reached_date_local": reached.get("date_local"),
        "seconds_to_reach": seconds,
    }


def _booked(rows: list[Row], scope: Row) -> Row:
    bookings = [row for row in rows if row["is_booking"]]
    operative = [row for row in bookings if row["is_operative"]]
    booked: Row = next(iter(operative or bookings), {})
    return {
        "is_booked": true_or_known_false(booked, scope["has_whole_leads"]),
        "booked_interaction_id": booked.get("interaction_id"),
        "booked_at_utc": booked.get("started_at_utc"),
        "booked_date_local": booked.get("date_local"),
        "booked_agent_id": booked.get("agent_id"),
        "is_booked_elsewhere": not booked and any(row["is_booked_later"] for row in rows),
    }


def _counts(rows: list[Row]) -> Row:
    reasons = [row["reason_not_booked"] for row in rows if row["reason_not_booked"] is not None]
    return {
        "reason_not_booked": reasons[-1] if reasons else None,
        "interactions": len(rows),
        "phone_calls": sum(row["is_phone_call"] for row in rows),
        "inbound_calls": sum(row["is_inbound_call"] for row in rows),
        "outbound_calls": sum(row["is_outbound_call"] for row in rows),
        "missed_calls": sum(row["is_missed_call"] for row in rows),
        "forms": sum(row["interaction_kind"] == "form" for row in rows),
    }


def _appointments(rows: list[Row], appointments: list[Row], scope: Row) -> Row:
    attended = (row for row in rows if normalize_value(row["appointment_status"]) == "attended")
    known_since = [row["updated_at_utc"] for row in attended if row["updated_at_utc"]]
    attended_appointments = sum(found["is_attended"] for found in appointments)
    no_shows = sum(found["is_no_show"] for found in appointments)
    revenue = sum((found["revenue"] or Decimal(0) for found in appointments), Decimal(0))
    has_statuses = scope["has_appointment_statuses"]
    return {
        "is_attended": true_or_known_false(attended_appointments, scope["has_whole_leads"], has_statuses),
        "attended_known_at_utc": min(known_since, default=None) if attended_appointments else None,
        "appointments": known(len(appointments), scope["has_appointments"]),
        "attended_appointments": known(attended_appointments, has_statuses),
        "no_show_appointments": known(no_shows, has_statuses),
        "revenue": known(revenue, scope["has_revenue"]),
    }


def attribution(result: Iterable[Row]) -> Iterator[Row]:
    """The rows of `fct_liine__lead_attribution`."""
    unchanged = ("lead_key", "customer_id", "first_date_local", "is_new_lead", "is_booked", "is_attended")
    for lead in result:
        for model, touch, weight in MODELS:
            end = "first" if touch == "initial" else "last"
            credited = {name: lead[f"{end}_{name}"] for name in ("channel_key", "campaign_key", "location", "division")}
            revenue = lead["revenue"]
            amounts = {"weight": weight, "attributed_revenue": None if revenue is None else weight * revenue}
            yield {"model": model, "touch": touch, **{name: lead[name] for name in unchanged}, **credited, **amounts}


# The ends of a lead's history that each model credits.
_CREDITED = {"first_touch": ("first",), "last_touch": ("last",), "linear": ("first", "last")}


def credit_by_channel(result: Iterable[Row]) -> dict[tuple[str, str], tuple[Decimal, ...]]:
    """New leads, booked leads and revenue credited to each channel by each model.

    Computed from the leads themselves, without the rows of `attribution`.
    """
    found: dict[tuple[str, str], tuple[Decimal, ...]] = {}
    for lead in result:
        amounts = (Decimal(1), Decimal(bool(lead["is_booked"])), lead["revenue"] or Decimal(0))
        for model, ends in _CREDITED.items() if lead["is_new_lead"] else ():
            for end in ends:
                key = model, lead[f"{end}_channel_key"]
                before = found.get(key, (Decimal(0),) * 3)
                found[key] = tuple(old + new / len(ends) for old, new in zip(before, amounts, strict=True))
    return found
