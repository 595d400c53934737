"""Two warehouses over time: loaded by the connector from one emulator, built, changed, loaded and built again."""

import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from liine_source import sync, verify
from liine_source.emulator import Emulator, running_emulator
from tests.marts.building import Outcome, Project
from tests.marts.cases import Cases
from tests.marts.interactions import Row
from tests.test_sync import settings
from tests.warehouse import Place

Tables = dict[str, list[Row]]
SESSIONS = {"first": "UTC", "second": "Pacific/Auckland", "anew": "America/Los_Angeles", "personal": "UTC"}
# What a build leaves out, by its stage and place: unit tests need no loaded row, and data tests run once on each
# destination, after a first build on one and after a second on the other.
QUICK = {
    ("first", "duckdb"): ("test",),
    ("first", "postgres"): ("unit_test",),
    ("second", "duckdb"): ("unit_test",),
    ("second", "postgres"): ("unit_test", "test"),
}
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
# In the folder of a story, what dbt had read of the project for DuckDB.
PARSED = "parsed.msgpack"


@dataclass
class Story:
    """What was there, and what the marts made of it, at each stage.

    `first`: a first build. `second`: another one, after a month of changes, with one row that vanished and one that
    was missed once. In a long story `anew`: all tables made anew; and `personal`: built on once more, with personal
    columns switched on, on DuckDB alone. Each is in a session of the zone in `SESSIONS`.
    """

    truth: dict[str, list[Row]] = field(default_factory=dict)
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    tables: dict[tuple[str, str], Tables] = field(default_factory=dict)


def told(
    places: dict[str, Place],
    folder: Path,
    *,
    seed: int = 11,
    interactions: int = 1500,
    sessions: dict[str, str] = SESSIONS,
    left_out: Mapping[tuple[str, str], Collection[str]] = QUICK,
    is_long: bool = True,
) -> Story:
    """Let it happen in every place at once, and return what came of it."""
    projects = {}
    for name, place in places.items():
        (folder / name).mkdir(exist_ok=True)
        projects[name] = Project(place, folder / name)
    story = Story()
    builder = _Builder(story, sessions, left_out)
    with running_emulator(interactions=interactions, customers=3, seed=seed, mixed_zones=True) as api:
        cases = Cases(api)
        cases.begin()
        _everywhere(places, folder, lambda: sync(**settings(api)))
        story.truth["first"] = api.truth()
        builder.stage("first", projects, "build")
        story.truth["second"] = _a_month(api, cases, places, folder)
    builder.stage("second", projects, "build")
    duckdb = projects["duckdb"]
    shutil.copy(duckdb.parsed, folder / PARSED)
    if not is_long:
        return story
    builder.stage("anew", projects, "run", "--full-refresh")
    builder.stage("personal", {"duckdb": duckdb}, "run", variables={"liine_personal_data": True})
    return story


@dataclass
class _Builder:
    story: Story
    sessions: dict[str, str]
    left_out: Mapping[tuple[str, str], Collection[str]]

    def stage(
        self,
        stage: str,
        projects: dict[str, Project],
        *command: str,
        variables: Row | None = None,
    ) -> None:
        """Give dbt one command in every place at once, and keep what came of it."""
        running = {}
        for name, project in projects.items():
            kinds = self.left_out.get((stage, name), ())
            options = [f"--exclude-resource-type={kind}" for kind in kinds]
            running[name] = project.start(*command, *options, zone=self.sessions[stage], variables=variables)
        for name, under_way in running.items():
            self.story.outcomes[stage, name] = under_way.outcome()
            self.story.tables[stage, name] = projects[name].tables()


def _a_month(api: Emulator, cases: Cases, places: dict[str, Place], folder: Path) -> list[Row]:
    """Time passes, rows change and are lost; return what should be counted."""
    api.advance(timedelta(days=30))
    cases.change()
    _everywhere(places, folder, lambda: sync(**settings(api)))
    for name, place in (("will vanish", 0), ("will vanish in part", 1)):
        cases.remove(name, place)
    _everywhere(places, folder, lambda: verify(**settings(api)))
    counted = api.truth()
    cases.remove("will be missed once", 0)
    _everywhere(places, folder, lambda: verify(**settings(api)))
    return counted


def _everywhere(places: dict[str, Place], folder: Path, load: Callable[[], object]) -> None:
    for name, place in places.items():
        with loading_into(place, folder / name):
            load()


@contextmanager
def loading_into(place: Place, folder: Path) -> Iterator[None]:
    """Point the connector's settings at one warehouse."""
    kind = "duckdb" if isinstance(place, Path) else "postgres"
    chosen = {
        "DESTINATION_TYPE": kind,
        f"DESTINATION__{kind.upper()}__CREDENTIALS": str(place),
        "DLT_DATA_DIR": str(folder / "dlt"),
    }
    before = {name: os.environ.get(name) for name in chosen}
    os.environ.update(chosen)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
