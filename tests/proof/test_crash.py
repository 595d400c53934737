"""Killed by the kernel at any point, a run started again ends with the truth, and reads no finished window twice."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from liine_source import status
from liine_source.emulator import Emulator, running_emulator
from tests.proof.victim import victim
from tests.test_sync import settings
from tests.warehouse import differences, query

pytestmark = pytest.mark.proof

# Runs of each kind to be killed, their points spread evenly over a whole run.
_KILLS = 20


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


@pytest.mark.parametrize("name", KINDS)
def test_a_run_killed_anywhere_goes_on_where_it_was(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third restart is killed as well; every fourth kill comes a moment after its point, in the midst of work."""
    kind = KINDS[name]
    with running_emulator(interactions=600, customers=2, seed=3) as api, victim() as process:
        given = settings(api, page_size=20)
        before = tmp_path / "before"
        before.mkdir()
        if kind.is_loaded:
            process.run("sync", before, **given)
        kind.happens(api)
        whole = _copied(before, tmp_path / "whole")
        lived = process.run(kind.name, whole, **given)
        assert (lived["killed"], lived["error"]) == (False, "")
        points, killed = set(), 0
        for number in range(_KILLS):
            folder = _copied(before, tmp_path / str(number))
            point = 1 + (lived["points"] - 2) * number // (_KILLS - 1)
            delay = 0.001 + 0.002 * (number % 3) if number % 4 == 3 else 0
            killed += process.run(kind.name, folder, kill_at=point, delay=delay, **given)["killed"]
            if number % 3 == 2:
                killed += process.run(kind.name, folder, kill_at=point // 2 + 1, **given)["killed"]
            points.add(point)
            ended = process.run(kind.name, folder, **given)
            assert (ended["killed"], ended["error"]) == (False, ""), point
            assert differences(folder / "warehouse.duckdb", api.truth()) == [], point
            assert _marks(folder, monkeypatch) == _marks(whole, monkeypatch), point
            if kind.name == "backfill" or not kind.is_loaded:
                for customer in api.customer_ids:
                    _assert_read_once(folder, customer, before)
        assert killed >= len(points) == _KILLS
        print(f"{name}: {killed} runs killed at {len(points)} points of {lived['points']}")


def _copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


def _marks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[int, datetime | None]:
    monkeypatch.chdir(folder)
    return {customer.customer_id: customer.watermark for customer in status()}


def _assert_read_once(folder: Path, customer: int, before: Path) -> None:
    """The windows of the loads that ended leave nothing between them, and none came twice."""
    earlier = {row["sweep_id"] for row in _sweeps(before, customer)}
    read = [(row["since"], row["until"]) for row in _sweeps(folder, customer) if row["sweep_id"] not in earlier]
    assert len(read) == len(set(read)) > 3
    chain = sorted(read, key=lambda window: (window[0] is not None, str(window[0])))
    assert (chain[0][0], chain[-1][1]) == (None, None)
    assert all(older[1] == newer[0] for older, newer in pairwise(chain))


def _sweeps(folder: Path, customer: int) -> list[dict[str, Any]]:
    file = folder / "warehouse.duckdb"
    if not file.exists():
        return []
    return query(
        file,
        "select sweep_id, since, until from liine.sweeps where updated_since is null and status = 'complete' "  # noqa: S608  a number of the emulator's
        f"and customer_id = {customer} and _dlt_load_id in (select load_id from liine._dlt_loads where status = 0)",
    )
