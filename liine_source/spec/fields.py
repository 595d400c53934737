"""The reference's table "Interaction Fields", row by row in its order.

`personal_data` classifies the value alone. So the stage of a lead (`call_type`, `outcome`, `is_new`) is `none`, while
treatment, insurer, attendance and payment are `health`.

`kind` is set where fields hold the same kind of value, which joins when it is hashed: a caller's and a form's phone
number, but not a patient's and an employee's name.
"""

from collections.abc import Mapping
from types import MappingProxyType

from liine_source.spec import vocabulary
from liine_source.spec.types import DataType, Field, PersonalData


def _field(
    name: str,
    data_type: DataType,
    personal_data: PersonalData,
    description: str,
    values: tuple[str, ...] = (),
    *,
    is_open: bool = False,
    kind: str = "",
) -> Field:
    return Field(
        name=name,
        data_type=data_type,
        personal_data=personal_data,
        description=description,
        values=values,
        is_open=is_open,
        kind=kind,
    )


def _touch(prefix: str, touch: str) -> tuple[Field, ...]:
    """Return the eleven fields that exist once for each touch."""

    def attribute(
        name: str, personal_data: PersonalData, description: str, *, is_open: bool = False, kind: str = ""
    ) -> Field:
        sentence = f"{description} from the lead's {touch}."
        return _field(f"{prefix}_{name}", "text", personal_data, sentence, is_open=is_open, kind=kind or name)

    return (
        attribute("marketing_channel", "none", "Marketing channel"),
        attribute("location", "none", "Location"),
        attribute("division", "health", "Treatment type (null if divisions are disabled in the account)"),
        # An advertiser's keyword, or what a person typed into a search.
        attribute("keyword", "indirect", "Search keyword", is_open=True),
        # The query of a URL may hold names and numbers.
        attribute("landing_url", "indirect", "Landing page URL", kind="url"),
        attribute("referrer_url", "indirect", "Referrer URL", kind="url"),
        attribute("utm_source", "none", "`utm_source`"),
        attribute("utm_medium", "none", "`utm_medium`"),
        attribute("utm_campaign", "none", "`utm_campaign`"),
        attribute("utm_content", "none", "`utm_content`"),
        Field(
            name=f"{prefix}_session_extras",
            data_type="json",
            shape="object",
            personal_data="indirect",
            is_open=True,
            description=f"Additional metadata from the lead's {touch}; its keys are not documented.",
        ),
    )


def _messaging_skill(number: int) -> Field:
    return _field(
        f"messaging_skill_{number}",
        "bool",
        "staff",
        f"Whether the call is scored with skill {number}; only for accounts with messaging.",
    )


