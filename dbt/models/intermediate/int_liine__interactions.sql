{#- One row for an interaction that has not vanished, with the definitions that need no other row. -#}
with staged as {{ worked_out_once() }} (

    select
        *,
        {{ word('interaction_type') }} as type_word,
        {{ word('direction') }} as direction_word,
        {{ word('connection_status') }} as connection_word,
        {{ word('call_status') }} as call_status_word,
        {{ word('call_type') }} as call_type_word,
        {{ word('outcome') }} as outcome_word,
        {{ word('appointment_status') }} as appointment_word
    from {{ ref('stg_liine__interactions') }}
    where not is_vanished

),

kinds as (

    select
        *,
        case
            when
                type_word = 'call'
                and (
                    coalesce(is_manually_created, false)
                    or (
                        direction_word = 'outbound'
                        and connection_word is null
                        and call_status_word is null
                        and duration_seconds is null
                        and not coalesce(has_audio, false)
                    )
                )
                then 'manual_update'
            when type_word = 'call' then 'phone_call'
            when type_word in ('form', 'online_booking', 'ehr_pms_entry') then type_word
            else 'unknown'
        end as interaction_kind
    from staged

),

results as (

    select
        *,
        case
            when interaction_kind != 'phone_call' then null
            when coalesce(is_voicemail, false) or coalesce(call_type_word, '') = 'voicemail' then 'missed'
            when connection_word in ('connected', 'answered') then 'answered'
            when connection_word in ('not connected', 'not answered', 'busy', 'error') then 'missed'
            when connection_word = 'in progress' then 'pending'
            when call_status_word = 'connected' then 'answered'
            when call_status_word in ('not connected', 'busy') then 'missed'
            when call_status_word in ('in progress', 'analyzing') then 'pending'
            else 'unknown'
        end as call_result,
        coalesce(is_spam_likely, false) as is_spam
    from kinds

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
    {{ weekday('started_at_local') }} as weekday_local,
    cast(started_at_utc as date) as date_utc,
    {{ units_between('minute', 'started_at_utc', 'started_at_local') }} as utc_offset_minutes,
    updated_at_utc,
    not is_spam and started_at_utc is not null and started_at_local is not null as is_counted,
    is_spam,
    spam_likely_reason,
    interaction_kind,
    interaction_kind = 'phone_call' as is_phone_call,
    interaction_kind = 'phone_call' and coalesce(direction_word, '') = 'inbound' as is_inbound_call,
    interaction_kind = 'phone_call' and coalesce(direction_word, '') = 'outbound' as is_outbound_call,
    call_result,
    coalesce(call_result, '') = 'answered' as is_answered,
    coalesce(call_result, '') = 'missed' and coalesce(direction_word, '') = 'inbound' as is_missed_call,
    case
        when coalesce(call_result, '') != 'missed' then null
        when coalesce(is_voicemail, false) or coalesce(call_type_word, '') = 'voicemail' then 'voicemail'
        when connection_word = 'busy' or call_status_word = 'busy' then 'busy'
        when connection_word = 'error' then 'error'
        else 'not connected'
    end as missed_how,
    coalesce(
        is_new_lead,
        call_type_word in ('new lead', 'new lead (follow-up)', 'new lead (first form follow-up)'),
        false
    ) as is_of_new_lead,
    coalesce(is_existing_patient, false) or coalesce(call_type_word, '') = 'existing patient / previously booked'
        as is_of_existing_patient,
    coalesce(not is_new_lead, false) or coalesce(call_type_word, '') like 'not a new lead%' as is_of_no_new_lead,
    coalesce(outcome_word, '') = 'booked' as is_booking,
    coalesce(outcome_word, '') = 'booked later' as is_booked_later,
    coalesce(is_operative, false) as is_operative,
    booked_later_interaction_id,
    {{ filled('reason_not_booked') }} as reason_not_booked,
    coalesce(appointment_word, {{ filled('appointment_location') }}, cast(revenue as text)) is not null
        as has_appointment,
    case
        when coalesce(appointment_word, {{ filled('appointment_location') }}, cast(revenue as text)) is null then null
        when appointment_word = 'attended' then 'attended'
        when appointment_word in ('canceled / no show', 'assumed no show') then 'no_show'
        when appointment_word = 'future dated' then 'future'
        else 'unknown'
    end as appointment_state,
    {{ filled('appointment_status') }} as appointment_status,
    {{ filled('appointment_location') }} as appointment_location,
    {{ filled('primary_insurance_name') }} as primary_insurance_name,
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
    {{ filled('agent_name') }} as agent_name,
    {{ filled('agent_location_name') }} as agent_location_name,
    {{ filled('tracking_number') }} as tracking_number,
    form_submission_id,
    related_form_submission_id,
    {% for touch in ['initial', 'last_touch'] -%}
        {{ channel_key(touch ~ '_marketing_channel') }} as {{ touch }}_channel_key,
        {{ filled(touch ~ '_marketing_channel') }} as {{ touch }}_marketing_channel,
        {{ filled(touch ~ '_location') }} as {{ touch }}_location,
        {{ filled(touch ~ '_division') }} as {{ touch }}_division,
        {{ filled(touch ~ '_keyword') }} as {{ touch }}_keyword,
        {{ filled(touch ~ '_landing_url') }} as {{ touch }}_landing_url,
        {{ filled(touch ~ '_referrer_url') }} as {{ touch }}_referrer_url,
        {{ filled(touch ~ '_utm_source') }} as {{ touch }}_utm_source,
        {{ filled(touch ~ '_utm_medium') }} as {{ touch }}_utm_medium,
        {{ filled(touch ~ '_utm_campaign') }} as {{ touch }}_utm_campaign,
        {{ filled(touch ~ '_utm_content') }} as {{ touch }}_utm_content,
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
    load_id
from results
