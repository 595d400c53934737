"""The reports, counted from interactions, leads and appointments."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.marts.dimensions import counted, grouped
from tests.marts.interactions import Row

_MILLIONTH = Decimal("0.000001")


def rate(part: int, whole: int) -> Decimal | None:
    """Part of whole with six decimals, half rounded up; None of nothing."""
    return (Decimal(part) / Decimal(whole)).quantize(_MILLIONTH, ROUND_HALF_UP) if whole else None


def _total(rows: Iterable[Row], name: str) -> Any:
    return sum((row[name] for row in rows), Decimal(0) if name == "revenue" else 0)


def _is(rows: Iterable[Row], *names: str) -> int:
    return sum(all(row[name] for name in names) for row in rows)


def _calls(rows: list[Row]) -> Row:
    """Of inbound phone calls: how many there are of each result, and the answer rate."""
    results = [row["call_result"] for row in rows]
    answered, missed = results.count("answered"), results.count("missed")
    return {
        "inbound_calls": len(rows),
        "answered_calls": answered,
        "missed_calls": missed,
        "voicemails": sum(row["missed_how"] == "voicemail" for row in rows),
        "pending_calls": results.count("pending"),
        "unknown_calls": results.count("unknown"),
        "decided_calls": answered + missed,
        "answer_rate": rate(answered, answered + missed),
    }


def _progress(leads: list[Row]) -> Row:
    """Of new leads: how far they got."""
    return {
        "new_leads": len(leads),
        "reached_leads": _is(leads, "is_reached"),
        "booked_leads": _is(leads, "is_booked"),
        "attended_leads": _is(leads, "is_attended"),
        "new_lead_revenue": _total(leads, "revenue"),
        "booking_rate": rate(_is(leads, "is_booked"), len(leads)),
    }


def _new(leads: Iterable[Row]) -> list[Row]:
    return [lead for lead in leads if lead["is_new_lead"]]


def answer_rate_daily(rows: Iterable[Row]) -> list[Row]:
    """Inbound phone calls by customer, local day and location of the newest touch."""
    inbound = [row for row in counted(rows) if row["is_inbound_call"]]
    keys = lambda row: (row["customer_id"], row["date_local"], row["last_touch_location"] or "unknown")  # noqa: E731
    return [
        {"customer_id": customer, "date_local": day, "location": location} | _calls(its)
        for (customer, day, location), its in grouped(inbound, keys).items()
    ]


def call_heatmap(rows: Iterable[Row]) -> list[Row]:
    """Inbound phone calls by customer, weekday and hour."""
    inbound = [row for row in counted(rows) if row["is_inbound_call"]]
    keys = lambda row: (row["customer_id"], row["weekday_local"], row["hour_local"])  # noqa: E731
    shown = ("inbound_calls", "answered_calls", "missed_calls", "decided_calls", "answer_rate")
    return [
        {"customer_id": customer, "weekday_local": weekday, "hour_local": hour}
        | {name: value for name, value in _calls(its).items() if name in shown}
        | {"days": len({row["date_local"] for row in its})}
        for (customer, weekday, hour), its in grouped(inbound, keys).items()
    ]


def channel_daily(rows: Iterable[Row], leads: Iterable[Row], channels: Iterable[Row]) -> list[Row]:
    """Leads by first channel and first day beside interactions by their own."""
    named = {row["channel_key"]: row for row in channels}
    of_leads = grouped(_new(leads), lambda row: (row["customer_id"], row["first_date_local"], row["first_channel_key"]))
    of_rows = grouped(counted(rows), lambda row: (row["customer_id"], row["date_local"], row["initial_channel_key"]))
    found = []
    for key in of_leads.keys() | of_rows.keys():
        its = of_rows.get(key, [])
        calls = _calls([row for row in its if row["is_inbound_call"]])
        made = dict(zip(("customer_id", "date_local", "channel_key"), key, strict=True))
        made |= {name: named[key[2]][name] for name in ("channel", "channel_group", "is_paid")}
        made |= _progress(of_leads.get(key, [])) | {"interactions": len(its)}
        found.append(made | {name: calls[name] for name in ("answered_calls", "missed_calls", "answer_rate")})
    return found


def campaign_monthly(leads: Iterable[Row]) -> list[Row]:
    """New leads by the campaign of their first touch and the month of their first row."""
    tagged = [lead for lead in _new(leads) if lead["first_campaign_key"]]
    keys = lambda row: (row["customer_id"], row["first_month_local"], row["first_campaign_key"])  # noqa: E731
    return [
        {"customer_id": customer, "month_local": month, "campaign_key": campaign}
        | dict(zip(("utm_source", "utm_medium", "utm_campaign"), campaign[1:], strict=True))
        | _progress(its)
        for (customer, month, campaign), its in grouped(tagged, keys).items()
    ]


def lead_funnel_monthly(leads: Iterable[Row]) -> list[Row]:
    """New leads by the month of their first row: how far they have come by now."""
    months = grouped(_new(leads), lambda row: (row["customer_id"], row["first_month_local"]))
    return [
        {"customer_id": customer, "month_local": month, "revenue": _total(its, "revenue")}
        | {name: value for name, value in _progress(its).items() if name != "new_lead_revenue"}
        | {
            "leads_with_appointment": _is(its, "appointments"),
            "attended_appointments": (attended := _total(its, "attended_appointments")),
            "no_show_appointments": (no_show := _total(its, "no_show_appointments")),
            "reach_rate": rate(_is(its, "is_reached"), len(its)),
            "attended_rate": rate(_is(its, "is_attended"), len(its)),
            "show_rate": rate(attended, attended + no_show),
        }
        for (customer, month), its in months.items()
    ]


def reasons_not_booked_monthly(leads: Iterable[Row]) -> list[Row]:
    """New leads that are not booked, by month and the last reason given."""
    open_leads = [lead for lead in _new(leads) if not lead["is_booked"]]
    months = grouped(open_leads, lambda row: (row["customer_id"], row["first_month_local"]))
    found = []
    for (customer, month), of_month in months.items():
        for reason, its in grouped(of_month, lambda row: row["reason_not_booked"] or "no reason given").items():
            made = {"customer_id": customer, "month_local": month, "reason_not_booked": reason}
            counts = {"leads": len(its), "leads_of_month": len(of_month)}
            found.append(made | counts | {"share_of_month": rate(len(its), len(of_month))})
    return found


def agent_daily(rows: Iterable[Row], leads: Iterable[Row], agents: Iterable[Row]) -> list[Row]:
    """What an agent did on a local day."""
    names = {(row["customer_id"], row["agent_id"]): row["agent_name"] for row in agents}
    standing = [row for row in counted(rows) if row["agent_id"] is not None]
    of_rows = grouped(standing, lambda row: (row["customer_id"], row["date_local"], row["agent_id"]))
    booked = [lead for lead in _new(leads) if lead["booked_agent_id"] is not None]
    of_leads = grouped(booked, lambda row: (row["customer_id"], row["booked_date_local"], row["booked_agent_id"]))
    return [
        {"customer_id": customer, "date_local": day, "agent_id": agent, "agent_name": names[customer, agent]}
        | _work(its)
        | {"booked_leads": len(of_leads.get((customer, day, agent), []))}
        for (customer, day, agent), its in of_rows.items()
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
        "skill_rate": rate(met, scored),
    }


def spam_daily(rows: Iterable[Row]) -> list[Row]:
    """All rows with a local day, spam and not."""
    days = grouped((row for row in rows if row["date_local"]), lambda row: (row["customer_id"], row["date_local"]))
    found = []
    for (customer, day), its in days.items():
        spam, calls = _is(its, "is_spam"), _is(its, "is_inbound_call")
        spam_calls = _is(its, "is_spam", "is_inbound_call")
        made = {"customer_id": customer, "date_local": day, "interactions": len(its), "inbound_calls": calls}
        made |= {"spam_interactions": spam, "spam_rate": rate(spam, len(its))}
        found.append(made | {"spam_inbound_calls": spam_calls, "spam_call_rate": rate(spam_calls, calls)})
    return found
