"""Appointments and their revenue, each once, and who gives them."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from tests.marts.interactions import Row, in_order, text, word

_OF_THE_ROW = (
    *("interaction_id", "customer_id", "lead_key", "patient_key", "started_at_utc", "date_local"),
    *("appointment_state", "appointment_location", "primary_insurance_name", "revenue", "is_booking"),
    *("is_of_new_lead", "agent_id", "initial_channel_key", "initial_campaign_key", "initial_division"),
)


def appointments(rows: Iterable[Row]) -> list[Row]:
    """The rows of `fct_liine__appointments`."""
    carrying = [row for row in rows if row["is_counted"] and row["has_appointment"]]
    journeys = groupby(sorted(carrying, key=_sortable(_journey)), key=_journey)
    return [made for _, journey in journeys for made in _of_journey(in_order(journey))]


def _journey(row: Row) -> tuple[Any, ...]:
    return row["customer_id"], row["lead_key"] or row["interaction_id"], row["patient_key"]


def _visit(row: Row) -> tuple[Any, ...]:
    return word(row["appointment_status"]), row["appointment_location"], row["revenue"]


def _sortable(key: Any) -> Any:
    return lambda row: repr(key(row))


def _of_journey(journey: list[Row]) -> list[Row]:
    operative = [row for row in journey if row["is_operative"]]
    booked = [row for row in journey if row["is_booking"]]
    first: dict[tuple[Any, ...], Row] = {}
    for row in operative or booked or journey:
        first.setdefault(_visit(row), row)
    return [
        {name: row[name] for name in _OF_THE_ROW}
        | {
            "month_local": row["date_local"].replace(day=1),
            "is_attended": row["appointment_state"] == "attended",
            "is_no_show": row["appointment_state"] == "no_show",
            "rows_of_journey": len(journey),
        }
        for row in first.values()
    ]


def providers(made: Iterable[Row], names: dict[int, list[str] | None]) -> list[Row]:
    """The rows of `bridge_liine__appointment_providers`; `names` are the API's lists, by interaction."""
    found = []
    for row in made:
        given = [text(name) for name in names[row["interaction_id"]] or []]
        different = {name for name in given if name is not None}
        found += [
            {
                "interaction_id": row["interaction_id"],
                "provider_name": name,
                "customer_id": row["customer_id"],
                "position": given.index(name),
                "providers": len(different),
            }
            for name in different
        ]
    return found
