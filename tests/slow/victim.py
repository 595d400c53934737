"""A process that runs what it is told, each run in a fork of its own that can be killed at any of its points.

A point is a request to the API, a file opened for writing, renamed or removed, and a statement for the warehouse,
before and after.
Each line on standard input is one run; the line on standard output says how it ended.
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

from liine_source import runs
from liine_source.client import LiineClient, Page

_LASTING = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate", "shutil.rmtree"}


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
        """Run a function of `runs` in `folder`; return its `points`, whether it was `killed`, and its `error`.

        At point `kill_at`, counted from 1, the run gets the signal `number`, or `delay` seconds later the kernel ends
        it; 0 lets it live.
        """
        order = {"name": name, "folder": str(folder), "kill_at": kill_at, "delay": delay, "settings": settings}
        order |= {"number": int(number), "environment": environment or {}}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


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
            _live(json.loads(line), writing)
        os.close(writing)
        with os.fdopen(reading) as told:
            *points, error = told.read().split("\n")
        _, status = os.waitpid(child, 0)
        print(json.dumps({"points": len(points), "killed": os.WIFSIGNALED(status), "error": error}), flush=True)


def _live(order: dict[str, Any], told: int) -> None:
    count = 0
    counting = Lock()

    def point() -> None:
        nonlocal count
        with counting:
            count += 1
            os.write(told, b"\n")
            if count == order["kill_at"]:
                if order["delay"]:
                    signal.setitimer(signal.ITIMER_REAL, order["delay"])
                else:
                    os.kill(os.getpid(), order["number"])

    os.chdir(order["folder"])
    os.environ.update(order["environment"])
    os.environ["DLT_DATA_DIR"] = order["folder"] + "/dlt"
    runs._ROWS_A_LOAD = 150
    error = ""
    try:
        _watch(point)
        report = getattr(runs, order["name"])(**order["settings"])
        if isinstance(report, runs.SyncReport):
            runs.raise_for_failures(report)
    except BaseException as raised:  # noqa: BLE001
        error = f"{type(raised).__name__}: {raised}".replace("\n", " ")
    os.write(told, error.encode())
    os._exit(0)


def _watch(point: Callable[[], None]) -> None:
    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _LASTING or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            point()

    requested = LiineClient.page

    def page(*arguments: Any) -> Page:
        point()
        return requested(*arguments)

    def watched(asked: Any) -> Any:
        @contextmanager
        def execute_query(self: Any, *arguments: Any, **named: Any) -> Iterator[Any]:
            point()
            with asked(self, *arguments, **named) as cursor:
                point()
                yield cursor

        return execute_query

    for kind in (DuckDbSqlClient, Psycopg2SqlClient, SnowflakeSqlClient):
        kind.execute_query = watched(kind.execute_query)
    LiineClient.page = page
    sys.addaudithook(heard)


if __name__ == "__main__":
    _main()
