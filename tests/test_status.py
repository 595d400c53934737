"""What `liine status` says: how far each customer is, where it looked, and when it could not look."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from liine_source import loading, runs, status, sync
from liine_source.emulator import running_emulator
from liine_source.errors import DestinationError, MissingDatasetError
from liine_source.runs import CustomerStatus
from liine_source.tasks import Progress, progress
from tests.command_line import run
from tests.snowflake_stand_in import StandIn
from tests.test_sync import settings
from tests.warehouse import Place, on_duckdb_and_postgres, spoil

NOW = datetime(2025, 1, 2, tzinfo=UTC)
DONE = {"watermark": NOW.isoformat()}
LEFT = {"history": {"windows": 21, "left": [["a", "b"]] * 14}}
READ = {"history": {"windows": 3, "left": []}}


@pytest.mark.parametrize(
    ("marks", "expected", "is_proven"),
    [
        pytest.param({"f": DONE}, Progress(NOW), True, id="up to date"),
        pytest.param({"f": {}}, Progress(), True, id="no rows"),
        pytest.param({"f": LEFT}, Progress(None, 21, 14, is_history_read=False), False, id="interrupted"),
        pytest.param({"f": DONE, "g": LEFT}, Progress(NOW, 21, 14, is_history_read=False), False, id="new filters"),
        pytest.param({"f": DONE, "backfill g": LEFT}, Progress(NOW, 21, 14), True, id="a backfill meanwhile"),
        pytest.param({"backfill g": LEFT}, Progress(None, 21, 14), False, id="a backfill alone"),
        pytest.param({"f": DONE, "backfill g": READ}, Progress(NOW), True, id="a backfill before"),
        pytest.param({"f": {"restart": ["t"]}}, Progress(is_history_read=False), False, id="a table dropped"),
    ],
)
def test_how_far_a_customer_is(marks: dict[str, Any], expected: Progress, is_proven: bool) -> None:
    """Windows are those of what is being read; a watermark of other filters proves nothing of these."""
    (found,) = progress({"customers": {"1": marks}}).values()
    assert found == expected
    told = CustomerStatus(1, 5, *found, NOW, "complete", "count")
    assert (told.is_proven, told.status) == (is_proven, "complete" if is_proven else "incomplete")


def test_a_first_sync_that_was_interrupted_is_not_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its windows are counted, the sweeps that it did though all complete."""
    monkeypatch.setattr(runs, "_ROWS_A_LOAD", 300)
    monkeypatch.setattr(loading, "load", _ending_after_one(loading.load))
    with running_emulator(interactions=1500, customers=1) as api:
        with pytest.raises(KeyboardInterrupt):
            sync(**settings(api, page_size=40))
        (told,) = json.loads(run("status", "--json").stdout)["customers"]
        assert 0 < told["windows_left"] < told["windows"]
        assert (told["status"], told["sweep_status"]) == ("incomplete", "complete")
        shown = run("status").stdout
        assert f"{told['windows'] - told['windows_left']} of {told['windows']}" in shown
        assert "incomplete" in shown


def _ending_after_one(load: Any) -> Any:
    loads: list[Any] = []

    def end_after_one(*given: Any) -> Any:
        if loads:
            raise KeyboardInterrupt
        loads.append(load(*given))
        return loads[0]

    return end_after_one


def test_a_file_that_is_not_there_is_not_an_empty_warehouse() -> None:
    """As in another folder; it is not made, either."""
    done = run("status")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"There is no DuckDB file {Path.cwd()}/warehouse.duckdb" in done.stderr
    assert not Path("warehouse.duckdb").exists()


@on_duckdb_and_postgres
def test_where_it_looked_and_what_is_there(warehouse: Place) -> None:
    """A dataset that is not there is told from an empty one; those that are there are named, a password never."""
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
    found = json.loads(run("status", "--json").stdout)
    assert (found["dataset"], found["destination"], len(found["customers"])) == ("liine", kind_of(warehouse), 1)
    assert found["address"] in run("status").stdout
    missing = run("status", "--dataset", "lime")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert f"There is no dataset lime in {kind_of(warehouse)} {found['address']}" in missing.stderr
    assert "Datasets there that look like Liine's: liine." in missing.stderr
    with pytest.raises(MissingDatasetError):
        status(dataset="lime")
    spoil(warehouse, "create schema lime")
    empty = run("status", "--dataset", "lime")
    # Snowflake shows no table that a role may not read.
    assert empty.returncode == (1 if isinstance(warehouse, StandIn) else 0)
    assert "liine sync" in empty.stdout + empty.stderr
    assert run("status", "--dataset", "lime", "--max-age", "1d").returncode == 1
    for done in (missing, empty):
        assert "x@" not in done.stdout + done.stderr


def kind_of(warehouse: Place) -> str:
    return "snowflake" if isinstance(warehouse, StandIn) else "postgres" if isinstance(warehouse, str) else "duckdb"


def test_the_address_holds_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor a user's name; the socket goes before the host, as it does for Postgres."""
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", "postgresql://me:pw@db.example:5433/analytics")
    assert str(loading.locate("postgres")) == "postgres db.example:5433/analytics"
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", "postgresql://me:pw@localhost/analytics?host=/run/pg")
    assert str(loading.locate("postgres")) == "postgres /run/pg:5432/analytics"
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", "sftp://me:pw@files.example/lake")
    assert "pw" not in str(loading.locate("filesystem"))


@pytest.mark.parametrize("granted", ["", "grant usage on schema liine to {role}"], ids=["nothing", "usage"])
def test_a_role_that_may_not_read_is_told_what_to_grant(
    postgres: str, monkeypatch: pytest.MonkeyPatch, granted: str
) -> None:
    """Which is then enough; before, a run asks for nothing."""
    role = f"reader_{postgres.split('/')[3].partition('?')[0]}"
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
        spoil(postgres, f"create role {role} login password 'secret-word'; {granted.format(role=role)}")
        monkeypatch.setenv(
            "DESTINATION__POSTGRES__CREDENTIALS", postgres.replace("postgres:x@", f"{role}:secret-word@")
        )
        done = run("status", "--json")
        assert (done.returncode, done.stdout) == (1, "")
        assert f"may not be read by the role {role}." in done.stderr
        assert "secret-word" not in done.stderr
        api.forget_requests()
        with pytest.raises(DestinationError, match="GRANT"):
            sync(**settings(api))
        assert api.requests == []
    spoil(postgres, "".join(re.findall(r"GRANT [^;]*;", done.stderr)))
    assert len(json.loads(run("status", "--json").stdout)["customers"]) == 1


def test_a_dataset_without_its_main_table_is_not_empty() -> None:
    """Somebody has dropped it."""
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
    spoil(Path("warehouse.duckdb"), "drop table liine.interactions")
    done = run("status")
    assert (done.returncode, "no table interactions" in done.stderr) == (1, True)


def test_rows_without_sweeps_are_shown() -> None:
    """As a pipeline of one's own leaves them that selects `interactions` alone; nothing proves them."""
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
    spoil(Path("warehouse.duckdb"), "drop table liine.sweeps")
    (told,) = status()
    assert (told.rows, told.status, told.is_proven) == (20, "no sweep", False)
