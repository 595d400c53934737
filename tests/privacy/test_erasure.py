"""Which rows an erasure meets: every spelling of a number, one customer's lead, both modes."""

import re
from pathlib import Path
from typing import Any

import pytest

from liine_source.api.records import build_row
from liine_source.errors import ConfigurationError
from liine_source.privacy.erasure import ErasedLead, PersonMatcher, StoredIdentifiers, count_by_phone, count_leads
from liine_source.privacy.keys import Key
from liine_source.privacy.masking import Masker
from liine_source.privacy.policy import validate_policy
from liine_source.privacy.suppression import SuppressionList
from tests.privacy.test_normalization import SPELLINGS

KEY = Key(b"3f9a1c7e5b2d8046a1e9c3b7d5f20864", "1")
OLD_KEY = Key(b"b8d40c6f2e917a35d1f08c4e6b7a9253", "0")


def stored(mode: str, key: Key = KEY, **fields: Any) -> StoredIdentifiers:
    """Return a row as the warehouse holds it."""
    names = ("lead_id", "phone_number", "ehr_pms_patient_id")
    given = {"id": 1, "customer_id": 7, **dict.fromkeys(names), **fields}
    customer = given.pop("customer_id")
    (row,) = Masker(validate_policy(mode, {}, key)).mask([build_row(given)], customer)
    return StoredIdentifiers(given["id"], customer, *(getattr(row, name) for name in names))


def matcher(customers: tuple[int, ...] = (7,), country: str = "US", **identifiers: list[str]) -> PersonMatcher:
    """Return what finds the rows, under the current and an old key."""
    return PersonMatcher(identifiers, customers, [KEY, OLD_KEY], country)


@pytest.mark.parametrize("mode", ["keep", "hash"])
@pytest.mark.parametrize("typed", SPELLINGS)
def test_number_is_found_in_every_spelling(mode: str, typed: str) -> None:
    """Rows that were loaded in any spelling are found by any other, and are never loaded again."""
    person = matcher(phone_number=[typed])
    rows = [stored(mode, phone_number=spelling) for spelling in SPELLINGS]
    found = list(person.find(rows))
    assert [one.row for one in found] == rows
    erased = SuppressionList(person.suppression_entries([], KEY), {"1": KEY})
    assert all(erased.has(build_row({"id": 2, "phone_number": spelling}), 7) for spelling in SPELLINGS)
    others = ["15156008340", "+51 5600 8340", "Unknown", None]
    assert list(person.find(stored(mode, phone_number=other) for other in others)) == []
    assert not any(erased.has(build_row({"id": 2, "phone_number": other}), 7) for other in others)


@pytest.mark.parametrize("mode", ["keep", "hash"])
def test_both_readings_of_typed_number_are_erased(mode: str) -> None:
    """Without a plus it may be one of Peru; with a plus it is not, and a row's ten digits are American."""
    american, peruvian = stored(mode, id=1, phone_number="15156008349"), stored(mode, id=2, phone_number="+5156008349")
    cases = {"(515) 600-8349": [american, peruvian], "+51 5600 8349": [peruvian], "+1 515 600 8349": [american]}
    for typed, expected in cases.items():
        person = matcher(phone_number=[typed])
        assert [one.row for one in person.find([american, peruvian])] == expected
        erased = SuppressionList(person.suppression_entries([], KEY), {"1": KEY})
        rows = [build_row({"id": 3, "phone_number": number}) for number in ("15156008349", "+5156008349")]
        assert [erased.has(row, 7) for row in rows] == [american in expected, peruvian in expected]


def test_erased_number_stays_out_after_change_of_country() -> None:
    """An entry is compared in the country with which it was stored."""
    entries = matcher(phone_number=["(919) 555-0123"]).suppression_entries([], KEY)
    british = matcher(country="GB", phone_number=["020 7946 0958"]).suppression_entries([], KEY)
    erased = SuppressionList([*entries, *british], {"1": KEY})
    for number in ("9195550123", "19195550123", "02079460958", "442079460958"):
        assert erased.has(build_row({"id": 1, "phone_number": number}), 7)


