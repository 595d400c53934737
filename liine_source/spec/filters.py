"""The reference's tables "Query Parameters", row by row in their order."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from liine_source.spec import vocabulary
from liine_source.spec.types import Parameter, ParameterType

_GENERAL: tuple[Parameter, ...] = (
    Parameter(
        name="customer_id",
        type="number",
        section="general",
        is_owned=True,
        description="The customer to read, by Liine's number for it; needed where `customer_ids` is not given.",
    ),
    Parameter(
        name="customer_ids",
        type="list(number)",
        section="general",
        is_owned=True,
        description="Several customers at once; needed where `customer_id` is not given.",
    ),
    Parameter(
        name="start_date",
        type="datestring",
        section="general",
        is_owned=True,
        description="Interactions that started on this day or later, as YYYY-MM-DD; its zone is not documented.",
    ),
    Parameter(
        name="end_date",
        type="datestring",
        section="general",
        is_owned=True,
        description="Interactions that started up to this day, as YYYY-MM-DD; whether all of it counts is "
        "not documented.",
    ),
    Parameter(
        name="updated_date",
        type="datestring",
        section="general",
        is_owned=True,
        description="Interactions changed on this day or later, as YYYY-MM-DD; its zone is not documented.",
    ),
    Parameter(
        name="limit",
        type="number",
        section="general",
        is_owned=True,
        description="Rows on a page: 100 if left out, and never more than 1000 whatever is asked for.",
    ),
    Parameter(
        name="analytics_methodology",
        type="string",
        section="general",
        values=vocabulary.ANALYTICS_METHODOLOGIES,
        description="`conversion` counts by lead; left out, every matching interaction is returned.",
    ),
    Parameter(
        name="pagination_timestamp",
        type="datetimestring",
        section="general",
        is_owned=True,
        description="The cursor, as YYYY-MM-DDTHH:MM:SSZ: only what is older comes back.",
    ),
    Parameter(
        name="duration_min",
        type="number",
        section="general",
        description="Lower threshold of `duration`, in seconds.",
    ),
    Parameter(
        name="duration_max",
        type="number",
        section="general",
        description="Upper threshold of `duration`, in seconds.",
    ),
    Parameter(
        name="messaging_utilization_min",
        type="number",
        section="general",
        description="Lowest `messaging_utilization`, in percent; only for customers who use messaging.",
    ),
    Parameter(
        name="messaging_utilization_max",
        type="number",
        section="general",
        description="Upper threshold of `messaging_utilization`, in percent; only for customers who use messaging.",
    ),
    Parameter(
        name="first_time_interaction",
        type="boolean",
        section="general",
        description="True for a lead's first interaction only, false for all but that.",
    ),
    Parameter(
        name="verified_new_lead",
        type="boolean",
        section="general",
        description="True for leads verified as new only, false for all but those. No field shows it.",
    ),
    Parameter(
        name="type",
        type="list(string)",
        section="general",
        values=vocabulary.INTERACTION_TYPES,
        description="Kinds of interaction. With `analytics_methodology=conversion`, `form` also brings "
        "those that have a form related to them.",
    ),
    Parameter(
        name="intent_level",
        type="list(string)",
        section="general",
        values=vocabulary.FILTER_INTENT_LEVELS,
        description="Intent levels of a call, any of those given.",
    ),
    Parameter(
        name="booking_opportunities",
        type="boolean",
        section="general",
        description="Chances to book a new appointment, by new or existing patients; rescheduling does "
        "not count. No field shows it.",
    ),
    Parameter(
        name="agent",
        type="list(integer)",
        section="general",
        special_values=("null", "inactive"),
        excludes=("agents",),
        description="Agents by their ids, any of those given; `null` for interactions that no agent handled, "
        "`inactive` for those of inactive agents. Not together with `agents`.",
    ),
    Parameter(
        name="agents",
        type="string",
        section="general",
        excludes=("agent",),
        description="As `agent`, with the ids in one text, commas between them. Not together with `agent`.",
    ),
    Parameter(
        name="outcome",
        type="list(string)",
        section="general",
        values=vocabulary.FILTER_OUTCOMES,
        description="Outcomes; `Booked Later`, which rows may have, is not offered.",
    ),
    Parameter(
        name="direction",
        type="list(string)",
        section="general",
        accepts_null=True,
        values=vocabulary.DIRECTIONS,
        description="Who began: the lead or an agent.",
    ),
    Parameter(
        name="status",
        type="list(string)",
        section="general",
        accepts_null=True,
        values=vocabulary.FILTER_STATUSES,
        description="How a call was connected. Rows say `Connected` where this says `Answered`.",
    ),
    Parameter(
        name="outcome_rnb",
        type="list(string)",
        section="general",
        accepts_null=True,
        description="Outcomes that give a certain reason for not booking.",
    ),
    Parameter(
        name="tracking_number",
        type="list(string)",
        section="general",
        accepts_null=True,
        description="Liine's own phone numbers that the contact went through.",
    ),
    Parameter(
        name="call_type",
        type="list(string)",
        section="general",
        values=vocabulary.FILTER_CALL_TYPES,
        description="Categories of the interaction, in other words than rows use for most of them.",
    ),
    Parameter(
        name="reason_not_booked",
        type="list(string)",
        section="general",
        accepts_null=True,
        description="Reasons for not booking, any of those given, in the customer's own categories.",
    ),
    Parameter(
        name="search",
        type="string",
        section="general",
        description="Text to look for, upper or lower case alike, in the name and in the receiving and "
        "tracking numbers.",
    ),
    Parameter(
        name="list",
        type="string",
        section="general",
        values=vocabulary.LISTS,
        description="One of Liine's ready-made lists of leads.",
    ),
    Parameter(
        name="include_is_spam_likely",
        type="boolean",
        section="general",
        description="Adds presumed spam. Its presence alone does so, even with the value false.",
    ),
    Parameter(
        name="lead_id",
        type="string",
        section="general",
        description="One lead.",
    ),
    Parameter(
        name="lead_ids",
        type="list(string)",
        section="general",
        description="Several leads.",
    ),
    Parameter(
        name="call_ids",
        type="list(string)",
        section="general",
        description="Several interactions, by `call_id`.",
    ),
    Parameter(
        name="business_hours",
        type="boolean",
        section="general",
        description="True for the customer's own opening hours only; false is the default. No field shows it.",
    ),
)

_TOUCHES = {
    "either": "first or newest touch",
    "initial": "first touch",
    "last_touch": "newest touch",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attribute:
    """What the reference repeats for each touch; `{touch}` and `{prefix}` are filled in."""

    name: str
    description: str
    type: ParameterType = "list(string)"
    accepts_null: bool = True
    values: tuple[str, ...] = ()
    is_division: bool = False
    case_sensitive: tuple[str, ...] = ()


# The prefixes for which the reference says so: of the three keyword rows only one does.
_ALL = tuple(_TOUCHES)
_INITIAL = ("initial",)

# The row `initial_landing_url_search` says that it joins several texts itself: its `_type` does
# (open question 18).
_ATTRIBUTES: tuple[_Attribute, ...] = (
    _Attribute(
        name="division",
        is_division=True,
        description="Divisions, also called treatment types, of the {touch}.",
    ),
    _Attribute(name="keyword", case_sensitive=_INITIAL, description="Keywords of the {touch}."),
    _Attribute(
        name="landing_url_search",
        accepts_null=False,
        description="Texts to match in the landing URL of the {touch}, upper or lower case alike; "
        "`{prefix}_landing_url_search_type` says how several combine.",
    ),
    _Attribute(
        name="landing_url_search_type",
        type="string",
        accepts_null=False,
        values=vocabulary.SEARCH_TYPES,
        description="Whether all texts of `{prefix}_landing_url_search` must match (`and`, the default) or any (`or`).",
    ),
    _Attribute(name="location", description="Locations of the {touch}."),
    _Attribute(name="marketing_channel", description="Marketing channels of the {touch}."),
    _Attribute(
        name="referrer_url_search",
        accepts_null=False,
        description="Texts to match in the referrer URL of the {touch}, upper or lower case alike; "
        "`{prefix}_referrer_url_search_type` says how several combine.",
    ),
    _Attribute(
        name="referrer_url_search_type",
        type="string",
        accepts_null=False,
        values=vocabulary.SEARCH_TYPES,
        description="Whether all texts of `{prefix}_referrer_url_search` must match (`and`, the default) "
        "or any (`or`).",
    ),
    _Attribute(name="utm_campaign", case_sensitive=_ALL, description="`utm_campaign` of the {touch}."),
    _Attribute(name="utm_content", case_sensitive=_ALL, description="`utm_content` of the {touch}."),
    _Attribute(name="utm_medium", case_sensitive=_ALL, description="`utm_medium` of the {touch}."),
    _Attribute(name="utm_source", case_sensitive=_ALL, description="`utm_source` of the {touch}."),
)


def _describe(attribute: _Attribute, prefix: str) -> str:
    description = attribute.description.format(touch=_TOUCHES[prefix], prefix=prefix)
    return f"{description} Case matters." if prefix in attribute.case_sensitive else description


_METADATA: tuple[Parameter, ...] = tuple(
    Parameter(
        name=f"{prefix}_{attribute.name}",
        type=attribute.type,
        section="metadata",
        accepts_null=attribute.accepts_null,
        values=attribute.values,
        is_division=attribute.is_division,
        description=_describe(attribute, prefix),
    )
    for prefix in _TOUCHES
    for attribute in _ATTRIBUTES
)

_EHR_PMS: tuple[Parameter, ...] = (
    Parameter(
        name="revenue_min",
        type="number",
        section="ehr_pms",
        description="Least appointment revenue in US dollars, this amount included.",
    ),
    Parameter(
        name="revenue_max",
        type="number",
        section="ehr_pms",
        description="Most appointment revenue in US dollars, this amount included.",
    ),
    Parameter(
        name="appointment_status",
        type="list(string)",
        section="ehr_pms",
        values=vocabulary.APPOINTMENT_STATUSES,
        description="States of the appointment, any of those given; `Canceled / No Show` brings `Assumed No Show` too.",
    ),
    Parameter(
        name="ehr_pms_patient_id_search",
        type="list(string)",
        section="ehr_pms",
        description="The patient's numbers in the EHR/PMS, any of those given, upper or lower case alike.",
    ),
    Parameter(
        name="appointment_location",
        type="list(string)",
        section="ehr_pms",
        description="Practice locations that the appointment is booked at, any of those given. Case matters.",
    ),
    Parameter(
        name="primary_insurance_name",
        type="list(string)",
        section="ehr_pms",
        description="Insurers that cover the patient first, any of those given. Case matters.",
    ),
    Parameter(
        name="provider_names",
        type="list(string)",
        section="ehr_pms",
        description="Providers of the appointment, any of whom may be any of those given. Case matters.",
    ),
)

PARAMETERS: tuple[Parameter, ...] = _GENERAL + _METADATA + _EHR_PMS
FILTERS: tuple[Parameter, ...] = tuple(parameter for parameter in PARAMETERS if not parameter.is_owned)
FILTERS_BY_NAME: Mapping[str, Parameter] = MappingProxyType({parameter.name: parameter for parameter in FILTERS})
