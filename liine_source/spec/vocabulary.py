"""The values that the reference lists, each list once.

A row may have a value that is not here (open question 14): only the lists for filters are closed.
"""

# "General Parameters", `type`; the field `interaction_type` has the same values.
INTERACTION_TYPES = ("call", "form", "online_booking", "ehr_pms_entry")

# "General Parameters" and "Interaction Fields", `direction`; a row may also have null.
DIRECTIONS = ("inbound", "outbound")

# "Interaction Fields", `status`. The filter says Answered where the field says Connected; the sample row
# has "Complete", which neither of them lists.
FIELD_STATUSES = ("Connected", "Not Connected", "Error", "Busy", "In Progress")
# "General Parameters", `status`.
FILTER_STATUSES = ("Answered", "Not Answered", "Error", "Busy", "In Progress")

# "Interaction Fields", `call_status`; `status` has Error where this has Analyzing. No filter.
CALL_STATUSES = ("Connected", "Not Connected", "Busy", "In Progress", "Analyzing")

# "Interaction Fields", `call_type`. Four are also the filter's: New Lead, its two follow-ups, Voicemail.
FIELD_CALL_TYPES = (
    "New Lead",
    "New Lead (Follow-Up)",
    "New Lead (First Form Follow-Up)",
    "Not A New Lead Call",
    "Not A New Lead Form",
    "Not A New Lead Online Booking",
    "Not A New Lead EHR/PMS Entry",
    "Voicemail",
    "Existing Patient / Previously Booked",
)
# "General Parameters", `call_type`.
FILTER_CALL_TYPES = (
    "New Lead Follow-Ups",
    "New Lead (Follow-Up)",
    "New Lead (First Form Follow-Up)",
    "New Lead",
    "Not A New Lead",
    "Voicemail",
    "Not Analyzed",
    "Existing Patient",
)

# "Interaction Fields", `outcome`; "Booked Later" cannot be filtered for.
FIELD_OUTCOMES = ("Booked", "Not Booked", "Booked Later")
# "General Parameters", `outcome`.
FILTER_OUTCOMES = ("Booked", "Not Booked")

# "Interaction Fields", `intent_level`; "UNDECIDED" cannot be filtered for.
FIELD_INTENT_LEVELS = ("3rd Party", "Not 3rd Party", "UNDECIDED")
# "General Parameters", `intent_level`.
FILTER_INTENT_LEVELS = ("3rd Party", "Not 3rd Party")

# "EHR/PMS Parameters" and "Interaction Fields", `appointment_status`. As a filter, "Canceled / No Show"
# also selects "Assumed No Show".
APPOINTMENT_STATUSES = ("Attended", "Canceled / No Show", "Future Dated", "Assumed No Show", "Unknown")

# "General Parameters", `list`.
LISTS = ("first_time_interactions", "verified_new")

# "General Parameters", `analytics_methodology`; left out, it selects the default methodology.
ANALYTICS_METHODOLOGIES = ("conversion",)

# "Metadata Parameters", the six rows that end in `_search_type`; the first is the default.
SEARCH_TYPES = ("and", "or")

# "General Parameters", `reason_not_booked`: examples, each customer has its own.
REASONS_NOT_BOOKED = ("Price Objection", "Caller Procrastination", "Other")

# "Interaction Fields", `spam_likely_reason`: examples, the list is open.
SPAM_REASONS = ("Not enough caller audio", "No IVR selection was made")
