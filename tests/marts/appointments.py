"""Deduplicated appointments with their revenue and providers."""

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any

from tests.marts.interactions import Row, normalize_value, nullif_blank, sorted_by_start

_INTERACTION_COLUMNS = (
    *("interaction_id", "customer_id", "lead_key", "started_at_utc", "date_local", "primary_insurance_name"),
    *("is_booking", "is_new_lead_interaction", "agent_id", "initial_channel_key", "initial_campaign_key"),
    "initial_division",
)


def appointments(rows: Iterable[Row]) -> list[Row]:
    """The rows of `fct_liine__appointments`."""
    return [_appointment(group, journey) for group, journey in _grouped(rows) if _counts(group, journey)]


def set_aside(rows: Iterable[Row]) -> Row:
    """How many appointments do not count, their revenue in whole US dollars, and the rows with an older revenue."""
    grouped = list(_grouped(rows))
    others = [_newest_revenue(group) for group, journey in grouped if not _counts(group, journey)]
    counted = [group for group, journey in grouped if _counts(group, journey)]
    return {
        "appointments set aside": len(others),
        "revenue set aside": sum(int(row["revenue"].quantize(Decimal(1), ROUND_HALF_UP)) for row in others if row),
        "differing revenue": sum(
            row["revenue"] is not None and row["revenue"] != (_newest_revenue(group) or {}).get("revenue")
            for group in counted
            for row in group
        ),
    }


def appointment_totals(rows: Iterable[Row]) -> Row:
    """All appointments, counted or not, their revenue in whole US dollars, and their rows."""
    groups = [group for group, _ in _grouped(rows)]
    newest = [row["revenue"] for group in groups if (row := _newest_revenue(group))]
    return {
        "appointments": len(groups),
        "revenue": sum(int(revenue.quantize(Decimal(1), ROUND_HALF_UP)) for revenue in newest),
        "appointment rows": sum(map(len, groups)),
    }


def _grouped(rows: Iterable[Row]) -> Iterable[tuple[list[Row], list[Row]]]:
    """The rows of each appointment, and those of its journey."""
    with_appointment = [
        row | {"status": normalize_value(row["appointment_status"])}
        for row in rows
        if row["is_counted"] and row["has_appointment"]
    ]
    for lead in _split(with_appointment, lambda row: (row["customer_id"], row["lead_key"] or row["interaction_id"])):
        _fill(lead, "patient_key", "status", "appointment_location")
        _fill(lead, "patient_key")
        for journey in _split(lead, lambda row: row["patient_key"]):
            _fill(journey, "appointment_location", "status", "revenue")
            _fill(journey, "status", "appointment_location", "revenue")
            for group in _split(journey, lambda row: (row["status"], row["appointment_location"])):
                yield group, journey


def _split(rows: Iterable[Row], key: Callable[[Row], Any]) -> list[list[Row]]:
    """Rows with an equal key, sorted by start."""
    ordered = sorted(rows, key=lambda row: repr(key(row)))
    return [sorted_by_start(group) for _, group in groupby(ordered, key=key)]


def _fill(rows: list[Row], name: str, *others: str) -> None:
    """Give rows without a value that of the first row that has one and agrees in the other values."""
    known: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        if row[name] is not None:
            known.setdefault(tuple(row[other] for other in others), row)
    for row in rows:
        if row[name] is None and (like := known.get(tuple(row[other] for other in others))):
            row[name] = like[name]
            if name == "status":
                row["appointment_state"] = like["appointment_state"]


def _counts(group: list[Row], journey: list[Row]) -> bool:
    return any(map(_is_booked, group)) or not any(map(_is_booked, journey))


def _is_booked(row: Row) -> bool:
    return bool(row["is_operative"] or row["is_booking"])


def _newest_revenue(group: list[Row]) -> Row | None:
    """The row updated last; of those updated at the same time, or never, the later one."""
    with_revenue = [row for row in reversed(group) if row["revenue"] is not None]
    updated = [row for row in with_revenue if row["updated_at_utc"]]
    # `max` returns the first of equals.
    return max(updated, key=lambda row: row["updated_at_utc"], default=next(iter(with_revenue), None))


def _appointment(group: list[Row], journey: list[Row]) -> Row:
    operative = [row for row in group if row["is_operative"]]
    booked = [row for row in group if row["is_booking"]]
    row = (operative or booked or group)[0]
    newest = _newest_revenue(group) or {"revenue": None, "interaction_id": None}
    return {name: row[name] for name in _INTERACTION_COLUMNS} | {
        "patient_key": row["patient_key"],
        "appointment_state": row["appointment_state"],
        "appointment_location": row["appointment_location"],
        "month_local": row["date_local"].replace(day=1),
        "is_attended": row["appointment_state"] == "attended",
        "is_no_show": row["appointment_state"] == "no_show",
        "revenue": newest["revenue"],
        "revenue_interaction_id": newest["interaction_id"],
        "journey_rows": len(journey),
    }


def providers(appointments: Iterable[Row], names: dict[int, list[str] | None]) -> list[Row]:
    """The rows of `bridge_liine__appointment_providers`; `names` are the API's lists of providers by interaction id."""
    found = []
    for row in appointments:
        listed = [nullif_blank(name) for name in names[row["interaction_id"]] or []]
        distinct = {name for name in listed if name is not None}
        found += [
            {
                "interaction_id": row["interaction_id"],
                "provider_name": name,
                "customer_id": row["customer_id"],
                "position": listed.index(name),
                "providers": len(distinct),
            }
            for name in distinct
        ]
    return found
