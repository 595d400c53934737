"""Two warehouses over time: loaded by the connector from one emulator, built, changed, loaded and built again."""

import os
from collections.abc import Callable, Iterator
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


@dataclass
class Story:
    """What was there, and what the marts made of it, at each stage.

    `first`: a first build. `second`: another one, after a month of changes, with one row that vanished and one that
    was missed once. `anew`: all tables made anew. `personal`: built on once more, with personal columns switched on,
    on DuckDB alone. Each is in a session of the zone in `SESSIONS`.
    """

    truth: dict[str, list[Row]] = field(default_factory=dict)
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    tables: dict[tuple[str, str], Tables] = field(default_factory=dict)


def told(places: dict[str, Place], folder: Path, *, seed: int = 11, interactions: int = 1500) -> Story:
    """Let it happen in every place at once, and tell."""
    projects = {}
    for name, place in places.items():
        (folder / name).mkdir(exist_ok=True)
        projects[name] = Project(place, folder / name)
    story = Story()
    with running_emulator(interactions=interactions, customers=3, seed=seed, mixed_zones=True) as api:
        cases = Cases(api)
        cases.begin()
        _everywhere(places, folder, lambda: sync(**settings(api)))
        story.truth["first"] = api.truth()
        _stage(story, projects, "first", "build")
        story.truth["second"] = _a_month(api, cases, places, folder)
    _stage(story, projects, "second", "build", "--exclude-resource-type", "unit_test")
    _stage(story, projects, "anew", "run", "--full-refresh")
    duckdb = {"duckdb": projects["duckdb"]}
    _stage(story, duckdb, "personal", "run", variables={"liine_personal_data": True})
    return story


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


def _stage(story: Story, projects: dict[str, Project], stage: str, *command: str, variables: Row | None = None) -> None:
    running = {
        name: project.start(*command, zone=SESSIONS[stage], variables=variables) for name, project in projects.items()
    }
    for name, under_way in running.items():
        story.outcomes[stage, name] = under_way.outcome()
        story.tables[stage, name] = projects[name].tables()


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
