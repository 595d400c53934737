"""What only Postgres has: concurrent writers, roles and indexes."""

import json
import os
import re
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi

from liine_source import backfill, erase, source, status, sync, verify
from liine_source import dbt_runner as transform
from liine_source.emulator import Emulator, running_emulator
from tests.commands.test_sync import settings
from tests.slow.victim import victim
from tests.support.warehouse import differences, query

ROLES_PAGE = Path(__file__).parents[2] / "docs" / "postgres.md"
SYNC_SCRIPT = """
import json, sys
from liine_source import raise_for_failures, sync
raise_for_failures(sync(**json.loads(sys.argv[1])))
"""


def sync_concurrently(api: Emulator, groups: list[list[int]], folder: Path) -> None:
    """Sync each group of customers in its own process and dlt directory, all at the same time."""
    processes = []
    for number, customers in enumerate(groups):
        environment = {**os.environ, "DLT_DATA_DIR": str(folder / f"machine{number}")}
        # Every second process reads windows in parallel.
        arguments = settings(api, customer_ids=customers, page_size=50, max_concurrency=1 + 3 * (number % 2))
        command = [sys.executable, "-c", SYNC_SCRIPT, json.dumps(arguments)]
        processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, text=True))  # noqa: S603  our own program
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(groups), errors


@pytest.mark.slow("postgres")
@pytest.mark.parametrize("rounds", [1, 8])
def test_concurrent_syncs_neither_mix_nor_duplicate_rows(postgres: str, tmp_path: Path, rounds: int) -> None:
    """Four processes start without tables, and two of them read each customer."""
    with running_emulator(interactions=1200, customers=4, seed=8) as api:
        first, second, third, fourth = api.customer_ids
        groups = [[first, second], [second, third], [third, fourth], [fourth, first]]
        for _ in range(rounds):
            sync_concurrently(api, groups, tmp_path)
            assert differences(postgres, api.truth()) == []
            assert [name for name in schemas(postgres) if name.startswith("liine_")] == []
            assert [*tmp_path.glob("machine*/pipelines/*")] == []
            api.advance(timedelta(days=20))
        # A later run knows the state of all of them.
        api.forget_requests()
        sync(**settings(api, lookback_days=0))
        requested = [dict(request.params) for request in api.requests if request.params]
        # The check at the end counts all rows.
        assert all("updated_date" in params or params["limit"] == "1" for params in requested)
        assert differences(postgres, api.truth()) == []
        assert all(customer.watermark for customer in status())


def schemas(place: str) -> list[str]:
    """The names of all schemas of a database."""
    return [row["schema_name"] for row in query(place, "select schema_name from information_schema.schemata")]


