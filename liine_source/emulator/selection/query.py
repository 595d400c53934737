"""One valid request for interactions."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from liine_source.spec.endpoints import DEFAULT_PAGE_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The parsed parameters. `filters` holds (name, value) pairs; a parameter with several values has a tuple.

    `cursor` is in seconds since 1970, on the clock that the interpretation chooses.
    """

    customer_ids: tuple[int, ...]
    limit: int = DEFAULT_PAGE_SIZE
    cursor: int | None = None
    start_date: date | None = None
    end_date: date | None = None
    updated_date: date | None = None
    filters: tuple[tuple[str, Any], ...] = field(default=())
