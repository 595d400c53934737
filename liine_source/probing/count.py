"""What `count` and `num_pages` mean (5)."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from liine_source.extract.cursor import day_of, format_cursor
from liine_source.probing.asking import Asker
from liine_source.probing.cursor import CURSOR
from liine_source.probing.experiment import ENOUGH, compare_answers
from liine_source.probing.seen import SeenPage, SeenRow
from liine_source.probing.verdict import Verdict, leave_open, settle
from liine_source.spec.endpoints import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

_TOPIC = "`count`"
_EXACT_TOPIC = "whether `count` is exact"
_PAGES_TOPIC = "`num_pages`"
_FEWEST_PAGES = 4
# A few rows more or fewer could have come or gone between two answers.
_FEWEST_EXCLUDED = 3
_FEWEST_LENGTHS = 3
_FEWEST_NEWER_ROWS = 8
_MOST_NEWER_ROWS = 120


@dataclass(frozen=True, slots=True)
class CountTrial:
    """Answers for the rows since a day without and with a cursor; and pages of one and two rows."""

    tiny: tuple[SeenPage, SeenPage]
    whole: tuple[SeenPage, SeenPage]
    after_cursor: tuple[SeenPage, SeenPage]


def try_counts(asker: Asker, known: Sequence[SeenRow]) -> CountTrial | None:
    """Send the requests that tell meanings of `count` apart; None where the rows do not suffice."""
    one, two = asker.ask(limit=1), asker.ask(limit=2)
    starts = [row.earliest for row in known if row.earliest is not None]
    newest = starts[: min(_MOST_NEWER_ROWS, len(starts) // 2)]
    if one is None or two is None or len(newest) < _FEWEST_NEWER_ROWS:
        return None
    # On the other clock a few rows more come.
    since = ("start_date", day_of(newest[-1]).isoformat())
    cursor = (CURSOR, format_cursor(newest[len(newest) // 2]))
    whole = asker.ask_twice(since)
    after_cursor = asker.ask_twice(since, cursor)
    return CountTrial((one, two), whole, after_cursor) if whole and after_cursor else None


def judge_count(trial: CountTrial | None, pages: Sequence[SeenPage], sample: SeenPage | None) -> list[Verdict]:
    """Return what `count` means, and whether it is exact."""
    filled = [page for page in pages if page.rows]
    for finding in ("absent", "null"):
        if len(filled) >= _FEWEST_PAGES and all(_is_missing(page, "count", finding) for page in filled):
            verdict = settle(5, _TOPIC, finding, f"{len(filled)} pages", f"{finding} in each")
            return [verdict, leave_open(5, _EXACT_TOPIC, verdict.evidence, "nothing is counted")]
    meaning = _judge_meaning(trial, filled, sample)
    return [meaning, _judge_exactness(meaning.finding, filled)]


def _judge_meaning(trial: CountTrial | None, filled: Sequence[SeenPage], sample: SeenPage | None) -> Verdict:
    if sample is None or trial is None:
        return leave_open(5, _TOPIC, f"{len(filled)} pages", "too few rows since any day")
    if differences := _find_page_counts(filled):
        lengths = len({len(page.rows) for page in filled})
        evidence = f"{len(filled)} pages of {lengths} different lengths"
        off = f", {differences.pop():+d}" if differences != {0} else ""
        return settle(5, _TOPIC, "page", evidence, f"the number of rows on each page{off}")
    excluded = _count_excluded(trial)
    evidence = f"{len(filled)} pages; a cursor left out {excluded or 'unknown'} rows"
    counts = _Counts.of(trial, sample)
    if excluded is None or excluded < _FEWEST_EXCLUDED or counts is None:
        return leave_open(5, _TOPIC, evidence, "the counts or rows changed meanwhile, or too few rows are left out")
    # A count below one that other answers repeat has met no upper limit.
    repeated = [number for number, times in Counter(page.number("count") or 0 for page in filled).items() if times > 1]
    is_capped = counts.before >= max(repeated, default=0)
    if counts.before == counts.after and not is_capped:
        return settle(5, _TOPIC, "total", evidence, "the same with and without the cursor, and for pages of one row")
    if counts.before - counts.after == excluded:
        return settle(5, _TOPIC, "remaining", evidence, "as many fewer with the cursor; the same for pages of one row")
    return leave_open(5, _TOPIC, evidence, "fits neither a total nor the rows that a cursor leaves")


class _Counts(NamedTuple):
    """The counts without and with a cursor."""

    before: int
    after: int

    @classmethod
    def of(cls, trial: CountTrial, sample: SeenPage) -> Self | None:
        """Return them; None where answers to the same request differ, or where pages of other lengths count others."""
        groups = (trial.whole, trial.after_cursor, (*trial.tiny, sample))
        before, after, everything = ({page.number("count") for page in pages} for pages in groups)
        if max(map(len, (before, after, everything))) > 1 or len(sample.rows) < _FEWEST_EXCLUDED:
            return None
        first, second = before.pop(), after.pop()
        return cls(first, second) if first and second is not None and None not in everything else None


def _find_page_counts(filled: Sequence[SeenPage]) -> set[int]:
    """Return the constant by which each count differs from its page's length; empty unless all pages agree.

    The pages of one and two rows would count more if they counted other rows too.
    """
    numbers = [(page.number("count"), len(page.rows)) for page in filled]
    differences = {None if count is None else count - length for count, length in numbers}
    lengths = {length for _, length in numbers}
    found = {difference for difference in differences if difference is not None}
    return found if len(differences) == 1 and len(lengths) >= _FEWEST_LENGTHS else set()


def _count_excluded(trial: CountTrial) -> int | None:
    """Return how many rows the cursor left out; None where the answers do not overlap or differ."""
    known = [row for row in trial.whole[0].rows if row.id in trial.whole[1].ids]
    found = compare_answers(known, trial.after_cursor)
    if not any(found.values()) or [row.id for row in trial.whole[0].rows] != [row.id for row in trial.whole[1].rows]:
        return None
    return sum(not is_present for is_present in found.values())


def _judge_exactness(meaning: str, filled: Sequence[SeenPage]) -> Verdict:
    counted = [page for page in filled if page.number("count") is not None]
    low = [page for page in counted if (page.number("count") or 0) < len(page.rows)]
    evidence = f"{len(counted)} pages, {len(low)} with more rows than counted"
    if meaning in {"total", "remaining"} and len(low) >= ENOUGH:
        return settle(5, _EXACT_TOPIC, "too low", evidence, "these pages alone have more rows than their count")
    return leave_open(5, _EXACT_TOPIC, evidence, "a limit above these counts, or a delay, could not be seen")


class _Numbers(NamedTuple):
    """What `num_pages` may be computed from; `longest` is the length of the longest page."""

    total: int
    limit: int
    longest: int


_BY_LIMIT = "count / limit, rounded up"
_BY_PAGE = "count / longest page, rounded up"


def judge_num_pages(pages: Sequence[SeenPage]) -> Verdict:
    """Return how `num_pages` follows from `count`."""
    filled = [page for page in pages if page.rows]
    evidence = f"{len(filled)} pages"
    for finding in ("absent", "null"):
        if len(filled) >= _FEWEST_PAGES and all(_is_missing(page, "num_pages", finding) for page in filled):
            return settle(5, _PAGES_TOPIC, finding, evidence, f"{finding} in each")
    numbers = [(page, page.number("count"), page.number("num_pages")) for page in filled]
    given = [(page, count, number) for page, count, number in numbers if count is not None and number is not None]
    longest = max((len(page.rows) for page in filled), default=1)
    misses = {
        name: sum(number != formula(_Numbers(count, page.asked_limit, longest)) for page, count, number in given)
        for name, formula in _FORMULAS.items()
    }
    left = {name for name, missed in misses.items() if missed < ENOUGH}
    if len(given) < len(filled) or len(given) < _FEWEST_PAGES or any(misses[name] for name in left):
        return leave_open(5, _PAGES_TOPIC, evidence, "not given on each page, or no known formula fits")
    # Where no page was longer than allowed, both give the same numbers.
    if left and left <= {_BY_LIMIT, _BY_PAGE}:
        finding = min(left)
        return settle(
            5, _PAGES_TOPIC, finding, evidence, f"so on each page; {len(misses) - len(left)} other formulas excluded"
        )
    return leave_open(5, _PAGES_TOPIC, evidence, "the counts and limits do not tell the formulas apart")


def _divide_up(count: int, by: int) -> int:
    return -(-count // by)


_FORMULAS: dict[str, Callable[[_Numbers], int]] = {
    _BY_LIMIT: lambda page: _divide_up(page.total, page.limit),
    _BY_PAGE: lambda page: _divide_up(page.total, min(page.limit, page.longest)),
    "count / limit, rounded down": lambda page: page.total // page.limit,
    "count / limit, rounded down, and one": lambda page: page.total // page.limit + 1,
    "count / default limit, rounded up": lambda page: _divide_up(page.total, DEFAULT_PAGE_SIZE),
    "count / highest limit, rounded up": lambda page: _divide_up(page.total, MAX_PAGE_SIZE),
    "count": lambda page: page.total,
    "one": lambda _: 1,
}


def _is_missing(page: SeenPage, name: str, finding: str) -> bool:
    return name not in page.envelope if finding == "absent" else page.envelope.get(name, 0) is None
