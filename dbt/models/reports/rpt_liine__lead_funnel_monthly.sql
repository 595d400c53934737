with funnel as (

    select
        customer_id,
        first_month_local as month_local,
        cast(count(*) as bigint) as new_leads,
        {{ count_if('is_reached') }} as reached_leads,
        {{ count_if('is_booked') }} as booked_leads,
        {{ count_if('appointments > 0') }} as leads_with_appointment,
        {{ count_if('is_attended') }} as attended_leads,
        {{ sum_bigint('attended_appointments') }} as attended_appointments,
        {{ sum_bigint('no_show_appointments') }} as no_show_appointments,
        {{ sum_numeric('revenue') }} as new_lead_revenue
    from {{ ref('fct_liine__leads') }}
    where is_new_lead
    group by customer_id, first_month_local

),

known as (

    select
        funnel.customer_id,
        funnel.month_local,
        {{ lead_metrics_if_known('funnel') }},
        case when scope.has_whole_leads and scope.has_appointments then funnel.leads_with_appointment end
            as leads_with_appointment,
        case when scope.has_appointment_statuses then funnel.attended_appointments end as attended_appointments,
        case when scope.has_appointment_statuses then funnel.no_show_appointments end as no_show_appointments
    from funnel
    left join {{ ref('dim_liine__load_scope') }} as scope on funnel.customer_id = scope.customer_id

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
    new_lead_revenue as revenue,
    {{ safe_divide('reached_leads', 'new_leads') }} as reach_rate,
    {{ safe_divide('booked_leads', 'new_leads') }} as booking_rate,
    {{ safe_divide('attended_leads', 'new_leads') }} as attended_rate,
    {{ safe_divide('attended_appointments', 'attended_appointments + no_show_appointments') }} as show_rate
from known
