{#-
    Changed rows are found by comparing staging with this table, not by the newest load: several processes may load at
    the same time, and an older load may be committed later. fct_liine__restatements marks them first, so that no change
    is built that is not restated.
-#}
{{
    config(
        materialized='incremental',
        unique_key='interaction_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        pre_hook=[
            "{{ mark_old_leads(this) if 'model.liine.fct_liine__restatements' not in selected_resources }}",
            "{{ delete_missing_rows(
                this, 'interaction_id', ref('stg_liine__interactions'), 'not is_vanished', is_marked('lead_version')
            ) }}"
        ],
        post_hook=["{{ mark_new_leads(this) }}", "{{ analyze_table(this) }}"]
    )
}}

-- depends_on: {{ ref('fct_liine__restatements') }}
{% if is_incremental() -%}
    with changed_rows as (

        {{ changed_rows(this, '(built.interaction_id is null or ' ~ is_marked('built.lead_version') ~ ')') }}

    ),

    defined_interactions as (

        {{ defined_interactions('interaction_id in (select changed_rows.interaction_id from changed_rows)') }}

    )
{%- endif %}

select
    interaction_id,
    customer_id,
    lead_key,
    patient_key,
    started_at_utc,
    started_at_local,
    date_local,
    hour_local,
    weekday_local,
    date_utc,
    utc_offset_minutes,
    updated_at_utc,
    is_counted,
    is_spam,
    spam_likely_reason,
    interaction_kind,
    is_phone_call,
    is_inbound_call,
    is_outbound_call,
    call_result,
    is_answered,
    is_missed_call,
    missed_reason,
    is_new_lead_interaction,
    is_existing_patient_interaction,
    is_not_new_lead_interaction,
    is_booking,
    is_booked_later,
    is_operative,
    booked_later_interaction_id,
    reason_not_booked,
    has_appointment,
    appointment_state,
    appointment_status,
    appointment_location,
    primary_insurance_name,
    revenue,
    interaction_type,
    direction,
    connection_status,
    call_status,
    call_type,
    outcome,
    intent_level,
    duration_seconds,
    has_audio,
    is_analyzed,
    is_first_time_interaction,
    is_lead_reassigned,
    agent_id,
    agent_name,
    agent_location_name,
    tracking_number,
    form_submission_id,
    related_form_submission_id,
    {% for touch in ['initial', 'last_touch'] -%}
        {{ touch }}_channel_key,
        {{ touch }}_marketing_channel,
        {{ touch }}_location,
        {{ touch }}_division,
        {{ touch }}_keyword,
        {{ touch }}_landing_url,
        {{ touch }}_referrer_url,
        {{ touch }}_utm_source,
        {{ touch }}_utm_medium,
        {{ touch }}_utm_campaign,
        {{ touch }}_utm_content,
        {{ campaign_key(touch) }} as {{ touch }}_campaign_key,
    {% endfor -%}
    messaging_utilization_percent,
    {% for skill in range(1, 8) -%}
        messaging_skill_{{ skill }},
    {% endfor -%}
    lead_id,
    call_id,
    phone_number,
    lead_name,
    lead_email,
    lead_city,
    lead_state,
    ehr_pms_patient_id,
    session_guid,
    missing_since_utc,
    load_id,
    row_definition,
    cast({{ build_number() }} as bigint) as lead_version
from {% if is_incremental() -%} defined_interactions {%- else -%} {{ ref('int_liine__interactions') }} {%- endif %}
