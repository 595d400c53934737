"""Windows with a day to spare, watermarks that never run ahead."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from liine_source.errors import ConfigurationError
from liine_source.windows import Window, advanced, checked_dates, first_day, inner_days, updated_since

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)


def test_a_window_is_asked_for_with_days_to_spare() -> None:
    """Dates have no zone, and an end may mean its midnight (open question 6)."""
    window = Window.covering(date(2024, 1, 31), date(2024, 2, 28), date(2024, 2, 1))
    assert window.pairs() == [
        ("start_date", "2024-01-30"),
        ("end_date", "2024-03-01"),
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


@pytest.mark.parametrize(
    "first", [date(2000, 1, 1), date(2000, 1, 2), date(2019, 6, 30), date(2024, 3, 9), date(2024, 3, 10)]
)
@pytest.mark.parametrize("probes", [1, 3, 4])
def test_the_first_day_is_found_by_counting(first: date, probes: int) -> None:
    """With few questions, all of a round at once."""
    last = date(2024, 3, 10)
    rounds = []

    def counts(days: Sequence[date]) -> list[int]:
        rounds.append(len(days))
        return [max(0, (day - first).days + 1) for day in days]

    assert first_day(counts, last, probes) == max(first, date(2000, 1, 2))
    assert max(rounds) <= probes
    assert len(rounds) <= {1: 14, 3: 8, 4: 7}[probes]


def test_a_search_ends_whatever_the_counts_say() -> None:
    """An API that counts the page, or nothing, or at random, does not keep the search going."""
    for told in ([0], [1], [0, 1], [1, 0, 0]):
        assert first_day(lambda days, told=told: (told * len(days))[: len(days)], date(2024, 3, 10), 4)


def test_cut_windows_meet_in_a_day_and_leave_nothing_out() -> None:
    """Newest first, the outermost as open as the whole; under either reading of `end_date` there is no gap."""
    found = Window(None, date(2024, 12, 31)).cut([date(2024, 3, 1), date(2024, 6, 1)])
    assert found == [
        Window(date(2024, 6, 1), date(2024, 12, 31)),
        Window(date(2024, 3, 1), date(2024, 6, 1)),
        Window(None, date(2024, 3, 1)),
    ]


@pytest.mark.parametrize(("rows", "windows"), [(10_000, 4), (100_000, 17), (1_000_000, 50)])
def test_windows_are_neither_tiny_nor_huge(rows: int, windows: int) -> None:
    """Three pages at least, twenty at most, and as many as keep all threads busy."""
    days = inner_days(date(2020, 1, 1), date(2024, 12, 31), rows, 1000, 4)
    assert len(days) == windows - 1
    assert days == sorted(set(days))
