"""One interaction, as the emulator stores and sends it."""

from datetime import UTC, datetime
from typing import Any

import msgspec

ABSENT = msgspec.UNSET
"""The value of a field whose key the answer leaves out."""


class Row(msgspec.Struct, gc=False):
    """The 84 fields: those of the reference's sample row in its order, then those that the sample lacks.

    Assignments are not validated, so that a test can send any raw value.
    """

    # Written out, not derived from the spec, so that a type checker knows the names. A test compares the two.
    analyze_complete: bool | None = None
    customer_id: int = 0
    duration: int | None = None
    messaging_utilization: float | None = None
    lead_id: str = ""
    call_id: str = ""
    interaction_type: str = ""
    direction: str | None = None
    phone_number: str | None = None
    primary_insurance_name: str | None = None
    provider_names: list[str] | None = None
    status: str | None = None
    session_guid: str | None = None
    attribution_session_guid: str | None = None
    initial_marketing_channel: str | None = None
    last_touch_marketing_channel: str | None = None
    initial_location: str | None = None
    last_touch_location: str | None = None
    initial_division: str | None = None
    last_touch_division: str | None = None
    call_type: str | None = None
    call_complete: bool | None = None
    call_status: str | None = None
    agent: str | None = None
    agent_id: int | None = None
    agent_location_name: str | None = None
    appointment_location: str | None = None
    appointment_status: str | None = None
    outcome: str | None = None
    booked_later_interaction_id: int | None = None
    reason_not_booked: str | None = None
    intent_level: str | None = None
    initial_keyword: str | None = None
    last_touch_keyword: str | None = None
    initial_landing_url: str | None = None
    last_touch_landing_url: str | None = None
    initial_referrer_url: str | None = None
    last_touch_referrer_url: str | None = None
    initial_utm_source: str | None = None
    last_touch_utm_source: str | None = None
    initial_utm_medium: str | None = None
    last_touch_utm_medium: str | None = None
    initial_utm_campaign: str | None = None
    last_touch_utm_campaign: str | None = None
    initial_utm_content: str | None = None
    last_touch_utm_content: str | None = None
    initial_session_extras: dict[str, Any] | None = None
    last_touch_session_extras: dict[str, Any] | None = None
    name: str | None = None
    city: str | None = None
    state: str | None = None
    email: str | None = None
    has_audio: bool | None = None
    voicemail: bool | None = None
    first_time_interaction: bool | None = None
    is_analyzed: bool | None = None
    is_new: bool | None = None
    is_existing_patient: bool | None = None
    show_messaging: bool | None = None
    revenue: float | None = None
    review_complete: bool | None = None
    messaging_skill_1: bool | None = None
    messaging_skill_2: bool | None = None
    messaging_skill_3: bool | None = None
    messaging_skill_4: bool | None = None
    messaging_skill_5: bool | None = None
    messaging_skill_6: bool | None = None
    messaging_skill_7: bool | None = None
    tracking_number: str | None = None
    start_time: str = ""
    id: int = 0
    manually_created: bool | None = None
    is_spam_likely: bool | None = None
    spam_likely_reason: str | None = None
    start_time_tz: str = ""
    is_booked_later: bool | None = None
    updated_at: str = ""
    helper_cell: bool | None = None
    google_analytics_client_id: str | None = None
    related_form_submission_id: int | None = None
    form_submission_id: int | None = None
    salient_interaction: str | None = None
    sara_lead_id_reason: str | None = None
    ehr_pms_patient_id: str | None = None


SAMPLE_FIELDS = Row.__struct_fields__[:75]
"""The fields of the sample row (open question 13)."""

TIMESTAMPS = ("start_time", "start_time_tz", "updated_at")


def format_timestamp(seconds: int) -> str:
    """Format seconds since 1970 as the reference does. The clock may be UTC or local; the text ends in Z for both."""
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}Z"


def parse_timestamp(text: object) -> int | None:
    """Parse the output of `format_timestamp`; return None for anything else."""
    # `fromisoformat` accepts more formats than the emulator writes, and a test may have stored any value.
    if not isinstance(text, str) or len(text) != 20 or text[10] != "T" or text[19] != "Z":
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        return None
