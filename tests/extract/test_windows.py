"""Windows with extra days, and watermarks that never run ahead."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from liine_source.errors import ConfigurationError
from liine_source.extract.windows import (
    Window,
    advance_watermark,
    find_first_day,
    find_split_days,
    updated_since,
)
from liine_source.settings import parse_dates

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)


def test_window_is_requested_with_extra_days() -> None:
    """Dates have no time zone, and an end date may mean its midnight (open question 6)."""
    window = Window.covering(date(2024, 1, 31), date(2024, 2, 28), date(2024, 2, 1))
    assert window.query_parameters() == [
        ("start_date", "2024-01-30"),
        ("end_date", "2024-03-01"),
        ("updated_date", "2024-02-01"),
    ]


def test_open_window_requests_everything() -> None:
    """A window without dates sends no date parameter."""
    assert Window().query_parameters() == []
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
def test_changes_are_requested_from_day_before_watermark(watermark: datetime | None, day: date | None) -> None:
    """The extra day covers every time zone in which the API may interpret `updated_date`."""
    assert updated_since(watermark) == day


@pytest.mark.parametrize(
    ("previous", "max_updated_at", "expected"),
    [
        (None, None, None),
        (None, NOON, NOON),
        (NOON, None, NOON),
        (NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=1)),
        (NOON, NOON - timedelta(hours=1), NOON),
    ],
)
def test_watermark_never_moves_back(
    previous: datetime | None, max_updated_at: datetime | None, expected: datetime | None
) -> None:
    """It advances to the rows' `max_updated_at`, and stays where there is none."""
    assert advance_watermark(previous, max_updated_at) == expected


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        ("2024-02-30", None, "since must be a date"),
        (None, "yesterday", "until must be a date"),
        ("2024-02-02", "2024-02-01", "since must not be later than until"),
    ],
)
def test_invalid_dates_are_refused(since: str | None, until: str | None, message: str) -> None:
    """A malformed date, or a start after the end, raises a configuration error."""
    with pytest.raises(ConfigurationError, match=message):
        parse_dates(since, until)


def test_timestamp_is_read_as_its_day() -> None:
    """TOML may have a timestamp where a day is meant."""
    assert parse_dates(NOON, "2024-03-11") == (date(2024, 3, 10), date(2024, 3, 11))


@pytest.mark.parametrize(
    "first", [date(2000, 1, 1), date(2000, 1, 2), date(2019, 6, 30), date(2024, 3, 9), date(2024, 3, 10)]
)
@pytest.mark.parametrize("probes", [1, 3, 4])
def test_first_day_is_found_by_counting(first: date, probes: int) -> None:
    """The search needs few rounds, each with at most `probes` requests."""
    last = date(2024, 3, 10)
    rounds = []

    def counts(days: Sequence[date]) -> list[int]:
        rounds.append(len(days))
        return [max(0, (day - first).days + 1) for day in days]

    assert find_first_day(counts, last, probes) == max(first, date(2000, 1, 2))
    assert max(rounds) <= probes
    assert len(rounds) <= {1: 14, 3: 8, 4: 7}[probes]


def test_search_ends_whatever_the_counts_say() -> None:
    """The search ends even if the API counts the page, nothing, or at random."""
    for counts in ([0], [1], [0, 1], [1, 0, 0]):
        assert find_first_day(lambda days, counts=counts: (counts * len(days))[: len(days)], date(2024, 3, 10), 4)


def test_split_windows_share_boundary_days() -> None:
    """Windows are newest first and without a gap, whether or not `end_date` includes its day."""
    found = Window(None, date(2024, 12, 31)).split_at([date(2024, 3, 1), date(2024, 6, 1)])
    assert found == [
        Window(date(2024, 6, 1), date(2024, 12, 31)),
        Window(date(2024, 3, 1), date(2024, 6, 1)),
        Window(None, date(2024, 3, 1)),
    ]


@pytest.mark.parametrize(("rows", "windows"), [(10_000, 4), (100_000, 17), (1_000_000, 50)])
def test_window_sizes_are_bounded(rows: int, windows: int) -> None:
    """A window has three to twenty pages, and there are enough windows to keep all threads busy."""
    days = find_split_days(date(2020, 1, 1), date(2024, 12, 31), rows, 1000, 4)
    assert len(days) == windows - 1
    assert days == sorted(set(days))
