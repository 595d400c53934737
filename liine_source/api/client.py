"""Requests to the API: one authenticated session, a page at a time, with retries (reference: "Get Interactions")."""

import email.utils
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
import urllib3

from liine_source import errors
from liine_source.api import failures, values
from liine_source.api.answers import AnswerLimits, BoundedAdapter, OversizedAnswerError, read_body, time_limit
from liine_source.api.auth import LiineCredentials, Login, Token, TokenCache
from liine_source.api.hosts import validate_base_url
from liine_source.api.outage import OutageDetector
from liine_source.api.query import Pairs
from liine_source.api.rate_limit import AdaptiveLimiter
from liine_source.api.records import Row, TooManyObjectsError, parse_json, parse_page
from liine_source.spec import endpoints

log = logging.getLogger(__name__)
waits = logging.getLogger("liine_source.waits")
"""The command line shows it even where no log is asked for."""

_THROTTLED = {429, 503}
_REFUSED_LOGIN = {400, 401, 403}
# The forms of a path need one; requests follows thirty.
_MAX_REDIRECTS = 5
# Shorter waits are not worth a line.
_LONG_WAIT_SECONDS = 10.0
_TOO_MANY_OBJECTS = "the answer has more than 100,000 objects, which would fill the memory."
# A clock before or after these years is wrong. With one that is far ahead the watermark could pass every later change.
_YEARS = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request is sent again, and how long to wait before; times in seconds.

    The wait doubles from `first_wait` up to `longest_wait`, with full jitter. A `Retry-After` up to
    `longest_retry_after` is waited for in full; a longer one is an error at once.
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
    """Seconds to wait for a connection, and between two parts of an answer."""

    connect: float = 10.0
    read: float = 120.0


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the interactions endpoint.

    `rows` are the interactions as received. `count` and `limit` are None where absent or not whole numbers.
    `server_time` is the answer's `Date` header in UTC, or None.
    """

    rows: list[Row]
    count: int | None
    limit: int | None
    server_time: datetime | None


@dataclass(slots=True)
class RequestStats:
    """Counts requests, logins included, and retries."""

    requests: int = 0
    retries: int = 0

    def add(self, other: "RequestStats") -> None:
        """Add the counts of another."""
        self.requests += other.requests
        self.retries += other.retries


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """An answer with its whole body, decompressed; `path` is the one that gave it, after so many `redirects`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    path: str = ""
    redirects: int = 0


class ExchangeListener(Protocol):
    """Follows the requests and answers of a client, on all its threads."""

    def before_request(self) -> None:
        """Take note of a request that is about to be sent, redirects and retries included; may raise to prevent it."""

    def on_answer(self, answer: Answer) -> None:
        """Take note of an answer with its whole body, whatever its status."""


class _SameHostSession(requests.Session):
    """Follows a few redirects, and within the host only: the token must not leave it (open question 12)."""

    def __init__(self) -> None:
        super().__init__()
        self.max_redirects = _MAX_REDIRECTS

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        try:
            target = super().get_redirect_target(resp)
            is_foreign = target is not None and _origin(urljoin(resp.url, target)) != _origin(resp.url)
        except ValueError:
            # A port that is no number, an open bracket, bytes that are no text.
            raise failures.UnusableRedirectError(response=resp) from None
        if is_foreign:
            raise failures.ForeignRedirectError(response=resp)
        return target


