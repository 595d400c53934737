"""One JSON value -> one value of a column, where nothing is lost; otherwise a reason why not.

The reference names a type for each field; what arrives may be spelled otherwise, which costs a row
nothing as long as the value is the same.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import msgspec
import pendulum

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_BIGINT = range(-(2**63), 2**63)
# dlt's decimal: 38 digits, 9 of them after the point.
_DECIMAL_STEP = Decimal("1E-9")
_DECIMAL_LIMIT = Decimal("1E29")
_WIDE = Context(prec=60)
_SUBMICROSECOND = re.compile(r"[.,]\d{6}\d*[1-9]")
_WORDS = {"true": True, "false": False, "1": True, "0": False}


class UnfitError(ValueError):
    """A value has no lossless form in its column; the message gives types, never the value."""


def as_json(value: Any) -> str:
    """Return `value` as JSON, fractions digit for digit."""
    try:
        return _ENCODER.encode(value).decode()
    except UnicodeEncodeError:
        # Half of a surrogate pair has no UTF-8; JSON's own escape keeps it.
        return _escaped(value)


def converted(value: Any, data_type: str, *, has_timezone: bool = True) -> Any:
    """Return `value` in the Python type of a dlt `data_type`; raises UnfitError where it does not fit."""
    if value is None:
        return None
    if data_type == "timestamp":
        return instant(value) if has_timezone else wall_clock(value)
    return _CONVERSIONS[data_type](value)


def wall_clock(value: Any) -> datetime:
    """Return the date and time as written, without zone: `start_time` ends in Z and is local (open question 4)."""
    return _moment(value).replace(tzinfo=None)


def instant(value: Any) -> datetime:
    """Return a UTC instant; a time without zone is taken as UTC, as the reference says of these fields."""
    moment = _moment(value)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise UnfitError("a time out of range") from None


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise UnfitError(f"{_kind(value)} is not a time")
    text = value.strip()
    if _SUBMICROSECOND.search(text):
        raise UnfitError("a time finer than a microsecond")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _rarer_moment(text)


def _rarer_moment(text: str) -> datetime:
    """ISO 8601 has spellings that the standard library does not read: ordinal days, a lower-case `t`."""
    try:
        return datetime.fromisoformat(pendulum.parse(text.upper()).isoformat())  # type: ignore[union-attr]
    except (ValueError, OverflowError, AttributeError):
        raise UnfitError("text that is not a time") from None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, bool | int | float | Decimal):
        return as_json(value)
    raise UnfitError(f"{_kind(value)} is not text")


def _storable(text: str) -> str:
    if "\0" in text:
        # Postgres has no place for it, and every warehouse is to hold the same.
        raise UnfitError("text with a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnfitError("text that is not Unicode") from None
    return text


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal) and value in (0, 1):
        return value == 1
    if isinstance(value, str) and value.strip().lower() in _WORDS:
        return _WORDS[value.strip().lower()]
    raise UnfitError(f"{_kind(value)} is neither true nor false")


def _integer(value: Any) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise UnfitError("a number with a fraction is not whole")
    if int(number) not in _BIGINT:
        raise UnfitError("a number beyond 64 bits")
    return int(number)


def _double(value: Any) -> float:
    number = _number(value)
    double = float(number)
    # The shortest spelling of the double tells the same number, or a digit has been lost.
    if Decimal(repr(double)) != number:
        raise UnfitError("a number with more digits than a double holds")
    return double


def _decimal(value: Any) -> Decimal:
    number = _number(value)
    # A context of its own: the default one works with 28 digits only.
    if abs(number) >= _DECIMAL_LIMIT or number != number.quantize(_DECIMAL_STEP, context=_WIDE):
        raise UnfitError("a number with more digits than decimal(38, 9) holds")
    return number


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise UnfitError(f"{_kind(value)} is not a number")
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise UnfitError("text that is not a number") from None
    if not number.is_finite() or abs(number.adjusted()) > 400:
        raise UnfitError("a number out of range")
    return number


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", bool: "a boolean", str: "text"}
    return names.get(type(value), "a number")


def _escaped(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_escaped(str(key))}:{_escaped(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_escaped, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(c if "\ud800" > c >= " " and c not in '"\\' else f"\\u{ord(c):04x}" for c in value) + '"'
    return _ENCODER.encode(value).decode()


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "bool": _boolean,
    "bigint": _integer,
    "double": _double,
    "decimal": _decimal,
}
