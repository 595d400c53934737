{#- Quiet days have rows too, so that averages and gaps are right. -#}
with days as (

    select
        customers.customer_id,
        dates.date_day as date_local,
        dates.week_start,
        dates.month_start
    from {{ ref('dim_liine__customers') }} as customers
    left join {{ ref('dim_liine__load_scope') }} as scope on customers.customer_id = scope.customer_id
    inner join {{ ref('dim_liine__dates') }} as dates
        on
            customers.first_date_local <= dates.date_day
            and (
                customers.last_date_local >= dates.date_day
                -- The local day before the one of the newest load is over everywhere.
                or {{ dbt.dateadd('day', -2, 'scope.loaded_through_utc') }} >= dates.date_day
            )

),

interactions as (

    select
        customer_id,
        date_local,
        cast(count(*) as bigint) as interactions,
        {{ count_if('is_inbound_call') }} as inbound_calls,
        {{ count_if('is_inbound_call and is_answered') }} as answered_calls,
        {{ count_if('is_missed_call') }} as missed_calls,
        {{ count_if("interaction_kind = 'form'") }} as forms
    from {{ ref('fct_liine__interactions') }}
    where is_counted
    group by customer_id, date_local

),

leads as (

    select
        customer_id,
        first_date_local as date_local,
        cast(count(*) as bigint) as new_leads,
        {{ count_if('is_reached') }} as reached_leads,
        {{ count_if('is_booked') }} as booked_leads,
        {{ count_if('is_attended') }} as attended_leads,
        {{ sum_numeric('revenue') }} as new_lead_revenue
    from {{ ref('fct_liine__leads') }}
    where is_new_lead
    group by customer_id, first_date_local

),

totals as (

    select
        days.customer_id,
        days.date_local,
        days.week_start,
        days.month_start,
        {% for metric in ['interactions', 'inbound_calls', 'answered_calls', 'missed_calls', 'forms'] -%}
            coalesce(interactions.{{ metric }}, 0) as {{ metric }},
        {% endfor -%}
        {% for metric in ['new_leads', 'reached_leads', 'booked_leads', 'attended_leads', 'new_lead_revenue'] -%}
            coalesce(leads.{{ metric }}, 0) as {{ metric }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from days
    left join interactions on days.customer_id = interactions.customer_id and days.date_local = interactions.date_local
    left join leads on days.customer_id = leads.customer_id and days.date_local = leads.date_local

),

known as (

    select
        totals.customer_id,
        totals.date_local,
        totals.week_start,
        totals.month_start,
        totals.interactions,
        totals.inbound_calls,
        totals.answered_calls,
        totals.missed_calls,
        totals.forms,
        {{ lead_metrics_if_known('totals') }}
    from totals
    left join {{ ref('dim_liine__load_scope') }} as scope on totals.customer_id = scope.customer_id

)

select
    customer_id,
    date_local,
    week_start,
    month_start,
    interactions,
    inbound_calls,
    answered_calls,
    missed_calls,
    forms,
    new_leads,
    reached_leads,
    booked_leads,
    attended_leads,
    new_lead_revenue
from known
