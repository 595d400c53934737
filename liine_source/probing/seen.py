"""What the probe keeps of an answer: of a row only times, flags and names of fields, and all of it in memory alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from liine_source.api import values
from liine_source.api.records import build_row, parse_json
from liine_source.extract.cursor import row_times
from liine_source.spec.fields import FIELDS, FIELDS_BY_NAME

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A row's values of these fields may be any text, in spite of their examples.
_LISTED = tuple((field.name, frozenset(field.values)) for field in FIELDS if field.values and not field.is_open)


@dataclass(frozen=True, slots=True, repr=False)
class SeenRow:
    """One row. `local` and `utc` are its start in whole seconds on both clocks; None where it cannot be read.

    `odd` are the fields with a value that the reference does not list, `unknown` how many fields it does not know.
    """

    id: int
    local: int | None
    utc: int | None
    updated: float | None
    has_updated_at: bool
    is_spam: bool | None
    kind: str | None
    agent: int | None
    has_reason: bool
    keys: frozenset[str]
    nulls: int
    unknown: int
    odd: frozenset[str]

    @property
    def earliest(self) -> int | None:
        """The start on the clock that is behind; None unless both are known."""
        return None if self.local is None or self.utc is None else min(self.local, self.utc)

    @property
    def latest(self) -> int | None:
        """The start on the clock that is ahead; None unless both are known."""
        return None if self.local is None or self.utc is None else max(self.local, self.utc)

    @property
    def offset(self) -> int | None:
        """Local time less UTC, in seconds."""
        return None if self.local is None or self.utc is None else self.local - self.utc


@dataclass(frozen=True, slots=True, repr=False)
class SeenPage:
    """One page. `envelope` has the fields beside the rows; `asked_limit` and `is_whole` describe the request.

    `is_whole` means that it asked for all rows of the customer, apart from a cursor.
    """

    rows: list[SeenRow]
    envelope: Mapping[str, Any]
    asked_limit: int
    is_whole: bool
    status: int = 200

    @property
    def ids(self) -> set[int]:
        """The ids of the rows."""
        return {row.id for row in self.rows}

    def number(self, name: str) -> int | None:
        """Return a whole number of the envelope; None where it is none."""
        found: int | None = _convert(self.envelope.get(name), "bigint")
        return found

    @property
    def cursor(self) -> int | None:
        """The answer's `pagination_timestamp` in seconds since 1970, on whichever clock it is."""
        found = _convert(self.envelope.get("pagination_timestamp"), "timestamp")
        return None if found is None else round((found - _EPOCH).total_seconds())


def read_page(body: bytes, *, asked_limit: int, is_whole: bool) -> SeenPage:
    """Return what the probe keeps of a page's body; raises ValueError where it is no page."""
    page = parse_json(body)
    if not isinstance(page, dict):
        raise ValueError("not a page")  # noqa: TRY004  the document is wrong, not the argument
    found = page.pop("interactions", None)
    raw = [row for row in found or () if isinstance(row, dict)] if isinstance(found, list) else []
    return SeenPage(_read_rows(raw), page, asked_limit, is_whole)


def _read_rows(raw: list[dict[str, Any]]) -> list[SeenRow]:
    times = row_times([build_row(row) for row in raw])
    rows = (_read_row(row, local, utc) for row, local, utc in zip(raw, times.local, times.utc, strict=True))
    return [row for row in rows if row]


def _read_row(raw: dict[str, Any], local: int | None, utc: int | None) -> SeenRow | None:
    row_id = _convert(raw.get("id"), "bigint")
    if row_id is None:
        return None
    updated = _convert(raw.get("updated_at"), "timestamp")
    kind = raw.get("interaction_type")
    odd = (name for name, listed in _LISTED if raw.get(name) is not None and not _is_listed(raw[name], listed))
    known = frozenset(FIELDS_BY_NAME.keys() & raw.keys())
    return SeenRow(
        row_id,
        local,
        utc,
        None if updated is None else (updated - _EPOCH).total_seconds(),
        raw.get("updated_at") is not None,
        _convert(raw.get("is_spam_likely"), "bool"),
        kind if isinstance(kind, str) else None,
        _convert(raw.get("agent_id"), "bigint"),
        raw.get("reason_not_booked") is not None,
        known,
        sum(raw[name] is None for name in known),
        len(raw) - len(known),
        frozenset(odd),
    )


def _is_listed(value: Any, listed: frozenset[str]) -> bool:
    return isinstance(value, str) and value in listed


def _convert(value: Any, data_type: str) -> Any:
    """Return a value of a type; None where it is null or cannot be converted."""
    try:
        return values.convert(value, data_type)
    except values.ConversionError:
        return None
