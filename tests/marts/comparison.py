"""Compares two sets of tables row by row and value by value, and lists differences by table, key and column.

The persons in these tables are generated, so messages may show values.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.marts.figures import KEYS
from tests.marts.health import OTHERS
from tests.marts.interactions import Row

Tables = Mapping[str, Sequence[Row]]
# Columns with random numbers of builds.
VERSIONS = {"lead_version", "built_from"}


def with_campaign_values(found: Tables) -> dict[str, list[Row]]:
    """Return the tables with each campaign key replaced by the customer and UTM values in `dim_liine__campaigns`.

    The tests do not depend on how the key is hashed, only on each key identifying one campaign.
    """
    parts = ("customer_id", "utm_source", "utm_medium", "utm_campaign")
    known = {row["campaign_key"]: tuple(row[part] for part in parts) for row in found["dim_liine__campaigns"]}
    keys = "campaign_key", "spend_key"
    return {
        table: [
            {name: known.get(value, value) if name.endswith(keys) else value for name, value in row.items()}
            for row in rows
        ]
        for table, rows in found.items()
    }


def differences(expected: Tables, found: Tables, limit: int = 20) -> list[str]:
    """List where `found` differs from `expected`; tables and columns missing from `expected` are ignored."""
    messages: list[str] = []
    for table, rows in expected.items():
        messages += _of_table(table, rows, found[table])
    return messages[:limit] + ([f"and {len(messages) - limit} more"] if len(messages) > limit else [])


def unchecked_columns(expected: Tables, found: Tables) -> dict[str, set[str]]:
    """Columns of `found` that `expected` does not have, by table."""
    columns = {table: set(rows[0]) - set(expected[table][0]) for table, rows in found.items() if expected.get(table)}
    return {table: names for table, names in columns.items() if names}


def unequal_rows(one: Tables, other: Tables) -> list[str]:
    """List tables whose rows differ in any column but versions, or in number of repeats; needs no key."""
    messages = [f"{table} is in one set only" for table in sorted(one.keys() ^ other.keys())]
    for table in sorted(one.keys() & other.keys()):
        if [sorted(row) for row in one[table][:1]] != [sorted(row) for row in other[table][:1]]:
            messages.append(f"{table}: columns differ")
        left, right = _counted(one[table]), _counted(other[table])
        if left != right:
            more, less = left - right, right - left
            some = list(more + less)[:2]
            messages.append(f"{table}: {more.total()} and {less.total()} rows are in one set only, such as {some}")
    return messages


def _counted(rows: Sequence[Row]) -> Counter[tuple[Any, ...]]:
    names = sorted(rows[0].keys() - VERSIONS) if rows else []
    return Counter(tuple(row[name] for name in names) for row in rows)


def _of_table(table: str, expected: Sequence[Row], found: Sequence[Row]) -> list[str]:
    keys = KEYS[table]
    if table == "rpt_liine__data_health":
        found = [row for row in found if row["check_name"] not in OTHERS]
    wanted = {tuple(row[key] for key in keys): row for row in expected}
    actual = {tuple(row[key] for key in keys): row for row in found}
    messages = [] if len(actual) == len(found) else [f"{table}: {len(found) - len(actual)} duplicate rows"]
    messages += [f"{table} {key}: missing" for key in wanted.keys() - actual.keys()]
    messages += [f"{table} {key}: unexpected" for key in actual.keys() - wanted.keys()]
    for key in wanted.keys() & actual.keys():
        for name, value in wanted[key].items():
            if name not in actual[key]:
                messages.append(f"{table}: no column {name}")
            elif actual[key][name] != value:
                messages.append(f"{table} {key}: {name} is {actual[key][name]!r}, should be {value!r}")
    return list(dict.fromkeys(messages))
