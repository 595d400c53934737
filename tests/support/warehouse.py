"""Compares a warehouse with the truth, row by row and value by value.

The expected values are derived from the reference here, independently of the connector.
"""

from collections.abc import Callable, Iterable
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import psycopg2
import pytest

from tests.support.snowflake_stand_in import StandIn

Row = dict[str, Any]
# A DuckDB file, the address of a Postgres database, or the stand-in for a Snowflake account.
Place = Path | str | StandIn

# For a test of behaviour that differs between the two; the stand-in for Snowflake is slow.
on_duckdb_and_slow_postgres = pytest.mark.parametrize(
    "warehouse", ["duckdb", pytest.param("postgres", marks=pytest.mark.slow("postgres"))], indirect=True
)
on_duckdb_and_postgres = pytest.mark.parametrize(
    "warehouse",
    ["duckdb", "postgres", pytest.param("snowflake", marks=pytest.mark.slow("snowflake"))],
    indirect=True,
)

# Fields whose type in the warehouse is not that of the JSON value.
_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "start_time": lambda text: datetime.fromisoformat(text.removesuffix("Z")),
    "start_time_tz": lambda text: datetime.fromisoformat(text).astimezone(UTC),
    "updated_at": lambda text: datetime.fromisoformat(text).astimezone(UTC),
    "revenue": lambda number: Decimal(str(number)),
}
_IN_CHILD_TABLES = {"provider_names", "initial_session_extras", "last_touch_session_extras"}
_TYPES = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
    dict: "object",
    list: "array",
}


def query(place: Place, sql: str) -> list[Row]:
    """Return rows as dictionaries, from any of the warehouses."""
    if isinstance(place, StandIn):
        return place.query(sql)
    with closing(_connect(place)) as connection:
        cursor = connection.cursor()
        cursor.execute("set TimeZone = 'UTC'")
        cursor.execute(sql)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def spoil(place: Place, sql: str) -> None:
    """Run SQL that changes the warehouse without the connector."""
    if isinstance(place, StandIn):
        place.query(sql)
        return
    with closing(_connect(place, read_only=False)) as connection:
        connection.cursor().execute(sql)
        if isinstance(place, str):
            connection.commit()


def _connect(place: Place, *, read_only: bool = True) -> Any:
    return psycopg2.connect(place) if isinstance(place, str) else duckdb.connect(str(place), read_only=read_only)


def differences(place: Place, truth: Iterable[Row], dataset: str = "liine", limit: int = 5) -> list[str]:
    """Return where the four tables of interactions differ from what the API would return; empty if they are equal.

    The texts have ids and fields, but no values.
    """
    # Opening a DuckDB file takes longer than reading it; while it is open, the queries need not open it again.
    with closing(_connect(place)) if isinstance(place, Path) else nullcontext():
        return _differences(place, truth, dataset, limit)


def _differences(place: Place, truth: Iterable[Row], dataset: str, limit: int) -> list[str]:
    expected = {row["id"]: row for row in truth}
    loaded = query(place, f"select * from {dataset}.interactions")  # noqa: S608  a name of ours
    found = {row["id"]: row for row in loaded}
    texts = []
    if len(loaded) != len(found):
        texts.append(f"{len(loaded) - len(found)} rows duplicated")
    if missing := expected.keys() - found.keys():
        texts.append(f"{len(missing)} rows missing, such as {sorted(missing)[:limit]}")
    if extra := found.keys() - expected.keys():
        texts.append(f"{len(extra)} rows too many, such as {sorted(extra)[:limit]}")
    for key in sorted(expected.keys() & found.keys()):
        texts += [f"interaction {key}: {name}" for name in _wrong_fields(expected[key], found[key])]
        if len(texts) > limit:
            return texts
    return texts + _wrong_lists(place, expected, dataset) + _wrong_objects(place, expected, dataset)


def _wrong_fields(expected: Row, found: Row) -> list[str]:
    plain = {name: value for name, value in expected.items() if name not in _IN_CHILD_TABLES}
    for name, loaded in _CONVERSIONS.items():
        if plain.get(name) is not None:
            plain[name] = loaded(plain[name])
    wrong = [name for name, value in plain.items() if found.get(name, "no column") != value]
    more = [name for name, value in found.items() if value is not None and name not in plain]
    return sorted({*wrong, *more} - {"_dlt_load_id"})


def _wrong_lists(place: Place, truth: dict[int, Row], dataset: str) -> list[str]:
    sql = f"select interaction_id, position, provider_name from {dataset}.interactions__provider_names"  # noqa: S608  names of ours
    found = sorted(tuple(row.values()) for row in query(place, sql))
    expected = sorted(
        (key, position, name)
        for key, row in truth.items()
        for position, name in enumerate(row.get("provider_names") or [])
    )
    return [] if found == expected else [f"provider names: {len(found)} loaded, {len(expected)} true"]


def _wrong_objects(place: Place, truth: dict[int, Row], dataset: str) -> list[str]:
    columns = "interaction_id, touch, key, value, value_type"
    found = sorted(
        tuple(row.values())
        for row in query(place, f"select {columns} from {dataset}.interactions__session_extras")  # noqa: S608  names of ours
    )
    expected = sorted(
        (
            key,
            touch,
            name,
            value if isinstance(value, str) else msgspec.json.encode(value).decode(),
            _TYPES[type(value)],
        )
        for key, row in truth.items()
        for touch in ("initial", "last_touch")
        for name, value in (row.get(f"{touch}_session_extras") or {}).items()
    )
    return [] if found == expected else [f"session extras: {len(found)} loaded, {len(expected)} true"]
