"""Login, token and its renewal; also the credentials as a dlt spec (reference: "Authentication", open question 11)."""

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
_MAX_LEEWAY = 300.0
# Servers refuse longer headers.
_LONGEST_TOKEN = 65_536


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


class TokenCache:
    """One token for all threads, renewed shortly before it expires.

    `login` sends the request and returns its answer. Only one login runs at a time.
    """

    def __init__(self, login: Callable[[], Login], clock: Callable[[], float] = time.monotonic) -> None:
        self._login = login
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._refusal: LoginRefusedError | None = None

    def token(self) -> Token:
        """Return a valid token, after a login where one is needed.

        Once the API has refused the credentials, raises LoginRefusedError without another login: repeating it for
        each thread could lock the account.
        """
        with self._lock:
            if self._refusal:
                raise self._refusal
            if self._token is None or self._is_due(self._token):
                self._token = self._renew()
            return self._token

    def invalidate(self, token: Token) -> None:
        """Forget `token`, which the API refused, unless another thread has renewed it already."""
        with self._lock:
            if self._token is token:
                self._token = None

    def _renew(self) -> Token:
        try:
            return read_token(self._login(), self._clock())
        except LoginRefusedError as refusal:
            self._refusal = refusal
            raise

    def _is_due(self, token: Token) -> bool:
        return token.renew_at is not None and self._clock() >= token.renew_at


def read_token(login: Login, now: float) -> Token:
    """Return the token of a login's answer; `now` is the monotonic clock's reading.

    Raises UnreadableAnswerError where the answer holds no token that can be sent.
    """
    value = login.answer.get("token")
    if not isinstance(value, str) or not value.strip():
        raise UnreadableAnswerError("Login: the answer holds no token.")
    bare = value.strip()
    if bare.lower().startswith(_PREFIX):
        bare = bare[len(_PREFIX) :].strip()
    # Other characters cannot be sent in a header (RFC 6750, 2.1).
    if not (bare.isascii() and bare.isprintable() and " " not in bare and len(bare) <= _LONGEST_TOKEN):
        raise UnreadableAnswerError("Login: the answer's token cannot be sent in a header.")
    return Token(bare, _renewal_time(login, now))


def _renewal_time(login: Login, now: float) -> float | None:
    """Return when to renew; the lifetime is measured by the server's clock, because this machine's may be wrong."""
    text = login.answer.get("valid_until")
    try:
        valid_until = datetime.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        return None
    if valid_until.tzinfo is None:
        valid_until = valid_until.replace(tzinfo=UTC)
    lifetime = (valid_until - (login.server_time or datetime.now(UTC))).total_seconds()
    # With an expiry in the past, wait for a 401: otherwise each request would need a login.
    return now + lifetime - min(_MAX_LEEWAY, lifetime / 5) if lifetime > 0 else None
