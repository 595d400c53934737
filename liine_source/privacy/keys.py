"""The secret key of hashes, and its id."""

import hmac
from dataclasses import dataclass

from liine_source.errors import ConfigurationError

# A short key can be guessed, and with it every phone number: there are only a few billion.
_MIN_KEY_LENGTH = 32
# An id of one character, a colon and SHA-256 in hexadecimal.
SHORTEST_DIGEST = 66


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """The secret of the hashes, and the id that precedes each of them."""

    secret: bytes
    key_id: str

    def digest(self, text: str) -> str:
        """Return HMAC-SHA-256 of `text` in hexadecimal, after the key's id and a colon."""
        return f"{self.key_id}:{self._digest(text).hex()}"

    def number(self, text: str) -> int:
        """Return 63 bits of the same digest, for a column that holds numbers."""
        return int.from_bytes(self._digest(text)[:8], "big") >> 1

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self.secret, text.encode("utf-8", "surrogatepass"), "sha256")


def parse_key(secret: str | None, key_id: str) -> Key | None:
    """Return the key, None where none is set; raises ConfigurationError where it cannot be used."""
    if secret is None:
        return None
    if len(secret) < _MIN_KEY_LENGTH:
        raise ConfigurationError(
            f"personal_data_key is too short. Use at least {_MIN_KEY_LENGTH} random characters, for example from "
            "`python -c 'import secrets; print(secrets.token_hex(32))'`."
        )
    if not key_id.isascii() or not key_id.isalnum() or len(key_id) > 16:
        raise ConfigurationError("personal_data_key_id must be 1 to 16 ASCII letters and digits.")
    return Key(secret.encode(), key_id)
