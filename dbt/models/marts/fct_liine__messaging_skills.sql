with skills as (

    {% for skill in range(1, 8) -%}
        select cast({{ skill }} as bigint) as skill
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
),

scored as (

    select
        calls.interaction_id,
        skills.skill,
        calls.customer_id,
        calls.agent_id,
        calls.date_local,
        calls.call_result,
        case skills.skill
            {% for skill in range(1, 8) -%}
                when {{ skill }} then calls.messaging_skill_{{ skill }}
            {% endfor -%}
        end as is_met,
        calls.messaging_utilization_percent
    from {{ ref('fct_liine__interactions') }} as calls
    cross join skills
    where calls.is_counted and calls.is_phone_call

)

select
    interaction_id,
    skill,
    customer_id,
    agent_id,
    date_local,
    is_met,
    messaging_utilization_percent
from scored
where is_met is not null
