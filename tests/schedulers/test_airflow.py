"""A real Airflow with its own workers loads into Postgres, and the warehouse equals the API."""

import hashlib
import json
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from liine_source.emulator import Faults, running_emulator
from liine_source.load import pipeline as loading
from liine_source.warehouse import advisory_lock
from tests.schedulers.airflow import Airflow, running_airflow
from tests.support.warehouse import differences, query

pytestmark = pytest.mark.slow("schedulers")

LOCK = "liine-source liine load"


def test_dags_survive_killed_worker_and_refused_customer(
    postgres: str, postgres_server: str, tmp_path: Path, record_property: Any
) -> None:
    """Eight partitions are loaded concurrently while a worker is killed; hourly runs follow."""
    events = tmp_path / "events"
    lineage = {"type": "file", "log_file_path": str(events), "append": True}
    with (
        running_emulator(interactions=1200, customers=4, days=40, seed=8) as api,
        running_airflow(
            postgres_server,
            tmp_path,
            # Secrets are only in connections.
            DESTINATION__POSTGRES__CREDENTIALS="",
            AIRFLOW_CONN_LIINE_WAREHOUSE=postgres,
            AIRFLOW_CONN_LIINE_API=json.dumps(
                {"conn_type": "http", "host": api.base_url, "login": api.username, "password": api.password}
            ),
            AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(lineage),
            SOURCES__LIINE__CUSTOMER_IDS=str(api.customer_ids),
            LIINE_CUSTOMERS_PER_TASK="2",
        ) as airflow,
    ):
        airflow.unpause("liine_backfill")
        run = airflow.start("liine_backfill")
        assert airflow.wait_for_end(run) == "success", airflow.tasks(run)
        assert len(tasks_in_state(airflow, run, "backfill", "success")) == 8
        assert differences(postgres, api.truth()) == []

        # These changes do not move `updated_at`, so all days must be read again, by a retry too.
        for row in api.truth():
            api.change(row["id"], touch_updated_at=False, name="Somebody Else")
        with advisory_lock.hold(loading.build_pipeline("postgres"), LOCK):
            run = airflow.start("liine_backfill", restart=True)
            # Each of the eight has read its days and waits for the lock to load them.
            airflow.wait(lambda: count_lock_sessions(postgres) == 1 + 8)
            running = tasks_in_state(airflow, run, "backfill", "running")
            assert len(running) == 8
            os.kill(running[3]["pid"], signal.SIGKILL)
        assert airflow.wait_for_end(run) == "success", airflow.tasks(run)
        tasks = airflow.tasks(run)
        tries = [task["try_number"] for task in tasks if task["task_id"] == "backfill"]
        assert sorted(tries) == [1] * 7 + [2]
        assert differences(postgres, api.truth()) == []
        record_property("shown", "eight partitions of four customers at once, one killed and retried")

        api.faults = Faults()
        api.advance(timedelta(days=1))
        airflow.unpause("liine_hourly")
        run = airflow.wait_for_scheduled_run("liine_hourly")
        assert airflow.wait_for_end(run) == "success", airflow.tasks(run)
        assert len(tasks_in_state(airflow, run, "sync", "success")) == 2
        assert differences(postgres, api.truth()) == []
        assert query(postgres, "select count(*) as n from liine_marts.fct_liine__interactions")[0]["n"] > 0

        # One customer is refused: the run fails, but the others are loaded and the models built.
        first, *granted = api.customer_ids
        refused = api.truth(first)
        api.faults = Faults(refused_customers=(first,))
        api.advance(timedelta(days=1))
        run = airflow.start("liine_hourly")
        assert airflow.wait_for_end(run) == "failed", airflow.tasks(run)
        ended = {(task["task_id"], task["state"]) for task in airflow.tasks(run)}
        assert {("sync", "failed"), ("all_proven", "upstream_failed"), ("build_models", "success")} <= ended
        assert len(tasks_in_state(airflow, run, "sync", "success")) == 1
        assert differences(postgres, [*refused, *(row for one in granted for row in api.truth(one))]) == []
        records = [json.loads(line) for line in events.read_text().splitlines()]
        completed = [event["job"]["name"] for event in records if event["eventType"] == "COMPLETE"]
        assert {"liine_backfill.backfill", "liine_backfill.build_models", "liine_hourly.sync"} <= set(completed)


def count_lock_sessions(place: str) -> int:
    """How many connections hold the lock for loading or wait for it."""
    key = int.from_bytes(hashlib.sha256(LOCK.encode()).digest()[:8], "big", signed=True)
    # A client may write a blank before the sign.
    condition = f"query like '%pg_advisory_lock(%{key})%' and pid <> pg_backend_pid()"
    return int(query(place, f"select count(*) as n from pg_stat_activity where {condition}")[0]["n"])  # noqa: S608  ours


def tasks_in_state(airflow: Airflow, run: str, task: str, state: str) -> list[Any]:
    """The tasks of a run that are in a state."""
    return [found for found in airflow.tasks(run) if (found["task_id"], found["state"]) == (task, state)]
