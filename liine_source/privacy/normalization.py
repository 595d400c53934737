"""One spelling for each value that identifies a person, so that the same person always has the same hash."""

import unicodedata
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import phonenumbers

from liine_source.api import values

NO_NUMBER = "unknown"
"""The reference's word for a phone number that is not known."""

# Numbers without a country code are from here: the reference gives revenue in US dollars.
_COUNTRY = "US"


@lru_cache(maxsize=10_000)
def normalize(field: str, text: str) -> str:
    """Return a field's value as it is hashed and compared: equal for every common way to type the same thing."""
    normalizer = _NORMALIZERS.get(field)
    return normalizer(text) if normalizer else text.strip()


def format_value(value: Any) -> str:
    """Return a JSON value as text; whole numbers without a fraction, whichever way they were sent."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        # 20123456.0 is the same number, and the same person.
        value = int(value)
    return value if isinstance(value, str) else values.to_json(value)


def _normalize_name(text: str) -> str:
    """Composed Unicode, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _normalize_email(text: str) -> str:
    return text.strip().lower()


def _normalize_phone(text: str) -> str:
    """E.164, such as +19195550123; text that is no phone number keeps its digits, `unknown` stays as it is."""
    plain = text.strip()
    if plain.lower() == NO_NUMBER:
        return NO_NUMBER
    digits = "".join(c for c in plain if c.isdigit())
    # The reference writes the country code without a plus; people leave out both.
    candidates = [(plain if plain.startswith("+") else f"+{digits}", None), (plain, _COUNTRY)]
    for is_accepted in (phonenumbers.is_valid_number, phonenumbers.is_possible_number):
        for candidate, country in candidates:
            try:
                number = phonenumbers.parse(candidate, country)
            except phonenumbers.NumberParseException:
                continue
            if is_accepted(number):
                return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return digits or plain


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
    "name": _normalize_name,
    "agent": _normalize_name,
    "provider_names": _normalize_name,
    "city": _normalize_name,
    "state": _normalize_name,
    "primary_insurance_name": _normalize_name,
    "email": _normalize_email,
    "phone_number": _normalize_phone,
    "initial_landing_url": _normalize_url,
    "initial_referrer_url": _normalize_url,
    "last_touch_landing_url": _normalize_url,
    "last_touch_referrer_url": _normalize_url,
}
URL_FIELDS = frozenset(name for name, normalizer in _NORMALIZERS.items() if normalizer is _normalize_url)