@pytest.mark.slow("postgres")
def test_documented_roles_have_least_privileges(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loader can run every command and dbt; the reader can only read the marts."""
    name = database_of(postgres)
    statements = "".join(re.findall(r"```sql\n(.*?)```", ROLES_PAGE.read_text(), re.DOTALL)).replace("…", "x")
    for documented, actual in (("database analytics", f"database {name}"), ("liine_loader", f"loader_{name}")):
        statements = statements.replace(documented, actual)
    run_all(
        postgres, f"revoke all on database {name} from public;" + statements.replace("liine_reader", f"reader_{name}")
    )
    loader, reader = (postgres.replace("postgres:x@", f"{role}_{name}:x@") for role in ("loader", "reader"))
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", loader)
    monkeypatch.setenv("SOURCES__LIINE__STORE_RUN_HISTORY", "true")
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", "3f9a1c7e5b2d8046a1e9c3b7d5f20864")
    with running_emulator(interactions=300, customers=1) as api:
        assert sync(**settings(api)).is_complete
        api.advance(timedelta(days=9))
        assert sync(**settings(api)).is_complete
        assert backfill(**settings(api)).is_complete
        assert [customer.is_complete for customer in verify(repair=True, **settings(api))] == [True]
        assert differences(postgres, api.truth()) == []
        lead = next(row["lead_id"] for row in api.truth() if row["lead_id"])
        assert erase(lead_ids=[lead], is_dry_run=False, **settings(api)).interactions > 0
        transform.build()
        transform.run_build(select=["rpt_liine__spam_daily"])
        assert [customer.sweep_status for customer in status()] == ["complete"]
    assert query(postgres, "select distinct status from liine.runs") == [{"status": "complete"}]
    tables = "select schemaname || '.' || tablename as name from pg_tables where schemaname like 'liine%'"
    for row in query(postgres, tables):
        count = f"select count(*) from {row['name']}"  # noqa: S608  a name of ours
        if row["name"].startswith("liine_marts."):
            assert len(query(reader, count)) == 1
        else:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                query(reader, count)
    run_all(loader, "create view liine_marts.a_view as select 1 as n")
    assert query(reader, "select n from liine_marts.a_view") == [{"n": 1}]
    for statement in (
        "create table liine_marts.mine (n int)",
        "delete from liine_marts.dim_liine__dates",
        "create schema me",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            run_all(reader, statement)


def database_of(place: str) -> str:
    """The name in a database's address."""
    return place.split("/")[3].partition("?")[0]


def run_all(place: str, statements: str) -> None:
    """Run statements, each committed by itself."""
    connection = psycopg2.connect(place)
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        for statement in filter(str.strip, statements.split(";")):
            cursor.execute(statement)


def test_indexes_are_created_and_recreated(postgres: str) -> None:
    """The index on `id` is unique, and the next run recreates one that is missing."""
    with running_emulator(interactions=300, customers=1) as api:
        sync(**settings(api))
        with psycopg2.connect(postgres) as connection, connection.cursor() as cursor:
            cursor.execute("drop index liine.interactions_id")
        connection.close()
        sync(**settings(api))
    sql = "select indexname, indexdef from pg_indexes where schemaname = 'liine' and tablename like 'interactions%'"
    found = {row["indexname"]: "UNIQUE" in row["indexdef"] for row in query(postgres, sql)}
    assert found == {
        "interactions_id": True,
        "interactions_customer_id": False,
        "interactions_start_time": False,
        "interactions_updated_at": False,
        "interactions__provider_names_interaction_id": False,
        "interactions__session_extras_interaction_id": False,
        "interactions__rejected_values_interaction_id": False,
    }


def test_sync_without_rows_succeeds(postgres: str) -> None:
    """It loads no empty file, which Postgres could not take."""
    with running_emulator(interactions=300, customers=1) as api:
        sync(**settings(api))
        loaded = api.truth()
        for row in loaded:
            api.remove(row["id"])
        report = sync(**settings(api))
    assert report.is_complete
    assert report.rows["interactions"] == 0
    held = "select count(*) as held, count(missing_since) as missed, count(vanished_at) as gone from liine.interactions"
    assert query(postgres, held) == [{"held": len(loaded), "missed": len(loaded), "gone": 0}]


def test_file_is_copied_by_row_group(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with the load; dlt alone would read the whole file."""
    copied: list[int] = []

    def ingest(self: dbapi.Cursor, table: str, data: pa.Table, **how: Any) -> int:
        copied.extend([data.num_rows] * (table == "interactions"))
        return original(self, table, data, **how)

    original = dbapi.Cursor.adbc_ingest
    monkeypatch.setattr(dbapi.Cursor, "adbc_ingest", ingest)
    monkeypatch.setattr(source, "_BATCH_ROWS", 100)
    # dlt joins batches up to as many rows.
    monkeypatch.setenv("DATA_WRITER__BUFFER_MAX_ITEMS", "100")
    with running_emulator(interactions=450, customers=1) as api:
        sync(**settings(api, page_size=50))
        assert differences(postgres, api.truth()) == []
    assert sum(copied) == 450
    assert max(copied) < 200


@pytest.mark.slow("kills")
def test_killed_sync_is_resumed(postgres: str, tmp_path: Path) -> None:
    """A first and a later sync are killed and repeated; `tests/slow` has more kills."""
    with running_emulator(interactions=300, customers=2, seed=6) as api, victim() as process:
        arguments = settings(api, page_size=20)
        uninterrupted = process.run("sync", tmp_path, dataset="later", **arguments)
        assert (uninterrupted["killed"], uninterrupted["error"]) == (False, "")
        api.advance(timedelta(days=10))
        # A later run has fewer points.
        for dataset, point in (("first", uninterrupted["points"] - 2), ("later", uninterrupted["points"] // 2)):
            assert process.run("sync", tmp_path, kill_at=point, dataset=dataset, **arguments)["killed"], point
            resumed = process.run("sync", tmp_path, dataset=dataset, **arguments)
            assert (resumed["killed"], resumed["error"]) == (False, ""), point
            assert differences(postgres, api.truth(), dataset) == [], point
    assert [name for name in schemas(postgres) if "_stg_" in name] == []
