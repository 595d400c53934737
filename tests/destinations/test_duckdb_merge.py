"""DuckDB merges a load's files as they are, with as much memory as that takes."""

from pathlib import Path

import dlt
import pytest

from liine_source import sync
from liine_source.destinations import duckdb, duckdb_client
from liine_source.destinations.duckdb_client import DuckDbFactory
from liine_source.emulator import running_emulator
from liine_source.errors import DestinationError
from tests.commands.test_sync import settings
from tests.support.warehouse import differences, query

WAREHOUSE = Path("warehouse.duckdb")
LIMIT = "8.0 MiB"


def test_folder_with_special_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quotes and patterns in the path of dlt's folder are taken literally."""
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "it's [a] *? folder"))
    with running_emulator(interactions=30, customers=2) as api:
        sync(**settings(api))
        assert differences(WAREHOUSE, api.truth()) == []


def test_fields_of_earlier_loads_are_null_in_later_ones() -> None:
    """A column for an unknown field is null in rows of a load whose files lack it, also where it was filled before."""
    with running_emulator(interactions=30) as api:
        first, second = (row["id"] for row in api.truth()[:2])
        api.change(first, new_field="a")
        sync(**settings(api))
        api.change(first, new_field=None)
        api.change(second, duration=7)
        sync(**settings(api))
        assert differences(WAREHOUSE, api.truth()) == []
    assert query(WAREHOUSE, "select count(new_field) as filled from liine.interactions") == [{"filled": 0}]


@pytest.mark.parametrize("is_own_limit", [True, False], ids=["default", "set by the user"])
def test_merge_gets_more_memory(is_own_limit: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A merge that runs out of memory is repeated with more; a limit that the user has set is kept."""
    monkeypatch.setitem(duckdb._LIMITS, "memory_limit", LIMIT)
    if is_own_limit:
        monkeypatch.setitem(duckdb_client._MORE_MEMORY, LIMIT, "RESET memory_limit")
    with running_emulator(interactions=10, customers=1) as api:
        for row in api.truth():
            api.change(row["id"], call_summary="x" * 700_000)
        if not is_own_limit:
            with pytest.raises(DestinationError, match="DuckDB's memory is used up"):
                sync(**settings(api))
            return
        sync(**settings(api))
        assert differences(WAREHOUSE, api.truth()) == []


def test_merge_goes_into_the_file_at_once() -> None:
    """A large one is not written into the log of changes first, which dlt would let grow to 1 GB."""
    with dlt.pipeline("any", destination=DuckDbFactory("any.duckdb")).sql_client() as client:
        assert client.execute_sql("select current_setting('checkpoint_threshold')") == [("16.0 MiB",)]
