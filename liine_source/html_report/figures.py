"""The figures of the report: sums by day and location, which the page adds up, and how complete the data is.

Only what may be added up leaves the warehouse, so that the page can show any days, customer and location: counts, money
and seconds, never a rate or a median. Names are those of customers, locations, channels, agents and reasons.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import dlt

from liine_source.warehouse import marts
from liine_source.warehouse.marts import MartSelection

# What must be true of a customer's data for a figure to be known, as in dbt/macros/load_scope.sql and the reports.
KNOWN_IF: Mapping[str, Sequence[str]] = {
    "new_leads": ["has_leads"],
    "reached_leads": ["has_all_calls"],
    "booked_leads": ["has_whole_leads"],
    "leads_with_appointment": ["has_whole_leads", "has_appointments"],
    "attended_leads": ["has_whole_leads", "has_appointment_statuses"],
    "revenue": ["has_leads", "has_revenue"],
    "unbooked_leads": ["has_whole_leads"],
    "called_back_calls": ["has_all_calls"],
    "opportunities": ["has_leads"],
    "booked_opportunities": ["has_whole_leads"],
}
_LEAD_SUMS = (
    "new_leads",
    "reached_leads",
    "booked_leads",
    "leads_with_appointment",
    "attended_leads",
    "revenue",
)
_COMPLETENESS = ("window completeness", "dataset completeness")
_AGE = "proof age"
_EPOCH = date(1970, 1, 1)
# Hours after which the newest proof is old, where the models do not say.
_MAX_AGE = 26

_Name = TypeVar("_Name")
_Number = Callable[[int, Any], Any]


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of one kind, as columns: the keys that the page groups by, then what it adds up."""

    names: Sequence[str]
    rows: list[Sequence[Any]] = field(default_factory=list)

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return the values by column; a third of what the rows would take."""
        values = list(zip(*self.rows, strict=True)) or [()] * len(self.names)
        return dict(zip(self.names, values, strict=True))


class _Numbers(dict[_Name, int]):
    """Numbers for names, in the order of their first use."""

    def __missing__(self, name: _Name) -> int:
        self[name] = len(self)
        return self[name]


def read_figures(pipeline: dlt.Pipeline, selection: MartSelection, now: datetime) -> dict[str, Any]:
    """Return the figures of a selection, for the page; the pipeline's dataset is the schema of the marts.

    Days are numbers, days since 1970. A customer's `unknown` names the figures that its data cannot tell.
    """
    customers = _read_customers(pipeline, selection, now)
    locations, agents = _Numbers[tuple[int, str]](), _Numbers[tuple[int, int]]()
    channels, reasons = _Numbers[str](), _Numbers[str]()

    def collect(names: Sequence[str], rows: Iterable[Sequence[Any]], number: _Number = lambda _, key: key) -> Sums:
        """Read sums by customer, location, day and, where `number` is given, one more key that it numbers."""
        sums = Sums(["location", "day", *names])
        for customer, location, day, first, *rest in rows:
            values = map(_plain, [number(customer, first), *rest])
            sums.rows.append([locations[customer, location], (day - _EPOCH).days, *values])
        return sums

    figures = {
        "leads": collect(
            ["channel", *_LEAD_SUMS],
            marts.read_leads(pipeline, selection),
            lambda _, channel: channels[channel],
        ),
        "unbooked_leads": collect(
            ["reason", "unbooked_leads"],
            marts.read_reasons(pipeline, selection),
            lambda _, reason: reasons[reason],
        ),
        "calls": collect(
            ["hour", "inbound_calls", "answered_calls", "missed_calls"], marts.read_calls(pipeline, selection)
        ),
        "missed_calls": collect(
            ["missed_calls", "decided_calls", "called_back_calls", "in_5_minutes", "in_1_hour", "in_1_day"],
            marts.read_missed_calls(pipeline, selection),
        ),
        "agent_calls": collect(
            ["agent", "answered_inbound_calls", "answered_outbound_calls", "talk_seconds", "bookings"],
            marts.read_agent_calls(pipeline, selection),
            lambda *agent: agents[agent],
        ),
        "opportunities": collect(
            ["agent", "opportunities", "booked_opportunities"],
            marts.read_opportunities(pipeline, selection),
            lambda *agent: agents[agent],
        ),
    }
    names = {(customer, agent): name for customer, agent, name in marts.read_agents(pipeline, selection)}
    numbers = {one["id"]: number for number, one in enumerate(customers)}
    return {
        "customers": customers,
        "locations": [[numbers[customer], name] for customer, name in locations],
        "channels": [*channels],
        "reasons": [*reasons],
        "agents": [[numbers[agent[0]], names.get(agent) or f"agent {agent[1]}"] for agent in agents],
        **{name: sums.columns() for name, sums in figures.items()},
    }


def _plain(value: Any) -> int | float:
    """Return a number that JSON has: a database's sums are decimals."""
    whole = int(value)
    return whole if whole == value else float(value)


