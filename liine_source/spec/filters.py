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
        description="Liine's internal id of the customer; required without `customer_ids`.",
    ),
    Parameter(
        name="customer_ids",
        type="list(number)",
        section="general",
        is_owned=True,
        description="Several customers at once; required without `customer_id`.",
    ),
    Parameter(
        name="start_date",
        type="datestring",
        section="general",
        is_owned=True,
        description="First start day, as YYYY-MM-DD; its time zone is not documented.",
    ),
    Parameter(
        name="end_date",
        type="datestring",
        section="general",
        is_owned=True,
        description="Last start day, as YYYY-MM-DD; whether the whole day is included is not documented.",
    ),
    Parameter(
        name="updated_date",
        type="datestring",
        section="general",
        is_owned=True,
        description="First day of the last update, as YYYY-MM-DD; its time zone is not documented.",
    ),
    Parameter(
        name="limit",
        type="number",
        section="general",
        is_owned=True,
        description="Rows per page: 100 by default; the API caps it at 1000.",
    ),
    Parameter(
        name="analytics_methodology",
        type="string",
        section="general",
        values=vocabulary.ANALYTICS_METHODOLOGIES,
        description="`conversion` returns data from the perspective of leads; without it, all matching interactions.",
    ),
    Parameter(
        name="pagination_timestamp",
        type="datetimestring",
        section="general",
        is_owned=True,
        description="The cursor, as YYYY-MM-DDTHH:MM:SSZ: only older interactions are returned.",
    ),
    Parameter(
        name="duration_min",
        type="number",
        section="general",
        description="`duration` above this threshold, in seconds.",
    ),
    Parameter(
        name="duration_max",
        type="number",
        section="general",
        description="`duration` below this threshold, in seconds.",
    ),
    Parameter(
        name="messaging_utilization_min",
        type="number",
        section="general",
        description="Minimum `messaging_utilization`, in percent; only for customers with messaging.",
    ),
    Parameter(
        name="messaging_utilization_max",
        type="number",
        section="general",
        description="`messaging_utilization` below this percentage; only for customers with messaging.",
    ),
    Parameter(
        name="first_time_interaction",
        type="boolean",
        section="general",
        description="True: only first interactions of a lead; false: only later ones.",
    ),
    Parameter(
        name="verified_new_lead",
        type="boolean",
        section="general",
        description="True: only verified new leads; false: only the others. No field has this value.",
    ),
    Parameter(
        name="type",
        type="list(string)",
        section="general",
        values=vocabulary.INTERACTION_TYPES,
        description="Types of interaction. With `analytics_methodology=conversion`, `form` also selects interactions "
        "that have a related form.",
    ),
    Parameter(
        name="intent_level",
        type="list(string)",
        section="general",
        values=vocabulary.FILTER_INTENT_LEVELS,
        description="Any of these intent levels of a call.",
    ),
    Parameter(
        name="booking_opportunities",
        type="boolean",
        section="general",
        description="Opportunities to book a new appointment, for new or existing patients; without rescheduling. No "
        "field has this value.",
    ),
    Parameter(
        name="agent",
        type="list(integer)",
        section="general",
        special_values=("null", "inactive"),
        excludes=("agents",),
        description="Any of these agents, by id; `null` selects interactions without an agent, `inactive` those of "
        "inactive agents. Cannot be combined with `agents`.",
    ),
    Parameter(
        name="agents",
        type="string",
        section="general",
        excludes=("agent",),
        description="As `agent`, as one comma-separated string. Cannot be combined with `agent`.",
    ),
    Parameter(
        name="outcome",
        type="list(string)",
        section="general",
        values=vocabulary.FILTER_OUTCOMES,
        description="Outcomes; rows may also have `Booked Later`, which cannot be selected.",
    ),
    Parameter(
        name="direction",
        type="list(string)",
        section="general",
        accepts_null=True,
        values=vocabulary.DIRECTIONS,
        description="Initiated by the lead (`inbound`) or by an agent (`outbound`).",
    ),
    Parameter(
        name="status",
        type="list(string)",
        section="general",
        accepts_null=True,
        values=vocabulary.FILTER_STATUSES,
        description="Connection status of a call. `Answered` is `Connected` in rows.",
    ),
    Parameter(
        name="outcome_rnb",
        type="list(string)",
        section="general",
        accepts_null=True,
        description="Outcomes with these reasons for not booking.",
    ),
    Parameter(
        name="tracking_number",
        type="list(string)",
        section="general",
        accepts_null=True,
        description="Liine's phone numbers through which the interaction took place.",
    ),
    Parameter(
        name="call_type",
        type="list(string)",
        section="general",
        values=vocabulary.FILTER_CALL_TYPES,
        description="Categories of the interaction; rows have other names for most of them.",
    ),
    Parameter(
        name="reason_not_booked",
        type="list(string)",
        section="general",
        accepts_null=True,
        description="Any of these reasons for not booking, in the customer's own categories.",
    ),
    Parameter(
        name="search",
        type="string",
        section="general",
        description="Text in the name, the receiving number or the tracking number; case-insensitive.",
    ),
    Parameter(
        name="list",
        type="string",
        section="general",
        values=vocabulary.LISTS,
        description="One of Liine's predefined lists of leads.",
    ),
    Parameter(
        name="include_is_spam_likely",
        type="boolean",
        section="general",
        description="Includes interactions that are probably spam, whatever its value: even `false` includes them.",
    ),
    Parameter(
        name="lead_id",
        type="string",
        section="general",
        description="Interactions of this lead.",
    ),
    Parameter(
        name="lead_ids",
        type="list(string)",
        section="general",
        description="Interactions of any of these leads.",
    ),
    Parameter(
        name="call_ids",
        type="list(string)",
        section="general",
        description="Interactions with any of these `call_id` values.",
    ),
    Parameter(
        name="business_hours",
        type="boolean",
        section="general",
        description="True: only interactions during the customer's business hours; false is the default. No field has "
        "this value.",
    ),
)

