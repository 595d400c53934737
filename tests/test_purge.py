"""One person erased by the command, by each identifier, and by a process that is killed; told truly each time."""

import json
from pathlib import Path
from typing import Any

import pytest

from liine_source import runs, sync, tables
from liine_source import warehouse as warehouse_module
from liine_source.emulator import Emulator, running_emulator
from liine_source.errors import DestinationError
from tests.command_line import run
from tests.slow.victim import victim
from tests.test_sync import settings
from tests.warehouse import Place, query

KEY = {"SOURCES__LIINE__PERSONAL_DATA_KEY": "0123456789abcdef0123456789abcdef"}
SHARES = [0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97]


def test_the_command_counts_and_then_erases() -> None:
    """By any of three identifiers; the person's name and number stand nowhere in what it prints."""
    with running_emulator(interactions=300, customers=1, seed=4) as api:
        assert run("sync", api=api, **KEY).returncode == 0
        person = next(row for row in api.truth() if row["ehr_pms_patient_id"] and row["phone_number"])
        for option, name in (
            ("--patient-id", "ehr_pms_patient_id"),
            ("--lead-id", "lead_id"),
            ("--phone", "phone_number"),
        ):
            held = {row["id"] for row in query(Path("warehouse.duckdb"), "select id from liine.interactions")}
            theirs = {row["id"] for row in api.truth() if row[name] == person[name]} & held
            asked = ["purge", option, str(person[name])]
            counted = run(*asked, api=api, **KEY)
            assert "Nothing erased yet" in counted.stdout
            done = run(*asked, "--yes", "--json", api=api, **KEY)
            assert (done.returncode, done.stderr) == (0, "")
            told = json.loads(done.stdout)
            assert (told["interactions"], told["identifiers"], told["is_dry_run"]) == (len(theirs), 1, False)
            assert str(person[name]) not in counted.stdout + done.stdout
            left = {row["id"] for row in query(Path("warehouse.duckdb"), "select id from liine.interactions")}
            assert left == held - theirs
        assert person["id"] not in left


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        ([], KEY, "needs a lead id"),
        (["--phone", "Unknown"], KEY, "stands for nobody"),
        (["--lead-id", "1"], KEY, "Nothing has been loaded"),
        (["--lead-id", "1"], {}, "needs a key"),
    ],
)
def test_what_cannot_be_erased_is_told(arguments: list[str], environment: dict[str, str], told: str) -> None:
    """With the code for a setting to be changed, before anything is written."""
    with running_emulator(interactions=20, customers=1) as api:
        ended = run("purge", *arguments, "--yes", api=api, **environment)
        assert api.requests == []
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
    assert told in ended.stderr
    assert not Path("warehouse.duckdb").exists()


def test_an_erasure_that_was_cut_short_is_not_said_to_be_done(
    warehouse: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are there, the person is not loaded again, and the same purge once more erases them."""
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)
    with running_emulator(interactions=60, customers=1) as api:
        given = settings(api)
        sync(**given)
        person = api.truth()[0]
        theirs = {row["id"] for row in api.truth() if row["lead_id"] == person["lead_id"]}
        with monkeypatch.context() as patch:
            patch.setattr(warehouse_module, "erase", _cut_short)
            with pytest.raises(DestinationError):
                runs.purge(lead_ids=[person["lead_id"]], is_dry_run=False, **given)
        assert (_told(warehouse), _held(warehouse) >= theirs) == ((0, 1), True)
        runs.purge(lead_ids=[person["lead_id"]], is_dry_run=False, **given)
        assert (_told(warehouse), _held(warehouse) & theirs) == ((len(theirs), 1), set())


def _cut_short(*_: Any) -> None:
    raise OSError


@pytest.mark.slow("kills")
@pytest.mark.parametrize("warehouse", ["duckdb", "postgres"], indirect=True)
def test_a_killed_erasure_is_told_truly_and_repeated(
    warehouse: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At moments all over it: the rows are there and `completed_at` is null, or gone and it tells how many."""
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)
    with running_emulator(interactions=300, customers=1, seed=4) as api, victim() as process:
        given = settings(api)
        sync(**given)
        persons = _persons(api, len(SHARES) + 2)
        asked: dict[str, Any] = {"is_dry_run": False, **given}
        # The first one makes the tables.
        for person in persons[:2]:
            lived = process.run("purge", tmp_path, lead_ids=[person], **asked)
            assert (lived["killed"], lived["error"]) == (False, "")
        for share, person in zip(SHARES, persons[2:], strict=True):
            theirs = {row["id"] for row in api.truth() if row["lead_id"] == person}
            point = int(lived["points"] * share)
            assert process.run("purge", tmp_path, kill_at=point, lead_ids=[person], **asked)["killed"]
            held = _held(warehouse) & theirs
            assert held in (theirs, set()), point
            (done, told), suppressed = _told(warehouse), _suppressed(warehouse)
            assert done == 300 - len(_held(warehouse)), point
            assert told or held == theirs, point
            # What was written down keeps the person away, whether or not the rows are gone.
            api.change(min(theirs), outcome="Booked")
            sync(**given)
            assert _held(warehouse) & theirs == held
            process.run("purge", tmp_path, lead_ids=[person], **asked)
            assert _held(warehouse).isdisjoint(theirs), point
            assert _told(warehouse)[0] == 300 - len(_held(warehouse)), point
            assert _suppressed(warehouse) >= suppressed
        sync(**given)
        everyone = {row["id"] for row in api.truth() if row["lead_id"] not in persons}
        assert _held(warehouse) == everyone
        for child in tables.CHILDREN:
            ids = {row["interaction_id"] for row in query(warehouse, f"select interaction_id from liine.{child}")}  # noqa: S608  ours
            assert ids <= everyone


def _persons(api: Emulator, count: int) -> list[str]:
    """So many lead ids."""
    return sorted({row["lead_id"] for row in api.truth()})[:count]


def _held(place: Place) -> set[int]:
    return {row["id"] for row in query(place, "select id from liine.interactions")}


def _told(place: Place) -> tuple[int, int]:
    """How many rows all erasures say that they erased, and how many are written down that did not end."""
    sql = "select sum(interactions) as rows, count(*) - count(completed_at) as cut_short from liine.erasures"
    (row,) = query(place, sql)
    return int(row["rows"]), int(row["cut_short"])


def _suppressed(place: Place) -> int:
    return int(query(place, "select count(*) as n from liine.erased_identifiers")[0]["n"])
