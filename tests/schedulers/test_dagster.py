"""A real Dagster loads and builds: the warehouse equals the API, and its events have what was proven."""

import json
import subprocess
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from liine_source.emulator import Burst, Emulator, Faults, running_emulator
from tests.schedulers.environments import DAGSTER, PIPELINES, ROOT, environment, settings
from tests.support.warehouse import Place, differences, query

pytestmark = pytest.mark.slow("schedulers")

# The settings of docs/schedulers.md.
INSTANCE = """
concurrency:
  pools:
    granularity: op
    default_limit: 4
telemetry:
  enabled: false
"""
DEFINITIONS = str(PIPELINES / "dagster_definitions.py")
# Prints an instance's runs, materializations and checks as JSON.
EVENTS = """
import json, sys
import dagster as dg
from dagster import DagsterInstance
instance = DagsterInstance.get()
def keys(key):
    found = instance.fetch_materializations(dg.AssetKey(key), limit=100).records
    return [(r.partition_key, {k: v.value for k, v in r.asset_materialization.metadata.items()}) for r in found]
checks = {}
for name, key in (
    ("proof", "sweeps"),
    ("rows", "interactions"),
    ("totals", "interactions"),
    ("freshness", "interactions"),
):
    spec = dg.AssetCheckKey(dg.AssetKey(["liine", key]), name)
    history = instance.event_log_storage.get_asset_check_execution_history(spec, 9)
    checks[name] = [record.event.dagster_event.event_specific_data.passed for record in history]
print(json.dumps({
    "runs": [r.status.value for r in instance.get_runs()],
    "interactions": keys(["liine", "interactions"]),
    "months": keys(["liine", "months"]),
    "leads": keys(["fct_liine__leads"]),
    "checks": checks,
}, default=str))
"""
# Loads months of a customer in one run, as for a range chosen in Dagster's UI; retries follow at once.
RANGE = """
import json, runpy, sys
import dagster as dg
import dagster_dbt
policy = dg.RetryPolicy
dg.RetryPolicy = lambda max_retries, **_: policy(max_retries)
defs = runpy.run_path(sys.argv[1])["defs"]
months = [a for a in defs.assets if isinstance(a, dg.AssetsDefinition) and dg.AssetKey(["liine", "months"]) in a.keys]
first, last = sys.argv[2:]
range_ = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
done = dg.materialize(months, instance=dg.DagsterInstance.get(), tags=range_, raise_on_error=False)
retried = [e for e in done.all_events if e.event_type_value == "STEP_RESTARTED"]
print(json.dumps({"success": done.success, "retries": len(retried)}))
"""
SHAPE = """
import json, runpy, sys
defs = runpy.run_path(sys.argv[1])["defs"]
import dagster as dg
graph = defs.resolve_asset_graph()
def up(name):
    return sorted("/".join(key.path) for key in graph.get(dg.AssetKey(name)).parent_keys)
print(json.dumps({
    "staging": up(["liine_staging", "stg_liine__interactions"]),
    "tables": up(["liine", "interactions"]),
    "checks": len(graph.asset_check_keys),
    "partitions": graph.get(dg.AssetKey(["liine", "months"])).partitions_def.partition_dimension_names,
    "schedules": [(schedule.name, schedule.cron_schedule) for schedule in defs.schedules],
    "pools": [a.op.pool for a in defs.assets if isinstance(a, dg.AssetsDefinition)],
}))
"""


