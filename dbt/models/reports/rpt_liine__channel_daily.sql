{#- Leads stand on the day of their first row, under its channel; calls on their own day, under the lead's first. -#}
with parts as (

    select
        customer_id,
        first_date_local as date_local,
        first_channel_key as channel_key,
        {{ count_of('is_new_lead') }} as new_leads,
        {{ count_of('is_new_lead and is_reached') }} as reached_leads,
        {{ count_of('is_new_lead and is_booked') }} as booked_leads,
        {{ count_of('is_new_lead and is_attended') }} as attended_leads,
        {{ exact_sum('case when is_new_lead then revenue end') }} as new_lead_revenue,
        cast(0 as bigint) as interactions,
        cast(0 as bigint) as answered_calls,
        cast(0 as bigint) as missed_calls
    from {{ ref('fct_liine__leads') }}
    group by customer_id, first_date_local, first_channel_key
    union all
    select
        customer_id,
        date_local,
        initial_channel_key as channel_key,
        cast(0 as bigint) as new_leads,
        cast(0 as bigint) as reached_leads,
        cast(0 as bigint) as booked_leads,
        cast(0 as bigint) as attended_leads,
        cast(0 as numeric(38, 9)) as new_lead_revenue,
        cast(count(*) as bigint) as interactions,
        {{ count_of('is_inbound_call and is_answered') }} as answered_calls,
        {{ count_of('is_missed_call') }} as missed_calls
    from {{ ref('fct_liine__interactions') }}
    where is_counted
    group by customer_id, date_local, initial_channel_key

),

totals as (

    select
        customer_id,
        date_local,
        channel_key,
        {% for figure in [
            'new_leads', 'reached_leads', 'booked_leads', 'attended_leads',
            'interactions', 'answered_calls', 'missed_calls'
        ] -%}
            {{ whole_sum(figure) }} as {{ figure }},
        {% endfor -%}
        {{ exact_sum('new_lead_revenue') }} as new_lead_revenue
    from parts
    group by customer_id, date_local, channel_key

)

select
    totals.customer_id,
    totals.date_local,
    totals.channel_key,
    channels.channel,
    channels.channel_group,
    channels.is_paid,
    totals.new_leads,
    totals.reached_leads,
    totals.booked_leads,
    totals.attended_leads,
    totals.new_lead_revenue,
    {{ share('totals.booked_leads', 'totals.new_leads') }} as booking_rate,
    totals.interactions,
    totals.answered_calls,
    totals.missed_calls,
    {{ share('totals.answered_calls', 'totals.answered_calls + totals.missed_calls') }} as answer_rate
from totals
inner join {{ ref('dim_liine__channels') }} as channels on totals.channel_key = channels.channel_key
