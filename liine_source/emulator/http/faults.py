"""What goes wrong, and when."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "status", "reset", "truncated_body", "truncated_json", "html", "slow", "error", "empty", "no_rows", "wrong_count"
]
RetryAfter = Literal["seconds", "date"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """One kind of failure and the requests for interactions that meet it.

    `next`: the next n of them. `every`: every n-th. `after`: the first n are spared; both count from then on.
    A burst with neither `next` nor `every` strikes every request. The first burst that strikes wins.
    """

    kind: Kind = "status"
    """`truncated_body`: less than Content-Length promises; `truncated_json`: half a document, whole length;
    `html`: a 200 that is no JSON; `slow`: the right answer, after `delay` seconds. A 200 all the same: `error`: what is
    wrong, and no page; `empty`: no row and a count of 0; `no_rows`: no row, the right count; `wrong_count`: the right
    rows, and a count that is `count_off` too high or, below 0, too low, but no less than 0."""
    status: int = 503
    retry_after: RetryAfter | None = None
    retry_after_seconds: int = 1
    delay: float = 0.0
    count_off: int | None = -1
    """None: `count` is null."""
    next: int = 0
    every: int = 0
    after: int = 0

    def strikes(self, number: int) -> bool:
        """Whether the `number`-th request, counted from 1, meets this burst."""
        turn = number - self.after
        if turn < 1:
            return False
        if self.every:
            return turn % self.every == 0
        return not self.next or turn <= self.next


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Everything that goes wrong at present; replacing it starts its counts anew."""

    bursts: tuple[Burst, ...] = ()
    latency_ms: float = 0.0
    """Every answer waits this long."""
    rate_limit: int = 0
    """More requests than this in a second get 429; 0: no limit."""
    rate_limit_retry_after: bool = True
    token_lapses: int = 0
    """The next n requests get 401 and their token is void, however far `valid_until` is."""
    revoke_after: int = 0
    """Once, after n requests for interactions, every token so far is void."""
    login_failures: int = 0
    """The next n logins get `login_failure_status`."""
    login_failure_status: int = 503
    refused_customers: tuple[int, ...] = ()
    """Customers for whom the answer is 403."""
    redirect_to: str | None = None
    """Requests for interactions are redirected to this URL, with status 302."""


class Schedule:
    """Counts requests and says which of them meet which fault."""

    def __init__(self, faults: Faults, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.faults = faults
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._requests = 0
        self._logins = 0
        self._recent: deque[float] = deque()

    def burst(self) -> Burst | None:
        """Count one request for interactions; return the burst that it meets."""
        with self._lock:
            self._requests += 1
            return next((burst for burst in self.faults.bursts if burst.strikes(self._requests)), None)

    def lapses(self) -> bool:
        """Whether the request last counted is to find its token void."""
        return self._requests <= self.faults.token_lapses

    def revokes(self) -> bool:
        """Whether all tokens become void before the request last counted is answered."""
        return bool(self.faults.revoke_after) and self._requests == self.faults.revoke_after + 1

    def login_fails(self) -> bool:
        """Count one login; return whether it fails."""
        with self._lock:
            self._logins += 1
            return self._logins <= self.faults.login_failures

    def is_too_fast(self) -> bool:
        """Count one request against the rate limit, unless it exceeds it."""
        if not self.faults.rate_limit:
            return False
        with self._lock:
            now = self._monotonic()
            while self._recent and self._recent[0] <= now - 1.0:
                self._recent.popleft()
            if len(self._recent) >= self.faults.rate_limit:
                return True
            self._recent.append(now)
            return False
