"""Keys: which are refused, and that hashes of different kinds never meet."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liine_source.api.records import build_row
from liine_source.errors import ConfigurationError
from liine_source.privacy.keys import Key, parse_keys
from liine_source.privacy.masking import Masker
from liine_source.privacy.policy import validate_policy
from liine_source.privacy.suppression import SuppressionEntry, SuppressionList
from liine_source.spec.fields import FIELDS

SECRET = "3f9a1c7e5b2d8046a1e9c3b7d5f20864"
KEY = Key(SECRET.encode(), "1")


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ("tiny-secret", "is too short"),
        (SECRET[1:], "is too short"),
        ("k" * 40, "has fewer than 8 different characters"),
        ("ab" * 20, "has fewer than 8 different characters"),
        ("0110100110010110" * 4, "has fewer than 8 different characters"),
        ("0123456789abcdef" * 2, "repeats a shorter text"),
        ("my-clinic-password-my-clinic-password", "repeats a shorter text"),
        ("my-clinic-password!" * 2 + "my", "repeats a shorter text"),
    ],
)
def test_guessable_key_is_refused(secret: str, problem: str) -> None:
    """The error names the setting and the key's id, and does not quote the key."""
    for setting, *keys in (
        ("personal_data_key", secret, "7", {}),
        ("personal_data_old_keys", SECRET, "1", {"7": secret}),
    ):
        with pytest.raises(ConfigurationError, match=f"{setting}: the key with the id 7 {problem}") as caught:
            parse_keys(*keys)
        assert secret not in str(caught.value)


@pytest.mark.parametrize("secret", [SECRET, "correct horse battery staple, said the xkcd", "01234567" + "8" * 24])
def test_key_with_variety_is_accepted(secret: str) -> None:
    """Thirty-two characters, eight of them different, that repeat no shorter text."""
    assert parse_keys(secret, "1", {})[0] == Key(secret.encode(), "1")


@settings(deadline=None)
@given(st.binary(min_size=16, max_size=16))
def test_random_key_is_accepted(random: bytes) -> None:
    """The proposed command never makes a key that is refused, but once in millions of times."""
    if len(set(random.hex())) >= 8 and random[:8] != random[8:]:
        parse_keys(random.hex(), "1", {})


@pytest.mark.parametrize(
    ("key_id", "old_keys", "problem"),
    [
        ("1", {"1": SECRET[::-1]}, "under the id 1, which is that of personal_data_key"),
        (SECRET, {}, "personal_data_key_id must be"),
        ("1", {SECRET[::-1]: "2"}, "Each id in personal_data_old_keys must be"),
    ],
)
def test_wrong_id_is_refused(key_id: str, old_keys: dict[str, str], problem: str) -> None:
    """A key at the place of an id is not quoted."""
    with pytest.raises(ConfigurationError, match=problem) as caught:
        parse_keys(SECRET, key_id, old_keys)
    assert SECRET not in str(caught.value)
    assert SECRET[::-1] not in str(caught.value)


def masked(**fields: Any) -> dict[str, Any]:
    """Return the fields as they are hashed."""
    overrides = {"tracking_number": "hash", "initial_keyword": "hash", "initial_location": "hash"}
    (row,) = Masker(validate_policy("hash", overrides, KEY)).mask([build_row({"id": 1, **fields})], 5)
    return {name: getattr(row, name) for name in fields}


@pytest.mark.parametrize(
    ("value", "joining", "apart"),
    [
        ("19195550123", ["phone_number", "tracking_number"], ["name", "lead_id", "initial_keyword", "city"]),
        ("Ana Lee", ["agent"], ["name", "agent_location_name", "initial_keyword", "city"]),
        ("41448144", ["lead_id"], ["ehr_pms_patient_id", "call_id", "session_guid", "initial_keyword", "phone_number"]),
        ("c-1", ["call_id", "salient_interaction"], ["lead_id", "session_guid"]),
        ("s-1", ["session_guid", "attribution_session_guid"], ["call_id", "google_analytics_client_id"]),
        ("https://a.example/b", ["initial_landing_url", "last_touch_referrer_url"], ["initial_keyword", "name"]),
        ("Implants", ["initial_division", "last_touch_division"], ["initial_keyword", "reason_not_booked"]),
        ("Raleigh", ["initial_location", "appointment_location"], ["city", "agent_location_name"]),
    ],
)
def test_only_values_of_one_kind_have_one_hash(value: str, joining: list[str], apart: list[str]) -> None:
    """A caller's number joins a form's, but no name; an employee's name no patient's; a lead's id no patient's."""
    hashed = masked(**dict.fromkeys([*joining, *apart], value))
    assert len({hashed[name] for name in joining}) == 1
    assert len({hashed[name] for name in [*apart, joining[0]]}) == len(apart) + 1


