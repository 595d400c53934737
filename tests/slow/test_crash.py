"""Killed by the kernel at any point, a run started again ends with the truth, and reads no finished window twice."""

import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from liine_source import status
from liine_source.emulator import Emulator, running_emulator
from tests.slow.victim import victim
from tests.snowflake_stand_in import StandIn
from tests.test_postgres import database_of, run_all
from tests.test_sync import settings
from tests.warehouse import Place, differences, query

pytestmark = pytest.mark.slow("kills")

# Runs of each kind to be killed, their points spread evenly over a whole run; the stand-in is slow.
_KILLS = {"duckdb": 20, "postgres": 20, "snowflake": 4}


@dataclass(frozen=True)
class Kind:
    """A run of one kind: whether the warehouse is filled before, and what has happened since."""

    name: str
    is_loaded: bool
    happens: Callable[[Emulator], object]


def _corrected(api: Emulator) -> None:
    for row in api.truth()[::7]:
        api.change(row["id"], touch_updated_at=False, agent_full_name="Somebody Else")


KINDS = {
    "first sync": Kind("sync", is_loaded=False, happens=lambda api: None),
    "second sync": Kind("sync", is_loaded=True, happens=lambda api: api.advance(timedelta(days=40))),
    "backfill": Kind("backfill", is_loaded=True, happens=_corrected),
}


@dataclass(frozen=True)
class Target:
    """Where one run is killed, and started again: a folder, a warehouse, its settings, a dataset."""

    folder: Path
    place: Place
    environment: dict[str, str] = field(default_factory=dict)
    dataset: str = "liine"

    def marks(self) -> dict[int, datetime | None]:
        """How far each customer is."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            return {customer.customer_id: customer.watermark for customer in status(dataset=self.dataset)}

    def swept(self, customer: int) -> list[dict[str, Any]]:
        """The windows of a customer's history or backfills, of loads that ended."""
        return query(
            self.place,
            f"select sweep_id, since, until from {self.dataset}.sweeps where updated_since is null and kind <> 'check' "  # noqa: S608  names of ours, numbers
            f"and status = 'complete' and customer_id = {customer} "
            f"and _dlt_load_id in (select load_id from {self.dataset}._dlt_loads where status = 0)",
        )


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("warehouse", _KILLS, indirect=True)
def test_a_run_killed_anywhere_goes_on_where_it_was(warehouse: Place, name: str, tmp_path: Path) -> None:
    """Every third restart is killed as well; every fourth kill comes a moment after its point, in the midst of work."""
    kind = KINDS[name]
    destination = {str: "postgres", StandIn: "snowflake"}.get(type(warehouse), "duckdb")
    kills = _KILLS[destination]
    with running_emulator(interactions=600, customers=2, seed=3) as api, victim() as process:
        given = settings(api, page_size=20)

        def run(target: Target, what: str, **how: Any) -> dict[str, Any]:
            environment = target.environment
            done = process.run(
                what,
                target.folder,
                environment=environment,
                dataset=target.dataset,
                destination=destination,
                **given,
                **how,
            )
            if isinstance(target.place, StandIn):
                target.place.abandon_sessions()
            return done

        def lives(target: Target, what: str) -> int:
            done = run(target, what)
            assert (done["killed"], done["error"]) == (False, "")
            return int(done["points"])

        whole, *targets = _targets(
            warehouse, tmp_path, 1 + kills, (lambda one: lives(one, "sync")) if kind.is_loaded else _nothing
        )
        earlier = (
            {row["sweep_id"] for one in (whole, *targets) for row in _all_swept(one, api)} if kind.is_loaded else set()
        )
        kind.happens(api)
        reached = lives(whole, kind.name)
        points, killed = set(), 0
        for number, target in enumerate(targets):
            point = 1 + (reached - 2) * number // (kills - 1)
            delay = 0.001 + 0.002 * (number % 3) if number % 4 == 3 else 0
            killed += run(target, kind.name, kill_at=point, delay=delay)["killed"]
            if number % 3 == 2:
                killed += run(target, kind.name, kill_at=point // 2 + 1)["killed"]
            points.add(point)
            ended = run(target, kind.name)
            assert (ended["killed"], ended["error"]) == (False, ""), point
            assert differences(target.place, api.truth(), target.dataset) == [], point
            assert target.marks() == whole.marks(), point
            if kind.name == "backfill" or not kind.is_loaded:
                for customer in api.customer_ids:
                    _assert_read_once(target, customer, earlier)
        assert killed >= len(points) == kills
        print(f"{destination}, {name}: {killed} runs killed at {len(points)} points of {reached}")


def _targets(place: Place, folder: Path, count: int, fill: Callable[[Target], object]) -> list[Target]:
    """So many places that are alike: one filled and copied, or where nothing can be copied each filled."""
    folders = [folder / str(number) for number in range(count)]
    if isinstance(place, StandIn):
        targets = [Target(one, place, dataset=f"liine_{one.name}") for one in folders]
        for target in targets:
            target.folder.mkdir()
            fill(target)
        return targets
    folders[0].mkdir()
    first = Target(folders[0], folders[0] / place if isinstance(place, Path) else place)
    fill(first)
    return [first, *(_copied(first, one) for one in folders[1:])]


def _copied(target: Target, folder: Path) -> Target:
    shutil.copytree(target.folder, folder)
    if not isinstance(target.place, str):
        return Target(folder, folder / "warehouse.duckdb")
    old, new = database_of(target.place), f"copy_{uuid.uuid4().hex}"
    run_all(target.place.replace(f"/{old}?", "/postgres?"), f"create database {new} template {old}")
    address = target.place.replace(f"/{old}?", f"/{new}?")
    return Target(folder, address, {"DESTINATION__POSTGRES__CREDENTIALS": address})


def _nothing(_: Target) -> None: ...


def _all_swept(target: Target, api: Emulator) -> list[dict[str, Any]]:
    return [row for customer in api.customer_ids for row in target.swept(customer)]


def _assert_read_once(target: Target, customer: int, earlier: set[str]) -> None:
    """The windows of the loads that ended leave nothing between them, and none came twice."""
    read = [(row["since"], row["until"]) for row in target.swept(customer) if row["sweep_id"] not in earlier]
    assert len(read) == len(set(read)) > 3
    chain = sorted(read, key=lambda window: (window[0] is not None, str(window[0])))
    assert (chain[0][0], chain[-1][1]) == (None, None)
    assert all(older[1] == newer[0] for older, newer in pairwise(chain))
