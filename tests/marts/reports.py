"""The reports, computed from interactions, leads and appointments."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.marts.dimensions import counted, grouped
from tests.marts.interactions import Row

_MILLIONTH = Decimal("0.000001")


def safe_divide(numerator: int, denominator: int) -> Decimal | None:
    """`numerator` divided by `denominator`, rounded half up to six decimals; None if the denominator is 0."""
    return (Decimal(numerator) / Decimal(denominator)).quantize(_MILLIONTH, ROUND_HALF_UP) if denominator else None


def _total(rows: Iterable[Row], name: str) -> Any:
    return sum((row[name] for row in rows), Decimal(0) if name == "revenue" else 0)


def _is(rows: Iterable[Row], *names: str) -> int:
    return sum(all(row[name] for name in names) for row in rows)


def _calls(rows: list[Row]) -> Row:
    """Inbound phone calls by result, and the answer rate."""
    results = [row["call_result"] for row in rows]
    answered, missed = results.count("answered"), results.count("missed")
    return {
        "inbound_calls": len(rows),
        "answered_calls": answered,
        "missed_calls": missed,
        "voicemails": sum(row["missed_reason"] == "voicemail" for row in rows),
        "pending_calls": results.count("pending"),
        "unknown_calls": results.count("unknown"),
        "decided_calls": answered + missed,
        "answer_rate": safe_divide(answered, answered + missed),
    }


def _progress(leads: list[Row]) -> Row:
    """New leads by the step that they reached."""
    return {
        "new_leads": len(leads),
        "reached_leads": _is(leads, "is_reached"),
        "booked_leads": _is(leads, "is_booked"),
        "attended_leads": _is(leads, "is_attended"),
        "new_lead_revenue": _total(leads, "revenue"),
        "booking_rate": safe_divide(_is(leads, "is_booked"), len(leads)),
    }


def _new(leads: Iterable[Row]) -> list[Row]:
    return [lead for lead in leads if lead["is_new_lead"]]


def answer_rate_daily(rows: Iterable[Row]) -> list[Row]:
    """Inbound phone calls by customer, local date and location of the last touch."""
    inbound = [row for row in counted(rows) if row["is_inbound_call"]]
    keys = lambda row: (row["customer_id"], row["date_local"], row["last_touch_location"] or "unknown")  # noqa: E731
    return [
        {"customer_id": customer, "date_local": day, "location": location} | _calls(group)
        for (customer, day, location), group in grouped(inbound, keys).items()
    ]


def call_heatmap(rows: Iterable[Row]) -> list[Row]:
    """Inbound phone calls by customer, local weekday and hour."""
    inbound = [row for row in counted(rows) if row["is_inbound_call"]]
    keys = lambda row: (row["customer_id"], row["weekday_local"], row["hour_local"])  # noqa: E731
    shown = ("inbound_calls", "answered_calls", "missed_calls", "decided_calls", "answer_rate")
    return [
        {"customer_id": customer, "weekday_local": weekday, "hour_local": hour}
        | {name: value for name, value in _calls(group).items() if name in shown}
        | {"days": len({row["date_local"] for row in group})}
        for (customer, weekday, hour), group in grouped(inbound, keys).items()
    ]


def channel_daily(rows: Iterable[Row], leads: Iterable[Row], channels: Iterable[Row]) -> list[Row]:
    """Leads by first channel and date, interactions by their own channel and date."""
    named = {row["channel_key"]: row for row in channels}
    leads_by_key = grouped(
        _new(leads), lambda row: (row["customer_id"], row["first_date_local"], row["first_channel_key"])
    )
    rows_by_key = grouped(
        counted(rows), lambda row: (row["customer_id"], row["date_local"], row["initial_channel_key"])
    )
    found = []
    for key in leads_by_key.keys() | rows_by_key.keys():
        group = rows_by_key.get(key, [])
        calls = _calls([row for row in group if row["is_inbound_call"]])
        result = dict(zip(("customer_id", "date_local", "channel_key"), key, strict=True))
        result |= {name: named[key[2]][name] for name in ("channel", "channel_group", "is_paid")}
        result |= _progress(leads_by_key.get(key, [])) | {"interactions": len(group)}
        found.append(result | {name: calls[name] for name in ("answered_calls", "missed_calls", "answer_rate")})
    return found


def campaign_monthly(leads: Iterable[Row]) -> list[Row]:
    """New leads by the campaign of their initial touch and the month of their first row."""
    tagged = [lead for lead in _new(leads) if lead["first_campaign_key"]]
    keys = lambda row: (row["customer_id"], row["first_month_local"], row["first_campaign_key"])  # noqa: E731
    return [
        {"customer_id": customer, "month_local": month, "campaign_key": campaign}
        | dict(zip(("utm_source", "utm_medium", "utm_campaign"), campaign[1:], strict=True))
        | _progress(group)
        for (customer, month, campaign), group in grouped(tagged, keys).items()
    ]


def lead_funnel_monthly(leads: Iterable[Row]) -> list[Row]:
    """New leads and their progress by the month of their first row."""
    months = grouped(_new(leads), lambda row: (row["customer_id"], row["first_month_local"]))
    return [
        {"customer_id": customer, "month_local": month, "revenue": _total(group, "revenue")}
        | {name: value for name, value in _progress(group).items() if name != "new_lead_revenue"}
        | {
            "leads_with_appointment": _is(group, "appointments"),
            "attended_appointments": (attended := _total(group, "attended_appointments")),
            "no_show_appointments": (no_show := _total(group, "no_show_appointments")),
            "reach_rate": safe_divide(_is(group, "is_reached"), len(group)),
            "attended_rate": safe_divide(_is(group, "is_attended"), len(group)),
            "show_rate": safe_divide(attended, attended + no_show),
        }
        for (customer, month), group in months.items()
    ]


def reasons_not_booked_monthly(leads: Iterable[Row]) -> list[Row]:
    """New leads without a booking, by month and the last reason given."""
    open_leads = [lead for lead in _new(leads) if not lead["is_booked"]]
    months = grouped(open_leads, lambda row: (row["customer_id"], row["first_month_local"]))
    found = []
    for (customer, month), month_leads in months.items():
        for reason, group in grouped(month_leads, lambda row: row["reason_not_booked"] or "no reason given").items():
            result = {"customer_id": customer, "month_local": month, "reason_not_booked": reason}
            counts = {"leads": len(group), "leads_of_month": len(month_leads)}
            found.append(result | counts | {"share_of_month": safe_divide(len(group), len(month_leads))})
    return found


def agent_daily(rows: Iterable[Row], leads: Iterable[Row], agents: Iterable[Row]) -> list[Row]:
    """Calls, bookings and skills by customer, local date and agent."""
    names = {(row["customer_id"], row["agent_id"]): row["agent_name"] for row in agents}
    with_agent = [row for row in counted(rows) if row["agent_id"] is not None]
    rows_by_key = grouped(with_agent, lambda row: (row["customer_id"], row["date_local"], row["agent_id"]))
    booked = [lead for lead in _new(leads) if lead["booked_agent_id"] is not None]
    leads_by_key = grouped(booked, lambda row: (row["customer_id"], row["booked_date_local"], row["booked_agent_id"]))
    return [
        {"customer_id": customer, "date_local": day, "agent_id": agent, "agent_name": names[customer, agent]}
        | _work(group)
        | {"booked_leads": len(leads_by_key.get((customer, day, agent), []))}
        for (customer, day, agent), group in rows_by_key.items()
    ]


def _work(rows: list[Row]) -> Row:
    answered = [row for row in rows if row["is_answered"]]
    skills = [row[f"messaging_skill_{number}"] for row in rows if row["is_phone_call"] for number in range(1, 8)]
    scored, met = sum(skill is not None for skill in skills), sum(skill is True for skill in skills)
    return {
        "answered_inbound_calls": _is(answered, "is_inbound_call"),
        "answered_outbound_calls": _is(answered, "is_outbound_call"),
        "talk_seconds": sum(row["duration_seconds"] or 0 for row in answered),
        "bookings": _is(rows, "is_booking"),
        "scored_skills": scored,
        "met_skills": met,
        "skill_rate": safe_divide(met, scored),
    }


def spam_daily(rows: Iterable[Row]) -> list[Row]:
    """All rows with a local date, including spam, by customer and date."""
    days = grouped((row for row in rows if row["date_local"]), lambda row: (row["customer_id"], row["date_local"]))
    found = []
    for (customer, day), group in days.items():
        spam, calls = _is(group, "is_spam"), _is(group, "is_inbound_call")
        spam_calls = _is(group, "is_spam", "is_inbound_call")
        result = {"customer_id": customer, "date_local": day, "interactions": len(group), "inbound_calls": calls}
        result |= {"spam_interactions": spam, "spam_rate": safe_divide(spam, len(group))}
        found.append(result | {"spam_inbound_calls": spam_calls, "spam_call_rate": safe_divide(spam_calls, calls)})
    return found
