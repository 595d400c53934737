{#- One row per customer with opening hours and day: seconds that it is open, on this day and before it. -#}
{{ config(materialized='table') }}

with hours as (

    select
        customer_id,
        weekday,
        {{ sum_bigint(seconds_of_day('closes_at') ~ ' - ' ~ seconds_of_day('opens_at')) }} as open_seconds
    from {{ ref('liine_opening_hours') }}
    group by customer_id, weekday

),

customers as (

    select distinct customer_id
    from hours

),

days as (

    select
        customers.customer_id,
        dates.date_day,
        holidays.holiday_date is not null as is_holiday,
        case when holidays.holiday_date is null then coalesce(hours.open_seconds, 0) else 0 end as open_seconds
    from customers
    cross join {{ ref('dim_liine__dates') }} as dates
    left join hours on customers.customer_id = hours.customer_id and dates.day_of_week = hours.weekday
    left join {{ ref('liine_holidays') }} as holidays
        on customers.customer_id = holidays.customer_id and dates.date_day = holidays.holiday_date

)

select
    customer_id,
    date_day,
    is_holiday,
    open_seconds,
    cast(
        sum(open_seconds) over (
            partition by customer_id
            order by date_day
            rows between unbounded preceding and current row
        ) - open_seconds
        as bigint
    ) as open_seconds_before
from days
