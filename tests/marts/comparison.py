"""Two sets of tables compared, row for row and value for value; each difference told by table, key and column.

The people in these tables are invented, so that a difference may show its values.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.marts.figures import KEYS
from tests.marts.interactions import Row

Tables = Mapping[str, Sequence[Row]]


def named_campaigns(found: Tables) -> dict[str, list[Row]]:
    """The tables with each campaign's key replaced by what it stands for in `dim_liine__campaigns`.

    How a campaign's key is made is nobody's business, so long as each stands for one campaign.
    """
    parts = ("customer_id", "utm_source", "utm_medium", "utm_campaign")
    known = {row["campaign_key"]: tuple(row[part] for part in parts) for row in found["dim_liine__campaigns"]}
    return {
        table: [
            {name: known.get(value, value) if name.endswith("campaign_key") else value for name, value in row.items()}
            for row in rows
        ]
        for table, rows in found.items()
    }


def differences(expected: Tables, found: Tables, limit: int = 20) -> list[str]:
    """Where the tables of `expected` differ from `found`; tables and columns of which it says nothing are let be."""
    told: list[str] = []
    for table, rows in expected.items():
        told += _of_table(table, rows, found[table])
    return told[:limit] + ([f"and {len(told) - limit} more"] if len(told) > limit else [])


def untold(expected: Tables, found: Tables) -> dict[str, set[str]]:
    """By table, the columns of `found` of which `expected` says nothing."""
    columns = {table: set(rows[0]) - set(expected[table][0]) for table, rows in found.items() if expected.get(table)}
    return {table: names for table, names in columns.items() if names}


def unequal_rows(one: Tables, other: Tables) -> list[str]:
    """Tables of which not every row is in both alike, all columns and repeats included; for tables without a key."""
    told = [f"{table} is in one alone" for table in sorted(one.keys() ^ other.keys())]
    for table in sorted(one.keys() & other.keys()):
        if [sorted(row) for row in one[table][:1]] != [sorted(row) for row in other[table][:1]]:
            told.append(f"{table}: other columns")
        left, right = _counted(one[table]), _counted(other[table])
        if left != right:
            more, less = left - right, right - left
            some = list(more + less)[:2]
            told.append(f"{table}: {more.total()} and {less.total()} rows are in one alone, such as {some}")
    return told


def _counted(rows: Sequence[Row]) -> Counter[tuple[Any, ...]]:
    names = sorted(rows[0]) if rows else []
    return Counter(tuple(row[name] for name in names) for row in rows)


def _of_table(table: str, expected: Sequence[Row], found: Sequence[Row]) -> list[str]:
    keys = KEYS[table]
    wanted = {tuple(row[key] for key in keys): row for row in expected}
    had = {tuple(row[key] for key in keys): row for row in found}
    told = [] if len(had) == len(found) else [f"{table}: {len(found) - len(had)} rows doubled"]
    told += [f"{table} {key}: missing" for key in wanted.keys() - had.keys()]
    told += [f"{table} {key}: too many" for key in had.keys() - wanted.keys()]
    for key in wanted.keys() & had.keys():
        for name, value in wanted[key].items():
            if name not in had[key]:
                told.append(f"{table}: no column {name}")
            elif had[key][name] != value:
                told.append(f"{table} {key}: {name} is {had[key][name]!r}, should be {value!r}")
    return list(dict.fromkeys(told))
