"""Conversion of values without loss, and the reasons for a refusal."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from liine_source.api.values import (
    ConversionError,
    DeepValue,
    UnstorableNumber,
    convert,
    parse_number,
    parse_wall_clock,
    to_json,
    to_strict_json,
)

WALL = datetime(2021, 5, 27, 4, 8, 51)  # noqa: DTZ001  a local wall clock
INSTANT = datetime(2021, 5, 27, 4, 8, 51, tzinfo=UTC)

# Times without a date or a minute, dates that do not exist, and formats other than ISO 8601 that some parsers accept.
NOT_TIMES = [
    "10:30",
    "T10:30",
    "2024",
    "2024-05",
    "20240506",
    "2024-05-06",
    "2024-W19-1",
    "2024-127",
    "2024-05-06T10",
    "0000-01-01T00:00:00Z",
    "2024-02-30T00:00:00Z",
    "2023-366T00:00:00Z",
    "9999-366T00:00:00Z",
    "2023-000T00:00:00Z",
    "2024-W54-1T00:00:00Z",
    "2024-05-06T24:00:00Z",
    "2024-05-06T23:59:60Z",
    "2024-05-06T10:30:00+24:00",
    "2024-05-06T10:30:00+05:30:15",
    "2024-05-06T10:30:00ZZ",
    "2024-05-06T10:30:00 UTC",
    "2024-05-06T10:30:00.Z",
    "2024-05-06T10:30.5Z",
    "2024-05-06T103000Z",
    "20240506T10:30:00Z",
    "2024-05-06X10:30:00",
    "2024-5-6T10:30:00Z",
    "\uff12\uff10\uff12\uff14-05-06T10:30:00Z",
    "05/06/2024 10:30",
    "1715000000",
    "now",
]

LOSSLESS = [
    ("text", "Zoë 🦷", "Zoë 🦷"),
    ("text", "", ""),
    ("text", 23541524, "23541524"),
    ("text", Decimal("1.50"), "1.50"),
    ("text", True, "true"),
    ("bool", True, True),
    ("bool", 1, True),
    ("bool", Decimal(0), False),
    ("bool", "true", True),
    ("bool", "False", False),
    ("bool", "1", True),
    ("bigint", 2**63 - 1, 2**63 - 1),
    ("bigint", "12", 12),
    ("bigint", " 12 ", 12),
    ("bigint", Decimal("12.0"), 12),
    ("bigint", "1e3", 1000),
    ("double", 66, 66.0),
    ("double", Decimal("66.67"), 66.67),
    ("double", "0.1", 0.1),
    ("double", 0.1, 0.1),
    ("decimal", Decimal("12345678901234567890.123456789"), Decimal("12345678901234567890.123456789")),
    ("decimal", 150, Decimal(150)),
    ("decimal", "150.25", Decimal("150.25")),
    ("decimal", Decimal("-0.01"), Decimal("-0.01")),
    ("timestamp", "2021-05-27T04:08:51Z", INSTANT),
    ("timestamp", "2021-05-27T04:08:51+00:00", INSTANT),
    ("timestamp", "2021-05-27 04:08:51", INSTANT),
    ("timestamp", "20210527T040851Z", INSTANT),
    ("timestamp", "2021-05-26T23:08:51-05:00", INSTANT),
    ("timestamp", "2021-147T04:08:51Z", INSTANT),
    ("timestamp", "2021-W21-4T04:08:51Z", INSTANT),
    ("timestamp", "2021-05-27t04:08:51z", INSTANT),
    ("timestamp", "2021-05-27T04:08:51.123456000Z", INSTANT.replace(microsecond=123456)),
    ("timestamp", "2021-05-27T04:08:51.123Z", INSTANT.replace(microsecond=123000)),
    ("timestamp", "2021-05-27T04:08:51,5Z", INSTANT.replace(microsecond=500000)),
    ("timestamp", "2021-05-27T04:08Z", INSTANT.replace(second=0)),
    ("timestamp", "20210526T2308-0500", INSTANT.replace(second=0)),
    ("timestamp", "2021-05-27T09:38:51+0530", INSTANT),
    ("timestamp", "2021-05-27T05:08:51+01", INSTANT),
    ("timestamp", " 2021-05-27T04:08:51Z\n", INSTANT),
    ("timestamp", "2021W214T040851Z", INSTANT),
    ("timestamp", "2021147T040851Z", INSTANT),
    ("timestamp", "2020-366T00:00:00Z", datetime(2020, 12, 31, tzinfo=UTC)),
    ("timestamp", "0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ("timestamp", "9999-12-31T23:59:59.999999Z", datetime.max.replace(tzinfo=UTC)),
]

LOSSY = [
    ("text", {"a": 1}, "an object is not text"),
    ("text", ["a"], "a list is not text"),
    ("text", "\ud800", "text that is not Unicode"),
    ("text", "a\x00b", "text with a NUL character"),
    ("bool", 2, "a number is neither true nor false"),
    ("bool", "yes", "text is neither true nor false"),
    ("bool", {"a": 1}, "an object is neither true nor false"),
    ("bigint", "n/a", "text that is not a number"),
    ("bigint", "", "text that is not a number"),
    ("bigint", Decimal("12.5"), "a number with a fraction is not whole"),
    ("bigint", 2**63, "a number beyond 64 bits"),
    ("bigint", True, "a boolean is not a number"),
    ("bigint", "1e999999999", "a number out of range"),
    ("bigint", "NaN", "text that is not a number"),
    ("bigint", "1_000", "text that is not a number"),
    ("bigint", "1,000", "text that is not a number"),
    ("bigint", "\u0663", "text that is not a number"),
    ("bigint", "\uff11", "text that is not a number"),
    ("bigint", "007", "text that is not a number"),
    ("bigint", "+1", "text that is not a number"),
    ("bigint", "1.", "text that is not a number"),
    ("bigint", "\u00a012", "text that is not a number"),
    ("bigint", "0x10", "text that is not a number"),
    ("double", ".5", "text that is not a number"),
    ("double", "Infinity", "text that is not a number"),
    ("decimal", "\uff11.\uff15", "text that is not a number"),
    ("decimal", "$150", "text that is not a number"),
    ("text", UnstorableNumber("NaN"), "a number out of range"),
    ("bool", UnstorableNumber("NaN"), "a number out of range"),
    ("text", float("nan"), "a number out of range"),
    ("bool", "\u00a0true", "text is neither true nor false"),
    ("json", 1, "no value is converted to json"),
    ("double", Decimal("0.1000000000000000055511151231257827"), "a number with more digits than a double holds"),
    ("double", 2**60 + 1, "a number with more digits than a double holds"),
    ("decimal", Decimal("0.0000000001"), "a number with more digits than decimal(38, 9) holds"),
    ("decimal", Decimal("1E30"), "a number with more digits than decimal(38, 9) holds"),
    ("timestamp", "soon", "text that is not a time"),
    ("timestamp", "", "text that is not a time"),
    ("timestamp", 1622088531, "a number is not a time"),
    ("timestamp", "2021-05-27T04:08:51.1234567Z", "a time finer than a microsecond"),
    ("timestamp", "0001-01-01T00:00:00+14:00", "a time out of range"),
    *(("timestamp", text, "text that is not a time") for text in NOT_TIMES),
]


@pytest.mark.parametrize(("data_type", "value", "expected"), LOSSLESS)
def test_lossless_value_is_converted(data_type: str, value: Any, expected: Any) -> None:
    """A value in another notation is converted to the same value."""
    result = convert(value, data_type)
    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(("data_type", "value", "reason"), LOSSY)
def test_lossy_value_is_refused(data_type: str, value: Any, reason: str) -> None:
    """The reason names types, never the value."""
    with pytest.raises(ConversionError) as caught:
        convert(value, data_type)
    assert str(caught.value) == reason


@pytest.mark.parametrize("text", ["2021-05-27T04:08:51Z", "2021-05-27T04:08:51-05:00", "2021-05-27 04:08:51"])
def test_local_time_keeps_its_digits(text: str) -> None:
    """`start_time` is a local wall clock, so its Z or offset is ignored (open question 4)."""
    assert parse_wall_clock(text) == WALL


def test_null_stays_null() -> None:
    """Null is valid for every column type."""
    assert [convert(None, kind) for kind in ("text", "bool", "bigint", "double", "decimal", "timestamp")] == [None] * 6


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, None, "ü"]}, '{"a":[1,null,"ü"]}'),
        (Decimal("1.10"), "1.10"),
        (2**70, str(2**70)),
        ({"k": 'a\ud800\n"b'}, '{"k":"a\\ud800\\u000a\\u0022b"}'),
        ([UnstorableNumber("-Infinity"), "\ud800"], '[-Infinity,"\\ud800"]'),
        ({"a\ud800": "🦷", "b": [{}, [], None]}, '{"a\\ud800":"🦷","b":[{},[],null]}'),
        (DeepValue("[[1]]"), "[[1]]"),
    ],
)
def test_raw_value_keeps_every_digit(value: Any, expected: str) -> None:
    """The raw value of a rejected field is stored as JSON, with its fractions and odd characters."""
    assert to_json(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.50", Decimal("1.50")),
        ("1e400", Decimal("1e400")),
        ("12345678901234567890123", Decimal(12345678901234567890123)),
        ("1e401", "1e401"),
        ("1E-99999999999999999999", "1E-99999999999999999999"),
        ("9" * 5000, "9" * 5000),
        ("NaN", "NaN"),
    ],
)
def test_oversized_number_keeps_its_text(text: str, expected: Any) -> None:
    """A number too large for any column is kept as text: an integer may not fit into memory, a float would round."""
    number = parse_number(text)
    assert (number.text if isinstance(number, UnstorableNumber) else number) == expected


def test_raw_value_of_deep_object_needs_no_recursion() -> None:
    """It is written even where it was decoded with more of the stack left."""
    value: Any = 1
    for _ in range(5_000):
        value = [value]
    assert to_json(value) == "[" * 5_000 + "1" + "]" * 5_000


def test_strict_json_refuses_too_many_levels() -> None:
    """Brackets in texts are no levels."""
    value: Any = ["[" * 200, *([1],) * 200]
    for _ in range(98):
        value = {"a": value}
    assert to_strict_json(value)
    with pytest.raises(ConversionError, match="nested more than 100 levels deep"):
        to_strict_json([value])


def test_strict_json_refuses_nan() -> None:
    """Strict JSON holds numbers of any size, but not NaN, which Python's parser accepts."""
    assert to_strict_json({"a": UnstorableNumber("1e999")}) == '{"a":1e999}'
    with pytest.raises(ConversionError, match="a number that JSON does not have"):
        to_strict_json({"a": [UnstorableNumber("NaN")]})
