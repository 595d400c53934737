"""A local Airflow: API server, scheduler with local workers, DAG processor, and its database in Postgres."""

import secrets
import select
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tests.schedulers.environments import AIRFLOW, PIPELINES, environment
from tests.support.warehouse import Row, query

# On a busy machine it may take long until the database changes again.
_TIMEOUT_SECONDS = 180
_TRIGGERS = """
create function notify_change() returns trigger language plpgsql as $$ begin notify changes; return null; end $$;
create trigger change after insert or update on dag for each statement execute function notify_change();
create trigger change after insert or update on dag_run for each statement execute function notify_change();
create trigger change after insert or update on task_instance for each statement execute function notify_change();
"""


class Airflow:
    """The handle on a running Airflow."""

    def __init__(self, database: str, port: int, connection: Any) -> None:
        self._database = database
        self._address = f"http://127.0.0.1:{port}"
        self._connection = connection
        self._session = requests.Session()
        # The server takes some seconds to start.
        adapter = HTTPAdapter(max_retries=Retry(connect=12, backoff_factor=0.2, allowed_methods=None))
        self._session.mount("http://", adapter)

    def wait(self, find: Callable[[], Any]) -> Any:
        """Return what `find` returns once it is truthy; called whenever the database changes."""
        while not (found := find()):
            assert select.select([self._connection], [], [], _TIMEOUT_SECONDS) != ([], [], []), (
                "Airflow made no progress"
            )
            self._connection.poll()
            self._connection.notifies.clear()
        return found

    def rows(self, sql: str) -> list[Row]:
        """Rows of Airflow's own database."""
        return query(self._database, sql)

    def sign_in(self) -> None:
        """Get a token, and create the pool."""
        token = self._session.get(f"{self._address}/auth/token", timeout=60).json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._request("post", "pools", {"name": "liine_api", "slots": 8})

    def unpause(self, dag: str) -> None:
        """Unpause a DAG; each is paused at first."""
        self.wait(lambda: self.rows(f"select 1 from dag where dag_id = '{dag}'"))  # noqa: S608  names of ours
        self._request("patch", f"dags/{dag}", {"is_paused": False})

    def wait_for_scheduled_run(self, dag: str) -> str:
        """Wait for the first scheduled run of a DAG; return its id."""
        sql = f"select run_id from dag_run where dag_id = '{dag}'"  # noqa: S608  names of ours
        return str(self.wait(lambda: self.rows(sql))[0]["run_id"])

    def start(self, dag: str, **conf: Any) -> str:
        """Start a run manually; return its id."""
        return str(self._request("post", f"dags/{dag}/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"])

    def tasks(self, run: str) -> list[Row]:
        """The tasks of a run."""
        columns = "task_id, map_index, state, pid, try_number"
        return self.rows(f"select {columns} from task_instance where run_id = '{run}' order by 1, 2")  # noqa: S608  an id of Airflow's

    def wait_for_end(self, run: str) -> str:
        """Wait for the end of a run; return its state."""
        sql = f"select state from dag_run where run_id = '{run}' and state in ('success', 'failed')"  # noqa: S608  an id of Airflow's
        return str(self.wait(lambda: self.rows(sql))[0]["state"])

    def _request(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._session.request(method, f"{self._address}/api/v2/{path}", json=body, timeout=60)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def running_airflow(server: str, folder: Path, **settings: str) -> Iterator[Airflow]:
    """Start Airflow with the project's DAGs, and a database of its own on the same server as `server`."""
    name = f"airflow_{uuid.uuid4().hex}"
    connection = psycopg2.connect(server)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create database {name}")
    connection.close()
    database = server.replace("/postgres?", f"/{name}?")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    variables = environment(
        AIRFLOW,
        folder,
        AIRFLOW_HOME=str(folder / "airflow"),
        AIRFLOW__API_AUTH__JWT_SECRET=secrets.token_hex(32),
        AIRFLOW__API__SECRET_KEY=secrets.token_hex(32),
        AIRFLOW__API__HOST="127.0.0.1",
        AIRFLOW__API__PORT=str(port),
        AIRFLOW__CORE__DAGS_FOLDER=str(PIPELINES),
        AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY="1",
        AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"http://127.0.0.1:{port}/execution/",
        AIRFLOW__CORE__EXECUTOR="LocalExecutor",
        AIRFLOW__CORE__LOAD_EXAMPLES="false",
        AIRFLOW__CORE__PARALLELISM="8",
        AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS="true",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=database.replace("postgresql:", "postgresql+psycopg2:"),
        AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC="1",
        **settings,
    )
    airflow = str(AIRFLOW / "airflow")
    subprocess.run([airflow, "db", "migrate"], env=variables, check=True, capture_output=True)  # noqa: S603  Airflow, as the test installed it
    connection = psycopg2.connect(database)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS)
        cursor.execute("listen changes")
    with ExitStack() as stack:
        for program in (["api-server"], ["scheduler", "--skip-serve-logs"], ["dag-processor"]):
            log = stack.enter_context((folder / f"{program[0]}.log").open("w"))
            process = subprocess.Popen([airflow, *program], env=variables, stdout=log, stderr=log)  # noqa: S603  Airflow, as the test installed it
            stack.callback(process.wait)
            stack.callback(process.terminate)
        found = Airflow(database, port, connection)
        found.sign_in()
        yield found
    connection.close()
