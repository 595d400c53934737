{{
    config(
        materialized='incremental',
        unique_key='lead_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        pre_hook="{{ delete_missing_rows(
            this, 'lead_key', ref('fct_liine__interactions'), 'is_counted and lead_key is not null'
        ) }}",
        post_hook="{{ analyze_table(this) }}"
    )
}}

with appointments as (

    select
        lead_key,
        cast(count(*) as bigint) as appointments,
        {{ count_if('is_attended') }} as attended_appointments,
        {{ count_if('is_no_show') }} as no_show_appointments,
        {{ sum_numeric('revenue') }} as revenue,
        max(built_from) as built_from
    from {{ ref('fct_liine__appointments') }}
    where lead_key is not null
    group by lead_key

),

versions as (

    select
        lead_key,
        customer_id,
        max(lead_version) as lead_version
    from {{ ref('fct_liine__interactions') }}
    where is_counted and lead_key is not null
    group by lead_key, customer_id

),

-- One number: the version of the rows, whether the appointments have it too, and what the customer's data can tell.
with_built_from as (

    select
        versions.lead_key,
        128 * versions.lead_version
        + case when appointments.built_from = versions.lead_version then 1 else 0 end
        + case when appointments.built_from != versions.lead_version then 2 else 0 end
        + case when scope.has_all_calls then 4 else 0 end
        + case when scope.has_whole_leads then 8 else 0 end
        + case when scope.has_appointments then 16 else 0 end
        + case when scope.has_appointment_statuses then 32 else 0 end
        + case when scope.has_revenue then 64 else 0 end as built_from
    from versions
    left join {{ ref('dim_liine__load_scope') }} as scope on versions.customer_id = scope.customer_id
    left join appointments on versions.lead_key = appointments.lead_key

),

changed_leads as (

    select *
    from with_built_from
    where {{ is_outdated('with_built_from', 'lead_key', 'built_from') }}

),

numbered as (

    select
        *,
        row_number() over (partition by lead_key order by started_at_utc, interaction_id) as row_num
    from {{ ref('fct_liine__interactions') }}
    where
        is_counted
        and lead_key is not null
        and lead_key in (select changed_leads.lead_key from changed_leads)

),

-- Position of the row that marks each step of the lead.
with_steps as (

    select
        *,
        coalesce(min(case when is_new_lead_interaction then row_num end) over (partition by lead_key), 1)
            as first_number,
        max(row_num) over (partition by lead_key) as last_number,
        min(case when is_answered then row_num end) over (partition by lead_key) as reached_number,
        coalesce(
            min(case when is_booking and is_operative then row_num end) over (partition by lead_key),
            min(case when is_booking then row_num end) over (partition by lead_key)
        ) as booked_number,
        max(case when reason_not_booked is not null then row_num end) over (partition by lead_key) as reason_number
    from numbered

),

leads as (

    select
        lead_key,
        customer_id,
        max(lead_id) as lead_id,
        {{ bool_or('is_new_lead_interaction') }} as is_new_lead,
        {{ bool_or('is_existing_patient_interaction') }} as is_existing_patient_interaction,
        {{ bool_or('is_not_new_lead_interaction') }} as is_not_new_lead_interaction,
        max(case when row_num = first_number then interaction_id end) as first_interaction_id,
        max(case when row_num = first_number then interaction_kind end) as first_interaction_kind,
        max(case when row_num = first_number then started_at_utc end) as first_at_utc,
        max(case when row_num = first_number then started_at_local end) as first_at_local,
        max(case when row_num = first_number then date_local end) as first_date_local,
        max(case when row_num = 1 then interaction_id end) as first_contact_interaction_id,
        max(case when row_num = 1 then interaction_kind end) as first_contact_kind,
        max(case when row_num = 1 then started_at_utc end) as first_contact_at_utc,
        max(case when row_num = 1 then date_local end) as first_contact_date_local,
        max(case when row_num = 1 then initial_channel_key end) as first_contact_channel_key,
        max(case when row_num = last_number then interaction_id end) as last_interaction_id,
        max(case when row_num = last_number then started_at_utc end) as last_at_utc,
        max(case when row_num = last_number then started_at_local end) as last_at_local,
        max(case when row_num = last_number then date_local end) as last_date_local,
        max(case when row_num = reached_number then interaction_id end) as reached_interaction_id,
        max(case when row_num = reached_number then started_at_utc end) as reached_at_utc,
        max(case when row_num = reached_number then date_local end) as reached_date_local,
        max(case when row_num = booked_number then interaction_id end) as booked_interaction_id,
        max(case when row_num = booked_number then started_at_utc end) as booked_at_utc,
        max(case when row_num = booked_number then date_local end) as booked_date_local,
        max(case when row_num = booked_number then agent_id end) as booked_agent_id,
        min(case when appointment_state = 'attended' then updated_at_utc end) as attended_known_at_utc,
        {{ bool_or('is_booked_later') }} as is_booked_later,
        max(case when row_num = reason_number then reason_not_booked end) as reason_not_booked,
        {% for touch, condition in [('initial', 'row_num = first_number'), ('last_touch', 'row_num = last_number')] -%}
            {%- set prefix = 'first' if touch == 'initial' else 'last' -%}
            {%- for name in [
                'channel_key', 'location', 'division', 'keyword', 'campaign_key',
                'utm_source', 'utm_medium', 'utm_campaign', 'utm_content'
            ] -%}
                max(case when {{ condition }} then {{ touch }}_{{ name }} end) as {{ prefix }}_{{ name }},
            {% endfor -%}
        {%- endfor -%}
        cast(count(*) as bigint) as interactions,
        {{ count_if('is_phone_call') }} as phone_calls,
        {{ count_if('is_inbound_call') }} as inbound_calls,
        {{ count_if('is_outbound_call') }} as outbound_calls,
        {{ count_if('is_missed_call') }} as missed_calls,
        {{ count_if("interaction_kind = 'form'") }} as forms
    from with_steps
    group by lead_key, customer_id

)