_TOUCHES = {
    "either": "first or last touch",
    "initial": "first touch",
    "last_touch": "last touch",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attribute:
    """A parameter that the reference repeats for each touch; `{touch}` and `{prefix}` are filled in."""

    name: str
    description: str
    type: ParameterType = "list(string)"
    accepts_null: bool = True
    values: tuple[str, ...] = ()
    is_division: bool = False
    case_sensitive: tuple[str, ...] = ()


# The prefixes that the reference calls case-sensitive: of the three keyword rows it is only one.
_ALL = tuple(_TOUCHES)
_INITIAL = ("initial",)

# The row `initial_landing_url_search` names itself as the parameter that combines several strings; it is its `_type`
# (open question 18).
_ATTRIBUTES: tuple[_Attribute, ...] = (
    _Attribute(
        name="division",
        is_division=True,
        description="Divisions (treatment types) of the {touch}.",
    ),
    _Attribute(name="keyword", case_sensitive=_INITIAL, description="Keywords of the {touch}."),
    _Attribute(
        name="landing_url_search",
        accepts_null=False,
        description="Strings to find in the landing page URL of the {touch}; case-insensitive. "
        "`{prefix}_landing_url_search_type` combines several.",
    ),
    _Attribute(
        name="landing_url_search_type",
        type="string",
        accepts_null=False,
        values=vocabulary.SEARCH_TYPES,
        description="Whether all strings of `{prefix}_landing_url_search` must match (`and`, the default) "
        "or any (`or`).",
    ),
    _Attribute(name="location", description="Locations of the {touch}."),
    _Attribute(name="marketing_channel", description="Marketing channels of the {touch}."),
    _Attribute(
        name="referrer_url_search",
        accepts_null=False,
        description="Strings to find in the referrer URL of the {touch}; case-insensitive. "
        "`{prefix}_referrer_url_search_type` combines several.",
    ),
    _Attribute(
        name="referrer_url_search_type",
        type="string",
        accepts_null=False,
        values=vocabulary.SEARCH_TYPES,
        description="Whether all strings of `{prefix}_referrer_url_search` must match (`and`, the default) "
        "or any (`or`).",
    ),
    _Attribute(name="utm_campaign", case_sensitive=_ALL, description="`utm_campaign` of the {touch}."),
    _Attribute(name="utm_content", case_sensitive=_ALL, description="`utm_content` of the {touch}."),
    _Attribute(name="utm_medium", case_sensitive=_ALL, description="`utm_medium` of the {touch}."),
    _Attribute(name="utm_source", case_sensitive=_ALL, description="`utm_source` of the {touch}."),
)


def _describe(attribute: _Attribute, prefix: str) -> str:
    description = attribute.description.format(touch=_TOUCHES[prefix], prefix=prefix)
    return f"{description} Case-sensitive." if prefix in attribute.case_sensitive else description


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
        description="Minimum revenue of the appointment in US dollars, included.",
    ),
    Parameter(
        name="revenue_max",
        type="number",
        section="ehr_pms",
        description="Maximum revenue of the appointment in US dollars, included.",
    ),
    Parameter(
        name="appointment_status",
        type="list(string)",
        section="ehr_pms",
        values=vocabulary.APPOINTMENT_STATUSES,
        description="Any of these statuses of the appointment; `Canceled / No Show` also selects `Assumed No Show`.",
    ),
    Parameter(
        name="ehr_pms_patient_id_search",
        type="list(string)",
        section="ehr_pms",
        description="Any of these patient ids in the EHR/PMS; case-insensitive.",
    ),
    Parameter(
        name="appointment_location",
        type="list(string)",
        section="ehr_pms",
        description="Any of these practice locations of the appointment. Case-sensitive.",
    ),
    Parameter(
        name="primary_insurance_name",
        type="list(string)",
        section="ehr_pms",
        description="Any of these primary insurance carriers. Case-sensitive.",
    ),
    Parameter(
        name="provider_names",
        type="list(string)",
        section="ehr_pms",
        description="Any of these providers of the appointment. Case-sensitive.",
    ),
)

PARAMETERS: tuple[Parameter, ...] = _GENERAL + _METADATA + _EHR_PMS
FILTERS: tuple[Parameter, ...] = tuple(parameter for parameter in PARAMETERS if not parameter.is_owned)
FILTERS_BY_NAME: Mapping[str, Parameter] = MappingProxyType({parameter.name: parameter for parameter in FILTERS})
