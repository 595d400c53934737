"""One spelling for each value that identifies a person, so that the same person always has the same hash."""

import unicodedata
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from liine_source.api import values
from liine_source.errors import ConfigurationError

PHONE_NUMBER = "phone_number"
URL = "url"
"""Two kinds of values (`spec.fields`)."""

NO_NUMBER = "unknown"
"""The reference's word for a phone number that is not known."""

DEFAULT_COUNTRY = "US"
"""Where phone numbers without a country code are from: the reference gives revenue in US dollars."""


@lru_cache(maxsize=10_000)
def normalize(kind: str, text: str, country: str) -> str:
    """Return a value of a kind as it is hashed and compared: equal for every common way to type the same thing.

    `country` is that of phone numbers without a country code.
    """
    if kind == PHONE_NUMBER:
        return _read_phone(text, country)[0]
    normalizer = _NORMALIZERS.get(kind)
    return normalizer(text) if normalizer else text.strip()


def list_readings(kind: str, text: str, country: str) -> list[str]:
    """Return all that a typed value may mean, as `normalize` would return it; the likeliest comes first."""
    return _read_phone(text, country) if kind == PHONE_NUMBER else [normalize(kind, text, country)]


def is_phone(text: str, country: str) -> bool:
    """Whether a text may be a phone number, of the country or with a country code; `unknown` is none."""
    return _read_phone(text, country)[0].startswith("+")


def validate_country(country: str) -> str:
    """Return the country in upper case; raises ConfigurationError where its phone numbers are not known."""
    code = country.upper()
    if code == DEFAULT_COUNTRY:
        return code
    from liine_source.privacy.phone_numbers import is_country  # noqa: PLC0415  as in `_read_phone`

    if not is_country(code):
        raise ConfigurationError("phone_country must be the two letters of a country, such as US.")
    return code


def format_value(value: Any) -> str:
    """Return a JSON value as text; whole numbers without a fraction, whichever way they were sent."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        # 20123456.0 is the same number, and the same person.
        value = int(value)
    return value if isinstance(value, str) else values.to_json(value)


def _read_phone(text: str, country: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain.lower() == NO_NUMBER:
        return [NO_NUMBER]
    # Its metadata take time to import, and most runs read no phone number.
    from liine_source.privacy.phone_numbers import read_phone  # noqa: PLC0415

    return read_phone(plain, country)


def _normalize_name(text: str) -> str:
    """Composed Unicode, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _normalize_email(text: str) -> str:
    return text.strip().lower()


def _normalize_url(text: str) -> str:
    """Without user, query and fragment, which may identify a person."""
    try:
        parts = urlsplit(text.strip())
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}".lower() if parts.hostname else ""
    except ValueError:
        return ""


def is_shortened(text: str) -> bool:
    """Whether normalizing a URL removes a part that may identify a person."""
    parts = urlsplit(text.strip())
    return bool(parts.query or parts.fragment or parts.username or parts.password)


_NORMALIZERS: dict[str, Callable[[str], str]] = {
    "lead_name": _normalize_name,
    "employee_name": _normalize_name,
    "city": _normalize_name,
    "state": _normalize_name,
    "primary_insurance_name": _normalize_name,
    "email": _normalize_email,
    URL: _normalize_url,
}
"""By kind of value; other text is trimmed."""
