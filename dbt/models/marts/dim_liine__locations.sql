with locations as (

    {% for location_type in ['initial', 'last_touch', 'appointment'] -%}
        select
            customer_id,
            {{ location_type }}_location as location,
            '{{ location_type }}' as location_type,
            {{ count_if('is_counted') }} as interactions,
            min(case when is_counted then date_local end) as first_date_local,
            max(case when is_counted then date_local end) as last_date_local,
            min(case when is_counted then utc_offset_minutes end) as min_offset,
            max(case when is_counted then utc_offset_minutes end) as max_offset
        from {{ ref('fct_liine__interactions') }}
        where {{ location_type }}_location is not null
        group by customer_id, {{ location_type }}_location
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
),

totals as (

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

),

-- The connector hashes a text to the key's id, a colon and 64 hexadecimal digits.
with_form as (

    select
        *,
        length(location) > 65
        and substr(location, length(location) - 64, 1) = ':'
        and translate(right(location, 64), '0123456789abcdef', '') = '' as is_hashed
    from totals

)

select
    with_form.customer_id,
    with_form.location,
    coalesce(names.location_name, with_form.location) as location_name,
    with_form.is_hashed,
    case when with_form.is_hashed then substr(with_form.location, 1, length(with_form.location) - 65) end
        as hash_key_id,
    with_form.is_touch_location,
    with_form.is_appointment_location,
    with_form.first_date_local,
    with_form.last_date_local,
    with_form.min_utc_offset_minutes,
    with_form.max_utc_offset_minutes,
    with_form.interactions
from with_form
left join {{ ref('liine_location_names') }} as names
    on with_form.customer_id = names.customer_id and with_form.location = names.location
