"""Conversions that lose nothing, and refusals that say why."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from liine_source.values import UnfitError, as_json, converted, wall_clock

WALL = datetime(2021, 5, 27, 4, 8, 51)  # noqa: DTZ001  a local wall clock
INSTANT = datetime(2021, 5, 27, 4, 8, 51, tzinfo=UTC)

FITTING = [
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
    ("timestamp", "2021-05-27T04:08Z", INSTANT.replace(second=0)),
]

UNFIT = [
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
    ("bigint", "NaN", "a number out of range"),
    ("double", Decimal("0.1000000000000000055511151231257827"), "a number with more digits than a double holds"),
    ("double", 2**60 + 1, "a number with more digits than a double holds"),
    ("decimal", Decimal("0.0000000001"), "a number with more digits than decimal(38, 9) holds"),
    ("decimal", Decimal("1E30"), "a number with more digits than decimal(38, 9) holds"),
    ("timestamp", "soon", "text that is not a time"),
    ("timestamp", "", "text that is not a time"),
    ("timestamp", 1622088531, "a number is not a time"),
    ("timestamp", "2021-05-27T04:08:51.1234567Z", "a time finer than a microsecond"),
    ("timestamp", "0001-01-01T00:00:00+14:00", "a time out of range"),
]


@pytest.mark.parametrize(("data_type", "value", "expected"), FITTING)
def test_a_value_that_loses_nothing_is_converted(data_type: str, value: Any, expected: Any) -> None:
    """Another spelling of the same value arrives as that value."""
    result = converted(value, data_type)
    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(("data_type", "value", "reason"), UNFIT)
def test_a_value_that_would_lose_something_is_refused(data_type: str, value: Any, reason: str) -> None:
    """The reason tells types, and never the value."""
    with pytest.raises(UnfitError) as caught:
        converted(value, data_type)
    assert str(caught.value) == reason


@pytest.mark.parametrize("spelling", ["2021-05-27T04:08:51Z", "2021-05-27T04:08:51-05:00", "2021-05-27 04:08:51"])
def test_a_local_time_is_the_clock_on_the_wall(spelling: str) -> None:
    """The Z of `start_time` is no zone (open question 4): the digits stay as they are."""
    assert wall_clock(spelling) == WALL


def test_null_stays_null() -> None:
    """Null fits every column."""
    assert [converted(None, kind) for kind in ("text", "bool", "bigint", "double", "decimal", "timestamp")] == [
        None
    ] * 6


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, None, "ü"]}, '{"a":[1,null,"ü"]}'),
        (Decimal("1.10"), "1.10"),
        (2**70, str(2**70)),
        ({"k": 'a\ud800\n"b'}, '{"k":"a\\ud800\\u000a\\u0022b"}'),
    ],
)
def test_a_raw_value_is_kept_digit_for_digit(value: Any, expected: str) -> None:
    """The raw value of a rejected field is JSON, fractions and odd characters included."""
    assert as_json(value) == expected
