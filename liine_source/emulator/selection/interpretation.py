"""The possible interpretations of the reference as switches; `docs/open-questions.md` lists the questions."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from liine_source.emulator.synthetic.clocks import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """One interpretation of the reference. Every switch can be combined with every other.

    The defaults are the most literal interpretation. Each docstring ends with the number of its open question.
    """

    cursor: Literal["last", "first", "neither", "absent", "null"] = "last"
    """Which row's start the answer gives as `pagination_timestamp`; `neither` is off by up to two hours. 1"""
    cursor_comparison: Literal["strict", "inclusive"] = "strict"
    """Whether the page after a cursor includes rows that start in the cursor's own second. 2"""
    cursor_clock: Clock = "local"
    """The clock of the cursor: `start_time` (local) or `start_time_tz` (UTC). 4"""
    order_clock: Clock = "local"
    """The clock by which rows are sorted, newest first. 4"""
    short_page_every: int = 0
    """Every n-th page, except the last, is short; 0: none. 3"""
    short_page_rows: int | None = None
    """The number of rows on a short page; None: a random number from 1 up. 3"""
    limit_cap: int = 1000
    """The most rows on a page, whatever `limit` asks for. 3"""
    limit_echo: Literal["requested", "effective"] = "requested"
    """Which `limit` the answer gives when the cap is lower. 3"""
    count: Literal["total", "remaining", "page", "absent", "null"] = "total"
    """What `count` counts: all selected rows, those older than the cursor, or those on the page. 5"""
    count_cap: int | None = None
    """The highest `count`, as search engines cap their totals; None: no cap. 5"""
    count_lag: int = 0
    """By how many rows `count` is too low. 5"""
    dates_clock: Clock = "local"
    """The clock of the days `start_date` and `end_date`. 6"""
    end_date: Literal["day", "midnight"] = "day"
    """Whether `end_date` means the end of that day or its first second. 6"""
    updated_date_clock: Clock = "utc"
    """The clock of the day `updated_date`: UTC or the customer's. 6"""
    updated_at: Literal["present", "absent", "some"] = "present"
    """Whether rows have `updated_at`; `some`: every third id lacks it. 7"""
    token_prefix: bool = True
    """Whether the token in the login's answer starts with `bearer `. 11"""
    login_accepts: Literal["both", "json", "form"] = "both"
    """The body formats that the login accepts. 11"""
    token_validity: timedelta = timedelta(hours=1)
    """How long a token is valid on the emulator's clock. 11"""
    valid_until_milliseconds: bool = True
    """Whether `valid_until` has milliseconds. 11"""
    slash: Literal["both", "redirect_to_slash", "redirect_to_no_slash"] = "both"
    """Whether one form of the interactions path redirects to the other, on the same host. 12"""
    fields: Literal["documented", "sample", "unknown"] = "documented"
    """All 84 fields, the 75 of the sample, or 84 and two undocumented ones. 13"""
    nulls: Literal["present", "omitted"] = "present"
    """Whether a field without a value has a key. 13"""
    vocabulary: Literal["documented", "drifted"] = "documented"
    """`drifted`: rows also use the filters' values, the sample's and new ones; filters still select by the documented
    values. 14"""
    types: Literal["documented", "loose", "broken"] = "documented"
    """`loose`: other formats of numbers, booleans and timestamps; `broken`: some values that cannot be parsed. 4, 14"""
    date_header: Literal["virtual", "real", "absent"] = "virtual"
    """The time in the `Date` header: the emulator's clock, this machine's, or none. 8"""
    date_skew: timedelta = timedelta()
    """How far the `Date` header is ahead. 8"""
    gzip: bool = False
    """Whether answers are compressed for clients that accept it. Compression costs more than all other work."""
