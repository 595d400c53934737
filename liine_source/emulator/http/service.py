"""The emulated API without a server, and the methods by which tests control it. All of them are thread-safe."""

import hmac
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any

import msgspec

from liine_source.emulator.http.faults import Faults, FaultSchedule
from liine_source.emulator.http.parameters import BadRequestError, Pairs, parse_query
from liine_source.emulator.http.serialization import serialize_rows
from liine_source.emulator.http.tokens import Tokens, format_valid_until
from liine_source.emulator.selection.interpretation import Interpretation
from liine_source.emulator.selection.paging import Page, PageShortener, compute_count, compute_cursor, cut_page
from liine_source.emulator.selection.query import Query
from liine_source.emulator.selection.selector import RowSelector
from liine_source.emulator.synthetic.history import Settings
from liine_source.emulator.synthetic.rows import Row
from liine_source.emulator.synthetic.world import World

# The example of the reference.
USERNAME, PASSWORD = "test", "Test123!"
_MAX_LOGGED_REQUESTS = 100_000
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One logged request. It holds neither password nor token, and `repr` hides the parameters' values."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...]
    has_token: bool
    authorized: bool
    status: int

    def __repr__(self) -> str:
        names = ", ".join(name for name, _ in self.params)
        return f"<{self.method} {self.path} ({names}) {'authorized ' if self.authorized else ''}{self.status}>"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body."""

    status: int
    body: bytes


class Emulator:
    """An emulated API: its data, its clock, its faults and the log of its requests.

    `interpretation` and `faults` may be replaced at any time. `base_url` is empty until a server listens.
    """

    username = USERNAME
    password = PASSWORD

    def __init__(
        self,
        settings: Settings | None = None,
        interpretation: Interpretation | None = None,
        faults: Faults | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.base_url = ""
        self.interpretation = interpretation or Interpretation()
        self.logins = 0
        self._monotonic = monotonic
        self.faults = faults or Faults()
        self._lock = threading.RLock()
        self._world = World(settings or Settings())
        self._selector = RowSelector(self._world.store, self._world.customers)
        self._shortener = PageShortener(self._world.settings.seed)
        self._tokens = Tokens()
        self._log: deque[Request] = deque(maxlen=_MAX_LOGGED_REQUESTS)

    def __len__(self) -> int:
        return len(self._world.store)

    # For tests

    @property
    def faults(self) -> Faults:
        """The current faults. Assigning new faults resets all counts."""
        return self.schedule.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.schedule = FaultSchedule(faults, self._monotonic)

    @property
    def customer_ids(self) -> list[int]:
        """The customers that the user may read."""
        return list(self._world.customers)

    @property
    def settings(self) -> Settings:
        """The settings of the invented data."""
        return self._world.settings

    @property
    def now(self) -> datetime:
        """The time on the emulator's clock, UTC."""
        return self._world.now

    @property
    def requests(self) -> list[Request]:
        """The last 100,000 requests to the API, oldest first: none to `/_emulator` or `/openapi.json`."""
        return list(self._log)

    def zone(self, customer_id: int) -> str:
        """Return the name of a customer's time zone."""
        return self._world.customers[customer_id].zone

    def inactive_agents(self, customer_id: int) -> frozenset[int]:
        """Return the ids of the agents that `agent=inactive` selects."""
        return self._world.customers[customer_id].inactive_agents

    def advance(self, delta: timedelta) -> datetime:
        """Move the clock forward, apply all changes due until then, and return the new time."""
        with self._lock:
            self._world.advance(delta)
            return self._world.now

    def insert(self, customer_id: int, **fields: Any) -> int:
        """Add an interaction and return its id. It starts now unless `start_time_tz` or `start_time` is given."""
        with self._lock:
            return self._world.insert(customer_id, fields).id

    def change(self, row_id: int, *, touch_updated_at: bool = True, **fields: Any) -> None:
        """Set fields of an interaction. Any raw value, `ABSENT` and unknown field names are accepted."""
        with self._lock:
            self._world.change(row_id, fields, touch_updated_at=touch_updated_at)

    def remove(self, row_id: int) -> None:
        """Delete an interaction without a trace."""
        with self._lock:
            self._world.remove(row_id)

    def truth(self, customer_id: int | None = None, *, include_spam: bool = True) -> list[dict[str, Any]]:
        """Return the interactions exactly as the API would send them now, newest first, customer by customer."""
        with self._lock:
            rows = self._select_truth(
                self.customer_ids if customer_id is None else [customer_id], include_spam=include_spam
            )
            serialized = serialize_rows(rows, self.interpretation, self._world.unknown_fields)
            return [msgspec.to_builtins(row) if isinstance(row, Row) else row for row in serialized]

    def revoke_tokens(self) -> None:
        """Invalidate every token issued so far."""
        with self._lock:
            self._tokens.revoke_all()

    def forget_requests(self) -> None:
        """Empty the request log and reset the count of logins."""
        with self._lock:
            self._log.clear()
            self.logins = 0

    # For the routes

    def log_request(self, request: Request) -> None:
        """Append one request to the log."""
        self._log.append(request)

    def login(self, username: object, password: object) -> Answer:
        """Check the credentials and answer with a new token or 401."""
        with self._lock:
            if not (_is_equal(username, self.username) and _is_equal(password, self.password)):
                return refuse(401, "wrong username or password")
            # Failed logins do not count: a test asks how often a client got a token.
            self.logins += 1
            token, until = self._tokens.issue(self.username, self.now, self.interpretation.token_validity)
            valid_until = format_valid_until(until, milliseconds=self.interpretation.valid_until_milliseconds)
            prefix = "bearer " if self.interpretation.token_prefix else ""
            return Answer(200, _encode({"token": prefix + token, "valid_until": valid_until}))

    def authorize(self, authorization: str | None) -> bool:
        """Return whether the header holds a valid token. Faults that invalidate tokens take effect first."""
        with self._lock:
            if self.schedule.is_revocation_due():
                self._tokens.revoke_all()
            if self.schedule.has_token_lapsed():
                self._tokens.revoke(authorization)
            return self._tokens.is_valid(authorization, self.now)

    def interactions(self, pairs: Pairs) -> Answer:
        """Answer a request for interactions whose token is valid."""
        try:
            query = parse_query(pairs)
        except BadRequestError as error:
            return refuse(400, str(error))
        with self._lock:
            refused = set(self.faults.refused_customers)
            if not set(query.customer_ids) <= self._world.customers.keys() - refused:
                return refuse(403, "this user may not read one of the customers")
            return Answer(200, self._answer_page(query))

    def server_time(self) -> datetime:
        """Return the server's time under the interpretation."""
        now = self.now if self.interpretation.date_header == "virtual" else datetime.now(UTC)
        return now + self.interpretation.date_skew

    def date_header(self) -> str | None:
        """Return the `Date` header under the interpretation; None: no header."""
        return None if self.interpretation.date_header == "absent" else format_datetime(self.server_time(), usegmt=True)

    def _answer_page(self, query: Query) -> bytes:
        # A test may replace the interpretation meanwhile; one answer must keep to one.
        interpretation = self.interpretation
        selected = self._selector.select(query, interpretation)
        page = cut_page(selected, query, interpretation, partial(self._shortener.choose_size, interpretation))
        return _encode(self._build_envelope(page, query, interpretation))

    def _build_envelope(self, page: Page, query: Query, interpretation: Interpretation) -> dict[str, Any]:
        total = compute_count(page, interpretation)
        # The keys in the order of the reference's sample answer.
        envelope: dict[str, Any] = {
            "interactions": serialize_rows(page.rows, interpretation, self._world.unknown_fields),
            "limit": query.limit if interpretation.limit_echo == "requested" else page.size,
        }
        if interpretation.count != "absent":
            envelope |= {"count": total, "num_pages": None if total is None else -(-total // page.size)}
        if interpretation.cursor != "absent":
            envelope["pagination_timestamp"] = compute_cursor(page, interpretation, self._world.settings.seed)
        return envelope

    def _select_truth(self, customer_ids: list[int], *, include_spam: bool) -> list[Row]:
        spam = (("include_is_spam_likely", True),) if include_spam else ()
        every = (Query(customer_ids=(customer_id,), filters=spam) for customer_id in customer_ids)
        return [row for query in every for row in reversed(self._selector.select(query, self.interpretation))]


def refuse(status: int, reason: str) -> Answer:
    """Return an error's answer. The reference says only that "additional information is provided"."""
    return Answer(status, _encode({"error": reason}))


def _is_equal(given: object, known: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), known.encode())
