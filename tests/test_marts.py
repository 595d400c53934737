"""The marts over data that the connector loaded, on DuckDB and Postgres, against a computation without SQL."""

import json
import pickle
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
from filelock import FileLock

from liine_source.spec.fields import FIELDS
from tests.marts.building import PROJECT, Project
from tests.marts.comparison import differences, named_campaigns, unequal_rows, untold
from tests.marts.figures import figures
from tests.marts.interactions import PERSONAL, Row
from tests.marts.leads import credit
from tests.marts.story import PARSED, QUICK, SESSIONS, WITHOUT_UNIT_TESTS, Story, told
from tests.warehouse import Place

# `make test` builds the marts on DuckDB here, and once on Postgres in `tests/test_transform.py`; all else is slow.
on_each = pytest.mark.parametrize("destination", ["duckdb", pytest.param("postgres", marks=pytest.mark.slow("marts"))])
at_each_stage = pytest.mark.parametrize(
    "stage", ["first", "second", pytest.param("anew", marks=pytest.mark.slow("marts"))]
)

# What only the connector knows.
OF_THE_LOAD = {"load_id", "missing_since_utc", "row_definition"}


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
    """A folder that all processes of the tests share."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "marts"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="session")
def story(folder: Path, request: pytest.FixtureRequest) -> Story:
    """What happened, told once: whichever process comes first lets it happen, the others wait.

    For slow tests it is a long one, and on Postgres too.
    """
    kept = folder / "story.pickle"
    with FileLock(folder / "lock"):
        if not kept.exists():
            places: dict[str, Place] = {"duckdb": folder / "duckdb" / "warehouse.duckdb"}
            chosen = [item for item in request.session.items if "story" in getattr(item, "fixturenames", ())]
            is_long = any(item.get_closest_marker("slow") for item in chosen)
            if is_long:
                places["postgres"] = request.getfixturevalue("place_on_postgres")
            kept.write_bytes(pickle.dumps(told(places, folder, is_long=is_long)))
    return pickle.loads(kept.read_bytes())  # noqa: S301  written above


@pytest.fixture(scope="session")
def expected(story: Story) -> dict[str, dict[str, list[Row]]]:
    """The figures of each stage, computed without SQL."""
    first, second = (figures(story.truth[stage]) for stage in ("first", "second"))
    return {"first": first, "second": second, "anew": second}


# The builds


@pytest.mark.parametrize(
    ("stage", "destination"),
    [
        pytest.param(*build, marks=[pytest.mark.slow("marts")] if "postgres" in build else [], id="-".join(build))
        for build in QUICK
    ],
)
def test_every_node_passes_whichever_build_it_is(story: Story, destination: str, stage: str) -> None:
    """Models, seeds, data tests and unit tests; of words that nobody knows there is a warning and nothing more."""
    outcome = story.outcomes[stage, destination]
    assert outcome.code == 0, outcome.told
    assert outcome.statuses.keys() <= {"success", "pass", "warn", "no-op"}
    assert all(name.startswith("accepted_values_stg_liine__interactions_") for name in outcome.named("warn"))
    kinds = {"model", "seed", "test", "unit_test", "exposure"}
    assert outcome.kinds().keys() == kinds - set(QUICK[stage, destination])


@pytest.mark.slow("marts")
@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
def test_a_build_upon_a_build_equals_one_made_anew(story: Story, destination: str) -> None:
    """Late changes, reassigned leads and vanished rows included; every table, every column."""
    assert unequal_rows(story.tables["second", destination], story.tables["anew", destination]) == []


@pytest.mark.slow("marts")
@at_each_stage
def test_duckdb_and_postgres_have_the_same_rows(story: Story, stage: str) -> None:
    """Every table, every column; but loads have other ids, and verifications other times."""
    one, other = (alike(story.tables[stage, name]) for name in ("duckdb", "postgres"))
    assert unequal_rows(one, other) == []


def alike(tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Tables without what differs between loads of the same rows."""
    rows = [
        {**row, "load_id": "", "missing_since_utc": row["missing_since_utc"] is not None}
        for row in tables["fct_liine__interactions"]
    ]
    return {**tables, "fct_liine__interactions": rows}


@pytest.mark.parametrize("zone", sorted({*SESSIONS.values()} - {"UTC"}))
def test_the_sessions_were_where_they_should_be(zone: str, postgres_server: str, tmp_path: Path) -> None:
    """The environment in which dbt was run sets the zone of a session on both."""
    asked = (
        "import duckdb, psycopg2, sys; print(duckdb.sql(\"select current_setting('TimeZone')\").fetchall()[0][0]);"
        " c = psycopg2.connect(sys.argv[1]).cursor(); c.execute('show timezone'); print(c.fetchone()[0])"
    )
    environment = Project(postgres_server, tmp_path).environment(zone)
    command = [sys.executable, "-c", asked, postgres_server]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603  a script of our own
    assert answer.stdout.split() == [zone, zone]


