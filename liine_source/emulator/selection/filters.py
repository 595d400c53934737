"""Which interactions a query selects.

Where the reference gives a filter no rule, the rule chosen here is the docstring of the function that applies it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from liine_source.emulator.selection.query import Query
from liine_source.emulator.synthetic.clocks import DAY, HOUR
from liine_source.emulator.synthetic.customers import Customer
from liine_source.emulator.synthetic.rows import Row, seconds_of

Predicate = Callable[[Row], bool]
Customers = Mapping[int, Customer]


@dataclass(frozen=True, slots=True)
class Context:
    """What a filter may need besides its own value: the other filters, and the customers."""

    given: Mapping[str, Any]
    customers: Customers


Maker = Callable[[Any, Context], Predicate]

# As the filters' words differ from the rows' (open question 14). "Complete" is the sample row's.
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


def predicates_of(query: Query, customers: Customers) -> list[Predicate]:
    """One test for each filter of `query`; a row is selected when it passes all. Spam is left out unless asked for."""
    given = dict(query.filters)
    context = Context(given, customers)
    tests = [maker(given[name], context) for name, maker in _MAKERS.items() if name in given]
    return tests if "include_is_spam_likely" in given else [*tests, _is_no_spam]


def by_lead(rows: list[Row]) -> list[Row]:
    """`analytics_methodology=conversion`: one row of each lead, its operative one (`helper_cell`) or else its first.

    `rows` and the answer are oldest first. The reference says only "from a leads-basis perspective".
    """
    chosen: dict[str, Row] = {}
    for row in rows:
        known = chosen.setdefault(row.lead_id, row)
        if row.helper_cell is True and known.helper_cell is not True:
            chosen[row.lead_id] = row
    kept = {id(row) for row in chosen.values()}
    return [row for row in rows if id(row) in kept]


def _is_no_spam(row: Row) -> bool:
    return row.is_spam_likely is not True


def _value_is_in(*fields: str, words: Mapping[str, tuple[str, ...]] | None = None) -> Maker:
    """Any of the values in any of the fields, exactly; None among the values for a field that is not set."""

    def make(values: Any, _: Context) -> Predicate:
        wanted = {word for value in values for word in (words or {}).get(value, (value,))}
        if len(fields) == 1:
            return lambda row: getattr(row, fields[0]) in wanted
        return lambda row: any(getattr(row, field) in wanted for field in fields)

    return make


def _contains(name: str, *fields: str) -> Maker:
    """The texts in any one of the fields, upper or lower case alike; all of them unless the `_type` says `or`."""

    def make(values: Any, context: Context) -> Predicate:
        combine = any if context.given.get(f"{name}_type") == "or" else all
        texts = [value.casefold() for value in values]

        def test(row: Row) -> bool:
            contents = [str(getattr(row, field) or "").casefold() for field in fields]
            return combine(any(text in content for content in contents) for text in texts)

        return test

    return make


def _compares(field: str, holds: Callable[[float, float], bool]) -> Maker:
    """A number against a threshold; a row without a number never passes."""

    def make(threshold: Any, _: Context) -> Predicate:
        def test(row: Row) -> bool:
            value = getattr(row, field)
            return isinstance(value, int | float) and holds(value, threshold)

        return test

    return make


def _agrees(test: Predicate) -> Maker:
    """Rows for which `test` holds where true is asked for, all others where false is."""

    def make(wanted: Any, _: Context) -> Predicate:
        return lambda row: test(row) is wanted

    return make


def is_first(row: Row) -> bool:
    """A lead's first interaction, by the field."""
    return row.first_time_interaction is True


def is_verified_new_lead(row: Row) -> bool:
    """An analysed, new lead that is no spam and was called "New Lead": no field and no rule is documented."""
    return row.is_analyzed is True and row.is_new is True and row.call_type == "New Lead" and _is_no_spam(row)


def is_booking_opportunity(row: Row) -> bool:
    """A new or existing patient for whom an outcome is known, unless the reason for it is rescheduling."""
    return row.outcome is not None and row.reason_not_booked != _NOT_AN_OPPORTUNITY