class LiineClient:
    """A keep-alive session with the API, safe to share between threads.

    At most `connections` requests run at once, fewer for a while after a 429 or 503. `base_url` must be `https`,
    unless its host is this machine. Raises ConfigurationError at once if it is not, or if a credential is missing;
    the first request is made by `fetch_page`.
    """

    def __init__(
        self,
        credentials: LiineCredentials,
        base_url: str = endpoints.HOST,
        *,
        connections: int = 4,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        limits: AnswerLimits | None = None,
        listener: ExchangeListener | None = None,
        on_wait: Callable[[str, float], None] | None = None,
    ) -> None:
        self._base_url = validate_base_url(base_url)
        if not credentials.username or not credentials.password:
            raise errors.ConfigurationError(f"No username or password. {errors.LoginRefusedError.remedy}")
        self._credentials = credentials
        self._retry = retry or RETRY_POLICY
        self._timeouts = timeouts or Timeouts()
        self._limits = limits or AnswerLimits()
        self._on_wait = on_wait or _log_wait
        self._session = _SameHostSession()
        # Password and token would be readable for a proxy; over https it only passes them on.
        self._session.trust_env = self._base_url.startswith("https:")
        self._listener = listener
        before_send = listener.before_request if listener else None
        adapter = BoundedAdapter(before_send, pool_connections=1, pool_maxsize=connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._session.headers["Accept"] = "application/json"
        self._tokens = TokenCache(self._login)
        self._outage = OutageDetector()
        self._has_answered = False
        self._limiter = AdaptiveLimiter(connections, self._retry.sleep, self._retry.clock)
        self._thread = threading.local()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def fetch_page(
        self,
        pairs: Pairs,
        context: str,
        stats: RequestStats | None = None,
        *,
        path: str = endpoints.INTERACTIONS_PATH,
    ) -> Page:
        """Return one page of interactions for the query `pairs`, and count its requests in `stats`.

        `context` names customer and window in an error, which never holds a value of the query. Raises ApiError.
        """
        # A login counts with the request that needs it, on whichever thread that is.
        self._thread.stats = stats = stats or RequestStats()
        self._outage.require_no_outage(context)
        try:
            page = self._with_retries(lambda: self._get_page(pairs, context, path), stats)
        except errors.ApiError as error:
            self._outage.on_failure(error)
            raise
        self._outage.on_success()
        return page

    def try_form_login(self) -> bool:
        """Return whether the API accepts a login as a form (open question 11); the token is not used.

        Raises ApiError where the answer tells neither.
        """
        self._thread.stats = RequestStats()
        answer = self._send("POST", endpoints.AUTHENTICATE_PATH, "Login", data=self._login_body(), auth=_no_auth)
        if answer.status in _REFUSED_LOGIN:
            return False
        return bool(_read_login(answer).answer.get("token"))

    def _with_retries(self, call: Callable[[], Page], stats: RequestStats) -> Page:
        def before_sleep(state: tenacity.RetryCallState) -> None:
            stats.retries += 1
            error = state.outcome.exception() if state.outcome else None
            seconds = state.next_action.sleep if state.next_action else 0.0
            numbers = (type(error).__name__, state.attempt_number, self._retry.attempts, seconds)
            log.info("%s; try %d of %d failed, the next is in %.1f s", *numbers)
            self._on_wait(_waits_for(error), seconds)

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._is_retryable),
            wait=self._wait,
            stop=tenacity.stop_after_attempt(self._retry.attempts),
            sleep=self._retry.sleep,
            before_sleep=before_sleep,
            reraise=True,
        )(call)

    def _is_retryable(self, error: BaseException) -> bool:
        if not isinstance(error, errors.ApiError) or not error.is_retryable:
            return False
        if self._outage.is_known(error):
            return False
        return (error.retry_after or 0.0) <= self._retry.longest_retry_after

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, errors.ApiError) else None
        jittered = tenacity.wait_random_exponential(self._retry.first_wait, self._retry.longest_wait)(state)
        return max(asked or 0.0, jittered)

    def _get_page(self, pairs: Pairs, context: str, path: str) -> Page:
        token = self._tokens.token()
        answer = self._get(pairs, token, context, path)
        if answer.status == 401:
            self._tokens.invalidate(token)
            answer = self._get(pairs, self._tokens.token(), context, path)
        return _read_page(answer, context)

    def _get(self, pairs: Pairs, token: Token, context: str, path: str) -> Answer:
        with self._limiter.acquire() as number:
            # An auth object, not a header: requests replaces a bare header by what it finds in ~/.netrc.
            answer = self._send("GET", path, context, params=pairs, auth=_bearer(token))
            if answer.status in _THROTTLED:
                wait = _retry_after(answer) or 0.0
                self._limiter.on_throttled(number, wait if wait <= self._retry.longest_retry_after else 0.0)
            else:
                self._limiter.on_success()
            return answer

    def _login(self) -> Login:
        answer = self._send("POST", endpoints.AUTHENTICATE_PATH, "Login", json=self._login_body(), auth=_no_auth)
        if answer.status in _REFUSED_LOGIN:
            raise errors.LoginRefusedError("Login: the API refused user name or password.", status=answer.status)
        return _read_login(answer)

    def _login_body(self) -> dict[str, str]:
        return {"username": self._credentials.username, "password": str(self._credentials.password)}

    def _send(self, method: str, path: str, context: str, **arguments: Any) -> Answer:
        """Send one request. Errors of `requests` are translated without chaining: they quote the query's values."""
        self._thread.stats.requests += 1
        try:
            answer = self._exchange(method, self._base_url + path, context, **arguments)
        except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
            failure = failures.explain_failure(error, context)
        else:
            if self._listener:
                self._listener.on_answer(answer)
            return answer
        if isinstance(failure, errors.UnknownHostError) and self._has_answered:
            # The name was known a while ago.
            failure = errors.NoConnectionError(f"{context}: {failures.UNRESOLVED}.")
        raise failure

    def _exchange(self, method: str, url: str, context: str, **arguments: Any) -> Answer:
        """Send one request and read its answer within the limits; raises what `requests` does, and ApiError."""
        limits, began, is_oversized = self._limits, time.monotonic(), False
        timeouts = (self._timeouts.connect, self._timeouts.read)
        try:
            with time_limit(limits.seconds):
                response = self._session.request(method, url, timeout=timeouts, stream=True, **arguments)
                self._has_answered = True
                path, redirects = urlsplit(response.url).path, len(response.history)
                found = Answer(response.status_code, response.headers, read_body(response, limits), path, redirects)
                seconds = time.monotonic() - began
                log.debug("%s: answer %d, %d bytes in %.2f s.", context, found.status, len(found.body), seconds)
                return found
        except OversizedAnswerError:
            is_oversized = True
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError):
            if time.monotonic() - began < limits.seconds:
                raise
        if is_oversized:
            problem = f"the answer has more than {limits.megabytes} MB, the most that max_answer_mb allows"
            raise errors.AnswerTooLargeError(f"{context}: {problem}.")
        raise errors.AnswerTooSlowError(f"{context}: the answer had not ended after {limits.seconds} seconds.")


