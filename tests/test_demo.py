"""The demonstration: in a folder of its own, whatever settings and warehouses of the user's are around."""

import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import dlt
import pytest

from tests.support.warehouse import query, spoil

CHECKOUT = Path(__file__).parents[1]
WAREHOUSE = Path("warehouse.duckdb")
# A user's, each of which would make the demonstration another, or let it reach something of the user's.
OF_THE_USER = {
    "DESTINATION_TYPE": "postgres",
    "DESTINATION__DUCKDB__CREDENTIALS": str(WAREHOUSE),
    "SOURCES__LIINE__FILTERS": '{"call_type": ["New Lead"]}',
    "LOAD__RAISE_ON_FAILED_JOBS": "false",
    "RUNTIME__SLACK_INCOMING_HOOK": "http://127.0.0.1:9",
    "LIINE_DATASET": "theirs",
}


@pytest.fixture
def demo(tmp_path: Path) -> ModuleType:
    """The script, to run beside the test's folder."""
    spec = spec_from_file_location("demo", CHECKOUT / "pipelines" / "demo.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.FOLDER = tmp_path / "build" / "demo"  # type: ignore[attr-defined]
    return module


def test_it_reads_and_touches_nothing_of_the_users(demo: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither variables nor files of settings, nor the warehouse of the default name; also when it is run again."""
    spoil(WAREHOUSE, "create table precious as select 1 as id")
    for name, value in OF_THE_USER.items():
        monkeypatch.setenv(name, value)
    outside, folder, before = dict(os.environ), Path.cwd(), WAREHOUSE.read_bytes()
    # As a file of settings has them.
    with dlt.config.values({"sources.liine.until": "2020-01-01", "pipelines.dev_mode": True}):
        for _ in range(2):
            with demo.isolated():
                _, _, truth = demo.load(interactions=60)
    assert query(demo.FOLDER / demo.WAREHOUSE, "select count(*) as n from liine.interactions") == [{"n": truth}]
    assert WAREHOUSE.read_bytes() == before
    assert (dict(os.environ), Path.cwd()) == (outside, folder)
    assert {path.name for path in folder.iterdir()} == {"warehouse.duckdb", "build"}


def test_make_names_no_warehouse_but_the_demonstrations() -> None:
    """`make demo`, `make docs` and `make clean` had deleted the one that has the default name."""
    assert WAREHOUSE.name not in (CHECKOUT / "Makefile").read_text()
