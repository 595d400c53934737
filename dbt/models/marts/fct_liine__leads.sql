{{ config(post_hook="{{ analysed(this) }}") }}

with ordered as (

    select
        *,
        row_number() over (partition by lead_key order by started_at_utc, interaction_id) as place
    from {{ ref('fct_liine__interactions') }}
    where is_counted and lead_key is not null

),

-- The places of the rows that tell of a lead's steps.
placed as (

    select
        *,
        max(place) over (partition by lead_key) as last_place,
        min(case when is_answered then place end) over (partition by lead_key) as reached_place,
        coalesce(
            min(case when is_booking and is_operative then place end) over (partition by lead_key),
            min(case when is_booking then place end) over (partition by lead_key)
        ) as booked_place,
        max(case when reason_not_booked is not null then place end) over (partition by lead_key) as reason_place
    from ordered

),

leads as (

    select
        lead_key,
        customer_id,
        max(lead_id) as lead_id,
        {{ any_of('is_of_new_lead') }} as is_new_lead,
        {{ any_of('is_of_existing_patient') }} as is_of_existing_patient,
        {{ any_of('is_of_no_new_lead') }} as is_of_no_new_lead,
        max(case when place = 1 then interaction_id end) as first_interaction_id,
        max(case when place = 1 then interaction_kind end) as first_interaction_kind,
        max(case when place = 1 then started_at_utc end) as first_at_utc,
        max(case when place = 1 then started_at_local end) as first_at_local,
        max(case when place = 1 then date_local end) as first_date_local,
        max(case when place = last_place then interaction_id end) as last_interaction_id,
        max(case when place = last_place then started_at_utc end) as last_at_utc,
        max(case when place = last_place then started_at_local end) as last_at_local,
        max(case when place = last_place then date_local end) as last_date_local,
        max(case when place = reached_place then interaction_id end) as reached_interaction_id,
        max(case when place = reached_place then started_at_utc end) as reached_at_utc,
        max(case when place = reached_place then date_local end) as reached_date_local,
        max(case when place = booked_place then interaction_id end) as booked_interaction_id,
        max(case when place = booked_place then started_at_utc end) as booked_at_utc,
        max(case when place = booked_place then date_local end) as booked_date_local,
        max(case when place = booked_place then agent_id end) as booked_agent_id,
        min(case when appointment_state = 'attended' then updated_at_utc end) as attended_known_at_utc,
        {{ any_of('is_booked_later') }} as is_booked_later,
        max(case when place = reason_place then reason_not_booked end) as reason_not_booked,
        {% for touch, at in [('initial', 'place = 1'), ('last_touch', 'place = last_place')] -%}
            {%- set short = 'first' if touch == 'initial' else 'last' -%}
            {%- for name in [
                'channel_key', 'location', 'division', 'keyword', 'campaign_key',
                'utm_source', 'utm_medium', 'utm_campaign', 'utm_content'
            ] -%}
                max(case when {{ at }} then {{ touch }}_{{ name }} end) as {{ short }}_{{ name }},
            {% endfor -%}
        {%- endfor -%}
        cast(count(*) as bigint) as interactions,
        {{ count_of('is_phone_call') }} as phone_calls,
        {{ count_of('is_inbound_call') }} as inbound_calls,
        {{ count_of('is_outbound_call') }} as outbound_calls,
        {{ count_of('is_missed_call') }} as missed_calls,
        {{ count_of("interaction_kind = 'form'") }} as forms
    from placed
    group by lead_key, customer_id

),

appointments as (

    select
        lead_key,
        cast(count(*) as bigint) as appointments,
        {{ count_of('is_attended') }} as attended_appointments,
        {{ count_of('is_no_show') }} as no_show_appointments,
        {{ exact_sum('revenue') }} as revenue
    from {{ ref('fct_liine__appointments') }}
    where lead_key is not null
    group by lead_key

)

select
    leads.lead_key,
    leads.customer_id,
    leads.lead_id,
    case
        when leads.is_new_lead then 'new'
        when leads.is_of_existing_patient then 'existing'
        when leads.is_of_no_new_lead then 'none'
        else 'undecided'
    end as lead_type,
    leads.is_new_lead,
    leads.first_interaction_id,
    leads.first_interaction_kind,
    leads.first_at_utc,
    leads.first_at_local,
    leads.first_date_local,
    {{ month_of('leads.first_date_local') }} as first_month_local,
    leads.last_interaction_id,
    leads.last_at_utc,
    leads.last_at_local,
    leads.last_date_local,
    leads.reached_interaction_id is not null as is_reached,
    leads.reached_interaction_id,
    leads.reached_at_utc,
    leads.reached_date_local,
    {{ units_between('second', 'leads.first_at_utc', 'leads.reached_at_utc') }} as seconds_to_reach,
    leads.booked_interaction_id is not null as is_booked,
    leads.booked_interaction_id,
    leads.booked_at_utc,
    leads.booked_date_local,
    leads.booked_agent_id,
    leads.is_booked_later and leads.booked_interaction_id is null as is_booked_elsewhere,
    coalesce(appointments.attended_appointments, 0) > 0 as is_attended,
    leads.attended_known_at_utc,
    leads.reason_not_booked,
    {% for short in ['first', 'last'] -%}
        leads.{{ short }}_channel_key,
        leads.{{ short }}_location,
        leads.{{ short }}_division,
        leads.{{ short }}_keyword,
        leads.{{ short }}_campaign_key,
        leads.{{ short }}_utm_source,
        leads.{{ short }}_utm_medium,
        leads.{{ short }}_utm_campaign,
        leads.{{ short }}_utm_content,
    {% endfor -%}
    leads.interactions,
    leads.phone_calls,
    leads.inbound_calls,
    leads.outbound_calls,
    leads.missed_calls,
    leads.forms,
    coalesce(appointments.appointments, 0) as appointments,
    coalesce(appointments.attended_appointments, 0) as attended_appointments,
    coalesce(appointments.no_show_appointments, 0) as no_show_appointments,
    cast(coalesce(appointments.revenue, 0) as numeric(38, 9)) as revenue
from leads
left join appointments on leads.lead_key = appointments.lead_key
