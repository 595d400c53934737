"""Sends the probe's requests, at most as many as allowed, and keeps what it needs of each answer."""

from dataclasses import dataclass

from liine_source.api.client import Answer, LiineClient
from liine_source.api.query import Pairs
from liine_source.api.records import parse_json
from liine_source.errors import ApiError, BadRequestError, HostError, LoginRefusedError
from liine_source.probing.seen import SeenPage, read_page
from liine_source.spec.endpoints import AUTHENTICATE_PATH, INTERACTIONS_PATH

# A page long enough to compare rows by, where their times are what matters.
USUAL_LIMIT = 200
# Names the request in an error: without the customer's id, because such a text may be shared.
_CONTEXT = "Probe"
_SPAM = "include_is_spam_likely"


class NoRequestsLeftError(Exception):
    """The probe has sent as many requests as allowed."""


class Wire:
    """Counts the requests of a client, redirects and retries included, and keeps what its answers show.

    `most` is how many may be sent.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.sent = 0
        self.last: Answer | None = None
        self.throttled = 0
        self.throttled_with_wait = 0
        self.redirected_paths: set[str] = set()
        self.logins: list[LoginAnswer] = []

    @property
    def left(self) -> int:
        """How many requests may still be sent."""
        return self.most - self.sent

    def before_request(self) -> None:
        """Count a request; raises NoRequestsLeftError instead of one too many."""
        if self.left <= 0:
            raise NoRequestsLeftError
        self.sent += 1

    def on_answer(self, answer: Answer) -> None:
        """Take note of an answer."""
        self.last = answer
        if answer.status == 429:
            self.throttled += 1
            self.throttled_with_wait += "Retry-After" in answer.headers
        if answer.path == AUTHENTICATE_PATH and answer.status == 200:
            self.logins.append(_read_login(answer))


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """What a login's answer shows: never the token."""

    has_prefix: bool
    has_expiry: bool
    has_milliseconds: bool


def _read_login(answer: Answer) -> LoginAnswer:
    try:
        granted = parse_json(answer.body)
    except ValueError:
        granted = None
    token, until = (granted.get("token"), granted.get("valid_until")) if isinstance(granted, dict) else (None, None)
    has_prefix = isinstance(token, str) and token.strip().lower().startswith("bearer ")
    return LoginAnswer(has_prefix, isinstance(until, str), isinstance(until, str) and "." in until)


class Asker:
    """Asks for pages of one customer. `reserve` requests are kept for later ones."""

    def __init__(self, client: LiineClient, wire: Wire, customer_id: int) -> None:
        self.client = client
        self.wire = wire
        self.pages: list[SeenPage] = []
        self.reserve = 0
        self._customer = ("customer_id", str(customer_id))
        self._path = INTERACTIONS_PATH

    def ask(
        self, *pairs: tuple[str, str], limit: int = USUAL_LIMIT, spam: str | None = "true", path: str | None = None
    ) -> SeenPage | None:
        """Return a page; one without rows and with status 400 where the API refuses the request, None where it fails.

        Raises NoRequestsLeftError, and ApiError where no further request would fare better.
        """
        if self.wire.left <= self.reserve:
            raise NoRequestsLeftError
        query: Pairs = [self._customer, *pairs, *([(_SPAM, spam)] if spam else []), ("limit", str(limit))]
        names = {name for name, _ in pairs}
        try:
            self.client.fetch_page(query, _CONTEXT, path=path or self._path)
        except (HostError, LoginRefusedError):
            raise
        except ApiError as error:
            # Whatever fails the first request fails them all.
            if not self.pages:
                raise
            if isinstance(error, BadRequestError):
                return SeenPage([], {}, limit, is_whole=False, status=400)
            return None
        return self._keep(limit, is_whole=spam == "true" and names <= {"pagination_timestamp"}, path=path)

    def ask_twice(
        self, *pairs: tuple[str, str], limit: int = USUAL_LIMIT, spam: str | None = "true"
    ) -> tuple[SeenPage, SeenPage] | None:
        """Return two answers to the same request; None where one of them failed."""
        first = self.ask(*pairs, limit=limit, spam=spam)
        second = self.ask(*pairs, limit=limit, spam=spam)
        return (first, second) if first and second else None

    def _keep(self, limit: int, *, is_whole: bool, path: str | None) -> SeenPage | None:
        answer = self.wire.last
        if answer is None:
            return None
        if answer.redirects and path is None:
            self.wire.redirected_paths.add(answer.path)
            # The next requests need no redirect.
            self._path = answer.path
        try:
            page = read_page(answer.body, asked_limit=limit, is_whole=is_whole)
        except ValueError:
            return None
        self.pages.append(page)
        return page
