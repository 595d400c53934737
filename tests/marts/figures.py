"""The rows of all marts and reports, and the keys to compare them by."""

import csv
from collections.abc import Iterable
from pathlib import Path

from tests.marts import dimensions, health, leads, managers, reports, responses, restatements
from tests.marts.appointments import appointments, providers
from tests.marts.interactions import PERSONAL, Row, interaction
from tests.marts.load_scope import Loads, load_scope

SEED = Path(__file__).parents[2] / "dbt" / "seeds" / "liine_channel_groups.csv"

KEYS: dict[str, tuple[str, ...]] = {
    "fct_liine__interactions": ("interaction_id",),
    "fct_liine__leads": ("lead_key",),
    "fct_liine__lead_attribution": ("lead_key", "model", "touch"),
    "fct_liine__appointments": ("interaction_id",),
    "fct_liine__missed_calls": ("interaction_id",),
    "fct_liine__form_responses": ("interaction_id",),
    "fct_liine__messaging_skills": ("interaction_id", "skill"),
    "bridge_liine__appointment_providers": ("interaction_id", "provider_name"),
    "dim_liine__dates": ("date_day",),
    "dim_liine__agents": ("customer_id", "agent_id"),
    "dim_liine__locations": ("customer_id", "location"),
    "dim_liine__channels": ("channel_key",),
    "dim_liine__campaigns": ("campaign_key",),
    "rpt_liine__channel_daily": ("customer_id", "date_local", "channel_key"),
    "rpt_liine__campaign_monthly": ("customer_id", "month_local", "campaign_key"),
    "rpt_liine__agent_daily": ("customer_id", "date_local", "agent_id"),
    "rpt_liine__answer_rate_daily": ("customer_id", "date_local", "location"),
    "rpt_liine__call_heatmap": ("customer_id", "weekday_local", "hour_local"),
    "rpt_liine__reasons_not_booked_monthly": ("customer_id", "month_local", "reason_not_booked"),
    "rpt_liine__lead_funnel_monthly": ("customer_id", "month_local"),
    "rpt_liine__spam_daily": ("customer_id", "date_local"),
    "rpt_liine__responses_daily": ("customer_id", "date_local"),
    "dim_liine__load_scope": ("customer_id",),
    "dim_liine__customers": ("customer_id",),
    "fct_liine__lead_speed": ("lead_key",),
    "rpt_liine__speed_to_lead_monthly": ("customer_id", "month_local", "clock"),
    "rpt_liine__lead_cohorts_monthly": ("customer_id", "month_local", "age_days"),
    "rpt_liine__leads_by_location_monthly": ("customer_id", "month_local", "location_name", "division"),
    "rpt_liine__ad_spend_monthly": ("customer_id", "month_local", "spend_level", "spend_key"),
    "rpt_liine__customer_daily": ("customer_id", "date_local"),
    "rpt_liine__period_over_period": ("customer_id", "period", "period_start"),
    "fct_liine__restatements": ("interaction_id", "changed_column"),
    "rpt_liine__restatements": (
        *("customer_id", "month_local", "recorded_date", "changed_column"),
        *("old_value", "new_value"),
    ),
    "rpt_liine__data_health": ("customer_id", "check_name", "subject"),
}


def channel_groups() -> dimensions.Groups:
    """The seed by channel key."""
    paid = {"true": True, "false": False, "": None}
    with SEED.open(encoding="utf-8", newline="") as lines:
        return {row.pop("channel_key"): {**row, "is_paid": paid[row["is_paid"]]} for row in csv.DictReader(lines)}


def figures(
    truth: Iterable[Row], loads: Loads, *, personal: bool = False, before: Iterable[Row] | None = None
) -> dict[str, list[Row]]:
    """Compute the rows of every table in `KEYS` from the API's rows that have not vanished; `loads` by customer.

    `before` are the API's rows at the build before, if there was one.
    """
    api_rows = list(truth)
    rows = [interaction(row) for row in api_rows]
    scope = load_scope(rows, api_rows, loads)
    scopes = {row["customer_id"]: row for row in scope}
    found_appointments = appointments(rows)
    found_leads = leads.leads(rows, found_appointments, scopes)
    missed_calls, form_responses = responses.missed_calls(rows, scopes), responses.form_responses(rows, scopes)
    locations = dimensions.locations(rows)
    days, speeds = list(managers.customer_daily(rows, found_leads, scopes)), managers.lead_speed(rows, found_leads)
    channels, agents = dimensions.channels(rows, channel_groups()), dimensions.agents(rows)
    old_rows = [interaction(row) for row in before or ()]
    changes = restatements.restatements(old_rows, rows, old_rows)
    names = {row["id"]: row.get("provider_names") for row in api_rows}
    found = {
        "fct_liine__interactions": rows,
        "fct_liine__leads": found_leads,
        "fct_liine__lead_attribution": list(leads.attribution(found_leads)),
        "fct_liine__appointments": found_appointments,
        "fct_liine__missed_calls": missed_calls,
        "fct_liine__form_responses": form_responses,
        "fct_liine__messaging_skills": dimensions.messaging_skills(rows),
        "bridge_liine__appointment_providers": providers(found_appointments, names),
        "dim_liine__dates": list(dimensions.dates(rows)),
        "dim_liine__agents": agents,
        "dim_liine__locations": locations,
        "dim_liine__channels": channels,
        "dim_liine__campaigns": dimensions.campaigns(rows),
        "rpt_liine__channel_daily": reports.channel_daily(rows, found_leads, channels, scopes),
        "rpt_liine__campaign_monthly": reports.campaign_monthly(found_leads, scopes),
        "rpt_liine__agent_daily": reports.agent_daily(rows, found_leads, agents, scopes),
        "rpt_liine__answer_rate_daily": reports.answer_rate_daily(rows),
        "rpt_liine__call_heatmap": reports.call_heatmap(rows),
        "rpt_liine__reasons_not_booked_monthly": reports.reasons_not_booked_monthly(found_leads),
        "rpt_liine__lead_funnel_monthly": reports.lead_funnel_monthly(found_leads, scopes),
        "rpt_liine__spam_daily": reports.spam_daily(rows, scopes),
        "rpt_liine__responses_daily": reports.responses_daily(missed_calls, form_responses, scopes),
        "dim_liine__load_scope": scope,
        "dim_liine__customers": managers.customers(rows, scopes),
        "fct_liine__lead_speed": speeds,
        "rpt_liine__speed_to_lead_monthly": managers.speed_to_lead_monthly(speeds, scopes),
        "rpt_liine__lead_cohorts_monthly": list(managers.lead_cohorts_monthly(found_leads, scopes)),
        "rpt_liine__leads_by_location_monthly": managers.leads_by_location_monthly(found_leads, locations, scopes),
        "rpt_liine__ad_spend_monthly": managers.ad_spend_monthly(found_leads, scopes),
        "rpt_liine__customer_daily": days,
        "rpt_liine__period_over_period": managers.period_over_period(days),
        "fct_liine__restatements": changes,
        "rpt_liine__restatements": restatements.restatements_report(changes),
        "rpt_liine__data_health": health.data_health(rows, api_rows, found_leads, scopes),
    }
    return (
        found if personal else {name: [_without_personal_data(row) for row in table] for name, table in found.items()}
    )


def _without_personal_data(row: Row) -> Row:
    hidden = {*PERSONAL, "first_keyword", "last_keyword"}
    return {name: None if name in hidden else value for name, value in row.items()}
