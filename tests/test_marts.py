"""Tests of the marts on DuckDB and Postgres: loaded by the connector, compared with a computation in Python."""

import json
import pickle
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest
import yaml
from filelock import FileLock

from liine_source import report
from liine_source.spec.fields import FIELDS
from tests.marts.appointments import set_aside
from tests.marts.building import PROJECT, Project
from tests.marts.comparison import differences, unchecked_columns, unequal_rows, with_campaign_values
from tests.marts.figures import figures
from tests.marts.interactions import PERSONAL, Row
from tests.marts.leads import credit_by_channel
from tests.marts.story import EXCLUDED, PARSED, TIME_ZONES, WITHOUT_UNIT_TESTS, Story, run_story
from tests.support.report_page import figures_of, json_in, sums_of
from tests.support.warehouse import Place, query

# `make test` builds the marts on DuckDB here and once on Postgres in `tests/test_dbt_runner.py`; the rest is slow.
on_each_destination = pytest.mark.parametrize(
    "destination", ["duckdb", pytest.param("postgres", marks=pytest.mark.slow("marts"))]
)
at_each_stage = pytest.mark.parametrize(
    "stage", ["first", "second", pytest.param("full_refresh", marks=pytest.mark.slow("marts"))]
)

SEEDS = {path.stem for path in (PROJECT / "seeds").glob("*.csv")}
# Columns that the connector sets.
LOAD_COLUMNS = {"load_id", "missing_since_utc", "row_definition", "lead_version"}


@pytest.fixture(scope="session")
def place_on_postgres(postgres_server: str) -> str:
    """An empty database."""
    name = f"marts_{uuid.uuid4().hex}"
    with closing(psycopg2.connect(postgres_server)) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"create database {name}")
    return postgres_server.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all test processes share."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "marts"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="session")
def story(folder: Path, request: pytest.FixtureRequest) -> Story:
    """The story, run once: the first process runs it, the others wait.

    If slow tests are selected, it is the long one, on Postgres too.
    """
    pickled = folder / "story.pickle"
    with FileLock(folder / "lock"):
        if not pickled.exists():
            places: dict[str, Place] = {"duckdb": folder / "duckdb" / "warehouse.duckdb"}
            chosen = [item for item in request.session.items if "story" in getattr(item, "fixturenames", ())]
            is_long = any(item.get_closest_marker("slow") for item in chosen)
            if is_long:
                places["postgres"] = request.getfixturevalue("place_on_postgres")
            pickled.write_bytes(pickle.dumps(run_story(places, folder, is_long=is_long)))
    return pickle.loads(pickled.read_bytes())  # noqa: S301  written above


@pytest.fixture(scope="session")
def expected(story: Story) -> dict[str, dict[str, list[Row]]]:
    """The expected tables of each stage, computed in Python."""
    first = figures(story.truth["first"], story.loads["first"])
    second = figures(story.truth["second"], story.loads["second"], before=story.truth["first"])
    return {"first": first, "second": second, "full_refresh": second}


# Builds


@pytest.mark.parametrize(
    ("stage", "destination"),
    [
        pytest.param(*build, marks=[pytest.mark.slow("marts")] if "postgres" in build else [], id="-".join(build))
        for build in EXCLUDED
    ],
)
def test_all_nodes_pass(story: Story, destination: str, stage: str) -> None:
    """Models, seeds, data tests and unit tests pass; values that the reference does not list only warn."""
    outcome = story.outcomes[stage, destination]
    assert outcome.code == 0, outcome.output
    assert outcome.statuses.keys() <= {"success", "pass", "warn", "no-op"}
    assert all(name.startswith("accepted_values_stg_liine__interactions_") for name in outcome.named("warn"))
    kinds = {"model", "seed", "test", "unit_test", "exposure", "saved_query"}
    assert outcome.kinds().keys() == kinds - set(EXCLUDED[stage, destination])


@pytest.mark.slow("marts")
@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
def test_incremental_build_equals_full_refresh(story: Story, destination: str) -> None:
    """In every table and column, including late changes, reassigned leads and vanished rows."""
    assert unequal_rows(story.tables["second", destination], story.tables["full_refresh", destination]) == []