def _is_in_hours(customers: Customers) -> Predicate:
    """From opening to before closing on the customer's weekdays, by the row's own wall clock."""

    def test(row: Row) -> bool:
        customer, local = customers[row.customer_id], seconds_of(row.start_time)
        if local is None:
            return False
        weekday = (local // DAY + 3) % 7
        return weekday in customer.weekdays and customer.opens <= local // HOUR % 24 < customer.closes

    return test


def _business_hours(wanted: Any, context: Context) -> Predicate:
    """Reference: "defaults to false", so false selects all."""
    return _is_in_hours(context.customers) if wanted else lambda _: True


def _agent(values: Any, context: Context) -> Predicate:
    wanted: set[int | None] = {value for value in values if value != "inactive"}
    if "inactive" in values:
        wanted |= {agent for customer in context.customers.values() for agent in customer.inactive_agents}
    return lambda row: row.agent_id in wanted


def _type(values: Any, context: Context) -> Predicate:
    """With conversion, `form` also selects what has a related form submission."""
    is_by_lead = "form" in values and context.given.get("analytics_methodology") == "conversion"
    return lambda row: row.interaction_type in values or (is_by_lead and row.related_form_submission_id is not None)


def _call_type(values: Any, _: Context) -> Predicate:
    """The word "Not Analyzed" selects a row whose `is_analyzed` is not true; the others go by the field."""
    wanted = {word for value in values for word in _CALL_TYPES.get(value, (value,))}
    wants_raw = "Not Analyzed" in values
    return lambda row: row.call_type in wanted or (wants_raw and row.is_analyzed is not True)


def _outcome_rnb(values: Any, _: Context) -> Predicate:
    """Rows whose outcome is "Not Booked" for one of these reasons."""
    return lambda row: row.outcome == "Not Booked" and row.reason_not_booked in values


def _search(value: Any, context: Context) -> Predicate:
    """The "receiving number" is read as `phone_number`."""
    return _contains("search", "name", "tracking_number", "phone_number")((value,), context)


def _list(value: Any, _: Context) -> Predicate:
    return is_verified_new_lead if value == "verified_new" else is_first


def _lead_id(value: Any, _: Context) -> Predicate:
    return lambda row: row.lead_id == value


def _patient_id(values: Any, _: Context) -> Predicate:
    wanted = {value.casefold() for value in values}
    return lambda row: isinstance(row.ehr_pms_patient_id, str) and row.ehr_pms_patient_id.casefold() in wanted


def _provider_names(values: Any, _: Context) -> Predicate:
    return lambda row: not set(values).isdisjoint(row.provider_names or ())


def _touch_makers() -> dict[str, Maker]:
    makers: dict[str, Maker] = {}
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
            makers[name] = _value_is_in(*(f"{touch}_{attribute}" for touch in touches))
        for attribute in ("landing_url", "referrer_url"):
            name = f"{prefix}_{attribute}_search"
            makers[name] = _contains(name, *(f"{touch}_{attribute}" for touch in touches))
    return makers


_MAKERS: dict[str, Maker] = {
    # Thresholds: "above" and "below" leave the threshold out, "meet the minimum" and revenue take it in.
    "duration_min": _compares("duration", lambda value, threshold: value > threshold),
    "duration_max": _compares("duration", lambda value, threshold: value < threshold),
    "messaging_utilization_min": _compares("messaging_utilization", lambda value, threshold: value >= threshold),
    "messaging_utilization_max": _compares("messaging_utilization", lambda value, threshold: value < threshold),
    "revenue_min": _compares("revenue", lambda value, threshold: value >= threshold),
    "revenue_max": _compares("revenue", lambda value, threshold: value <= threshold),
    "first_time_interaction": _agrees(is_first),
    "verified_new_lead": _agrees(is_verified_new_lead),
    "booking_opportunities": _agrees(is_booking_opportunity),
    "business_hours": _business_hours,
    "type": _type,
    "call_type": _call_type,
    "agent": _agent,
    "agents": _agent,
    "outcome_rnb": _outcome_rnb,
    "search": _search,
    "list": _list,
    "lead_id": _lead_id,
    "ehr_pms_patient_id_search": _patient_id,
    "provider_names": _provider_names,
    "status": _value_is_in("status", words=_STATUSES),
    "appointment_status": _value_is_in("appointment_status", words=_APPOINTMENT_STATUSES),
    "lead_ids": _value_is_in("lead_id"),
    "call_ids": _value_is_in("call_id"),
    **{
        name: _value_is_in(name)
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
    **_touch_makers(),
}
