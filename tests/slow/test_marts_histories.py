"""Random histories of loads and incomplete builds: what is built in part equals what is built whole."""

import random
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from liine_source import sync
from liine_source.emulator import running_emulator
from tests.commands.test_sync import settings
from tests.marts.building import Project
from tests.marts.comparison import unequal_rows
from tests.marts.story import loading_into
from tests.support.warehouse import Place, query, spoil

pytestmark = pytest.mark.slow("marts")

# What is built in part, and what it needs; the reports are built whole from these.
MODELS = (
    *("fct_liine__restatements", "fct_liine__interactions", "dim_liine__load_scope", "int_liine__responses"),
    *("int_liine__appointment_rows", "fct_liine__appointments", "fct_liine__leads", "fct_liine__lead_attribution"),
    *("fct_liine__messaging_skills", "fct_liine__missed_calls", "fct_liine__form_responses"),
)
VIEWS = (
    "stg_liine__interactions",
    "int_liine__interactions",
    "stg_liine__loads",
    "stg_liine__sweeps",
    "liine_opening_hours",
)
LEADS_WITH_SEVERAL_VERSIONS = """
select lead_key from liine_marts.fct_liine__interactions where lead_key is not null
group by lead_key having min(lead_version) != max(lead_version)
"""
Change = Callable[[random.Random, list[int], str], str]


def _set(values: str, *, loads: bool = True) -> Change:
    """A change of fields; without a load, only a verification has written it."""

    def change(_: random.Random, ids: list[int], load: str) -> str:
        marks = f", _dlt_load_id = '{load}'" if loads else ""
        return f"update liine.interactions set {values}{marks} where id in ({_list(ids)})"  # noqa: S608  literals of this test

    return change


def _move(chance: random.Random, ids: list[int], load: str) -> str:
    """Give rows to the lead of another row, one of them to none; some leads have no row then."""
    own, *others = ids
    return "; ".join(
        [
            f"update liine.interactions set lead_id = null, _dlt_load_id = '{load}' where id = {own}",  # noqa: S608  literals of this test
            *(
                "update liine.interactions set lead_id = (select other.lead_id from liine.interactions as other where"  # noqa: S608  literals of this test
                f" other.id = {chance.choice(ids)}), _dlt_load_id = '{load}' where id = {other}"
                for other in others
            ),
        ]
    )


def _add(chance: random.Random, ids: list[int], load: str) -> str:
    """Load rows that are new, at the lead and the time of others."""
    names = "customer_id, lead_id, interaction_type, direction, status, start_time, start_time_tz, updated_at, is_new"
    return "; ".join(
        f"insert into liine.interactions (id, _dlt_load_id, {names})"  # noqa: S608  literals of this test
        f" select {chance.randrange(10**9, 10**12)}, '{load}', {names} from liine.interactions where id = {old}"
        for old in ids
    )


def _erase(_: random.Random, ids: list[int], __: str) -> str:
    """Delete rows of persons who are erased."""
    return f"delete from liine.interactions where id in ({_list(ids)})"  # noqa: S608  literals of this test


def _sweep(chance: random.Random, ids: list[int], load: str) -> str:
    """A sync of a customer with other filters or a later time, which says what the loaded rows can tell."""
    lead_rows = chance.choice(["all", "calls", "some"])
    days = chance.randrange(-20, 40)
    return (
        "insert into liine._dlt_loads (load_id, schema_name, status, inserted_at)"  # noqa: S608  literals of this test
        f" select '{load} {ids[0]}', 'liine', 0, max(inserted_at) from liine._dlt_loads;"
        " insert into liine.sweeps (sweep_id, customer_id, kind, filter_hash, filters, lead_rows, status, began, ended,"
        f" _dlt_load_id) select '{load} {ids[0]}', customer_id, 'sync', '{lead_rows}', '{lead_rows}',"
        f" '{lead_rows}', 'complete', max(began) + interval '{days} days', max(ended), '{load} {ids[0]}'"
        f" from liine.sweeps where customer_id = (select customer_id from liine.interactions where id = {ids[0]})"
        " group by customer_id"
    )


CHANGES: tuple[Change, ...] = (
    _set("outcome = 'Booked', helper_cell = true"),
    _set("outcome = null, helper_cell = false, is_new = true"),
    _set("revenue = 123.45, appointment_status = 'Attended'"),
    _set("revenue = null, appointment_status = null, appointment_location = null"),
    _set("status = 'Connected', direction = 'outbound', interaction_type = 'call'"),
    _set("status = 'Not Connected', direction = 'inbound', interaction_type = 'call', voicemail = true"),
    _set("is_spam_likely = not coalesce(is_spam_likely, false)"),
    _set("messaging_skill_1 = null, messaging_skill_2 = null, messaging_skill_3 = true"),
    _set(", ".join(f"messaging_skill_{number} = null" for number in range(1, 8))),
    _set("start_time_tz = start_time_tz - interval '3 hours'"),
    _set("missing_since = '2025-05-01', vanished_at = '2025-05-02'", loads=False),
    _set("missing_since = '2025-05-01'", loads=False),
    _set("missing_since = null, vanished_at = null", loads=False),
    *(_move, _move, _add, _erase, _sweep),
)
# The settings of each round: all rows depend on the salt, some on the days.
ROUNDS: tuple[dict[str, Any] | None, ...] = (None, {"liine_response_days": 2}, {"liine_key_salt": "other"})


