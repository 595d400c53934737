{%- set limits = [('5_minutes', 300), ('1_hour', 3600), ('1_day', 86400)] -%}

with speeds as (

    select
        customer_id,
        first_month_local as month_local,
        cast('elapsed' as text) as clock,
        is_reached,
        seconds_to_reach as seconds
    from {{ ref('fct_liine__lead_speed') }}
    union all
    select
        customer_id,
        first_month_local as month_local,
        cast('opening hours' as text) as clock,
        is_reached,
        open_seconds_to_reach as seconds
    from {{ ref('fct_liine__lead_speed') }}
    where is_open_at_first_contact is not null

),

totals as (

    select
        customer_id,
        month_local,
        clock,
        cast(count(*) as bigint) as new_leads,
        {{ count_if('is_reached') }} as reached_leads,
        {% for name, seconds in limits -%}
            {{ count_if('is_reached and seconds <= ' ~ seconds) }} as reached_in_{{ name }}
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from speeds
    group by customer_id, month_local, clock

),

known as (

    select
        totals.customer_id,
        totals.month_local,
        totals.clock,
        totals.new_leads,
        case when scope.has_all_calls then totals.reached_leads end as reached_leads,
        {% for name, seconds in limits -%}
            case when scope.has_all_calls then totals.reached_in_{{ name }} end as reached_in_{{ name }}
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from totals
    left join {{ ref('dim_liine__load_scope') }} as scope on totals.customer_id = scope.customer_id

)

select
    customer_id,
    month_local,
    clock,
    new_leads,
    reached_leads,
    {% for name, seconds in limits -%}
        reached_in_{{ name }},
        {{ safe_divide('reached_in_' ~ name, 'new_leads') }} as reached_in_{{ name }}_rate
        {%- if not loop.last %},{% endif %}
    {% endfor %}
from known
