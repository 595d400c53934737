"""What `count` and `num_pages` mean (5), how long a page can be and whether pages come short (3)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from liine_source.extract.cursor import day_of, format_cursor
from liine_source.probing.asking import Asker
from liine_source.probing.clocks import HOUR
from liine_source.probing.cursor import CURSOR
from liine_source.probing.experiment import ENOUGH, compare_answers
from liine_source.probing.seen import SeenPage, SeenRow
from liine_source.probing.verdict import Verdict, leave_open, settle
from liine_source.spec.endpoints import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

_TOPIC = "`count`"
_EXACT_TOPIC = "whether `count` is exact"
_PAGES_TOPIC = "`num_pages`"
_LIMIT_TOPIC = "most rows on a page"
_SHORT_TOPIC = "short pages before the last"
_FEWEST_PAGES = 4
# A few rows more or fewer could have come or gone between two answers.
_FEWEST_EXCLUDED = 3
_FEWEST_NEWER_ROWS = 8
_MOST_NEWER_ROWS = 120
_TOO_HIGH = MAX_PAGE_SIZE + 1
_WIDEST_OFFSET = 27 * HOUR


@dataclass(frozen=True, slots=True)
class CountTrial:
    """Answers to the same request without and with a cursor, for the rows since a day; and pages of one and two rows."""

    tiny: tuple[SeenPage, SeenPage]
    whole: tuple[SeenPage, SeenPage]
    after_cursor: tuple[SeenPage, SeenPage]


def try_counts(asker: Asker, known: Sequence[SeenRow]) -> CountTrial | None:
    """Send the requests that tell meanings of `count` apart; None where the rows do not suffice."""
    one, two = asker.ask(limit=1), asker.ask(limit=2)
    dated = [row for row in known if row.local is not None and row.utc is not None]
    newest = dated[: min(_MOST_NEWER_ROWS, len(dated) // 2)]
    if one is None or two is None or len(newest) < _FEWEST_NEWER_ROWS:
        return None
    # Where days are in the other zone, a few rows more or fewer.
    since = ("start_date", day_of(min(newest[-1].local, newest[-1].utc)).isoformat())  # type: ignore[type-var]  # dated
    middle = newest[len(newest) // 2]
    cursor = (CURSOR, format_cursor(min(middle.local, middle.utc)))  # type: ignore[type-var]  # dated
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
    if differences := _find_page_counts(filled, len(sample.rows)):
        lengths = len({len(page.rows) for page in filled})
        evidence = f"{len(filled)} pages of {lengths} different lengths"
        off = f", less {-differences.pop()}" if differences != {0} else ""
        return settle(5, _TOPIC, "page", evidence, f"the number of rows on each page{off}")
    excluded = _count_excluded(trial)
    counts = [page.number("count") for page in (*trial.whole, *trial.after_cursor)]
    totals = [page.number("count") for page in (*trial.tiny, sample)]
    if None in counts or None in totals or excluded is None:
        return leave_open(5, _TOPIC, f"{len(filled)} pages", "not counted on each page, or the rows changed")
    before, after = [number for number in counts[:2] if number], [number or 0 for number in counts[2:]]
    evidence = f"{len(filled)} pages; a cursor left out {excluded} rows"
    is_steady = len(set(before)) == 1 and len(before) == 2 and len(set(after)) == 1 and len(set(totals)) == 1
    if not is_steady or excluded < _FEWEST_EXCLUDED or len(sample.rows) < _FEWEST_EXCLUDED:
        return leave_open(5, _TOPIC, evidence, "the counts changed meanwhile, or too few rows are left out")
    # A count below another one has met no upper limit.
    is_capped = before[0] >= max(page.number("count") or 0 for page in filled)
    if before[0] == after[0] and not is_capped:
        return settle(5, _TOPIC, "total", evidence, "the same with and without the cursor, and for pages of one row")
    if before[0] - after[0] == excluded:
        return settle(5, _TOPIC, "remaining", evidence, "as many fewer with the cursor; the same for pages of one row")
    return leave_open(5, _TOPIC, evidence, "fits neither a total nor the rows that a cursor leaves")


def _find_page_counts(filled: Sequence[SeenPage], rows: int) -> set[int]:
    """Return the constant by which each count differs from its page's length; empty unless all pages agree."""
    differences = {(page.number("count") or 0) - len(page.rows) for page in filled}
    lengths = {len(page.rows) for page in filled}
    is_counted = all(page.number("count") is not None for page in filled)
    # Other pages may hold all rows that are selected, so that a total is as high.
    has_more = sum(page.is_whole and len(page.rows) == page.asked_limit < rows for page in filled) >= ENOUGH
    return differences if is_counted and len(differences) == 1 and len(lengths) >= 3 and has_more else set()


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
        name: sum(number != formula(count, page.asked_limit, longest) for page, count, number in given)
        for name, formula in _FORMULAS.items()
    }
    left = {name for name, missed in misses.items() if missed < ENOUGH}
    if len(given) < len(filled) or len(given) < _FEWEST_PAGES or any(misses[name] for name in left):
        return leave_open(5, _PAGES_TOPIC, evidence, "not given on each page, or no known formula fits")
    # Where no page was longer than allowed, both give the same numbers.
    if left and left <= {"count / limit, rounded up", "count / longest page, rounded up"}:
        finding = min(left)
        return settle(5, _PAGES_TOPIC, finding, evidence, f"so on each page; {len(misses) - len(left)} others excluded")
    return leave_open(5, _PAGES_TOPIC, evidence, "the counts and limits do not tell the formulas apart")


