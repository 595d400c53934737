"""What happens to personal data: each value kept, hashed or dropped, right after its page is parsed.

Nothing is written before. Which fields are personal is in `spec.fields`; `docs/privacy.md` says what each setting
does and why.
"""

import hmac
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, cast, get_args
from urllib.parse import urlsplit

import phonenumbers

from liine_source import values
from liine_source.errors import ConfigurationError, did_you_mean
from liine_source.rows import Row
from liine_source.spec.fields import FIELDS, FIELDS_BY_NAME
from liine_source.spec.types import Field

Treatment = Literal["keep", "hash", "drop"]
Effect = Literal["kept", "hashed", "hashed to a number", "kept where it fits", "left out"]

# A key that can be guessed hides nothing: a phone number has a few billion neighbours.
_SHORTEST_KEY = 32
# The word that the reference has for a number that is none.
_NO_NUMBER = "unknown"
# Numbers without a country code are taken as from here: the reference gives revenue in US dollars.
_COUNTRY = "US"


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """The secret that hashes are made with, and the name that stands before each of them."""

    secret: bytes
    key_id: str

    def digest(self, text: str) -> str:
        """Return HMAC-SHA-256 of `text` in hexadecimal, after the key's id and a colon."""
        return f"{self.key_id}:{self._digest(text).hex()}"

    def number(self, text: str) -> int:
        """Return 63 bits of the same, for a column that holds numbers."""
        return int.from_bytes(self._digest(text)[:8], "big") >> 1

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self.secret, text.encode("utf-8", "surrogatepass"), "sha256")


def checked_key(secret: str | None, key_id: str) -> Key | None:
    """Return the key, None where there is none; raises ConfigurationError where it cannot be used."""
    if secret is None:
        return None
    if len(secret) < _SHORTEST_KEY:
        raise ConfigurationError(
            f"personal_data_key is too short: take {_SHORTEST_KEY} characters or more, at random, such as from "
            "`python -c 'import secrets; print(secrets.token_hex(32))'`."
        )
    if not key_id.isascii() or not key_id.isalnum() or len(key_id) > 16:
        raise ConfigurationError("personal_data_key_id must be 1 to 16 ASCII letters and digits.")
    return Key(secret.encode(), key_id)


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is done with personal data. `fields` are exceptions by name; `key` is needed where anything is hashed."""

    mode: Treatment = "keep"
    fields: Mapping[str, Treatment] = field(default_factory=dict)
    key: Key | None = None

    @property
    def does_nothing(self) -> bool:
        """Whether every value is loaded as it is."""
        return self.mode == "keep" and not self.fields

    @property
    def fingerprint(self) -> str:
        """What rows of one dataset must have in common; the key is not in it."""
        exceptions = ",".join(f"{name}={treatment}" for name, treatment in sorted(self.fields.items()))
        return f"{self.mode} {exceptions}".strip()

    def effect_on(self, described: Field) -> Effect:
        """Return what becomes of a field's values."""
        treatment = self.fields.get(described.name)
        if treatment is None and described.is_open and self.mode != "keep":
            return "left out"
        if treatment is None:
            treatment = self.mode if described.personal_data != "none" else "keep"
        if treatment == "hash":
            # A measure, or a word of a list, names nobody as long as it is what it should be.
            hashed = "hashed to a number" if described.data_type == "bigint" else "hashed"
            return cast("Effect", hashed if _can_be_hashed(described) else "kept where it fits")
        return "left out" if treatment == "drop" else "kept"


