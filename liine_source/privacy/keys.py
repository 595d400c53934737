"""The secret key of hashes, its id, and the check value by which another key under the same id is recognized."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from liine_source.errors import ConfigurationError

# A short key can be guessed, and with it every phone number: there are only a few billion.
_MIN_LENGTH = 32
# Of 32 random hexadecimal digits fewer than eight are different once in 28 million times.
_MIN_CHARACTERS = 8
_CHECK_DIGITS = 16
_MAX_ID_LENGTH = 16
_DIGEST = re.compile(r"[A-Za-z0-9]{1,16}:[0-9a-f]{64}")
# An id of one character, a colon and SHA-256 in hexadecimal.
SHORTEST_DIGEST = 66

Purpose = Literal["value", "erased", "check"]
"""What a hash is for: a value in a column, an identifier of an erased person, or the check of a key."""


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """The secret of the hashes, and the id that precedes each of them."""

    secret: bytes
    key_id: str

    def digest(self, purpose: Purpose, *parts: str) -> str:
        """Return HMAC-SHA-256 in hexadecimal, after the key's id and a colon.

        The message is `liine-source`, the purpose and the parts, joined by NUL. Only the last part may have a NUL, so
        other purposes and parts make other messages (docs/privacy.md).
        """
        return f"{self.key_id}:{self._digest(purpose, *parts).hex()}"

    def number(self, purpose: Purpose, *parts: str) -> int:
        """Return 63 bits of the same digest, for a column that holds numbers."""
        return int.from_bytes(self._digest(purpose, *parts)[:8], "big") >> 1

    @property
    def check_value(self) -> str:
        """What the dataset keeps of the key: 64 bits of a digest, which tell keys apart and do not show them."""
        return self._digest("check", self.key_id).hex()[:_CHECK_DIGITS]

    def _digest(self, *parts: str) -> bytes:
        text = "\0".join(("liine-source", *parts))
        return hmac.digest(self.secret, text.encode("utf-8", "surrogatepass"), "sha256")


def is_digest(text: str) -> bool:
    """Whether a text has the form of a hash, under any key."""
    return _DIGEST.fullmatch(text) is not None


def parse_keys(secret: str | None, key_id: str, old_secrets: Mapping[str, str]) -> tuple[Key | None, dict[str, Key]]:
    """Return the current key, None where none is set, and all keys by id.

    Raises ConfigurationError where a key or an id cannot be used.
    """
    current = None if secret is None else _parse_key(secret, key_id, "personal_data_key", "personal_data_key_id")
    keys = {key_id: current} if current else {}
    for old_id, old_secret in old_secrets.items():
        # An id that is wrong may be a key at the wrong place, so it is not quoted.
        old = _parse_key(old_secret, old_id, "personal_data_old_keys", "Each id in personal_data_old_keys")
        if keys.setdefault(old_id, old) is not old:
            raise ConfigurationError(
                f"personal_data_old_keys has a key under the id {old_id}, which is that of personal_data_key. Give the "
                "new key another personal_data_key_id."
            )
    return current, keys


def _parse_key(secret: str, key_id: str, setting: str, id_setting: str) -> Key:
    if not key_id.isascii() or not key_id.isalnum() or len(key_id) > _MAX_ID_LENGTH:
        raise ConfigurationError(f"{id_setting} must be 1 to {_MAX_ID_LENGTH} ASCII letters and digits.")
    if weakness := _find_weakness(secret):
        raise ConfigurationError(
            f"{setting}: the key with the id {key_id} {weakness}. Use at least {_MIN_LENGTH} random characters, for "
            "example from `python -c 'import secrets; print(secrets.token_hex(32))'`. Nothing was requested."
        )
    return Key(secret.encode(), key_id)


def _find_weakness(secret: str) -> str:
    """Return why a key could be guessed, or an empty text."""
    if len(secret) < _MIN_LENGTH:
        return "is too short"
    if len(set(secret)) < _MIN_CHARACTERS:
        return f"has fewer than {_MIN_CHARACTERS} different characters"
    if any(secret[period:] == secret[:-period] for period in range(1, (len(secret) + 1) // 2 + 1)):
        return "repeats a shorter text"
    return ""
