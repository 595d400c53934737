"""Postgres's advisory locks, held by a session: they are free as soon as the session ends."""

import hashlib
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dlt
from dlt.destinations.exceptions import DatabaseTransientException

from liine_source.warehouse import lock_waits

# Postgres's code for a lock that another session holds for longer than `lock_timeout`.
_LOCK_NOT_AVAILABLE = "55P03"
_PAUSE = "1s"


@contextmanager
def hold(pipeline: dlt.Pipeline, name: str, patience: float = math.inf) -> Iterator[None]:
    """Hold the lock of a name; raises TimeoutError after `patience` seconds.

    Postgres is asked for a second at a time, because Python cannot handle a signal while it waits for Postgres.
    """
    has_reported = False
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    began = time.monotonic()
    with pipeline.sql_client() as client:
        while True:
            # Anew each time: dlt resets a session after an error.
            client.execute_sql("select set_config('lock_timeout', %s, false)", _PAUSE)
            try:
                client.execute_sql("select pg_advisory_lock(%s)", key)
                break
            except DatabaseTransientException as error:
                if getattr(error.dbapi_exception, "pgcode", None) != _LOCK_NOT_AVAILABLE:
                    raise
            waited = time.monotonic() - began
            if waited > patience:
                raise TimeoutError
            if not has_reported and waited > lock_waits.FIRST_REPORT_SECONDS:
                has_reported = True
                lock_waits.log.warning("Waiting for another run that uses dataset %s.", pipeline.dataset_name)
        yield
