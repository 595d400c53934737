"""The connector compared with a script without a framework and with dlt's `rest_api` source, and what else it costs.

Prints one table for docs/benchmarks.md: first loads, runs without changes and with 5,000 changes, into DuckDB and
Postgres; longer histories; runs of many customers; dbt's builds; the start of the command line. Each load runs in
a separate process, and so does the emulator. Absolute times depend on the machine, so compare the ratios.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from controls import change_rows, count_lost, day_before, fetch_state, in_own_process
from loads import CONNECTOR, REST_API, SCRIPT, Api, Load
from measuring import Figures, describe_machine, measure, measure_command, median, run_emulator
from postgres_server import Server, run_postgres

ROWS = 100_000
MANY_ROWS = 1_000_000
CHANGED = 5_000
CUSTOMERS = (100, 500)
ROWS_PER_CUSTOMER = 40
CHANGED_PER_CUSTOMER = 20
ROUNDS = 3
COMPARED = (CONNECTOR, SCRIPT, REST_API)
DESTINATIONS = ("duckdb", "postgres")
COMMANDS = {
    ("liine status", CONNECTOR): ["liine", "status"],
    ("liine status", "python -c 'import dlt'"): ["python", "-c", "import dlt"],
    ("liine --help", CONNECTOR): ["liine", "--help"],
    ("liine --version", CONNECTOR): ["liine", "--version"],
}
BUILDS = {
    "dbt, all models": ["--full-refresh"],
    f"dbt, after {CHANGED:,} changes": [],
}
# As `liine sync --then-dbt` runs it, but without data tests.
DBT = ["python", "-m", "liine_source.dbt_process"]
BUILD_MODELS = [
    *("build", "--no-write-json", "--log-level-file", "error"),
    *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
]


@dataclass
class Table:
    """The figures of all rounds by what was measured and who did it; the first of a comparison is the connector."""

    rounds: dict[tuple[str, str], list[Figures]] = field(default_factory=dict)

    def add(self, what: str, who: str, figures: Figures) -> None:
        """Add the figures of a round, and show where the benchmark is."""
        self.rounds.setdefault((what, who), []).append(figures)
        print(f"{what}: {who}, {figures.cpu:.2f} s", file=sys.stderr, flush=True)

    def print(self) -> None:
        """Print the medians, and the connector's CPU time relative to each other one."""
        print(
            "| what | by | CPU s | server CPU s | wall s | peak MB | rows lost or stale | liine-source relative to it |"
        )
        print("|---|---|---|---|---|---|---|---|")
        medians = {key: median(figures) for key, figures in self.rounds.items()}
        for (what, who), found in medians.items():
            ours = medians.get((what, CONNECTOR))
            ratio = f"{ours.cpu / found.cpu:.2f}" if ours and who != CONNECTOR else ""
            server = f"{found.server_cpu:.1f}" if found.server_cpu else ""
            lost = f"{found.lost:,.0f}" if found.lost >= 0 else ""
            figures = f"{found.cpu:.2f} | {server} | {found.wall:.1f} | {found.peak:.0f} | {lost} | {ratio}"
            print(f"| {what} | {who} | {figures} |")


@dataclass(frozen=True)
class Warehouse:
    """A new DuckDB file or Postgres database, and the folder of the process that loads it."""

    destination: str
    address: str
    folder: str
    server: Server

    @property
    def environment(self) -> dict[str, str]:
        """Return the setting that names it."""
        return {f"DESTINATION__{self.destination.upper()}__CREDENTIALS": self.address}

    def measure(self, name: str, api: Api, updated_since: str | None = None) -> Figures:
        """Load into it; return the figures, with the rows that are missing or stale then."""
        before = self.server.cpu_seconds()
        figures = measure(Load(name, api, self.destination, updated_since), self.folder, **self.environment)
        server_cpu = self.server.cpu_seconds() - before if self.destination == "postgres" else 0
        return replace(figures, server_cpu=server_cpu, lost=in_own_process(count_lost, self.address, api))


