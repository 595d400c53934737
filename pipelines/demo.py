"""The whole path on this machine: an emulator of the API, two syncs, and what landed. Needs no account.

Everything lies in `build/demo`, and nothing else is read or written: neither a warehouse of yours nor a setting.
"""

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
from dlt.common.runtime.run_context import RunContext, switched_run_context
from rich.console import Console
from rich.table import Table

from liine_source import SyncFailedError, raise_for_failures, sync, transform
from liine_source.emulator import running_emulator
from liine_source.runs import SyncReport

CHECKOUT = Path(__file__).resolve().parents[1]
FOLDER = CHECKOUT / "build" / "demo"
WAREHOUSE = "demo.duckdb"
# What a program needs of its surroundings. Any other variable may be a setting: dlt looks for many names.
SURROUNDINGS = ("PATH", "HOME", "TMPDIR", "TERM", "COLUMNS", "LINES", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE")
TABLES = (
    "interactions",
    "interactions__provider_names",
    "interactions__session_extras",
    "interactions__rejected_values",
    "sweeps",
)
PROOFS = """
select customer_id as customer, kind, coalesce(updated_since::varchar, 'ever') as since,
       expected, distinct_ids as found, pages, repeats, proof
from liine.sweeps order by date_trunc('minute', began), kind desc, customer_id
"""
CHANNELS = """
select channel, sum(new_leads) as "new leads", sum(booked_leads) as booked,
       sum(new_lead_revenue)::decimal(12, 2) as revenue
from liine_marts.rpt_liine__channel_daily group by channel order by 2 desc, 1 limit 5
"""
FUNNEL = """
select sum(new_leads) as "new leads", sum(reached_leads) as reached, sum(booked_leads) as booked,
       sum(attended_leads) as attended, sum(revenue)::decimal(12, 2) as revenue
from liine_marts.rpt_liine__lead_funnel_monthly
"""

console = Console()


def show(title: str, rows: duckdb.DuckDBPyConnection) -> None:
    """Print a query's rows as a table."""
    table = Table(*(column[0] for column in rows.description or []), title=title, title_justify="left")
    for row in rows.fetchall():
        table.add_row(*("-" if value is None else str(value) for value in row))
    console.print(table)


class OwnFiles(RunContext):
    """Where dlt looks for its files: in one folder, and in none of the user's."""

    @property
    def global_dir(self) -> str:
        """Return the folder, as that of the user's own settings too."""
        return self.settings_dir


@contextmanager
def isolated() -> Iterator[None]:
    """Be in a folder of the demonstration's own, with no setting but its own."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    outside = dict(os.environ)
    os.environ.clear()
    os.environ.update({name: outside[name] for name in SURROUNDINGS if name in outside})
    os.environ |= {"DLT_DATA_DIR": str(FOLDER / "dlt"), "DESTINATION__DUCKDB__CREDENTIALS": WAREHOUSE}
    try:
        with chdir(FOLDER), switched_run_context(OwnFiles(str(FOLDER))):
            yield
    finally:
        os.environ.clear()
        os.environ.update(outside)


def load(interactions: int = 10_000) -> tuple[SyncReport, SyncReport, int]:
    """Sync, let a day pass, sync again; return both reports, and how many interactions the emulator holds."""
    Path(WAREHOUSE).unlink(missing_ok=True)
    with running_emulator(interactions=interactions, customers=3) as api:
        credentials = {"username": api.username, "password": api.password}
        settings: dict[str, Any] = {
            "customer_ids": api.customer_ids,
            "base_url": api.base_url,
            "credentials": credentials,
        }
        console.print(f"An emulator invents {interactions:,} interactions of three customers.\nFirst sync: everything.")
        first = sync("duckdb", **settings)
        raise_for_failures(first)
        console.print("A day passes. Second sync: what changed.")
        api.advance(timedelta(days=1))
        second = sync("duckdb", **settings)
        raise_for_failures(second)
        return first, second, len(api.truth())


def main() -> None:
    """Load, build the models, and show it."""
    first, second, truth = load()
    console.print("dbt builds the models, and tests them.")
    built = transform.build("duckdb")
    with duckdb.connect(WAREHOUSE, read_only=True) as warehouse:
        landed = Table(
            "table", "first sync", "second sync", "in the warehouse", title="What landed", title_justify="left"
        )
        for name in TABLES:
            count = warehouse.execute(f"select count(*) from liine.{name}").fetchall()[0][0]  # noqa: S608  names of ours
            landed.add_row(name, str(first.rows[name]), str(second.rows[name]), str(count))
        console.print(landed)
        show("Completeness check", warehouse.execute(PROOFS))
        console.print(f"dbt: {built.nodes} models and tests, none failed.")
        show("New leads, by the channel that brought them", warehouse.execute(CHANNELS))
        show("What became of them", warehouse.execute(FUNNEL))
        loaded = warehouse.execute("select count(*) from liine.interactions").fetchall()[0][0]
    place = (FOLDER / WAREHOUSE).relative_to(CHECKOUT)
    console.print(f"The emulator holds {truth} interactions, {place} holds {loaded}.")
    if loaded != truth:
        raise SyncFailedError([])


if __name__ == "__main__":
    with isolated():
        main()
