"""What changed in interactions between two builds, and the report of it."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from tests.marts.dimensions import grouped
from tests.marts.health import NOW
from tests.marts.interactions import Row, normalize_value

_VALUES = ("outcome", "appointment_status", "call_type")


def restatements(before: Iterable[Row], after: Iterable[Row], vanished: Iterable[Row] = ()) -> list[Row]:
    """The rows of `fct_liine__restatements`, without their keys; `vanished` are the API's rows that vanished since."""
    now = {row["interaction_id"]: row for row in after}
    updates = {row["interaction_id"]: row for row in vanished}
    found = []
    for old in before:
        new = now.get(old["interaction_id"], {})
        row = new or old
        unchanged = {name: row[name] for name in ("interaction_id", "customer_id", "date_local")}
        unchanged |= {
            "lead_key": new.get("lead_key") or old["lead_key"],
            "month_local": row["date_local"] and row["date_local"].replace(day=1),
            "changed_at_utc": (new or updates[old["interaction_id"]])["updated_at_utc"],
            "recorded_at_utc": NOW,
        }
        found += [unchanged | change for change in _changes(old, new)]
    return found


def _changes(old: Row, new: Row) -> Iterator[Row]:
    counts = bool(new and new["is_counted"])
    if old["is_counted"] != counts:
        yield _change("is_counted", str(old["is_counted"]).lower(), str(counts).lower())
    if not new:
        return
    for name in _VALUES:
        if normalize_value(old[name]) != normalize_value(new[name]):
            yield _change(name, old[name], new[name])
    if old["lead_key"] != new["lead_key"]:
        yield _change("lead_key", old["lead_key"], new["lead_key"])
    if old["revenue"] != new["revenue"]:
        yield _change("revenue", None, None) | {"old_revenue": old["revenue"], "new_revenue": new["revenue"]}


def _change(column: str, old: str | None, new: str | None) -> Row:
    values = {"changed_column": column, "old_value": old, "new_value": new}
    return values | {"old_revenue": None, "new_revenue": None}


def restatements_report(changes: Iterable[Row]) -> list[Row]:
    """The rows of `rpt_liine__restatements`."""
    groups = grouped((change for change in changes if change["month_local"]), _kind)
    names = ("customer_id", "month_local", "recorded_date", "changed_column", "old_value", "new_value")
    return [
        dict(zip(names, kind, strict=True))
        | {
            "is_after_month": kind[2].replace(day=1) > kind[1],
            "changes": len(group),
            "interactions": len({change["interaction_id"] for change in group}),
            "leads": len({change["lead_key"] for change in group} - {None}),
            "revenue_change": sum(
                (_or_zero(row["new_revenue"]) - _or_zero(row["old_revenue"]) for row in group), Decimal(0)
            ),
        }
        for kind, group in groups.items()
    ]


def _kind(change: Row) -> tuple[Any, ...]:
    column, values = change["changed_column"], (change["old_value"], change["new_value"])
    shown = (None, None) if column == "lead_key" else values
    return change["customer_id"], change["month_local"], change["recorded_at_utc"].date(), column, *shown


def _or_zero(value: Decimal | None) -> Decimal:
    return value or Decimal(0)
