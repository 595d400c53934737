"""JSON web tokens, signed with a secret of each emulator."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


def _encode(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@dataclass(slots=True, repr=False)
class Tokens:
    """The issued tokens and their expiry. A token that was not issued here is invalid, whatever its signature."""

    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _valid_until: dict[str, datetime] = field(default_factory=dict)
    _issued: int = 0

    def issue(self, username: str, now: datetime, validity: timedelta) -> tuple[str, datetime]:
        """Return a new token and its expiry."""
        self._issued += 1
        until = now + validity
        # The counter makes two tokens of one second differ.
        claims = {"sub": username, "jti": self._issued, "exp": int(until.timestamp())}
        signed = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(claims)}"
        signature = hmac.new(self._secret, signed.encode(), hashlib.sha256).digest()
        token = f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
        self._valid_until[token] = until
        return token, until

    def is_valid(self, authorization: str | None, now: datetime) -> bool:
        """Whether an `Authorization` header holds a token that is valid at `now`."""
        until = self._valid_until.get(_parse_token(authorization))
        return until is not None and now < until

    def revoke(self, authorization: str | None) -> None:
        """Invalidate the token of an `Authorization` header."""
        self._valid_until.pop(_parse_token(authorization), None)

    def revoke_all(self) -> None:
        """Invalidate every token issued so far."""
        self._valid_until.clear()


def _parse_token(authorization: str | None) -> str:
    # RFC 9110, section 11.1: a scheme is case-insensitive.
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def format_valid_until(until: datetime, *, milliseconds: bool) -> str:
    """Format `valid_until` as the reference's sample does, or without its milliseconds."""
    text = until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{until.microsecond // 1000:03d}Z" if milliseconds else f"{text}Z"
