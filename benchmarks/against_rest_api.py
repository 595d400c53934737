"""The connector compared with a script without a framework and with dlt's `rest_api` source, against one emulator.

Each loads all interactions into a new DuckDB file, and then runs again with hardly any change. Prints a table for
docs/benchmarks.md. Absolute times depend on the machine, so compare the ratios.
"""

import argparse
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import requests
from loads import CONNECTOR, REST_API_PARQUET, SCRIPT, Api, Load
from measuring import Figures, describe_machine, measure, median, run_emulator

ROWS = 100_000
MORE_ROWS = (400_000, 1_000_000)
ROUNDS = 3
COMPARED = (CONNECTOR, SCRIPT, REST_API_PARQUET)
FIRST, AGAIN = "first", "again, no change"


def measure_both(name: str, expected: int, api: Api, updated_since: str) -> dict[str, Figures]:
    """Load all interactions into a new DuckDB file; then load what was updated since a day."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "warehouse.duckdb"))
        found = {}
        for run, since in ((FIRST, None), (AGAIN, updated_since)):
            figures = measure(Load(name, api, updated_since=since), folder, DESTINATION__DUCKDB__CREDENTIALS=file)
            with duckdb.connect(file, read_only=True) as warehouse:
                rows = warehouse.execute("select count(*) from liine.interactions").fetchall()[0][0]
            found[run] = replace(figures, lost=expected - rows)
    return found


def day_before(api: Api) -> str:
    """Return the day before the emulator's, from which the others request changes."""
    now = requests.get(f"{api.base_url}/_emulator/state", timeout=60).json()["now"]
    return (datetime.fromisoformat(now) - timedelta(days=1)).date().isoformat()


def format_row(name: str, run: str, interactions: int, figures: Figures) -> str:
    """Return one line of the table."""
    measured = f"{figures.cpu:.1f} | {figures.wall:.1f} | {figures.peak:.0f} | {int(figures.lost):,}"
    return f"| {name} | {run} | {interactions:,} | {measured} |"


def main(rounds: int, more_rows: tuple[int, ...]) -> None:
    """Measure one load after the other; print the medians and the ratios."""
    with run_emulator(ROWS) as api:
        since = day_before(api)
        measured = [{name: measure_both(name, ROWS, api, since) for name in COMPARED} for _ in range(rounds)]
    more = {}
    for rows in more_rows:
        with run_emulator(rows) as api:
            more[rows] = measure_both(CONNECTOR, rows, api, day_before(api))[FIRST]
    found = {(name, run): median([one[name][run] for one in measured]) for name in COMPARED for run in (FIRST, AGAIN)}
    print("| load | run | interactions | CPU s | wall s | peak MB | rows lost |\n|---|---|---|---|---|---|---|")
    for run in (FIRST, AGAIN):
        for name in COMPARED:
            print(format_row(name, run, ROWS, found[name, run]))
    for rows, figures in more.items():
        print(format_row(CONNECTOR, FIRST, rows, figures))
    print()
    for run in (FIRST, AGAIN):
        ours = found[CONNECTOR, run]
        ratios = [f"{ours.cpu / found[name, run].cpu:.2f} times that of {name}" for name in COMPARED[1:]]
        print(f"CPU of {CONNECTOR}, {run}: {', '.join(ratios)}.")
    for rows, figures in more.items():
        ratio = figures.peak / found[CONNECTOR, FIRST].peak
        print(f"Peak memory: {ratio:.2f} times as much for {rows // ROWS} times the rows.")
    print(f"Medians of {rounds} rounds; {describe_machine()}.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--more-rows", type=int, nargs="*", default=MORE_ROWS)
    arguments = parser.parse_args()
    main(arguments.rounds, tuple(arguments.more_rows))
