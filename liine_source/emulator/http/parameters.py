"""What a request asks for: every parameter of the reference read strictly, anything else refused."""

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
_HIGHEST = 2**31


class BadRequestError(ValueError):
    """The request is refused with 400. Its text names parameters, never the values that came with them."""


def query_of(pairs: Pairs) -> Query:
    """Read the query of a request; raise `BadRequestError` for whatever the reference does not document."""
    values = {name: _read(name, texts) for name, texts in _gathered(pairs).items()}
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


def _gathered(pairs: Pairs) -> dict[str, list[str]]:
    gathered: dict[str, list[str]] = {}
    for name, text in pairs:
        if name not in _BY_NAME:
            raise BadRequestError("unknown parameter")
        gathered.setdefault(name, []).append(text)
    return gathered


def _read(name: str, texts: list[str]) -> Any:
    parameter = _BY_NAME[name]
    if name == "include_is_spam_likely":
        # Reference: "present at all (regardless of its value)".
        return True
    if name == "agents":
        return tuple(_agent(parameter, text) for text in _one(name, texts).split(","))
    if parameter.type.startswith("list"):
        return tuple(_element(parameter, text) for text in texts)
    return _closed(parameter, _SCALARS[_kind(parameter)](name, _one(name, texts)))


def _kind(parameter: Parameter) -> str:
    return "integer" if parameter.name in ("customer_id", "limit") else parameter.type


def _one(name: str, texts: list[str]) -> str:
    if len(texts) > 1:
        raise BadRequestError(f"{name} may be given once")
    return texts[0]


def _element(parameter: Parameter, text: str) -> Any:
    if parameter.type == "list(number)":
        return _integer(parameter.name, text)
    if parameter.type == "list(integer)":
        return _agent(parameter, text)
    return None if parameter.accepts_null and text == _NULL else _closed(parameter, text)


def _agent(parameter: Parameter, text: str) -> int | str | None:
    if text == _NULL:
        return None
    return text if text == "inactive" else _integer(parameter.name, text.strip())


def _closed(parameter: Parameter, value: Any) -> Any:
    if parameter.values and value not in parameter.values:
        raise BadRequestError(f"{parameter.name} takes one of: {', '.join(parameter.values)}")
    return value


def _integer(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < _HIGHEST):
        raise BadRequestError(f"{name} takes a whole number from 1 up")
    return int(text)


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadRequestError(f"{name} takes a number")
    return number


def _boolean(name: str, text: str) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in words:
        raise BadRequestError(f"{name} takes true or false")
    return words[text.lower()]


def _day(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise BadRequestError(f"{name} takes a day as YYYY-MM-DD")
    return day


def _moment(name: str, text: str) -> int:
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        moment = None
    if moment is None or len(text) != len("YYYY-MM-DDTHH:MM:SSZ"):
        raise BadRequestError(f"{name} takes a moment as YYYY-MM-DDTHH:MM:SSZ")
    return int(moment.timestamp())


def _text(_: str, text: str) -> str:
    return text


_SCALARS: dict[str, Callable[[str, str], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": _text,
    "datestring": _day,
    "datetimestring": _moment,
}
