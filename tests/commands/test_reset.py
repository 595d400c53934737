"""Progress is forgotten, and rows deleted if asked to; the next sync then makes the dataset equal again, once."""

import json
from typing import Any

import pytest

from liine_source import backfill, reset, status, sync
from liine_source.emulator import Emulator, running_emulator
from tests.commands.test_sync import settings
from tests.support.command_line import run
from tests.support.warehouse import Place, differences, query

ROWS = "select customer_id, count(*) as n from liine.interactions group by customer_id"


def rows_by_customer(place: Place) -> dict[int, int]:
    """Return how many interactions each customer has."""
    return {row["customer_id"]: row["n"] for row in query(place, ROWS)}


def histories_read(place: Place) -> int:
    """Return how many sweeps of syncs were not of changes only."""
    sweeps = "select count(*) as n from liine.sweeps where kind = 'sync' and updated_since is null"
    return int(query(place, sweeps)[0]["n"])


def loaded_twice(api: Emulator, given: dict[str, Any]) -> None:
    """Load two customers by runs of their own and together, then change rows in a way that no sync sees."""
    for customer in api.customer_ids:
        sync(**given | {"customer_ids": [customer]})
    sync(**given)
    backfill(**given)
    for row in api.truth():
        api.change(row["id"], touch_updated_at=False, name="Somebody Else")


@pytest.mark.parametrize(
    "warehouse",
    ["duckdb", *(pytest.param(name, marks=pytest.mark.slow(name)) for name in ("postgres", "snowflake"))],
    indirect=True,
)
@pytest.mark.parametrize("drop_rows", [False, True], ids=["rows kept", "rows dropped"])
def test_reset_customer_is_read_again_once(warehouse: Place, drop_rows: bool) -> None:
    """A dry run changes nothing. After a reset one sync reads the customer's history, and the next only changes."""
    with running_emulator(interactions=60, customers=2, days=20) as api:
        given = settings(api)
        loaded_twice(api, given)
        before, sweeps = rows_by_customer(warehouse), histories_read(warehouse)
        first, other = api.customer_ids
        only_first = given | {"customer_ids": [first]}
        dry = reset(drop_rows=drop_rows, **only_first)
        assert [(one.customer_id, one.interactions) for one in dry.customers] == [(first, before[first])]
        sync(**given)
        assert (rows_by_customer(warehouse), histories_read(warehouse)) == (before, sweeps)

        assert reset(drop_rows=drop_rows, is_dry_run=False, **only_first).customers == dry.customers
        assert rows_by_customer(warehouse) == {other: before[other]} | ({} if drop_rows else {first: before[first]})
        assert {one.customer_id for one in status() if one.watermark is None} == {first}
        report = sync(**given)
        assert report.is_complete
        assert not any(customer.restored for customer in report.customers)
        names = query(warehouse, f"select distinct name from liine.interactions where customer_id = {first}")  # noqa: S608  a number
        assert names == [{"name": "Somebody Else"}]
        read = histories_read(warehouse)
        assert read > sweeps
        sync(**given)
        sync(**only_first)
        assert histories_read(warehouse) == read
        for row in api.truth(other):
            api.change(row["id"])
        sync(**given)
        assert differences(warehouse, api.truth()) == []


def test_command() -> None:
    """Without --yes the command only shows; before anything is loaded it exits with 2."""
    with running_emulator(interactions=20, customers=2) as api:
        assert run("reset", api=api).returncode == 2
        sync(**settings(api))
        customer = str(api.customer_ids[0])
        unknown = run("reset", "--customer-id", customer, "--customer-id", "9999", api=api)
        assert (unknown.returncode, "\nNeither progress nor rows: 9999. Correct" in unknown.stdout) == (0, True)
        shown = run("reset", "--drop-rows", "--customer-id", customer, api=api)
        assert "Neither progress" not in shown.stdout
        assert shown.returncode == 0
        assert "Dry run: nothing was changed." in shown.stdout
        assert len(status()) == 2
        done = json.loads(run("reset", "--drop-rows", "--yes", "--json", "--customer-id", customer, api=api).stdout)
        assert [one["customer_id"] for one in done["customers"]] == [api.customer_ids[0]]
        assert {one.rows for one in status() if one.watermark is None} == {0}
