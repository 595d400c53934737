"""One JSON value -> one value of a column without loss, or the reason why not.

The reference names a type for each field. Other formats of the same value are accepted; docs/conversion.md lists them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import Any

import msgspec

_BIGINT = range(-(2**63), 2**63)
# dlt's decimal: 38 digits, 9 of them after the point.
_DECIMAL_STEP = Decimal("1E-9")
_DECIMAL_LIMIT = Decimal("1E29")
_WIDE = Context(prec=60)
# With a greater exponent, a number as an integer might not fit into memory.
_MOST_DIGITS = 400
# Snowflake's texts have 16 MB by default, and every warehouse must hold the same values.
LONGEST_TEXT = 16_000_000
# Parsers stop at different depths, Python's at about 1,000 levels, less those of the code that calls it.
MOST_LEVELS = 100
_TOO_DEEP = f"nested more than {MOST_LEVELS} levels deep"

# JSON's white space and its numbers (RFC 8259, sections 2 and 6). Python reads more: 1_000, Arabic digits, NaN.
_BLANKS = " \t\r\n"
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?(?P<exponent>\d+))?", re.ASCII)
# A bracket, or a text, whose brackets do not count.
_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_WORDS = {"true": True, "false": False, "1": True, "0": False}

# ISO 8601: a whole date and a time to the minute or finer, both with separators or both without. RFC 3339, section
# 5.6, adds the lower-case letters and the blank between date and time.
_MOMENT = re.compile(
    r"(?P<day>\d{4}(?P<extended>-)?(?:\d\d(?(extended)-)\d\d|W\d\d(?(extended)-)\d|\d{3}))[Tt ]"
    r"(?P<clock>(?:[01]\d|2[0-3])(?(extended):)[0-5]\d(?:(?(extended):)[0-5]\d(?:[.,]\d+)?)?"
    r"(?:[Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)",
    re.ASCII,
)
# Most times: the reference's own format, which Python reads thirty times faster.
_REFERENCE_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?Z",
    re.ASCII,
)
_SUBMICROSECOND = re.compile(r"[.,]\d{6}\d*[1-9]", re.ASCII)


class ConversionError(ValueError):
    """A value does not fit its column without loss; the message names types, never the value."""


class Unstorable:
    """A value that no column can hold, as JSON in the form received; `reason` says why."""

    # Not a dataclass: msgspec would encode one as an object.
    __slots__ = ("reason", "text")

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        self.reason = reason

    def as_received(self) -> msgspec.Raw:
        """Return its form in a raw value."""
        return msgspec.Raw(self.text.encode())

    def to_json(self) -> msgspec.Raw:
        """Return its form in a text column; raises ConversionError where it has none."""
        raise ConversionError(self.reason)


class UnstorableNumber(Unstorable):
    """NaN, Infinity, or a number with thousands of digits."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        super().__init__(text, "a number out of range")

    def to_json(self) -> msgspec.Raw:
        """Return the same; raises ConversionError where it is not valid JSON."""
        if not _NUMBER.fullmatch(self.text):
            raise ConversionError("a number that JSON does not have")
        return self.as_received()


