"""How many rows a page has at most, and whether pages come short although more rows follow (3)."""

from collections.abc import Sequence

from liine_source.probing.asking import Asker
from liine_source.probing.clocks import HOUR
from liine_source.probing.experiment import ENOUGH
from liine_source.probing.seen import SeenPage, SeenRow
from liine_source.probing.verdict import Verdict, leave_open, settle
from liine_source.spec.endpoints import MAX_PAGE_SIZE

_LIMIT_TOPIC = "most rows on a page"
_SHORT_TOPIC = "short pages before the last"
_TOO_HIGH = MAX_PAGE_SIZE + 1
_WIDEST_OFFSET = 27 * HOUR


def try_high_limit(asker: Asker) -> tuple[SeenPage, SeenPage] | None:
    """Ask for one row more than the reference allows."""
    return asker.ask_twice(limit=_TOO_HIGH)


def judge_limit(high: tuple[SeenPage, SeenPage] | None, pages: Sequence[SeenPage]) -> Verdict:
    """Return how many rows a page has at most."""
    if high is None:
        return leave_open(3, _LIMIT_TOPIC, "not asked", "no answer to a request above the highest limit")
    lengths = [len(page.rows) for page in high]
    longest = max(len(page.rows) for page in (*high, *pages))
    evidence = f"longest page {longest}; asked for one more than {MAX_PAGE_SIZE}, got {lengths[0]} and {lengths[1]}"
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
    if last.earliest is None:
        return False
    bound = last.earliest - _WIDEST_OFFSET
    return sum(row.latest is not None and row.latest < bound for row in known) >= ENOUGH
