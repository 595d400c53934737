{{
    config(
        materialized='incremental',
        unique_key='interaction_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        pre_hook="{{ delete_missing_rows(
            this,
            'interaction_id',
            ref('int_liine__appointment_rows'),
            'is_counted_appointment and interaction_id = appointment_interaction_id'
        ) }}",
        post_hook="{{ analyze_table(this) }}"
    )
}}

select
    interactions.interaction_id,
    interactions.customer_id,
    interactions.lead_key,
    appointments.patient_key,
    interactions.started_at_utc,
    interactions.date_local,
    {{ first_day_of_month('interactions.date_local') }} as month_local,
    appointments.appointment_state,
    appointments.appointment_state = 'attended' as is_attended,
    appointments.appointment_state = 'no_show' as is_no_show,
    appointments.appointment_location,
    interactions.primary_insurance_name,
    appointments.appointment_revenue as revenue,
    appointments.revenue_interaction_id,
    interactions.is_booking,
    interactions.is_new_lead_interaction,
    interactions.agent_id,
    interactions.initial_channel_key,
    interactions.initial_campaign_key,
    interactions.initial_division,
    appointments.journey_rows,
    appointments.built_from
from {{ ref('int_liine__appointment_rows') }} as appointments
inner join {{ ref('fct_liine__interactions') }} as interactions
    on appointments.interaction_id = interactions.interaction_id
where
    appointments.is_counted_appointment
    and appointments.interaction_id = appointments.appointment_interaction_id
    and {{ is_outdated('appointments', 'interaction_id', 'built_from') }}
