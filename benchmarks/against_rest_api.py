"""The connector compared with dlt's generic `rest_api` source with parquet files, against the same emulator.

Prints a table for docs/benchmarks.md. Absolute times depend on the machine, so compare the ratios.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import duckdb
from loads import CONNECTOR, REST_API_PARQUET, Api, Load
from measuring import Figures, describe_machine, measure, median, run_emulator

ROWS = 100_000
MORE_ROWS = (400_000, 1_000_000)
ROUNDS = 3
COMPARED = (CONNECTOR, REST_API_PARQUET)


def measure_first_load(name: str, expected: int, api: Api) -> Figures:
    """Load all interactions into a new DuckDB file."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "warehouse.duckdb"))
        figures = measure(Load(name, api), folder, DESTINATION__DUCKDB__CREDENTIALS=file)
        with duckdb.connect(file, read_only=True) as warehouse:
            rows = warehouse.execute("select count(*) from liine.interactions").fetchall()[0][0]
    return replace(figures, lost=expected - rows)


def format_row(name: str, interactions: int, figures: Figures) -> str:
    """Return one line of the table."""
    measured = f"{figures.cpu:.1f} | {figures.wall:.1f} | {figures.peak:.0f} | {int(figures.lost):,}"
    return f"| {name} | {interactions:,} | {measured} |"


def main() -> None:
    """Measure one load after the other; print the medians and the ratios."""
    with run_emulator(ROWS) as api:
        rounds = [{name: measure_first_load(name, ROWS, api) for name in COMPARED} for _ in range(ROUNDS)]
    more = {}
    for rows in MORE_ROWS:
        with run_emulator(rows) as api:
            more[rows] = measure_first_load(CONNECTOR, rows, api)
    found = {name: median([figures[name] for figures in rounds]) for name in COMPARED}
    print("| load | interactions | CPU s | wall s | peak MB | rows lost |\n|---|---|---|---|---|---|")
    for name, figures in found.items():
        print(format_row(name, ROWS, figures))
    for rows, figures in more.items():
        print(format_row(CONNECTOR, rows, figures))
    ours, theirs = found.values()
    print(f"\nCPU: {theirs.cpu / ours.cpu:.1f} times less than rest_api with parquet.")
    for rows, figures in more.items():
        print(f"Peak memory: {figures.peak / ours.peak:.2f} times as much for {rows // ROWS} times the rows.")
    print(f"Medians of {ROUNDS} rounds; {describe_machine()}.")


if __name__ == "__main__":
    main()
