"""The demonstration: in a folder of its own, whatever settings and warehouses of the user's are around."""

import os
from datetime import datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import dlt
import pytest

from liine_source.emulator import running_emulator
from tests.marts.figures import figures
from tests.marts.load_scope import Load
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


def test_readme_shows_the_demonstrations_figures() -> None:
    """The first channel and the last line, computed from the emulator's rows without a warehouse and dbt."""
    with running_emulator(interactions=10_000, customers=3) as api:
        api.advance(timedelta(days=1))
        truth, load = api.truth(), Load(through=datetime(2025, 12, 16, 18, 0))  # noqa: DTZ001  UTC without zone
        days = figures(truth, dict.fromkeys(api.customer_ids, load))["rpt_liine__channel_daily"]
    channel = [day for day in days if day["channel"] == "GBP / Organic"]
    new, booked, revenue = (
        sum(day[name] or 0 for day in channel) for name in ("new_leads", "booked_leads", "new_lead_revenue")
    )
    readme = (CHECKOUT / "README.md").read_text()
    assert f"\n│ GBP / Organic  │ {new:<9} │ {booked:<6} │ {revenue:<9} │\n" in readme
    assert f"\nThe emulator has {len(truth)} interactions, build/demo/demo.duckdb has {len(truth)}.\n" in readme
