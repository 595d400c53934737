"""One spelling for each phone number, however it was typed."""

import phonenumbers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from liine_source import ConfigurationError
from liine_source.privacy.normalization import list_readings, normalize
from liine_source.settings import resolve_settings

# As digits without a plus, +51 5600 8349 of Peru is written in the same way.
SPELLINGS = [
    "5156008349",
    "(515) 600-8349",
    "(515)600-8349",
    "515-600-8349",
    "515.600.8349",
    "515 600 8349",
    "15156008349",
    "1-515-600-8349",
    "1 (515) 600-8349",
    "+15156008349",
    "+1 (515) 600-8349",
]


@pytest.mark.parametrize("typed", [*SPELLINGS, "tel:+1-515-600-8349", "515\u2013600\u20138349", "515 600 8349 x12"])
def test_number_of_the_country_is_read_first(typed: str) -> None:
    """One in nine valid US numbers would otherwise be read as a number of another country."""
    assert normalize("phone_number", typed, "US") == "+15156008349"


@pytest.mark.parametrize(
    ("typed", "country", "readings"),
    [
        ("(515) 600-8349", "US", ["+15156008349", "+5156008349"]),
        ("15156008349", "US", ["+15156008349"]),
        ("+51 5600 8349", "US", ["+5156008349"]),
        ("5156008349", "PE", ["+5156008349"]),
        ("020 7946 0958", "GB", ["+442079460958"]),
        ("2079460958", "GB", ["+442079460958"]),
        ("442079460958", "US", ["+442079460958"]),
        ("0044 20 7946 0958", "US", ["+442079460958"]),
        ("011 44 20 7946 0958", "US", ["+442079460958"]),
        ("416 555 0123", "US", ["+14165550123"]),
        ("123", "US", ["123"]),
        ("no number", "US", ["no number"]),
        ("UNKNOWN ", "US", ["unknown"]),
    ],
)
def test_readings_of_a_number(typed: str, country: str, readings: list[str]) -> None:
    """The country's own reading comes first; with a plus there is one reading."""
    assert list_readings("phone_number", typed, country) == readings
    assert normalize("phone_number", typed, country) == readings[0]


FORMATS = [
    "{0}{1}{2}",
    "({0}) {1}-{2}",
    "({0}){1}-{2}",
    "{0}-{1}-{2}",
    "{0}.{1}.{2}",
    " {0} {1} {2} ",
    "1{0}{1}{2}",
    "1-{0}-{1}-{2}",
    "1 ({0}) {1}-{2}",
    "+1{0}{1}{2}",
    "+1 ({0}) {1}-{2}",
]


@settings(deadline=None)
@given(st.from_regex(r"[2-9][0-9]{2}", fullmatch=True), st.from_regex(r"[2-9][0-9]{2}[0-9]{4}", fullmatch=True))
def test_every_us_number_has_one_form_in_every_spelling(area: str, local: str) -> None:
    """This holds for any number that is valid in the United States, and its form is E.164."""
    assume(phonenumbers.is_valid_number_for_region(phonenumbers.parse(f"+1{area}{local}"), "US"))
    spellings = [template.format(area, local[:3], local[3:]) for template in FORMATS]
    assert {normalize("phone_number", typed, "US") for typed in spellings} == {f"+1{area}{local}"}


def test_country_must_exist() -> None:
    """Two letters in either case; the error names the setting."""
    arguments = {"customer_ids": [1], "credentials": {"username": "u", "password": "p"}}
    assert resolve_settings(**arguments, phone_country="gb").policy.phone_country == "GB"
    with pytest.raises(ConfigurationError, match="phone_country must be"):
        resolve_settings(**arguments, phone_country="UK")
