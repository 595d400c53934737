"""The ways in which the reference can be read, as switches: see `docs/open-questions.md`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from liine_source.emulator.synthetic.clocks import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """One way of reading the reference; every switch can be combined with every other.

    The defaults are the plainest reading. The number at the end of each line is the open question's.
    """

    cursor: Literal["last", "first", "neither", "absent", "null"] = "last"
    """Which row's start the answer gives as `pagination_timestamp`; `neither` is off by up to two hours. 1"""
    cursor_comparison: Literal["strict", "inclusive"] = "strict"
    """Whether a row that starts in the cursor's own second is on the next page. 2"""
    cursor_clock: Clock = "local"
    """The clock that the cursor is spelled in and compared with: `start_time` or `start_time_tz`. 4"""
    order_clock: Clock = "local"
    """The clock that orders the rows, newest first. 4"""
    short_page_every: int = 0
    """Every n-th page that is not the last comes short; 0: none. 3"""
    short_page_rows: int | None = None
    """How many rows a short page has; None: any number from 1 up. 3"""
    limit_cap: int = 1000
    """The most rows on a page, however many are asked for. 3"""
    limit_echo: Literal["requested", "effective"] = "requested"
    """Which `limit` the answer gives, when the cap was lower. 3"""
    count: Literal["total", "remaining", "page", "absent", "null"] = "total"
    """What `count` counts: all rows of the filter, those older than the cursor, the page's. 5"""
    count_cap: int | None = None
    """The most that `count` says, as search engines cap their totals; None: no cap. 5"""
    count_lag: int = 0
    """How many rows `count` is behind. 5"""
    dates_clock: Clock = "local"
    """The clock whose days `start_date` and `end_date` mean. 6"""
    end_date: Literal["day", "midnight"] = "day"
    """Whether `end_date` means the end of that day or its first second. 6"""
    updated_date_clock: Clock = "utc"
    """The clock whose days `updated_date` means: UTC or the customer's. 6"""
    updated_at: Literal["present", "absent", "some"] = "present"
    """Whether rows carry `updated_at`; `some`: every third id lacks it. 7"""
    token_prefix: bool = True
    """Whether the login's answer begins the token with `bearer `. 11"""
    login_accepts: Literal["both", "json", "form"] = "both"
    """The bodies that the login understands. 11"""
    token_validity: timedelta = timedelta(hours=1)
    """How long a token is good for, by the emulator's clock. 11"""
    valid_until_milliseconds: bool = True
    """Whether `valid_until` has milliseconds. 11"""
    slash: Literal["both", "redirect_to_slash", "redirect_to_no_slash"] = "both"
    """Whether one form of the interactions path redirects to the other, on the same host. 12"""
    fields: Literal["documented", "sample", "unknown"] = "documented"
    """All 84, the sample's 75, or all and two that nobody has heard of. 13"""
    nulls: Literal["present", "omitted"] = "present"
    """Whether a field without a value has a key. 13"""
    vocabulary: Literal["documented", "drifted"] = "documented"
    """`drifted`: values of the filters' lists, the sample's, and new ones. Selection sees the documented. 14"""
    types: Literal["documented", "loose", "broken"] = "documented"
    """`loose`: other spellings of numbers, booleans and timestamps; `broken`: some that mean nothing. 4, 14"""
    date_header: Literal["virtual", "real", "absent"] = "virtual"
    """Whose time the `Date` header gives: the emulator's clock, this machine's, none. 8"""
    date_skew: timedelta = timedelta()
    """How far the `Date` header is ahead. 8"""
    gzip: bool = False
    """Whether an answer is compressed for a client that accepts it. Off: it would cost more than all the rest."""
