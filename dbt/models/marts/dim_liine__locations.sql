with locations as (

    {% for location_type in ['initial', 'last_touch', 'appointment'] -%}
        select
            customer_id,
            {{ location_type }}_location as location,
            '{{ location_type }}' as location_type,
            cast(count(*) as bigint) as interactions,
            min(date_local) as first_date_local,
            max(date_local) as last_date_local,
            min(utc_offset_minutes) as min_offset,
            max(utc_offset_minutes) as max_offset
        from {{ ref('fct_liine__interactions') }}
        where is_counted and {{ location_type }}_location is not null
        group by customer_id, {{ location_type }}_location
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
)

select
    customer_id,
    location,
    {{ bool_or("location_type != 'appointment'") }} as is_touch_location,
    {{ bool_or("location_type = 'appointment'") }} as is_appointment_location,
    min(first_date_local) as first_date_local,
    max(last_date_local) as last_date_local,
    min(case when location_type = 'last_touch' then min_offset end) as min_utc_offset_minutes,
    max(case when location_type = 'last_touch' then max_offset end) as max_utc_offset_minutes,
    {{ sum_bigint("case when location_type = 'last_touch' then interactions end") }} as interactions
from locations
group by customer_id, location
