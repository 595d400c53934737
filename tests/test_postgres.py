"""What Postgres alone has: many writers, roles, indexes; the rest is tested as on every destination."""

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

from liine_source import backfill, source, status, sync, transform, verify
from liine_source.emulator import Emulator, running_emulator
from liine_source.runs import purge
from tests.slow.victim import victim
from tests.test_sync import settings
from tests.warehouse import differences, query

PAGE = Path(__file__).parents[1] / "docs" / "postgres.md"
UNIT = """
import json, sys
from liine_source import raise_for_failures, sync
raise_for_failures(sync(**json.loads(sys.argv[1])))
"""


def at_once(api: Emulator, units: list[list[int]], folder: Path) -> None:
    """Sync each of `units` in a process of its own, as on a machine of its own, all begun together."""
    waiting = []
    for number, customers in enumerate(units):
        environment = {**os.environ, "DLT_DATA_DIR": str(folder / f"machine{number}")}
        # Half of them read several windows at once.
        given = settings(api, customer_ids=customers, page_size=50, max_concurrency=1 + 3 * (number % 2))
        command = [sys.executable, "-c", UNIT, json.dumps(given)]
        waiting.append(subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, text=True))  # noqa: S603  our own program
    told = [process.communicate()[1] for process in waiting]
    assert [process.returncode for process in waiting] == [0] * len(units), told


@pytest.mark.slow("postgres")
@pytest.mark.parametrize("rounds", [1, 8])
def test_units_at_once_neither_mix_nor_double(postgres: str, tmp_path: Path, rounds: int) -> None:
    """Four processes at once, from the first table on; each customer is read by two of them."""
    with running_emulator(interactions=1200, customers=4, seed=8) as api:
        first, second, third, fourth = api.customer_ids
        units = [[first, second], [second, third], [third, fourth], [fourth, first]]
        for _ in range(rounds):
            at_once(api, units, tmp_path)
            assert differences(postgres, api.truth()) == []
            assert [name for name in schemas(postgres) if name.startswith("liine_")] == []
            assert [*tmp_path.glob("machine*/pipelines/*")] == []
            api.advance(timedelta(days=20))
        # Whoever comes next knows what all of them know.
        api.forget_requests()
        sync(**settings(api, reread_days=0))
        asked = [dict(request.params) for request in api.requests if request.params]
        # The check at the end counts all rows.
        assert all("updated_date" in params or params["limit"] == "1" for params in asked)
        assert differences(postgres, api.truth()) == []
        assert all(customer.watermark for customer in status())


def schemas(place: str) -> list[str]:
    """The names of all schemas of a database."""
    return [row["schema_name"] for row in query(place, "select schema_name from information_schema.schemata")]


@pytest.mark.slow("postgres")
def test_the_roles_of_the_page_are_enough_and_no_more(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command and dbt as the one role, by the statements of docs/postgres.md; the other reads the marts alone."""
    name = database_of(postgres)
    statements = "".join(re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)).replace("…", "x")
    for written, here in (("database analytics", f"database {name}"), ("liine_loader", f"loader_{name}")):
        statements = statements.replace(written, here)
    run_all(
        postgres, f"revoke all on database {name} from public;" + statements.replace("liine_reader", f"reader_{name}")
    )
    loader, reader = (postgres.replace("postgres:x@", f"{role}_{name}:x@") for role in ("loader", "reader"))
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", loader)
    monkeypatch.setenv("SOURCES__LIINE__KEEP_RUN_RESULTS", "true")
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", "0123456789abcdef0123456789abcdef")
    with running_emulator(interactions=300, customers=1) as api:
        assert sync(**settings(api)).is_complete
        api.advance(timedelta(days=9))
        assert sync(**settings(api)).is_complete
        assert backfill(**settings(api)).is_complete
        assert [customer.is_complete for customer in verify(repair=True, **settings(api))] == [True]
        assert differences(postgres, api.truth()) == []
        lead = next(row["lead_id"] for row in api.truth() if row["lead_id"])
        assert purge(lead_ids=[lead], is_dry_run=False, **settings(api)).interactions > 0
        transform.build()
        transform.outcomes(select=["rpt_liine__spam_daily"])
        assert [customer.sweep_status for customer in status()] == ["complete"]
    assert query(postgres, "select distinct status from liine.runs") == [{"status": "complete"}]
    tables = "select schemaname || '.' || tablename as name from pg_tables where schemaname like 'liine%'"
    for row in query(postgres, tables):
        told = f"select count(*) from {row['name']}"  # noqa: S608  a name of ours
        if row["name"].startswith("liine_marts."):
            assert len(query(reader, told)) == 1
        else:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                query(reader, told)
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


def test_indexes_are_there_once(postgres: str) -> None:
    """What merging and looking up want; an `id` can be there once only. What is missing comes with the next run."""
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


def test_a_run_that_finds_nothing_is_no_failure(postgres: str) -> None:
    """An hour without a call loads no file that Postgres could not take."""
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


def test_a_file_is_copied_in_parts(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row group at a time, so that memory does not grow with the load; dlt would hold the file whole."""
    copied: list[int] = []

    def ingest(self: dbapi.Cursor, table: str, data: pa.Table, **how: Any) -> int:
        copied.extend([data.num_rows] * (table == "interactions"))
        return whole(self, table, data, **how)

    whole = dbapi.Cursor.adbc_ingest
    monkeypatch.setattr(dbapi.Cursor, "adbc_ingest", ingest)
    monkeypatch.setattr(source, "_BATCH", 100)
    # dlt joins batches up to as many rows.
    monkeypatch.setenv("DATA_WRITER__BUFFER_MAX_ITEMS", "100")
    with running_emulator(interactions=450, customers=1) as api:
        sync(**settings(api, page_size=50))
        assert differences(postgres, api.truth()) == []
    assert sum(copied) == 450
    assert max(copied) < 200


@pytest.mark.slow("kills")
def test_a_run_killed_anywhere_goes_on_where_it_was(postgres: str, tmp_path: Path) -> None:
    """A first sync, and a later one; more kills are among the proofs. Started again, the warehouse is the truth."""
    with running_emulator(interactions=300, customers=2, seed=6) as api, victim() as process:
        given = settings(api, page_size=20)
        lived = process.run("sync", tmp_path, dataset="later", **given)
        assert (lived["killed"], lived["error"]) == (False, "")
        api.advance(timedelta(days=10))
        # A later run has fewer points.
        for dataset, point in (("first", lived["points"] - 2), ("later", lived["points"] // 2)):
            assert process.run("sync", tmp_path, kill_at=point, dataset=dataset, **given)["killed"], point
            ended = process.run("sync", tmp_path, dataset=dataset, **given)
            assert (ended["killed"], ended["error"]) == (False, ""), point
            assert differences(postgres, api.truth(), dataset) == [], point
    assert [name for name in schemas(postgres) if "_stg_" in name] == []
