"""Erasures are taken to another dataset, a second destination or a restored copy: nothing of the person stays there."""

import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from liine_source import backfill, build_pipeline, erase, export_erasures, import_erasures, sync
from liine_source.commands.status import ErasureStatus, read_dataset
from liine_source.emulator import Emulator, running_emulator
from liine_source.errors import ConfigurationError, DestinationError
from liine_source.warehouse import queries
from tests.commands.test_sync import settings
from tests.support.command_line import run
from tests.support.warehouse import Place, differences, on_duckdb_and_slow_postgres, query, spoil

SECRET = "3f9a1c7e5b2d8046a1e9c3b7d5f20864"
OTHER_SECRET = "b8d40c6f2e917a35d1f08c4e6b7a9253"
KEY = "SOURCES__LIINE__PERSONAL_DATA_KEY"
OLD_KEYS = "SOURCES__LIINE__PERSONAL_DATA_OLD_KEYS"
PHONE = "15156008349"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a key in dlt's secrets."""
    monkeypatch.setenv(KEY, SECRET)


def erase_person(api: Emulator, given: dict[str, Any]) -> set[int]:
    """Load two customers into `liine`, and erase a phone number that one row gets only afterwards; return its rows."""
    first = [row["id"] for row in api.truth() if row["customer_id"] == api.customer_ids[0]]
    person, late = first[:3], first[3]
    for row, spelling in zip(person, ("(515) 600-8349", "+1 515 600 8349", PHONE), strict=True):
        api.change(row, phone_number=spelling)
    sync(**given)
    assert erase(phones=["515.600.8349"], is_dry_run=False, **given).interactions == len(person)
    # It was never in the first dataset, so its id is not among the hashes.
    api.advance(timedelta(days=1))
    api.change(late, phone_number="515-600-8349")
    return {*person, late}


def stored_ids(place: Place, dataset: str) -> set[int]:
    """Return the ids of the interactions of a dataset."""
    return {row["id"] for row in query(place, f"select id from {dataset}.interactions")}  # noqa: S608  names of ours


def others(api: Emulator, person: set[int]) -> list[dict[str, Any]]:
    """Return everybody else's rows."""
    return [row for row in api.truth() if row["id"] not in person]


def test_new_dataset_gets_the_erasures_before_its_first_sync(warehouse: Place) -> None:
    """Nothing of the person is ever loaded; the file and what is printed hold no value, and no one else can read it."""
    with running_emulator(interactions=60, customers=2, seed=3) as api:
        given = settings(api)
        person = erase_person(api, given)
        exported = run("erasures", "export", "erasures.json", api=api)
        assert (exported.returncode, exported.stderr) == (0, "")
        assert stat.S_IMODE(Path("erasures.json").stat().st_mode) == 0o600
        text = Path("erasures.json").read_text()
        assert not any(value in text for value in ("5156008349", "600-8349", SECRET))
        done = run("erasures", "import", "erasures.json", "--dataset", "other", "--yes", "--json", api=api)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout) == {
            "erasures": 1,
            "identifiers": len(json.loads(text)["erased_identifiers"]),
            "interactions": 0,
            "child_rows": 0,
            "is_dry_run": False,
            "must_reread": False,
        }
        api.forget_requests()
        assert sync(dataset="other", **given).is_complete
        assert differences(warehouse, others(api, person), "other") == []
        assert sync(dataset="other", **given).is_complete


@on_duckdb_and_slow_postgres
@pytest.mark.parametrize("mode", ["keep", "hash", pytest.param("drop", marks=pytest.mark.slow("privacy"))])
def test_dataset_with_rows_loses_the_person(warehouse: Place, mode: str) -> None:
    """Rows in clear are found at once, masked ones by their id or when they are read again."""
    with running_emulator(interactions=60, customers=2, seed=3) as api:
        given = settings(api)
        person = erase_person(api, given)
        there: dict[str, Any] = {**given, "dataset": "other", "personal_data": mode}
        sync(**there)
        assert stored_ids(warehouse, "other") >= person
        export_erasures("erasures.json")
        counted = import_erasures("erasures.json", **there)
        assert (counted.is_dry_run, counted.must_reread) == (True, mode != "keep")
        assert counted.interactions == (4 if mode == "keep" else 3)
        assert stored_ids(warehouse, "other") >= person
        assert import_erasures("erasures.json", is_dry_run=False, **there).interactions == counted.interactions
        if mode != "keep":
            backfill(restart=True, **there)
        assert stored_ids(warehouse, "other") == {row["id"] for row in others(api, person)}
        report = sync(**there)
        assert (report.is_complete, [one.restored for one in report.customers]) == (True, [[], []])
        assert stored_ids(warehouse, "other") == {row["id"] for row in others(api, person)}
        again = import_erasures("erasures.json", is_dry_run=False, **there)
        assert (again.erasures, again.identifiers, again.interactions) == (0, 0, 0)
        (row,) = query(warehouse, "select interactions, completed_at from other.erasures")
        assert (row["interactions"], row["completed_at"] is None) == (counted.interactions, False)


def test_restored_copy_loses_the_person_again(warehouse: Place) -> None:
    """The copy is older than the erasure: its rows are back, and neither table of erasures is there."""
    with running_emulator(interactions=60, customers=2, seed=3) as api:
        given = settings(api)
        person = erase_person(api, given)
        export_erasures("erasures.json")
        # As the copy was: the key was not needed yet.
        for table in ("erased_identifiers", "erasures", "personal_data_keys"):
            spoil(warehouse, f"drop table liine.{table}")
        spoil(warehouse, "delete from liine._dlt_version")
        backfill(restart=True, **given)
        assert stored_ids(warehouse, "liine") >= person
        assert import_erasures("erasures.json", is_dry_run=False, **given).interactions == len(person)
        assert sync(**given).is_complete
        assert differences(warehouse, others(api, person)) == []


