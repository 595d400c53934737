{%- set ages = [0, 1, 7, 14, 30, 60, 90] -%}

with ages as (

    {% for days in ages -%}
        select cast({{ days }} as bigint) as age_days
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
),

leads as (

    select
        customer_id,
        first_month_local,
        {{ datediff_bigint('second', 'first_at_utc', 'reached_at_utc') }} as seconds_to_reached,
        {{ datediff_bigint('second', 'first_at_utc', 'booked_at_utc') }} as seconds_to_booked
    from {{ ref('fct_liine__leads') }}
    where is_new_lead

),

months as (

    select
        customer_id,
        first_month_local as month_local,
        cast(count(*) as bigint) as new_leads,
        {% for days in ages -%}
            {{ count_if('seconds_to_reached <= 86400 * ' ~ (days + 1)) }} as reached_{{ days }},
            {{ count_if('seconds_to_booked <= 86400 * ' ~ (days + 1)) }} as booked_{{ days }}
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from leads
    group by customer_id, first_month_local

),

totals as (

    select
        months.customer_id,
        months.month_local,
        ages.age_days,
        months.new_leads,
        {% for step in ['reached', 'booked'] -%}
            case ages.age_days
                {% for days in ages -%}
                    when {{ days }} then months.{{ step }}_{{ days }}
                {% endfor -%}
            end as {{ step }}_leads{% if not loop.last %},{% endif %}
        {% endfor %}
    from months
    cross join ages

),

known as (

    select
        totals.customer_id,
        totals.month_local,
        totals.age_days,
        totals.new_leads,
        case when scope.has_all_calls then totals.reached_leads end as reached_leads,
        case when scope.has_whole_leads then totals.booked_leads end as booked_leads,
        -- A day more than the age, because the local month may end up to a day after the UTC month.
        coalesce(
            scope.loaded_through_utc >= {{ dbt.dateadd(
                'day', 'totals.age_days + 2', 'cast(' ~ dbt.dateadd('month', 1, 'totals.month_local') ~ ' as timestamp)'
            ) }},
            false
        ) as is_closed
    from totals
    left join {{ ref('dim_liine__load_scope') }} as scope on totals.customer_id = scope.customer_id

)

select
    customer_id,
    month_local,
    age_days,
    is_closed,
    new_leads,
    reached_leads,
    booked_leads,
    {{ safe_divide('case when is_closed then reached_leads end', 'new_leads') }} as reach_rate,
    {{ safe_divide('case when is_closed then booked_leads end', 'new_leads') }} as booking_rate
from known
