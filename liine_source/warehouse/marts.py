"""Queries of the dbt models for the HTML report: sums by day, customer and location, never a row or a lead.

The definitions are those of the reports in dbt/models/reports, which lack a location or a day here and there. A count
that a customer's data cannot tell is summed all the same; `dim_liine__load_scope` says which those are.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import dlt

from liine_source.warehouse import catalog
from liine_source.warehouse.statements import select, statement

RECORD_TABLE = "_liine_dataset"
"""In each schema that dbt builds in: the dataset its models were built from (`dbt/macros/one_dataset.sql`)."""

SCHEMA_VARIABLES: Mapping[str, str] = {
    "staging": "LIINE_STAGING_SCHEMA",
    "marts": "LIINE_MARTS_SCHEMA",
    "snapshots": "LIINE_SNAPSHOTS_SCHEMA",
}
"""The schemas beside the dataset, and the variable that names each (`dbt/macros/generate_schema_name.sql`)."""

SCOPE_FLAGS = (
    "has_leads",
    "has_all_calls",
    "has_whole_leads",
    "has_appointments",
    "has_appointment_statuses",
    "has_revenue",
)
"""What the data of a customer can tell."""

# No warehouse is asked for a table or a column that older models lack.
_COLUMNS: Mapping[str, frozenset[str]] = {
    "dim_liine__customers": frozenset({"customer_id", "customer"}),
    "dim_liine__load_scope": frozenset({"customer_id", "loaded_through_utc", "description", *SCOPE_FLAGS}),
    "dim_liine__channels": frozenset({"channel_key", "channel"}),
    "dim_liine__agents": frozenset({"customer_id", "agent_id", "agent_name"}),
    "dim_liine__locations": frozenset({"customer_id", "location", "location_name"}),
    "rpt_liine__data_health": frozenset({"customer_id", "check_name", "severity", "found", "out_of", "is_healthy"}),
    "fct_liine__leads": frozenset({"is_new_lead", "is_booked", "first_date_local", "first_location", "revenue"}),
    "fct_liine__missed_calls": frozenset({"location", "is_window_closed", "is_called_back", "seconds_to_callback"}),
    "fct_liine__interactions": frozenset({"is_counted", "is_inbound_call", "is_missed_call", "last_touch_location"}),
}
READ_MODELS = (*_COLUMNS,)
"""The models that the report is made from."""

_CUSTOMERS = f"""
select scope.customer_id, customers.customer, scope.loaded_through_utc, scope.description, {", ".join(SCOPE_FLAGS)}
from dim_liine__load_scope as scope
left join dim_liine__customers as customers on scope.customer_id = customers.customer_id
where {{customers}}
order by scope.customer_id
"""  # noqa: S608  columns of ours
# Not `subject`: for some checks it is a value that the API sent.
_HEALTH = """
select customer_id, check_name, severity, found, out_of, threshold, is_healthy, detail
from rpt_liine__data_health as scope
where (severity = 'error' or not is_healthy) and {customers}
order by customer_id, check_name, found, detail
"""

_LOCATION = "coalesce(locations.location_name, 'unknown')"
_JOIN_LOCATIONS = """left join dim_liine__locations as locations
  on scope.customer_id = locations.customer_id and scope.{column} = locations.location"""


def _count(condition: str) -> str:
    return f"count(case when {condition} then 1 end)"


def _by_day(
    table: str, day: str, location: str, where: str, groups: Sequence[str], sums: Sequence[str], join: str = ""
) -> str:
    """Return a query of sums by customer, location, day and `groups` of the table `scope`."""
    keys = ["scope.customer_id", _LOCATION, f"scope.{day}", *groups]
    return f"""
select {", ".join([*keys, *sums])}
from {table} as scope
{_JOIN_LOCATIONS.format(column=location)}
{join}
where {where} and {{customers}}
  and scope.{day} >= cast(:since as date) and scope.{day} <= cast(:until as date)
