with funnel as (

    select
        customer_id,
        first_month_local as month_local,
        cast(count(*) as bigint) as new_leads,
        {{ count_of('is_reached') }} as reached_leads,
        {{ count_of('is_booked') }} as booked_leads,
        {{ count_of('appointments > 0') }} as leads_with_appointment,
        {{ count_of('is_attended') }} as attended_leads,
        {{ whole_sum('attended_appointments') }} as attended_appointments,
        {{ whole_sum('no_show_appointments') }} as no_show_appointments,
        {{ exact_sum('revenue') }} as revenue
    from {{ ref('fct_liine__leads') }}
    where is_new_lead
    group by customer_id, first_month_local

)

select
    customer_id,
    month_local,
    new_leads,
    reached_leads,
    booked_leads,
    leads_with_appointment,
    attended_leads,
    attended_appointments,
    no_show_appointments,
    revenue,
    {{ share('reached_leads', 'new_leads') }} as reach_rate,
    {{ share('booked_leads', 'new_leads') }} as booking_rate,
    {{ share('attended_leads', 'new_leads') }} as attended_rate,
    {{ share('attended_appointments', 'attended_appointments + no_show_appointments') }} as show_rate
from funnel
