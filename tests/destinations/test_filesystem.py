"""A folder of Parquet files: each load adds files, and a view selects the newest version of each row."""

import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from liine_source import ConfigurationError, erase, status, sync
from liine_source.emulator import running_emulator
from liine_source.errors import MissingDatasetError
from tests.commands.test_sync import settings
from tests.support.warehouse import differences

# The views of docs/filesystem.md.
INTERACTIONS_VIEW = """
create schema liine;
create view liine.interactions as
select * from read_parquet('lake/liine/interactions/*.parquet', union_by_name = true)
qualify row_number() over (partition by id order by _dlt_load_id desc) = 1;
"""
CHILD_VIEW = """
create view liine.{table} as
select child.* exclude (is_cleared) from read_parquet('lake/liine/{table}/*.parquet') as child
join liine.interactions as newest on newest.id = child.interaction_id and newest._dlt_load_id = child._dlt_load_id
where is_cleared is not true;
"""
CHILD_TABLES = ("interactions__provider_names", "interactions__session_extras", "interactions__rejected_values")


def with_views(file: str) -> Path:
    with duckdb.connect(file) as connection:
        connection.execute(INTERACTIONS_VIEW)
        for table in CHILD_TABLES:
            connection.execute(CHILD_VIEW.format(table=table))
    return Path(file)


def test_views_equal_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """They give the newest rows after two loads, and no list that was emptied."""
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", str(Path.cwd() / "lake"))
    with pytest.raises(MissingDatasetError, match="There is no dataset liine in filesystem "):
        status("filesystem")
    with running_emulator(interactions=300, customers=2) as api:
        assert sync("filesystem", **settings(api)).is_complete
        assert [customer.status for customer in status("filesystem")] == ["complete"] * 2
        api.advance(timedelta(days=9))
        for row in api.truth()[-20:]:
            api.change(row["id"], provider_names=[])
        assert sync("filesystem", **settings(api)).is_complete
        assert differences(with_views("lake.duckdb"), api.truth()) == []


@pytest.mark.parametrize("table", ["interactions", "interactions__provider_names"])
def test_deleted_table_folder_is_filled_again(monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    """The whole history is read, as the folder had rows of every load."""
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", str(Path.cwd() / "lake"))
    with running_emulator(interactions=60, customers=1) as api:
        sync("filesystem", **settings(api))
        shutil.rmtree(f"lake/liine/{table}")
        api.advance(timedelta(days=9))
        assert sync("filesystem", **settings(api)).is_complete
        assert differences(with_views("lake.duckdb"), api.truth()) == []
        assert sync("filesystem", **settings(api)).rows["interactions"] < len(api.truth())


def test_erase_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are never changed, so no erasure is recorded."""
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", str(Path.cwd() / "lake"))
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", "3f9a1c7e5b2d8046a1e9c3b7d5f20864")
    with running_emulator(interactions=30, customers=1) as api:
        sync("filesystem", **settings(api))
        lead = next(row["lead_id"] for row in api.truth() if row["lead_id"])
        with pytest.raises(ConfigurationError, match="Nothing was erased"):
            erase("filesystem", lead_ids=[lead], is_dry_run=False, **settings(api))
    assert not list(Path("lake").rglob("eras*"))