@pytest.mark.parametrize("mode", ["keep", "hash"])
def test_rows_under_old_key_are_found(mode: str) -> None:
    """After a change of the key, rows under both keys are the person's."""
    rows = [stored(mode, key, id=number, lead_id="34") for number, key in enumerate([KEY, OLD_KEY])]
    assert [one.row for one in matcher(lead_id=["34"]).find(rows)] == rows
    if mode == "hash":
        unknown = stored(mode, Key(b"5" + KEY.secret[1:], "9"), lead_id="34")
        assert list(matcher(lead_id=["34"]).find([unknown])) == []


def test_entries_hold_the_customer() -> None:
    """The same lead or patient id at another customer is another person, who is loaded."""
    person = matcher(lead_id=["34"], ehr_pms_patient_id=["P-1"])
    found = list(person.find([stored("keep", id=12, lead_id="34")]))
    erased = SuppressionList(person.suppression_entries(found, KEY), {"1": KEY})
    for fields in ({"lead_id": "34"}, {"ehr_pms_patient_id": "P-1"}, {"id": 12}):
        row = build_row({"id": 1, **fields})
        assert (erased.has(row, 7), erased.has(row, 8)) == (True, False)
    swapped = build_row({"id": 1, "lead_id": "P-1", "ehr_pms_patient_id": "34"})
    assert not erased.has(swapped, 7)


def test_found_rows_are_counted_by_customer_and_lead() -> None:
    """A family's phone takes along the others' rows; the numbers show whom, the values do not show."""
    rows = [
        stored("keep", id=1, lead_id="34", phone_number="15156008349", ehr_pms_patient_id="P-1"),
        stored("keep", id=2, lead_id="34"),
        stored("keep", id=3, lead_id="35", phone_number="15156008349", ehr_pms_patient_id="P-2"),
        stored("keep", id=4, lead_id="35", phone_number="15156008349", ehr_pms_patient_id="P-3"),
        stored("keep", id=5, phone_number="15156008349"),
        stored("keep", id=6, customer_id=8, lead_id="34", phone_number="15156008349", ehr_pms_patient_id="P-1"),
        stored("keep", id=7, lead_id="36", phone_number="15156008340", ehr_pms_patient_id="P-4"),
    ]
    found = list(matcher((7, 8), lead_id=["34"], phone_number=["515 600 8349"]).find(rows))
    leads = count_leads(found)
    assert leads == [
        ErasedLead(7, 2, 1, ("lead_id", "phone_number")),
        ErasedLead(7, 2, 2, ("phone_number",)),
        ErasedLead(7, 1, 0, ("phone_number",)),
        ErasedLead(8, 1, 1, ("lead_id", "phone_number")),
    ]
    assert count_by_phone(found) == (4, 4)
    assert not any(value in str(leads) for value in ("34", "35", "5156008349", "P-1", "P-2"))


@pytest.mark.parametrize("typed", ["", " ", "Unknown"])
def test_identifier_without_value_is_refused(typed: str) -> None:
    """It would mean everybody whose number is not known."""
    with pytest.raises(ConfigurationError, match="empty or means an unknown number"):
        matcher(phone_number=["19195550123", typed])


def test_trials_of_the_page_are_tests() -> None:
    """Each row of the table in docs/privacy.md names a test."""
    root = Path(__file__).parents[2]
    named = re.findall(r"^\| .* \| `(test_\w+)` \|$", (root / "docs" / "privacy.md").read_text(), re.MULTILINE)
    files = (root / "tests").rglob("test_*.py")
    defined = {name for path in files for name in re.findall(r"def (test_\w+)", path.read_text())}
    assert len(named) == 11
    assert set(named) <= defined