def checked(mode: str, fields: Mapping[str, str] | None, key: Key | None) -> Privacy:
    """Return the settings; raises ConfigurationError where one is wrong, or a key is missing."""
    treatments = get_args(Treatment)
    if mode not in treatments:
        raise ConfigurationError(f"personal_data must be one of {', '.join(treatments)}.")
    exceptions = dict(fields or {})
    for name, treatment in exceptions.items():
        if treatment not in treatments:
            raise ConfigurationError(f"personal_data_fields: {name!r} must be one of {', '.join(treatments)}.")
        described = FIELDS_BY_NAME.get(name)
        if described is None and treatment != "keep":
            raise ConfigurationError(
                f"personal_data_fields: {name!r} is no field of the reference{did_you_mean(name, FIELDS_BY_NAME)}, "
                "so only 'keep' may be asked for it."
            )
        if described is not None and described.is_key and treatment != "keep":
            raise ConfigurationError(f"personal_data_fields: rows are merged by {name!r}, so it must be kept.")
        if described is not None and treatment == "hash" and not _can_be_hashed(described):
            raise ConfigurationError(f"personal_data_fields: {name!r} has no text or number to hash: keep or drop it.")
    privacy = Privacy(cast("Treatment", mode), cast("dict[str, Treatment]", exceptions), key)
    if key is None and (mode == "hash" or "hash" in exceptions.values()):
        raise ConfigurationError(
            "To hash personal data there must be a key: put personal_data_key under [sources.liine] into "
            ".dlt/secrets.toml, or SOURCES__LIINE__PERSONAL_DATA_KEY into the environment. Nothing was requested."
        )
    return privacy


def _can_be_hashed(described: Field) -> bool:
    return described.data_type in {"text", "bigint"} and not described.values and described.shape != "object"


class Treated:
    """Applies the settings to rows, in place. `dropped` counts by field the values that are gone or cut short."""

    def __init__(self, privacy: Privacy, suppressed: "Suppressed | None" = None) -> None:
        self.dropped: Counter[str] = Counter()
        self._suppressed = suppressed or Suppressed()
        self._privacy = privacy
        self._treatments = [] if privacy.does_nothing else list(self._chosen())
        self._pages = {name for name, normalized in _NORMALIZED.items() if normalized is _page}
        self._kept_unknown = {name for name, treatment in privacy.fields.items() if treatment == "keep"}

    @property
    def keeps_raw_values(self) -> bool:
        """Whether a value that fits no column may be kept beside."""
        return self._privacy.mode == "keep"

    def rows(self, rows: Sequence[Row], customer_id: int) -> list[Row]:
        """Return the rows of a customer to load, without those of persons who were erased."""
        kept = [row for row in rows if not self._suppressed.has(row, customer_id)]
        for row in kept if self._treatments else ():
            for name, treat in self._treatments:
                value = getattr(row, name)
                if value is not None:
                    treated = treat(value)
                    setattr(row, name, treated)
                    if treated is None or (name in self._pages and _is_cut(_as_text(value))):
                        self.dropped[name] += 1
            if row.unknown and self._privacy.mode != "keep":
                row.unknown = self._allowed(row.unknown)
        return kept

    def _allowed(self, unknown: Mapping[str, Any]) -> Mapping[str, Any] | None:
        gone = [name for name in unknown if name not in self._kept_unknown]
        # Under one name: a field's own may tell of somebody.
        self.dropped["fields not in the reference"] += sum(unknown[name] is not None for name in gone)
        return {name: value for name, value in unknown.items() if name in self._kept_unknown} or None

    def _chosen(self) -> Iterable[tuple[str, Callable[[Any], Any]]]:
        for described in FIELDS:
            effect = self._privacy.effect_on(described)
            if effect != "kept":
                yield described.name, self._treatment(described, effect)

    def _treatment(self, described: Field, effect: Effect) -> Callable[[Any], Any]:
        if effect == "left out":
            return _dropped
        if effect == "kept where it fits":
            return lambda value: _as_documented(described, value)
        key = cast("Key", self._privacy.key)
        if effect == "hashed to a number":
            return lambda value: key.number(_trimmed(_as_text(value)))
        digest = _text_hash(key, described.name)
        if described.shape == "list":
            return lambda value: list(map(digest, value)) if isinstance(value, list) else None
        return digest


