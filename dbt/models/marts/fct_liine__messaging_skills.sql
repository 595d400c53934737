{{
    config(
        materialized='incremental',
        unique_key='interaction_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        pre_hook="{{ delete_missing_rows(
            this, 'interaction_id', ref('fct_liine__interactions'), is_scored_call()
        ) }}"
    )
}}

with skills as (

    {% for skill in range(1, 8) -%}
        select cast({{ skill }} as bigint) as skill
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
),

scored_calls as (

    select *
    from {{ ref('fct_liine__interactions') }}
    where {{ is_scored_call() }}

),

calls as (

    select *
    from scored_calls
    where {{ is_outdated('scored_calls', 'interaction_id', 'lead_version') }}

),

scored as (

    select
        calls.interaction_id,
        skills.skill,
        calls.customer_id,
        calls.agent_id,
        calls.date_local,
        case skills.skill
            {% for skill in range(1, 8) -%}
                when {{ skill }} then calls.messaging_skill_{{ skill }}
            {% endfor -%}
        end as is_met,
        calls.messaging_utilization_percent,
        calls.lead_version
    from calls
    cross join skills

)

select
    interaction_id,
    skill,
    customer_id,
    agent_id,
    date_local,
    is_met,
    messaging_utilization_percent,
    lead_version as built_from
from scored
where is_met is not null
