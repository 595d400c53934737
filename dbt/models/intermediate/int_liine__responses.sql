{#-
    One row per missed call or form, with its lead's next outbound and next answered call. What is not there counts as
    missing only once the data covers the whole response window, and is unknown where calls may not have been loaded.
-#}
{{ config(materialized='table', post_hook="{{ analyze_table(this) }}") }}

{%- set window_seconds = 86400 * var('liine_response_days') %}

with next_calls as (

    -- Newest row first, so that every frame starts at its partition's first row: all warehouses support that.
    select
        interaction_id,
        customer_id,
        lead_key,
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
    where is_counted

),

with_seconds as (

    select
        next_calls.*,
        next_calls.lead_key is not null and coalesce(scope.has_all_calls, false) as has_all_calls,
        coalesce(
            {{ datediff_bigint('second', 'next_calls.started_at_utc', 'scope.loaded_through_utc') }}
            > {{ window_seconds }},
            false
        ) as is_window_closed,
        {{ datediff_bigint('second', 'next_calls.started_at_utc', 'next_calls.next_outbound_at_utc') }}
            as seconds_to_outbound,
        {{ datediff_bigint('second', 'next_calls.started_at_utc', 'next_calls.next_answered_at_utc') }}
            as seconds_to_answered
    from next_calls
    left join {{ ref('dim_liine__load_scope') }} as scope on next_calls.customer_id = scope.customer_id
    where next_calls.is_missed_call or next_calls.interaction_kind = 'form'

)

select
    interaction_id,
    is_window_closed,
    {% for call in ['outbound', 'answered'] -%}
        case
            when not has_all_calls then null
            when seconds_to_{{ call }} <= {{ window_seconds }} then true
            when is_window_closed then false
        end as is_{{ call }},
        case when has_all_calls and seconds_to_{{ call }} <= {{ window_seconds }} then next_{{ call }}_at_utc end
            as next_{{ call }}_at_utc,
        case when has_all_calls and seconds_to_{{ call }} <= {{ window_seconds }} then seconds_to_{{ call }} end
            as seconds_to_{{ call }}{% if not loop.last %},{% endif %}
    {% endfor %}
from with_seconds
