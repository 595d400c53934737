{#- One row per missed call or form of a lead, with that lead's next outbound and next answered call. -#}
{{ config(materialized='table', post_hook="{{ analyze_table(this) }}") }}

with next_calls as (

    -- Newest row first, so that every frame starts at its partition's first row: all warehouses support that.
    select
        interaction_id,
        started_at_utc,
        is_missed_call,
        interaction_kind,
        min(case when is_outbound_call then started_at_utc end) over (
            partition by lead_key
            order by started_at_utc desc, interaction_id desc
            rows between unbounded preceding and current row
        ) as next_outbound_at_utc,
        min(case when is_answered then started_at_utc end) over (
            partition by lead_key
            order by started_at_utc desc, interaction_id desc
            rows between unbounded preceding and current row
        ) as next_answered_at_utc
    from {{ ref('fct_liine__interactions') }}
    where is_counted and lead_key is not null

),

with_seconds as (

    select
        interaction_id,
        next_outbound_at_utc,
        next_answered_at_utc,
        {{ datediff_bigint('second', 'started_at_utc', 'next_outbound_at_utc') }} as seconds_to_outbound,
        {{ datediff_bigint('second', 'started_at_utc', 'next_answered_at_utc') }} as seconds_to_answered
    from next_calls
    where is_missed_call or interaction_kind = 'form'

)

select
    interaction_id,
    case when seconds_to_outbound <= {{ 86400 * var('liine_response_days') }} then next_outbound_at_utc end
        as next_outbound_at_utc,
    case when seconds_to_outbound <= {{ 86400 * var('liine_response_days') }} then seconds_to_outbound end
        as seconds_to_outbound,
    case when seconds_to_answered <= {{ 86400 * var('liine_response_days') }} then next_answered_at_utc end
        as next_answered_at_utc,
    case when seconds_to_answered <= {{ 86400 * var('liine_response_days') }} then seconds_to_answered end
        as seconds_to_answered
from with_seconds
