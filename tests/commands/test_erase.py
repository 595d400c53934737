"""Erasing a person with the command: by each identifier, and in a process that is killed."""

import json
from pathlib import Path
from typing import Any

import pytest

from liine_source import erase, sync
from liine_source.emulator import Emulator, running_emulator
from liine_source.errors import DestinationError
from liine_source.spec.tables import CHILD_TABLES
from liine_source.warehouse import queries as warehouse_module
from tests.commands.test_sync import settings
from tests.slow.victim import victim
from tests.support.command_line import run
from tests.support.warehouse import Place, query

KEY = {"SOURCES__LIINE__PERSONAL_DATA_KEY": "0123456789abcdef0123456789abcdef"}
KILL_FRACTIONS = [0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97]


def test_command_counts_then_erases() -> None:
    """Each of three identifiers works, and the output never contains its value."""
    with running_emulator(interactions=300, customers=1, seed=4) as api:
        assert run("sync", api=api, **KEY).returncode == 0
        person = next(row for row in api.truth() if row["ehr_pms_patient_id"] and row["phone_number"])
        for option, name in (
            ("--patient-id", "ehr_pms_patient_id"),
            ("--lead-id", "lead_id"),
            ("--phone", "phone_number"),
        ):
            loaded = {row["id"] for row in query(Path("warehouse.duckdb"), "select id from liine.interactions")}
            erased = {row["id"] for row in api.truth() if row[name] == person[name]} & loaded
            arguments = ["erase", option, str(person[name])]
            counted = run(*arguments, api=api, **KEY)
            assert "Dry run: nothing was deleted" in counted.stdout
            done = run(*arguments, "--yes", "--json", api=api, **KEY)
            assert (done.returncode, done.stderr) == (0, "")
            result = json.loads(done.stdout)
            assert (result["interactions"], result["identifiers"], result["is_dry_run"]) == (len(erased), 1, False)
            assert str(person[name]) not in counted.stdout + done.stdout
            remaining = {row["id"] for row in query(Path("warehouse.duckdb"), "select id from liine.interactions")}
            assert remaining == loaded - erased
        assert person["id"] not in remaining


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        ([], KEY, "needs a lead id"),
        (["--phone", "Unknown"], KEY, "means an unknown number"),
        (["--lead-id", "1"], KEY, "Nothing has been loaded"),
        (["--lead-id", "1"], {}, "needs a key"),
    ],
)
def test_invalid_erase_exits_with_2(arguments: list[str], environment: dict[str, str], message: str) -> None:
    """The message names the problem, no request is made and no file is created."""
    with running_emulator(interactions=20, customers=1) as api:
        done = run("erase", *arguments, "--yes", api=api, **environment)
        assert api.requests == []
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert message in done.stderr
    assert not Path("warehouse.duckdb").exists()


def test_failed_erasure_is_recorded_as_incomplete(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person's rows remain until the erasure is repeated."""
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)
    with running_emulator(interactions=60, customers=1) as api:
        arguments = settings(api)
        sync(**arguments)
        person = api.truth()[0]
        rows_of_person = {row["id"] for row in api.truth() if row["lead_id"] == person["lead_id"]}
        with monkeypatch.context() as patch:
            patch.setattr(warehouse_module, "erase", _fail)
            with pytest.raises(DestinationError):
                erase(lead_ids=[person["lead_id"]], is_dry_run=False, **arguments)
        assert (_recorded(warehouse), _loaded_ids(warehouse) >= rows_of_person) == ((0, 1), True)
        erase(lead_ids=[person["lead_id"]], is_dry_run=False, **arguments)
        assert (_recorded(warehouse), _loaded_ids(warehouse) & rows_of_person) == ((len(rows_of_person), 1), set())


def _fail(*_: Any) -> None:
    raise OSError


@pytest.mark.slow("kills")
@pytest.mark.parametrize("warehouse", ["duckdb", "postgres"], indirect=True)
def test_killed_erasure_is_recorded_correctly_and_repeatable(
    warehouse: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a kill at any point, the lead's rows are all there or all gone, as recorded."""
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)
    with running_emulator(interactions=300, customers=1, seed=4) as api, victim() as process:
        shared = settings(api)
        sync(**shared)
        lead_ids = _lead_ids(api, len(KILL_FRACTIONS) + 2)
        arguments: dict[str, Any] = {"is_dry_run": False, **shared}
        # The first erasure creates the tables.
        for lead_id in lead_ids[:2]:
            uninterrupted = process.run("erase", tmp_path, lead_ids=[lead_id], **arguments)
            assert (uninterrupted["killed"], uninterrupted["error"]) == (False, "")
        for fraction, lead_id in zip(KILL_FRACTIONS, lead_ids[2:], strict=True):
            rows_of_lead = {row["id"] for row in api.truth() if row["lead_id"] == lead_id}
            point = int(uninterrupted["points"] * fraction)
            assert process.run("erase", tmp_path, kill_at=point, lead_ids=[lead_id], **arguments)["killed"]
            remaining = _loaded_ids(warehouse) & rows_of_lead
            assert remaining in (rows_of_lead, set()), point
            (erased, incomplete), suppressed = _recorded(warehouse), _count_identifiers(warehouse)
            assert erased == 300 - len(_loaded_ids(warehouse)), point
            assert incomplete or remaining == rows_of_lead, point
            # The recorded identifier suppresses the lead, whether or not the rows are gone.
            api.change(min(rows_of_lead), outcome="Booked")
            sync(**shared)
            assert _loaded_ids(warehouse) & rows_of_lead == remaining
            process.run("erase", tmp_path, lead_ids=[lead_id], **arguments)
            assert _loaded_ids(warehouse).isdisjoint(rows_of_lead), point
            assert _recorded(warehouse)[0] == 300 - len(_loaded_ids(warehouse)), point
            assert _count_identifiers(warehouse) >= suppressed
        sync(**shared)
        others = {row["id"] for row in api.truth() if row["lead_id"] not in lead_ids}
        assert _loaded_ids(warehouse) == others
        for child in CHILD_TABLES:
            ids = {row["interaction_id"] for row in query(warehouse, f"select interaction_id from liine.{child}")}  # noqa: S608  ours
            assert ids <= others


def _lead_ids(api: Emulator, count: int) -> list[str]:
    """The first `count` lead ids."""
    return sorted({row["lead_id"] for row in api.truth()})[:count]


def _loaded_ids(place: Place) -> set[int]:
    return {row["id"] for row in query(place, "select id from liine.interactions")}


def _recorded(place: Place) -> tuple[int, int]:
    """How many rows all erasures have recorded as erased, and how many erasures are incomplete."""
    sql = "select sum(interactions) as rows, count(*) - count(completed_at) as incomplete from liine.erasures"
    (row,) = query(place, sql)
    return int(row["rows"]), int(row["incomplete"])


def _count_identifiers(place: Place) -> int:
    return int(query(place, "select count(*) as n from liine.erased_identifiers")[0]["n"])