class DeepValue(Unstorable):
    """An object or a list with too many levels."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        super().__init__(text, _TOO_DEEP)


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=Unstorable.as_received)
_STRICT_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=lambda value: value.to_json())


def parse_number(text: str) -> Decimal | UnstorableNumber:
    """Return a number of a JSON document."""
    found = _NUMBER.fullmatch(text)
    if not found or len(text) > _MOST_DIGITS or len(found["exponent"] or "") > len(str(_MOST_DIGITS)):
        return UnstorableNumber(text)
    number = Decimal(text)
    return number if abs(number.adjusted()) <= _MOST_DIGITS else UnstorableNumber(text)


def to_json(value: Any, encoder: msgspec.json.Encoder = _ENCODER) -> str:
    """Return `value` as JSON, fractions digit by digit, what is not valid JSON as received."""
    try:
        return encoder.encode(value).decode()
    except (UnicodeEncodeError, RecursionError):
        # Half of a surrogate pair has no UTF-8; JSON's own escape keeps it.
        return _write(value, encoder)


def to_raw_value(value: Any) -> str | None:
    """Return `value` as `interactions__rejected_values` keeps it: as JSON, None where that has more than 16 MB."""
    text = to_json(value)
    return text if len(text) <= LONGEST_TEXT and len(text.encode()) <= LONGEST_TEXT else None


def to_strict_json(value: Any) -> str:
    """Return `value` as JSON for a text column.

    Raises ConversionError where a part of it is not valid JSON, or where it has too many levels.
    """
    text = to_json(value, _STRICT_ENCODER)
    if text.count("[") + text.count("{") > MOST_LEVELS and _count_levels(text) > MOST_LEVELS:
        raise ConversionError(_TOO_DEEP)
    return text


def convert(value: Any, data_type: str, *, has_timezone: bool = True) -> Any:
    """Return `value` in the Python type of a dlt `data_type`; raises ConversionError where it does not fit."""
    if value is None:
        return None
    if isinstance(value, float):
        # `records` never returns one.
        value = parse_number(repr(value))
    if isinstance(value, Unstorable):
        raise ConversionError(value.reason)
    if data_type == "timestamp":
        return parse_instant(value) if has_timezone else parse_wall_clock(value)
    if data_type not in DATA_TYPES:
        raise ConversionError(f"no value is converted to {data_type}")
    return _CONVERSIONS[data_type](value)


def parse_wall_clock(value: Any) -> datetime:
    """Return date and time as written, without time zone: `start_time` ends in Z but is local (open question 4)."""
    return _moment(value).replace(tzinfo=None)


def parse_instant(value: Any) -> datetime:
    """Return a time in UTC; one without time zone is in UTC already, as the reference says of these fields."""
    moment = _moment(value)
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ConversionError("a time out of range") from None


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ConversionError(f"{_kind(value)} is not a time")
    try:
        if _REFERENCE_MOMENT.fullmatch(value):
            return datetime.fromisoformat(value)
    except ValueError:
        raise ConversionError("text that is not a time") from None
    found = _MOMENT.fullmatch(value.strip(_BLANKS))
    if not found:
        raise ConversionError("text that is not a time")
    if _SUBMICROSECOND.search(found["clock"]):
        raise ConversionError("a time finer than a microsecond")
    try:
        return datetime.combine(_day(found["day"]), time.fromisoformat(found["clock"].upper()))
    except (ValueError, OverflowError):
        raise ConversionError("text that is not a time") from None


def _day(text: str) -> date:
    """Return the day of a calendar date, a week date or an ordinal date, which the standard library does not read."""
    digits = text.replace("-", "")
    if len(digits) != len("yyyyddd"):
        return date.fromisoformat(text)
    day = date(int(digits[:4]), 1, 1) + timedelta(days=int(digits[4:]) - 1)
    if day.year != int(digits[:4]):
        raise ValueError("a year has no such day")
    return day


def require_storable(text: str) -> str:
    """Return a text that every warehouse can store; raises ConversionError for any other."""
    if "\0" in text:
        # Postgres cannot store it, and every warehouse must hold the same values.
        raise ConversionError("text with a NUL character")
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        raise ConversionError("text that is not Unicode") from None
    if size > LONGEST_TEXT:
        raise ConversionError("text of more than 16 MB")
    return text


def _text(value: Any) -> str:
    if isinstance(value, str):
        return require_storable(value)
    if isinstance(value, bool | int | Decimal):
        return to_json(value)
    raise ConversionError(f"{_kind(value)} is not text")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal) and value in (0, 1):
        return value == 1
    if isinstance(value, str) and value.strip(_BLANKS).lower() in _WORDS:
        return _WORDS[value.strip(_BLANKS).lower()]
    raise ConversionError(f"{_kind(value)} is neither true nor false")


def _integer(value: Any) -> int:
    if type(value) is int and value in _BIGINT:
        return value
    number = _number(value)
    if number != number.to_integral_value():
        raise ConversionError("a number with a fraction is not whole")
    if int(number) not in _BIGINT:
        raise ConversionError("a number beyond 64 bits")
    return int(number)


def _double(value: Any) -> float:
    number = _number(value)
    double = float(number)
    # If the shortest form of the double is another number, a digit has been lost.
    if Decimal(repr(double)) != number:
        raise ConversionError("a number with more digits than a double holds")
    return double


def _decimal(value: Any) -> Decimal:
    number = _number(value)
    # The default context, also that of `abs`, has 28 digits only.
    if number.copy_abs() >= _DECIMAL_LIMIT or number != number.quantize(_DECIMAL_STEP, context=_WIDE):
        raise ConversionError("a number with more digits than decimal(38, 9) holds")
    return number


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ConversionError(f"{_kind(value)} is not a number")
    if not isinstance(value, str):
        return Decimal(value)
    text = value.strip(_BLANKS)
    if not _NUMBER.fullmatch(text):
        raise ConversionError("text that is not a number")
    number = parse_number(text)
    if isinstance(number, UnstorableNumber):
        raise ConversionError(number.reason)
    return number


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", bool: "a boolean", str: "text"}
    return names.get(type(value), "a number")


class _Written(str):
    """A part of a JSON text."""

    __slots__ = ()


def _write(value: Any, encoder: msgspec.json.Encoder) -> str:
    """Return `value` as JSON, without recursion, and halves of surrogate pairs in JSON's own escape."""
    written: list[str] = []
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, _Written):
            written.append(part)
        elif isinstance(part, dict):
            pairs = [[str(key), _Written(":"), item] for key, item in part.items()]
            pending += reversed([*_enclose("{", pairs, "}")])
        elif isinstance(part, list):
            pending += reversed([*_enclose("[", ([item] for item in part), "]")])
        else:
            written.append(_escape(part) if isinstance(part, str) else encoder.encode(part).decode())
    return "".join(written)


def _enclose(first: str, members: Iterable[list[Any]], last: str) -> Iterator[Any]:
    yield _Written(first)
    for number, member in enumerate(members):
        if number:
            yield _Written(",")
        yield from member
    yield _Written(last)


def _escape(text: str) -> str:
    escaped = (f"\\u{ord(c):04x}" if c < " " or c in '"\\' or "\ud800" <= c <= "\udfff" else c for c in text)
    return f'"{"".join(escaped)}"'


def _count_levels(text: str) -> int:
    """Return how deep the objects and lists of a JSON text are nested."""
    levels = most = 0
    for found in _BRACKET.finditer(text):
        if found[0] in "[{":
            levels += 1
            most = max(most, levels)
        elif found[0] in "]}":
            levels -= 1
    return most


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "bool": _boolean,
    "bigint": _integer,
    "double": _double,
    "decimal": _decimal,
}
DATA_TYPES = frozenset({*_CONVERSIONS, "timestamp"})
