"""A backfill in monthly partitions with one, two and four workers, where each response takes 100 ms.

Each partition is loaded by its own process, as a scheduler does, into one dataset on a local Postgres. Then the costs
of a large dataset: reading the states of 30,000 partitions, and a sync of 500 customers. Prints the tables for
docs/scale.md.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from measuring import describe_machine
from postgres_server import run_postgres

from liine_source import plan_partitions, raise_for_failures, sync
from liine_source.emulator import Emulator, Faults, running_emulator
from liine_source.load import pipeline as loading
from liine_source.warehouse import state_store

WORKERS = (1, 2, 4)
LATENCY_MS = 100
PARTITIONS = 30_000
CUSTOMERS = 500

LOAD_PARTITION = """
import json, sys
from datetime import date
from liine_source import backfill, raise_for_failures
settings = json.loads(sys.argv[1])
days = {name: date.fromisoformat(settings.pop(name)) for name in ("since", "until") if settings[name] != "None"}
settings.pop("since", None)
raise_for_failures(backfill(**days, **settings))
"""


@dataclass(frozen=True)
class Backfill:
    """Figures of a backfill: wall seconds, CPU seconds of its partitions, loaded and expected rows."""

    wall: float
    cpu: float
    rows: int
    expected: int


def settings(api: Emulator, **others: Any) -> dict[str, Any]:
    """Return the settings of a run."""
    credentials = {"username": api.username, "password": api.password}
    return {"base_url": api.base_url, "credentials": credentials, **others}


def run_backfill(api: Emulator, url: str, workers: int) -> Backfill:
    """Load all partitions with a number of workers."""
    partitions = plan_partitions(**settings(api, customer_ids=api.customer_ids))
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "DESTINATION_TYPE": "postgres",
            "DESTINATION__POSTGRES__CREDENTIALS": url,
            "DLT_DATA_DIR": folder,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }

        def load(partition: Any) -> float:
            days = {"since": str(partition.since), "until": str(partition.until)}
            argument = json.dumps(settings(api, customer_ids=[partition.customer_id], page_size=100, **days))
            process = subprocess.Popen([sys.executable, "-c", LOAD_PARTITION, argument], env=environment, cwd=folder)
            _, code, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(code)
            if process.returncode:
                raise SystemExit("a partition failed")
            return usage.ru_utime + usage.ru_stime

        began = time.perf_counter()
        with ThreadPoolExecutor(workers) as pool:
            cpu = sum(pool.map(load, partitions))
        wall = time.perf_counter() - began
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from liine.interactions")
        rows = cursor.fetchall()[0][0]
    return Backfill(wall, cpu, rows, len(api.truth()))


def add_states(url: str) -> None:
    """Add the state of a backfill for each partition to a dataset, as copies of an existing one."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            """
            insert into liine._dlt_pipeline_state
            select s.version, s.engine_version, 'liine_sync_backfill_' || (1001 + n %% %s) || '_' || md5(n::text),
                   s.state, s.created_at, s.version_hash, s._dlt_load_id, s._dlt_id || n
            from generate_series(1, %s) n,
                 (select * from liine._dlt_pipeline_state where pipeline_name like 'liine_sync_backfill_%%' limit 1) s
            """,
            (CUSTOMERS, PARTITIONS),
        )


def measure_states(url: str) -> None:
    """Print how long a run takes to read the states."""
    os.environ |= {"DESTINATION_TYPE": "postgres", "DESTINATION__POSTGRES__CREDENTIALS": url}
    pipeline = loading.build_pipeline()
    prefix = f"{loading.PIPELINE_NAME}_backfill_"
    cases: dict[str, tuple[Any, ...]] = {
        "`liine status`: all": (),
        "sync: none": (prefix,),
        "backfill of a partition: those of its customer": (prefix, [f"{prefix}1001_"]),
    }
    print("\n| command | states read | s |\n|---|---|---|")
    for name, arguments in cases.items():
        began = time.perf_counter()
        count = len(state_store.read_states(pipeline, *arguments))
        print(f"| {name} | {count:,} | {time.perf_counter() - began:.2f} |", flush=True)


def measure_hourly(url: str) -> None:
    """Print the figures of an hourly sync of many customers in one process."""
    os.environ |= {"DESTINATION_TYPE": "postgres", "DESTINATION__POSTGRES__CREDENTIALS": url}
    print(f"\n| sync of {CUSTOMERS} customers | requests | wall s | CPU s |\n|---|---|---|---|")
    with running_emulator(interactions=CUSTOMERS * 20, customers=CUSTOMERS, days=30) as api:
        for name in ("first, whole histories", "next, changes only"):
            api.faults = Faults(latency_ms=LATENCY_MS)
            api.forget_requests()
            began, cpu = time.perf_counter(), time.process_time()
            raise_for_failures(sync(**settings(api, customer_ids=api.customer_ids, lookback_days=0)))
            took = time.perf_counter() - began
            # The emulator is a thread of this process.
            print(f"| {name} | {len(api.requests)} | {took:.1f} | {time.process_time() - cpu:.1f} |", flush=True)


def main() -> None:
    """Measure one after the other; print the tables."""
    print("| workers | wall s | partitions' CPU s | speed-up | rows | expected rows |\n|---|---|---|---|---|---|")
    with run_postgres() as server, tempfile.TemporaryDirectory() as folder:
        os.environ["DLT_DATA_DIR"] = str(Path(folder, "dlt"))
        walls = {}
        with running_emulator(interactions=24_000, customers=4, days=165) as api:
            for workers in WORKERS:
                api.faults = Faults(latency_ms=LATENCY_MS)
                url = server.create_database()
                done = run_backfill(api, url, workers)
                walls[workers] = done.wall
                speed = walls[WORKERS[0]] / done.wall
                print(
                    f"| {workers} | {done.wall:.0f} | {done.cpu:.0f} | {speed:.2f} | {done.rows} | {done.expected} |",
                    flush=True,
                )
        add_states(url)
        measure_states(url)
        measure_hourly(server.create_database())
    print(f"\n{describe_machine()}.")


if __name__ == "__main__":
    main()
