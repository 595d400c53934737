"""The reports that managers ask for: ad spend, speed, cohorts, places, days and periods."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.marts.ad_spend import AD_SPEND, spend_campaign
from tests.marts.dimensions import counted, grouped
from tests.marts.interactions import Row, channel_key
from tests.marts.load_scope import Scopes, known
from tests.marts.reports import money, new_leads_of, progress, safe_divide

SEEDS = Path(__file__).parent / "seeds"
_DAY = timedelta(days=1)
_AGES = (0, 1, 7, 14, 30, 60, 90)
_LIMITS = (("5_minutes", 300), ("1_hour", 3600), ("1_day", 86_400))
_COMPARED = ("interactions", "answered_calls", "missed_calls", "new_leads", "booked_leads", "new_lead_revenue")


def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed, as text."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def customers(rows: Iterable[Row], scopes: Scopes) -> list[Row]:
    """The rows of `dim_liine__customers`."""
    named = {int(row["customer_id"]): row for row in seed("liine_customers")}
    with_hours = {int(row["customer_id"]) for row in seed("liine_opening_hours")}
    by_customer = grouped(counted(rows), lambda row: row["customer_id"])
    found = []
    for customer in scopes:
        days = [row["date_local"] for row in by_customer.get(customer, [])]
        names = named.get(customer, {})
        found.append(
            {
                "customer_id": customer,
                "customer": names.get("customer") or str(customer),
                "customer_group": names.get("customer_group") or "Other",
                "time_zone": names.get("time_zone") or None,
                "is_in_seed": bool(names),
                "has_opening_hours": customer in with_hours,
                "first_date_local": min(days, default=None),
                "last_date_local": max(days, default=None),
                "interactions": len(days),
            }
        )
    return found


class OpeningHours:
    """When each customer is open."""

    def __init__(self) -> None:
        self._hours: dict[int, dict[int, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        for row in seed("liine_opening_hours"):
            span = _minutes(row["opens_at"]) * 60, _minutes(row["closes_at"]) * 60
            self._hours[int(row["customer_id"])][int(row["weekday"])].append(span)
        self._holidays = {
            (int(row["customer_id"]), date.fromisoformat(row["holiday_date"])) for row in seed("liine_holidays")
        }

    def has(self, customer: int) -> bool:
        """Whether the customer has opening hours."""
        return customer in self._hours

    def spans(self, customer: int, day: date) -> list[tuple[datetime, datetime]]:
        """From when to when the customer is open on a day."""
        if (customer, day) in self._holidays:
            return []
        midnight = datetime.combine(day, time())
        spans = self._hours[customer][day.isoweekday()] if self.has(customer) else []
        return [(midnight + timedelta(seconds=start), midnight + timedelta(seconds=end)) for start, end in spans]

    def seconds(self, customer: int, start: datetime, end: datetime) -> int:
        """Opening seconds between two local times, walked day by day."""
        total, day = timedelta(), start.date()
        while day <= end.date():
            for opens, closes in self.spans(customer, day):
                total += max(min(closes, end) - max(opens, start), timedelta())
            day += _DAY
        return int(total.total_seconds())


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return 60 * int(hours) + int(minutes)


def lead_speed(rows: Iterable[Row], leads: Iterable[Row]) -> list[Row]:
    """The rows of `fct_liine__lead_speed`."""
    hours, by_id = OpeningHours(), {row["interaction_id"]: row for row in rows}
    found = []
    for lead in new_leads_of(leads):
        customer = lead["customer_id"]
        start = by_id[lead["first_contact_interaction_id"]]["started_at_local"]
        reached = by_id[lead["reached_interaction_id"]]["started_at_local"] if lead["reached_interaction_id"] else None
        open_seconds = reached and hours.seconds(customer, start, reached)
        is_open = any(opens <= start < closes for opens, closes in hours.spans(customer, start.date()))
        names = (
            "lead_key",
            "customer_id",
            "first_month_local",
            "first_contact_at_utc",
            "is_reached",
            "seconds_to_reach",
        )
        found.append(
            {name: lead[name] for name in names}
            | {
                "is_open_at_first_contact": known(is_open, hours.has(customer)),
                "open_seconds_to_reach": known(open_seconds, hours.has(customer)),
            }
        )
    return found


def speed_to_lead_monthly(speeds: Iterable[Row], scopes: Scopes) -> list[Row]:
    """The rows of `rpt_liine__speed_to_lead_monthly`."""
    found = []
    for (customer, month), group in grouped(speeds, lambda row: (row["customer_id"], row["first_month_local"])).items():
        for clock, name in (("elapsed", "seconds_to_reach"), ("opening hours", "open_seconds_to_reach")):
            if clock != "elapsed" and group[0]["is_open_at_first_contact"] is None:
                continue
            has_calls = scopes[customer]["has_all_calls"]
            reached = [row for row in group if row["is_reached"]]
            result: Row = {"customer_id": customer, "month_local": month, "clock": clock, "new_leads": len(group)}
            result["reached_leads"] = known(len(reached), has_calls)
            for limit, seconds in _LIMITS:
                within = known(sum(row[name] <= seconds for row in reached), has_calls)
                result |= {f"reached_in_{limit}": within}
                result |= {f"reached_in_{limit}_rate": safe_divide(within, len(group))}
            found.append(result)
    return found


def lead_cohorts_monthly(leads: Iterable[Row], scopes: Scopes) -> Iterator[Row]:
    """The rows of `rpt_liine__lead_cohorts_monthly`."""
    months = grouped(new_leads_of(leads), lambda row: (row["customer_id"], row["first_month_local"]))
    for (customer, month), group in months.items():
        scope = scopes[customer]
        next_month = (month + 31 * _DAY).replace(day=1)
        for age in _AGES:
            end_of_age = datetime.combine(next_month, time()) + (age + 2) * _DAY
            is_closed = bool(scope["loaded_through_utc"] and scope["loaded_through_utc"] >= end_of_age)
            reached = known(_up_to(group, "reached_at_utc", age), scope["has_all_calls"])
            booked = known(_up_to(group, "booked_at_utc", age), scope["has_whole_leads"])
            yield {
                "customer_id": customer,
                "month_local": month,
                "age_days": age,
                "is_closed": is_closed,
                "new_leads": len(group),
                "reached_leads": reached,
                "booked_leads": booked,
                "reach_rate": known(safe_divide(reached, len(group)), is_closed),
                "booking_rate": known(safe_divide(booked, len(group)), is_closed),
            }


def _up_to(leads: list[Row], name: str, age: int) -> int:
    return sum(lead[name] is not None and lead[name] <= lead["first_at_utc"] + (age + 1) * _DAY for lead in leads)


def leads_by_location_monthly(leads: Iterable[Row], locations: Iterable[Row], scopes: Scopes) -> list[Row]:
    """The rows of `rpt_liine__leads_by_location_monthly`."""
    names = {(row["customer_id"], row["location"]): row["location_name"] for row in locations}

    def kind(lead: Row) -> tuple[Any, ...]:
        place = names.get((lead["customer_id"], lead["first_location"]), "unknown")
        return lead["customer_id"], lead["first_month_local"], place, lead["first_division"] or "unknown"

    return [
        dict(zip(("customer_id", "month_local", "location_name", "division"), key, strict=True))
        | progress(group, scopes[key[0]])
        for key, group in grouped(new_leads_of(leads), kind).items()
    ]


def ad_spend_monthly(leads: Iterable[Row], scopes: Scopes) -> list[Row]:
    """The rows of `rpt_liine__ad_spend_monthly`."""
    costs: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in AD_SPEND:
        if row["customer_id"] not in scopes or row["cost"] is None:
            continue
        month = row["spend_date"].replace(day=1)
        # Blank text is null.
        if (row["channel"] or "").strip():
            costs[row["customer_id"], month, "channel", channel_key(row["channel"])] += row["cost"]
        if campaign := spend_campaign(row):
            costs[row["customer_id"], month, "campaign", campaign] += row["cost"]
    new = list(new_leads_of(leads))
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for level in ("channel", "campaign"):
        for lead in new:
            if (key := lead[f"first_{level}_key"]) is not None:
                groups.setdefault((lead["customer_id"], lead["first_month_local"], level, key), []).append(lead)
    return [_spend(key, costs.get(key), groups.get(key, []), scopes) for key in costs.keys() | groups.keys()]


def _spend(key: tuple[Any, ...], cost: Decimal | None, leads: list[Row], scopes: Scopes) -> Row:
    customer, month, level, spend_key = key
    steps = progress(leads, scopes[customer])
    revenue = steps["new_lead_revenue"]
    return {
        "customer_id": customer,
        "month_local": month,
        "spend_level": level,
        "spend_key": spend_key,
        "channel_key": spend_key if level == "channel" else None,
        "campaign_key": spend_key if level == "campaign" else None,
        "cost": cost,
        "new_leads": steps["new_leads"],
        "booked_leads": steps["booked_leads"],
        "revenue": revenue,
        "cost_per_lead": _per(cost, steps["new_leads"]),
        "cost_per_booking": _per(cost, steps["booked_leads"]),
        "return_on_spend": safe_divide(revenue, cost) if cost and cost > 0 else None,
    }


def _per(cost: Decimal | None, count: int | None) -> Decimal | None:
    return money(cost / count) if cost is not None and count else None


def customer_daily(rows: Iterable[Row], leads: Iterable[Row], scopes: Scopes) -> Iterator[Row]:
    """The rows of `rpt_liine__customer_daily`."""
    by_customer = grouped(counted(rows), lambda row: row["customer_id"])
    by_day = grouped(counted(rows), lambda row: (row["customer_id"], row["date_local"]))
    leads_by_day = grouped(new_leads_of(leads), lambda row: (row["customer_id"], row["first_date_local"]))
    last_year = max((row["date_local"].year for row in rows if row["date_local"]), default=0)
    for customer, group in by_customer.items():
        day, last = min(row["date_local"] for row in group), max(row["date_local"] for row in group)
        if through := scopes[customer]["loaded_through_utc"]:
            last = min(max(last, (through - 2 * _DAY).date()), date(last_year, 12, 31))
        while day <= last:
            of_day = by_day.get((customer, day), [])
            steps = progress(leads_by_day.get((customer, day), []), scopes[customer])
            del steps["booking_rate"]
            inbound = [row for row in of_day if row["is_inbound_call"]]
            yield {
                "customer_id": customer,
                "date_local": day,
                "week_start": day - (day.isoweekday() - 1) * _DAY,
                "month_start": day.replace(day=1),
                "interactions": len(of_day),
                "inbound_calls": len(inbound),
                "answered_calls": sum(row["call_result"] == "answered" for row in inbound),
                "missed_calls": sum(row["call_result"] == "missed" for row in inbound),
                "forms": sum(row["interaction_kind"] == "form" for row in of_day),
            } | steps
            day += _DAY


def period_over_period(days: Iterable[Row]) -> list[Row]:
    """The rows of `rpt_liine__period_over_period`, from those of `rpt_liine__customer_daily`."""
    by_period: dict[tuple[Any, ...], list[Row]] = {}
    for day in days:
        for period in ("week", "month"):
            by_period.setdefault((day["customer_id"], period, day[f"{period}_start"]), []).append(day)
    totals = {key: _totals(key, group) for key, group in by_period.items()}
    found = []
    for (customer, period, start), total in totals.items():
        before = start - 7 * _DAY if period == "week" else (start - _DAY).replace(day=1)
        previous = totals.get((customer, period, before), dict.fromkeys(("is_complete", *_COMPARED)))
        is_comparable = bool(total["is_complete"] and previous["is_complete"])
        row = {"customer_id": customer, "period": period, "period_start": start, **total}
        row["is_comparable"] = is_comparable
        for name in _COMPARED:
            row[f"previous_{name}"] = previous[name]
            has_ratio = is_comparable and (previous[name] or 0) > 0
            row[f"{name}_ratio"] = safe_divide(total[name], previous[name]) if has_ratio else None
        found.append(row)
    return found


def _totals(key: tuple[Any, ...], days: list[Row]) -> Row:
    _, period, start = key
    following = start + 7 * _DAY if period == "week" else (start + 31 * _DAY).replace(day=1)
    sums = {
        name: None if any(day[name] is None for day in days) else sum(day[name] for day in days) for name in _COMPARED
    }
    return {"days": len(days), "is_complete": len(days) == (following - start).days, **sums}
