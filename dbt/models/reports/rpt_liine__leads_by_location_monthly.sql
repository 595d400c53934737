with leads as (

    select
        leads.customer_id,
        leads.first_month_local as month_local,
        coalesce(locations.location_name, 'unknown') as location_name,
        coalesce(leads.first_division, 'unknown') as division,
        cast(count(*) as bigint) as new_leads,
        {{ count_if('leads.is_reached') }} as reached_leads,
        {{ count_if('leads.is_booked') }} as booked_leads,
        {{ count_if('leads.is_attended') }} as attended_leads,
        {{ sum_numeric('leads.revenue') }} as new_lead_revenue
    from {{ ref('fct_liine__leads') }} as leads
    left join {{ ref('dim_liine__locations') }} as locations
        on leads.customer_id = locations.customer_id and leads.first_location = locations.location
    where leads.is_new_lead
    group by
        leads.customer_id,
        leads.first_month_local,
        coalesce(locations.location_name, 'unknown'),
        coalesce(leads.first_division, 'unknown')

),

known as (

    select
        leads.customer_id,
        leads.month_local,
        leads.location_name,
        leads.division,
        {{ lead_metrics_if_known('leads') }}
    from leads
    left join {{ ref('dim_liine__load_scope') }} as scope on leads.customer_id = scope.customer_id

)

select
    customer_id,
    month_local,
    location_name,
    division,
    new_leads,
    reached_leads,
    booked_leads,
    attended_leads,
    new_lead_revenue,
    {{ safe_divide('booked_leads', 'new_leads') }} as booking_rate
from known
