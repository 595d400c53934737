"""A process that runs commands on request, each in a fork of its own that can be killed at any of its points.

A point is a request to the API, a file that is opened for writing, renamed or removed, and a statement to the
warehouse, before and after.
Each line on standard input requests one run; the line on standard output is its result.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Lock
from typing import Any

from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
from dlt.destinations.impl.postgres.sql_client import Psycopg2SqlClient
from dlt.destinations.impl.snowflake.sql_client import SnowflakeSqlClient

import liine_source
from liine_source.api.client import LiineClient, Page
from liine_source.commands import run
from liine_source.commands.sync_report import SyncReport

_WRITING_EVENTS = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate", "shutil.rmtree"}


class Victim:
    """The handle on such a process."""

    def __init__(self, process: Any) -> None:
        self._process = process

    def run(
        self,
        name: str,
        folder: Path,
        *,
        kill_at: int = 0,
        delay: float = 0,
        number: int = signal.SIGKILL,
        environment: dict[str, str] | None = None,
        **settings: Any,
    ) -> dict[str, Any]:
        """Run a function of `liine_source` in `folder`; return its `points`, whether it was `killed`, and its `error`.

        At point `kill_at`, counted from 1, the run gets the signal `number`, or `delay` seconds later the kernel ends
        it; with 0 it is not killed.
        """
        request = {"name": name, "folder": str(folder), "kill_at": kill_at, "delay": delay, "settings": settings}
        request |= {"number": int(number), "environment": environment or {}}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        result: dict[str, Any] = json.loads(self._process.stdout.readline())
        return result


@contextmanager
def victim() -> Iterator[Victim]:
    """Start such a process."""
    command = [sys.executable, "-m", "tests.slow.victim"]
    with Popen(command, cwd=Path(__file__).parents[2], stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            yield Victim(process)
        finally:
            process.kill()


def _main() -> None:
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _run(json.loads(line), writing)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            *points, error = pipe.read().split("\n")
        _, status = os.waitpid(child, 0)
        print(json.dumps({"points": len(points), "killed": os.WIFSIGNALED(status), "error": error}), flush=True)


def _run(request: dict[str, Any], pipe: int) -> None:
    count = 0
    counting = Lock()

    def point() -> None:
        nonlocal count
        with counting:
            count += 1
            os.write(pipe, b"\n")
            if count == request["kill_at"]:
                if request["delay"]:
                    signal.setitimer(signal.ITIMER_REAL, request["delay"])
                else:
                    os.kill(os.getpid(), request["number"])

    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    os.environ["DLT_DATA_DIR"] = request["folder"] + "/dlt"
    run.ROWS_PER_LOAD = 150
    error = ""
    try:
        _count_points(point)
        report = getattr(liine_source, request["name"])(**request["settings"])
        if isinstance(report, SyncReport):
            liine_source.raise_for_failures(report)
    except BaseException as raised:  # noqa: BLE001
        error = f"{type(raised).__name__}: {raised}".replace("\n", " ")
    os.write(pipe, error.encode())
    os._exit(0)


def _count_points(point: Callable[[], None]) -> None:
    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _WRITING_EVENTS or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            point()

    fetch_page = LiineClient.fetch_page

    def page(*arguments: Any) -> Page:
        point()
        return fetch_page(*arguments)

    def counted(original: Any) -> Any:
        @contextmanager
        def execute_query(self: Any, *arguments: Any, **named: Any) -> Iterator[Any]:
            point()
            with original(self, *arguments, **named) as cursor:
                point()
                yield cursor

        return execute_query

    for kind in (DuckDbSqlClient, Psycopg2SqlClient, SnowflakeSqlClient):
        kind.execute_query = counted(kind.execute_query)
    LiineClient.fetch_page = page
    sys.addaudithook(audit)


if __name__ == "__main__":
    _main()
