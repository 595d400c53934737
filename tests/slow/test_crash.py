"""Runs that the kernel kills at any point: the next run ends with the API's rows and repeats no window."""

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
from tests.commands.test_sync import settings
from tests.destinations.test_postgres import database_of, run_all
from tests.slow.victim import victim
from tests.support.snowflake_stand_in import StandIn
from tests.support.warehouse import Place, differences, query

pytestmark = pytest.mark.slow("kills")

# Runs of each kind to be killed, their points spread evenly over a whole run; the stand-in is slow.
_KILL_COUNTS = {"duckdb": 20, "postgres": 20, "snowflake": 4}


@dataclass(frozen=True)
class Kind:
    """A kind of run: its command, whether the warehouse is loaded before, and what the API changes then."""

    command: str
    is_loaded: bool
    change: Callable[[Emulator], object]


def _correct_rows(api: Emulator) -> None:
    for row in api.truth()[::7]:
        api.change(row["id"], touch_updated_at=False, agent_full_name="Somebody Else")


KINDS = {
    "first sync": Kind("sync", is_loaded=False, change=lambda api: None),
    "second sync": Kind("sync", is_loaded=True, change=lambda api: api.advance(timedelta(days=40))),
    "backfill": Kind("backfill", is_loaded=True, change=_correct_rows),
}


@dataclass(frozen=True)
class Target:
    """Where a run is killed and repeated: a folder, a warehouse, its settings, a dataset."""

    folder: Path
    place: Place
    environment: dict[str, str] = field(default_factory=dict)
    dataset: str = "liine"

    def watermarks(self) -> dict[int, datetime | None]:
        """The watermark of each customer."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            return {customer.customer_id: customer.watermark for customer in status(dataset=self.dataset)}

    def swept_windows(self, customer: int) -> list[dict[str, Any]]:
        """The complete windows of a customer's history or backfills, from committed loads."""
        return query(
            self.place,
            f"select sweep_id, since, until from {self.dataset}.sweeps where updated_since is null and kind <> 'check' "  # noqa: S608  names of ours, numbers
            f"and status = 'complete' and customer_id = {customer} "
            f"and _dlt_load_id in (select load_id from {self.dataset}._dlt_loads where status = 0)",
        )


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("warehouse", _KILL_COUNTS, indirect=True)
def test_killed_run_is_resumed(warehouse: Place, name: str, tmp_path: Path) -> None:
    """Every third repetition is killed as well; every fourth kill comes shortly after its point."""
    kind = KINDS[name]
    destination = {str: "postgres", StandIn: "snowflake"}.get(type(warehouse), "duckdb")
    kills = _KILL_COUNTS[destination]
    with running_emulator(interactions=600, customers=2, seed=3) as api, victim() as process:
        shared = settings(api, page_size=20)

        def run(target: Target, command: str, **options: Any) -> dict[str, Any]:
            environment = target.environment
            result = process.run(
                command,
                target.folder,
                environment=environment,
                dataset=target.dataset,
                destination=destination,
                **shared,
                **options,
            )
            if isinstance(target.place, StandIn):
                target.place.abandon_sessions()
            return result

        def run_to_end(target: Target, command: str) -> int:
            result = run(target, command)
            assert (result["killed"], result["error"]) == (False, "")
            return int(result["points"])

        uninterrupted, *targets = _targets(
            warehouse,
            tmp_path,
            1 + kills,
            (lambda target: run_to_end(target, "sync")) if kind.is_loaded else _do_nothing,
        )
        earlier_sweeps = (
            {row["sweep_id"] for target in (uninterrupted, *targets) for row in _all_windows(target, api)}
            if kind.is_loaded
            else set()
        )
        kind.change(api)
        point_count = run_to_end(uninterrupted, kind.command)
        points, killed = set(), 0
        for number, target in enumerate(targets):
            point = 1 + (point_count - 2) * number // (kills - 1)
            delay = 0.001 + 0.002 * (number % 3) if number % 4 == 3 else 0
            killed += run(target, kind.command, kill_at=point, delay=delay)["killed"]
            if number % 3 == 2:
                killed += run(target, kind.command, kill_at=point // 2 + 1)["killed"]
            points.add(point)
            result = run(target, kind.command)
            assert (result["killed"], result["error"]) == (False, ""), point
            assert differences(target.place, api.truth(), target.dataset) == [], point
            assert target.watermarks() == uninterrupted.watermarks(), point
            if kind.command == "backfill" or not kind.is_loaded:
                for customer in api.customer_ids:
                    _assert_read_once(target, customer, earlier_sweeps)
        assert killed >= len(points) == kills
        print(f"{destination}, {name}: {killed} runs killed at {len(points)} points of {point_count}")


def _targets(place: Place, folder: Path, count: int, fill: Callable[[Target], object]) -> list[Target]:
    """`count` equal targets: one is filled and copied, or each is filled where nothing can be copied."""
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
    return [first, *(_copy(first, one) for one in folders[1:])]


def _copy(target: Target, folder: Path) -> Target:
    shutil.copytree(target.folder, folder)
    if not isinstance(target.place, str):
        return Target(folder, folder / "warehouse.duckdb")
    old, new = database_of(target.place), f"copy_{uuid.uuid4().hex}"
    run_all(target.place.replace(f"/{old}?", "/postgres?"), f"create database {new} template {old}")
    address = target.place.replace(f"/{old}?", f"/{new}?")
    return Target(folder, address, {"DESTINATION__POSTGRES__CREDENTIALS": address})


def _do_nothing(_: Target) -> None: ...


def _all_windows(target: Target, api: Emulator) -> list[dict[str, Any]]:
    return [row for customer in api.customer_ids for row in target.swept_windows(customer)]


def _assert_read_once(target: Target, customer: int, earlier_sweeps: set[str]) -> None:
    """The windows of committed loads are contiguous, and none was read twice."""
    read = [
        (row["since"], row["until"]) for row in target.swept_windows(customer) if row["sweep_id"] not in earlier_sweeps
    ]
    assert len(read) == len(set(read)) > 3
    chain = sorted(read, key=lambda window: (window[0] is not None, str(window[0])))
    assert (chain[0][0], chain[-1][1]) == (None, None)
    assert all(older[1] == newer[0] for older, newer in pairwise(chain))
