"""Reads the figures in a page of `liine report`."""

import base64
import gzip
import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.support.warehouse import Row

_FIGURES = re.compile(r'<script type="application/gzip" id="figures">([A-Za-z0-9+/=]*)</script>')
_NAMES = {"channel": "channels", "reason": "reasons", "agent": "agents"}


def figures_of(file: Path) -> dict[str, Any]:
    """Return the figures in a page."""
    found: dict[str, Any] = json.loads(json_in(file.read_text(encoding="utf-8")))
    return found


def json_in(page: str) -> str:
    """Return the text of the figures in a page."""
    match = _FIGURES.search(page)
    assert match
    return gzip.decompress(base64.b64decode(match[1])).decode()


def sums_of(figures: dict[str, Any], name: str) -> list[Row]:
    """Return the sums of a kind with names in place of numbers; what a customer's data cannot tell is None."""
    columns = figures[name]
    return [
        _with_names(figures, dict(zip(columns, values, strict=True))) for values in zip(*columns.values(), strict=True)
    ]


def _with_names(figures: dict[str, Any], row: Row) -> Row:
    number, location = figures["locations"][row["location"]]
    customer = figures["customers"][number]
    named = {
        "customer_id": customer["id"],
        **row,
        "location": location,
        "day": date(1970, 1, 1) + timedelta(days=row["day"]),
        **dict.fromkeys(set(customer["unknown"]) & row.keys()),
    }
    for key in _NAMES.keys() & row.keys():
        found = figures[_NAMES[key]][row[key]]
        named[key] = found[1] if key == "agent" else found
    return named
