"""A full disk, an unwritable file, a warehouse that fails during a load: reported and recovered from."""

import os
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dlt.destinations.exceptions import DatabaseTransientException
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
from dlt.destinations.impl.postgres.sql_client import Psycopg2SqlClient
from dlt.destinations.impl.snowflake.sql_client import SnowflakeSqlClient

from liine_source import sync
from liine_source.commands import run
from liine_source.emulator import Emulator, running_emulator
from liine_source.errors import ConfigurationError, DestinationError
from tests.commands.test_sync import settings
from tests.support.command_line import run_process
from tests.support.snowflake_stand_in import StandIn
from tests.support.warehouse import Place, differences

pytestmark = pytest.mark.slow("outages")

WAREHOUSE = Path("warehouse.duckdb")


@pytest.fixture
def api() -> Any:
    with running_emulator(interactions=1000, customers=2, seed=4) as running:
        yield running


# Root may write to any file unless it drops its capabilities.
UNPRIVILEGED = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []


@pytest.mark.parametrize("kilobytes", [0, 20, 400])
def test_full_disk_is_reported_and_next_run_recovers(api: Emulator, kilobytes: int) -> None:
    """The limit is met in dlt's folder, DuckDB's log or its file, in a first and in a later run."""
    # Python must not write an incomplete compiled module.
    full = ["env", "PYTHONDONTWRITEBYTECODE=1", "prlimit", f"--fsize={kilobytes * 1024}"]
    assert_fails_with(run_process("sync", api=api, within=full), "The disk is full")
    assert run_process("sync", api=api).returncode == 0
    assert differences(WAREHOUSE, api.truth()) == []
    api.advance(timedelta(days=30))
    assert_fails_with(run_process("backfill", api=api, within=full), "The disk is full")
    assert sync(**settings(api)).is_complete
    assert differences(WAREHOUSE, api.truth()) == []


def assert_fails_with(done: subprocess.CompletedProcess[str], message: str) -> None:
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_read_only_file_is_reported(api: Emulator) -> None:
    """The file does not change, and once it is writable the next run catches up."""
    sync(**settings(api))
    before = api.truth()
    api.advance(timedelta(days=9))
    WAREHOUSE.chmod(0o444)
    assert_fails_with(run_process("sync", api=api, within=UNPRIVILEGED), "This user cannot write to the warehouse")
    assert differences(WAREHOUSE, before) == []
    WAREHOUSE.chmod(0o644)
    assert run_process("sync", api=api, within=UNPRIVILEGED).returncode == 0
    assert differences(WAREHOUSE, api.truth()) == []


def test_other_file_is_not_overwritten(api: Emulator) -> None:
    """The run fails before its first request."""
    WAREHOUSE.write_text("my notes")
    with pytest.raises(ConfigurationError, match="not a DuckDB file"):
        sync(**settings(api))
    assert WAREHOUSE.read_text() == "my notes"
    assert api.requests == []


def test_missing_folder_is_not_created(api: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is probably a mistake in the path."""
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", "nowhere/lake.duckdb")
    with pytest.raises(ConfigurationError, match="its folder does not exist"):
        sync(**settings(api))
    assert not Path("nowhere").exists()
    assert api.requests == []


# The stand-in is slow.
STATEMENTS = {"duckdb": range(0, 60, 6), "postgres": range(0, 60, 6), "snowflake": range(5, 60, 25)}


@pytest.mark.parametrize(
    ("warehouse", "statement"),
    [(name, statement) for name, numbers in STATEMENTS.items() for statement in numbers],
    indirect=["warehouse"],
)
def test_warehouse_failure_during_load_loses_nothing(
    api: Emulator, monkeypatch: pytest.MonkeyPatch, warehouse: Place, statement: int
) -> None:
    """From the n-th statement on the warehouse is unreachable; the next run loads the rest."""
    kind: Any = {str: Psycopg2SqlClient, StandIn: SnowflakeSqlClient}.get(type(warehouse), DuckDbSqlClient)
    original = kind.execute_query
    remaining = statement

    def fail(self: Any, *arguments: Any, **named: Any) -> Any:
        nonlocal remaining
        remaining -= 1
        if remaining < 0:
            raise DatabaseTransientException(ConnectionError("server closed the connection"))
        return original(self, *arguments, **named)

    monkeypatch.setattr(run, "ROWS_PER_LOAD", 300)
    with monkeypatch.context() as patch:
        patch.setattr(kind, "execute_query", fail)
        with pytest.raises(DestinationError, match="could not be reached"):
            sync(**settings(api, page_size=20))
    assert remaining < 0
    assert sync(**settings(api, page_size=20)).is_complete
    assert differences(warehouse, api.truth()) == []
