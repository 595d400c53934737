"""A demonstration without an account: an emulator of the API, two syncs, the dbt models, and the report.

All files are in `build/demo`; no other warehouse and none of your settings is read or written.
"""

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
from dlt.common.runtime.run_context import RunContext, switched_run_context

from liine_source import SyncFailedError, console, dbt_runner, interruption, raise_for_failures, report, sync
from liine_source.commands.sync_report import SyncReport
from liine_source.emulator import running_emulator
from liine_source.progress import DbtProgress, choose_mode
from liine_source.spec.tables import INTERACTIONS, SOURCE_TABLES

CHECKOUT = Path(__file__).resolve().parents[1]
FOLDER = CHECKOUT / "build" / "demo"
WAREHOUSE = "demo.duckdb"
# Variables that programs need. Any other variable may be a setting: dlt looks for many names.
KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR", "TERM", "COLUMNS", "LINES", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE")
SWEEPS = """
select customer_id as customer, kind, coalesce(updated_since::varchar, 'beginning') as since,
       expected, distinct_ids as found, pages, repeats, proof
from liine.sweeps order by date_trunc('minute', began), kind desc, customer_id
"""


class OwnFiles(RunContext):
    """Makes dlt read files in one folder only, and none of the user's."""

    @property
    def global_dir(self) -> str:
        """Return the settings folder instead of dlt's global one."""
        return self.settings_dir


@contextmanager
def isolated() -> Iterator[None]:
    """Run in the demonstration's own folder, with only its own settings."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    outside = dict(os.environ)
    os.environ.clear()
    os.environ.update({name: outside[name] for name in KEPT_VARIABLES if name in outside})
    os.environ |= {"DLT_DATA_DIR": str(FOLDER / "dlt"), "DESTINATION__DUCKDB__CREDENTIALS": WAREHOUSE}
    try:
        with chdir(FOLDER), switched_run_context(OwnFiles(str(FOLDER))):
            yield
    finally:
        os.environ.clear()
        os.environ.update(outside)


def load(interactions: int = 10_000) -> tuple[SyncReport, SyncReport, int]:
    """Sync, let a day pass, sync again; return both reports, and the number of interactions in the emulator."""
    Path(WAREHOUSE).unlink(missing_ok=True)
    with running_emulator(interactions=interactions, customers=3) as api:
        credentials = {"username": api.username, "password": api.password}
        settings: dict[str, Any] = {
            "customer_ids": api.customer_ids,
            "base_url": api.base_url,
            "credentials": credentials,
        }
        console.print_line(f"The emulator has {interactions:,} invented interactions of three customers.")
        console.print_line("First sync: all interactions.")
        first = sync("duckdb", **settings)
        raise_for_failures(first)
        console.print_line("A day passes. Second sync: only changes.")
        api.advance(timedelta(days=1))
        second = sync("duckdb", **settings)
        raise_for_failures(second)
        # The emulator's clock is not this machine's, and ages count to it.
        os.environ["LIINE_NOW"] = f"{api.now:%Y-%m-%d %H:%M:%S}"
        return first, second, len(api.truth())


def main() -> None:
    """Load, build the models, and print the results."""
    first, second, expected = load()
    console.print_line("dbt builds and tests the models.")
    with DbtProgress(choose_mode()) as progress:
        built = dbt_runner.build("duckdb", observer=progress)
    with duckdb.connect(WAREHOUSE, read_only=True) as warehouse:
        tables = ", ".join(f"(select count(*) from liine.{name})" for name in SOURCE_TABLES)  # noqa: S608  our own names
        counts = dict(zip(SOURCE_TABLES, warehouse.execute(f"select {tables}").fetchall()[0], strict=True))
        sweeps = warehouse.execute(SWEEPS)
        columns, rows = [column[0] for column in sweeps.description or []], sweeps.fetchall()
    console.print_rows(
        "Rows loaded",
        ["table", "first sync", "second sync", "in the warehouse"],
        [[name, first.rows[name], second.rows[name], count] for name, count in counts.items()],
    )
    console.print_rows("Completeness check", columns, rows)
    console.print_dbt_build(built)
    console.print_marts(dbt_runner.query_channels("duckdb"), dbt_runner.query_funnel("duckdb"))
    page = Path(report("duckdb").path).relative_to(CHECKOUT)
    console.print_line(f"Open {page} in a browser: the figures as charts, by day, customer and location.")
    file, loaded = (FOLDER / WAREHOUSE).relative_to(CHECKOUT), counts[INTERACTIONS]
    console.print_line(f"The emulator has {expected} interactions, {file} has {loaded}.")
    if loaded != expected:
        raise SyncFailedError([])


if __name__ == "__main__":
    with interruption.ends_program(console.print_hint), isolated():
        main()