@pytest.mark.slow("marts")
@at_each_stage
def test_duckdb_and_postgres_have_the_same_rows(story: Story, stage: str) -> None:
    """In every table and column, except load ids and verification times."""
    one, other = (without_load_columns(story.tables[stage, name]) for name in ("duckdb", "postgres"))
    assert unequal_rows(one, other) == []


def without_load_columns(tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The tables without the columns that differ between loads of the same rows."""
    rows = [
        {**row, "load_id": "", "missing_since_utc": row["missing_since_utc"] is not None}
        for row in tables["fct_liine__interactions"]
    ]
    changes = [{**row, "restatement_key": ""} for row in tables["fct_liine__restatements"]]
    return {**tables, "fct_liine__interactions": rows, "fct_liine__restatements": changes}


@pytest.mark.parametrize("zone", sorted({*TIME_ZONES.values()} - {"UTC"}))
def test_environment_sets_session_time_zone(zone: str, postgres_server: str, tmp_path: Path) -> None:
    """The environment that dbt runs in sets the session time zone of DuckDB and Postgres."""
    script = (
        "import duckdb, psycopg2, sys; print(duckdb.sql(\"select current_setting('TimeZone')\").fetchall()[0][0]);"
        " c = psycopg2.connect(sys.argv[1]).cursor(); c.execute('show timezone'); print(c.fetchone()[0])"
    )
    environment = Project(postgres_server, tmp_path).environment(zone)
    command = [sys.executable, "-c", script, postgres_server]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603  a script of our own
    assert answer.stdout.split() == [zone, zone]


def test_manifest_has_all_metrics(story: Story, folder: Path) -> None:
    """dbt 1.11 silently ignores semantic models in the newer format, which nests them in a model."""
    assert story.outcomes["first", "duckdb"].code == 0
    manifest = json.loads((folder / "duckdb" / "target" / "manifest.json").read_text())
    measures = {
        model["name"]: [measure["name"] for measure in model["measures"]]
        for model in manifest["semantic_models"].values()
    }
    assert {name: found for name, found in measures.items() if found} == {
        "interactions": [
            *("interactions", "answered_calls", "missed_calls", "decided_calls"),
            *("dated_interactions", "spam_interactions"),
        ],
        "leads": ["new_leads", "reached_leads", "booked_leads", "attended_leads", "new_lead_revenue"],
        "appointments": ["appointment_revenue", "attended_appointments", "decided_appointments"],
        "missed_call_responses": ["decided_missed_calls", "called_back_calls", "recovered_calls"],
        "form_responses": ["decided_forms", "attempted_forms", "connected_forms"],
    }
    entities = {entity["name"] for model in manifest["semantic_models"].values() for entity in model["entities"]}
    assert entities >= {"customer", "channel", "campaign", "agent", "location"}
    assert len(manifest["saved_queries"]) == 2
    rates = {"spam_rate", "callback_rate", "recovery_rate", "attempt_rate", "connection_rate"}
    rates |= {"answer_rate", "reach_rate", "booking_rate", "attended_rate", "show_rate"}
    assert {metric["name"] for metric in manifest["metrics"].values()} == rates.union(*measures.values())


def test_every_key_is_tested_to_join() -> None:
    """Each column of a mart or report that names a row of another model is in the test `every_key_joins`."""
    keys = (
        "interaction_id",
        "lead_key",
        "channel_key",
        "campaign_key",
        "agent_id",
        "location",
        "customer_id",
        "date_local",
    )
    names = re.compile(rf"(\w+_)?({'|'.join(keys)})")
    # A model's own key, and columns that are no key or whose row may be missing; the test's comment has the reasons.
    others = {"booked_later_interaction_id", "is_touch_location", "is_appointment_location"}
    own = {"dim_liine__agents.agent_id", "dim_liine__campaigns.campaign_key", "dim_liine__channels.channel_key"}
    own |= {"dim_liine__locations.location", "dim_liine__customers.customer_id", "fct_liine__leads.lead_key"}
    own |= {"fct_liine__interactions.interaction_id"}
    # What changed may have vanished.
    own |= {"fct_liine__restatements.interaction_id", "fct_liine__restatements.lead_key"}
    columns = {
        f"{model['name']}.{column['name']}"
        for folder in ("marts", "reports")
        for path in (PROJECT / "models" / folder).glob("*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", ())
        for column in model["columns"]
        if names.fullmatch(column["name"]) and column["name"] not in others
    }
    # Days that bound a period need no row.
    columns = {name for name in columns if not name.endswith("_date_local")}
    tested = re.findall(r"'(\w+\.\w+)'", (PROJECT / "tests" / "every_key_joins.sql").read_text(encoding="utf-8"))
    assert columns - own <= set(tested)


# Figures


@on_each_destination
@at_each_stage
def test_marts_equal_python_computation(
    story: Story, expected: dict[str, dict[str, list[Row]]], stage: str, destination: str
) -> None:
    """Every row and value is equal, in each session time zone."""
    found = with_campaign_values(story.tables[stage, destination])
    assert differences(expected[stage], found) == []
    built_from = ("leads", "appointments", "lead_attribution", "messaging_skills")
    unchecked = {
        **{f"fct_liine__{name}": {"built_from"} for name in built_from},
        "fct_liine__interactions": LOAD_COLUMNS,
        "dim_liine__load_scope": {"description"},
        "rpt_liine__data_health": {"detail"},
        **({"fct_liine__restatements": {"restatement_key"}} if stage != "first" else {}),
    }
    assert unchecked_columns(expected[stage], found) == unchecked
    assert found.keys() - expected[stage].keys() == SEEDS


# Sums in the page of `liine report`, what they are grouped by here, and the dbt report that has them, by its own names.
_IN_PAGE = [
    (
        "leads",
        ("customer_id", "day", "channel"),
        ("rpt_liine__channel_daily", "customer_id", "date_local", "channel"),
        {name: name for name in ("new_leads", "reached_leads", "booked_leads", "attended_leads")}
        | {"revenue": "new_lead_revenue"},
    ),
    (
        "leads",
        ("customer_id", "month", "location"),
        ("rpt_liine__leads_by_location_monthly", "customer_id", "month_local", "location_name"),
        {"new_leads": "new_leads", "booked_leads": "booked_leads"},
    ),
    (
        "leads",
        ("customer_id", "month"),
        ("rpt_liine__lead_funnel_monthly", "customer_id", "month_local"),
        {"leads_with_appointment": "leads_with_appointment", "revenue": "revenue"},
    ),
    (
        "unbooked_leads",
        ("customer_id", "month", "reason"),
        ("rpt_liine__reasons_not_booked_monthly", "customer_id", "month_local", "reason_not_booked"),
        {"unbooked_leads": "leads"},
    ),
    (
        "calls",
        ("customer_id", "weekday", "hour"),
        ("rpt_liine__call_heatmap", "customer_id", "weekday_local", "hour_local"),
        {name: name for name in ("inbound_calls", "answered_calls", "missed_calls")},
    ),
    (
        "calls",
        ("customer_id", "day"),
        ("rpt_liine__answer_rate_daily", "customer_id", "date_local"),
        {name: name for name in ("inbound_calls", "answered_calls", "missed_calls")},
    ),
    (
        "missed_calls",
        ("customer_id", "day"),
        ("rpt_liine__responses_daily", "customer_id", "date_local"),
        {
            "missed_calls": "missed_calls",
            "decided_calls": "decided_missed_calls",
            "called_back_calls": "called_back_calls",
        },
    ),
    (
        "agent_calls",
        ("customer_id", "day", "agent"),
        ("rpt_liine__agent_daily", "customer_id", "date_local", "agent_name"),
        {name: name for name in ("answered_inbound_calls", "answered_outbound_calls", "talk_seconds", "bookings")},
    ),
    (
        "opportunities",
        ("customer_id", "day", "agent"),
        ("rpt_liine__agent_daily", "customer_id", "date_local", "agent_name"),
        {name: name for name in ("opportunities", "booked_opportunities")},
    ),
]


@on_each_destination
def test_page_of_report_equals_reports(
    story: Story, folder: Path, destination: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each figure that `liine report` shows is that of the dbt report, also where the data cannot tell it."""
    place: Place = Path("warehouse.duckdb")
    if destination == "duckdb":
        shutil.copy(folder / "duckdb" / "warehouse.duckdb", "warehouse.duckdb")
    else:
        place = request.getfixturevalue("place_on_postgres")
        monkeypatch.setenv("DESTINATION_TYPE", "postgres")
        monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", str(place))
    written = report()
    page = Path(written.path)
    figures = figures_of(page)
    assert any(customer["unknown"] for customer in figures["customers"])
    for sums, groups, (table, *columns), names in _IN_PAGE:
        rows = [_with_periods(row) for row in sums_of(figures, sums)]
        found = _sums_by(rows, groups, [*names])
        # An agent without a name goes by the id.
        reported = [
            {**row, "agent_name": row.get("agent_name") or f"agent {row.get('agent_id')}"}
            for row in query(place, f"select * from liine_marts.{table}")  # noqa: S608  names above
        ]
        expected = _sums_by(reported, columns, [*names.values()])
        assert found == expected, (sums, table)
        assert found
    text = json_in(page.read_text(encoding="utf-8"))
    personal = {str(row[name]) for row in story.truth["second"] for name in ("phone_number", "email")}
    personal = {value for value in personal if re.match(r"\+|.+@", value)}
    assert personal
    assert [value for value in personal if value in text] == []


def _with_periods(row: Row) -> Row:
    return {**row, "month": row["day"].replace(day=1), "weekday": row["day"].isoweekday()}


def _sums_by(rows: Iterable[Row], groups: Iterable[str], names: list[str]) -> dict[tuple[Any, ...], list[Any]]:
    """Sums in cents by group, None where one of them is; without groups that have nothing."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        sums = found.setdefault(tuple(row[name] for name in groups), [0] * len(names))
        for place, name in enumerate(names):
            sums[place] = None if sums[place] is None or row[name] is None else sums[place] + round(100 * row[name])
    return {group: sums for group, sums in found.items() if any(sums)}


@at_each_stage
def test_attribution_credits_every_lead_once_per_model(
    story: Story, expected: dict[str, dict[str, list[Row]]], stage: str
) -> None:
    """Leads, bookings and revenue of new leads by channel sum to the total in each model."""
    found: dict[tuple[str, str], tuple[Decimal, ...]] = {}
    for row in story.tables[stage, "duckdb"]["fct_liine__lead_attribution"]:
        if row["is_new_lead"]:
            before = found.get(key := (row["model"], row["channel_key"]), (Decimal(0),) * 3)
            amounts = (row["weight"], row["weight"] * bool(row["is_booked"]), row["attributed_revenue"] or 0)
            found[key] = tuple(map(sum, zip(before, amounts, strict=True)))
    leads = [lead for lead in expected[stage]["fct_liine__leads"] if lead["is_new_lead"]]
    assert found == credit_by_channel(leads)
    total = (len(leads), sum(bool(lead["is_booked"]) for lead in leads), sum(lead["revenue"] or 0 for lead in leads))
    for model in ("first_touch", "last_touch", "linear"):
        of_model = [amounts for (name, _), amounts in found.items() if name == model]
        assert tuple(map(sum, zip(*of_model, strict=True))) == total


@on_each_destination
def test_vanished_rows_are_excluded_and_rows_missed_once_count(story: Story, destination: str) -> None:
    """A row vanishes after two verifications miss it; rpt_liine__data_health counts both kinds."""
    rows = story.tables["second", destination]["fct_liine__interactions"]
    first = {row["interaction_id"] for row in story.tables["first", destination]["fct_liine__interactions"]}
    assert len(first - {row["interaction_id"] for row in rows}) == 2
    assert [row["is_counted"] for row in rows if row["missing_since_utc"]] == [True]
    found = health(story.tables["second", destination])
    assert (found["vanished"], found["missing once"]) == (2, 1)


@at_each_stage
def test_data_health_counts_excluded_and_doubtful_rows(
    story: Story, expected: dict[str, dict[str, list[Row]]], stage: str
) -> None:
    """The checks use the same rows as the other marts."""
    found = health(story.tables[stage, "duckdb"])
    rows = expected[stage]["fct_liine__interactions"]
    leads = expected[stage]["fct_liine__leads"]
    counted = [row for row in rows if row["is_counted"]]
    assert found["unknown call result"] == sum(row["call_result"] == "unknown" for row in counted) > 0
    assert found["booked elsewhere"] == sum(lead["is_booked_elsewhere"] for lead in leads) > 0
    assert found["undecided leads"] == sum(lead["lead_type"] == "undecided" for lead in leads) > 0
    without_channel = [lead for lead in leads if lead["is_new_lead"] and lead["first_channel_key"] == "unattributed"]
    assert found["unattributed leads"] == len(without_channel) > 0
    aside = set_aside(rows)
    assert {name: found[name] for name in aside} == aside
    assert min(aside.values()) > 0
    assert found["window completeness"] > 0
    assert found["dataset completeness"] >= len(counted)


def health(tables: dict[str, list[Row]]) -> dict[str, int]:
    """The sum of `found` by check, over all customers and subjects."""
    found: dict[str, int] = {}
    for row in tables["rpt_liine__data_health"]:
        found[row["check_name"]] = found.get(row["check_name"], 0) + row["found"]
    return found


HEALTH = {
    ("unknown call result", True),
    ("unknown call result", False),
    ("undecided leads", True),
    ("unknown value", True),
    ("keys of hashed locations", False),
}
# Cases that the data must contain for the comparison to cover them.
ROWS: dict[str, Callable[[Row], Any]] = {
    **{
        f"{name} {value}": lambda row, name=name, value=value: row["is_counted"] and row[name] == value
        for name, values in {
            "interaction_kind": ("phone_call", "manual_update", "form", "online_booking", "ehr_pms_entry", "unknown"),
            "call_result": ("answered", "missed", "pending", "unknown"),
            "missed_reason": ("voicemail", "busy", "error", "not connected"),
            "appointment_state": ("attended", "no_show", "future", "unknown"),
        }.items()
        for value in values
    },
    "spam": lambda row: row["is_spam"],
    "undated": lambda row: not row["is_spam"] and not row["is_counted"],
    "a call without a direction": lambda row: (
        row["is_phone_call"] and not row["is_inbound_call"] and not row["is_outbound_call"]
    ),
    "no lead": lambda row: row["is_counted"] and row["lead_key"] is None,
    "reassigned": lambda row: row["is_lead_reassigned"],
    "local and UTC dates differ": lambda row: row["date_local"] != row["date_utc"],
}
LEADS: dict[str, Callable[[Row], Any]] = {
    **{kind: lambda lead, kind=kind: lead["lead_type"] == kind for kind in ("new", "existing", "none", "undecided")},
    "booked elsewhere": lambda lead: lead["is_booked_elsewhere"],
    "booked, never reached": lambda lead: lead["is_booked"] and lead["is_reached"] is False,
    "attended, not booked": lambda lead: lead["is_attended"] and lead["is_booked"] is False,
    "several appointments": lambda lead: lead["appointments"] and lead["appointments"] > 1,
    "two channels": lambda lead: lead["first_channel_key"] != lead["last_channel_key"],
    "a reason, though booked": lambda lead: lead["is_booked"] and lead["reason_not_booked"],
    "revenue": lambda lead: lead["revenue"] and lead["revenue"] > 0,
    "a first contact in another month": lambda lead: (
        lead["is_new_lead"] and lead["first_contact_date_local"].replace(day=1) != lead["first_month_local"]
    ),
}
OTHERS: dict[str, tuple[str, Callable[[Row], Any]]] = {
    "journeys of several rows": ("fct_liine__appointments", lambda row: row["journey_rows"] > 1),
    "appointments without a lead": ("fct_liine__appointments", lambda row: row["lead_key"] is None),
    "two providers": ("bridge_liine__appointment_providers", lambda row: row["providers"] == 2),
    "called back, not recovered": (
        "fct_liine__missed_calls",
        lambda row: row["is_called_back"] and row["is_recovered"] is False,
    ),
    "recovered, not called back": (
        "fct_liine__missed_calls",
        lambda row: row["is_recovered"] and row["is_called_back"] is False,
    ),
    "neither": (
        "fct_liine__missed_calls",
        lambda row: row["is_recovered"] is False and row["is_called_back"] is False,
    ),
    "an open window without a callback": (
        "fct_liine__missed_calls",
        lambda row: row["is_called_back"] is None and row["lead_key"] and not row["is_window_closed"],
    ),
    "a callback in an open window": (
        "fct_liine__missed_calls",
        lambda row: row["is_called_back"] and not row["is_window_closed"],
    ),
    "a missed call without a lead": ("fct_liine__missed_calls", lambda row: not row["lead_key"]),
    "a closed window of which calls may be missing": (
        "fct_liine__missed_calls",
        lambda row: row["is_called_back"] is None and row["lead_key"] and row["is_window_closed"],
    ),
    "a revenue of another interaction": (
        "fct_liine__appointments",
        lambda row: row["revenue_interaction_id"] not in {None, row["interaction_id"]},
    ),
    "leads of which bookings may be missing": ("fct_liine__leads", lambda row: row["is_booked"] is None),
    "a callback in the same second": ("fct_liine__missed_calls", lambda row: row["seconds_to_callback"] == 0),
    "a callback in the last second": ("fct_liine__missed_calls", lambda row: row["seconds_to_callback"] == 7 * 86_400),
    "forms answered": ("fct_liine__form_responses", lambda row: row["is_connected"]),
    "forms not answered": ("fct_liine__form_responses", lambda row: row["is_attempted"] is False),
    "skills not met": ("fct_liine__messaging_skills", lambda row: not row["is_met"]),
    "a channel of several spellings": ("dim_liine__channels", lambda row: row["spellings"] > 1),
    "a campaign of spam alone": ("dim_liine__campaigns", lambda row: row["first_date_local"] is None),
    "an agent without counted interactions": ("dim_liine__agents", lambda row: row["interactions"] == 0),
    "a hashed location": ("dim_liine__locations", lambda row: row["is_hashed"]),
    **{
        f"{'' if is_healthy else 'un'}healthy: {check}": (
            "rpt_liine__data_health",
            lambda row, check=check, is_healthy=is_healthy: (
                row["check_name"] == check and row["is_healthy"] == is_healthy and row["found"]
            ),
        )
        for check, is_healthy in HEALTH
    },
    "spend without leads": ("rpt_liine__ad_spend_monthly", lambda row: row["cost"] and row["new_leads"] == 0),
    "a cost per booking of a campaign": (
        "rpt_liine__ad_spend_monthly",
        lambda row: row["campaign_key"] and row["cost_per_booking"] and row["return_on_spend"],
    ),
    "reached after closing time": (
        "fct_liine__lead_speed",
        lambda row: row["open_seconds_to_reach"] and row["open_seconds_to_reach"] < row["seconds_to_reach"],
    ),
    "a first contact out of hours": ("fct_liine__lead_speed", lambda row: row["is_open_at_first_contact"] is False),
    "a cohort too young for an age": (
        "rpt_liine__lead_cohorts_monthly",
        lambda row: row["booked_leads"] and not row["is_closed"],
    ),
    "a day without interactions": ("rpt_liine__customer_daily", lambda row: row["interactions"] == 0),
    "comparable months": (
        "rpt_liine__period_over_period",
        lambda row: row["period"] == "month" and row["new_lead_revenue_ratio"],
    ),
    "an opportunity that another agent booked": (
        "rpt_liine__agent_daily",
        lambda row: row["opportunities"] and row["booked_opportunities"] == 0,
    ),
    "a channel that the seed does not know": ("dim_liine__channels", lambda row: not row["is_in_seed"]),
}


@at_each_stage
def test_data_contains_every_case(expected: dict[str, dict[str, list[Row]]], stage: str) -> None:
    """Without a case in the data, equal tables would not cover it."""
    cases = {
        **{f"row: {name}": ("fct_liine__interactions", case) for name, case in ROWS.items()},
        **{f"lead: {name}": ("fct_liine__leads", case) for name, case in LEADS.items()},
        **OTHERS,
    }
    assert [name for name, (table, case) in cases.items() if not any(map(case, expected[stage][table]))] == []


def test_data_changes_between_builds(expected: dict[str, dict[str, list[Row]]]) -> None:
    """Leads are reassigned, bookings made and lost, spam found and cleared, and revenue corrected."""
    before, after = (
        {row["interaction_id"]: row for row in expected[stage]["fct_liine__interactions"]}
        for stage in ("first", "second")
    )
    both = [(before[key], after[key]) for key in before.keys() & after.keys()]
    for name in ("lead_key", "is_spam", "is_booking", "revenue", "appointment_state", "call_result"):
        assert sum(old[name] != new[name] for old, new in both) > 0, name
    moves = {(old["is_spam"], new["is_spam"]) for old, new in both}
    assert moves >= {(True, False), (False, True)}
    changes = expected["second"]["fct_liine__restatements"]
    columns = {"outcome", "appointment_status", "revenue", "call_type", "lead_key", "is_counted"}
    assert {change["changed_column"] for change in changes} == columns
    assert after.keys() - before.keys()
    assert before.keys() - after.keys()


# Personal data


@on_each_destination
@at_each_stage
def test_marts_contain_no_personal_data(story: Story, stage: str, destination: str) -> None:
    """No text in any table contains a direct identifier of a person or equals an indirect one."""
    classes = {field.name: field.personal_data for field in FIELDS}
    truth = story.truth[stage if stage == "first" else "second"]
    direct = set(texts(truth, [name for name, kind in classes.items() if kind == "direct"])) - {"Unknown"}
    # City and state are excluded: practices have the same ones.
    names = [name for name, kind in classes.items() if kind == "indirect" and name not in {"city", "state"}]
    indirect = set(texts(truth, names))
    others = set(texts(truth, [name for name, kind in classes.items() if kind not in {"direct", "indirect"}]))
    assert len(direct - others) > 1000
    tables = story.tables[stage, destination]
    stored = {value for rows in tables.values() for row in rows for value in row.values() if isinstance(value, str)}
    assert stored & (indirect - others) == set()
    assert [value for value in stored - others if any(person in value for person in direct - others)] == []
    assert stored & (direct - others) == set()
    assert {row[name] for row in tables["fct_liine__interactions"] for name in PERSONAL} == {None}


def texts(rows: Iterable[Row], names: list[str]) -> Iterator[str]:
    """Every text of the fields, as it is and without surrounding spaces."""
    for row in rows:
        for name in names:
            if isinstance(value := row.get(name), str) and value.strip():
                yield from (value, value.strip())


@pytest.mark.slow("marts")
def test_variable_fills_personal_columns(story: Story) -> None:
    """It fills them in rows built without them too, and changes nothing else."""
    found = story.tables["personal", "duckdb"]
    before = story.truth["first"]
    wanted = figures(story.truth["second"], story.loads["second"], personal=True, before=before)
    assert differences(wanted, with_campaign_values(found)) == []
    for name in PERSONAL:
        assert any(row[name] is not None for row in found["fct_liine__interactions"]), name
    assert any(lead["lead_id"] for lead in found["fct_liine__leads"])


@pytest.mark.slow("marts")
def test_alerts_fail_or_warn_if_asked_for(story: Story, folder: Path, tmp_path: Path) -> None:
    """By severity; a threshold that is not exceeded is silent."""
    assert story.outcomes["second", "duckdb"].code == 0
    place = tmp_path / "warehouse.duckdb"
    shutil.copy(folder / "duckdb" / "warehouse.duckdb", place)
    with duckdb.connect(str(place)) as connection:
        connection.execute("update liine_marts.rpt_liine__data_health set is_healthy = true where severity = 'error'")
    project = Project(place, tmp_path, folder / PARSED)
    variables: dict[str, Any] = {"liine_alerts": True}
    outcome = project.run("test", "--select", "tag:alerts", variables=variables)
    assert (outcome.named("pass"), outcome.named("warn")) == (["data_health_errors"], ["data_health_warnings"])
    with duckdb.connect(str(place)) as connection:
        connection.execute("update liine_marts.rpt_liine__data_health set is_healthy = severity != 'error'")
    outcome = project.run("test", "--select", "tag:alerts", variables=variables)
    assert (outcome.named("fail"), outcome.named("pass")) == (["data_health_errors"], ["data_health_warnings"])
    variables["liine_health_thresholds"] = {"proof age": 1e6}
    assert project.run("run", "--select", "rpt_liine__data_health", variables=variables).code == 0
    outcome = project.run("test", "--select", "data_health_errors", variables=variables)
    assert outcome.named("pass") == ["data_health_errors"]


# Missing tables and tampered data


@pytest.mark.slow("marts")
def test_missing_and_empty_tables(story: Story, folder: Path, tmp_path: Path) -> None:
    """Every node passes without any loaded table; with interactions alone, the marts have the rows that are there."""
    place = tmp_path / "warehouse.duckdb"
    project = Project(place, tmp_path, folder / PARSED)
    with duckdb.connect(str(place)) as connection:
        connection.execute("create schema liine")
    empty = project.run("build", *WITHOUT_UNIT_TESTS)
    assert empty.code == 0, empty.output
    assert empty.statuses.keys() == {"success", "pass", "no-op"}
    assert [name for name, rows in project.tables().items() if rows] == [
        "dim_liine__channels",
        *sorted(SEEDS),
    ]

    with duckdb.connect(str(place)) as connection:
        connection.execute(f"attach '{folder / 'duckdb' / 'warehouse.duckdb'}' as whole (read_only)")
        for table in ("interactions", "ad_spend"):
            connection.execute(f"create table liine.{table} as select * from whole.liine.{table}")  # noqa: S608  names above
    alone = project.run("run")
    assert alone.code == 0, alone.output
    found = project.tables()
    wanted = figures(story.truth["second"], {}) | {"bridge_liine__appointment_providers": []}
    assert differences(wanted, with_campaign_values(found)) == []


# Without the alerts, which run only if they are asked for.
SINGULAR_TESTS = {path.stem for path in (PROJECT / "tests").glob("*.sql") if not path.stem.startswith("data_health_")}
# SQL that tampers with the data, by the test that should fail.
TAMPERING = {
    "interactions_reconcile_with_staging": "insert into liine_marts.fct_liine__interactions"
    " select * from liine_marts.fct_liine__interactions limit 1",
    "leads_reconcile_with_interactions": "update liine_marts.fct_liine__leads set interactions = interactions + 1",
    "attribution_weights_sum_to_one": "update liine_marts.fct_liine__lead_attribution set weight = 0.6"
    " where model = 'linear'",
    "revenue_reconciles_with_appointments": "insert into liine_marts.fct_liine__appointments"
    " select * from liine_marts.fct_liine__appointments where revenue > 0 limit 1",
    "calls_forms_and_skills_reconcile_with_interactions": "delete from liine_marts.fct_liine__form_responses"
    " where is_attempted",
    "reports_reconcile_with_marts": "update liine_marts.rpt_liine__answer_rate_daily"
    " set inbound_calls = inbound_calls + 1",
    "personal_columns_are_null": "update liine_marts.fct_liine__interactions set lead_name = 'Testa Nowhere'",
    "unknown_values_follow_load_scope": "update liine_marts.fct_liine__missed_calls set is_called_back = null",
    "every_key_joins": "delete from liine_marts.dim_liine__locations where is_touch_location",
    "staging_reconciles_with_sweeps": "delete from liine.interactions where id % 2 = 0",
}


def test_reconciliation_tests_detect_tampering(story: Story, folder: Path, tmp_path: Path) -> None:
    """Each singular test passes after the build and fails after its data was tampered with."""
    assert story.outcomes["second", "duckdb"].code == 0
    assert set(TAMPERING) == SINGULAR_TESTS
    assert set(TAMPERING) <= set(story.outcomes["second", "duckdb"].named("pass"))
    place = tmp_path / "warehouse.duckdb"
    shutil.copy(folder / "duckdb" / "warehouse.duckdb", place)
    with duckdb.connect(str(place)) as connection:
        for sql in TAMPERING.values():
            connection.execute(sql)
    outcome = Project(place, tmp_path, folder / PARSED).run("test", "--select", "test_type:singular")
    assert outcome.code == 1
    assert outcome.named("fail") == sorted(TAMPERING)
    assert all(result.failures > 0 for result in outcome.results)