group by {", ".join(keys)}
order by {", ".join(keys)}
"""  # noqa: S608  names of ours


_LEADS = _by_day(
    "fct_liine__leads",
    "first_date_local",
    "first_location",
    "scope.is_new_lead",
    ["channels.channel"],
    [
        "count(*)",
        _count("scope.is_reached"),
        _count("scope.is_booked"),
        _count("scope.appointments > 0"),
        _count("scope.is_attended"),
        "coalesce(sum(scope.revenue), 0)",
    ],
    "inner join dim_liine__channels as channels on scope.first_channel_key = channels.channel_key",
)
_REASONS = _by_day(
    "fct_liine__leads",
    "first_date_local",
    "first_location",
    "scope.is_new_lead and not scope.is_booked",
    ["coalesce(scope.reason_not_booked, 'no reason given')"],
    ["count(*)"],
)
_CALLS = _by_day(
    "fct_liine__interactions",
    "date_local",
    "last_touch_location",
    "scope.is_counted and scope.is_inbound_call",
    ["scope.hour_local"],
    ["count(*)", _count("scope.is_answered"), _count("scope.is_missed_call")],
)
# Only closed response windows count in the rates: an open one would look like a failure.
_IS_DECIDED = "scope.is_window_closed and scope.is_called_back is not null"
_MISSED_CALLS = _by_day(
    "fct_liine__missed_calls",
    "date_local",
    "location",
    "scope.is_window_closed is not null",
    [],
    [
        "count(*)",
        _count(_IS_DECIDED),
        _count(f"{_IS_DECIDED} and scope.is_called_back"),
        *(
            _count(f"{_IS_DECIDED} and scope.is_called_back and scope.seconds_to_callback <= {seconds}")
            for seconds in (300, 3600, 86400)
        ),
    ],
)
_AGENT_CALLS = _by_day(
    "fct_liine__interactions",
    "date_local",
    "last_touch_location",
    "scope.is_counted and scope.agent_id is not null",
    ["scope.agent_id"],
    [
        _count("scope.is_inbound_call and scope.is_answered"),
        _count("scope.is_outbound_call and scope.is_answered"),
        "coalesce(sum(case when scope.is_answered then scope.duration_seconds end), 0)",
        _count("scope.is_booking"),
    ],
)
# New leads that an agent spoke to before they were booked, on the day and at the location of the first such call.
_OPPORTUNITIES = """(
  select calls.customer_id, calls.date_local, calls.agent_id, calls.last_touch_location,
    leads.booked_agent_id = calls.agent_id as is_booked_by_agent
  from (
    select lead_key, customer_id, agent_id, date_local, last_touch_location, started_at_utc, interaction_id,
      row_number() over (partition by lead_key, agent_id order by started_at_utc, interaction_id) as call_rank
    from fct_liine__interactions
    where is_counted and is_answered and agent_id is not null and lead_key is not null
  ) as calls
  inner join fct_liine__leads as leads on calls.lead_key = leads.lead_key
  where calls.call_rank = 1 and leads.is_new_lead and (
    leads.booked_at_utc is null or calls.started_at_utc < leads.booked_at_utc
    or (calls.started_at_utc = leads.booked_at_utc and calls.interaction_id <= leads.booked_interaction_id)
  )
)"""
_AGENT_OPPORTUNITIES = _by_day(
    _OPPORTUNITIES,
    "date_local",
    "last_touch_location",
    "scope.agent_id is not null",
    ["scope.agent_id"],
    ["count(*)", _count("scope.is_booked_by_agent")],
)
_AGENTS = "select customer_id, agent_id, agent_name from dim_liine__agents as scope where {customers}"


@dataclass(frozen=True, slots=True)
class MartSelection:
    """What of the models is read: days, both included, and customers; all customers where none is named."""

    since: date = date.min
    until: date = date.max
    customer_ids: Sequence[int] = ()


def schema_name(part: str, dataset: str) -> str:
    """Return the schema of a part of the models: `staging`, `marts` or `snapshots`."""
    return os.environ.get(SCHEMA_VARIABLES[part]) or f"{dataset}_{part}"


def missing_models(pipeline: dlt.Pipeline) -> list[str]:
    """Return the models that the schema lacks, or that lack a column because an older version built them."""
    stored = catalog.column_types_by_table(pipeline, [*_COLUMNS])
    return [name for name, columns in _COLUMNS.items() if columns - stored[name].keys()]


def built_from(pipeline: dlt.Pipeline) -> str | None:
    """Return the dataset that the models were built from; None where the schema does not say."""
    if not catalog.column_types(pipeline, RECORD_TABLE):
        return None
    return next((str(name) for (name,) in select(pipeline, statement(f"select dataset from {RECORD_TABLE}"))), None)  # noqa: S608  a name of ours


def read_customers(pipeline: dlt.Pipeline, selection: MartSelection) -> Iterator[tuple[Any, ...]]:
    """Return id, name, time of the newest complete load (UTC) and description of each customer, then SCOPE_FLAGS."""
    return _read(pipeline, _CUSTOMERS, selection)


def read_health(pipeline: dlt.Pipeline, selection: MartSelection) -> Iterator[tuple[Any, ...]]:
    """Return the checks of completeness and age, and others that are not healthy.

    Each with customer, check, severity, found, out of, threshold, whether it is healthy, and detail.
    """
    return _read(pipeline, _HEALTH, selection)


def read_leads(pipeline: dlt.Pipeline, selection: MartSelection) -> Iterator[tuple[Any, ...]]:
    """Return new leads by customer, location, day and channel: all, reached, booked, with appointment, attended.

    The last value is their revenue.
    """
    return _read(pipeline, _LEADS, selection)


def read_reasons(pipeline: dlt.Pipeline, selection: MartSelection) -> Iterator[tuple[Any, ...]]:
    """Return new leads that are not booked by customer, location, day and reason."""
    return _read(pipeline, _REASONS, selection)


def read_calls(pipeline: dlt.Pipeline, selection: MartSelection) -> Iterator[tuple[Any, ...]]:
    """Return inbound calls by customer, location, day and hour: all, answered, missed."""
    return _read(pipeline, _CALLS, selection)


def read_missed_calls(pipeline: dlt.Pipeline, selection: MartSelection) -> Iterator[tuple[Any, ...]]:
    """Return missed calls by customer, location and day: all, decided, called back; in 5 minutes, an hour, a day."""
    return _read(pipeline, _MISSED_CALLS, selection)


def read_agent_calls(pipeline: dlt.Pipeline, selection: MartSelection) -> Iterator[tuple[Any, ...]]:
    """Return calls by customer, location, day and agent: answered inbound, outbound, their seconds, and bookings."""
    return _read(pipeline, _AGENT_CALLS, selection)


def read_opportunities(pipeline: dlt.Pipeline, selection: MartSelection) -> Iterator[tuple[Any, ...]]:
    """Return opportunities, and those that the agent booked, by customer, location, day and agent."""
    return _read(pipeline, _AGENT_OPPORTUNITIES, selection)


def read_agents(pipeline: dlt.Pipeline, selection: MartSelection) -> Iterator[tuple[Any, ...]]:
    """Return customer, id and name of each agent."""
    return _read(pipeline, _AGENTS, selection)


def _read(pipeline: dlt.Pipeline, sql: str, selection: MartSelection) -> Iterator[tuple[Any, ...]]:
    chosen = "scope.customer_id in :customer_ids" if selection.customer_ids else "scope.customer_id is not null"
    query = statement(
        sql.format(customers=chosen),
        since=selection.since,
        until=selection.until,
        customer_ids=tuple(selection.customer_ids),
    )
    return select(pipeline, query)
