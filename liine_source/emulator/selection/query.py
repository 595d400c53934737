"""One request for interactions, parsed and validated."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from liine_source.spec.endpoints import DEFAULT_PAGE_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A valid request. `filters` holds (name, value) pairs; the value of a list parameter is a tuple."""

    customer_ids: tuple[int, ...]
    limit: int = DEFAULT_PAGE_SIZE
    cursor: int | None = None
    start_date: date | None = None
    end_date: date | None = None
    updated_date: date | None = None
    filters: tuple[tuple[str, Any], ...] = field(default=())