def _divide_up(count: int, by: int) -> int:
    return -(-count // by)


_FORMULAS: dict[str, Callable[[int, int, int], int]] = {
    "count / limit, rounded up": lambda count, limit, longest: _divide_up(count, limit),
    "count / longest page, rounded up": lambda count, limit, longest: _divide_up(count, min(limit, longest)),
    "count / limit, rounded down": lambda count, limit, longest: count // limit,
    "count / limit, rounded down, and one": lambda count, limit, longest: count // limit + 1,
    "count / default limit, rounded up": lambda count, limit, longest: _divide_up(count, DEFAULT_PAGE_SIZE),
    "count / highest limit, rounded up": lambda count, limit, longest: _divide_up(count, MAX_PAGE_SIZE),
    "count": lambda count, limit, longest: count,
    "one": lambda count, limit, longest: 1,
}


def try_high_limit(asker: Asker) -> tuple[SeenPage, SeenPage] | None:
    """Ask for one row more than the reference allows."""
    return asker.ask_twice(limit=_TOO_HIGH)


def judge_limit(high: tuple[SeenPage, SeenPage] | None, pages: Sequence[SeenPage]) -> Verdict:
    """Return how many rows a page has at most."""
    if high is None:
        return leave_open(3, _LIMIT_TOPIC, "not asked", "no answer to a request above the highest limit")
    lengths = [len(page.rows) for page in high]
    longest = max(len(page.rows) for page in (*high, *pages))
    evidence = f"longest page {longest}; asked for {_TOO_HIGH}, got {lengths[0]} and {lengths[1]}"
    if all(page.status == 400 for page in high):
        return settle(3, _LIMIT_TOPIC, "refused above 1000", evidence, "the request was refused twice")
    if min(lengths) > MAX_PAGE_SIZE:
        return settle(3, _LIMIT_TOPIC, "not capped at 1000", evidence, "both pages have more rows")
    full = [page for page in pages if page.asked_limit == MAX_PAGE_SIZE and len(page.rows) == MAX_PAGE_SIZE]
    others = {row.id for page in pages for row in page.rows} - high[0].ids - high[1].ids
    if lengths == [MAX_PAGE_SIZE] * 2 and len(full) >= ENOUGH and len(others) >= ENOUGH:
        reason = "full pages for both limits, though more rows exist"
        return settle(3, _LIMIT_TOPIC, str(MAX_PAGE_SIZE), evidence, f"{reason}{_describe_echo(high)}")
    echoes = {page.number("limit") for page in high}
    if len(echoes) == 1 and (echo := echoes.pop()) and longest <= echo < _TOO_HIGH and _is_echo_steady(echo, pages):
        return settle(3, _LIMIT_TOPIC, str(echo), evidence, "the answers state this limit, and no page is longer")
    return leave_open(3, _LIMIT_TOPIC, evidence, "too few rows, or short pages: a lower limit could not be told apart")


def _is_echo_steady(echo: int, pages: Sequence[SeenPage]) -> bool:
    """Whether each answer states the requested limit, or the highest one where that is lower."""
    return all(page.number("limit") == min(page.asked_limit, echo) for page in pages)


def _describe_echo(high: tuple[SeenPage, SeenPage]) -> str:
    echoes = {page.number("limit") for page in high}
    if echoes == {MAX_PAGE_SIZE}:
        return "; `limit` states the effective one"
    return "; `limit` repeats the requested one" if echoes == {_TOO_HIGH} else ""


def judge_short_pages(pages: Sequence[SeenPage], known: Sequence[SeenRow]) -> Verdict:
    """Return whether pages come short although more rows follow (3)."""
    longest = max((len(page.rows) for page in pages), default=0)
    open_pages = [page for page in pages if page.is_whole and page.rows and _has_older(page.rows[-1], known)]
    short = [page for page in open_pages if len(page.rows) < min(page.asked_limit, longest)]
    evidence = f"{len(open_pages)} pages with known rows after them, {len(short)} short"
    if len(short) >= ENOUGH:
        return settle(3, _SHORT_TOPIC, "occur", evidence, "fewer rows than asked for and than other pages have")
    return leave_open(3, _SHORT_TOPIC, evidence, "a later page may come short")


def _has_older(last: SeenRow, known: Sequence[SeenRow]) -> bool:
    """Whether known rows are so much older that they follow on whichever clock."""
    if last.local is None or last.utc is None:
        return False
    local, utc = last.local - _WIDEST_OFFSET, last.utc - _WIDEST_OFFSET
    older = (row for row in known if row.local is not None and row.utc is not None)
    return sum(row.local < local and row.utc < utc for row in older) >= ENOUGH  # type: ignore[operator]  # just checked


def _is_missing(page: SeenPage, name: str, finding: str) -> bool:
    return name not in page.envelope if finding == "absent" else page.envelope.get(name, 0) is None


