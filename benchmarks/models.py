"""dbt's whole build, tests included, over what the connector loaded: once from nothing, and once with no change.

`python benchmarks/models.py` prints the table that the README shows. Nothing should grow faster than the rows.
"""

import tempfile
from pathlib import Path

from against_default_path import postgres
from loads import CONNECTOR, MODELS, Load
from measuring import emulator, machine, measured

SIZES = {"duckdb": (100_000, 1_000_000), "postgres": (100_000,)}
BUILDS = ("first", "again, no change")


def main() -> None:
    """Load, build twice, and print what each build took."""
    print("| destination | interactions | build | CPU s | wall s | peak MB |")
    print("|---|---|---|---|---|---|")
    with postgres() as server:
        for destination, sizes in SIZES.items():
            for rows in sizes:
                with emulator(rows) as api, tempfile.TemporaryDirectory() as folder:
                    address = server.new_database() if destination == "postgres" else str(Path(folder, "models.duckdb"))
                    credentials = {f"DESTINATION__{destination.upper()}__CREDENTIALS": address}
                    measured(Load(CONNECTOR, api, destination), folder, **credentials)
                    for build in BUILDS:
                        took = measured(Load(MODELS, api, destination), folder, **credentials)
                        figures = f"{took.cpu:.0f} | {took.wall:.0f} | {took.peak:.0f}"
                        print(f"| {destination} | {rows:,} | {build} | {figures} |", flush=True)
    print(f"\nOne round; dbt's own process, without Postgres's; {machine()}.")


if __name__ == "__main__":
    main()
