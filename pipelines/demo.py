"""The whole path on this machine: an emulator of the API, two syncs, and what landed. Needs no account."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from liine_source import SyncFailedError, raise_for_failures, sync, transform
from liine_source.emulator import running_emulator

WAREHOUSE = Path("warehouse.duckdb")
TABLES = (
    "interactions",
    "interactions__provider_names",
    "interactions__session_extras",
    "interactions__rejected_values",
    "sweeps",
)
PROOFS = """
select customer_id as customer, coalesce(updated_since::varchar, 'ever') as "changes since",
       expected, distinct_ids as found, pages, repeats, proof
from liine.sweeps order by began, customer_id
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


def main() -> None:
    """Sync, let a day pass, sync again, and show it."""
    WAREHOUSE.unlink(missing_ok=True)
    with running_emulator(interactions=10_000, customers=3) as api:
        credentials = {"username": api.username, "password": api.password}
        settings: dict[str, Any] = {
            "customer_ids": api.customer_ids,
            "base_url": api.base_url,
            "credentials": credentials,
        }
        console.print("An emulator invents 10,000 interactions of three customers.\nFirst sync: everything.")
        first = sync("duckdb", **settings)
        raise_for_failures(first)
        console.print("A day passes. Second sync: what changed.")
        api.advance(timedelta(days=1))
        second = sync("duckdb", **settings)
        raise_for_failures(second)
        truth = len(api.truth())
    console.print("dbt builds the models, and tests them.")
    built = transform.build("duckdb")
    with duckdb.connect(str(WAREHOUSE), read_only=True) as warehouse:
        landed = Table(
            "table", "first sync", "second sync", "in the warehouse", title="What landed", title_justify="left"
        )
        for name in TABLES:
            count = warehouse.execute(f"select count(*) from liine.{name}").fetchall()[0][0]  # noqa: S608  names of ours
            landed.add_row(name, str(first.rows[name]), str(second.rows[name]), str(count))
        console.print(landed)
        show("The proof: what the API counts, and what was found", warehouse.execute(PROOFS))
        console.print(f"dbt: {built.nodes} models and tests, none failed.")
        show("New leads, by the channel that brought them", warehouse.execute(CHANNELS))
        show("What became of them", warehouse.execute(FUNNEL))
        loaded = warehouse.execute("select count(*) from liine.interactions").fetchall()[0][0]
    console.print(f"The emulator holds {truth} interactions, {WAREHOUSE} holds {loaded}.")
    if loaded != truth:
        raise SyncFailedError([])


if __name__ == "__main__":
    main()
