{%- set metrics = [
    'interactions', 'answered_calls', 'missed_calls', 'new_leads', 'booked_leads', 'new_lead_revenue',
] -%}

with periods as (

    {% for period in ['week', 'month'] -%}
        select
            customer_id,
            cast('{{ period }}' as text) as period,
            {{ period }}_start as period_start,
            cast({{ dbt.dateadd(period, 1, period ~ '_start') }} as date) as next_start,
            cast({{ dbt.dateadd(period, -1, period ~ '_start') }} as date) as previous_start,
            cast(count(*) as bigint) as days,
            {% for metric in metrics[:-1] -%}
                -- Null where it is unknown, which it is on all days or on none.
                cast(sum({{ metric }}) as bigint) as {{ metric }},
            {% endfor -%}
            cast(sum(new_lead_revenue) as numeric(38, 2)) as new_lead_revenue
        from {{ ref('rpt_liine__customer_daily') }}
        group by customer_id, {{ period }}_start
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
),

with_complete as (

    select
        *,
        days = {{ datediff_bigint('day', 'period_start', 'next_start') }} as is_complete
    from periods

),

compared as (

    select
        periods.*,
        coalesce(periods.is_complete and previous.is_complete, false) as is_comparable,
        {% for metric in metrics -%}
            previous.{{ metric }} as previous_{{ metric }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from with_complete as periods
    left join with_complete as previous
        on
            periods.customer_id = previous.customer_id
            and periods.period = previous.period
            and periods.previous_start = previous.period_start

)

select
    customer_id,
    period,
    period_start,
    days,
    is_complete,
    is_comparable,
    {% for metric in metrics -%}
        {{ metric }},
        previous_{{ metric }},
        {% if metric != 'new_lead_revenue' -%}
            {%- set numerator = 'case when is_comparable then ' ~ metric ~ ' end' %}
            {{ safe_divide(numerator, 'previous_' ~ metric) }} as {{ metric }}_ratio,
        {% endif -%}
    {% endfor -%}
    {{
        safe_divide(
            'case when is_comparable and previous_new_lead_revenue > 0 then ' ~ cents('new_lead_revenue') ~ ' end',
            cents('previous_new_lead_revenue')
        )
    }} as new_lead_revenue_ratio
from compared
