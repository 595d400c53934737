"""Login, token and renewal; also the credentials as a dlt spec.

Reference: "Authentication". Open question 11 says which spellings of token and expiry are met.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dlt.common.configuration.specs import CredentialsConfiguration, configspec
from dlt.common.typing import TSecretStrValue

from liine_source.errors import LoginRefusedError, UnreadableAnswerError

_PREFIX = "bearer "
_LONGEST_LEEWAY = 300.0


@configspec
class LiineCredentials(CredentialsConfiguration):
    """User name and password of a Liine dashboard account (reference, "Authentication").

    Read by dlt from `[sources.liine.credentials]` or `SOURCES__LIINE__CREDENTIALS__…`.
    """

    username: str = None  # type: ignore[assignment]  # dlt: None without Optional means required
    password: TSecretStrValue = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(username=***, password=***)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Login:
    """A login's answer and the server's clock at that moment (`Date` header), both in UTC."""

    answer: dict[str, Any]
    server_time: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A bearer token; `renew_at` is a reading of the monotonic clock, or None where no expiry is known."""

    value: str
    renew_at: float | None

    @property
    def header(self) -> str:
        """The value of the `Authorization` header."""
        return f"{_PREFIX}{self.value}"


class TokenKeeper:
    """Keeps one token for all threads: logs in when there is none, or when it is about to expire.

    `login` performs the request and returns its answer. One login runs at a time, however many threads ask.
    """

    def __init__(self, login: Callable[[], Login], clock: Callable[[], float] = time.monotonic) -> None:
        self._login = login
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._refusal: LoginRefusedError | None = None

    def token(self) -> Token:
        """Return a token that is good for now, after a login if need be.

        Raises LoginRefusedError, without another login, once the credentials have been refused: repeating
        them for each thread could lock the account.
        """
        with self._lock:
            if self._refusal:
                raise self._refusal
            if self._token is None or self._is_due(self._token):
                self._token = self._fresh()
            return self._token

    def refuse(self, token: Token) -> None:
        """Forget `token`, which the API has refused, unless another thread has renewed it already."""
        with self._lock:
            if self._token is token:
                self._token = None

    def _fresh(self) -> Token:
        try:
            return read_token(self._login(), self._clock())
        except LoginRefusedError as refusal:
            self._refusal = refusal
            raise

    def _is_due(self, token: Token) -> bool:
        return token.renew_at is not None and self._clock() >= token.renew_at


def read_token(login: Login, now: float) -> Token:
    """Return the token of a login's answer; `now` is the monotonic clock's reading.

    Raises UnreadableAnswerError where the answer holds no token.
    """
    value = login.answer.get("token")
    if not isinstance(value, str) or not value.strip():
        raise UnreadableAnswerError("Login: the answer holds no token.")
    bare = value.strip()
    if bare.lower().startswith(_PREFIX):
        bare = bare[len(_PREFIX) :].strip()
    return Token(bare, _renewal(login, now))


def _renewal(login: Login, now: float) -> float | None:
    """Expiry is measured on the server's own clock, so that a wrong clock here does no harm."""
    try:
        valid_until = datetime.fromisoformat(str(login.answer.get("valid_until")))
    except ValueError:
        return None
    if valid_until.tzinfo is None:
        valid_until = valid_until.replace(tzinfo=UTC)
    lifetime = (valid_until - (login.server_time or datetime.now(UTC))).total_seconds()
    # An expiry in the past would mean a login before each request; the 401 will tell instead.
    return now + lifetime - min(_LONGEST_LEEWAY, lifetime / 5) if lifetime > 0 else None
