"""An Airflow of its own: API server, scheduler with local workers, DAG processor, and its database in Postgres."""

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
from tests.warehouse import Row, query

# Patience with a machine that is busy: so many seconds without any news.
_PATIENCE = 180
_NEWS = """
create function tell() returns trigger language plpgsql as $$ begin notify news; return null; end $$;
create trigger news after insert or update on dag for each statement execute function tell();
create trigger news after insert or update on dag_run for each statement execute function tell();
create trigger news after insert or update on task_instance for each statement execute function tell();
"""


class Airflow:
    """The handle on one."""

    def __init__(self, database: str, port: int, news: Any) -> None:
        self._database = database
        self._address = f"http://127.0.0.1:{port}"
        self._news = news
        self._session = requests.Session()
        # The server is up some seconds after it was started.
        patient = HTTPAdapter(max_retries=Retry(connect=12, backoff_factor=0.2, allowed_methods=None))
        self._session.mount("http://", patient)

    def wait(self, what: Callable[[], Any]) -> Any:
        """Return what `what` finds, once it finds something; looked for whenever the database has news."""
        while not (found := what()):
            assert select.select([self._news], [], [], _PATIENCE) != ([], [], []), "Airflow stands still"
            self._news.poll()
            self._news.notifies.clear()
        return found

    def rows(self, sql: str) -> list[Row]:
        """Rows of Airflow's own database."""
        return query(self._database, sql)

    def sign_in(self) -> None:
        """Get a token, and make the pool."""
        token = self._session.get(f"{self._address}/auth/token", timeout=60).json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._ask("post", "pools", {"name": "liine_api", "slots": 8})

    def switch_on(self, dag: str) -> None:
        """Take a DAG out of its pause, in which each begins."""
        self.wait(lambda: self.rows(f"select 1 from dag where dag_id = '{dag}'"))  # noqa: S608  names of ours
        self._ask("patch", f"dags/{dag}", {"is_paused": False})

    def scheduled(self, dag: str) -> str:
        """Wait for the first run that the schedule of a DAG begins; return its id."""
        sql = f"select run_id from dag_run where dag_id = '{dag}'"  # noqa: S608  names of ours
        return str(self.wait(lambda: self.rows(sql))[0]["run_id"])

    def start(self, dag: str, **conf: Any) -> str:
        """Start a run by hand; return its id."""
        return str(self._ask("post", f"dags/{dag}/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"])

    def tasks(self, run: str) -> list[Row]:
        """The tasks of a run."""
        columns = "task_id, map_index, state, pid, try_number"
        return self.rows(f"select {columns} from task_instance where run_id = '{run}' order by 1, 2")  # noqa: S608  an id of Airflow's

    def end_of(self, run: str) -> str:
        """Wait for the end of a run; return its state."""
        sql = f"select state from dag_run where run_id = '{run}' and state in ('success', 'failed')"  # noqa: S608  an id of Airflow's
        return str(self.wait(lambda: self.rows(sql))[0]["state"])

    def _ask(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._session.request(method, f"{self._address}/api/v2/{path}", json=body, timeout=60)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def running_airflow(server: str, folder: Path, **settings: str) -> Iterator[Airflow]:
    """Start one with the project's DAGs; `server` is the address of a database beside which its own is made."""
    name = f"airflow_{uuid.uuid4().hex}"
    connection = psycopg2.connect(server)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create database {name}")
    connection.close()
    database = server.replace("/postgres?", f"/{name}?")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = environment(
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
    subprocess.run([airflow, "db", "migrate"], env=given, check=True, capture_output=True)  # noqa: S603  Airflow, as the test installed it
    news = psycopg2.connect(database)
    news.autocommit = True
    with news.cursor() as cursor:
        cursor.execute(_NEWS)
        cursor.execute("listen news")
    with ExitStack() as stack:
        for program in (["api-server"], ["scheduler", "--skip-serve-logs"], ["dag-processor"]):
            log = stack.enter_context((folder / f"{program[0]}.log").open("w"))
            process = subprocess.Popen([airflow, *program], env=given, stdout=log, stderr=log)  # noqa: S603  Airflow, as the test installed it
            stack.callback(process.wait)
            stack.callback(process.terminate)
        found = Airflow(database, port, news)
        found.sign_in()
        yield found
    news.close()
