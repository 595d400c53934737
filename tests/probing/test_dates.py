"""First days with rows made by hand: rows before the day are missing only where the end of the last page is proven."""

from typing import Any

import pytest

from liine_source.extract.cursor import day_of, first_second, format_cursor
from liine_source.probing.dates import create_start_experiment
from liine_source.probing.experiment import judge_aspect
from liine_source.probing.seen import SeenPage
from tests.probing.test_experiment import ROWS, make_page


class ListedApi:
    """Answers from `ROWS`: rows from a day on by local time, older than a cursor by UTC."""

    def __init__(self, *, ends_early: bool = False) -> None:
        self.ends_early = ends_early

    def ask(self, *pairs: tuple[str, str]) -> SeenPage:
        asked = dict(pairs)
        days = {day_of(row.local or 0).isoformat(): first_second(day_of(row.local or 0)) for row in ROWS}
        first = days[asked["start_date"]]
        rows = [row for row in ROWS if format_cursor(row.utc or 0) < asked["pagination_timestamp"]]
        return make_page([row for row in rows if (row.local or 0) >= first][: 3 if self.ends_early else 1000])

    def ask_twice(self, *pairs: tuple[str, str]) -> tuple[SeenPage, SeenPage]:
        return self.ask(*pairs), self.ask(*pairs)


@pytest.mark.parametrize(
    ("cursor_clocks", "ends_early", "finding"),
    [
        ({"utc"}, False, "local"),
        # A cursor on either clock has to bring nothing.
        ({"local", "utc"}, False, "local"),
        ({"ignored"}, False, ""),
        # No cursor was tried, or none is understood.
        (set(), False, ""),
        ({"utc"}, True, ""),
    ],
    ids=["known", "two left", "ignored", "none", "short pages"],
)
def test_end_of_last_page_has_to_be_proven(cursor_clocks: set[str], ends_early: bool, finding: str) -> None:
    """Only a cursor of a known clock just above a missing row shows that no more rows follow."""
    api: Any = ListedApi(ends_early=ends_early)
    experiment = create_start_experiment(api, ROWS, cursor_clocks)
    experiment.run(ROWS)
    assert judge_aspect(experiment, ROWS, "clock", 6, "").finding == finding
    assert experiment.trials
    for trial in experiment.trials:
        selected = {row.id for row in ROWS if (row.local or 0) >= trial.value}
        assert [row for row, is_present in trial.compare(ROWS).items() if is_present != (row in selected)] == []