class Dagster:
    """Dagster's programs, with the settings of an emulator."""

    def __init__(self, folder: Path, api: Emulator) -> None:
        self._folder = folder
        self._environment = environment(
            DAGSTER,
            folder,
            DAGSTER_HOME=str(folder / "dagster"),
            DAGSTER_DISABLE_TELEMETRY="yes",
            **settings(api),
        )
        # dbt's manifest takes seconds to build, so tests share it; its name identifies the project.
        manifests = ROOT / "build" / "liine_dbt"
        manifests.mkdir(parents=True, exist_ok=True)
        (folder / "dlt").mkdir()
        (folder / "dlt" / "liine_dbt").symlink_to(manifests)
        (folder / "dagster").mkdir()
        (folder / "dagster" / "dagster.yaml").write_text(INSTANCE)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program of Dagster's in the folder, which is the warehouse's too."""
        program, *arguments = command
        return subprocess.run(  # noqa: S603  programs of our own choice
            [str(DAGSTER / program), *arguments],
            env=self._environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def run_hourly_job(self) -> subprocess.CompletedProcess[str]:
        """Run the scheduled job."""
        return self.run("dagster", "job", "execute", "-f", DEFINITIONS, "-j", "liine_hourly")

    def run_script(self, script: str, *arguments: str) -> dict[str, Any]:
        """Return the JSON that a script prints in that environment."""
        done = self.run("python", "-c", script, DEFINITIONS, *arguments)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


@pytest.mark.parametrize("warehouse", ["duckdb", "postgres"], indirect=True)
def test_hourly_job_and_partition_backfill(warehouse: Place, tmp_path: Path) -> None:
    """The job loads and builds; a month of each customer is then loaded again, with its changes."""
    with running_emulator(interactions=600, customers=2, days=80, seed=3) as api:
        dagster = Dagster(tmp_path, api)
        done = dagster.run_hourly_job()
        assert done.returncode == 0, done.stderr
        assert differences(warehouse, api.truth()) == []
        assert query(warehouse, "select count(*) as n from liine_marts.fct_liine__leads")[0]["n"] > 0
        first = dagster.run_script(EVENTS)
        (((_, metadata)),) = [first["interactions"][0]]
        assert metadata["rows loaded"] == 600
        assert metadata["proof"] == {str(key): "count" for key in api.customer_ids}
        assert set(metadata["watermark"]) == {str(key) for key in api.customer_ids}
        assert first["checks"] == {"proof": [True], "rows": [True], "totals": [True], "freshness": [True]}
        assert len(first["leads"]) == 1

        # These changes do not move `updated_at`.
        changed = [row for row in api.truth() if row["start_time"].startswith("2025-11-15")]
        assert changed
        for row in changed:
            api.change(row["id"], touch_updated_at=False, name="Somebody Else")
        select = ["--select", "key:liine/months"]
        partitions = [f"{key}|2025-11-01" for key in api.customer_ids]
        for partition in partitions:
            done = dagster.run("dagster", "asset", "materialize", "-f", DEFINITIONS, *select, "--partition", partition)
            assert done.returncode == 0, done.stderr
        assert differences(warehouse, api.truth()) == []
        second = dagster.run_script(EVENTS)
        assert sorted(key for key, _ in second["months"]) == partitions
        assert [list(metadata["proof"].values()) for _, metadata in second["months"]] == [["count"]] * 2
        # Rows that were read again are materialized in the tables, too.
        assert len(second["interactions"]) == 3


def test_retry_reads_whole_range_of_months(tmp_path: Path) -> None:
    """Months that an earlier run loaded are read again, also if the first try fails."""
    with running_emulator(interactions=300, customers=2, days=60, seed=3) as api:
        dagster = Dagster(tmp_path, api)
        months = [f"{api.customer_ids[0]}|2025-{month}-01" for month in (10, 11)]
        assert dagster.run_script(RANGE, *months) == {"success": True, "retries": 0}

        def loaded_differences() -> list[str]:
            loaded = query(Path("warehouse.duckdb"), "select id from liine.interactions")
            ids = {row["id"] for row in loaded}
            assert ids
            return differences(Path("warehouse.duckdb"), [row for row in api.truth() if row["id"] in ids])

        assert loaded_differences() == []
        for row in api.truth(api.customer_ids[0]):
            api.change(row["id"], touch_updated_at=False, name="Somebody Else")
        assert loaded_differences() != []
        api.faults = Faults(bursts=(Burst(status=403, next=1),))
        api.forget_requests()
        assert dagster.run_script(RANGE, *months) == {"success": True, "retries": 1}
        assert loaded_differences() == []
        # The first try was refused in November, but read October.
        pages = [dict(request.params) for request in api.requests if dict(request.params).get("limit") == "1000"]
        assert [since for since, _ in groupby(request["start_date"] for request in pages)] == [
            "2025-09-30",
            "2025-10-31",
            "2025-09-30",
        ]


def test_refused_customer_fails_run_but_not_models(postgres: str, tmp_path: Path) -> None:
    """The other customers' figures are built; the check of proof fails, and with it the run."""
    with running_emulator(interactions=200, customers=2, seed=3) as api:
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        dagster = Dagster(tmp_path, api)
        assert dagster.run_hourly_job().returncode == 1
        assert differences(postgres, api.truth(api.customer_ids[1])) == []
        events = dagster.run_script(EVENTS)
        assert events["runs"] == ["FAILURE"]
        assert events["checks"]["proof"] == [False]
        assert len(events["leads"]) == 1


def test_definitions_have_lineage_partitions_schedule_and_pools(tmp_path: Path) -> None:
    """A user sees them in Dagster's UI; reading them makes no request."""
    with running_emulator(interactions=20, customers=2) as api:
        shape = Dagster(tmp_path, api).run_script(SHAPE)
        assert api.requests == []
    assert shape["staging"] == ["liine/interactions"]
    assert shape["tables"] == ["liine_api/interactions"]
    assert shape["checks"] > 100
    assert shape["partitions"] == ["customer", "month"]
    assert shape["pools"] == ["liine_api", "liine_api", None]
    assert shape["schedules"] == [["liine_hourly_schedule", "7 * * * *"]]
