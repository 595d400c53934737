"""Deduplicated appointments with their revenue and providers."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from tests.marts.interactions import Row, normalize_value, nullif_blank, sorted_by_start

_INTERACTION_COLUMNS = (
    *("interaction_id", "customer_id", "lead_key", "patient_key", "started_at_utc", "date_local"),
    *("appointment_state", "appointment_location", "primary_insurance_name", "revenue", "is_booking"),
    *("is_new_lead_interaction", "agent_id", "initial_channel_key", "initial_campaign_key", "initial_division"),
)


def appointments(rows: Iterable[Row]) -> list[Row]:
    """The rows of `fct_liine__appointments`."""
    with_appointment = [row for row in rows if row["is_counted"] and row["has_appointment"]]
    journeys = groupby(sorted(with_appointment, key=_sort_key(_journey_key)), key=_journey_key)
    return [found for _, journey in journeys for found in _appointments_of(sorted_by_start(journey))]


def _journey_key(row: Row) -> tuple[Any, ...]:
    return row["customer_id"], row["lead_key"] or row["interaction_id"], row["patient_key"]


def _appointment_key(row: Row) -> tuple[Any, ...]:
    return normalize_value(row["appointment_status"]), row["appointment_location"], row["revenue"]


def _sort_key(key: Any) -> Any:
    return lambda row: repr(key(row))


def _appointments_of(journey: list[Row]) -> list[Row]:
    operative = [row for row in journey if row["is_operative"]]
    booked = [row for row in journey if row["is_booking"]]
    first: dict[tuple[Any, ...], Row] = {}
    for row in operative or booked or journey:
        first.setdefault(_appointment_key(row), row)
    return [
        {name: row[name] for name in _INTERACTION_COLUMNS}
        | {
            "month_local": row["date_local"].replace(day=1),
            "is_attended": row["appointment_state"] == "attended",
            "is_no_show": row["appointment_state"] == "no_show",
            "journey_rows": len(journey),
        }
        for row in first.values()
    ]


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
