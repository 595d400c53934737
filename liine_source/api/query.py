"""Filters -> query parameters (reference: "Query Parameters").

Lists are sent as repeated keys; the reference does not say how (open question 15).
"""

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from liine_source.documentation import page
from liine_source.errors import FilterError, did_you_mean
from liine_source.spec.filters import FILTERS_BY_NAME
from liine_source.spec.types import Parameter

Pairs = list[tuple[str, str]]
LeadRows = Literal["all", "calls", "some"]

# Filters whose values are described too: they are words of the reference and concern no person.
_DESCRIBED = ("type", "include_is_spam_likely")
# Filters that select all interactions of a lead or none, apart from spam. Those by an initial touch may not: a lead
# that was merged with another has the touches of both.
_KEEP_LEADS_WHOLE = {"lead_id", "lead_ids", "include_is_spam_likely"}


# fmt: off
# [[[cog
# import derive
# cog.outl(derive.filters_class())
# ]]]
class Filters(TypedDict, total=False):
    """The 69 filters of the reference ("Query Parameters"), each described in docs/filters.md.

    In a list, None or "null" selects rows where the field is not set, for the filters that accept it.
    """

    analytics_methodology: Literal["conversion"]
    duration_min: float
    duration_max: float
    messaging_utilization_min: float
    messaging_utilization_max: float
    first_time_interaction: bool
    verified_new_lead: bool
    type: list[Literal["call", "form", "online_booking", "ehr_pms_entry"]]
    intent_level: list[Literal["3rd Party", "Not 3rd Party"]]
    booking_opportunities: bool
    agent: list[int | Literal["null", "inactive"] | None]
    agents: str
    outcome: list[Literal["Booked", "Not Booked"]]
    direction: list[Literal["inbound", "outbound", "null"] | None]
    status: list[Literal["Answered", "Not Answered", "Error", "Busy", "In Progress", "null"] | None]
    outcome_rnb: list[str | None]
    tracking_number: list[str | None]
    call_type: list[
        Literal[
            "New Lead Follow-Ups",
            "New Lead (Follow-Up)",
            "New Lead (First Form Follow-Up)",
            "New Lead",
            "Not A New Lead",
            "Voicemail",
            "Not Analyzed",
            "Existing Patient",
        ]
    ]
    reason_not_booked: list[str | None]
    search: str
    list: Literal["first_time_interactions", "verified_new"]
    include_is_spam_likely: bool
    lead_id: str
    lead_ids: list[str]
    call_ids: list[str]
    business_hours: bool
    either_division: list[str | None]
    either_keyword: list[str | None]
    either_landing_url_search: list[str]
    either_landing_url_search_type: Literal["and", "or"]
    either_location: list[str | None]
    either_marketing_channel: list[str | None]
    either_referrer_url_search: list[str]
    either_referrer_url_search_type: Literal["and", "or"]
    either_utm_campaign: list[str | None]
    either_utm_content: list[str | None]
    either_utm_medium: list[str | None]
    either_utm_source: list[str | None]
    initial_division: list[str | None]
    initial_keyword: list[str | None]
    initial_landing_url_search: list[str]
    initial_landing_url_search_type: Literal["and", "or"]
    initial_location: list[str | None]
    initial_marketing_channel: list[str | None]
    initial_referrer_url_search: list[str]
    initial_referrer_url_search_type: Literal["and", "or"]
    initial_utm_campaign: list[str | None]
    initial_utm_content: list[str | None]
    initial_utm_medium: list[str | None]
    initial_utm_source: list[str | None]
    last_touch_division: list[str | None]
    last_touch_keyword: list[str | None]
    last_touch_landing_url_search: list[str]
    last_touch_landing_url_search_type: Literal["and", "or"]
    last_touch_location: list[str | None]
    last_touch_marketing_channel: list[str | None]
    last_touch_referrer_url_search: list[str]
    last_touch_referrer_url_search_type: Literal["and", "or"]
    last_touch_utm_campaign: list[str | None]
    last_touch_utm_content: list[str | None]
    last_touch_utm_medium: list[str | None]
    last_touch_utm_source: list[str | None]
    revenue_min: float
    revenue_max: float
    appointment_status: list[
        Literal[
            "Attended",
            "Canceled / No Show",
            "Future Dated",
            "Assumed No Show",
            "Unknown",
        ]
    ]
    ehr_pms_patient_id_search: list[str]
    appointment_location: list[str]
    primary_insurance_name: list[str]
    provider_names: list[str]
# [[[end]]]
# fmt: on

if TYPE_CHECKING:
    FiltersSetting = Filters
else:
    # From a variable dlt reads JSON into a dict, and cannot into a TypedDict.
    FiltersSetting = dict


def validate_filters(filters: Mapping[str, Any] | None) -> Filters:
    """Return `filters` unchanged if each name, type and value is allowed.

    Raises FilterError, which names the filter, the type of the value and what is allowed, never the value.
    """
    for name, value in (filters or {}).items():
        _check(name, value, filters or {})
    return dict(filters or {})  # type: ignore[return-value]  # checked against the same table just above


def encode_filters(filters: Filters) -> Pairs:
    """Return validated filters as query parameters, lists as repeated keys, in the given order.

    Presumed spam is included unless `include_is_spam_likely` is False. Then the parameter is left out, because its
    presence alone includes such rows (open question 9).
    """
    given = {"include_is_spam_likely": True, **filters}
    pairs: Pairs = []
    for name, value in given.items():
        if name == "include_is_spam_likely" and value is False:
            continue
        for item in value if isinstance(value, list) else [value]:
            pairs.append((name, _format_value(item)))
    return pairs


