"""A whole dbt build, including data tests, of the loaded rows: the first one, and a second one without changes.

Prints a table for docs/benchmarks.md. No figure should grow faster than the number of rows.
"""

import tempfile
from pathlib import Path

from against_default_path import run_postgres
from loads import CONNECTOR, MODELS, Load
from measuring import describe_machine, measure, run_emulator

SIZES = {"duckdb": (100_000, 1_000_000), "postgres": (100_000,)}
BUILDS = ("first", "second, no changes")


def main() -> None:
    """Load, build twice, and print the figures of each build."""
    print("| destination | interactions | build | CPU s | wall s | peak MB |")
    print("|---|---|---|---|---|---|")
    with run_postgres() as server:
        for destination, sizes in SIZES.items():
            for rows in sizes:
                with run_emulator(rows) as api, tempfile.TemporaryDirectory() as folder:
                    is_file = destination == "duckdb"
                    address = str(Path(folder, "models.duckdb")) if is_file else server.create_database()
                    credentials = {f"DESTINATION__{destination.upper()}__CREDENTIALS": address}
                    measure(Load(CONNECTOR, api, destination), folder, **credentials)
                    for build in BUILDS:
                        found = measure(Load(MODELS, api, destination), folder, **credentials)
                        figures = f"{found.cpu:.0f} | {found.wall:.0f} | {found.peak:.0f}"
                        print(f"| {destination} | {rows:,} | {build} | {figures} |", flush=True)
    print(f"\nOne round; dbt's process without the Postgres server; {describe_machine()}.")


if __name__ == "__main__":
    main()
