"""Dimensions: agents, locations, channels, campaigns and dates; and the messaging skills of calls."""

import calendar
import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.marts.ad_spend import AD_SPEND, spend_campaign
from tests.marts.interactions import (
    TOUCHES,
    UNATTRIBUTED,
    Row,
    campaign_values,
    channel_key,
    nullif_blank,
    sorted_by_start,
)

Groups = dict[str, Row]
_HASH = re.compile("(.+):[0-9a-f]{64}")


def counted(rows: Iterable[Row]) -> list[Row]:
    """The counted rows, sorted by start."""
    return sorted_by_start(row for row in rows if row["is_counted"])


def grouped(rows: Iterable[Row], key: Any) -> dict[Any, list[Row]]:
    """Rows by `key`; rows whose key is None are left out."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        if (value := key(row)) is not None:
            found.setdefault(value, []).append(row)
    return found


def agents(rows: Iterable[Row]) -> list[Row]:
    """The rows of `dim_liine__agents`."""
    found = []
    with_agent = [row for row in rows if row["agent_id"] is not None]
    for (customer, agent), group in grouped(with_agent, lambda row: (row["customer_id"], row["agent_id"])).items():
        days = counted(group)
        others = sorted((row for row in group if not row["is_counted"]), key=_start_or_earlier)
        newest = next((row for row in reversed(others + days) if row["agent_name"] is not None), None)
        found_agent = {"customer_id": customer, "agent_id": agent, "interactions": len(days)} | _days(days)
        for name in ("agent_name", "agent_location_name"):
            found_agent[name] = newest and newest[name]
        found.append(found_agent)
    return found


def locations(rows: Iterable[Row]) -> list[Row]:
    """The rows of `dim_liine__locations`."""
    sources = {"touches": ("initial_location", "last_touch_location"), "appointments": ("appointment_location",)}
    found: dict[tuple[int, str], dict[str, list[Row]]] = {}
    for row in rows:
        for source, names in sources.items():
            for name in names:
                if row[name] is not None:
                    place = found.setdefault((row["customer_id"], row[name]), {})
                    place.setdefault(source, []).append(row)
                    place.setdefault(name, []).append(row)
    with (Path(__file__).parent / "seeds" / "liine_location_names.csv").open(encoding="utf-8", newline="") as lines:
        given = {(int(row["customer_id"]), row["location"]): row["location_name"] for row in csv.DictReader(lines)}
    return [_location(*key, group) | {"location_name": given.get(key, key[1])} for key, group in found.items()]


def _location(customer: int, location: str, group: dict[str, list[Row]]) -> Row:
    here = counted(group.get("last_touch_location", []))
    offsets = [row["utc_offset_minutes"] for row in here]
    return {
        "customer_id": customer,
        "location": location,
        "is_hashed": bool(hashed := _HASH.fullmatch(location)),
        "hash_key_id": hashed and hashed[1],
        "is_touch_location": "touches" in group,
        "is_appointment_location": "appointments" in group,
        "min_utc_offset_minutes": min(offsets, default=None),
        "max_utc_offset_minutes": max(offsets, default=None),
        "interactions": len(here),
    } | _days(counted(row for rows in group.values() for row in rows))


def channels(rows: Iterable[Row], groups: Groups) -> list[Row]:
    """The rows of `dim_liine__channels`; `groups` is the seed by channel key."""
    spellings_by_key: dict[str, list[str]] = {UNATTRIBUTED: []}
    for row in sorted(rows, key=lambda row: row["interaction_id"]):
        for touch in TOUCHES:
            if (channel := row[f"{touch}_marketing_channel"]) and channel_key(channel) != UNATTRIBUTED:
                spellings_by_key.setdefault(channel_key(channel), []).append(channel)
    for spend in AD_SPEND:
        if None not in (spend["customer_id"], spend["cost"]) and (channel := nullif_blank(spend["channel"])):
            spellings_by_key.setdefault(channel_key(channel), []).append(channel)
    return [_channel(key, spellings, groups.get(key)) for key, spellings in spellings_by_key.items()]


def _channel(key: str, spellings: list[str], known: Row | None) -> Row:
    plain: Row = {"channel": next(iter(spellings), None), "channel_group": "Other", "is_paid": None}
    if key == UNATTRIBUTED:
        plain |= dict.fromkeys(("channel", "channel_group"), "Unattributed")
    counts = {"spellings": len(set(spellings)), "is_in_seed": known is not None}
    return {"channel_key": key, **(known or plain), **counts}


def campaigns(rows: Iterable[Row]) -> list[Row]:
    """The rows of `dim_liine__campaigns`; the key is the customer and UTM values."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        for touch in TOUCHES:
            if campaign := campaign_values(row, touch):
                found.setdefault(campaign, []).append(row)
    for spend in AD_SPEND:
        if None not in (spend["customer_id"], spend["cost"]) and (campaign := spend_campaign(spend)):
            found.setdefault(campaign, [])
    names = ("customer_id", "utm_source", "utm_medium", "utm_campaign")
    return [
        {"campaign_key": key, **dict(zip(names, key, strict=True)), **_days(counted(group))}
        for key, group in found.items()
    ]


def dates(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of `dim_liine__dates`."""
    days = [row["date_local"] for row in rows if row["date_local"]]
    if not days:
        return
    day = date(min(days).year, 1, 1)
    while day <= date(max(days).year, 12, 31):
        quarter = (day.month + 2) // 3
        yield {
            "date_day": day,
            "year_number": day.year,
            "quarter_of_year": quarter,
            "month_of_year": day.month,
            "day_of_month": day.day,
            "day_of_week": day.isoweekday(),
            "is_weekend": day.isoweekday() > 5,
            "day_name": calendar.day_name[day.weekday()],
            "month_name": calendar.month_name[day.month],
            "week_start": day - timedelta(days=day.weekday()),
            "iso_year": day.isocalendar().year,
            "iso_week": day.isocalendar().week,
            "month_start": day.replace(day=1),
            "quarter_start": date(day.year, 3 * quarter - 2, 1),
            "year_start": date(day.year, 1, 1),
        }
        day += timedelta(days=1)


def messaging_skills(rows: Iterable[Row]) -> list[Row]:
    """The rows of `fct_liine__messaging_skills`."""
    unchanged = ("interaction_id", "customer_id", "agent_id", "date_local", "messaging_utilization_percent")
    return [
        {name: row[name] for name in unchanged} | {"skill": skill, "is_met": row[f"messaging_skill_{skill}"]}
        for row in counted(rows)
        if row["is_phone_call"]
        for skill in range(1, 8)
        if row[f"messaging_skill_{skill}"] is not None
    ]


def _days(rows: list[Row]) -> Row:
    days = [row["date_local"] for row in rows]
    return {"first_date_local": min(days, default=None), "last_date_local": max(days, default=None)}


def _start_or_earlier(row: Row) -> tuple[Any, ...]:
    return row["started_at_utc"] is not None, row["started_at_utc"] or 0, row["interaction_id"]