def require_known_host(base_url: str) -> None:
    """Raise UnknownHostError where the host of a `base_url` does not exist; a proxy would look the name up itself."""
    parts, is_known = urlsplit(base_url), True
    if requests.utils.get_environ_proxies(base_url):
        return
    try:
        socket.getaddrinfo(parts.hostname, parts.port or 443)
    except OSError as error:
        is_known = error.errno not in failures.UNKNOWN_HOST
    if not is_known:
        raise failures.unknown_host()


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


def _require_ok(answer: Answer, context: str) -> bytes:
    """Return the body; raise the error of a status other than 200."""
    if answer.status != 200:
        raise errors.error_for_status(answer.status, context, _retry_after(answer))
    return answer.body


def _read_page(answer: Answer, context: str) -> Page:
    try:
        page = parse_page(_require_ok(answer, context))
    except TooManyObjectsError:
        raise errors.AnswerTooLargeError(f"{context}: {_TOO_MANY_OBJECTS}") from None
    except ValueError:
        page = None
    if page is None or page.error or (page.interactions is None and _parse_count(page.count) != 0):
        raise errors.UnreadableAnswerError(
            f"{context}: the answer is cut off or not a page of interactions.", status=200
        )
    # Where nothing is counted, `null` is an empty list.
    return Page(page.interactions or [], _parse_count(page.count), _parse_count(page.limit), _server_time(answer))


def _read_login(answer: Answer) -> Login:
    try:
        granted = parse_json(_require_ok(answer, "Login"))
    except TooManyObjectsError:
        raise errors.AnswerTooLargeError(f"Login: {_TOO_MANY_OBJECTS}") from None
    except ValueError:
        granted = None
    if not isinstance(granted, dict):
        raise errors.UnreadableAnswerError("Login: the answer is cut off or is no JSON object.", status=200)
    return Login(granted, _server_time(answer))


def _parse_count(value: Any) -> int | None:
    """Return a count; None where it is no whole number, or one that no column can hold."""
    try:
        count: int | None = values.convert(value, "bigint")
    except values.ConversionError:
        return None
    return count if count is not None and count >= 0 else None


def _server_time(answer: Answer) -> datetime | None:
    """The answer's `Date` header as a UTC instant of whole seconds (RFC 9110, 6.6.1), or None."""
    moment = _parse_date(answer.headers.get("Date", ""))
    return moment if moment and moment.year in _YEARS else None


def _parse_date(text: str) -> datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _waits_for(error: BaseException | None) -> str:
    """Return why the next try waits; the seconds are to follow."""
    if isinstance(error, errors.ApiError):
        if error.retry_after:
            return "API asks to wait"
        if error.status:
            return f"API answers with {error.status}, next try in"
    return "no usable answer of the API, next try in"


def _log_wait(reason: str, seconds: float) -> None:
    if seconds >= _LONG_WAIT_SECONDS:
        waits.warning("%s %d s", reason, round(seconds))


def _retry_after(answer: Answer) -> float | None:
    """`Retry-After` in seconds, given as seconds or as a date (RFC 9110, 10.2.3), or None."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    if (until := _parse_date(value)) is None:
        return None
    return max(0.0, (until - (_server_time(answer) or datetime.now(UTC))).total_seconds())