@pytest.mark.slow("privacy")
def test_second_destination_gets_the_erasures(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of one destination is read at another, also by a key that is an old one there."""
    with running_emulator(interactions=60, customers=2, seed=3) as api:
        given = settings(api)
        person = erase_person(api, {**given, "destination": "duckdb"})
        export_erasures("erasures.json", "duckdb")
        sync(**given)
        rotated = {**given, "personal_data_key_id": "2"}
        monkeypatch.setenv(KEY, OTHER_SECRET)
        monkeypatch.setenv(OLD_KEYS, json.dumps({"1": SECRET}))
        assert import_erasures("erasures.json", is_dry_run=False, **rotated).interactions == len(person)
        assert sync(**rotated).is_complete
        assert differences(postgres, others(api, person)) == []


def test_interrupted_import_is_completed_by_another(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names what is still to do."""
    with running_emulator(interactions=60, customers=2, seed=3) as api:
        given = settings(api)
        person = erase_person(api, given)
        there: dict[str, Any] = {**given, "dataset": "other"}
        assert sync(**there).other_erasures == {"liine": 1}
        assert sync(**given).other_erasures == {}
        shown = run("status", "--dataset", "other").stdout
        assert "Dataset liine has erasures that are missing here (1)" in shown
        assert "was cut short" not in shown
        export_erasures("erasures.json")
        with monkeypatch.context() as patch:
            patch.setattr(queries, "erase", _fail)
            with pytest.raises(DestinationError, match="Run the same command again, with --yes and the same"):
                import_erasures("erasures.json", is_dry_run=False, **there)
        found = json.loads(run("status", "--dataset", "other", "--json").stdout)["erasures"]
        assert (len(found["unfinished"]), found["other_erasures"]) == (1, {})
        assert "was cut short: rows of that person may still be here" in run("status", "--dataset", "other").stdout
        (row,) = query(warehouse, "select completed_at from other.erasures")
        assert (row["completed_at"], stored_ids(warehouse, "other") >= person) == (None, True)
        import_erasures("erasures.json", is_dry_run=False, **there)
        (row,) = query(warehouse, "select interactions from other.erasures where completed_at is not null")
        assert row["interactions"] == len(person)
        assert stored_ids(warehouse, "other").isdisjoint(person)
        assert read_dataset(dataset="other").erasures == ErasureStatus([], {})


def _fail(*_: Any, **__: Any) -> None:
    raise OSError


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({KEY: OTHER_SECRET}, "erased under the key 1, which has another value here"),
        ({KEY: OTHER_SECRET, "SOURCES__LIINE__PERSONAL_DATA_KEY_ID": "2"}, "under the key 1, which is not set here"),
    ],
)
def test_import_with_another_key_is_refused(environment: dict[str, str], message: str) -> None:
    """Nothing is requested and nothing written: the persons would not be recognized."""
    with running_emulator(interactions=40, customers=2, seed=3) as api:
        erase_person(api, settings(api))
        export_erasures("erasures.json")
        api.forget_requests()
        before = Path("warehouse.duckdb").read_bytes()
        done = run("erasures", "import", "erasures.json", "--dataset", "other", "--yes", api=api, **environment)
        assert api.requests == []
    assert (done.returncode, message in done.stderr) == (2, True)
    assert Path("warehouse.duckdb").read_bytes() == before


ERASURE = {"erasure_id": "0" * 32, "erased_at": "2025-01-01T00:00:00Z", "customers": 1, "identifiers": 1}
IDENTIFIER = {"erasure_id": "0" * 32, "kind": "lead_id", "digest": "1:" + "a" * 64}
GOOD = {"liine_erasures": 1, "key_checks": {"1": "b" * 16}, "erasures": [ERASURE], "erased_identifiers": [IDENTIFIER]}
WRONG: dict[str, Any] = {
    "no JSON": "canary",
    "another version": {**GOOD, "liine_erasures": 2},
    "no hash": {**GOOD, "erased_identifiers": [{**IDENTIFIER, "digest": "canary"}]},
    "another field": {**GOOD, "erased_identifiers": [{**IDENTIFIER, "kind": "canary"}]},
    "no check value": {**GOOD, "key_checks": {}},
    "no such erasure": {**GOOD, "erasures": []},
}


@pytest.mark.parametrize("case", WRONG)
def test_file_of_another_kind_is_neither_read_nor_overwritten(case: str) -> None:
    """The error does not quote it."""
    text = json.dumps(WRONG[case])
    Path("erasures.json").write_text(text)
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
        for arguments in (["import", "erasures.json", "--yes"], ["export", "erasures.json"]):
            done = run("erasures", *arguments, api=api)
            assert (done.returncode, "canary" in done.stderr) == (2, False)
            assert "was not written by `liine erasures export`" in done.stderr
    assert Path("erasures.json").read_text() == text


def test_export_replaces_an_older_one() -> None:
    """A dataset without erasures has a file too; a good file is read."""
    Path("erasures.json").write_text(json.dumps(GOOD))
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
        assert (
            run("erasures", "export", "erasures.json", "--json").stdout
            == '{\n  "erasures": 0,\n  "identifiers": 0\n}\n'
        )
        assert import_erasures("erasures.json", is_dry_run=False, **settings(api)).erasures == 0
    with pytest.raises(ConfigurationError, match=r"cannot be read \(FileNotFoundError\)"):
        import_erasures("nowhere.json")
    assert build_pipeline().dataset_name == "liine"
