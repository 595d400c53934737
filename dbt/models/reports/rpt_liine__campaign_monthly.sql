with leads as (

    select
        customer_id,
        first_month_local as month_local,
        first_campaign_key as campaign_key,
        {{ count_if('is_new_lead') }} as new_leads,
        {{ count_if('is_new_lead and is_reached') }} as reached_leads,
        {{ count_if('is_new_lead and is_booked') }} as booked_leads,
        {{ count_if('is_new_lead and is_attended') }} as attended_leads,
        {{ sum_numeric('case when is_new_lead then revenue end') }} as new_lead_revenue
    from {{ ref('fct_liine__leads') }}
    where is_new_lead and first_campaign_key is not null
    group by customer_id, first_month_local, first_campaign_key

),

known as (

    select
        leads.customer_id,
        leads.month_local,
        leads.campaign_key,
        {{ lead_metrics_if_known('leads') }}
    from leads
    left join {{ ref('dim_liine__load_scope') }} as scope on leads.customer_id = scope.customer_id

)

select
    known.customer_id,
    known.month_local,
    known.campaign_key,
    campaigns.utm_source,
    campaigns.utm_medium,
    campaigns.utm_campaign,
    known.new_leads,
    known.reached_leads,
    known.booked_leads,
    known.attended_leads,
    known.new_lead_revenue,
    {{ safe_divide('known.booked_leads', 'known.new_leads') }} as booking_rate
from known
inner join {{ ref('dim_liine__campaigns') }} as campaigns on known.campaign_key = campaigns.campaign_key
