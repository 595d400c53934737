"""Strict parsing of the parameters of a request. What the reference does not document is refused."""

import math
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any

from liine_source.emulator.selection.query import Query
from liine_source.spec.endpoints import DEFAULT_PAGE_SIZE
from liine_source.spec.filters import PARAMETERS
from liine_source.spec.types import Parameter

Pairs = Iterable[tuple[str, str]]
_BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}
_NULL = "null"
# Ids share a 64-bit sort key with their start.
_HIGHEST = 2**31


class BadRequestError(ValueError):
    """A request that gets 400. The message names parameters but never quotes values, which may be personal data."""


def parse_query(pairs: Pairs) -> Query:
    """Parse the parameters of a request; raise `BadRequestError` for anything that the reference does not document."""
    values = {name: _parse(name, texts) for name, texts in _group_by_name(pairs).items()}
    if "agent" in values and "agents" in values:
        raise BadRequestError("agent and agents are mutually exclusive")
    single = values.pop("customer_id", None)
    customer_ids = (*values.pop("customer_ids", ()), *(() if single is None else (single,)))
    if not customer_ids:
        raise BadRequestError("customer_id or customer_ids is required")
    return Query(
        customer_ids=tuple(dict.fromkeys(customer_ids)),
        limit=values.pop("limit", DEFAULT_PAGE_SIZE),
        cursor=values.pop("pagination_timestamp", None),
        start_date=values.pop("start_date", None),
        end_date=values.pop("end_date", None),
        updated_date=values.pop("updated_date", None),
        filters=tuple(sorted(values.items())),
    )


def _group_by_name(pairs: Pairs) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, text in pairs:
        if name not in _BY_NAME:
            raise BadRequestError("unknown parameter")
        grouped.setdefault(name, []).append(text)
    return grouped


def _parse(name: str, texts: list[str]) -> Any:
    parameter = _BY_NAME[name]
    if name == "include_is_spam_likely":
        # The reference: "present at all (regardless of its value)".
        return True
    if name == "agents":
        return tuple(_parse_agent(parameter, text) for text in _require_single(name, texts).split(","))
    if parameter.type.startswith("list"):
        return tuple(_parse_element(parameter, text) for text in texts)
    return _require_known(parameter, _SCALAR_PARSERS[_get_type(parameter)](name, _require_single(name, texts)))


def _get_type(parameter: Parameter) -> str:
    # The reference calls these two numbers, but a fraction of a customer or a row makes no sense.
    return "integer" if parameter.name in ("customer_id", "limit") else parameter.type


def _require_single(name: str, texts: list[str]) -> str:
    if len(texts) > 1:
        raise BadRequestError(f"{name} may be given once")
    return texts[0]


def _parse_element(parameter: Parameter, text: str) -> Any:
    if parameter.type == "list(number)":
        return _parse_integer(parameter.name, text)
    if parameter.type == "list(integer)":
        return _parse_agent(parameter, text)
    return None if parameter.accepts_null and text == _NULL else _require_known(parameter, text)


def _parse_agent(parameter: Parameter, text: str) -> int | str | None:
    if text == _NULL:
        return None
    return text if text == "inactive" else _parse_integer(parameter.name, text.strip())


def _require_known(parameter: Parameter, value: Any) -> Any:
    if parameter.values and value not in parameter.values:
        raise BadRequestError(f"{parameter.name} takes one of: {', '.join(parameter.values)}")
    return value


def _parse_integer(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < _HIGHEST):
        raise BadRequestError(f"{name} takes a whole number from 1 up")
    return int(text)


def _parse_number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadRequestError(f"{name} takes a number")
    return number


def _parse_boolean(name: str, text: str) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in words:
        raise BadRequestError(f"{name} takes true or false")
    return words[text.lower()]


def _parse_date(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    # `fromisoformat` also accepts formats that the reference does not document, such as 20250101.
    if day is None or day.isoformat() != text:
        raise BadRequestError(f"{name} takes a day as YYYY-MM-DD")
    return day


def _parse_timestamp(name: str, text: str) -> int:
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        moment = None
    # `strptime` also accepts fields of one digit.
    if moment is None or len(text) != len("YYYY-MM-DDTHH:MM:SSZ"):
        raise BadRequestError(f"{name} takes a moment as YYYY-MM-DDTHH:MM:SSZ")
    return int(moment.timestamp())


def _keep_text(_: str, text: str) -> str:
    return text


_SCALAR_PARSERS: dict[str, Callable[[str, str], Any]] = {
    "integer": _parse_integer,
    "number": _parse_number,
    "boolean": _parse_boolean,
    "string": _keep_text,
    "datestring": _parse_date,
    "datetimestring": _parse_timestamp,
}
