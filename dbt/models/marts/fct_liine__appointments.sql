{{ config(post_hook="{{ analysed(this) }}") }}

with carrying as (

    select
        *,
        coalesce(lead_key, cast(interaction_id as text)) as journey,
        case when is_operative then 1 when is_booking then 2 else 3 end as rank_of_row
    from {{ ref('fct_liine__interactions') }}
    where is_counted and has_appointment

),

ranked as (

    select
        *,
        min(rank_of_row) over (partition by customer_id, journey, patient_key) as best_rank,
        count(*) over (partition by customer_id, journey, patient_key) as rows_of_journey
    from carrying

),

numbered as (

    select
        *,
        row_number() over (
            partition by
                customer_id, journey, patient_key, {{ word('appointment_status') }}, appointment_location, revenue
            order by started_at_utc, interaction_id
        ) as place
    from ranked
    where rank_of_row = best_rank

)

select
    interaction_id,
    customer_id,
    lead_key,
    patient_key,
    started_at_utc,
    date_local,
    {{ month_of('date_local') }} as month_local,
    coalesce(appointment_state, 'unknown') as appointment_state,
    coalesce(appointment_state, '') = 'attended' as is_attended,
    coalesce(appointment_state, '') = 'no_show' as is_no_show,
    appointment_location,
    primary_insurance_name,
    revenue,
    is_booking,
    is_of_new_lead,
    agent_id,
    initial_channel_key,
    initial_campaign_key,
    initial_division,
    cast(rows_of_journey as bigint) as rows_of_journey
from numbered
where place = 1
