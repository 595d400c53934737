"""What is shown of a run that goes on; time is a number that the tests set."""

import io
import re
import signal
from typing import Any

import pytest
from rich.console import Console

from liine_source import console, sync
from liine_source.api.auth import LiineCredentials
from liine_source.api.client import LiineClient
from liine_source.commands import run as run_module
from liine_source.emulator import Emulator, running_emulator
from liine_source.extract.audit import Audit
from liine_source.extract.windows import Window
from liine_source.load.signals import defer_signals
from liine_source.progress import DbtProgress, ProgressMode, SyncProgress, format_duration
from tests.commands.test_sync import settings
from tests.support.scripted_api import LOGIN, answer, scripted_api

CHANGES = Audit(7, "f", Window(), expected=234)


def window(expected: int | None = None) -> Audit:
    """One window of a history."""
    return Audit(7, "f", Window(), expected=expected, is_part_of_history=True)


class Watched:
    """A progress whose clock the test sets, and what it has written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, mode: ProgressMode = "lines", width: int = 80) -> None:
        self.now = 0.0
        self.file = io.StringIO()
        monkeypatch.setattr(console, "err", Console(file=self.file, width=width))
        self.progress = SyncProgress(mode, lambda: self.now)

    @property
    def lines(self) -> list[str]:
        return self.file.getvalue().splitlines()

    def texts(self) -> list[str]:
        """The lines that a terminal shows now, without bars."""
        return [item.text for item in self.progress.items()]


def test_resumed_history_counts_kept_rows_in_both_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that went on showed the rows of the history, and as their total the count of the latest changes."""
    watched = Watched(monkeypatch)
    watched.progress.on_resumed(7, 82_000, 60_000)
    watched.progress.on_page(CHANGES, 234)
    watched.progress.on_page(window(), 766)
    watched.now = 10.0
    assert watched.texts() == ["customer 7: 61,000 of 82,234 interactions (74%), 100 a second, 3:32 left"]


def test_sweep_counts_what_it_has_brought_once_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lookback's count has rows that the run has read already, and they come once."""
    watched = Watched(monkeypatch)
    lookback = Audit(7, "f", Window(), expected=500)
    watched.progress.on_page(CHANGES, 234)
    watched.progress.on_page(lookback, 300)
    lookback.distinct_ids, lookback.shared = 500, 200
    watched.progress.on_window_end(lookback, None)
    rows = watched.progress._rows(7)
    assert (rows.done, rows.total) == (534, 534)


def test_total_is_left_out_where_the_api_gives_no_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a share nor a time left is guessed."""
    watched = Watched(monkeypatch)
    watched.progress.on_planned(window(), 1)
    watched.progress.on_page(window(), 300)
    watched.now = 3.0
    assert watched.texts() == ["customer 7: 300 interactions, 100 a second"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (87, "1:27"), (3_599, "59:59"), (7_509, "2:05:09")]
)
def test_durations(seconds: float, text: str) -> None:
    """Hours are shown where there are some."""
    assert format_duration(seconds) == text


def test_pipe_gets_plain_lines_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first after ten seconds, then one a minute; a short run writes none."""
    watched = Watched(monkeypatch)
    with watched.progress as progress:
        progress.on_planned(window(1_000), 5)
        page = window()
        for second in range(0, 80, 2):
            watched.now = float(second)
            progress.on_page(page, 10)
    assert watched.lines == [
        "customer 7: 60 of 1,000 interactions (6%), 6 a second, 2:37 left",
        "customer 7: 360 of 1,000 interactions (36%), 5 a second, 2:04 left",
    ]
    assert set(watched.file.getvalue()) & {"\r", "\x1b"} == set()


@pytest.mark.parametrize("mode", ["lines", "hidden"])
def test_long_wait_is_written_at_once(mode: ProgressMode, monkeypatch: pytest.MonkeyPatch) -> None:
    """All requests wait for the same, so one line is enough, and JSON on standard output gets none beside it."""
    watched = Watched(monkeypatch, mode)
    for seconds in (3.0, 120.0, 121.0):
        watched.now += 4.0
        watched.progress.on_wait("API asks to wait", seconds)
    assert watched.lines == (["API asks to wait 120 s"] if mode == "lines" else [])


def test_wait_is_counted_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal shows how long it still takes; of several waits the longest, and then what the run does."""
    watched = Watched(monkeypatch)
    watched.progress.on_page(CHANGES, 1)
    watched.progress.on_wait("API asks to wait", 12.0)
    watched.progress.on_wait("API answers with 500, next try in", 2.0)
    shown = []
    for now in (0.0, 4.5, 12.0):
        watched.now = now
        shown.append(watched.progress.status())
    assert shown == ["API asks to wait 12 s", "API asks to wait 8 s", "reading"]


def test_terminal_shows_that_ctrl_c_was_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A load that has begun is committed first, which may take a while."""
    watched = Watched(monkeypatch)

    def press() -> str:
        with defer_signals():
            signal.raise_signal(signal.SIGINT)
            shown.append(watched.progress.status())
        return ""

    shown: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        press()
    assert [*shown, watched.progress.status()] == ["interrupted; the load that has begun is finished first", "starting"]


