"""Tokens: JSON web tokens, signed with a secret that each emulator makes for itself."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


def _encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@dataclass(slots=True, repr=False)
class Tokens:
    """The tokens issued so far and how long each is good for."""

    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _valid_until: dict[str, datetime] = field(default_factory=dict)
    _issued: int = 0

    def issue(self, username: str, now: datetime, validity: timedelta) -> tuple[str, datetime]:
        """Return a new token and the moment until which it is good."""
        self._issued += 1
        until = now + validity
        claims = {"sub": username, "jti": self._issued, "exp": int(until.timestamp())}
        signed = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
        signature = hmac.new(self._secret, signed.encode(), hashlib.sha256).digest()
        token = f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
        self._valid_until[token] = until
        return token, until

    def is_good(self, authorization: str | None, now: datetime) -> bool:
        """Whether an `Authorization` header holds a token that is good at `now`."""
        until = self._valid_until.get(_token_of(authorization))
        return until is not None and now < until

    def revoke(self, authorization: str | None) -> None:
        """Make one token void."""
        self._valid_until.pop(_token_of(authorization), None)

    def revoke_all(self) -> None:
        """Make every token so far void."""
        self._valid_until.clear()


def _token_of(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def spelled_until(until: datetime, *, milliseconds: bool) -> str:
    """Spell `valid_until` as the reference's sample does, or without its milliseconds."""
    text = until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{until.microsecond // 1000:03d}Z" if milliseconds else f"{text}Z"
