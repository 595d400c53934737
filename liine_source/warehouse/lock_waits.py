"""Locks of Postgres that a run waits for: without a word, a run that waits looks like one that hangs.

Only who holds a lock, and since when, is read and reported, never a statement: it may quote rows.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dlt

log = logging.getLogger("liine_source.waits")
"""The command line shows it even where no log is asked for."""

FIRST_REPORT_SECONDS = 10.0
NEXT_REPORT_SECONDS = 60.0
# Sessions of this process have one name, and waits for advisory locks are reported where they are asked for.
_WAITS = """
select a.pid, n.nspname || '.' || c.relname, l.mode, a.query_start, b.pid, b.usename, b.application_name, b.xact_start
from pg_stat_activity as a
join pg_locks as l on l.pid = a.pid and not l.granted and l.locktype <> 'advisory'
cross join lateral unnest(pg_blocking_pids(a.pid)) as blocking(pid)
join pg_stat_activity as b on b.pid = blocking.pid
left join pg_class as c on c.oid = l.relation
left join pg_namespace as n on n.oid = c.relnamespace
where a.application_name = current_setting('application_name') and a.usename = session_user
and a.datname = current_database()
"""


@dataclass(frozen=True, slots=True)
class LockWait:
    """A session of ours that waits for a session of others; times are UTC, None where the role may not see them."""

    pid: int
    table: str | None
    mode: str
    since: datetime
    other_pid: int
    other_role: str
    other_program: str
    other_since: datetime | None

    def __str__(self) -> str:
        what = f"table {self.table} ({self.mode})" if self.table else "rows that another transaction has changed"
        program = f", {self.other_program}" if self.other_program else ""
        began = f" in a transaction since {_format(self.other_since)}" if self.other_since else ""
        return (
            f"Waiting since {_format(self.since)} for {what}, held by process {self.other_pid} (role "
            f"{self.other_role}{program}){began}. The load goes on when that transaction ends; an administrator can "
            f"end it: SELECT pg_terminate_backend({self.other_pid});"
        )


@contextmanager
def reported(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Report locks that sessions of this process wait for meanwhile, after some seconds and then each minute."""
    address = pipeline.sql_client().credentials.to_native_representation()
    has_ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(address, has_ended), name="liine-lock-waits", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        has_ended.set()
        # Unless it waits for a connection itself.
        watcher.join(1)


def _watch(address: str, has_ended: threading.Event) -> None:
    import psycopg2  # noqa: PLC0415  it needs the extra

    pause = FIRST_REPORT_SECONDS
    while not has_ended.wait(pause):
        try:
            with closing(psycopg2.connect(address)) as connection:
                waits = find_waits(connection)
        except psycopg2.Error:
            # Whatever is wrong there, the load itself meets it too.
            continue
        for wait in waits:
            log.warning("%s", wait)
        pause = NEXT_REPORT_SECONDS if waits else FIRST_REPORT_SECONDS


def find_waits(connection: Any) -> list[LockWait]:
    """Return what sessions with the same application's name as `connection` wait for, each once."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITS)
        found = {(row[0], row[4]): LockWait(*row) for row in cursor.fetchall()}
    return list(found.values())


def _format(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
