"""One backfill, in units of a customer's month, by one, two and four workers at once, where each answer takes 100 ms.

A unit is a process of its own, as schedulers start one, into one dataset on a Postgres of this machine. Then what a
dataset with years of a group of clinics costs a run: reading the states of 30,000 units, and one sync of 500 customers.
`python benchmarks/workers.py` prints the tables that docs/scale.md shows.
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
from against_default_path import postgres
from measuring import machine

from liine_source import loading, raise_for_failures, sync, units, warehouse
from liine_source.emulator import Emulator, Faults, running_emulator

WORKERS = (1, 2, 4)
LATENCY_MS = 100
UNITS = 30_000
CUSTOMERS = 500

UNIT = """
import json, sys
from datetime import date
from liine_source import backfill, raise_for_failures
given = json.loads(sys.argv[1])
days = {name: date.fromisoformat(given.pop(name)) for name in ("since", "until") if given[name] != "None"}
given.pop("since", None)
raise_for_failures(backfill(**days, **given))
"""


@dataclass(frozen=True)
class Backfill:
    """What one took: wall seconds, and the units' processor seconds; rows that are there, and that should be."""

    wall: float
    cpu: float
    rows: int
    truth: int


def settings(api: Emulator, **others: Any) -> dict[str, Any]:
    """The settings of a run."""
    credentials = {"username": api.username, "password": api.password}
    return {"base_url": api.base_url, "credentials": credentials, **others}


def backfilled(api: Emulator, url: str, workers: int) -> Backfill:
    """Read all units, so many at once."""
    found = units(**settings(api, customer_ids=api.customer_ids))
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "DESTINATION_TYPE": "postgres",
            "DESTINATION__POSTGRES__CREDENTIALS": url,
            "DLT_DATA_DIR": folder,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }

        def read(unit: Any) -> float:
            days = {"since": str(unit.since), "until": str(unit.until)}
            given = json.dumps(settings(api, customer_ids=[unit.customer_id], page_size=100, **days))
            process = subprocess.Popen([sys.executable, "-c", UNIT, given], env=environment, cwd=folder)
            _, code, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(code)
            if process.returncode:
                raise SystemExit("a unit failed")
            return usage.ru_utime + usage.ru_stime

        began = time.perf_counter()
        with ThreadPoolExecutor(workers) as pool:
            cpu = sum(pool.map(read, found))
        wall = time.perf_counter() - began
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from liine.interactions")
        rows = cursor.fetchall()[0][0]
    return Backfill(wall, cpu, rows, len(api.truth()))


def with_many_states(url: str) -> None:
    """Put a state of a backfill for each unit into a dataset, copied from one that is there."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            """
            insert into liine._dlt_pipeline_state
            select s.version, s.engine_version, 'liine_sync_backfill_' || (1001 + n %% %s) || '_' || md5(n::text),
                   s.state, s.created_at, s.version_hash, s._dlt_load_id, s._dlt_id || n
            from generate_series(1, %s) n,
                 (select * from liine._dlt_pipeline_state where pipeline_name like 'liine_sync_backfill_%%' limit 1) s
            """,
            (CUSTOMERS, UNITS),
        )


def reading_states(url: str) -> None:
    """Print how long a run needs to read what is remembered."""
    os.environ |= {"DESTINATION_TYPE": "postgres", "DESTINATION__POSTGRES__CREDENTIALS": url}
    pipeline = loading.build_pipeline()
    prefix = f"{loading.PIPELINE_NAME}_backfill_"
    cases: dict[str, tuple[Any, ...]] = {
        "`liine status`: all of them": (),
        "a sync: none of them": (prefix,),
        "a unit: those of its customer": (prefix, [f"{prefix}1001_"]),
    }
    print("\n| who reads | states read | s |\n|---|---|---|")
    for name, arguments in cases.items():
        began = time.perf_counter()
        count = len(warehouse.states(pipeline, *arguments))
        print(f"| {name} | {count:,} | {time.perf_counter() - began:.2f} |", flush=True)


def hourly(url: str) -> None:
    """Print what an hourly run of many customers takes, in one process."""
    os.environ |= {"DESTINATION_TYPE": "postgres", "DESTINATION__POSTGRES__CREDENTIALS": url}
    print(f"\n| one sync of {CUSTOMERS} customers | requests | wall s | CPU s |\n|---|---|---|---|")
    with running_emulator(interactions=CUSTOMERS * 20, customers=CUSTOMERS, days=30) as api:
        for name in ("the first, whole histories", "the next, what changed"):
            api.faults = Faults(latency_ms=LATENCY_MS)
            api.forget_requests()
            began, cpu = time.perf_counter(), time.process_time()
            raise_for_failures(sync(**settings(api, customer_ids=api.customer_ids, reread_days=0)))
            took = time.perf_counter() - began
            # The emulator is a thread of this process.
            print(f"| {name} | {len(api.requests)} | {took:.1f} | {time.process_time() - cpu:.1f} |", flush=True)


def main() -> None:
    """Measure one after the other."""
    print("| workers | wall s | units' CPU s | speed-up | rows | true |\n|---|---|---|---|---|---|")
    with postgres() as server, tempfile.TemporaryDirectory() as folder:
        os.environ["DLT_DATA_DIR"] = str(Path(folder, "dlt"))
        walls = {}
        with running_emulator(interactions=24_000, customers=4, days=165) as api:
            for workers in WORKERS:
                api.faults = Faults(latency_ms=LATENCY_MS)
                url = server.new_database()
                done = backfilled(api, url, workers)
                walls[workers] = done.wall
                speed = walls[WORKERS[0]] / done.wall
                print(
                    f"| {workers} | {done.wall:.0f} | {done.cpu:.0f} | {speed:.2f} | {done.rows} | {done.truth} |",
                    flush=True,
                )
        with_many_states(url)
        reading_states(url)
        hourly(server.new_database())
    print(f"\n{machine()}.")


if __name__ == "__main__":
    main()