def test_the_metrics_are_in_the_manifest(story: Story, folder: Path) -> None:
    """Each with what it sums; dbt 1.11 loses those of the newer form, within a model, without a word."""
    assert story.outcomes["first", "duckdb"].code == 0
    manifest = json.loads((folder / "duckdb" / "target" / "manifest.json").read_text())
    measures = {
        model["name"]: [measure["name"] for measure in model["measures"]]
        for model in manifest["semantic_models"].values()
    }
    assert measures == {
        "interactions": ["interactions", "answered_calls", "missed_calls", "decided_calls"],
        "leads": ["new_leads", "reached_leads", "booked_leads", "attended_leads", "new_lead_revenue"],
        "appointments": ["appointment_revenue", "attended_appointments", "settled_appointments"],
    }
    rates = {"answer_rate", "reach_rate", "booking_rate", "attended_rate", "show_rate"}
    assert {metric["name"] for metric in manifest["metrics"].values()} == rates.union(*measures.values())


# The figures


@on_each
@at_each_stage
def test_the_figures_are_those_computed_without_sql(
    story: Story, expected: dict[str, dict[str, list[Row]]], stage: str, destination: str
) -> None:
    """Row for row and value for value, in whatever zone the session was."""
    found = named_campaigns(story.tables[stage, destination])
    assert differences(expected[stage], found) == []
    assert untold(expected[stage], found) == {"fct_liine__interactions": OF_THE_LOAD}
    assert found.keys() - expected[stage].keys() == {"rpt_liine__data_health", "liine_channel_groups"}


@at_each_stage
def test_the_credit_of_channels_adds_up_by_model(
    story: Story, expected: dict[str, dict[str, list[Row]]], stage: str
) -> None:
    """Leads, bookings and revenue of new leads by model and channel; each model credits all of it."""
    found: dict[tuple[str, str], tuple[Decimal, ...]] = {}
    for row in story.tables[stage, "duckdb"]["fct_liine__lead_attribution"]:
        if row["is_new_lead"]:
            before = found.get(key := (row["model"], row["channel_key"]), (Decimal(0),) * 3)
            worth = (row["weight"], row["weight"] * row["is_booked"], row["attributed_revenue"])
            found[key] = tuple(map(sum, zip(before, worth, strict=True)))
    leads = [lead for lead in expected[stage]["fct_liine__leads"] if lead["is_new_lead"]]
    assert found == credit(leads)
    whole = (len(leads), sum(lead["is_booked"] for lead in leads), sum(lead["revenue"] for lead in leads))
    for model in ("first_touch", "last_touch", "linear"):
        of_model = [worth for (name, _), worth in found.items() if name == model]
        assert tuple(map(sum, zip(*of_model, strict=True))) == whole


@on_each
def test_a_vanished_row_is_in_nothing_and_one_missed_once_still_counts(story: Story, destination: str) -> None:
    """Two verifications make a row vanish; the report of health tells of both kinds."""
    rows = story.tables["second", destination]["fct_liine__interactions"]
    first = {row["interaction_id"] for row in story.tables["first", destination]["fct_liine__interactions"]}
    assert len(first - {row["interaction_id"] for row in rows}) == 2
    assert [row["is_counted"] for row in rows if row["missing_since_utc"]] == [True]
    found = health(story.tables["second", destination])
    assert (found["vanished"], found["missing once"]) == (2, 1)


@at_each_stage
def test_the_report_of_health_counts_what_is_left_out(
    story: Story, expected: dict[str, dict[str, list[Row]]], stage: str
) -> None:
    """What is doubtful or in no figure is counted over the same rows as the figures."""
    found = health(story.tables[stage, "duckdb"])
    rows = expected[stage]["fct_liine__interactions"]
    leads = expected[stage]["fct_liine__leads"]
    counted = [row for row in rows if row["is_counted"]]
    assert found["unknown call result"] == sum(row["call_result"] == "unknown" for row in counted) > 0
    assert found["booked elsewhere"] == sum(lead["is_booked_elsewhere"] for lead in leads) > 0
    assert found["undecided leads"] == sum(lead["lead_type"] == "undecided" for lead in leads) > 0
    without_channel = [lead for lead in leads if lead["is_new_lead"] and lead["first_channel_key"] == "unattributed"]
    assert found["unattributed leads"] == len(without_channel) > 0
    assert found["window proven"] > 0
    assert found["whole dataset"] >= len(counted)


def health(tables: dict[str, list[Row]]) -> dict[str, int]:
    """What each check found, over all customers and subjects."""
    found: dict[str, int] = {}
    for row in tables["rpt_liine__data_health"]:
        found[row["check_name"]] = found.get(row["check_name"], 0) + row["found"]
    return found


