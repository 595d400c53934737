{#-
    Values that the API reference lists, by staging column. Other values are kept: the staging tests warn about them, and
    `rpt_liine__data_health` counts them.

[[[cog
import derive
cog.outl(derive.dbt_known_values())
]]]
-#}
{% macro known_values() %}
{%- set known = {
    'interaction_type': ['call', 'form', 'online_booking', 'ehr_pms_entry'],
    'direction': ['inbound', 'outbound'],
    'connection_status': ['Connected', 'Not Connected', 'Error', 'Busy', 'In Progress'],
    'call_type': ['New Lead', 'New Lead (Follow-Up)', 'New Lead (First Form Follow-Up)', 'Not A New Lead Call', 'Not A New Lead Form', 'Not A New Lead Online Booking', 'Not A New Lead EHR/PMS Entry', 'Voicemail', 'Existing Patient / Previously Booked'],
    'call_status': ['Connected', 'Not Connected', 'Busy', 'In Progress', 'Analyzing'],
    'outcome': ['Booked', 'Not Booked', 'Booked Later'],
    'intent_level': ['3rd Party', 'Not 3rd Party', 'UNDECIDED'],
    'appointment_status': ['Attended', 'Canceled / No Show', 'Future Dated', 'Assumed No Show', 'Unknown'],
} -%}
{{ return(known) }}
{% endmacro %}
{#-
[[[end]]]
-#}
