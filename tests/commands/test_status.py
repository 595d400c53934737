"""`liine status`: the progress of each customer, the address of the warehouse, and errors."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from liine_source import build_pipeline, liine, status, sync
from liine_source.commands import run as run_module
from liine_source.commands.status import CustomerStatus
from liine_source.emulator import running_emulator
from liine_source.errors import DestinationError, MissingDatasetError
from liine_source.extract.state import Progress, SourceState
from liine_source.load import loading
from liine_source.load.pipeline import locate
from tests.commands.test_sync import settings
from tests.support.command_line import run
from tests.support.snowflake_stand_in import StandIn
from tests.support.warehouse import Place, on_duckdb_and_postgres, spoil

NOW = datetime(2025, 1, 2, tzinfo=UTC)
UP_TO_DATE = {"watermark": NOW.isoformat()}
PENDING = {"history": {"windows": 21, "pending_windows": [["a", "b"]] * 14}}
FINISHED = {"history": {"windows": 3, "pending_windows": []}}


@pytest.mark.parametrize(
    ("tracks", "expected", "is_proven"),
    [
        pytest.param({"f": UP_TO_DATE}, Progress(NOW), True, id="up to date"),
        pytest.param({"f": {}}, Progress(), True, id="no rows"),
        pytest.param({"f": PENDING}, Progress(None, 21, 14, is_history_loaded=False), False, id="interrupted"),
        pytest.param(
            {"f": UP_TO_DATE, "g": PENDING}, Progress(NOW, 21, 14, is_history_loaded=False), False, id="new filters"
        ),
        pytest.param({"f": UP_TO_DATE, "backfill g": PENDING}, Progress(NOW, 21, 14), True, id="unfinished backfill"),
        pytest.param({"backfill g": PENDING}, Progress(None, 21, 14), False, id="only a backfill"),
        pytest.param({"f": UP_TO_DATE, "backfill g": FINISHED}, Progress(NOW), True, id="finished backfill"),
        pytest.param({"f": {"void_tables": ["t"]}}, Progress(is_history_loaded=False), False, id="dropped table"),
    ],
)
def test_customer_progress(tracks: dict[str, Any], expected: Progress, is_proven: bool) -> None:
    """Windows are those being read, and a watermark of other filters proves nothing."""
    (found,) = SourceState({"customers": {"1": tracks}}).progress().values()
    assert found == expected
    customer = CustomerStatus(1, 5, *found, NOW, "complete", "count")
    assert (customer.is_proven, customer.status) == (is_proven, "complete" if is_proven else "incomplete")


def test_interrupted_first_sync_is_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pending windows are shown, although all of its sweeps are complete."""
    monkeypatch.setattr(run_module, "ROWS_PER_LOAD", 300)
    monkeypatch.setattr(run_module, "load", _interrupt_after_first(loading.load))
    with running_emulator(interactions=1500, customers=1) as api:
        with pytest.raises(KeyboardInterrupt):
            sync(**settings(api, page_size=40))
        (customer,) = json.loads(run("status", "--json").stdout)["customers"]
        assert 0 < customer["pending_windows"] < customer["windows"]
        assert (customer["status"], customer["sweep_status"]) == ("incomplete", "complete")
        output = run("status").stdout
        assert f"{customer['windows'] - customer['pending_windows']} of {customer['windows']}" in output
        assert "incomplete" in output


def _interrupt_after_first(load: Any) -> Any:
    loads: list[Any] = []

    def load_once(*arguments: Any) -> Any:
        if loads:
            raise KeyboardInterrupt
        loads.append(load(*arguments))
        return loads[0]

    return load_once


def test_missing_duckdb_file_is_an_error() -> None:
    """The error gives the path, and the file is not created."""
    done = run("status")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"There is no DuckDB file {Path.cwd()}/warehouse.duckdb" in done.stderr
    assert not Path("warehouse.duckdb").exists()


@on_duckdb_and_postgres
def test_missing_dataset_differs_from_empty_dataset(warehouse: Place) -> None:
    """The error gives the address and the datasets found there, never a password."""
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
    found = json.loads(run("status", "--json").stdout)
    assert (found["dataset"], found["destination"], len(found["customers"])) == (
        "liine",
        destination_name(warehouse),
        1,
    )
    assert found["address"] in run("status").stdout
    missing = run("status", "--dataset", "lime")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert f"There is no dataset lime in {destination_name(warehouse)} {found['address']}" in missing.stderr
    assert "Datasets there that look like ours: liine." in missing.stderr
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


def destination_name(warehouse: Place) -> str:
    return "snowflake" if isinstance(warehouse, StandIn) else "postgres" if isinstance(warehouse, str) else "duckdb"


def test_address_contains_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """For Postgres, a socket's directory takes precedence over the host."""
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", "postgresql://me:pw@db.example:5433/analytics")
    assert str(locate("postgres")) == "postgres db.example:5433/analytics"
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", "postgresql://me:pw@localhost/analytics?host=/run/pg")
    assert str(locate("postgres")) == "postgres /run/pg:5432/analytics"
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", "sftp://me:pw@files.example/lake")
    assert "pw" not in str(locate("filesystem"))


@pytest.mark.parametrize(
    "granted",
    [
        pytest.param("", id="no privilege"),
        pytest.param("grant usage on schema liine to {role}", id="usage", marks=pytest.mark.slow("postgres")),
    ],
)
def test_unprivileged_role_gets_grant_statements(postgres: str, monkeypatch: pytest.MonkeyPatch, granted: str) -> None:
    """The suggested grants are sufficient; without them a sync makes no request."""
    role = f"reader_{postgres.split('/')[3].partition('?')[0]}"
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
        spoil(postgres, f"create role {role} login password 'secret-word'; {granted.format(role=role)}")
        monkeypatch.setenv(
            "DESTINATION__POSTGRES__CREDENTIALS", postgres.replace("postgres:x@", f"{role}:secret-word@")
        )
        done = run("status", "--json")
        assert (done.returncode, done.stdout) == (1, "")
        assert f"The role {role} may not read dataset" in done.stderr
        assert "secret-word" not in done.stderr
        api.forget_requests()
        with pytest.raises(DestinationError, match="GRANT"):
            sync(**settings(api))
        assert api.requests == []
    spoil(postgres, "".join(re.findall(r"GRANT [^;]*;", done.stderr)))
    assert len(json.loads(run("status", "--json").stdout)["customers"]) == 1


def test_dataset_without_interactions_table_is_an_error() -> None:
    """A dropped table is not an empty dataset."""
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
    spoil(Path("warehouse.duckdb"), "drop table liine.interactions")
    done = run("status")
    assert (done.returncode, "lacks interactions: somebody has dropped" in done.stderr) == (1, True)


def test_rows_without_sweeps_are_unproven() -> None:
    """A user's pipeline that selects only `interactions` leaves such rows."""
    with running_emulator(interactions=20, customers=1) as api:
        build_pipeline().run(liine(**settings(api)).with_resources("interactions"))
    (customer,) = status()
    assert (customer.rows, customer.status, customer.is_proven) == (20, "no sweep", False)