def test_agent_and_provider_join() -> None:
    """Both are names of employees."""
    hashed = masked(agent="Ana Lee", provider_names=["ana  lee"])
    assert hashed["provider_names"] == [hashed["agent"]]


def test_fields_share_these_kinds() -> None:
    """Whoever adds a field decides whether its values join with others."""
    shared: dict[str, list[str]] = {}
    for field in FIELDS:
        shared.setdefault(field.value_kind, []).append(field.name)
    touches = {name: [f"initial_{name}", f"last_touch_{name}"] for name in TOUCH_ATTRIBUTES}
    assert {kind: names for kind, names in shared.items() if len(names) > 1} == {
        **touches,
        "url": [f"{touch}_{name}_url" for touch in ("initial", "last_touch") for name in ("landing", "referrer")],
        "location": ["initial_location", "last_touch_location", "appointment_location"],
        "phone_number": ["phone_number", "tracking_number"],
        "call_id": ["call_id", "salient_interaction"],
        "session_guid": ["session_guid", "attribution_session_guid"],
        "employee_name": ["agent", "provider_names"],
        "interaction_id": ["booked_later_interaction_id", "id"],
        "form_submission_id": ["related_form_submission_id", "form_submission_id"],
    }


TOUCH_ATTRIBUTES = (
    "marketing_channel",
    "division",
    "keyword",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
)


@settings(deadline=None)
@given(st.sampled_from(["lead_id", "phone_number", "keyword"]), st.text(max_size=60))
def test_no_text_of_a_form_meets_an_erased_identifier(kind: str, text: str) -> None:
    """The purpose precedes whatever a person typed, NUL characters included."""
    entry = KEY.digest("erased", "lead_id", "7", "34")
    for typed in (text, f"7\0{text}", "7\x0034", "erased\0lead_id\x007\x0034", f"liine-source\0{text}"):
        assert KEY.digest("value", kind, typed) != entry


def test_purposes_and_parts_never_make_the_same_message() -> None:
    """Equal texts in other parts, or for another purpose, have other hashes; so does the check of a key."""
    digests = [
        KEY.digest("value", "lead_id", "34"),
        KEY.digest("value", "patient_id", "34"),
        KEY.digest("erased", "lead_id", "7", "34"),
        KEY.digest("erased", "lead_id", "73", "4"),
        KEY.digest("erased", "lead_id", "7", "3\x004"),
        KEY.digest("erased", "patient_id", "7", "34"),
        KEY.digest("check", "1"),
        f"1:{KEY.check_value}",
    ]
    assert all(one != other for one, other in combinations(digests, 2))


def test_erased_identifier_keeps_out_its_own_field_and_customer_only() -> None:
    """A lead with the id of an erased patient, or the same id at another customer, is somebody else."""
    digest = KEY.digest("erased", "patient_id", "7", "34")
    erased = SuppressionList([SuppressionEntry("ehr_pms_patient_id", digest)], {"1": KEY})
    assert erased.has(build_row({"id": 1, "ehr_pms_patient_id": "34"}), 7)
    assert not erased.has(build_row({"id": 1, "ehr_pms_patient_id": "34"}), 8)
    assert not erased.has(build_row({"id": 1, "lead_id": "34", "name": "34"}), 7)


def test_check_value_differs_by_key_and_id() -> None:
    """It is 16 hexadecimal digits, and neither the key nor the beginning of another hash."""
    assert KEY.check_value == Key(SECRET.encode(), "1").check_value
    others = {Key(SECRET[::-1].encode(), "1").check_value, Key(SECRET.encode(), "2").check_value}
    assert KEY.check_value not in others
    assert len(KEY.check_value) == 16
    assert int(KEY.check_value, 16)
