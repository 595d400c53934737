"""One authenticated session; one page; errors translated.

Reference: "Authentication", "Get Interactions", "Response Structure", "Errors".
"""

import email.utils
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter

from liine_source import errors
from liine_source.auth import LiineCredentials, Login, Token, TokenKeeper
from liine_source.concurrency import Gate
from liine_source.query import Pairs
from liine_source.rows import Row, decoded, envelope
from liine_source.spec import endpoints

log = logging.getLogger(__name__)

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_TOO_MANY = {429, 503}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently a request is sent again; times in seconds.

    The wait doubles from `first_wait` up to `longest_wait`, with full jitter; a `Retry-After` up to
    `longest_retry_after` is honoured in full, a longer one is an error at once.
    """

    attempts: int = 8
    first_wait: float = 0.5
    longest_wait: float = 60.0
    longest_retry_after: float = 300.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


RETRY_POLICY = RetryPolicy()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, and for each part of an answer."""

    connect: float = 10.0
    read: float = 120.0


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the interactions endpoint.

    `rows` holds each interaction as the API gave it. `count` and `limit`
    are None where absent or not whole numbers. `server_time` is the answer's `Date` in UTC, or None.
    """

    rows: list[Row]
    count: int | None
    limit: int | None
    server_time: datetime | None


@dataclass(slots=True)
class Tally:
    """Counts requests, logins among them, and those that were sent again."""

    requests: int = 0
    retries: int = 0

    def add(self, other: "Tally") -> None:
        """Add what another has counted."""
        self.requests += other.requests
        self.retries += other.retries


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer read to its end, decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _ElsewhereError(requests.exceptions.RequestException):
    """A redirect to another host."""


class _SameHostSession(requests.Session):
    """Follows a redirect only to where the token may go (open question 12)."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        if target is not None and _origin(urljoin(resp.url, target)) != _origin(resp.url):
            raise _ElsewhereError(response=resp)
        return target


class LiineClient:
    """A keep-alive session with the API, safe to share between threads.

    At most `connections` requests are under way at once, fewer for a while after a 429 or 503.
    `base_url` must be `https`, unless its host is this machine. Raises ConfigurationError at once if not,
    or if a credential is missing; no request is made before `page` is called.
    """

    def __init__(
        self,
        credentials: LiineCredentials,
        base_url: str = endpoints.HOST,
        *,
        connections: int = 4,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._base_url = checked_base_url(base_url)
        if not credentials.username or not credentials.password:
            raise errors.ConfigurationError(f"No username or password. {errors.LoginRefusedError.remedy}")
        self._credentials = credentials
        self._retry = retry or RETRY_POLICY
        self._timeouts = timeouts or Timeouts()
        self._session = _SameHostSession()
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._session.headers["Accept"] = "application/json"
        self._keeper = TokenKeeper(self._login)
        self._gate = Gate(connections, self._retry.sleep, self._retry.clock)
        self._thread = threading.local()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def page(self, pairs: Pairs, what: str, tally: Tally | None = None) -> Page:
        """Return one page of interactions for the query `pairs`, and add to `tally` what it took.

        `what` names customer and window in an error; the query's values never appear in one. Raises ApiError.
        """
        # The login that a request may need is counted with it, on whichever thread it falls.
        self._thread.tally = tally = tally or Tally()
        return self._with_retries(lambda: self._get_page(pairs, what), tally)

    def _with_retries(self, call: Callable[[], Page], tally: Tally) -> Page:
        def before_sleep(state: tenacity.RetryCallState) -> None:
            tally.retries += 1
            error = state.outcome.exception() if state.outcome else None
            log.info("%s; try %d of %d failed", type(error).__name__, state.attempt_number, self._retry.attempts)

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._is_worth_a_retry),
            wait=self._wait,
            stop=tenacity.stop_after_attempt(self._retry.attempts),
            sleep=self._retry.sleep,
            before_sleep=before_sleep,
            reraise=True,
        )(call)

    def _is_worth_a_retry(self, error: BaseException) -> bool:
        if not isinstance(error, errors.ApiError) or not error.is_retryable:
            return False
        return (error.retry_after or 0.0) <= self._retry.longest_retry_after

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, errors.ApiError) else None
        jittered = tenacity.wait_random_exponential(self._retry.first_wait, self._retry.longest_wait)(state)
        return max(asked or 0.0, jittered)

    def _get_page(self, pairs: Pairs, what: str) -> Page:
        token = self._keeper.token()
        answer = self._get(pairs, token, what)
        if answer.status == 401:
            self._keeper.refuse(token)
            answer = self._get(pairs, self._keeper.token(), what)
        return _read_page(answer, what)

    def _get(self, pairs: Pairs, token: Token, what: str) -> _Answer:
        with self._gate.passed() as number:
            # An auth object, not a header: requests replaces a bare header by what it finds in ~/.netrc.
            answer = self._send("GET", endpoints.INTERACTIONS_PATH, what, params=pairs, auth=_bearer(token))
            if answer.status in _TOO_MANY:
                wait = _retry_after(answer) or 0.0
                self._gate.refused(number, wait if wait <= self._retry.longest_retry_after else 0.0)
            else:
                self._gate.welcomed()
            return answer

    def _login(self) -> Login:
        what = "Login"
        body = {"username": self._credentials.username, "password": str(self._credentials.password)}
        answer = self._send("POST", endpoints.AUTHENTICATE_PATH, what, json=body, auth=_no_auth)
        if answer.status in (400, 401, 403):
            raise errors.LoginRefusedError("Login: the API refused user name or password.", status=answer.status)
        return _read_login(answer)

    def _send(self, method: str, path: str, what: str, **arguments: Any) -> _Answer:
        """Send one request; translate what `requests` raises outside its handler.

        A chained exception would carry the address, and with it the query's values.
        """
        self._thread.tally.requests += 1
        problem, elsewhere = "", False
        try:
            response = self._session.request(
                method,
                self._base_url + path,
                timeout=(self._timeouts.connect, self._timeouts.read),
                stream=True,
                **arguments,
            )
            # Read at once: requests would join it from pieces of 10 KB, which takes longer than parsing.
            return _Answer(response.status_code, response.headers, response.raw.read(decode_content=True))
        except _ElsewhereError:
            elsewhere = True
        except requests.exceptions.Timeout:
            problem = "no answer in time"
        except requests.exceptions.SSLError:
            problem = "the TLS connection could not be made"
        except urllib3.exceptions.ReadTimeoutError:
            problem = "the answer stopped coming"
        except urllib3.exceptions.DecodeError:
            problem = "the compressed answer could not be read"
        except urllib3.exceptions.HTTPError:
            problem = "the answer was cut off"
        except requests.exceptions.ConnectionError:
            problem = "the connection was refused or lost"
        except requests.exceptions.RequestException as error:
            problem = f"the request failed ({type(error).__name__})"
        if elsewhere:
            raise errors.ForeignHostError(f"{what}: the API answered with a redirect to another host.")
        raise errors.NoConnectionError(f"{what}: {problem}.")