FIELDS: tuple[Field, ...] = (
    _field(
        "analyze_complete",
        "bool",
        "none",
        "Whether the analysis of the call is complete; null while the call is in progress.",
    ),
    _field("customer_id", "bigint", "none", "Liine's internal id of the customer that the row belongs to."),
    _field("duration", "bigint", "none", "Duration of a call in seconds; set for calls only."),
    # It scores how an agent spoke.
    _field(
        "messaging_utilization",
        "double",
        "staff",
        "Messaging used in a call, in percent (0 to 100). Null for accounts without messaging, and for forms, online "
        "bookings and manual updates.",
    ),
    _field(
        "lead_id",
        "text",
        "indirect",
        "Id of the lead. Each new lead has its own; interactions of an existing patient share the id of earlier ones. "
        "It may be reassigned later.",
    ),
    _field(
        "call_id",
        "text",
        "indirect",
        "Unique text id of the interaction, present for every type and not only for calls.",
    ),
    _field(
        "interaction_type",
        "text",
        "none",
        "Type of the interaction; a manual update is a call.",
        vocabulary.INTERACTION_TYPES,
    ),
    _field(
        "direction",
        "text",
        "none",
        "`inbound` if the lead initiated it, `outbound` if an agent did, or null. Manual updates are outbound; forms, "
        "EHR/PMS entries and online bookings are inbound.",
        vocabulary.DIRECTIONS,
    ),
    _field(
        "phone_number",
        "text",
        "direct",
        "The lead's phone number with country code; `Unknown` if the number is invalid.",
    ),
    _field("status", "text", "none", "Connection status of a call.", vocabulary.FIELD_STATUSES),
    _field(
        "session_guid",
        "text",
        "indirect",
        "Id of the lead's web session on a page with Liine's SDK, used for attribution.",
    ),
    _field(
        "attribution_session_guid", "text", "indirect", "Legacy session id, used for attribution.", kind="session_guid"
    ),
    *_touch("initial", "first interaction"),
    *_touch("last_touch", "newest interaction"),
    _field(
        "call_type",
        "text",
        "none",
        "Category of the interaction: new lead, follow-up, existing patient and so on.",
        vocabulary.FIELD_CALL_TYPES,
    ),
    _field("call_complete", "bool", "none", "Whether the call has ended."),
    _field("call_status", "text", "none", "Status of the call, including its analysis.", vocabulary.CALL_STATUSES),
    _field(
        "agent",
        "text",
        "staff",
        "Name of the agent who contacted the lead; null if Staff Performance is disabled in the account.",
        kind="employee_name",
    ),
    _field(
        "agent_id",
        "bigint",
        "staff",
        "Liine's internal id of the agent who reached the lead; null if no agent did or Staff Performance is disabled.",
    ),
    _field(
        "agent_location_name",
        "text",
        "staff",
        "The agent's name with the last-touch location; null if no agent reached the lead or Staff Performance is "
        "disabled.",
    ),
    _field("outcome", "text", "none", "Outcome of the interaction.", vocabulary.FIELD_OUTCOMES),
    _field(
        "booked_later_interaction_id",
        "bigint",
        "none",
        "`id` of a later interaction that led to a booking, if any.",
        kind="interaction_id",
    ),
    # It may mention price or insurance.
    _field(
        "reason_not_booked",
        "text",
        "health",
        "Why the interaction did not lead to a booking, in the customer's own categories; null if Reasons Not Booked "
        "is disabled in the account.",
    ),
    _field("is_booked_later", "bool", "none", "Whether a later interaction led to a booking."),
    _field(
        "intent_level",
        "text",
        "none",
        "Whether the call was made for somebody else; `UNDECIDED` may mean that the lead was not ready to book.",
        vocabulary.FIELD_INTENT_LEVELS,
    ),
    _field(
        "name",
        "text",
        "direct",
        "Name of the lead in a form or online booking, or the caller ID of a call. An EHR/PMS entry has the name from "
        "the interaction that was matched to the patient.",
        kind="lead_name",
    ),
    _field("city", "text", "indirect", "The lead's city, if known."),
    _field("state", "text", "indirect", "The lead's state, if known."),
    # The reference leaves the name of this row blank; the sample row has it (open question 13).
    _field("email", "text", "direct", "The lead's email address, if known."),
    _field("has_audio", "bool", "none", "Whether the call has a recording."),
    _field("voicemail", "bool", "none", "Whether the interaction is a voicemail."),
    _field("first_time_interaction", "bool", "none", "Whether it is the first interaction of the lead's journey."),
    _field("is_analyzed", "bool", "none", "Whether the call has been analyzed."),
    _field("is_new", "bool", "none", "True for a new lead, false for an existing patient."),
    _field("is_existing_patient", "bool", "none", "Whether it is an interaction of an existing patient."),
    _field(
        "show_messaging",
        "bool",
        "none",
        "Whether a scored call of a new lead has messaging utilization data; only for accounts with messaging.",
    ),
    _field("review_complete", "bool", "none", "Whether the review of the call is complete."),
    *(_messaging_skill(number) for number in range(1, 8)),
    _field(
        "tracking_number",
        "text",
        "none",
        "Liine's phone number through which the interaction took place.",
        kind="phone_number",
    ),
    _field(
        "start_time",
        "timestamp",
        "none",
        "Start in the local time zone of the call's or form's settings. The API writes it with a Z, but it is not UTC.",
    ),
    Field(
        name="start_time_tz",
        data_type="timestamp",
        has_timezone=True,
        personal_data="none",
        description="Start in UTC, to the second.",
    ),
    Field(
        name="updated_at",
        data_type="timestamp",
        has_timezone=True,
        personal_data="none",
        description="Time of the last update in UTC, to the microsecond.",
    ),
    Field(
        name="id",
        data_type="bigint",
        nullable=False,
        is_key=True,
        kind="interaction_id",
        personal_data="none",
        description="Liine's internal id of the interaction; the primary key.",
    ),
    _field("manually_created", "bool", "none", "Whether the lead was created manually."),
    _field(
        "helper_cell",
        "bool",
        "none",
        "Whether it is the operative interaction of the lead's journey: the key booked one.",
    ),
    _field(
        "google_analytics_client_id",
        "text",
        "indirect",
        "Legacy Google Analytics client id, if known.",
    ),
    _field(
        "related_form_submission_id",
        "bigint",
        "none",
        "Liine's internal id of a form related to the interaction, if any.",
        kind="form_submission_id",
    ),
    _field(
        "form_submission_id",
        "bigint",
        "none",
        "Liine's internal id of the form submission, if any.",
    ),
    _field("is_spam_likely", "bool", "none", "Whether the call is probably spam, such as a robocall."),
    _field(
        "spam_likely_reason",
        "text",
        "none",
        "Why the call is considered spam; the reference gives only examples.",
        is_open=True,
    ),
    _field(
        "salient_interaction",
        "text",
        "indirect",
        "For a form, the `call_id` of the most important (operative) interaction related to it.",
        kind="call_id",
    ),
    _field(
        "sara_lead_id_reason",
        "text",
        "indirect",
        "Why Liine says that `lead_id` should be updated after a match with an EHR/PMS patient.",
        is_open=True,
    ),
    _field("ehr_pms_patient_id", "text", "direct", "The patient's id in the EHR/PMS.", kind="patient_id"),
    _field("primary_insurance_name", "text", "health", "Name of the patient's primary insurance carrier."),
    Field(
        name="provider_names",
        data_type="text",
        shape="list",
        kind="employee_name",
        personal_data="staff",
        description="Names of the providers of the appointment.",
    ),
    _field("appointment_location", "text", "health", "Practice location of the appointment.", kind="location"),
    _field(
        "appointment_status",
        "text",
        "health",
        "Current status of the appointment.",
        vocabulary.APPOINTMENT_STATUSES,
    ),
    _field(
        "revenue",
        "decimal",
        "health",
        "Revenue of the appointment in US dollars: adjusted production (gross production plus adjustments minus "
        "insurance write-offs) if available, else gross production (charges before adjustments and write-offs).",
    ),
)

FIELDS_BY_NAME: Mapping[str, Field] = MappingProxyType({field.name: field for field in FIELDS})
SCALAR_FIELDS: tuple[Field, ...] = tuple(field for field in FIELDS if field.shape == "scalar")
OBJECT_FIELDS: tuple[Field, ...] = tuple(field for field in FIELDS if field.shape == "object")
LIST_FIELDS: tuple[Field, ...] = tuple(field for field in FIELDS if field.shape == "list")