@pytest.mark.parametrize(("destination", "seed"), [("duckdb", 1), ("duckdb", 2), ("postgres", 3)])
def test_models_built_in_part_equal_a_full_refresh(destination: str, seed: int, postgres: str, tmp_path: Path) -> None:
    """After rows came, changed, moved between leads, vanished, returned or were erased, loads that are older than the
    newest came, the scope of a customer changed, and builds ended before all models were built.
    """
    chance = random.Random(seed)
    place: Place = tmp_path / "built" / "warehouse.duckdb" if destination == "duckdb" else postgres
    folder = tmp_path / "built"
    folder.mkdir()
    with running_emulator(interactions=900, customers=3, seed=seed, mixed_zones=True) as api:
        api_settings = settings(api)
        with loading_into(place, folder):
            sync(**api_settings)
    project = Project(place, folder)
    build = ("build", "--exclude-resource-type=test", "--exclude-resource-type=unit_test")
    assert (outcome := project.run(*build, "--select", *VIEWS, *MODELS)).code == 0, outcome.output
    for number, variables in enumerate(ROUNDS):
        _change(chance, place)
        # A build that was killed has built some of the models. Any of them may have been selected, with any settings,
        # and may have failed for lack of another.
        some = chance.sample([*VIEWS, *MODELS], chance.randrange(1, len(MODELS)))
        project.run("run", "--select", *some, variables=chance.choice(ROUNDS))
        # On Snowflake it may have ended before the last hook.
        version = f"lead_version = {chance.randrange(2**52)} where mod(interaction_id, 9) = 0"
        spoil(place, f"update liine_marts.fct_liine__interactions set {version}")  # noqa: S608  numbers of this test
        _change(chance, place)
        assert (outcome := project.run("run", "--select", *VIEWS, *MODELS, variables=variables)).code == 0, (
            outcome.output
        )
        assert query(place, LEADS_WITH_SEVERAL_VERSIONS) == []
        whole = _copy(place, tmp_path / str(number), project.parsed)
        outcome = whole.run("run", "--full-refresh", "--select", *VIEWS, *MODELS, variables=variables)
        assert outcome.code == 0, outcome.output
        assert unequal_rows(_tables(project), _tables(whole)) == [], f"round {number} of seed {seed}"


def test_change_loaded_during_a_build_waits_for_the_next_one(tmp_path: Path) -> None:
    """Restatements are built before the interactions: what is loaded in between is neither replaced nor lost."""
    place = tmp_path / "warehouse.duckdb"
    with running_emulator(interactions=40, customers=1) as api:
        api_settings = settings(api)
        with loading_into(place, tmp_path):
            sync(**api_settings)
    project = Project(place, tmp_path)
    (chosen,) = query(place, "select min(id) as id from liine.interactions where outcome is distinct from 'Booked'")
    load = f"update liine.interactions set outcome = 'Booked', _dlt_load_id = '1' where id = {chosen['id']}"  # noqa: S608  literals of this test
    (tmp_path / "dbt" / "macros" / "load.sql").write_text(
        "{% macro load() %}{% if var('loads', false) %}" + load + "{% endif %}{% endmacro %}"
    )
    model = tmp_path / "dbt" / "models" / "marts" / "fct_liine__restatements.sql"
    model.write_text(model.read_text().replace("full_refresh=false,", "full_refresh=false, post_hook='{{ load() }}',"))
    outcomes = []
    for variables in ({}, {"loads": True}, {}):
        selected = (*VIEWS, "fct_liine__restatements", "fct_liine__interactions")
        command = ("build", "--exclude-resource-type=test", "--exclude-resource-type=unit_test", "--select", *selected)
        assert (outcome := project.run(*command, variables=variables)).code == 0, outcome.output
        (built,) = query(
            place,
            "select outcome = 'Booked' as is_changed, (select count(*) from liine_marts.fct_liine__restatements where"  # noqa: S608  literals of this test
            f" changed_column = 'outcome') as n from liine_marts.fct_liine__interactions"
            f" where interaction_id = {chosen['id']}",
        )
        outcomes.append((bool(built["is_changed"]), built["n"]))
    assert outcomes == [(False, 0), (False, 0), (True, 1)]


def _change(chance: random.Random, place: Place) -> None:
    ids = [row["id"] for row in query(place, "select id from liine.interactions order by id")]
    statements = []
    for change in chance.sample(CHANGES, 9):
        # Also loads that are older than those that have been built.
        load = str(chance.randrange(10**9, 2 * 10**9))
        statements.append(change(chance, chance.sample(ids, chance.randrange(2, 12)), load))
    spoil(place, "; ".join(statements))


def _copy(place: Place, folder: Path, parsed: Path) -> Project:
    folder.mkdir()
    if isinstance(place, Path):
        shutil.copy(place, folder / place.name)
        return Project(folder / place.name, folder, parsed)
    database = urlsplit(str(place)).path.removeprefix("/")
    copy = f"{database}_{folder.name}"
    with closing(psycopg2.connect(str(place).replace(f"/{database}?", "/postgres?"))) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"create database {copy} template {database}")
    return Project(str(place).replace(f"/{database}?", f"/{copy}?"), folder, parsed)


def _tables(project: Project) -> dict[str, list[dict[str, Any]]]:
    found = project.tables("liine_marts") | project.tables("liine_staging")
    # The history of restatements has what each build found, and a full refresh keeps it.
    return {name: found[name] for name in MODELS if name != "fct_liine__restatements"}


def _list(ids: list[int]) -> str:
    return ", ".join(map(str, ids))