def checked_base_url(base_url: str) -> str:
    """Return `base_url` without a trailing slash.

    Raises ConfigurationError unless it is `https`, or `http` on a loopback address.
    """
    parts = urlsplit(base_url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query:
        raise errors.ConfigurationError("base_url must look like https://host, without a user or a query.")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise errors.ConfigurationError(
            "base_url must be https: over http, password and token could be read on the way. "
            "Only this machine (localhost, 127.0.0.1, ::1) may be addressed over http."
        )
    return base_url.rstrip("/")


def host_of(base_url: str) -> str:
    """Return the host that a `base_url` names, with any port but https's; `localhost` for this machine, on any port."""
    parts = urlsplit(base_url)
    if parts.hostname in _LOOPBACK:
        return "localhost"
    return f"{parts.hostname}:{parts.port}" if parts.port not in {None, 443} else str(parts.hostname)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _bearer(token: Token) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = token.header
        return request

    return authorize


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _good(answer: _Answer, what: str) -> bytes:
    """Return the body of a good answer; raise the error of any other."""
    if answer.status != 200:
        raise errors.error_for_status(answer.status, what, _retry_after(answer))
    return answer.body


def _read_page(answer: _Answer, what: str) -> Page:
    try:
        page = envelope(_good(answer, what))
    except ValueError:
        page = None
    if page is None or page.error or (page.interactions is None and _whole(page.count) != 0):
        raise errors.UnreadableAnswerError(f"{what}: the answer is cut off or is no page of interactions.", status=200)
    # Where nothing is counted, `null` is an empty list.
    return Page(page.interactions or [], _whole(page.count), _whole(page.limit), _server_time(answer))


def _read_login(answer: _Answer) -> Login:
    try:
        granted = decoded(_good(answer, "Login"))
    except ValueError:
        granted = None
    if not isinstance(granted, dict):
        raise errors.UnreadableAnswerError("Login: the answer is cut off or is no JSON object.", status=200)
    return Login(granted, _server_time(answer))


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _server_time(answer: _Answer) -> datetime | None:
    """The answer's `Date` header as a UTC instant of whole seconds (RFC 9110, 6.6.1), or None."""
    try:
        return email.utils.parsedate_to_datetime(answer.headers.get("Date", "")).astimezone(UTC)
    except (ValueError, TypeError):
        return None


def _retry_after(answer: _Answer) -> float | None:
    """`Retry-After` in seconds, given as seconds or as a date (RFC 9110, 10.2.3), or None."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        until = email.utils.parsedate_to_datetime(value).astimezone(UTC)
    except (ValueError, TypeError):
        return None
    return max(0.0, (until - (_server_time(answer) or datetime.now(UTC))).total_seconds())
