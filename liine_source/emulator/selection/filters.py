"""The filters of a query: one predicate for each parameter.

Where the reference gives no rule for a filter, the docstring of its function states the rule chosen here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from liine_source.emulator.selection.query import Query
from liine_source.emulator.synthetic.clocks import DAY, HOUR
from liine_source.emulator.synthetic.customers import Customer
from liine_source.emulator.synthetic.rows import Row, parse_timestamp

Predicate = Callable[[Row], bool]
Customers = Mapping[int, Customer]


@dataclass(frozen=True, slots=True)
class Context:
    """What a filter may need besides its own value: all filters of the request, and the customers."""

    filters: Mapping[str, Any]
    customers: Customers


PredicateFactory = Callable[[Any, Context], Predicate]

# Filter values differ from row values (open question 14). "Complete" occurs in the sample row only.
_STATUSES = {"Answered": ("Connected", "Complete"), "Not Answered": ("Not Connected",)}
_CALL_TYPES = {
    "New Lead Follow-Ups": ("New Lead (Follow-Up)", "New Lead (First Form Follow-Up)"),
    "Not A New Lead": (
        "Not A New Lead Call",
        "Not A New Lead Form",
        "Not A New Lead Online Booking",
        "Not A New Lead EHR/PMS Entry",
    ),
    "Existing Patient": ("Existing Patient / Previously Booked",),
}
_APPOINTMENT_STATUSES = {"Canceled / No Show": ("Canceled / No Show", "Assumed No Show")}
_NOT_AN_OPPORTUNITY = "Rescheduling"


def build_predicates(query: Query, customers: Customers) -> list[Predicate]:
    """Return one predicate for each filter of `query`, and one that excludes spam unless the query asks for it."""
    filters = dict(query.filters)
    context = Context(filters, customers)
    predicates = [create(filters[name], context) for name, create in _FACTORIES.items() if name in filters]
    return predicates if "include_is_spam_likely" in filters else [*predicates, _is_not_spam]


def keep_one_per_lead(rows: list[Row]) -> list[Row]:
    """Apply `analytics_methodology=conversion`: keep each lead's operative row (`helper_cell`), or else its first.

    `rows` and the result are oldest first. The reference says only "from a leads-basis perspective".
    """
    chosen: dict[str, Row] = {}
    for row in rows:
        current = chosen.setdefault(row.lead_id, row)
        if row.helper_cell is True and current.helper_cell is not True:
            chosen[row.lead_id] = row
    kept = {id(row) for row in chosen.values()}
    return [row for row in rows if id(row) in kept]


def _is_not_spam(row: Row) -> bool:
    return row.is_spam_likely is not True


def _match_values(*fields: str, synonyms: Mapping[str, tuple[str, ...]] | None = None) -> PredicateFactory:
    """Match rows with any of the values in any of the fields. The value None matches a field that is not set."""

    def make(values: Any, _: Context) -> Predicate:
        wanted = {word for value in values for word in (synonyms or {}).get(value, (value,))}
        # Most filters have one field, and `any` over a generator costs several times as much.
        if len(fields) == 1:
            return lambda row: getattr(row, fields[0]) in wanted
        return lambda row: any(getattr(row, field) in wanted for field in fields)

    return make


def _search_texts(name: str, *fields: str) -> PredicateFactory:
    """Match rows that contain the texts in any field, ignoring case: all texts, or any if `_type` is `or`."""

    def make(values: Any, context: Context) -> Predicate:
        combine = any if context.filters.get(f"{name}_type") == "or" else all
        texts = [value.casefold() for value in values]

        def test(row: Row) -> bool:
            contents = [str(getattr(row, field) or "").casefold() for field in fields]
            return combine(any(text in content for content in contents) for text in texts)

        return test

    return make


def _compare(field: str, is_match: Callable[[float, float], bool]) -> PredicateFactory:
    """Match rows whose number is on the right side of the threshold. A row without a number never passes."""

    def make(threshold: Any, _: Context) -> Predicate:
        def test(row: Row) -> bool:
            value = getattr(row, field)
            return isinstance(value, int | float) and is_match(value, threshold)

        return test

    return make


def _match_boolean(test: Predicate) -> PredicateFactory:
    """Match the rows that pass `test` if the value is true, and the others if it is false."""

    def make(wanted: Any, _: Context) -> Predicate:
        return lambda row: test(row) is wanted

    return make


def is_first(row: Row) -> bool:
    """Whether the row is its lead's first interaction, by the field of that name."""
    return row.first_time_interaction is True


def is_verified_new_lead(row: Row) -> bool:
    """Whether the row is an analysed new lead with call type "New Lead" and no spam. No field or rule is documented."""
    return row.is_analyzed is True and row.is_new is True and row.call_type == "New Lead" and _is_not_spam(row)


def is_booking_opportunity(row: Row) -> bool:
    """Whether an outcome is known and the reason for it is not rescheduling."""
    return row.outcome is not None and row.reason_not_booked != _NOT_AN_OPPORTUNITY