select
    leads.lead_key,
    leads.customer_id,
    leads.lead_id,
    case
        when leads.is_new_lead then 'new'
        when leads.is_existing_patient_interaction then 'existing'
        when leads.is_not_new_lead_interaction then 'none'
        else 'undecided'
    end as lead_type,
    leads.is_new_lead,
    leads.first_interaction_id,
    leads.first_interaction_kind,
    leads.first_at_utc,
    leads.first_at_local,
    leads.first_date_local,
    {{ first_day_of_month('leads.first_date_local') }} as first_month_local,
    leads.first_contact_interaction_id,
    leads.first_contact_kind,
    leads.first_contact_at_utc,
    leads.first_contact_date_local,
    leads.first_contact_channel_key,
    leads.last_interaction_id,
    leads.last_at_utc,
    leads.last_at_local,
    leads.last_date_local,
    case when leads.reached_interaction_id is not null then true when scope.has_all_calls then false end as is_reached,
    leads.reached_interaction_id,
    leads.reached_at_utc,
    leads.reached_date_local,
    {{ datediff_bigint('second', 'leads.first_contact_at_utc', 'leads.reached_at_utc') }} as seconds_to_reach,
    case when leads.booked_interaction_id is not null then true when scope.has_whole_leads then false end as is_booked,
    leads.booked_interaction_id,
    leads.booked_at_utc,
    leads.booked_date_local,
    leads.booked_agent_id,
    leads.is_booked_later and leads.booked_interaction_id is null as is_booked_elsewhere,
    case
        when appointments.attended_appointments > 0 then true
        when scope.has_whole_leads and scope.has_appointment_statuses then false
    end as is_attended,
    case when appointments.attended_appointments > 0 then leads.attended_known_at_utc end as attended_known_at_utc,
    leads.reason_not_booked,
    {% for prefix in ['first', 'last'] -%}
        leads.{{ prefix }}_channel_key,
        leads.{{ prefix }}_location,
        leads.{{ prefix }}_division,
        leads.{{ prefix }}_keyword,
        leads.{{ prefix }}_campaign_key,
        leads.{{ prefix }}_utm_source,
        leads.{{ prefix }}_utm_medium,
        leads.{{ prefix }}_utm_campaign,
        leads.{{ prefix }}_utm_content,
    {% endfor -%}
    leads.interactions,
    leads.phone_calls,
    leads.inbound_calls,
    leads.outbound_calls,
    leads.missed_calls,
    leads.forms,
    case when scope.has_appointments then coalesce(appointments.appointments, 0) end as appointments,
    case when scope.has_appointment_statuses then coalesce(appointments.attended_appointments, 0) end
        as attended_appointments,
    case when scope.has_appointment_statuses then coalesce(appointments.no_show_appointments, 0) end
        as no_show_appointments,
    cast(case when scope.has_revenue then coalesce(appointments.revenue, 0) end as numeric(38, 9)) as revenue,
    changed_leads.built_from
from leads
inner join changed_leads on leads.lead_key = changed_leads.lead_key
left join {{ ref('dim_liine__load_scope') }} as scope on leads.customer_id = scope.customer_id
left join appointments on leads.lead_key = appointments.lead_key
