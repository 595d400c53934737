with reasons as (

    select
        customer_id,
        first_month_local as month_local,
        coalesce(reason_not_booked, 'no reason given') as reason_not_booked,
        cast(count(*) as bigint) as leads
    from {{ ref('fct_liine__leads') }}
    where is_new_lead and not is_booked
    group by customer_id, first_month_local, coalesce(reason_not_booked, 'no reason given')

),

months as (

    select
        *,
        cast(sum(leads) over (partition by customer_id, month_local) as bigint) as leads_of_month
    from reasons

)

select
    customer_id,
    month_local,
    reason_not_booked,
    leads,
    leads_of_month,
    {{ safe_divide('leads', 'leads_of_month') }} as share_of_month
from months
