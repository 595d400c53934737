{{ config(post_hook="{{ analyze_table(this) }}") }}

with candidates as (

    select
        *,
        coalesce(lead_key, cast(interaction_id as text)) as journey_key,
        case when is_operative then 1 when is_booking then 2 else 3 end as priority
    from {{ ref('fct_liine__interactions') }}
    where is_counted and has_appointment

),

ranked as (

    select
        *,
        min(priority) over (partition by customer_id, journey_key, patient_key) as best_priority,
        count(*) over (partition by customer_id, journey_key, patient_key) as journey_rows
    from candidates

),

deduplicated as (

    select
        *,
        row_number() over (
            partition by
                customer_id,
                journey_key,
                patient_key,
                {{ normalize_value('appointment_status') }},
                appointment_location,
                revenue
            order by started_at_utc, interaction_id
        ) as duplicate_number
    from ranked
    where priority = best_priority

)

select
    interaction_id,
    customer_id,
    lead_key,
    patient_key,
    started_at_utc,
    date_local,
    {{ first_day_of_month('date_local') }} as month_local,
    coalesce(appointment_state, 'unknown') as appointment_state,
    coalesce(appointment_state, '') = 'attended' as is_attended,
    coalesce(appointment_state, '') = 'no_show' as is_no_show,
    appointment_location,
    primary_insurance_name,
    revenue,
    is_booking,
    is_new_lead_interaction,
    agent_id,
    initial_channel_key,
    initial_campaign_key,
    initial_division,
    cast(journey_rows as bigint) as journey_rows
from deduplicated
where duplicate_number = 1
