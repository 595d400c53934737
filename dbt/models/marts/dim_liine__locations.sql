with met as (

    {% for source in ['initial', 'last_touch', 'appointment'] -%}
        select
            customer_id,
            {{ source }}_location as location,
            '{{ source }}' as seen_as,
            cast(count(*) as bigint) as interactions,
            min(date_local) as first_date_local,
            max(date_local) as last_date_local,
            min(utc_offset_minutes) as least_offset,
            max(utc_offset_minutes) as greatest_offset
        from {{ ref('fct_liine__interactions') }}
        where is_counted and {{ source }}_location is not null
        group by customer_id, {{ source }}_location
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
)

select
    customer_id,
    location,
    {{ any_of("seen_as != 'appointment'") }} as is_of_touches,
    {{ any_of("seen_as = 'appointment'") }} as is_of_appointments,
    min(first_date_local) as first_date_local,
    max(last_date_local) as last_date_local,
    min(case when seen_as = 'last_touch' then least_offset end) as least_utc_offset_minutes,
    max(case when seen_as = 'last_touch' then greatest_offset end) as greatest_utc_offset_minutes,
    {{ whole_sum("case when seen_as = 'last_touch' then interactions end") }} as interactions
from met
group by customer_id, location
