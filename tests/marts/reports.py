"""The reports, computed from interactions, leads and appointments."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.marts.dimensions import counted, grouped
from tests.marts.interactions import Row
from tests.marts.load_scope import Scopes, known

_CENT = Decimal("0.01")
_MILLIONTH = Decimal("0.000001")


def safe_divide(numerator: int | Decimal | None, denominator: int | Decimal | None) -> Decimal | None:
    """`numerator` divided by `denominator`, rounded half up to six decimals; None if the denominator is 0.

    None, too, if one of them is not known.
    """
    if numerator is None or not denominator:
        return None
    return (Decimal(numerator) / Decimal(denominator)).quantize(_MILLIONTH, ROUND_HALF_UP)


def money(value: Decimal) -> Decimal:
    """US dollars, rounded half up to cents."""
    return value.quantize(_CENT, ROUND_HALF_UP)


def _total(rows: Iterable[Row], name: str) -> Any:
    return sum((row[name] or 0 for row in rows), Decimal(0) if name == "revenue" else 0)


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


def progress(leads: list[Row], scope: Row) -> Row:
    """New leads by the step that they reached, as far as the customer's data can tell."""
    has_leads, has_whole_leads = scope["has_leads"], scope["has_whole_leads"]
    booked = known(_is(leads, "is_booked"), has_whole_leads)
    return {
        "new_leads": known(len(leads), has_leads),
        "reached_leads": known(_is(leads, "is_reached"), scope["has_all_calls"]),
        "booked_leads": booked,
        "attended_leads": known(_is(leads, "is_attended"), has_whole_leads, scope["has_appointment_statuses"]),
        "new_lead_revenue": known(money(_total(leads, "revenue")), has_leads, scope["has_revenue"]),
        "booking_rate": safe_divide(booked, len(leads)),
    }


def new_leads_of(leads: Iterable[Row]) -> list[Row]:
    """The new leads among leads."""
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


