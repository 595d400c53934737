{#- One row per counted interaction that carries an appointment, with the appointment that it belongs to. -#}
{{
    config(
        materialized='incremental',
        unique_key='interaction_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        pre_hook="{{ delete_missing_rows(
            this, 'interaction_id', ref('fct_liine__interactions'), 'is_counted and has_appointment'
        ) }}",
        post_hook="{{ analyze_table(this) }}"
    )
}}

{%- set journey = 'customer_id, journey_key' %}
{%- set rows_with_one_first = 'order by case when %s is null then 1 else 0 end, started_at_utc, interaction_id' %}

with interactions as (

    select
        interaction_id,
        customer_id,
        coalesce(lead_key, cast(interaction_id as text)) as journey_key,
        patient_key as own_patient_key,
        started_at_utc,
        updated_at_utc,
        is_operative,
        is_booking,
        {{ normalize_value('appointment_status') }} as own_status,
        appointment_state as own_state,
        appointment_location as own_location,
        revenue,
        lead_version
    from {{ ref('fct_liine__interactions') }}
    where is_counted and has_appointment

),

-- All rows of a changed lead, because they have one version.
candidates as (

    select *
    from interactions
    where {{ is_outdated('interactions', 'interaction_id', 'lead_version') }}

),

with_patient as (

    select
        *,
        coalesce(
            own_patient_key,
            first_value(own_patient_key) over (
                partition by {{ journey }}, own_status, own_location {{ rows_with_one_first % 'own_patient_key' }}
            ),
            first_value(own_patient_key) over (
                partition by {{ journey }} {{ rows_with_one_first % 'own_patient_key' }}
            )
        ) as patient_key
    from candidates

),

with_location as (

    select
        *,
        coalesce(
            own_location,
            first_value(own_location) over (
                partition by {{ journey }}, patient_key, own_status, revenue {{ rows_with_one_first % 'own_location' }}
            )
        ) as appointment_location
    from with_patient

),

with_status as (

    select
        *,
        first_value(own_status) over (
            partition by {{ journey }}, patient_key, appointment_location, revenue
            {{ rows_with_one_first % 'own_status' }}
        ) as other_status,
        first_value(own_state) over (
            partition by {{ journey }}, patient_key, appointment_location, revenue
            {{ rows_with_one_first % 'own_status' }}
        ) as other_state,
        min(case when is_operative or is_booking then 0 else 1 end) over (partition by {{ journey }}, patient_key)
            as best_priority,
        count(*) over (partition by {{ journey }}, patient_key) as journey_rows
    from with_location

),

grouped as (

    select
        *,
        coalesce(own_status, other_status) as normalized_status,
        case when own_status is null then other_state else own_state end as appointment_state
    from with_status

),

ranked as (

    select
        *,
        {% set appointment = journey ~ ', patient_key, normalized_status, appointment_location' -%}
        first_value(interaction_id) over (
            partition by {{ appointment }}
            order by
                case when is_operative then 0 when is_booking then 1 else 2 end,
                started_at_utc,
                interaction_id
        ) as appointment_interaction_id,
        min(case when is_operative or is_booking then 0 else 1 end) over (partition by {{ appointment }}) as priority,
        first_value(interaction_id) over (
            partition by {{ appointment }}
            order by
                case when revenue is null then 1 else 0 end,
                case when updated_at_utc is null then 1 else 0 end,
                updated_at_utc desc,
                started_at_utc desc,
                interaction_id desc
        ) as revenue_interaction_id,
        first_value(revenue) over (
            partition by {{ appointment }}
            order by
                case when revenue is null then 1 else 0 end,
                case when updated_at_utc is null then 1 else 0 end,
                updated_at_utc desc,
                started_at_utc desc,
                interaction_id desc
        ) as newest_revenue
    from grouped

)

select
    interaction_id,
    customer_id,
    appointment_interaction_id,
    priority = best_priority as is_counted_appointment,
    patient_key,
    appointment_state,
    appointment_location,
    -- On Postgres the window function's type has no scale.
    cast(newest_revenue as numeric(38, 9)) as appointment_revenue,
    case when newest_revenue is not null then revenue_interaction_id end as revenue_interaction_id,
    coalesce(revenue != newest_revenue, false) as has_other_revenue,
    cast(journey_rows as bigint) as journey_rows,
    lead_version as built_from
from ranked