@pytest.mark.parametrize("width", [40, 80])
def test_terminal_shows_whole_words(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text wraps between words, and a bar is no wider than the screen; of many customers a few are shown."""
    watched = Watched(monkeypatch, "bars", width)
    for customer in range(1, 10):
        watched.progress.on_resumed(customer, 82_000, 60_000)
    audit = Audit(9, "f", Window(), is_part_of_history=True)
    watched.progress.on_page(audit, 1_000)
    watched.progress.on_wait("API asks to wait", 16.0)
    watched.now = 10.0
    console.err.print(watched.progress)
    printed = watched.file.getvalue()
    assert max(map(len, printed.splitlines())) <= width
    words = " ".join(re.sub("[━╺╸]", " ", printed).split())
    assert "customer 9: 61,000 of 82,000 interactions (74%), 100 a second, 3:30 left" in words
    assert words.count("interactions (") == 4
    assert words.endswith("and 5 more customers under way 0:10 API asks to wait 6 s")
    assert "━━━" in printed


def test_live_view_ends_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table that follows has the numbers."""
    watched = Watched(monkeypatch, "bars")
    monkeypatch.setattr(console, "err", Console(file=watched.file, force_terminal=True, width=80))
    with watched.progress as progress:
        progress.on_page(CHANGES, 1)
        assert progress._live
        progress._live.refresh()
    assert "customer 7: 1 of 234 interactions" in watched.file.getvalue()
    assert watched.file.getvalue().endswith("\x1b[1A\x1b[2K")


class StopAfter(SyncProgress):
    """Ends a run after a number of loads, as Ctrl-C does."""

    def __init__(self, loads: int) -> None:
        super().__init__("hidden")
        self._loads = loads

    def on_kept(self, rows: int) -> None:
        super().on_kept(rows)
        self._loads -= 1
        if not self._loads:
            raise KeyboardInterrupt


def sizes(progress: SyncProgress, api: Emulator) -> list[tuple[int, int | None]]:
    """What is there and what will be, of each customer."""
    return [(progress._rows(customer).done, progress._rows(customer).total) for customer in api.customer_ids]


def test_interrupted_history_ends_at_its_total(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both runs end at the API's count, apart from the days that a window of each has read."""
    monkeypatch.setattr(run_module, "ROWS_PER_LOAD", 300)
    with running_emulator(interactions=1_500, customers=1) as api:
        given: dict[str, Any] = settings(api, page_size=20, max_concurrency=1)
        first = StopAfter(2)
        with pytest.raises(KeyboardInterrupt):
            sync(observer=first, **given)
        ((kept, total),) = sizes(first, api)
        assert (kept, total) == (first.kept_rows, 1_500)
        assert 600 <= kept < 1_500
        resumed = SyncProgress("hidden")
        with resumed:
            assert sync(observer=resumed, **given).is_complete
        ((done, total),) = sizes(resumed, api)
    assert done == total
    assert resumed.kept_rows + kept == done
    assert total in range(1_500, 1_540)


def test_client_reports_what_it_waits_for() -> None:
    """What the API asks for, and a wait of the connector's own."""
    waits: list[tuple[str, float]] = []
    scripted = (
        answer(LOGIN),
        answer(b"", "429 Too Many Requests", ("Retry-After: 12",)),
        answer(b"", "500 Internal Server Error"),
        answer(b'{"interactions": [], "count": 0}'),
    )
    with scripted_api(*scripted) as api:
        credentials = LiineCredentials(username="someone", password="hunter2-secret")
        client = LiineClient(credentials, api.base_url, on_wait=lambda *wait: waits.append(wait))
        client.fetch_page([("customer_id", "7")], "Customer 7")
    assert waits[0] == ("API asks to wait", 12.0)
    assert [reason for reason, _ in waits[1:]] == ["API answers with 500, next try in"]


def test_dbt_writes_a_line_for_each_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever comes first in it; dbt begins with nodes on several threads."""
    file = io.StringIO()
    monkeypatch.setattr(console, "err", Console(file=file))
    progress = DbtProgress("lines", lambda: 0.0)
    for number in (1, 2, 31, 32, 64, 63, 65, 120):
        progress.on_node("test" if number == 32 else "model", number, 315)
    progress.on_node("unheard of", 315, 315)
    assert file.getvalue().splitlines() == [
        "dbt: building models 1 of 315",
        "dbt: running tests 32 of 315",
        "dbt: building models 64 of 315",
        "dbt: building models 120 of 315",
        "dbt: unheard of 315 of 315",
    ]


def test_terminal_shows_what_dbt_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before its first node dbt reads the project, which takes some seconds."""
    file = io.StringIO()
    monkeypatch.setattr(console, "err", Console(file=file, width=40))
    now = 0.0
    progress = DbtProgress("bars", lambda: now)
    now = 5.0
    console.err.print(progress)
    progress.on_node("model", 120, 315)
    now = 47.0
    console.err.print(progress)
    *texts, bar, last = file.getvalue().splitlines()
    assert texts == ["0:05  dbt reads the project", "building models 120 of 315"]
    assert (len(bar), last) == (40 * 120 // 315, "0:47  dbt builds the models")
