"""Our connector beside dlt's generic `rest_api` source with parquet files, in one run, against one emulator.

Each load is a process of its own, one after the other in turn; the figures are the operating system's for that
process. Machines differ and are shared: read the ratios. `python benchmarks/against_rest_api.py` prints the table
that the README shows.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

import duckdb

ROWS = 100_000
MORE_ROWS = (400_000, 1_000_000)
ROUNDS = 3


@dataclass(frozen=True)
class Figures:
    """One load: processor and wall seconds, peak memory in MB, rows that arrived."""

    cpu: float
    wall: float
    peak: float
    rows: int


def load_with_connector(base_url: str, customer: int, user: str, password: str) -> None:
    """`liine sync`, as a user's script would call it."""
    from liine_source import raise_for_failures, sync  # noqa: PLC0415  each child loads only its own side

    credentials = {"username": user, "password": password}
    raise_for_failures(sync("duckdb", customer_ids=[customer], base_url=base_url, credentials=credentials))


def load_with_rest_api(base_url: str, customer: int, user: str, password: str) -> None:
    """What the reference's own pagination example becomes in dlt's generic source."""
    import dlt  # noqa: PLC0415
    import requests  # noqa: PLC0415
    from dlt.sources.rest_api import rest_api_source  # noqa: PLC0415

    body = {"username": user, "password": password}
    token = requests.post(f"{base_url}/call_log/authenticate/", json=body, timeout=60).json()["token"]
    cursor = {"type": "cursor", "cursor_path": "pagination_timestamp", "cursor_param": "pagination_timestamp"}
    source = rest_api_source(
        {
            "client": {"base_url": base_url, "headers": {"Authorization": token}, "paginator": cursor},
            "resources": [
                {
                    "name": "interactions",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "endpoint": {
                        "path": "call_log/interactions/",
                        "params": {"customer_id": customer, "limit": 1000, "include_is_spam_likely": "true"},
                        "data_selector": "interactions",
                    },
                }
            ],
        }
    )
    pipeline = dlt.pipeline("generic", destination=dlt.destinations.duckdb("warehouse.duckdb"), dataset_name="liine")
    pipeline.run(source, loader_file_format="parquet")


LOADS = {"liine-source": load_with_connector, "dlt rest_api, parquet": load_with_rest_api}


@contextmanager
def emulator(rows: int) -> Iterator[tuple[str, int, str, str]]:
    """An emulator of one customer in a process of its own."""
    command = ["emulator", "--port", "0", "--interactions", str(rows), "--customers", "1", "--json"]
    liine = Path(sys.executable).with_name("liine")
    with subprocess.Popen([str(liine), *command], stdout=subprocess.PIPE, text=True) as process:
        try:
            told = "".join(iter(process.stdout.readline, "}\n")) + "}" if process.stdout else ""
            given = {name.rpartition("__")[2]: value for name, value in json.loads(told).items()}
            customer = json.loads(given["CUSTOMER_IDS"])[0]
            yield given["BASE_URL"], customer, given["USERNAME"], given["PASSWORD"]
        finally:
            process.terminate()


def measured(load: str, api: tuple[str, int, str, str]) -> Figures:
    """Run one load in an empty folder, and ask the system what it took."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "DLT_DATA_DIR": folder, "RUNTIME__DLTHUB_TELEMETRY": "false"}
        command = [sys.executable, str(Path(__file__).resolve()), "--load", load, "--api", json.dumps(api)]
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment)
        _, code, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(code)
        wall = time.perf_counter() - began
        if process.returncode:
            raise SystemExit(f"{load} failed")
        with duckdb.connect(str(Path(folder, "warehouse.duckdb")), read_only=True) as warehouse:
            rows = warehouse.execute("select count(*) from liine.interactions").fetchall()[0][0]
    return Figures(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, rows)


def row(name: str, true: int, figures: Figures) -> str:
    """One line of the table."""
    lost = true - int(figures.rows)
    return f"| {name} | {true:,} | {figures.cpu:.1f} | {figures.wall:.1f} | {figures.peak:.0f} | {lost:,} |"


def middle(rounds: list[Figures]) -> Figures:
    """The median of each figure."""
    return Figures(*(statistics.median(column) for column in zip(*map(astuple, rounds), strict=True)))


def main() -> None:
    """Measure in turn, print the medians and the ratios."""
    with emulator(ROWS) as api:
        rounds = [{name: measured(name, api) for name in LOADS} for _ in range(ROUNDS)]
    more = {}
    for rows in MORE_ROWS:
        with emulator(rows) as api:
            more[rows] = measured("liine-source", api)
    found = {name: middle([figures[name] for figures in rounds]) for name in LOADS}
    print("| load | interactions | CPU s | wall s | peak MB | rows lost |\n|---|---|---|---|---|---|")
    for name, figures in found.items():
        print(row(name, ROWS, figures))
    for rows, figures in more.items():
        print(row("liine-source", rows, figures))
    ours, theirs = found.values()
    print(f"\nCPU: {theirs.cpu / ours.cpu:.1f} times less than rest_api with parquet.")
    for rows, figures in more.items():
        print(f"Peak memory: {figures.peak / ours.peak:.2f} times as much for {rows // ROWS} times the rows.")
    print(
        f"Medians of {ROUNDS} rounds; {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}."
    )


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--load", choices=LOADS)
    arguments.add_argument("--api")
    given = arguments.parse_args()
    if given.load:
        LOADS[given.load](*json.loads(given.api))
    else:
        main()
