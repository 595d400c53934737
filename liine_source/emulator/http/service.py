"""The emulated API without HTTP, and what a test does to it. Every method may be called from any thread."""

import hmac
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import msgspec

from liine_source.emulator.http.faults import Faults, Schedule
from liine_source.emulator.http.parameters import BadRequestError, Pairs, query_of
from liine_source.emulator.http.serialization import spelled_rows
from liine_source.emulator.http.tokens import Tokens, spelled_until
from liine_source.emulator.selection.interpretation import Interpretation
from liine_source.emulator.selection.paging import Page, Selections, Shortener, count_of, cursor_of, page_of
from liine_source.emulator.selection.query import Query
from liine_source.emulator.synthetic.history import Settings
from liine_source.emulator.synthetic.rows import Row
from liine_source.emulator.synthetic.world import World

USERNAME, PASSWORD = "test", "Test123!"  # the reference's own example
_KEPT_REQUESTS = 100_000
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as a test may look at it: neither password nor token is kept, and `repr` hides the values."""

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
    """The handle: what the API holds, how it answers, what goes wrong, and what was asked.

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
        self._selections = Selections(self._world.store, self._world.customers)
        self._shortener = Shortener(self._world.settings.seed)
        self._tokens = Tokens()
        self._log: deque[Request] = deque(maxlen=_KEPT_REQUESTS)

    def __len__(self) -> int:
        return len(self._world.store)

    # What a test does

    @property
    def faults(self) -> Faults:
        """What goes wrong at present. Replacing it starts its counts anew."""
        return self.schedule.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.schedule = Schedule(faults, self._monotonic)

    @property
    def customer_ids(self) -> list[int]:
        """The customers whom the user may read."""
        return list(self._world.customers)

    @property
    def settings(self) -> Settings:
        """What was invented."""
        return self._world.settings

    @property
    def now(self) -> datetime:
        """The emulator's clock, UTC."""
        return self._world.now

    @property
    def requests(self) -> list[Request]:
        """Every request so far, oldest first, the last 100,000 at most; those to `/_emulator` are left out."""
        return list(self._log)

    def zone(self, customer_id: int) -> str:
        """The name of a customer's time zone."""
        return self._world.customers[customer_id].zone

    def inactive_agents(self, customer_id: int) -> frozenset[int]:
        """The ids of a customer's agents whom `agent=inactive` finds."""
        return self._world.customers[customer_id].inactive_agents

    def advance(self, delta: timedelta) -> datetime:
        """Move the clock forward and let happen what happens until then; return the new time."""
        with self._lock:
            self._world.advance(delta)
            return self._world.now

    def insert(self, customer_id: int, **fields: Any) -> int:
        """Add an interaction and return its id. Its start is now, unless `start_time_tz` or `start_time` says."""
        with self._lock:
            return self._world.insert(customer_id, fields).id

    def change(self, row_id: int, *, touch_updated_at: bool = True, **fields: Any) -> None:
        """Set fields of an interaction, to any raw value, to `ABSENT`, or under names nobody knows."""
        with self._lock:
            self._world.change(row_id, fields, touch_updated_at=touch_updated_at)

    def remove(self, row_id: int) -> None:
        """Make an interaction vanish, as if it had never been."""
        with self._lock:
            self._world.remove(row_id)

    def truth(self, customer_id: int | None = None, *, include_spam: bool = True) -> list[dict[str, Any]]:
        """The interactions exactly as the API would give them now, newest first, customer after customer."""
        with self._lock:
            rows = self._truth(self.customer_ids if customer_id is None else [customer_id], include_spam=include_spam)
            spelled = spelled_rows(rows, self.interpretation, self._world.unknown_fields)
            return [msgspec.to_builtins(row) if isinstance(row, Row) else row for row in spelled]

    def revoke_tokens(self) -> None:
        """Make every token so far void."""
        with self._lock:
            self._tokens.revoke_all()

    def forget_requests(self) -> None:
        """Empty the log, and count logins from 0."""
        with self._lock:
            self._log.clear()
            self.logins = 0

    # What the routes do

    def log(self, request: Request) -> None:
        """Remember one request."""
        self._log.append(request)

    def login(self, username: object, password: object) -> Answer:
        """Check the credentials; answer with a new token, or 401."""
        with self._lock:
            if not (_same(username, self.username) and _same(password, self.password)):
                return refusal(401, "wrong username or password")
            self.logins += 1
            token, until = self._tokens.issue(self.username, self.now, self.interpretation.token_validity)
            spelled = spelled_until(until, milliseconds=self.interpretation.valid_until_milliseconds)
            prefix = "bearer " if self.interpretation.token_prefix else ""
            return Answer(200, _encode({"token": prefix + token, "valid_until": spelled}))

    def authorizes(self, authorization: str | None) -> bool:
        """Whether the header holds a good token; the faults' lapses happen here."""
        with self._lock:
            if self.schedule.revokes():
                self._tokens.revoke_all()
            if self.schedule.lapses():
                self._tokens.revoke(authorization)
            return self._tokens.is_good(authorization, self.now)

    def interactions(self, pairs: Pairs) -> Answer:
        """Answer a request whose token is good."""
        try:
            query = query_of(pairs)
        except BadRequestError as error:
            return refusal(400, str(error))
        with self._lock:
            refused = set(self.faults.refused_customers)
            if not set(query.customer_ids) <= self._world.customers.keys() - refused:
                return refusal(403, "this user may not read one of the customers")
            return Answer(200, self._page(query))

    def server_time(self) -> datetime:
        """The time that the server believes it is, by the interpretation."""
        now = self.now if self.interpretation.date_header == "virtual" else datetime.now(UTC)
        return now + self.interpretation.date_skew

    def date_header(self) -> str | None:
        """The value of the `Date` header, by the interpretation."""
        return None if self.interpretation.date_header == "absent" else format_datetime(self.server_time(), usegmt=True)

    def _page(self, query: Query) -> bytes:
        interpretation = self.interpretation
        selected = self._selections.rows(query, interpretation)
        page = page_of(
            selected, query, interpretation, lambda left, size: self._shortener.size(interpretation, left, size)
        )
        return _encode(self._envelope(page, query, interpretation))

    def _envelope(self, page: Page, query: Query, interpretation: Interpretation) -> dict[str, Any]:
        total = count_of(page, interpretation)
        envelope: dict[str, Any] = {
            "interactions": spelled_rows(page.rows, interpretation, self._world.unknown_fields),
            "limit": query.limit if interpretation.limit_echo == "requested" else page.size,
        }
        if interpretation.count != "absent":
            envelope |= {"count": total, "num_pages": None if total is None else -(-total // page.size)}
        if interpretation.cursor != "absent":
            envelope["pagination_timestamp"] = cursor_of(page, interpretation, self._world.settings.seed)
        return envelope

    def _truth(self, customer_ids: list[int], *, include_spam: bool) -> list[Row]:
        spam = (("include_is_spam_likely", True),) if include_spam else ()
        every = (Query(customer_ids=(customer_id,), filters=spam) for customer_id in customer_ids)
        return [row for query in every for row in reversed(self._selections.rows(query, self.interpretation))]


def refusal(status: int, reason: str) -> Answer:
    """An error's answer: the reference says only that "additional information is provided"."""
    return Answer(status, _encode({"error": reason}))


def _same(given: object, known: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), known.encode())
