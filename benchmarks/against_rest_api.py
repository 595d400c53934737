"""Our connector beside dlt's generic `rest_api` source with parquet files, in one run, against one emulator.

Machines differ and are shared: read the ratios. `python benchmarks/against_rest_api.py` prints the table that the
README shows.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import duckdb
from loads import CONNECTOR, REST_API_PARQUET, Api, Load
from measuring import Figures, emulator, machine, measured, middle

ROWS = 100_000
MORE_ROWS = (400_000, 1_000_000)
ROUNDS = 3
SIDES = (CONNECTOR, REST_API_PARQUET)


def first_load(name: str, true: int, api: Api) -> Figures:
    """Load all into a new DuckDB file."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "warehouse.duckdb"))
        figures = measured(Load(name, api), folder, DESTINATION__DUCKDB__CREDENTIALS=file)
        with duckdb.connect(file, read_only=True) as warehouse:
            rows = warehouse.execute("select count(*) from liine.interactions").fetchall()[0][0]
    return replace(figures, lost=true - rows)


def row(name: str, true: int, figures: Figures) -> str:
    """One line of the table."""
    return (
        f"| {name} | {true:,} | {figures.cpu:.1f} | {figures.wall:.1f} | {figures.peak:.0f} | {int(figures.lost):,} |"
    )


def main() -> None:
    """Measure in turn, print the medians and the ratios."""
    with emulator(ROWS) as api:
        rounds = [{name: first_load(name, ROWS, api) for name in SIDES} for _ in range(ROUNDS)]
    more = {}
    for rows in MORE_ROWS:
        with emulator(rows) as api:
            more[rows] = first_load(CONNECTOR, rows, api)
    found = {name: middle([figures[name] for figures in rounds]) for name in SIDES}
    print("| load | interactions | CPU s | wall s | peak MB | rows lost |\n|---|---|---|---|---|---|")
    for name, figures in found.items():
        print(row(name, ROWS, figures))
    for rows, figures in more.items():
        print(row(CONNECTOR, rows, figures))
    ours, theirs = found.values()
    print(f"\nCPU: {theirs.cpu / ours.cpu:.1f} times less than rest_api with parquet.")
    for rows, figures in more.items():
        print(f"Peak memory: {figures.peak / ours.peak:.2f} times as much for {rows // ROWS} times the rows.")
    print(f"Medians of {ROUNDS} rounds; {machine()}.")


if __name__ == "__main__":
    main()