def _split_by(name: str) -> list[Pairs]:
    parameter = FILTERS_BY_NAME[name]
    values: tuple[Any, ...] = (True, False) if parameter.type == "boolean" else parameter.values
    return [[(name, _format_value(value))] for value in (*values, *([None] if parameter.accepts_null else []))]


def fingerprint_selection(filters: Filters, since: date | None, until: date | None) -> str:
    """Return a fingerprint of filters and dates: equal for equal selections of rows.

    It has 16 hexadecimal digits for the filters and, where there are dates, a hyphen and 16 more. It is stored, and
    filters may identify a person; so it takes a twentieth of a second, and trying all phone numbers of a country would
    take years. Where only spam is left out or included, it is computed at once.
    """
    pairs = sorted(encode_filters(filters))
    dates = [f"-{_digest([str(since), str(until)])}"] if since or until else []
    may_identify = any(name != "include_is_spam_likely" for name, _ in pairs)
    return "".join([_slow_digest(json.dumps(pairs)) if may_identify else _digest(pairs), *dates])


def describe_filters(filters: Filters) -> str:
    """Return the names of filters, sorted and separated by commas, or `none`; it is stored.

    No value is part of it, because values may identify a person; except those of `type`, and that
    `include_is_spam_likely` is false. True is the default, so it counts as no filter.
    """
    given = {name: value for name, value in filters.items() if (name, value) != ("include_is_spam_likely", True)}
    return ", ".join(map(_describe, sorted(given.items()))) or "none"


def _describe(item: tuple[str, Any]) -> str:
    name, value = item
    if name not in _DESCRIBED:
        return name
    values = value if isinstance(value, list) else [value]
    return f"{name} ({' or '.join(sorted(map(_format_value, values)))})"


def kept_lead_rows(filters: Filters) -> LeadRows:
    """Return which interactions of a lead are selected, if one of them is: `all`, all its `calls`, or `some`.

    Spam does not count.
    """
    others = filters.keys() - _KEEP_LEADS_WHOLE
    if not others:
        return "all"
    return "calls" if others == {"type"} and "call" in filters["type"] else "some"


def _digest(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@cache
def _slow_digest(text: str) -> str:
    return hashlib.scrypt(text.encode(), salt=b"liine-source filters", n=2**14, r=8, p=1, dklen=8).hex()


def _check(name: str, value: Any, filters: Mapping[str, Any]) -> None:
    parameter = FILTERS_BY_NAME.get(name)
    if parameter is None:
        suggestion = did_you_mean(name, FILTERS_BY_NAME)
        raise FilterError(
            f"Filter {name!r} is unknown{suggestion}. The {len(FILTERS_BY_NAME)} filters are in {page('filters')}."
        )
    for other in parameter.excludes:
        if other in filters:
            raise FilterError(f"Filters {name!r} and {other!r} exclude each other: give one of them.")
    if parameter.type.startswith("list"):
        if not isinstance(value, list) or not value:
            raise _wrong(parameter, value, "a list with at least one value")
        for item in value:
            _check_item(parameter, item)
    else:
        _check_item(parameter, value)


def _check_item(parameter: Parameter, item: Any) -> None:
    if item is None or item == "null":
        if parameter.accepts_null or "null" in parameter.special_values:
            return
        if item is None:
            raise _wrong(parameter, item, _allowed(parameter))
    if item in parameter.special_values and isinstance(item, str):
        return
    if not _has_type(parameter, item) or (parameter.values and item not in parameter.values):
        raise _wrong(parameter, item, _allowed(parameter))


def _has_type(parameter: Parameter, item: Any) -> bool:
    match parameter.type.removeprefix("list(").removesuffix(")"):
        case "boolean":
            return isinstance(item, bool)
        case "integer":
            return isinstance(item, int) and not isinstance(item, bool)
        case "number":
            return isinstance(item, int | float | Decimal) and not isinstance(item, bool) and math.isfinite(item)
        case _:
            return isinstance(item, str) and item != ""


def _allowed(parameter: Parameter) -> str:
    kind = parameter.type.removeprefix("list(").removesuffix(")")
    words = [repr(value) for value in (*parameter.values, *parameter.special_values)]
    if parameter.accepts_null and "null" not in parameter.special_values:
        words.append("'null'")
    if parameter.values:
        return "one of " + ", ".join(words)
    kind = "text that is not empty" if kind == "string" else f"a {kind}" if kind != "integer" else "an integer"
    return " or ".join([kind, *words])


def _wrong(parameter: Parameter, value: Any, allowed: str) -> FilterError:
    given = "empty list" if value == [] else type(value).__name__
    each = "each value must be " if parameter.type.startswith("list") and not allowed.startswith("a list") else ""
    return FilterError(
        f"Filter {parameter.name!r} was given a value of type {given}: {each or 'it must be '}{allowed}."
    )


def _format_value(item: Any) -> str:
    """Return one value as sent; `null` is the reference's word for a field that is not set."""
    if item is None:
        return "null"
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, float) and item.is_integer():
        return str(int(item))
    return str(item)


# Filters that split the rows of a second with more rows than a page, the most reliable first. Only the count can tell
# whether their values cover all rows.
SPLITTING_FILTERS: tuple[list[Pairs], ...] = (
    *map(_split_by, ("first_time_interaction", "type", "direction", "verified_new_lead", "status")),
    [
        [("duration_min", str(low)), ("duration_max", str(high))]
        for low, high in pairwise((0, 15, 30, 60, 120, 240, 480, 86_400))
    ],
)
