"""The checks of `rpt_liine__data_health`, apart from those that the API's rows do not show."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.marts.appointments import appointment_totals, set_aside
from tests.marts.dimensions import grouped
from tests.marts.interactions import UNATTRIBUTED, Row, normalize_value
from tests.marts.load_scope import Scopes
from tests.marts.reports import safe_divide

# `LIINE_NOW` of every build.
NOW = datetime(2026, 1, 15, 12, 40, tzinfo=UTC).replace(tzinfo=None)
# Checks whose rows are not computed here.
OTHERS = {"window completeness", "dataset completeness", "vanished", "missing once", "rejected value"}

_THRESHOLDS = {
    "proof age": "26",
    "undated": "0.01",
    "unknown call result": "0.05",
    "offset anomaly": "0.01",
    "unattributed leads": "0.5",
    "undecided leads": "0.5",
    "keys of hashed locations": "1",
    "unknown value": "0.01",
}
_ERRORS = {"proof age"}
_HOUR = timedelta(hours=1)
_REFERENCE = Path(__file__).parents[1] / "reference" / "reference.json"
# Values that the definitions know beside those of the reference.
_UNDERSTOOD = {"status": ["answered", "not answered"]}


def data_health(rows: list[Row], api_rows: list[Row], leads: Iterable[Row], scopes: Scopes) -> list[Row]:
    """The rows of `rpt_liine__data_health`, apart from the checks in `OTHERS`."""
    leads_by_customer = grouped(leads, lambda lead: lead["customer_id"])
    rows_by_customer = grouped(rows, lambda row: row["customer_id"])
    found = []
    for customer, scope in scopes.items():
        found += [_check(customer, *check) for check in _proof_age(scope["loaded_through_utc"])]
        if customer in rows_by_customer:
            found += [_check(customer, *check) for check in _of_rows(rows_by_customer[customer])]
        if customer in leads_by_customer:
            found += [_check(customer, *check) for check in _of_leads(leads_by_customer[customer])]
        of_customer = [row for row in api_rows if row["customer_id"] == customer]
        found += [_check(customer, *check) for check in _unknown_values(of_customer)]
    return found


Check = tuple[str, str, int | None, int | None, bool | None]


def _check(
    customer: int, name: str, subject: str, found: int | None, out_of: int | None, is_healthy: bool | None
) -> Row:
    threshold = Decimal(_THRESHOLDS[name]) if name in _THRESHOLDS else None
    if is_healthy is None:
        is_healthy = threshold is None or Decimal(found or 0) <= threshold * (1 if out_of is None else out_of)
    return {
        "customer_id": customer,
        "check_name": name,
        "subject": subject,
        "severity": "error" if name in _ERRORS else "warn" if name in _THRESHOLDS else "info",
        "found": found,
        "out_of": out_of,
        "share_found": safe_divide(found, out_of),
        "threshold": threshold,
        "is_healthy": is_healthy,
    }


def _proof_age(through: datetime | None) -> Iterator[Check]:
    age = through and NOW - through
    yield "proof age", "all", age and age // _HOUR, None, bool(age and age <= 26 * _HOUR)


def _of_rows(rows: list[Row]) -> Iterator[Check]:
    without_lead = sum(row["lead_key"] is None for row in rows)
    undated = sum(not (row["started_at_utc"] and row["started_at_local"]) for row in rows)
    yield "without a lead", "all", without_lead, len(rows), None
    yield "undated", "all", undated, len(rows), None
    names = "initial_location", "last_touch_location", "appointment_location"
    hashes = (row[name].rpartition(":") for row in rows for name in names if row[name])
    keys = {key for key, _, digits in hashes if len(digits) == 64 and key and set(digits) <= set("0123456789abcdef")}
    if keys:
        yield "keys of hashed locations", "all", len(keys), None, None
    counted = [row for row in rows if row["is_counted"]]
    if not counted:
        return
    calls = [row for row in counted if row["is_phone_call"]]
    yield "unknown call result", "all", sum(row["call_result"] == "unknown" for row in calls), len(calls), None
    offsets = [row["utc_offset_minutes"] for row in counted]
    odd = [offset for offset in offsets if offset % 15 or not -12 * 60 <= offset <= 14 * 60]
    yield "offset anomaly", "all", len(odd), len(counted), None
    totals = appointment_totals(counted)
    if totals["appointment rows"]:
        aside = set_aside(counted)
        yield "appointments set aside", "all", aside["appointments set aside"], totals["appointments"], None
        yield "revenue set aside", "all", aside["revenue set aside"], totals["revenue"], None
        yield "differing revenue", "all", aside["differing revenue"], totals["appointment rows"], None


def _of_leads(leads: list[Row]) -> Iterator[Check]:
    new = [lead for lead in leads if lead["is_new_lead"]]
    unattributed = sum(lead["first_channel_key"] == UNATTRIBUTED for lead in new)
    yield "unattributed leads", "all", unattributed, len(new), None
    yield "undecided leads", "all", sum(lead["lead_type"] == "undecided" for lead in leads), len(leads), None
    yield "booked elsewhere", "all", sum(lead["is_booked_elsewhere"] for lead in leads), len(leads), None


def _unknown_values(rows: list[Row]) -> Iterator[Check]:
    fields = json.loads(_REFERENCE.read_text(encoding="utf-8"))["fields"]
    for name, values in ((field["name"], field["values"]) for field in fields if field.get("values")):
        known = {value.lower() for value in values} | set(_UNDERSTOOD.get(name, ()))
        counts = Counter(value for row in rows if (value := normalize_value(row.get(name))))
        column = "connection_status" if name == "status" else name
        for value in counts.keys() - known:
            yield "unknown value", f"{column} = {value}", counts[value], counts.total(), None
