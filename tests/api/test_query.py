"""Filters: validation before any request, and encoding into the query."""

from datetime import date
from typing import Any, get_type_hints

import pytest

from liine_source.api.query import (
    Filters,
    describe_filters,
    encode_filters,
    fingerprint_selection,
    kept_lead_rows,
    validate_filters,
)
from liine_source.documentation import page
from liine_source.errors import FilterError
from liine_source.spec.filters import FILTERS


def test_filters_type_has_every_filter() -> None:
    """The TypedDict has the reference's 69 filters in its order."""
    assert list(get_type_hints(Filters)) == [parameter.name for parameter in FILTERS]
    assert len(FILTERS) == 69


INVALID = [
    ({"colour": "red"}, f"Filter 'colour' is unknown. The 69 filters are in {page('filters')}."),
    ({"customer_id": 5}, f"Filter 'customer_id' is unknown. The 69 filters are in {page('filters')}."),
    ({"agent": [1], "agents": "1,2"}, "Filters 'agent' and 'agents' exclude each other: give one of them."),
    (
        {"search": 919123},
        "Filter 'search' was given a value of type int: it must be text that is not empty.",
    ),
    (
        {"duration_min": "60"},
        "Filter 'duration_min' was given a value of type str: it must be a number.",
    ),
    ({"duration_min": True}, "Filter 'duration_min' was given a value of type bool: it must be a number."),
    ({"duration_min": float("nan")}, "Filter 'duration_min' was given a value of type float: it must be a number."),
    ({"business_hours": "true"}, "Filter 'business_hours' was given a value of type str: it must be a boolean."),
    (
        {"type": "call"},
        "Filter 'type' was given a value of type str: it must be a list with at least one value.",
    ),
    ({"type": []}, "Filter 'type' was given a value of type empty list: it must be a list with at least one value."),
    (
        {"list": "all"},
        "Filter 'list' was given a value of type str: it must be one of 'first_time_interactions', 'verified_new'.",
    ),
    (
        {"intent_level": [None]},
        (
            "Filter 'intent_level' was given a value of type NoneType: each value must be one of '3rd Party', "
            "'Not 3rd Party'."
        ),
    ),
    (
        {"agent": ["retired"]},
        "Filter 'agent' was given a value of type str: each value must be an integer or 'null' or 'inactive'.",
    ),
    (
        {"direction": ["sideways"]},
        "Filter 'direction' was given a value of type str: each value must be one of 'inbound', 'outbound', 'null'.",
    ),
    (
        {"analytics_methodology": "attribution"},
        "Filter 'analytics_methodology' was given a value of type str: it must be one of 'conversion'.",
    ),
]


@pytest.mark.parametrize(("filters", "message"), INVALID)
def test_invalid_filter_is_named_without_its_value(filters: dict[str, Any], message: str) -> None:
    """The message names the filter, the value's type and what is allowed, but not the value."""
    with pytest.raises(FilterError) as caught:
        validate_filters(filters)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("filters", "pairs"),
    [
        ({}, [("include_is_spam_likely", "true")]),
        ({"include_is_spam_likely": True}, [("include_is_spam_likely", "true")]),
        ({"include_is_spam_likely": False}, []),
        (
            {"include_is_spam_likely": False, "agent": [3, "inactive", None]},
            [("agent", "3"), ("agent", "inactive"), ("agent", "null")],
        ),
        (
            {"include_is_spam_likely": False, "agents": "3,4", "duration_min": 60.0, "revenue_max": 99.5},
            [("agents", "3,4"), ("duration_min", "60"), ("revenue_max", "99.5")],
        ),
        (
            {"include_is_spam_likely": False, "either_location": ["Malta", None, "null"], "business_hours": False},
            [
                ("either_location", "Malta"),
                ("either_location", "null"),
                ("either_location", "null"),
                ("business_hours", "false"),
            ],
        ),
    ],
)
def test_filters_are_encoded_as_repeated_keys(filters: Any, pairs: list[tuple[str, str]]) -> None:
    """A list repeats its key, None is sent as `null`, and a false spam filter is omitted."""
    assert encode_filters(validate_filters(filters)) == pairs


def test_fingerprint_ignores_filter_order_but_not_values() -> None:
    """The order of filters does not change the fingerprint; a value or a date does."""
    one = fingerprint_selection({"agents": "1", "search": "x"}, None, None)
    assert one == fingerprint_selection({"search": "x", "agents": "1"}, None, None)
    others = [
        fingerprint_selection({"agents": "1"}, None, None),
        fingerprint_selection({"agents": "2", "search": "x"}, None, None),
        fingerprint_selection({"agents": "1", "search": "x"}, date(2024, 1, 1), None),
        fingerprint_selection({"agents": "1", "search": "x"}, None, date(2024, 1, 1)),
    ]
    assert len({one, *others}) == 5


@pytest.mark.parametrize(
    ("filters", "description", "lead_rows"),
    [
        ({}, "none", "all"),
        ({"include_is_spam_likely": True}, "none", "all"),
        ({"include_is_spam_likely": False}, "include_is_spam_likely (false)", "all"),
        ({"type": ["form", "call"]}, "type (call or form)", "calls"),
        ({"type": ["form"]}, "type (form)", "some"),
        ({"type": ["call"], "include_is_spam_likely": False}, "include_is_spam_likely (false), type (call)", "calls"),
        ({"type": ["call"], "lead_id": "secret"}, "lead_id, type (call)", "calls"),
        ({"lead_ids": ["secret"]}, "lead_ids", "all"),
        ({"initial_location": ["secret", None]}, "initial_location", "some"),
        ({"direction": ["inbound"]}, "direction", "some"),
        ({"search": "secret", "duration_min": 7}, "duration_min, search", "some"),
        ({"last_touch_location": ["secret"]}, "last_touch_location", "some"),
        ({"analytics_methodology": "conversion"}, "analytics_methodology", "some"),
    ],
)
def test_filters_are_described_without_values(filters: Any, description: str, lead_rows: str) -> None:
    """Only types and the spam filter have values; the interactions of a lead may stay together."""
    validated = validate_filters(filters)
    assert (describe_filters(validated), kept_lead_rows(validated)) == (description, lead_rows)
