"""A warehouse compared with the truth, row for row and value for value.

What a value should be is stated here once more, from the reference, and not taken from the connector.
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

from tests.snowflake_stand_in import StandIn

Row = dict[str, Any]
# A DuckDB file, the address of a Postgres database, or the stand-in for a Snowflake account.
Place = Path | str | StandIn

# For a test whose promise rests on what differs between the two; the stand-in is slow.
on_duckdb_and_postgres = pytest.mark.parametrize(
    "warehouse",
    ["duckdb", "postgres", pytest.param("snowflake", marks=pytest.mark.slow("snowflake"))],
    indirect=True,
)

# Of these the warehouse has another type than JSON.
_AS_LOADED: dict[str, Callable[[Any], Any]] = {
    "start_time": lambda text: datetime.fromisoformat(text.removesuffix("Z")),
    "start_time_tz": lambda text: datetime.fromisoformat(text).astimezone(UTC),
    "updated_at": lambda text: datetime.fromisoformat(text).astimezone(UTC),
    "revenue": lambda number: Decimal(str(number)),
}
_TABLED = {"provider_names", "initial_session_extras", "last_touch_session_extras"}
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
    """Rows as dictionaries, whichever warehouse it is."""
    if isinstance(place, StandIn):
        return place.query(sql)
    with closing(_connected(place)) as connection:
        cursor = connection.cursor()
        cursor.execute("set TimeZone = 'UTC'")
        cursor.execute(sql)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def spoil(place: Place, sql: str) -> None:
    """Change rows behind the connector's back."""
    if isinstance(place, StandIn):
        place.query(sql)
        return
    with closing(_connected(place, read_only=False)) as connection:
        connection.cursor().execute(sql)
        if isinstance(place, str):
            connection.commit()


def _connected(place: Place, *, read_only: bool = True) -> Any:
    return psycopg2.connect(place) if isinstance(place, str) else duckdb.connect(str(place), read_only=read_only)


def differences(place: Place, truth: Iterable[Row], dataset: str = "liine", limit: int = 5) -> list[str]:
    """Where the four tables of interactions differ from what the API would return; empty where nowhere.

    Tells ids and fields, and no values.
    """
    # To open a file of DuckDB takes longer than to read it; while it is open the queries do not open it again.
    with closing(_connected(place)) if isinstance(place, Path) else nullcontext():
        return _differences(place, truth, dataset, limit)


def _differences(place: Place, truth: Iterable[Row], dataset: str, limit: int) -> list[str]:
    expected = {row["id"]: row for row in truth}
    loaded = query(place, f"select * from {dataset}.interactions")  # noqa: S608  a name of ours
    found = {row["id"]: row for row in loaded}
    told = []
    if len(loaded) != len(found):
        told.append(f"{len(loaded) - len(found)} rows doubled")
    if missing := expected.keys() - found.keys():
        told.append(f"{len(missing)} rows missing, such as {sorted(missing)[:limit]}")
    if extra := found.keys() - expected.keys():
        told.append(f"{len(extra)} rows too many, such as {sorted(extra)[:limit]}")
    for key in sorted(expected.keys() & found.keys()):
        told += [f"interaction {key}: {name}" for name in _wrong_fields(expected[key], found[key])]
        if len(told) > limit:
            return told
    return told + _wrong_lists(place, expected, dataset) + _wrong_objects(place, expected, dataset)


def _wrong_fields(expected: Row, found: Row) -> list[str]:
    plain = {name: value for name, value in expected.items() if name not in _TABLED}
    for name, loaded in _AS_LOADED.items():
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
