"""Erasing a person with the command: by each identifier, and in a process that is killed."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from liine_source import erase, sync
from liine_source.commands import erase as erase_module
from liine_source.commands.erase import parse_identifiers
from liine_source.emulator import Emulator, running_emulator
from liine_source.errors import ConfigurationError, DestinationError
from liine_source.privacy.erasure import Erasure
from liine_source.spec.tables import CHILD_TABLES
from liine_source.warehouse import queries as warehouse_module
from tests.commands.test_sync import settings
from tests.slow.victim import victim
from tests.support.command_line import run
from tests.support.warehouse import Place, differences, query

KEY = {"SOURCES__LIINE__PERSONAL_DATA_KEY": "3f9a1c7e5b2d8046a1e9c3b7d5f20864"}
CUSTOMERS = {"SOURCES__LIINE__CUSTOMER_IDS": "[7, 8]"}
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
            # The person's other rows may be gone already.
            arguments = ["erase", option, str(person[name]), "--allow-none"]
            counted = run(*arguments, api=api, **KEY)
            assert "Dry run: nothing was deleted" in counted.stdout
            done = run(*arguments, "--yes", "--json", api=api, **KEY)
            assert (done.returncode, done.stderr) == (0, "")
            result = json.loads(done.stdout)
            assert sum(lead["interactions"] for lead in result["leads"]) == len(erased)
            assert (result["interactions"], result["identifiers"], result["is_dry_run"]) == (len(erased), 1, False)
            assert str(person[name]) not in counted.stdout + done.stdout
            remaining = {row["id"] for row in query(Path("warehouse.duckdb"), "select id from liine.interactions")}
            assert remaining == loaded - erased
        assert person["id"] not in remaining


def test_compact_removes_the_bytes_of_the_person() -> None:
    """They stay in DuckDB's file otherwise; in a file that is written anew the others have all their rows."""
    with running_emulator(interactions=300, customers=1, seed=4) as api:
        person = next(row for row in api.truth() if row["ehr_pms_patient_id"])
        for row in api.truth():
            if row["lead_id"] == person["lead_id"]:
                api.change(row["id"], name="Canary Person")
        assert run("sync", api=api, **KEY).returncode == 0
        arguments = ["erase", "--lead-id", str(person["lead_id"]), "--compact"]
        assert "Dry run" in run(*arguments, api=api, **KEY).stdout
        assert b"Canary Person" in Path("warehouse.duckdb").read_bytes()
        done = run(*arguments, "--yes", api=api, **KEY)
        assert (done.returncode, "The DuckDB file was written anew" in done.stdout) == (0, True)
        assert b"Canary Person" not in Path("warehouse.duckdb").read_bytes()
        remaining = [row for row in api.truth() if row["lead_id"] != person["lead_id"]]
        assert differences(Path("warehouse.duckdb"), remaining) == []
        assert run("sync", api=api, **KEY).returncode == 0


def test_compact_is_refused_where_the_file_is_not_ours(postgres: str) -> None:
    """A database server keeps deleted rows its own way; nothing is erased before that is said."""
    assert postgres
    with running_emulator(interactions=20, customers=1) as api:
        assert run("sync", api=api, **KEY).returncode == 0
        lead = str(api.truth()[0]["lead_id"])
        done = run("erase", "--lead-id", lead, "--yes", "--compact", api=api, **KEY)
        assert (done.returncode, "--compact is for a DuckDB file" in done.stderr) == (2, True)
        assert differences(postgres, api.truth()) == []


LEADS = ["customer", "lead", "patients", "matched by", "interactions"]


