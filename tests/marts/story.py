"""Loads warehouses from one emulator and builds the marts, then changes the data, loads and builds again."""

import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from liine_source import sync, verify
from liine_source.emulator import Emulator, running_emulator
from tests.commands.test_sync import settings
from tests.marts.building import Outcome, Project, insert_ad_spend
from tests.marts.cases import Cases
from tests.marts.interactions import Row
from tests.marts.load_scope import Load
from tests.support.warehouse import Place

Tables = dict[str, list[Row]]
TIME_ZONES = {"first": "UTC", "second": "Pacific/Auckland", "full_refresh": "America/Los_Angeles", "personal": "UTC"}
# Resource types that a build excludes, by stage and destination. Unit tests need no loaded rows, and data tests run
# once on each destination: after the first build on one, after the second on the other.
EXCLUDED = {
    ("first", "duckdb"): ("test",),
    ("first", "postgres"): ("unit_test",),
    ("second", "duckdb"): ("unit_test",),
    ("second", "postgres"): ("unit_test", "test"),
}
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
# Name of the copy of dbt's partial parse for DuckDB in the story's folder.
PARSED = "parsed.msgpack"


@dataclass
class Story:
    """The API's rows, their loads, and the marts built from them, at each stage.

    Of the last customer only inbound interactions are loaded, so that some things cannot be known.

    `first`: the first build. `second`: an incremental build after a month of changes, with two vanished rows and one
    that a single verification missed. Long stories add `full_refresh`, and `personal` on DuckDB only: another build
    with personal columns. Each stage runs in the time zone that `TIME_ZONES` gives.
    """

    truth: dict[str, list[Row]] = field(default_factory=dict)
    loads: dict[str, dict[int, Load]] = field(default_factory=dict)
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    tables: dict[tuple[str, str], Tables] = field(default_factory=dict)


def run_story(
    places: dict[str, Place],
    folder: Path,
    *,
    seed: int = 11,
    interactions: int = 1500,
    sessions: dict[str, str] = TIME_ZONES,
    excluded: Mapping[tuple[str, str], Collection[str]] = EXCLUDED,
    is_long: bool = True,
) -> Story:
    """Run all stages on every warehouse in parallel."""
    projects = {}
    for name, place in places.items():
        (folder / name).mkdir(exist_ok=True)
        projects[name] = Project(place, folder / name)
    story = Story()
    builder = _Builder(story, sessions, excluded)
    with running_emulator(interactions=interactions, customers=4, seed=seed, mixed_zones=True) as api:
        cases = Cases(api)
        cases.insert()
        _load_each(places, folder, lambda: sync_customers(api))
        for place in places.values():
            insert_ad_spend(place)
        story.truth["first"], story.loads["first"] = loaded_rows(api), loads_of(api)
        builder.stage("first", projects, "build")
        story.truth["second"] = _change_a_month(api, cases, places, folder)
        story.loads["second"] = loads_of(api)
    builder.stage("second", projects, "build")
    duckdb = projects["duckdb"]
    shutil.copy(duckdb.parsed, folder / PARSED)
    if not is_long:
        return story
    builder.stage("full_refresh", projects, "run", "--full-refresh")
    builder.stage("personal", {"duckdb": duckdb}, "run", variables={"liine_personal_data": True})
    return story


@dataclass
class _Builder:
    story: Story
    sessions: dict[str, str]
    excluded: Mapping[tuple[str, str], Collection[str]]

    def stage(
        self,
        stage: str,
        projects: dict[str, Project],
        *command: str,
        variables: Row | None = None,
    ) -> None:
        """Run a dbt command on every warehouse in parallel, and store outcomes and tables."""
        running = {}
        for name, project in projects.items():
            kinds = self.excluded.get((stage, name), ())
            options = [f"--exclude-resource-type={kind}" for kind in kinds]
            running[name] = project.start(*command, *options, zone=self.sessions[stage], variables=variables)
        for name, process in running.items():
            self.story.outcomes[stage, name] = process.outcome()
            self.story.tables[stage, name] = projects[name].tables()


def sync_customers(api: Emulator) -> None:
    """Load everything of all customers but the last, and the inbound interactions of that one."""
    *whole, inbound_only = api.customer_ids
    sync(**settings(api) | {"customer_ids": whole})
    sync(**settings(api) | {"customer_ids": [inbound_only]}, filters={"direction": ["inbound"]})


def loaded_rows(api: Emulator) -> list[Row]:
    """The API's rows that `sync_customers` loads."""
    *_, inbound_only = api.customer_ids
    return [row for row in api.truth() if row["customer_id"] != inbound_only or row["direction"] == "inbound"]


def loads_of(api: Emulator) -> dict[int, Load]:
    """What `sync_customers` loads now."""
    *whole, inbound_only = api.customer_ids
    now = api.now.replace(tzinfo=None)
    filtered = Load(now, filters="direction", has_calls=False, has_leads=False)
    return {customer: Load(now) for customer in whole} | {inbound_only: filtered}


def _change_a_month(api: Emulator, cases: Cases, places: dict[str, Place], folder: Path) -> list[Row]:
    """Advance a month, change and remove rows, load and verify; return the rows that should count."""
    api.advance(timedelta(days=30))
    cases.change()
    _load_each(places, folder, lambda: sync_customers(api))
    for name, place in (("will vanish", 0), ("will vanish in part", 1)):
        cases.remove(name, place)
    _load_each(places, folder, lambda: _verify(api))
    counted = loaded_rows(api)
    cases.remove("will be missed once", 0)
    _load_each(places, folder, lambda: _verify(api))
    return counted


def _verify(api: Emulator) -> None:
    verify(**settings(api) | {"customer_ids": api.customer_ids[:-1]})


def _load_each(places: dict[str, Place], folder: Path, load: Callable[[], object]) -> None:
    for name, place in places.items():
        with loading_into(place, folder / name):
            load()


@contextmanager
def loading_into(place: Place, folder: Path) -> Iterator[None]:
    """Set the connector's environment variables to one warehouse."""
    kind = "duckdb" if isinstance(place, Path) else "postgres"
    variables = {
        "DESTINATION_TYPE": kind,
        f"DESTINATION__{kind.upper()}__CREDENTIALS": str(place),
        "DLT_DATA_DIR": str(folder / "dlt"),
    }
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
