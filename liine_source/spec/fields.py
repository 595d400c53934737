"""The reference's table "Interaction Fields", row by row in its order.

`personal_data` judges the value alone. How far a lead has come (`call_type`, `outcome`, `is_new`) is
therefore `none`; what is treated, who insures it, whether the patient came and what was paid is `health`.
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
) -> Field:
    return Field(
        name=name,
        data_type=data_type,
        personal_data=personal_data,
        description=description,
        values=values,
        is_open=is_open,
    )


def _touch(prefix: str, touch: str) -> tuple[Field, ...]:
    """Return the eleven fields that are there once for each touch."""

    def attribute(name: str, personal_data: PersonalData, description: str, *, is_open: bool = False) -> Field:
        told = f"{description}, as of the lead's {touch}."
        return _field(f"{prefix}_{name}", "text", personal_data, told, is_open=is_open)

    return (
        attribute("marketing_channel", "none", "Marketing channel"),
        attribute("location", "none", "Location"),
        attribute("division", "health", "Treatment type, or null where the account has divisions switched off"),
        # Typed by a person into a search, where it is not an advertiser's.
        attribute("keyword", "indirect", "Search keyword", is_open=True),
        # Addresses may carry names and numbers in their query.
        attribute("landing_url", "indirect", "Address of the page the visit began on"),
        attribute("referrer_url", "indirect", "Address of the page that linked to the practice"),
        attribute("utm_source", "none", "`utm_source` of the visit"),
        attribute("utm_medium", "none", "`utm_medium` of the visit"),
        attribute("utm_campaign", "none", "`utm_campaign` of the visit"),
        attribute("utm_content", "none", "`utm_content` of the visit"),
        Field(
            name=f"{prefix}_session_extras",
            data_type="json",
            shape="object",
            personal_data="indirect",
            is_open=True,
            description=f"Whatever else was recorded as of the lead's {touch}, under keys of no fixed list.",
        ),
    )


def _messaging_skill(number: int) -> Field:
    return _field(
        f"messaging_skill_{number}",
        "bool",
        "staff",
        f"Whether skill {number} was scored on the call; only where the account uses messaging.",
    )


FIELDS: tuple[Field, ...] = (
    _field(
        "analyze_complete",
        "bool",
        "none",
        "Whether analysis of the call has ended; null while a call is in progress.",
    ),
    _field("customer_id", "bigint", "none", "Liine's number for the customer that the row belongs to."),
    _field("duration", "bigint", "none", "Length of a call in seconds; set for calls only."),
    # It scores how an agent spoke.
    _field(
        "messaging_utilization",
        "double",
        "staff",
        "Share of the messaging used in a call, 0 to 100 percent. Null without messaging in the account, and "
        "for forms, online bookings and manual updates.",
    ),
    _field(
        "lead_id",
        "text",
        "indirect",
        "The lead: a new one for each new lead, while an existing patient keeps that of earlier "
        "interactions. It may be reassigned later.",
    ),
    _field(
        "call_id",
        "text",
        "indirect",
        "Text id of the interaction, present for every type and not just calls.",
    ),
    _field(
        "interaction_type",
        "text",
        "none",
        "Kind of interaction; a manual update counts as a call.",
        vocabulary.INTERACTION_TYPES,
    ),
    _field(
        "direction",
        "text",
        "none",
        "Who began: `inbound` the lead, `outbound` an agent, or null. Manual updates are outbound; forms, "
        "EHR/PMS entries and online bookings inbound.",
        vocabulary.DIRECTIONS,
    ),
    _field(
        "phone_number",
        "text",
        "direct",
        "The lead's number, country code first; the word `Unknown` stands for an invalid one.",
    ),
    _field("status", "text", "none", "How a call was connected.", vocabulary.FIELD_STATUSES),
    _field(
        "session_guid",
        "text",
        "indirect",
        "Web session of the lead on a page that runs Liine's SDK; attribution rests on it.",
    ),
    _field("attribution_session_guid", "text", "indirect", "Older session id, kept for attribution."),
    *_touch("initial", "first interaction"),
    *_touch("last_touch", "newest interaction"),
    _field(
        "call_type",
        "text",
        "none",
        "Category given to the interaction: new lead, follow-up, existing patient and so on.",
        vocabulary.FIELD_CALL_TYPES,
    ),
    _field("call_complete", "bool", "none", "Whether the call has ended."),
    _field("call_status", "text", "none", "State of the call, its analysis included.", vocabulary.CALL_STATUSES),
    _field(
        "agent",
        "text",
        "staff",
        "Agent who was in touch with the lead, by name; null where the account has Staff Performance switched off.",
    ),
    _field(
        "agent_id",
        "bigint",
        "staff",
        "Liine's number for that agent; null if no agent was reached or Staff Performance is off.",
    ),
    _field(
        "agent_location_name",
        "text",
        "staff",
        "The agent's name joined to the location of the newest touch; null if no agent was reached or "
        "Staff Performance is off.",
    ),
    _field("outcome", "text", "none", "What the interaction led to.", vocabulary.FIELD_OUTCOMES),
    _field(
        "booked_later_interaction_id",
        "bigint",
        "none",
        "`id` of the later interaction that brought the booking; null if there is none.",
    ),
    # It may tell of price or insurance.
    _field(
        "reason_not_booked",
        "text",
        "health",
        "Why no booking was made, in the customer's own categories; null where the account has Reasons Not "
        "Booked switched off.",
    ),
    _field("is_booked_later", "bool", "none", "True if a later interaction ended in a booking."),
    _field(
        "intent_level",
        "text",
        "none",
        "Whether a caller asked on behalf of another person; `UNDECIDED` may mean a lead not yet ready to book.",
        vocabulary.FIELD_INTENT_LEVELS,
    ),
    _field(
        "name",
        "text",
        "direct",
        "The lead's name as typed in a form or booking, or a call's caller ID. An EHR/PMS entry takes it "
        "from the interaction that was matched to the patient.",
    ),
    _field("city", "text", "indirect", "City of the lead; null if not known."),
    _field("state", "text", "indirect", "State of the lead; null if not known."),
    # The reference leaves this row's name blank; the sample row has it (open question 13).
    _field("email", "text", "direct", "E-mail address of the lead; null if not known."),
    _field("has_audio", "bool", "none", "Whether a recording of the call exists."),
    _field("voicemail", "bool", "none", "Whether it is a voicemail."),
    _field("first_time_interaction", "bool", "none", "Whether the lead's journey starts here."),
    _field("is_analyzed", "bool", "none", "Whether a call was analyzed."),
    _field("is_new", "bool", "none", "True: a new lead; false: somebody who is a patient already."),
    _field("is_existing_patient", "bool", "none", "Whether it is from somebody who is a patient already."),
    _field(
        "show_messaging",
        "bool",
        "none",
        "Whether a scored call of a new lead has messaging figures; only where the account uses messaging.",
    ),
    _field("review_complete", "bool", "none", "Whether somebody has finished reviewing the call."),
    *(_messaging_skill(number) for number in range(1, 8)),
    _field("tracking_number", "text", "none", "Liine's own phone number that the contact went through."),
    _field(
        "start_time",
        "timestamp",
        "none",
        "Start on the local wall clock of the call's or form's settings. It is written with a Z but is not UTC.",
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
        description="Last change of the row in UTC, to the microsecond.",
    ),
    Field(
        name="id",
        data_type="bigint",
        nullable=False,
        is_key=True,
        personal_data="none",
        description="Liine's number for the interaction: the key.",
    ),
    _field("manually_created", "bool", "none", "Whether somebody entered the lead by hand."),
    _field(
        "helper_cell",
        "bool",
        "none",
        "Marks the one interaction of a lead's journey that counts as its booking.",
    ),
    _field(
        "google_analytics_client_id",
        "text",
        "indirect",
        "Older Google Analytics client id; null if not known.",
    ),
    _field(
        "related_form_submission_id",
        "bigint",
        "none",
        "Liine's number for a form that goes with the interaction; null if there is none.",
    ),
    _field(
        "form_submission_id",
        "bigint",
        "none",
        "Liine's number for the form that was sent; null if it was none.",
    ),
    _field("is_spam_likely", "bool", "none", "Whether a call is presumed spam, such as a robocall."),
    _field(
        "spam_likely_reason", "text", "none", "Why a call is presumed spam, in words of no fixed list.", is_open=True
    ),
    _field(
        "salient_interaction",
        "text",
        "indirect",
        "For a form, the `call_id` of the interaction that matters most among those tied to it.",
    ),
    _field(
        "sara_lead_id_reason",
        "text",
        "indirect",
        "Why Liine says that `lead_id` should change after a match with an EHR/PMS patient.",
        is_open=True,
    ),
    _field("ehr_pms_patient_id", "text", "direct", "The patient's number in the practice's EHR/PMS."),
    _field("primary_insurance_name", "text", "health", "Insurer that covers the patient first."),
    Field(
        name="provider_names",
        data_type="text",
        shape="list",
        personal_data="staff",
        description="Providers of the appointment, by name.",
    ),
    _field("appointment_location", "text", "health", "Practice location that the appointment is booked at."),
    _field(
        "appointment_status",
        "text",
        "health",
        "Where the appointment stands now.",
        vocabulary.APPOINTMENT_STATUSES,
    ),
    _field(
        "revenue",
        "decimal",
        "health",
        "Appointment revenue in US dollars: adjusted production (gross, with adjustments, less what "
        "insurance wrote off) where there is one, else gross production (charges before both).",
    ),
)

FIELDS_BY_NAME: Mapping[str, Field] = MappingProxyType({field.name: field for field in FIELDS})
SCALAR_FIELDS: tuple[Field, ...] = tuple(field for field in FIELDS if field.shape == "scalar")
OBJECT_FIELDS: tuple[Field, ...] = tuple(field for field in FIELDS if field.shape == "object")
LIST_FIELDS: tuple[Field, ...] = tuple(field for field in FIELDS if field.shape == "list")