class Suppressed:
    """Persons who were erased, as keyed hashes: none of their rows is loaded again.

    An entry is the kind of identifier, a field's name, and the hash of the customer and the normalised value. Raises
    ConfigurationError where a key is missing that some entry was made with.
    """

    def __init__(self, entries: Iterable[tuple[str, str]] = (), keys: Mapping[str, Key] | None = None) -> None:
        self._by_kind: dict[str, set[str]] = {}
        for kind, digest in entries:
            self._by_kind.setdefault(kind, set()).add(digest)
        ids = {digest.partition(":")[0] for digests in self._by_kind.values() for digest in digests}
        self._keys = [key for name, key in (keys or {}).items() if name in ids]
        if lacking := sorted(ids - {key.key_id for key in self._keys}):
            raise ConfigurationError(
                f"Persons have been erased from this dataset under the key {', '.join(lacking)}, and without it nobody "
                "can tell whom not to load again. Put it under [sources.liine] into .dlt/secrets.toml, as "
                "personal_data_key or below personal_data_old_keys. Nothing was requested."
            )

    @property
    def is_empty(self) -> bool:
        """Whether nobody was erased."""
        return not self._by_kind

    def has(self, row: Row, customer_id: int) -> bool:
        """Whether a row of a customer, as the API gave it, is of a person who was erased."""
        return any(
            digest in digests
            for kind, digests in self._by_kind.items()
            for digest in identified(kind, customer_id, getattr(row, kind), self._keys)
        )


def identified(kind: str, customer_id: int, value: Any, keys: Iterable[Key]) -> list[str]:
    """Return the hashes of an identifier of one customer, one for each key; none where there is no value."""
    if value is None:
        return []
    plain = _normalized(kind, _as_text(value))
    return [key.digest(f"{customer_id}:{plain}") for key in keys] if plain and plain != _NO_NUMBER else []


def hashed(kind: str, value: str, keys: Iterable[Key]) -> list[str]:
    """Return an identifier as its column holds it where it is hashed, one for each key."""
    plain = _normalized(kind, value)
    return [key.digest(plain) for key in keys] if plain and plain != _NO_NUMBER else []


@lru_cache(maxsize=10_000)
def _normalized(kind: str, text: str) -> str:
    return _NORMALIZED.get(kind, _trimmed)(text)


def _dropped(_: Any) -> None:
    return None


def _text_hash(key: Key, kind: str) -> Callable[[Any], str | None]:
    @lru_cache(maxsize=10_000)
    def digest(text: str) -> str | None:
        plain = _normalized(kind, text)
        if plain == _NO_NUMBER and kind == "phone_number":
            # Nobody's: all of them under one hash would be one person.
            return plain
        return key.digest(plain) if plain else None

    return lambda value: None if value is None else digest(_as_text(value))


def _as_text(value: Any) -> str:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        # 20123456.0 is the same number, and the same person.
        value = int(value)
    return value if isinstance(value, str) else values.as_json(value)


def _as_documented(described: Field, value: Any) -> Any:
    try:
        values.converted(value, described.data_type)
    except (values.UnfitError, KeyError):
        return None
    return value if not described.values or value in described.values else None


def _trimmed(text: str) -> str:
    return text.strip()


def _name(text: str) -> str:
    """The same name however it is typed: composed, in small letters, with single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _email(text: str) -> str:
    return text.strip().lower()


def _phone(text: str) -> str:
    """E.164, such as +19195550123; a number that is none keeps its digits, the word for none stays."""
    plain = text.strip()
    if plain.lower() == _NO_NUMBER:
        return _NO_NUMBER
    digits = "".join(c for c in plain if c.isdigit())
    # The reference writes numbers with the country code first, and without a plus; people leave out both.
    spellings = [(plain if plain.startswith("+") else f"+{digits}", None), (plain, _COUNTRY)]
    for is_good in (phonenumbers.is_valid_number, phonenumbers.is_possible_number):
        for spelled, country in spellings:
            try:
                number = phonenumbers.parse(spelled, country)
            except phonenumbers.NumberParseException:
                continue
            if is_good(number):
                return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return digits or plain


def _page(text: str) -> str:
    """An address without what may name somebody: user, query and fragment."""
    try:
        parts = urlsplit(text.strip())
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}".lower() if parts.hostname else ""
    except ValueError:
        return ""


def _is_cut(text: str) -> bool:
    """Whether an address loses something that may name somebody."""
    parts = urlsplit(text.strip())
    return bool(parts.query or parts.fragment or parts.username or parts.password)


_NORMALIZED: dict[str, Callable[[str], str]] = {
    "name": _name,
    "agent": _name,
    "provider_names": _name,
    "city": _name,
    "state": _name,
    "primary_insurance_name": _name,
    "email": _email,
    "phone_number": _phone,
    "initial_landing_url": _page,
    "initial_referrer_url": _page,
    "last_touch_landing_url": _page,
    "last_touch_referrer_url": _page,
}