def _match_business_hours(customers: Customers) -> Predicate:
    """Match rows that start while the customer is open, by the row's own wall clock."""

    def test(row: Row) -> bool:
        customer, local = customers[row.customer_id], parse_timestamp(row.start_time)
        if local is None:
            return False
        # 1970-01-01 was a Thursday.
        weekday = (local // DAY + 3) % 7
        return weekday in customer.weekdays and customer.opens <= local // HOUR % 24 < customer.closes

    return test


def _filter_business_hours(wanted: Any, context: Context) -> Predicate:
    """Match rows in business hours for true. The reference says "defaults to false", so false selects all."""
    return _match_business_hours(context.customers) if wanted else lambda _: True


def _filter_agent(values: Any, context: Context) -> Predicate:
    wanted: set[int | None] = {value for value in values if value != "inactive"}
    if "inactive" in values:
        wanted |= {agent for customer in context.customers.values() for agent in customer.inactive_agents}
    return lambda row: row.agent_id in wanted


def _filter_type(values: Any, context: Context) -> Predicate:
    """Match by type. With the conversion methodology, `form` also selects rows with a related form submission."""
    is_conversion = "form" in values and context.filters.get("analytics_methodology") == "conversion"
    return lambda row: row.interaction_type in values or (is_conversion and row.related_form_submission_id is not None)


def _filter_call_type(values: Any, _: Context) -> Predicate:
    """Match by call type, except that "Not Analyzed" selects rows whose `is_analyzed` is not true."""
    wanted = {word for value in values for word in _CALL_TYPES.get(value, (value,))}
    includes_unanalyzed = "Not Analyzed" in values
    return lambda row: row.call_type in wanted or (includes_unanalyzed and row.is_analyzed is not True)


def _filter_outcome_rnb(values: Any, _: Context) -> Predicate:
    """Match rows with the outcome "Not Booked" for one of these reasons."""
    return lambda row: row.outcome == "Not Booked" and row.reason_not_booked in values


def _filter_search(value: Any, context: Context) -> Predicate:
    """Match name or number. The reference's "receiving number" is taken to be `phone_number`."""
    return _search_texts("search", "name", "tracking_number", "phone_number")((value,), context)


def _filter_list(value: Any, _: Context) -> Predicate:
    return is_verified_new_lead if value == "verified_new" else is_first


def _filter_lead_id(value: Any, _: Context) -> Predicate:
    return lambda row: row.lead_id == value


def _filter_patient_id(values: Any, _: Context) -> Predicate:
    wanted = {value.casefold() for value in values}
    # A test may have stored a value that is not a text.
    return lambda row: isinstance(row.ehr_pms_patient_id, str) and row.ehr_pms_patient_id.casefold() in wanted


def _filter_provider_names(values: Any, _: Context) -> Predicate:
    return lambda row: not set(values).isdisjoint(row.provider_names or ())


def _create_touch_factories() -> dict[str, PredicateFactory]:
    factories: dict[str, PredicateFactory] = {}
    attributes = (
        "division", "keyword", "location", "marketing_channel",
        "utm_campaign", "utm_content", "utm_medium", "utm_source",
    )  # fmt: skip
    for prefix, touches in {
        "either": ("initial", "last_touch"),
        "initial": ("initial",),
        "last_touch": ("last_touch",),
    }.items():
        for attribute in attributes:
            name = f"{prefix}_{attribute}"
            factories[name] = _match_values(*(f"{touch}_{attribute}" for touch in touches))
        for attribute in ("landing_url", "referrer_url"):
            name = f"{prefix}_{attribute}_search"
            factories[name] = _search_texts(name, *(f"{touch}_{attribute}" for touch in touches))
    return factories


_FACTORIES: dict[str, PredicateFactory] = {
    # The reference says "above" and "below", which exclude the threshold, and "meet the minimum", which includes it.
    "duration_min": _compare("duration", lambda value, threshold: value > threshold),
    "duration_max": _compare("duration", lambda value, threshold: value < threshold),
    "messaging_utilization_min": _compare("messaging_utilization", lambda value, threshold: value >= threshold),
    "messaging_utilization_max": _compare("messaging_utilization", lambda value, threshold: value < threshold),
    "revenue_min": _compare("revenue", lambda value, threshold: value >= threshold),
    "revenue_max": _compare("revenue", lambda value, threshold: value <= threshold),
    "first_time_interaction": _match_boolean(is_first),
    "verified_new_lead": _match_boolean(is_verified_new_lead),
    "booking_opportunities": _match_boolean(is_booking_opportunity),
    "business_hours": _filter_business_hours,
    "type": _filter_type,
    "call_type": _filter_call_type,
    "agent": _filter_agent,
    "agents": _filter_agent,
    "outcome_rnb": _filter_outcome_rnb,
    "search": _filter_search,
    "list": _filter_list,
    "lead_id": _filter_lead_id,
    "ehr_pms_patient_id_search": _filter_patient_id,
    "provider_names": _filter_provider_names,
    "status": _match_values("status", synonyms=_STATUSES),
    "appointment_status": _match_values("appointment_status", synonyms=_APPOINTMENT_STATUSES),
    "lead_ids": _match_values("lead_id"),
    "call_ids": _match_values("call_id"),
    **{
        name: _match_values(name)
        for name in (
            "intent_level",
            "outcome",
            "direction",
            "tracking_number",
            "reason_not_booked",
            "appointment_location",
            "primary_insurance_name",
        )
    },
    **_create_touch_factories(),
}
