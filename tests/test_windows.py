"""Windows with a day to spare, watermarks that never run ahead."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from liine_source.errors import ConfigurationError
from liine_source.windows import Window, advanced, checked_dates, updated_since

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)


def test_a_window_is_asked_for_with_a_day_to_spare() -> None:
    """Dates have no zone, and an end may mean its midnight (open question 6)."""
    window = Window(date(2024, 1, 31), date(2024, 2, 28), date(2024, 2, 1))
    assert window.pairs() == [
        ("start_date", "2024-01-30"),
        ("end_date", "2024-02-29"),
        ("updated_date", "2024-02-01"),
    ]


def test_an_open_window_asks_for_everything() -> None:
    """No date, no parameter."""
    assert Window().pairs() == []
    assert str(Window()) == "the beginning to now"


@pytest.mark.parametrize(
    ("watermark", "day"),
    [
        (None, None),
        (datetime(2024, 3, 10, 0, 0, 1, tzinfo=UTC), date(2024, 3, 9)),
        (datetime(2024, 3, 10, 23, 59, 59, tzinfo=UTC), date(2024, 3, 9)),
        (datetime(2024, 3, 10, 1, tzinfo=timezone(timedelta(hours=14))), date(2024, 3, 8)),
    ],
)
def test_changes_are_asked_for_from_a_day_before_the_watermark(watermark: datetime | None, day: date | None) -> None:
    """The day before covers every zone in which `updated_date` may be read."""
    assert updated_since(watermark) == day


@pytest.mark.parametrize(
    ("previous", "witnessed", "expected"),
    [
        (None, None, None),
        (None, NOON, NOON),
        (NOON, None, NOON),
        (NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=1)),
        (NOON, NOON - timedelta(hours=1), NOON),
    ],
)
def test_a_watermark_never_moves_back(
    previous: datetime | None, witnessed: datetime | None, expected: datetime | None
) -> None:
    """It moves to what the rows witness, and stays where they witness nothing."""
    assert advanced(previous, witnessed) == expected


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        ("2024-02-30", None, "since must be a date"),
        (None, "yesterday", "until must be a date"),
        ("2024-02-02", "2024-02-01", "since must not be later than until"),
    ],
)
def test_wrong_dates_are_refused(since: str | None, until: str | None, message: str) -> None:
    """A wrong spelling and an impossible order are told at once."""
    with pytest.raises(ConfigurationError, match=message):
        checked_dates(since, until)


def test_a_moment_stands_for_its_day() -> None:
    """TOML may give a moment where a day is meant."""
    assert checked_dates(NOON, "2024-03-11") == (date(2024, 3, 10), date(2024, 3, 11))
