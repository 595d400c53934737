{#- One row for a missed call or a form of a lead, with the next outbound and the next answered call of that lead. -#}
{{ config(materialized='table', post_hook="{{ analysed(this) }}") }}

with journeys as (

    -- From the newest row backwards, so that all frames begin at the first row: every warehouse can do that.
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

timed as (

    select
        interaction_id,
        next_outbound_at_utc,
        next_answered_at_utc,
        {{ units_between('second', 'started_at_utc', 'next_outbound_at_utc') }} as seconds_to_outbound,
        {{ units_between('second', 'started_at_utc', 'next_answered_at_utc') }} as seconds_to_answered
    from journeys
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
from timed
