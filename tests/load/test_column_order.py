"""The order of the columns: ids and times come first, and a dataset in another order is loaded as well."""

from datetime import timedelta

import pytest

from liine_source import erase, sync
from liine_source.emulator import running_emulator
from liine_source.spec.tables import SOURCE_TABLES
from tests.commands.test_sync import settings
from tests.support.warehouse import Place, differences, on_duckdb_and_postgres, query, spoil

KEY = "3f9a1c7e5b2d8046a1e9c3b7d5f20864"
FIRST_COLUMNS = {
    "interactions": "id customer_id start_time start_time_tz updated_at analyze_complete",
    "interactions__provider_names": "interaction_id position provider_name",
    "interactions__session_extras": "interaction_id touch key value",
    "interactions__rejected_values": "interaction_id field raw_value",
    "sweeps": "sweep_id customer_id began ended kind",
    "erasures": "erasure_id erased_at completed_at customers",
    "erased_identifiers": "erasure_id kind digest",
    "runs": "run_id began ended kind version",
    "run_steps": "run_id load_id began ended step",
    "personal_data_keys": "key_id check_value",
    "_liine_inventory": "customer_id table_name",
}
ORDERED = """
select table_name, column_name from information_schema.columns
where lower(table_schema) = 'liine' order by table_name, ordinal_position
"""


@on_duckdb_and_postgres
def test_ids_and_times_come_first(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """First whose row it is and when it began; dlt's columns come last."""
    monkeypatch.setenv("SOURCES__LIINE__STORE_RUN_HISTORY", "true")
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", KEY)
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
        erase(lead_ids=[api.truth()[0]["lead_id"]], is_dry_run=False, **settings(api))
    tables = columns_by_table(warehouse)
    found = {name: " ".join(tables[name])[: len(first)] for name, first in FIRST_COLUMNS.items()}
    assert found == FIRST_COLUMNS
    assert tables["interactions"][-1] == tables["sweeps"][-1] == "_dlt_load_id"
    assert tables["runs"][-2:] == ["_dlt_load_id", "_dlt_id"]


@on_duckdb_and_postgres
def test_dataset_in_another_order_is_loaded(warehouse: Place) -> None:
    """Each value gets into the column of its name, in rows that are added, replaced and audited."""
    with running_emulator(interactions=40, customers=2) as api:
        sync(**settings(api))
        reverse_columns(warehouse)
        api.advance(timedelta(days=30))
        api.change(api.truth()[0]["id"], brand_new="x")
        assert sync(**settings(api)).is_complete
        assert differences(warehouse, api.truth()) == []
        audits = query(warehouse, "select customer_id, status, count_means from liine.sweeps where kind <> 'check'")
        assert {(int(row["customer_id"]), row["status"], row["count_means"]) for row in audits} == {
            (customer, "complete", "total") for customer in api.customer_ids
        }
    tables = columns_by_table(warehouse)
    assert tables["interactions"][-2:] == ["id", "brand_new"]
    assert tables["sweeps"][-1] == "sweep_id"


def columns_by_table(place: Place) -> dict[str, list[str]]:
    """Return the columns of each table in their order."""
    found: dict[str, list[str]] = {}
    for row in query(place, ORDERED):
        found.setdefault(row["table_name"].lower(), []).append(row["column_name"].lower())
    return found


def reverse_columns(place: Place) -> None:
    """Make the tables of the source anew, as somebody may who copies a dataset by hand."""
    for table, columns in columns_by_table(place).items():
        if table in SOURCE_TABLES:
            spoil(place, f"create table liine.copied as select {', '.join(reversed(columns))} from liine.{table}")  # noqa: S608  names of ours
            spoil(place, f"drop table liine.{table}")
            spoil(place, f"create table liine.{table} as select * from liine.copied")  # noqa: S608  names of ours
            spoil(place, "drop table liine.copied")
