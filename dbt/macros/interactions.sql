{#-
    Query of the interactions that have not vanished, with every definition that depends on that row alone. The condition
    is inside, because Postgres would otherwise evaluate the definitions of all rows to select a few.
-#}
{% macro defined_interactions(condition) -%}
with interactions as {{ materialized_cte() }} (

    select
        *,
        {{ normalize_value('interaction_type') }} as normalized_type,
        {{ normalize_value('direction') }} as normalized_direction,
        {{ normalize_value('connection_status') }} as normalized_connection_status,
        {{ normalize_value('call_status') }} as normalized_call_status,
        {{ normalize_value('call_type') }} as normalized_call_type,
        {{ normalize_value('outcome') }} as normalized_outcome,
        {{ normalize_value('appointment_status') }} as normalized_appointment_status
    from {{ ref('stg_liine__interactions') }}
    where not is_vanished and {{ condition }}

),

with_kind as (

    select
        *,
        case
            when
                normalized_type = 'call'
                and (
                    coalesce(is_manually_created, false)
                    or (
                        normalized_direction = 'outbound'
                        and normalized_connection_status is null
                        and normalized_call_status is null
                        and duration_seconds is null
                        and not coalesce(has_audio, false)
                    )
                )
                then 'manual_update'
            when normalized_type = 'call' then 'phone_call'
            when normalized_type in ('form', 'online_booking', 'ehr_pms_entry') then normalized_type
            else 'unknown'
        end as interaction_kind
    from interactions

),

with_flags as (

    select
        *,
        case
            when interaction_kind != 'phone_call' then null
            when coalesce(is_voicemail, false) or coalesce(normalized_call_type, '') = 'voicemail' then 'missed'
            when normalized_connection_status in ('connected', 'answered') then 'answered'
            when normalized_connection_status in ('not connected', 'not answered', 'busy', 'error') then 'missed'
            when normalized_connection_status = 'in progress' then 'pending'
            when normalized_call_status = 'connected' then 'answered'
            when normalized_call_status in ('not connected', 'busy') then 'missed'
            when normalized_call_status in ('in progress', 'analyzing') then 'pending'
            else 'unknown'
        end as call_result,
        coalesce(is_spam_likely, false) as is_spam,
        coalesce(normalized_appointment_status, {{ nullif_blank('appointment_location') }}, cast(revenue as text))
        is not null as has_appointment
    from with_kind

)

select
    interaction_id,
    customer_id,
    lead_key,
    patient_key,
    started_at_utc,
    started_at_local,
    cast(started_at_local as date) as date_local,
    cast(extract(hour from started_at_local) as bigint) as hour_local,
    {{ iso_weekday('started_at_local') }} as weekday_local,
    cast(started_at_utc as date) as date_utc,
    {{ datediff_bigint('minute', 'started_at_utc', 'started_at_local') }} as utc_offset_minutes,
    updated_at_utc,
    not is_spam and started_at_utc is not null and started_at_local is not null as is_counted,
    is_spam,
    spam_likely_reason,
    interaction_kind,
    interaction_kind = 'phone_call' as is_phone_call,
    interaction_kind = 'phone_call' and coalesce(normalized_direction, '') = 'inbound' as is_inbound_call,
    interaction_kind = 'phone_call' and coalesce(normalized_direction, '') = 'outbound' as is_outbound_call,
    call_result,
    coalesce(call_result, '') = 'answered' as is_answered,
    coalesce(call_result, '') = 'missed' and coalesce(normalized_direction, '') = 'inbound' as is_missed_call,
    case
        when coalesce(call_result, '') != 'missed' then null
        when coalesce(is_voicemail, false) or coalesce(normalized_call_type, '') = 'voicemail' then 'voicemail'
        when normalized_connection_status = 'busy' or normalized_call_status = 'busy' then 'busy'
        when normalized_connection_status = 'error' then 'error'
        else 'not connected'
    end as missed_reason,
    coalesce(
        is_new_lead,
        normalized_call_type in ('new lead', 'new lead (follow-up)', 'new lead (first form follow-up)'),
        false
    ) as is_new_lead_interaction,
    coalesce(is_existing_patient, false) or coalesce(normalized_call_type, '') = 'existing patient / previously booked'
        as is_existing_patient_interaction,
    coalesce(not is_new_lead, false) or coalesce(normalized_call_type, '') like 'not a new lead%'
        as is_not_new_lead_interaction,
    coalesce(normalized_outcome, '') = 'booked' as is_booking,
    coalesce(normalized_outcome, '') = 'booked later' as is_booked_later,
    coalesce(is_operative, false) as is_operative,
    booked_later_interaction_id,
    {{ nullif_blank('reason_not_booked') }} as reason_not_booked,
    has_appointment,
    case
        when not has_appointment then null
        when normalized_appointment_status = 'attended' then 'attended'
        when normalized_appointment_status in ('canceled / no show', 'assumed no show') then 'no_show'
        when normalized_appointment_status = 'future dated' then 'future'
        else 'unknown'
    end as appointment_state,
    {{ nullif_blank('appointment_status') }} as appointment_status,
    {{ nullif_blank('appointment_location') }} as appointment_location,
    {{ nullif_blank('primary_insurance_name') }} as primary_insurance_name,
    revenue,
    interaction_type,
    direction,
    connection_status,
    call_status,
    call_type,
    outcome,
    intent_level,
    duration_seconds,
    coalesce(has_audio, false) as has_audio,
    coalesce(is_analyzed, false) as is_analyzed,
    coalesce(is_first_time_interaction, false) as is_first_time_interaction,
    is_lead_reassigned,
    agent_id,
    {{ nullif_blank('agent_name') }} as agent_name,
    {{ nullif_blank('agent_location_name') }} as agent_location_name,
    {{ nullif_blank('tracking_number') }} as tracking_number,
    form_submission_id,
    related_form_submission_id,
    {% for touch in ['initial', 'last_touch'] -%}
        {{ channel_key(touch ~ '_marketing_channel') }} as {{ touch }}_channel_key,
        {{ nullif_blank(touch ~ '_marketing_channel') }} as {{ touch }}_marketing_channel,
        {{ nullif_blank(touch ~ '_location') }} as {{ touch }}_location,
        {{ nullif_blank(touch ~ '_division') }} as {{ touch }}_division,
        {{ nullif_blank(touch ~ '_keyword') }} as {{ touch }}_keyword,
        {{ nullif_blank(touch ~ '_landing_url') }} as {{ touch }}_landing_url,
        {{ nullif_blank(touch ~ '_referrer_url') }} as {{ touch }}_referrer_url,
        {{ nullif_blank(touch ~ '_utm_source') }} as {{ touch }}_utm_source,
        {{ nullif_blank(touch ~ '_utm_medium') }} as {{ touch }}_utm_medium,
        {{ nullif_blank(touch ~ '_utm_campaign') }} as {{ touch }}_utm_campaign,
        {{ nullif_blank(touch ~ '_utm_content') }} as {{ touch }}_utm_content,
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
    row_definition
from with_flags
{%- endmacro %}
