{#- Leads count on the day and channel of their first_ columns, calls on their own day and initial channel. -#}
with unioned as (

    select
        customer_id,
        first_date_local as date_local,
        first_channel_key as channel_key,
        {{ count_if('is_new_lead') }} as new_leads,
        {{ count_if('is_new_lead and is_reached') }} as reached_leads,
        {{ count_if('is_new_lead and is_booked') }} as booked_leads,
        {{ count_if('is_new_lead and is_attended') }} as attended_leads,
        {{ sum_numeric('case when is_new_lead then revenue end') }} as new_lead_revenue,
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
        {{ count_if('is_inbound_call and is_answered') }} as answered_calls,
        {{ count_if('is_missed_call') }} as missed_calls
    from {{ ref('fct_liine__interactions') }}
    where is_counted
    group by customer_id, date_local, initial_channel_key

),

totals as (

    select
        customer_id,
        date_local,
        channel_key,
        {% for metric in [
            'new_leads', 'reached_leads', 'booked_leads', 'attended_leads',
            'interactions', 'answered_calls', 'missed_calls'
        ] -%}
            {{ sum_bigint(metric) }} as {{ metric }},
        {% endfor -%}
        {{ sum_numeric('new_lead_revenue') }} as new_lead_revenue
    from unioned
    group by customer_id, date_local, channel_key

),

known as (

    select
        totals.customer_id,
        totals.date_local,
        totals.channel_key,
        {{ lead_metrics_if_known('totals') }},
        totals.interactions,
        totals.answered_calls,
        totals.missed_calls
    from totals
    left join {{ ref('dim_liine__load_scope') }} as scope on totals.customer_id = scope.customer_id

)

select
    known.customer_id,
    known.date_local,
    known.channel_key,
    channels.channel,
    channels.channel_group,
    channels.is_paid,
    known.new_leads,
    known.reached_leads,
    known.booked_leads,
    known.attended_leads,
    known.new_lead_revenue,
    {{ safe_divide('known.booked_leads', 'known.new_leads') }} as booking_rate,
    known.interactions,
    known.answered_calls,
    known.missed_calls,
    {{ safe_divide('known.answered_calls', 'known.answered_calls + known.missed_calls') }} as answer_rate
from known
inner join {{ ref('dim_liine__channels') }} as channels on known.channel_key = channels.channel_key