# What a comparison is worth: each of these is there, or equal figures would say little.
ROWS: dict[str, Callable[[Row], Any]] = {
    **{
        f"{name} {value}": lambda row, name=name, value=value: row["is_counted"] and row[name] == value
        for name, values in {
            "interaction_kind": ("phone_call", "manual_update", "form", "online_booking", "ehr_pms_entry", "unknown"),
            "call_result": ("answered", "missed", "pending", "unknown"),
            "missed_how": ("voicemail", "busy", "error", "not connected"),
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
    "other days on other clocks": lambda row: row["date_local"] != row["date_utc"],
}
LEADS: dict[str, Callable[[Row], Any]] = {
    **{kind: lambda lead, kind=kind: lead["lead_type"] == kind for kind in ("new", "existing", "none", "undecided")},
    "booked elsewhere": lambda lead: lead["is_booked_elsewhere"],
    "booked, never reached": lambda lead: lead["is_booked"] and not lead["is_reached"],
    "attended, not booked": lambda lead: lead["is_attended"] and not lead["is_booked"],
    "several appointments": lambda lead: lead["appointments"] > 1,
    "two channels": lambda lead: lead["first_channel_key"] != lead["last_channel_key"],
    "a reason, though booked": lambda lead: lead["is_booked"] and lead["reason_not_booked"],
    "revenue": lambda lead: lead["revenue"] > 0,
}
OTHERS: dict[str, tuple[str, Callable[[Row], Any]]] = {
    "journeys of several rows": ("fct_liine__appointments", lambda row: row["rows_of_journey"] > 1),
    "appointments without a lead": ("fct_liine__appointments", lambda row: row["lead_key"] is None),
    "two providers": ("bridge_liine__appointment_providers", lambda row: row["providers"] == 2),
    "called back, never spoken to": (
        "fct_liine__missed_calls",
        lambda row: row["is_called_back"] and not row["is_recovered"],
    ),
    "spoken to, not called back": (
        "fct_liine__missed_calls",
        lambda row: row["is_recovered"] and not row["is_called_back"],
    ),
    "neither": ("fct_liine__missed_calls", lambda row: not row["is_recovered"] and not row["is_called_back"]),
    "a callback at once": ("fct_liine__missed_calls", lambda row: row["seconds_to_callback"] == 0),
    "a callback at last": ("fct_liine__missed_calls", lambda row: row["seconds_to_callback"] == 7 * 86_400),
    "forms answered": ("fct_liine__form_responses", lambda row: row["is_connected"]),
    "forms not answered": ("fct_liine__form_responses", lambda row: not row["is_attempted"]),
    "skills not met": ("fct_liine__messaging_skills", lambda row: not row["is_met"]),
    "a channel of several spellings": ("dim_liine__channels", lambda row: row["spellings"] > 1),
    "a channel that the seed does not know": ("dim_liine__channels", lambda row: not row["is_in_seed"]),
}


@at_each_stage
def test_every_case_is_there(expected: dict[str, dict[str, list[Row]]], stage: str) -> None:
    """Otherwise equal figures would say nothing of it."""
    cases = {
        **{f"row: {name}": ("fct_liine__interactions", case) for name, case in ROWS.items()},
        **{f"lead: {name}": ("fct_liine__leads", case) for name, case in LEADS.items()},
        **OTHERS,
    }
    assert [name for name, (table, case) in cases.items() if not any(map(case, expected[stage][table]))] == []


def test_a_month_changes_what_it_may(expected: dict[str, dict[str, list[Row]]]) -> None:
    """Between the builds leads are reassigned, bookings made and lost, spam found and cleared, revenue corrected."""
    before, after = (
        {row["interaction_id"]: row for row in expected[stage]["fct_liine__interactions"]}
        for stage in ("first", "second")
    )
    both = [(before[key], after[key]) for key in before.keys() & after.keys()]
    for name in ("lead_key", "is_spam", "is_booking", "revenue", "appointment_state", "call_result"):
        assert sum(old[name] != new[name] for old, new in both) > 0, name
    moves = {(old["is_spam"], new["is_spam"]) for old, new in both}
    assert moves >= {(True, False), (False, True)}
    assert after.keys() - before.keys()
    assert before.keys() - after.keys()


# Personal data


@on_each
@at_each_stage
def test_marts_tell_of_no_person(story: Story, stage: str, destination: str) -> None:
    """No text of any table is or holds a name, a number or an address of a person, nor is it one that singles out."""
    classes = {field.name: field.personal_data for field in FIELDS}
    truth = story.truth[stage if stage == "first" else "second"]
    direct = set(texts(truth, [name for name, kind in classes.items() if kind == "direct"])) - {"Unknown"}
    # Towns are places of practices too.
    names = [name for name, kind in classes.items() if kind == "indirect" and name not in {"city", "state"}]
    indirect = set(texts(truth, names))
    others = set(texts(truth, [name for name, kind in classes.items() if kind not in {"direct", "indirect"}]))
    assert len(direct - others) > 1000
    tables = story.tables[stage, destination]
    held = {value for rows in tables.values() for row in rows for value in row.values() if isinstance(value, str)}
    assert held & (indirect - others) == set()
    assert [value for value in held - others if any(person in value for person in direct - others)] == []
    assert held & (direct - others) == set()
    assert {row[name] for row in tables["fct_liine__interactions"] for name in PERSONAL} == {None}


def texts(rows: Iterable[Row], names: list[str]) -> Iterator[str]:
    """Every text in some fields, as it is and without blanks around it."""
    for row in rows:
        for name in names:
            if isinstance(value := row.get(name), str) and value.strip():
                yield from (value, value.strip())


@pytest.mark.slow("marts")
def test_personal_columns_are_there_where_they_are_wanted(story: Story) -> None:
    """One variable fills them, in rows that were built without them too, and changes nothing else."""
    found = story.tables["personal", "duckdb"]
    wanted = figures(story.truth["second"], personal=True)
    assert differences(wanted, named_campaigns(found)) == []
    for name in PERSONAL:
        assert any(row[name] is not None for row in found["fct_liine__interactions"]), name
    assert any(lead["lead_id"] for lead in found["fct_liine__leads"])


# What is missing, and what is wrong


@pytest.mark.slow("marts")
def test_tables_that_are_missing_or_empty_break_nothing(story: Story, folder: Path, tmp_path: Path) -> None:
    """Nothing loaded yet, then interactions alone: every node passes, and the figures are those of the rows there."""
    place = tmp_path / "warehouse.duckdb"
    project = Project(place, tmp_path, folder / PARSED)
    with duckdb.connect(str(place)) as connection:
        connection.execute("create schema liine")
    empty = project.run("build", *WITHOUT_UNIT_TESTS)
    assert empty.code == 0, empty.told
    assert empty.statuses.keys() == {"success", "pass", "no-op"}
    assert [name for name, rows in project.tables().items() if rows] == ["dim_liine__channels", "liine_channel_groups"]

    with duckdb.connect(str(place)) as connection:
        connection.execute(f"attach '{folder / 'duckdb' / 'warehouse.duckdb'}' as whole (read_only)")
        connection.execute("create table liine.interactions as select * from whole.liine.interactions")
    alone = project.run("run")
    assert alone.code == 0, alone.told
    found = project.tables()
    wanted = figures(story.truth["second"]) | {"bridge_liine__appointment_providers": []}
    assert differences(wanted, named_campaigns(found)) == []


# By test, what it should find.
WRONG = {
    "interactions_are_those_of_staging": "insert into liine_marts.fct_liine__interactions"
    " select * from liine_marts.fct_liine__interactions limit 1",
    "leads_are_those_of_interactions": "update liine_marts.fct_liine__leads set interactions = interactions + 1",
    "attribution_credits_each_lead_once": "update liine_marts.fct_liine__lead_attribution set weight = 0.6"
    " where model = 'linear'",
    "revenue_is_counted_once": "insert into liine_marts.fct_liine__appointments"
    " select * from liine_marts.fct_liine__appointments where revenue > 0 limit 1",
    "facts_of_calls_and_forms_are_those_of_interactions": "delete from liine_marts.fct_liine__form_responses"
    " where is_attempted",
    "reports_add_up_to_their_marts": "update liine_marts.rpt_liine__answer_rate_daily"
    " set inbound_calls = inbound_calls + 1",
    "personal_columns_are_null": "update liine_marts.fct_liine__interactions set lead_name = 'Testa Nowhere'",
    "staging_holds_what_the_audit_proved": "delete from liine.interactions where id % 2 = 0",
}


def test_what_is_wrong_is_found_by_the_test_that_looks_for_it(story: Story, folder: Path, tmp_path: Path) -> None:
    """Each test that reconciles passes on what was built, and fails on what was then tampered with."""
    assert story.outcomes["second", "duckdb"].code == 0
    assert set(WRONG) == {path.stem for path in (PROJECT / "tests").glob("*.sql")}
    assert set(WRONG) <= set(story.outcomes["second", "duckdb"].named("pass"))
    place = tmp_path / "warehouse.duckdb"
    shutil.copy(folder / "duckdb" / "warehouse.duckdb", place)
    with duckdb.connect(str(place)) as connection:
        for sql in WRONG.values():
            connection.execute(sql)
    outcome = Project(place, tmp_path, folder / PARSED).run("test", "--select", "test_type:singular")
    assert outcome.code == 1
    assert outcome.named("fail") == sorted(WRONG)
    assert all(result.failures > 0 for result in outcome.results)
