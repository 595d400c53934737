"""The faults to inject, and which requests they hit."""

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
    """One kind of failure and the requests for interactions that it affects.

    `next` affects the next n requests, `every` each n-th; without both, every request is affected. `after` spares the
    first n requests, and the others are counted from there. If several bursts affect a request, the first wins.
    """

    kind: Kind = "status"
    """`status`: an error status. `reset`: the connection is reset. `truncated_body`: less than Content-Length promises.
    `truncated_json`: half a document with a matching length. `slow`: the right answer after `delay` seconds.

    With status 200: `html`: a page that is not JSON. `error`: an error message and no page. `empty`: no rows and a
    count of 0. `no_rows`: no rows and the right count. `wrong_count`: the right rows and a count that is wrong by
    `count_off`, but at least 0."""
    status: int = 503
    retry_after: RetryAfter | None = None
    retry_after_seconds: int = 1
    delay: float = 0.0
    count_off: int | None = -1
    """Added to the count; None: `count` is null."""
    next: int = 0
    every: int = 0
    after: int = 0

    def affects(self, number: int) -> bool:
        """Whether this burst affects the `number`-th request, counted from 1."""
        position = number - self.after
        if position < 1:
            return False
        if self.every:
            return position % self.every == 0
        return not self.next or position <= self.next


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """The current faults. Assigning new faults resets all counts."""

    bursts: tuple[Burst, ...] = ()
    latency_ms: float = 0.0
    """The delay of every answer to a request for interactions."""
    rate_limit: int = 0
    """More requests than this in a second get 429; 0: no limit."""
    rate_limit_retry_after: bool = True
    token_lapses: int = 0
    """The next n requests invalidate their token and get 401, even before `valid_until`."""
    revoke_after: int = 0
    """After n requests for interactions, every token issued so far is invalidated, once."""
    login_failures: int = 0
    """The next n logins get `login_failure_status`."""
    login_failure_status: int = 503
    refused_customers: tuple[int, ...] = ()
    """Requests for one of these customers get 403."""
    redirect_to: str | None = None
    """Requests for interactions get status 302 with this URL."""


class FaultSchedule:
    """Counts requests and logins and decides which faults they meet."""

    def __init__(self, faults: Faults, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.faults = faults
        self._monotonic = monotonic
        # Tests share one emulator between the server's thread and their own.
        self._lock = threading.Lock()
        self._requests = 0
        self._logins = 0
        self._recent: deque[float] = deque()

    def count_request(self) -> Burst | None:
        """Count one request for interactions; return the burst that affects it."""
        with self._lock:
            self._requests += 1
            return next((burst for burst in self.faults.bursts if burst.affects(self._requests)), None)

    def has_token_lapsed(self) -> bool:
        """Whether the last counted request must find its token invalid."""
        return self._requests <= self.faults.token_lapses

    def is_revocation_due(self) -> bool:
        """Whether all tokens must be revoked before the last counted request is answered."""
        # Only this one request, so that tokens issued later stay valid.
        return bool(self.faults.revoke_after) and self._requests == self.faults.revoke_after + 1

    def is_login_failing(self) -> bool:
        """Count one login and return whether it must fail."""
        with self._lock:
            self._logins += 1
            return self._logins <= self.faults.login_failures

    def is_too_fast(self) -> bool:
        """Whether one more request exceeds the rate limit. A request that does not is counted."""
        if not self.faults.rate_limit:
            return False
        with self._lock:
            # A sliding second, by real time: the emulator's own clock stands still.
            now = self._monotonic()
            while self._recent and self._recent[0] <= now - 1.0:
                self._recent.popleft()
            if len(self._recent) >= self.faults.rate_limit:
                return True
            self._recent.append(now)
            return False
