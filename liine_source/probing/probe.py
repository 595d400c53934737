"""Which requests are sent, in which order, and what follows from the answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from liine_source.errors import LoginRefusedError, NoConnectionError
from liine_source.extract.cursor import day_of
from liine_source.probing import contents, count, cursor, dates, filters, order, pages, transport
from liine_source.probing.asking import Asker, NoRequestsLeftError
from liine_source.probing.experiment import Experiment
from liine_source.probing.seen import SeenPage, SeenRow
from liine_source.probing.verdict import Verdict, leave_open
from liine_source.spec.endpoints import MAX_PAGE_SIZE

# The last page of the sample, with a login before it.
_RESERVE = 3
_AGES = (timedelta(days=365), timedelta(days=900))

# What each step asks for, and with how many requests at most. Retries and redirects are extra, within the whole.
PLAN: tuple[tuple[str, int], ...] = (
    ("log in as JSON, and as a form", 3),
    ("the newest rows, at the beginning and at the end: which of them did not change?", 2),
    ("pages that begin at the start of a known row", 8),
    ("the same rows with and without a cursor; pages of one and two rows", 6),
    ("rows up to a day, from a day on, and changed from a day on", 28),
    ("rows without the spam parameter, and with the value false", 4),
    ("one row more than a page may have", 2),
    ("the path without its slash", 2),
    ("days with a clock change, and older rows", 6),
    ("two types, two agents, and a field that is not set", 8),
)


@dataclass(slots=True)
class _Trials:
    """What the steps have found; None where a step had no request left or not enough rows."""

    cursors: Experiment | None = None
    end: Experiment | None = None
    start: Experiment | None = None
    updated: Experiment | None = None
    counts: count.CountTrial | None = None
    spam: filters.SpamTrial | None = None
    lists: list[filters.ListTrial] = field(default_factory=list)
    high_limit: tuple[SeenPage, SeenPage] | None = None
    paths: transport.SlashTrial | None = None
    accepts_form: bool | None = None


def probe_customer(asker: Asker) -> list[Verdict]:
    """Send the requests and return what they show; the most informative steps come first.

    Raises ApiError where the login or the first request fails.
    """
    asker.reserve = _RESERVE
    trials = _Trials()
    try:
        sample = asker.ask(limit=MAX_PAGE_SIZE)
    except LoginRefusedError:
        # A service that takes only the other form of a login looks the same as a wrong password.
        trials.accepts_form = transport.try_form_login(asker, times=1)
        if not trials.accepts_form:
            raise
        return _judge(asker, trials, [], None)
    except NoRequestsLeftError:
        raise NoConnectionError(f"Probe: no page came with {asker.wire.sent} requests.") from None
    rows = sample.rows if sample else []
    for step in _list_steps(asker, rows, trials):
        try:
            step()
        except NoRequestsLeftError:
            continue
    asker.reserve = 0
    again = _ask_again(asker)
    known = keep_unchanged(rows, again.rows if again else [])
    trials.accepts_form = transport.try_form_login(asker)
    return _judge(asker, trials, known, sample)


def _list_steps(asker: Asker, rows: Sequence[SeenRow], trials: _Trials) -> list[Callable[[], Any]]:
    def run(name: str, create: Callable[[], Experiment]) -> None:
        experiment = create()
        # A step that has no request left keeps the trials it has.
        setattr(trials, name, experiment)
        experiment.run(rows)

    def clocks() -> set[str]:
        return cursor.find_clocks_left(trials.cursors, rows) if trials.cursors else set()

    def try_lists() -> None:
        for trial in filters.try_lists(asker, rows):
            trials.lists.append(trial)

    def keep(name: str, ask: Callable[[], Any]) -> None:
        setattr(trials, name, ask())

    return [
        lambda: run("cursors", lambda: cursor.create_cursor_experiment(asker, rows)),
        lambda: keep("counts", lambda: count.try_counts(asker, rows)),
        lambda: run("end", lambda: dates.create_end_experiment(asker, rows)),
        lambda: keep("spam", lambda: filters.try_spam(asker)),
        lambda: keep("high_limit", lambda: pages.try_high_limit(asker)),
        lambda: keep("paths", lambda: transport.try_paths(asker)),
        lambda: run("start", lambda: dates.create_start_experiment(asker, rows, clocks())),
        lambda: order.try_clock_changes(asker, rows),
        lambda: _ask_older(asker, rows),
        try_lists,
        lambda: run("updated", lambda: dates.create_updated_experiment(asker, rows, clocks())),
    ]


def _ask_older(asker: Asker, rows: Sequence[SeenRow]) -> None:
    starts = [row.local for row in rows if row.local is not None]
    for age in _AGES if starts else ():
        asker.ask(("end_date", str(day_of(max(starts)) - age)))


def _ask_again(asker: Asker) -> SeenPage | None:
    try:
        return asker.ask(limit=MAX_PAGE_SIZE)
    except NoRequestsLeftError:
        return None


def keep_unchanged(before: Sequence[SeenRow], after: Sequence[SeenRow]) -> list[SeenRow]:
    """Return the rows that were on both pages without a difference, in the API's order."""
    rows = {row.id: row for row in after}
    return [row for row in before if rows.get(row.id) == row]


def _judge(asker: Asker, trials: _Trials, known: Sequence[SeenRow], sample: SeenPage | None) -> list[Verdict]:
    seen = asker.pages
    verdicts = [
        cursor.judge_returned_cursor(seen),
        *cursor.judge_comparison(trials.cursors, known),
        pages.judge_limit(trials.high_limit, seen),
        pages.judge_short_pages(seen, known),
        order.judge_order(seen),
        *count.judge_count(trials.counts, seen, sample),
        count.judge_num_pages(seen),
        *dates.judge_dates(trials.end, trials.start, trials.updated, known),
        *contents.judge_contents(contents.find_rows(seen)),
        filters.judge_spam(trials.spam, known),
        *transport.judge_login(asker.wire, accepts_form=trials.accepts_form),
        transport.judge_paths(trials.paths),
        *filters.judge_lists(trials.lists, known),
        transport.judge_rate_limit(asker.wire),
        *(leave_open(question, topic, "not asked", reason) for question, topic, reason in _NOT_ASKED),
    ]
    return sorted(verdicts, key=lambda verdict: verdict.question)


_NOT_ASKED = (
    (8, "rows that change while pages are read", "only rows that change could show it, over weeks"),
    (10, "deleted rows", "only a deleted row could show it"),
    (16, "`analytics_methodology`", "one methodology per dataset, whatever it does"),
    (18, "`…_search_type`", "a search would need texts from rows"),
)
