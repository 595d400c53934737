"""Changes the rows of an emulator in another process, and compares them with a warehouse."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import psycopg2
import requests
from loads import Api

# The emulator's whole truth is held in memory to compare it.
_MOST_COMPARED = 100_000


def in_own_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a process that ends with it: functions that read all rows need much memory."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def day_before(api: Api) -> str:
    """Return the day before the emulator's, from which those that keep no state request changes."""
    now = fetch_state(api)["now"]
    return (datetime.fromisoformat(now) - timedelta(days=1)).date().isoformat()


def fetch_state(api: Api) -> dict[str, Any]:
    """Return the emulator's clock, customers, and number of requests so far."""
    state: dict[str, Any] = requests.get(f"{api.base_url}/_emulator/state", timeout=60).json()
    return state


def fetch_truth(api: Api) -> list[dict[str, Any]]:
    """Return all interactions in the emulator."""
    rows: list[dict[str, Any]] = requests.get(f"{api.base_url}/_emulator/truth", timeout=600).json()["interactions"]
    return rows


def change_rows(api: Api, address: str, changed: int) -> None:
    """Let a day pass, then change `changed` interactions from the whole history that a warehouse has."""
    ids = [row_id for (row_id,) in _query(address, "select id from liine.interactions order by id")]
    with requests.Session() as session:
        session.post(f"{api.base_url}/_emulator/advance", json={"days": 1}, timeout=60).raise_for_status()
        for row_id in ids[:: len(ids) // changed][:changed]:
            body = {"id": row_id, "fields": {"outcome": "Booked", "revenue": 123.45}}
            session.post(f"{api.base_url}/_emulator/change", json=body, timeout=60).raise_for_status()


def count_lost(address: str, api: Api) -> int:
    """Return how many interactions of the API are missing in the warehouse, or stale where few enough to compare."""
    expected = int(fetch_state(api)["interactions"])
    if expected > _MOST_COMPARED:
        ((found,),) = _query(address, "select count(*) from liine.interactions")
        return expected - int(found)
    stored = {row_id: _instant(at) for row_id, at in _query(address, "select id, updated_at from liine.interactions")}
    return sum(stored.get(row["id"]) != datetime.fromisoformat(row["updated_at"]) for row in fetch_truth(api))


def _query(address: str, sql: str) -> list[Any]:
    with closing(psycopg2.connect(address) if "://" in address else duckdb.connect(address)) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return list(cursor.fetchall())


def _instant(updated_at: Any) -> datetime:
    # The script does not type the columns.
    moment = datetime.fromisoformat(updated_at) if isinstance(updated_at, str) else updated_at
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
