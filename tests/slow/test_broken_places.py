"""A disk that is full, a file that cannot be written, a warehouse that fails in mid-load: told, and recovered from."""

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

from liine_source import runs, sync
from liine_source.emulator import Emulator, running_emulator
from liine_source.errors import DestinationError
from tests.command_line import run_process
from tests.snowflake_stand_in import StandIn
from tests.test_sync import settings
from tests.warehouse import Place, differences

pytestmark = pytest.mark.slow("outages")

WAREHOUSE = Path("warehouse.duckdb")


@pytest.fixture
def api() -> Any:
    with running_emulator(interactions=1000, customers=2, seed=4) as running:
        yield running


# Root may write to any file, unless it gives up the right to.
UNPRIVILEGED = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []


@pytest.mark.parametrize("kilobytes", [0, 20, 400])
def test_a_full_disk_is_told_and_the_next_run_recovers(api: Emulator, kilobytes: int) -> None:
    """Wherever it strikes: in dlt's folder, in DuckDB's log, in its file; in a first run and in a later one."""
    # Python must not leave half of a compiled module behind.
    full = ["env", "PYTHONDONTWRITEBYTECODE=1", "prlimit", f"--fsize={kilobytes * 1024}"]
    assert_told(run_process("sync", api=api, within=full), "The disk is full")
    assert run_process("sync", api=api).returncode == 0
    assert differences(WAREHOUSE, api.truth()) == []
    api.advance(timedelta(days=30))
    assert_told(run_process("backfill", api=api, within=full), "The disk is full")
    assert sync(**settings(api)).is_complete
    assert differences(WAREHOUSE, api.truth()) == []


def assert_told(ended: subprocess.CompletedProcess[str], sentence: str) -> None:
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_file_that_may_only_be_read_is_told(api: Emulator) -> None:
    """Nothing in it changes, and once it may be written the next run catches up."""
    sync(**settings(api))
    before = api.truth()
    api.advance(timedelta(days=9))
    WAREHOUSE.chmod(0o444)
    assert_told(run_process("sync", api=api, within=UNPRIVILEGED), "cannot be written by this user")
    assert differences(WAREHOUSE, before) == []
    WAREHOUSE.chmod(0o644)
    assert run_process("sync", api=api, within=UNPRIVILEGED).returncode == 0
    assert differences(WAREHOUSE, api.truth()) == []


def test_a_file_that_is_no_warehouse_is_left_alone(api: Emulator) -> None:
    """It may be somebody's: it is told before the first request, and not touched."""
    WAREHOUSE.write_text("my notes")
    with pytest.raises(DestinationError, match="no DuckDB file"):
        sync(**settings(api))
    assert WAREHOUSE.read_text() == "my notes"
    assert api.requests == []


def test_a_folder_that_is_not_there_is_told(api: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not made: a wrong path is more likely a mistake."""
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", "nowhere/lake.duckdb")
    with pytest.raises(DestinationError, match="its folder is not there"):
        sync(**settings(api))
    assert not Path("nowhere").exists()
    assert api.requests == []


# The stand-in is slow.
STATEMENTS = {"duckdb": range(0, 60, 6), "postgres": range(0, 60, 6), "snowflake": range(5, 60, 25)}


@pytest.mark.parametrize(
    ("warehouse", "statement"),
    [(name, statement) for name, some in STATEMENTS.items() for statement in some],
    indirect=["warehouse"],
)
def test_a_warehouse_that_fails_in_mid_load_loses_nothing(
    api: Emulator, monkeypatch: pytest.MonkeyPatch, warehouse: Place, statement: int
) -> None:
    """From its n-th statement on it is gone; what came before is whole, and the next run brings the rest."""
    kind: Any = {str: Psycopg2SqlClient, StandIn: SnowflakeSqlClient}.get(type(warehouse), DuckDbSqlClient)
    asked = kind.execute_query
    left = statement

    def gone(self: Any, *arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise DatabaseTransientException(ConnectionError("server closed the connection"))
        return asked(self, *arguments, **named)

    monkeypatch.setattr(runs, "_ROWS_A_LOAD", 300)
    with monkeypatch.context() as patch:
        patch.setattr(kind, "execute_query", gone)
        with pytest.raises(DestinationError, match="could not be reached"):
            sync(**settings(api, page_size=20))
    assert left < 0
    assert sync(**settings(api, page_size=20)).is_complete
    assert differences(warehouse, api.truth()) == []
