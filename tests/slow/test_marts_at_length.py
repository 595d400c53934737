"""The marts with more rows, other rows and other time zones than in `tests/test_marts.py`."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import psycopg2
import pytest

from liine_source import sync
from liine_source.emulator import running_emulator
from tests.commands.test_sync import settings
from tests.marts.building import Project, insert_ad_spend
from tests.marts.comparison import differences, unequal_rows, with_campaign_values
from tests.marts.figures import figures
from tests.marts.load_scope import Load
from tests.marts.story import WITHOUT_UNIT_TESTS, Story, loading_into, run_story
from tests.support.warehouse import Place
from tests.test_marts import SINGULAR_TESTS, TAMPERING, without_load_columns

pytestmark = pytest.mark.slow("marts")

# Unit tests need no loaded rows, so they run in the first build only.
EXCLUDED = {("second", name): ("unit_test",) for name in ("duckdb", "postgres")}
ZONES = {
    2: ("Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu"),
    3: ("Etc/GMT+12", "Australia/Lord_Howe", "Europe/London"),
}


@pytest.mark.parametrize("seed", ZONES)
def test_marts_agree_in_other_time_zones(seed: int, postgres: str, tmp_path: Path) -> None:
    """Incremental build, full refresh, both destinations and the Python computation agree."""
    sessions = dict(zip(("first", "second", "full_refresh"), ZONES[seed], strict=True)) | {"personal": "UTC"}
    places: dict[str, Place] = {"duckdb": tmp_path / "duckdb" / "warehouse.duckdb", "postgres": postgres}
    story = run_story(places, tmp_path, seed=seed, interactions=6000, sessions=sessions, excluded=EXCLUDED)
    assert {outcome.code for outcome in story.outcomes.values()} == {0}
    statuses = {status for outcome in story.outcomes.values() for status in outcome.statuses}
    assert statuses == {"success", "pass", "warn", "no-op"}
    for name in places:
        assert story.outcomes["first", name].kinds()["unit_test"] > 0
        assert unequal_rows(story.tables["second", name], story.tables["full_refresh", name]) == []
    _assert_equal_to_python(story)


def _assert_equal_to_python(story: Story) -> None:
    for stage in ("first", "second"):
        before = story.truth["first"] if stage == "second" else None
        expected = figures(story.truth[stage], story.loads[stage], before=before)
        for name in ("duckdb", "postgres"):
            assert differences(expected, with_campaign_values(story.tables[stage, name])) == []
        assert unequal_rows(*(without_load_columns(story.tables[stage, name]) for name in ("duckdb", "postgres"))) == []


@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
def test_build_time_grows_less_than_linearly(
    destination: str, postgres: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Ten times the rows take less than ten times as long, and the figures are correct."""
    seconds = {}
    for rows in (10_000, 100_000):
        folder = tmp_path / str(rows)
        folder.mkdir()
        place: Place = folder / "warehouse.duckdb" if destination == "duckdb" else postgres
        with running_emulator(interactions=rows, customers=3, seed=rows) as api, loading_into(place, folder):
            sync(**settings(api))
            insert_ad_spend(place)
            truth, loads = api.truth(), dict.fromkeys(api.customer_ids, Load(api.now.replace(tzinfo=None)))
        project = Project(place, folder)
        for number in ("first", "second"):
            began = time.perf_counter()
            outcome = project.run("build", *WITHOUT_UNIT_TESTS)
            seconds[rows, number] = time.perf_counter() - began
            assert outcome.code == 0, outcome.output
            record_property("shown", f"{destination}, {rows} rows, {number} build: {seconds[rows, number]:.0f} s")
        if destination == "postgres" and rows == 10_000:
            _drop_schemas(postgres)
            continue
        assert differences(figures(truth, loads), with_campaign_values(project.tables())) == []
    # Most of the smaller build's time is fixed costs.
    assert all(seconds[100_000, number] < 10 * seconds[10_000, number] for number in ("first", "second"))


def _drop_schemas(place: str) -> None:
    with psycopg2.connect(place) as connection:
        for schema in ("liine", "liine_staging", "liine_marts"):
            connection.cursor().execute(f"drop schema {schema} cascade")
    connection.close()


@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
def test_all_nodes_pass_without_rows(destination: str, postgres: str, tmp_path: Path) -> None:
    """The dataset is missing first and has empty tables then; unit tests are included."""
    place: Place = tmp_path / "warehouse.duckdb" if destination == "duckdb" else postgres
    project = Project(place, tmp_path)
    if isinstance(place, Path):
        duckdb.connect(str(place)).close()
    assert (outcome := project.run("build")).code == 0, outcome.output
    with running_emulator(interactions=3, customers=1) as api, loading_into(place, tmp_path):
        for row in api.truth():
            api.remove(row["id"])
        sync(**settings(api))
    outcome = project.run("build")
    assert outcome.code == 0, outcome.output
    assert outcome.statuses.keys() == {"success", "pass", "no-op"}
    if destination == "postgres":
        assert _numbers_without_scale(postgres) == []


def _numbers_without_scale(place: str) -> list[tuple[str, str]]:
    """Columns of the marts whose numbers have as many decimals as a row happens to have."""
    with psycopg2.connect(place) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'liine_marts' and data_type = 'numeric' and numeric_scale is null"
        )
        columns = cursor.fetchall()
    connection.close()
    return columns


def test_reconciliation_tests_detect_each_tampering_alone(tmp_path: Path) -> None:
    """No test fails only because of another test's tampering."""
    built = tmp_path / "built"
    built.mkdir()
    place = built / "warehouse.duckdb"
    with running_emulator(interactions=1500, customers=2) as api, loading_into(place, built):
        sync(**settings(api))
    project = Project(place, built)
    assert (outcome := project.run("build", *WITHOUT_UNIT_TESTS)).code == 0, outcome.output
    for name, sql in TAMPERING.items():
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(place, folder / place.name)
        with duckdb.connect(str(folder / place.name)) as connection:
            connection.execute(sql)
        outcome = Project(folder / place.name, folder, project.parsed).run("test", "--select", "test_type:singular")
        assert name in outcome.named("fail")
    assert set(TAMPERING) == SINGULAR_TESTS
