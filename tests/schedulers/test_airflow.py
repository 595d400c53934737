"""A real Airflow, with workers of its own, loads into Postgres; one is killed, and the warehouse is the truth."""

import hashlib
import json
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from liine_source import loading, warehouse
from liine_source.emulator import Faults, running_emulator
from tests.schedulers.airflow import Airflow, running_airflow
from tests.warehouse import differences, query

pytestmark = pytest.mark.slow("schedulers")

LOCK = "liine-source liine load"


def test_units_at_once_and_one_killed(
    postgres: str, postgres_server: str, tmp_path: Path, record_property: Any
) -> None:
    """Four customers' two months each, twice; a worker dies in the middle of its unit; then every hour, one refused."""
    events = tmp_path / "events"
    lineage = {"type": "file", "log_file_path": str(events), "append": True}
    with (
        running_emulator(interactions=1200, customers=4, days=40, seed=8) as api,
        running_airflow(
            postgres_server,
            tmp_path,
            # What is secret is in connections alone.
            DESTINATION__POSTGRES__CREDENTIALS="",
            AIRFLOW_CONN_LIINE_WAREHOUSE=postgres,
            AIRFLOW_CONN_LIINE_API=json.dumps(
                {"conn_type": "http", "host": api.base_url, "login": api.username, "password": api.password}
            ),
            AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(lineage),
            SOURCES__LIINE__CUSTOMER_IDS=str(api.customer_ids),
        ) as airflow,
    ):
        airflow.switch_on("liine_backfill")
        run = airflow.start("liine_backfill")
        assert airflow.end_of(run) == "success", airflow.tasks(run)
        assert len(with_state(airflow, run, "backfill", "success")) == 8
        assert differences(postgres, api.truth()) == []

        # Changes that no update tells of: what has been read before must be read whole, by a second try too.
        for row in api.truth():
            api.change(row["id"], touch_updated_at=False, name="Somebody Else")
        with warehouse.locked(loading.build_pipeline("postgres"), LOCK):
            run = airflow.start("liine_backfill", anew=True)
            # Each of the eight has read its days, and waits for its turn to load.
            airflow.wait(lambda: at_the_lock(postgres) == 1 + 8)
            running = with_state(airflow, run, "backfill", "running")
            assert len(running) == 8
            os.kill(running[3]["pid"], signal.SIGKILL)
        assert airflow.end_of(run) == "success", airflow.tasks(run)
        tasks = airflow.tasks(run)
        tries = [task["try_number"] for task in tasks if task["task_id"] == "backfill"]
        assert sorted(tries) == [1] * 7 + [2]
        assert differences(postgres, api.truth()) == []
        record_property("shown", "eight units of four customers at once, one killed and done again")

        api.faults = Faults()
        api.advance(timedelta(days=1))
        airflow.switch_on("liine_hourly")
        run = airflow.scheduled("liine_hourly")
        assert airflow.end_of(run) == "success", airflow.tasks(run)
        assert len(with_state(airflow, run, "sync", "success")) == 4
        assert differences(postgres, api.truth()) == []
        assert query(postgres, "select count(*) as n from liine_marts.fct_liine__interactions")[0]["n"] > 0

        # One customer is refused: the run fails, and the others' rows and figures are there.
        first, *granted = api.customer_ids
        refused = api.truth(first)
        api.faults = Faults(refused_customers=(first,))
        api.advance(timedelta(days=1))
        run = airflow.start("liine_hourly")
        assert airflow.end_of(run) == "failed", airflow.tasks(run)
        ended = {(task["task_id"], task["state"]) for task in airflow.tasks(run)}
        assert {("sync", "failed"), ("all_proven", "upstream_failed"), ("build_models", "success")} <= ended
        assert len(with_state(airflow, run, "sync", "success")) == 3
        assert differences(postgres, [*refused, *(row for one in granted for row in api.truth(one))]) == []
        told = [json.loads(line) for line in events.read_text().splitlines()]
        done = [event["job"]["name"] for event in told if event["eventType"] == "COMPLETE"]
        assert {"liine_backfill.backfill", "liine_backfill.build_models", "liine_hourly.sync"} <= set(done)


def at_the_lock(place: str) -> int:
    """How many connections have the lock under which rows are loaded, or wait for it."""
    key = int.from_bytes(hashlib.sha256(LOCK.encode()).digest()[:8], "big", signed=True)
    asked = f"query like '%pg_advisory_lock({key})%' and pid <> pg_backend_pid()"
    return int(query(place, f"select count(*) as n from pg_stat_activity where {asked}")[0]["n"])  # noqa: S608  ours


def with_state(airflow: Airflow, run: str, task: str, state: str) -> list[Any]:
    """The tasks of a run that are in a state."""
    return [found for found in airflow.tasks(run) if (found["task_id"], found["state"]) == (task, state)]
