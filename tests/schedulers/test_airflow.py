"""A real Airflow, with workers of its own, loads into Postgres; one is killed, and the warehouse is the truth."""

import json
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from liine_source.emulator import Burst, Faults, running_emulator
from tests.schedulers.airflow import Airflow, running_airflow
from tests.warehouse import differences, query

pytestmark = pytest.mark.schedulers


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
        run = airflow.start("liine_backfill", anew=True)
        airflow.wait(lambda: with_state(airflow, run, "backfill", "running"))
        # One of them will wait for its answer; the others go on.
        api.faults = Faults(latency_ms=100, bursts=(Burst(kind="slow", delay=300, after=3, next=1),))
        together = [0]

        def the_last() -> list[Any]:
            running = with_state(airflow, run, "backfill", "running")
            together.append(len(running))
            return running if len(with_state(airflow, run, "backfill", "success")) == 7 else []

        (stuck,) = airflow.wait(the_last)
        os.kill(stuck["pid"], signal.SIGKILL)
        assert airflow.end_of(run) == "success", airflow.tasks(run)
        tasks = airflow.tasks(run)
        tries = [task["try_number"] for task in tasks if task["task_id"] == "backfill"]
        assert sorted(tries) == [1] * 7 + [2]
        assert max(together) > 1
        assert differences(postgres, api.truth()) == []
        record_property("shown", f"eight units, {max(together)} at once, one killed and done again")

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


def with_state(airflow: Airflow, run: str, task: str, state: str) -> list[Any]:
    """The tasks of a run that are in a state."""
    return [found for found in airflow.tasks(run) if (found["task_id"], found["state"]) == (task, state)]