def _read_customers(pipeline: dlt.Pipeline, selection: MartSelection, now: datetime) -> list[dict[str, Any]]:
    checks: dict[int, list[_Check]] = {}
    for customer, *values in marts.read_health(pipeline, selection):
        checks.setdefault(customer, []).append(_Check(*values))
    found = []
    for customer, name, loaded_through, description, *flags in marts.read_customers(pipeline, selection):
        known = dict(zip(marts.SCOPE_FLAGS, flags, strict=True))
        found.append(
            {
                "id": customer,
                "name": name or str(customer),
                "description": description,
                "unknown": [metric for metric, needed in KNOWN_IF.items() if not all(known[flag] for flag in needed)],
                **_completeness(checks.get(customer, [])),
                **_age(loaded_through, checks.get(customer, []), now),
            }
        )
    return found


@dataclass(frozen=True, slots=True)
class _Check:
    """A row of `rpt_liine__data_health`."""

    name: str
    severity: str
    found: int | None
    out_of: int | None
    threshold: Any
    is_healthy: bool
    detail: str

    def __str__(self) -> str:
        numbers = "" if self.out_of is None else f" ({self.found} of {self.out_of} interactions found)"
        return f"{self.name}: {self.detail}{numbers}"


def _completeness(checks: Sequence[_Check]) -> dict[str, Any]:
    """Return whether a customer's newest sweeps and its count were proven; None without any of them."""
    sweeps = [check for check in checks if check.name in _COMPLETENESS]
    # The one that failed says more.
    totals = sorted(
        (check for check in sweeps if check.name == "dataset completeness"), key=lambda check: check.is_healthy
    )
    proofs = {match[1] for check in sweeps if (match := re.search(r"proof: (\w+)", check.detail))}
    warnings = [check.name for check in checks if check.severity == "warn" and not check.is_healthy]
    return {
        "is_complete": all(check.is_healthy for check in sweeps) if sweeps else None,
        "in_api": totals[0].out_of if totals else None,
        "in_warehouse": totals[0].found if totals else None,
        "proof": ", ".join(sorted(proofs)) or None,
        "problems": [str(check) for check in sweeps if not check.is_healthy],
        "warnings": {name: warnings.count(name) for name in sorted(set(warnings))},
    }


def _age(loaded_through: datetime | None, checks: Sequence[_Check], now: datetime) -> dict[str, Any]:
    """Return up to when a customer's data is complete, and whether that is recent enough; None if it never was."""
    if loaded_through is None:
        return {"loaded_through": None, "age_hours": None, "is_fresh": None}
    # Without a time zone it is UTC.
    moment = loaded_through.replace(tzinfo=loaded_through.tzinfo or UTC).astimezone(UTC)
    hours = max((now - moment).total_seconds(), 0) / 3600
    limit = next((check.threshold for check in checks if check.name == _AGE), None)
    return {
        "loaded_through": moment.isoformat(),
        "age_hours": round(hours, 1),
        "is_fresh": hours <= float(_MAX_AGE if limit is None else limit),
    }
