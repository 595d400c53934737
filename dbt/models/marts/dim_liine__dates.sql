{#-
    Every day from the start of the first year with an interaction to the end of the last. Years before 2000 and after
    2099 are ignored, so that one wrong timestamp cannot add a million rows.
-#}
with digits as (

    {% for digit in range(10) -%}
        select {{ digit }} as digit
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
),

numbers as (

    select
        ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit + 10000 * ten_thousands.digit
            as days
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as ten_thousands

),

bounds as (

    select
        cast({{ dbt.date_trunc('year', 'min(date_local)') }} as date) as first_day,
        cast({{ dbt.date_trunc('year', 'max(date_local)') }} as date) as last_year
    from {{ ref('fct_liine__interactions') }}
    where date_local between cast('2000-01-01' as date) and cast('2099-12-31' as date)

),

days as (

    select cast({{ dbt.dateadd('day', 'numbers.days', 'bounds.first_day') }} as date) as date_day
    from bounds
    inner join numbers
        on numbers.days < {{ dbt.datediff('bounds.first_day', dbt.dateadd('year', 1, 'bounds.last_year'), 'day') }}

)

select
    date_day,
    cast(extract(year from date_day) as bigint) as year_number,
    cast(extract(quarter from date_day) as bigint) as quarter_of_year,
    cast(extract(month from date_day) as bigint) as month_of_year,
    cast(extract(day from date_day) as bigint) as day_of_month,
    {{ iso_weekday('date_day') }} as day_of_week,
    {{ iso_weekday('date_day') }} >= 6 as is_weekend,
    cast(
        case {{ iso_weekday('date_day') }}
            {% for name in ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] -%}
                when {{ loop.index }} then '{{ name }}'
            {% endfor -%}
        end as text
    ) as day_name,
    cast(
        case extract(month from date_day)
            {% for name in [
                'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October',
                'November', 'December'
            ] -%}
                when {{ loop.index }} then '{{ name }}'
            {% endfor -%}
        end as text
    ) as month_name,
    {% set monday = dbt.dateadd('day', '1 - ' ~ iso_weekday('date_day'), 'date_day') -%}
    {% set thursday = 'cast(' ~ dbt.dateadd('day', '4 - ' ~ iso_weekday('date_day'), 'date_day') ~ ' as date)' -%}
    cast({{ monday }} as date) as week_start,
    -- The ISO week belongs to the year of its Thursday.
    cast(extract(year from {{ thursday }}) as bigint) as iso_year,
    cast(floor((extract(doy from {{ thursday }}) + 6) / 7) as bigint) as iso_week,
    {{ first_day_of_month('date_day') }} as month_start,
    cast({{ dbt.date_trunc('quarter', 'date_day') }} as date) as quarter_start,
    cast({{ dbt.date_trunc('year', 'date_day') }} as date) as year_start
from days
