"""What was loaded of each customer, and what cannot be known because of that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.marts.interactions import Row


@dataclass(frozen=True)
class Load:
    """A complete sync of one customer, without dates; `through` is when it began, in UTC without zone.

    `has_calls` and `has_leads` say whether its filters keep all calls of a lead, and all its other interactions.
    """

    through: datetime
    filters: str = "none"
    personal_data: str = "keep"
    has_spam: bool = True
    has_calls: bool = True
    has_leads: bool = True


Loads = Mapping[int, Load]
Scopes = Mapping[Any, Row]


def load_scope(rows: Iterable[Row], api_rows: Iterable[Row], loads: Loads) -> list[Row]:
    """The rows of `dim_liine__load_scope`, without its description in words."""
    found: dict[int, list[tuple[Row, Row]]] = {customer: [] for customer in loads}
    for row, api_row in zip(rows, api_rows, strict=True):
        found.setdefault(row["customer_id"], []).append((row, api_row))
    return [_scope(customer, pairs, loads.get(customer)) for customer, pairs in found.items()]


def _scope(customer: int, pairs: list[tuple[Row, Row]], load: Load | None) -> Row:
    has_leads = any(row["lead_key"] for row, _ in pairs)
    return {
        "customer_id": customer,
        "filters": load and load.filters,
        "personal_data": load and load.personal_data,
        "loaded_since_date": None,
        "loaded_through_utc": load and load.through,
        "has_spam": bool(load and load.has_spam) and any(api["is_spam_likely"] is not None for _, api in pairs),
        "has_leads": has_leads,
        "has_all_calls": bool(load and load.has_calls) and has_leads,
        "has_whole_leads": bool(load and load.has_leads) and has_leads,
        "has_appointments": any(row["has_appointment"] for row, _ in pairs),
        "has_appointment_statuses": any(row["appointment_status"] for row, _ in pairs),
        "has_revenue": any(row["revenue"] is not None for row, _ in pairs),
    }


def known(value: Any, *conditions: bool) -> Any:
    """The value, or None if a condition is not met."""
    return value if all(conditions) else None


def true_or_known_false(happened: object, *conditions: bool) -> bool | None:
    """True if it happened; else False if that is known, otherwise None."""
    return True if happened else known(False, *conditions)
