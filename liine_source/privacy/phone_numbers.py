"""Phone numbers as people write them -> E.164, such as +19195550123; imported where one is read."""

import re
from collections.abc import Callable

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

_FIRST_OF_NUMBER = re.compile(r"[+\d]")


def is_country(code: str) -> bool:
    """Whether the phone numbers of a country are known, by its two letters in upper case."""
    return code in phonenumbers.SUPPORTED_REGIONS


def read_phone(text: str, country: str) -> list[str]:
    """Return the numbers that a text may mean in E.164, such as +19195550123.

    Without a plus it is a number of the country first, and then one whose country code lacks the plus, as the reference
    writes them. Text that is no phone number keeps its digits.
    """
    first = _FIRST_OF_NUMBER.search(text)
    number = text[first.start() :] if first else text
    candidates: list[tuple[str, str | None]]
    abroad = f"+{number.removeprefix('00')}"
    candidates = [(number, None)] if number.startswith("+") else [(number, country), (abroad, None)]
    for is_accepted in (phonenumbers.is_valid_number, phonenumbers.is_possible_number):
        found = [known for candidate in candidates if (known := _format_phone(*candidate, is_accepted))]
        if found:
            return list(dict.fromkeys(found))
    return [phonenumbers.normalize_digits_only(text) or text]


def _format_phone(text: str, country: str | None, is_accepted: Callable[[PhoneNumber], bool]) -> str:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if is_accepted(number) else ""
