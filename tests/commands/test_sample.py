"""`liine sync --sample`: some rows in a dataset of their own, which nothing takes for the real one."""

import json
from pathlib import Path

import pytest

from liine_source import ConfigurationError, erase, status, sync
from liine_source.commands.sample import sample
from liine_source.emulator import Emulator, running_emulator
from tests.commands.test_sync import settings
from tests.support.command_line import run
from tests.support.warehouse import Place, differences, on_duckdb_and_postgres, query, spoil

WAREHOUSE = Path("warehouse.duckdb")
KEY = "3f9a1c7e5b2d8046a1e9c3b7d5f20864"
TABLES = {
    *("interactions", "interactions__provider_names", "interactions__session_extras", "interactions__rejected_values"),
    *("_dlt_loads", "_dlt_pipeline_state", "_dlt_version", "_liine_sample"),
}


def newest(api: Emulator, size: int) -> list[dict[str, object]]:
    """Return the newest rows of each customer, as the emulator sorts them."""
    found = []
    for customer in api.customer_ids:
        found += sorted(api.truth(customer), key=lambda row: (row["start_time"], row["id"]), reverse=True)[:size]
    return found


@on_duckdb_and_postgres
def test_sample_has_newest_rows_and_touches_nothing_else(warehouse: Place) -> None:
    """It is replaced by the next one; rows, progress, audit and proof of the dataset stay."""
    with running_emulator(interactions=100, customers=2) as api:
        sync(**settings(api))
        before = (status(), query(warehouse, "select * from liine.sweeps order by sweep_id"))
        sample(20, **settings(api))
        taken = sample(7, **settings(api))
        assert [customer.interactions for customer in taken.customers] == [7, 7]
        assert differences(warehouse, newest(api, 7), dataset="liine_sample") == []
        assert query(warehouse, "select * from liine_sample.interactions__rejected_values") == []
        assert (status(), query(warehouse, "select * from liine.sweeps order by sweep_id")) == before
        assert differences(warehouse, api.truth()) == []
    found = query(
        warehouse, "select table_name from information_schema.tables where lower(table_schema) = 'liine_sample'"
    )
    assert {row["table_name"].lower() for row in found} == TABLES


def test_sample_before_the_first_sync() -> None:
    """The first sync then loads everything, and no other command takes the sample for a dataset."""
    with running_emulator(interactions=60, customers=1) as api:
        done = run("sync", "--sample", "5", "--since", "2000-01-01", api=api)
        assert done.returncode == 0
        assert "This is a sample: at most 5 interactions of each customer" in done.stdout
        for command in (
            ["status"],
            ["sync"],
            ["verify"],
            ["erase", "--lead-id", "x"],
            ["backfill", "--since", "2025-01-01"],
        ):
            refused = run(*command, "--dataset", "liine_sample", api=api, SOURCES__LIINE__PERSONAL_DATA_KEY=KEY)
            assert (refused.returncode, "Dataset liine_sample is a sample" in refused.stderr) == (2, True), command
        missing = run("status", api=api)
        assert (missing.returncode, "No dataset there looks like ours" in missing.stderr) == (1, True)
        assert run("sync", api=api).returncode == 0
        assert differences(WAREHOUSE, api.truth()) == []


@pytest.mark.parametrize("mode", ["keep", "hash", "drop"])
def test_sample_is_masked_and_lacks_erased_persons(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the dataset itself; an erasure drops a sample, which may have rows of the person."""
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", KEY)
    with running_emulator(interactions=60, customers=1) as api:
        given = settings(api, personal_data=mode)
        person = newest(api, 1)[0]["lead_id"]
        sync(**given)
        sample(60, **given)
        erase(lead_ids=[str(person)], is_dry_run=False, allow_none=True, **given)
        schemas = query(WAREHOUSE, "select schema_name from duckdb_schemas() where schema_name like 'liine_sample%'")
        assert schemas == []
        sample(60, **given)
        others = {row["id"] for row in api.truth() if row["lead_id"] != person}
        rows = query(WAREHOUSE, "select id, phone_number from liine_sample.interactions")
        assert {row["id"] for row in rows} == others
        plain = {row["phone_number"] for row in api.truth()}
        assert {row["phone_number"] in plain for row in rows if row["phone_number"]} == {
            "keep": {True},
            "hash": {False},
            "drop": set(),
        }[mode]


def test_customer_that_cannot_be_read_is_named() -> None:
    """The others have their rows, and the exit code is 1."""
    with running_emulator(interactions=40, customers=1) as api:
        customers = json.dumps([*api.customer_ids, 99])
        done = run("sync", "--sample", "5", "--json", api=api, SOURCES__LIINE__CUSTOMER_IDS=customers)
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert [customer["interactions"] for customer in found["customers"]] == [5, 0]
    assert [bool(customer["error"]) for customer in found["customers"]] == [False, True]


def test_what_makes_no_sense_is_refused() -> None:
    """Before anything is requested or dropped."""
    with running_emulator(interactions=20, customers=1) as api:
        done = run("sync", "--sample", "5", "--then-dbt", api=api)
        assert (done.returncode, "No models are built of a sample" in done.stderr) == (2, True)
        assert run("sync", "--sample", "0", api=api).returncode == 2
        with pytest.raises(ConfigurationError, match="1 to 10,000 rows of each customer"):
            sample(10_001, **settings(api))
        sample(5, **settings(api))
        spoil(WAREHOUSE, "drop table liine_sample._liine_sample")
        api.forget_requests()
        with pytest.raises(ConfigurationError, match="liine_sample has tables that no sample has made"):
            sample(5, **settings(api))
        assert api.requests == []
    assert query(WAREHOUSE, "select count(*) as n from liine_sample.interactions") == [{"n": 5}]
