"""The marts over more rows, other rows and other zones than `tests/test_marts.py` has time for."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import psycopg2
import pytest

from liine_source import sync
from liine_source.emulator import running_emulator
from tests.marts.building import PROJECT, Project
from tests.marts.comparison import differences, named_campaigns, unequal_rows
from tests.marts.figures import figures
from tests.marts.story import WITHOUT_UNIT_TESTS, Story, loading_into, told
from tests.test_marts import WRONG, alike
from tests.test_sync import settings
from tests.warehouse import Place

pytestmark = pytest.mark.slow("marts")

# But unit tests the second time, which need no loaded row.
EVERYTHING = {("second", name): ("unit_test",) for name in ("duckdb", "postgres")}
ZONES = {
    2: ("Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu"),
    3: ("Etc/GMT+12", "Australia/Lord_Howe", "Europe/London"),
}


@pytest.mark.parametrize("seed", ZONES)
def test_other_histories_in_other_zones(seed: int, postgres: str, tmp_path: Path) -> None:
    """Both builds pass, unit tests on both included; figures, one made anew and the other destination agree."""
    sessions = dict(zip(("first", "second", "anew"), ZONES[seed], strict=True)) | {"personal": "UTC"}
    places: dict[str, Place] = {"duckdb": tmp_path / "duckdb" / "warehouse.duckdb", "postgres": postgres}
    story = told(places, tmp_path, seed=seed, interactions=6000, sessions=sessions, left_out=EVERYTHING)
    assert {outcome.code for outcome in story.outcomes.values()} == {0}
    told_of = {status for outcome in story.outcomes.values() for status in outcome.statuses}
    assert told_of == {"success", "pass", "warn", "no-op"}
    for name in places:
        assert story.outcomes["first", name].kinds()["unit_test"] > 0
        assert unequal_rows(story.tables["second", name], story.tables["anew", name]) == []
    _agree(story)


def _agree(story: Story) -> None:
    for stage in ("first", "second"):
        wanted = figures(story.truth[stage])
        for name in ("duckdb", "postgres"):
            assert differences(wanted, named_campaigns(story.tables[stage, name])) == []
        assert unequal_rows(*(alike(story.tables[stage, name]) for name in ("duckdb", "postgres"))) == []


@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
def test_a_hundred_thousand_interactions(
    destination: str, postgres: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Build, and build again; figures agree, and what ten times the rows cost is told."""
    took = {}
    for rows in (10_000, 100_000):
        folder = tmp_path / str(rows)
        folder.mkdir()
        place: Place = folder / "warehouse.duckdb" if destination == "duckdb" else postgres
        with running_emulator(interactions=rows, customers=3, seed=rows) as api, loading_into(place, folder):
            sync(**settings(api))
            truth = api.truth()
        project = Project(place, folder)
        for number in ("first", "second"):
            began = time.perf_counter()
            outcome = project.run("build", *WITHOUT_UNIT_TESTS)
            took[rows, number] = time.perf_counter() - began
            assert outcome.code == 0, outcome.told
            record_property("shown", f"{destination}, {rows} rows, {number} build: {took[rows, number]:.0f} s")
        if destination == "postgres" and rows == 10_000:
            _forget(postgres)
            continue
        assert differences(figures(truth), named_campaigns(project.tables())) == []
    # What is fixed costs the most of the smaller one: ten times the rows may not take ten times as long.
    assert all(took[100_000, number] < 10 * took[10_000, number] for number in ("first", "second"))


def _forget(place: str) -> None:
    with psycopg2.connect(place) as connection:
        for schema in ("liine", "liine_staging", "liine_marts"):
            connection.cursor().execute(f"drop schema {schema} cascade")
    connection.close()


@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
def test_nothing_loaded_and_every_node_passes(destination: str, postgres: str, tmp_path: Path) -> None:
    """Without the dataset, then with tables that have no row; unit tests included."""
    place: Place = tmp_path / "warehouse.duckdb" if destination == "duckdb" else postgres
    project = Project(place, tmp_path)
    if isinstance(place, Path):
        duckdb.connect(str(place)).close()
    assert (outcome := project.run("build")).code == 0, outcome.told
    with running_emulator(interactions=3, customers=1) as api, loading_into(place, tmp_path):
        for row in api.truth():
            api.remove(row["id"])
        sync(**settings(api))
    outcome = project.run("build")
    assert outcome.code == 0, outcome.told
    assert outcome.statuses.keys() == {"success", "pass", "no-op"}


def test_each_wrong_is_found_alone(tmp_path: Path) -> None:
    """A test that reconciles fails for its own reason, not for another's."""
    made = tmp_path / "made"
    made.mkdir()
    place = made / "warehouse.duckdb"
    with running_emulator(interactions=1500, customers=2) as api, loading_into(place, made):
        sync(**settings(api))
    project = Project(place, made)
    assert (outcome := project.run("build", *WITHOUT_UNIT_TESTS)).code == 0, outcome.told
    for name, sql in WRONG.items():
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(place, folder / place.name)
        with duckdb.connect(str(folder / place.name)) as connection:
            connection.execute(sql)
        outcome = Project(folder / place.name, folder, project.parsed).run("test", "--select", "test_type:singular")
        assert name in outcome.named("fail")
    assert set(WRONG) == {path.stem for path in (PROJECT / "tests").glob("*.sql")}
