{#-
    One row per missed call or form, with its lead's next outbound and next answered call. What is not there counts as
    missing only once the data covers the whole response window, and is unknown where calls may not have been loaded.
-#}
{{
    config(
        materialized='incremental',
        unique_key='interaction_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        pre_hook="{{ delete_missing_rows(
            this,
            'interaction_id',
            ref('fct_liine__interactions'),
            \"is_counted and (is_missed_call or interaction_kind = 'form')\"
        ) }}",
        post_hook="{{ analyze_table(this) }}"
    )
}}

{%- set window_seconds = 86400 * var('liine_response_days') %}

with requests as (

    select
        interactions.interaction_id,
        interactions.lead_key,
        interactions.started_at_utc,
        interactions.lead_version,
        interactions.lead_key is not null and coalesce(scope.has_all_calls, false) as has_all_calls,
        coalesce(
            {{ datediff_bigint('second', 'interactions.started_at_utc', 'scope.loaded_through_utc') }}
            > {{ window_seconds }},
            false
        ) as is_window_closed
    from {{ ref('fct_liine__interactions') }} as interactions
    left join {{ ref('dim_liine__load_scope') }} as scope on interactions.customer_id = scope.customer_id
    where interactions.is_counted and (interactions.is_missed_call or interactions.interaction_kind = 'form')

),

versioned as (

    select
        *,
        cast(lead_version as text)
        || ' days={{ var('liine_response_days') }}'
        || case when has_all_calls then ' calls' else '' end
        || case when is_window_closed then ' closed' else '' end as built_from
    from requests

),

changed as (

    select *
    from versioned
    where {{ is_outdated('versioned', 'interaction_id', 'built_from') }}

),

next_calls as (

    -- Newest row first, so that every frame starts at its partition's first row: all warehouses support that.
    select
        interaction_id,
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
    where is_counted and lead_key in (select changed.lead_key from changed)

),

with_seconds as (

    select
        changed.*,
        next_calls.next_outbound_at_utc,
        next_calls.next_answered_at_utc,
        {{ datediff_bigint('second', 'changed.started_at_utc', 'next_calls.next_outbound_at_utc') }}
            as seconds_to_outbound,
        {{ datediff_bigint('second', 'changed.started_at_utc', 'next_calls.next_answered_at_utc') }}
            as seconds_to_answered
    from changed
    left join next_calls on changed.interaction_id = next_calls.interaction_id

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
            as seconds_to_{{ call }},
    {% endfor -%}
    built_from
from with_seconds