def channel_daily(rows: Iterable[Row], leads: Iterable[Row], channels: Iterable[Row], scopes: Scopes) -> list[Row]:
    """Leads by first channel and date, interactions by their own channel and date."""
    named = {row["channel_key"]: row for row in channels}
    leads_by_key = grouped(
        new_leads_of(leads), lambda row: (row["customer_id"], row["first_date_local"], row["first_channel_key"])
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
        result |= progress(leads_by_key.get(key, []), scopes[key[0]]) | {"interactions": len(group)}
        found.append(result | {name: calls[name] for name in ("answered_calls", "missed_calls", "answer_rate")})
    return found


def campaign_monthly(leads: Iterable[Row], scopes: Scopes) -> list[Row]:
    """New leads by the campaign of their initial touch and the month of their first new-lead row."""
    tagged = [lead for lead in new_leads_of(leads) if lead["first_campaign_key"]]
    keys = lambda row: (row["customer_id"], row["first_month_local"], row["first_campaign_key"])  # noqa: E731
    return [
        {"customer_id": customer, "month_local": month, "campaign_key": campaign}
        | dict(zip(("utm_source", "utm_medium", "utm_campaign"), campaign[1:], strict=True))
        | progress(group, scopes[customer])
        for (customer, month, campaign), group in grouped(tagged, keys).items()
    ]


def lead_funnel_monthly(leads: Iterable[Row], scopes: Scopes) -> list[Row]:
    """New leads and their progress by the month of their first new-lead row."""
    months = grouped(new_leads_of(leads), lambda row: (row["customer_id"], row["first_month_local"]))
    return [
        {"customer_id": customer, "month_local": month} | _funnel(group, scopes[customer])
        for (customer, month), group in months.items()
    ]


def _funnel(leads: list[Row], scope: Row) -> Row:
    result = progress(leads, scope)
    attended, no_show = _total(leads, "attended_appointments"), _total(leads, "no_show_appointments")
    has_appointments = scope["has_whole_leads"], scope["has_appointments"]
    result["revenue"] = result.pop("new_lead_revenue")
    return result | {
        "leads_with_appointment": known(_is(leads, "appointments"), *has_appointments),
        "attended_appointments": known(attended, scope["has_appointment_statuses"]),
        "no_show_appointments": known(no_show, scope["has_appointment_statuses"]),
        "reach_rate": safe_divide(result["reached_leads"], len(leads)),
        "attended_rate": safe_divide(result["attended_leads"], len(leads)),
        "show_rate": safe_divide(attended, attended + no_show),
    }


def reasons_not_booked_monthly(leads: Iterable[Row]) -> list[Row]:
    """New leads that are known to have no booking, by month and the last reason given."""
    open_leads = [lead for lead in new_leads_of(leads) if lead["is_booked"] is False]
    months = grouped(open_leads, lambda row: (row["customer_id"], row["first_month_local"]))
    found = []
    for (customer, month), month_leads in months.items():
        for reason, group in grouped(month_leads, lambda row: row["reason_not_booked"] or "no reason given").items():
            result = {"customer_id": customer, "month_local": month, "reason_not_booked": reason}
            counts = {"leads": len(group), "leads_of_month": len(month_leads)}
            found.append(result | counts | {"share_of_month": safe_divide(len(group), len(month_leads))})
    return found


def agent_daily(rows: Iterable[Row], leads: Iterable[Row], agents: Iterable[Row], scopes: Scopes) -> list[Row]:
    """Calls, bookings, skills and opportunities by customer, local date and agent."""
    names = {(row["customer_id"], row["agent_id"]): row["agent_name"] for row in agents}
    with_agent = [row for row in counted(rows) if row["agent_id"] is not None]
    rows_by_key = grouped(with_agent, lambda row: (row["customer_id"], row["date_local"], row["agent_id"]))
    booked = [lead for lead in new_leads_of(leads) if lead["booked_agent_id"] is not None]
    leads_by_key = grouped(booked, lambda row: (row["customer_id"], row["booked_date_local"], row["booked_agent_id"]))
    offered = _opportunities(with_agent, leads)
    return [
        {"customer_id": customer, "date_local": day, "agent_id": agent, "agent_name": names[customer, agent]}
        | _work(group)
        | _won(offered.get((customer, day, agent), []), agent, scopes[customer])
        | {"booked_leads": len(leads_by_key.get((customer, day, agent), []))}
        for (customer, day, agent), group in rows_by_key.items()
    ]


def _opportunities(rows: Iterable[Row], leads: Iterable[Row]) -> dict[tuple[Any, ...], list[Row]]:
    """The new leads that an agent first spoke to on a day, not after the lead's booking."""
    by_key = {lead["lead_key"]: lead for lead in new_leads_of(leads)}
    calls = [row for row in rows if row["is_answered"] and row["lead_key"] in by_key]
    found: dict[tuple[Any, ...], list[Row]] = {}
    for (key, agent), group in grouped(calls, lambda row: (row["lead_key"], row["agent_id"])).items():
        lead, call = by_key[key], group[0]
        booking = lead["booked_at_utc"], lead["booked_interaction_id"]
        if booking[0] is None or (call["started_at_utc"], call["interaction_id"]) <= booking:
            found.setdefault((call["customer_id"], call["date_local"], agent), []).append(lead)
    return found


def _won(leads: list[Row], agent: int, scope: Row) -> Row:
    booked = known(sum(lead["booked_agent_id"] == agent for lead in leads), scope["has_whole_leads"])
    return {
        "opportunities": known(len(leads), scope["has_leads"]),
        "booked_opportunities": booked,
        "booking_rate": safe_divide(booked, len(leads)),
    }


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


def responses_daily(missed_calls: Iterable[Row], forms: Iterable[Row], scopes: Scopes) -> list[Row]:
    """Callbacks and responses by customer and local date; those whose outcome is decided count."""
    keys = lambda row: (row["customer_id"], row["date_local"])  # noqa: E731
    calls_by_key, forms_by_key = grouped(missed_calls, keys), grouped(forms, keys)
    found = []
    for customer, day in calls_by_key.keys() | forms_by_key.keys():
        calls, forms_of_day = calls_by_key.get((customer, day), []), forms_by_key.get((customer, day), [])
        has_calls = scopes[customer]["has_all_calls"]
        decided_calls = [row for row in calls if row["is_window_closed"] and row["is_called_back"] is not None]
        decided_forms = [row for row in forms_of_day if row["is_window_closed"] and row["is_attempted"] is not None]
        result: Row = {"customer_id": customer, "date_local": day}
        result |= {"missed_calls": len(calls), "decided_missed_calls": len(decided_calls)}
        result |= {"forms": len(forms_of_day), "decided_forms": len(decided_forms)}
        for decided, flag, name, rate in (
            (decided_calls, "is_called_back", "called_back_calls", "callback_rate"),
            (decided_calls, "is_recovered", "recovered_calls", "recovery_rate"),
            (decided_forms, "is_attempted", "attempted_forms", "attempt_rate"),
            (decided_forms, "is_connected", "connected_forms", "connection_rate"),
        ):
            result[name] = known(_is(decided, flag), has_calls)
            result[rate] = safe_divide(result[name], len(decided))
        found.append(result)
    return found


def spam_daily(rows: Iterable[Row], scopes: Scopes) -> list[Row]:
    """All rows with a local date, including spam if it was loaded, by customer and date."""
    days = grouped((row for row in rows if row["date_local"]), lambda row: (row["customer_id"], row["date_local"]))
    found = []
    for (customer, day), group in days.items():
        has_spam = scopes[customer]["has_spam"]
        spam, calls = known(_is(group, "is_spam"), has_spam), _is(group, "is_inbound_call")
        spam_calls = known(_is(group, "is_spam", "is_inbound_call"), has_spam)
        result = {"customer_id": customer, "date_local": day, "interactions": len(group), "inbound_calls": calls}
        result |= {"spam_interactions": spam, "spam_rate": safe_divide(spam, len(group))}
        found.append(result | {"spam_inbound_calls": spam_calls, "spam_call_rate": safe_divide(spam_calls, calls)})
    return found