def test_dry_run_shows_whom_a_family_phone_takes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts by customer and lead, warns of several persons, and prints none of the values."""
    with running_emulator(interactions=40, customers=2) as api:
        first, second = api.customer_ids
        own = [row["id"] for row in api.truth() if row["customer_id"] == first]
        for at, lead, patient in ((0, "71", "PMS-X1"), (1, "71", "PMS-X1"), (2, "72", "PMS-X2")):
            api.change(own[at], phone_number="15156008349", lead_id=lead, ehr_pms_patient_id=patient)
        other = next(row["id"] for row in api.truth() if row["customer_id"] == second)
        api.change(other, phone_number="15156008349", lead_id="71", ehr_pms_patient_id=None)
        assert run("sync", api=api).returncode == 0
        Path("person.txt").write_text("phone (515) 600-8349\n\n")
        counted = run("erase", "--identifiers", "person.txt", api=api, **KEY)
        Path("person.txt").write_text("phone (515) 600-8349\nlead-id 71\n")
        named = run("erase", "--identifiers", "person.txt", "--customer-id", str(first), "--json", api=api, **KEY)
    assert (counted.returncode, counted.stderr) == (0, "")
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in counted.stdout.splitlines() if "│" in line]
    assert cells == [
        [str(first), "1", "1", "phone_number", "2"],
        [str(first), "2", "1", "phone_number", "1"],
        [str(second), "1", "0", "phone_number", "1"],
    ]
    assert all(name in counted.stdout for name in LEADS)
    assert "Rows of 3 leads and 2 patients match by phone number. Several persons may share a phone" in counted.stdout
    leads = [(one["customer_id"], one["matched_by"], one["interactions"]) for one in json.loads(named.stdout)["leads"]]
    assert leads == [(first, ["lead_id", "phone_number"], 2), (first, ["phone_number"], 1)]
    assert not any(value in counted.stdout + named.stdout for value in ("5156008349", "600-8349", '"71"', "PMS-X"))


LISTS = {
    "phone +1 919 555 0123\nlead-id 71\n": {"phone_number": ["+1 919 555 0123"], "lead_id": ["71"]},
    "  Phone:  919 555 0123  \n\nphone 919 555 0124": {"phone_number": ["919 555 0123", "919 555 0124"]},
    "patient-id PMS 0A #1": {"ehr_pms_patient_id": ["PMS 0A #1"]},
    "": {},
}


@pytest.mark.parametrize(("text", "expected"), LISTS.items())
def test_list_of_identifiers_is_read(text: str, expected: dict[str, list[str]]) -> None:
    """One identifier a line, after the word of its option."""
    found = parse_identifiers(text.splitlines(keepends=True))
    assert {name: values for name, values in found.items() if values} == expected


@pytest.mark.parametrize("line", ["+1 919 555 0123", "phone", "phone: ", "email a@example.com", "lead_id 71"])
def test_wrong_line_is_named_by_its_number(line: str) -> None:
    """The error does not quote it: it may hold an identifier."""
    with pytest.raises(ConfigurationError, match=r"Line 3 of the identifiers must be one of the words") as caught:
        parse_identifiers(["phone 919 555 0123\n", "\n", f"{line}\n"])
    assert not any(word in str(caught.value) for word in ("919", "71", "example"))


def test_identifiers_are_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are added to those of the options; a file that cannot be read is an error without its name."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("phone 919 555 0123\n"))
    given: dict[str, Any] = {}

    def erase_nobody(*_: Any, **options: Any) -> Erasure:
        given.update(options)
        return Erasure(1, 2, 0, 0)

    monkeypatch.setattr(erase_module, "erase", erase_nobody)
    assert run("erase", "--identifiers", "-", "--phone", "919 555 0124", "--allow-none").returncode == 0
    assert (given["phones"], given["allow_none"]) == (["919 555 0123", "919 555 0124"], True)
    done = run("erase", "--identifiers", "19195550123.txt")
    assert (done.returncode, "19195550123" in done.stderr) == (2, False)
    assert "list of --identifiers cannot be read (FileNotFoundError)" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        ([], KEY, "needs a lead id"),
        (["--phone", "Unknown"], KEY, "means an unknown number"),
        (["--lead-id", "1"], KEY, "Nothing has been loaded"),
        (["--lead-id", "1"], {}, "needs a key"),
        (["--lead-id", "1"], {**KEY, **CUSTOMERS}, "choose one with --customer-id"),
        (["--phone", "9195550123", "--patient-id", "1"], {**KEY, **CUSTOMERS}, "choose one with --customer-id"),
        (["--lead-id", "1", "--customer-id", "7"], {**KEY, **CUSTOMERS}, "Nothing has been loaded"),
        (["--phone", "9195550123"], {**KEY, **CUSTOMERS}, "Nothing has been loaded"),
        (["--phone", "9195550123"], {**KEY, "SOURCES__LIINE__PHONE_COUNTRY": "UK"}, "phone_country must be"),
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
            with pytest.raises(DestinationError, match="Run the same command again, with --yes and the same"):
                erase(lead_ids=[person["lead_id"]], is_dry_run=False, **arguments)
        assert (_recorded(warehouse), _loaded_ids(warehouse) >= rows_of_person) == ((0, 1), True)
        erase(lead_ids=[person["lead_id"]], is_dry_run=False, **arguments)
        assert (_recorded(warehouse), _loaded_ids(warehouse) & rows_of_person) == ((len(rows_of_person), 0), set())


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
        deleted_by_syncs: set[int] = set()
        for fraction, lead_id in zip(KILL_FRACTIONS, lead_ids[2:], strict=True):
            rows_of_lead = {row["id"] for row in api.truth() if row["lead_id"] == lead_id}
            known = _count_identifiers(warehouse)
            point = int(uninterrupted["points"] * fraction)
            assert process.run("erase", tmp_path, kill_at=point, lead_ids=[lead_id], **arguments)["killed"]
            remaining = _loaded_ids(warehouse) & rows_of_lead
            assert remaining in (rows_of_lead, set()), point
            (erased, incomplete), suppressed = _recorded(warehouse), _count_identifiers(warehouse)
            assert erased == 300 - len(_loaded_ids(warehouse)) - len(deleted_by_syncs), point
            assert remaining == rows_of_lead or not incomplete, point
            # The recorded identifier suppresses the lead, whether or not the rows are gone: what is read again goes.
            api.change(min(rows_of_lead), outcome="Booked")
            sync(**shared)
            left = _loaded_ids(warehouse) & rows_of_lead
            assert left <= remaining - {min(rows_of_lead)} if suppressed > known else left == remaining
            deleted_by_syncs |= remaining - left
            process.run("erase", tmp_path, lead_ids=[lead_id], allow_none=True, **arguments)
            assert _loaded_ids(warehouse).isdisjoint(rows_of_lead), point
            recorded = 300 - len(_loaded_ids(warehouse)) - len(deleted_by_syncs)
            assert _recorded(warehouse) == (recorded, 0), point
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
