"""A wrong line of SQL shows as a difference between the marts and the Python computation."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from liine_source.emulator import running_emulator
from tests.marts.appointments import set_aside
from tests.marts.building import PROJECT, Project, insert_ad_spend
from tests.marts.cases import Cases
from tests.marts.comparison import differences, with_campaign_values
from tests.marts.figures import figures
from tests.marts.interactions import Row
from tests.marts.managers import SEEDS
from tests.marts.story import loaded_rows, loading_into, loads_of, sync_customers
from tests.test_marts import health

pytestmark = pytest.mark.slow("marts")

RESPONSES, SCOPE = "intermediate/int_liine__responses.sql", "marts/dim_liine__load_scope.sql"
APPOINTMENTS, LEADS = "intermediate/int_liine__appointment_rows.sql", "marts/fct_liine__leads.sql"
HEALTH = "reports/rpt_liine__data_health.sql"
# By what would be wrong: the model, a part of its SQL, and what replaces it.
MUTATIONS = {
    "bookings beside the operative one are left out": (
        APPOINTMENTS,
        "is_operative or is_booking then 0",
        "is_operative then 0",
    ),
    "a missing patient is not filled in": (
        APPOINTMENTS,
        "partition by {{ journey }} {{ rows_with",
        "partition by interaction_id {{ rows_with",
    ),
    "the first patient gets every row": (APPOINTMENTS, "{{ journey }}, own_status, own_location", "{{ journey }}"),
    "a missing location is not filled in": (
        APPOINTMENTS,
        "patient_key, own_status, revenue",
        "patient_key, interaction_id",
    ),
    "a missing status is not filled in": (APPOINTMENTS, "coalesce(own_status, other_status)", "own_status"),
    "a filled-in status keeps its state": (
        APPOINTMENTS,
        "case when own_status is null then other_state else own_state end",
        "own_state",
    ),
    "the oldest revenue counts": (APPOINTMENTS, "updated_at_utc desc,", "updated_at_utc,"),
    "no revenue is the newest": (
        APPOINTMENTS,
        "case when revenue is null then 1 else 0 end,\n                case",
        "case",
    ),
    "the first row represents": (APPOINTMENTS, "case when is_operative then 0 when is_booking then 1 else 2 end,", ""),
    "appointments set aside count": (
        "marts/fct_liine__appointments.sql",
        "appointments.is_counted_appointment\n    and ",
        "",
    ),
    "the first contact dates a new lead": (LEADS, "row_num = first_number'", "row_num = 1'"),
    "the first contact gives the date": (
        LEADS,
        "row_num = first_number then date_local",
        "row_num = 1 then date_local",
    ),
    "any interaction dates a new lead": (
        LEADS,
        "min(case when is_new_lead_interaction then",
        "min(case when is_answered then",
    ),
    "speed to lead begins late": (
        LEADS,
        "'leads.first_contact_at_utc', 'leads.reached",
        "'leads.first_at_utc', 'leads.reached",
    ),
    "unknown bookings are missing": (
        LEADS,
        "when scope.has_whole_leads then false end as is_booked",
        "else false end as is_booked",
    ),
    "unknown calls are missing": (
        LEADS,
        "when scope.has_all_calls then false end as is_reached",
        "else false end as is_reached",
    ),
    "a window closes a second early": (RESPONSES, "\n            > {{ window", "\n            >= {{ window"),
    "an open window is a failure": (RESPONSES, "when is_window_closed then false", "else false"),
    "a call that was not loaded is a failure": (RESPONSES, "and coalesce(scope.has_all_calls, false)", ""),
    "without a lead there was no call": (RESPONSES, "interactions.lead_key is not null and", ""),
    "open windows count in rates": (
        "reports/rpt_liine__responses_daily.sql",
        "is_window_closed and is_called_back is",
        "is_called_back is",
    ),
    "a campaign of spam has no row": (
        "marts/dim_liine__campaigns.sql",
        "where {{ touch }}_campaign_key is not null",
        "where is_counted and {{ touch }}_campaign_key is not null",
    ),
    "a lead is known to be attended before it is": (
        LEADS,
        "case when appointments.attended_appointments > 0 then leads.attended_known_at_utc end",
        "leads.attended_known_at_utc",
    ),
    "64 other letters are a hash": (
        "marts/dim_liine__locations.sql",
        "\n        and translate(right(location, 64), '0123456789abcdef', '') = ''",
        "",
    ),
    "all filters keep leads whole": (SCOPE, "coalesce(selections.lead_rows = 'all' and", "coalesce("),
    "a threshold is a number of rows": (HEALTH, "<= {{ threshold }} * {{ out_of }}", "<= {{ threshold }}"),
    "a value is unknown in another case": (HEALTH, "values | map('lower')", "values"),
    "proof is younger than it is": (HEALTH, "floor(seconds / 3600.0)", "round(seconds / 3600.0)"),
    "calls after the booking are opportunities": (
        "reports/rpt_liine__agent_daily.sql",
        "calls.started_at_utc < leads.booked_at_utc",
        "calls.started_at_utc > leads.booked_at_utc - interval '9 years'",
    ),
    "opening time before a break is lost": (
        "marts/fct_liine__lead_speed.sql",
        "~ seconds_of_day('hours.closes_at') ~ ' - ' ~ seconds_of_day('hours.opens_at') ~ ' '",
        "~ '0 '",
    ),
    "the opening time of a holiday counts": (
        "intermediate/int_liine__opening_days.sql",
        "case when holidays.holiday_date is null then coalesce(hours.open_seconds, 0) else 0 end",
        "coalesce(hours.open_seconds, 0)",
    ),
    "a limit is a second shorter": (
        "reports/rpt_liine__speed_to_lead_monthly.sql",
        "'is_reached and seconds <= '",
        "'is_reached and seconds + 60 <= '",
    ),
    "an age ends a day early": (
        "reports/rpt_liine__lead_cohorts_monthly.sql",
        "'seconds_to_booked <= 86400 * ' ~ (days + 1)",
        "'seconds_to_booked <= 86400 * ' ~ days",
    ),
    "a cohort is closed early": ("reports/rpt_liine__lead_cohorts_monthly.sql", "age_days + 2", "age_days - 25"),
    "the name of a location is not joined": (
        "reports/rpt_liine__leads_by_location_monthly.sql",
        "coalesce(locations.location_name, 'unknown')",
        "coalesce(leads.first_location, 'unknown')",
    ),
    "revenue of a channel is that of all leads": (
        "reports/rpt_liine__ad_spend_monthly.sql",
        "where is_new_lead and first_",
        "where first_",
    ),
    "a refund is not deducted": (
        "reports/rpt_liine__ad_spend_monthly.sql",
        "where {{ level }}_key is not null\n        union all",
        "where {{ level }}_key is not null and cost > 0\n        union all",
    ),
    "quiet days at the end are missing": (
        "reports/rpt_liine__customer_daily.sql",
        "or {{ dbt.dateadd('day', -2, 'scope.loaded_through_utc') }} >= dates.date_day",
        "",
    ),
    "an incomplete period is compared": (
        "reports/rpt_liine__period_over_period.sql",
        "periods.is_complete and previous.is_complete",
        "periods.is_complete",
    ),
    "revenue set aside counts twice": (
        HEALTH,
        "case when interaction_id = appointment_interaction_id and not is_counted",
        "case when not is_counted",
    ),
}


class Built(NamedTuple):
    """A warehouse with the marts that the project builds, and what they should be."""

    project: Project
    expected: dict[str, list[Row]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The rows of the story's first stage."""
    folder = tmp_path_factory.mktemp("built")
    place = folder / "warehouse.duckdb"
    with (
        running_emulator(interactions=1500, customers=4, seed=11, mixed_zones=True) as api,
        loading_into(place, folder),
    ):
        Cases(api).insert()
        sync_customers(api)
        insert_ad_spend(place)
        expected = figures(loaded_rows(api), loads_of(api))
    project = Project(place, folder)
    tests = "--exclude-resource-type=test", "--exclude-resource-type=unit_test"
    assert (outcome := project.run("build", *tests)).code == 0, outcome.output
    assert find_differences(project, expected) == []
    return Built(project, expected)


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_is_found(name: str, built: Built, tmp_path: Path) -> None:
    """The mutated model is built, and a value differs."""
    file, old, new = MUTATIONS[name]
    shutil.copytree(PROJECT, tmp_path / "dbt", ignore=shutil.ignore_patterns("target", "logs"))
    shutil.copy(str(built.project.place), tmp_path / "warehouse.duckdb")
    shutil.copytree(SEEDS, tmp_path / "dbt" / "seeds", dirs_exist_ok=True)
    model = tmp_path / "dbt" / "models" / file
    sql = model.read_text(encoding="utf-8")
    assert old in sql
    model.write_text(sql.replace(old, new), encoding="utf-8")
    project = Project(tmp_path / "warehouse.duckdb", tmp_path, built.project.parsed, tmp_path / "dbt")
    assert (outcome := project.run("run", "--full-refresh", "--select", f"{model.stem}+")).code == 0, outcome.output
    assert find_differences(project, built.expected) != []


def find_differences(project: Project, expected: dict[str, list[Row]]) -> list[str]:
    """Where the marts or what data health says of appointments differ from what is expected."""
    tables = project.tables()
    found = health(tables)
    aside = set_aside(expected["fct_liine__interactions"])
    wrong = [name for name, count in aside.items() if found[name] != count]
    return wrong + differences(expected, with_campaign_values(tables))