@contextmanager
def new_warehouse(destination: str, server: Server) -> Iterator[Warehouse]:
    """Yield a warehouse that nothing was loaded into."""
    with tempfile.TemporaryDirectory() as folder:
        is_file = destination == "duckdb"
        address = str(Path(folder, "warehouse.duckdb")) if is_file else server.create_database()
        yield Warehouse(destination, address, folder, server)


def compare_loads(table: Table, server: Server) -> None:
    """Measure all three, one after the other: a first load, one without changes, and one of changes."""
    for destination in DESTINATIONS:
        with run_emulator(ROWS) as api, ExitStack() as opened:
            warehouses = {name: opened.enter_context(new_warehouse(destination, server)) for name in COMPARED}
            for what, is_first in ((f"first load of {ROWS:,}", True), ("again, no change", False)):
                for name, warehouse in warehouses.items():
                    since = None if is_first else day_before(api)
                    table.add(f"{destination}: {what}", name, warehouse.measure(name, api, since))
            in_own_process(change_rows, api, warehouses[CONNECTOR].address, CHANGED)
            for name, warehouse in warehouses.items():
                table.add(f"{destination}: {CHANGED:,} changed", name, warehouse.measure(name, api, day_before(api)))


def measure_many_rows(table: Table, server: Server) -> None:
    """Measure a first load of a long history, and dbt's builds of it."""
    with run_emulator(MANY_ROWS) as api, new_warehouse("duckdb", server) as ours:
        what = f"duckdb: first load of {MANY_ROWS:,}"
        table.add(what, CONNECTOR, ours.measure(CONNECTOR, api))
        with new_warehouse("duckdb", server) as other:
            table.add(what, SCRIPT, other.measure(SCRIPT, api))
        for build, options in BUILDS.items():
            if not options:
                in_own_process(change_rows, api, ours.address, CHANGED)
                ours.measure(CONNECTOR, api)
            project = str(Path(__file__).parents[1] / "dbt")
            paths = ["--project-dir", project, "--profiles-dir", project, "--target-path", f"{ours.folder}/target"]
            command = [*DBT, f"{ours.folder}/statuses.json", *BUILD_MODELS, *options, *paths, "--log-path", ours.folder]
            table.add(
                f"duckdb: {build} of {MANY_ROWS:,}", "dbt", measure_command(command, ours.folder, **ours.environment)
            )


def measure_customers(table: Table, server: Server) -> list[str]:
    """Measure a run of many customers with few changes each; return sentences about each customer's share."""
    sentences = []
    for customers in CUSTOMERS:
        with (
            run_emulator(customers * ROWS_PER_CUSTOMER, customers) as api,
            new_warehouse("duckdb", server) as warehouse,
        ):
            warehouse.measure(CONNECTOR, api)
            in_own_process(change_rows, api, warehouse.address, customers * CHANGED_PER_CUSTOMER)
            before = fetch_state(api)["requests"]
            figures = warehouse.measure(CONNECTOR, api)
            requested = fetch_state(api)["requests"] - before
            table.add(f"duckdb: {customers} customers, {CHANGED_PER_CUSTOMER} changes each", CONNECTOR, figures)
            milliseconds = figures.cpu / customers * 1000
            sentences.append(
                f"{customers} customers: {milliseconds:.1f} ms of CPU and {requested / customers:.1f} requests each."
            )
    return sentences


def measure_start(table: Table, server: Server) -> None:
    """Measure commands that send no request; `status` reads a dataset of 100 interactions."""
    with run_emulator(100) as api, new_warehouse("duckdb", server) as warehouse:
        warehouse.measure(CONNECTOR, api)
        for (what, who), command in COMMANDS.items():
            table.add(what, who, measure_command(command, warehouse.folder, **warehouse.environment))


def main(rounds: int) -> None:
    """Measure everything; print one table."""
    table = Table()
    with run_postgres() as server:
        for _ in range(rounds):
            compare_loads(table, server)
            measure_start(table, server)
        measure_many_rows(table, server)
        sentences = measure_customers(table, server)
    table.print()
    print("", *sentences, sep="\n")
    print(f"Medians of {rounds} rounds, one of more interactions and of customers; {describe_machine()}.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    main(parser.parse_args().rounds)
