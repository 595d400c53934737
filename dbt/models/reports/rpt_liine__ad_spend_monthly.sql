{#- Rows with a cost or new leads. A missing cost is unknown and not 0. -#}
with unioned as (

    {% for level in ['channel', 'campaign'] -%}
        select
            customer_id,
            {{ first_day_of_month('spend_date') }} as month_local,
            cast('{{ level }}' as text) as spend_level,
            {{ level }}_key as spend_key,
            cost,
            cast(0 as bigint) as new_leads,
            cast(0 as bigint) as booked_leads,
            cast(0 as numeric(38, 9)) as revenue
        from {{ ref('stg_liine__ad_spend') }}
        where {{ level }}_key is not null
        union all
        select
            customer_id,
            first_month_local as month_local,
            cast('{{ level }}' as text) as spend_level,
            first_{{ level }}_key as spend_key,
            cast(null as numeric(38, 2)) as cost,
            cast(count(*) as bigint) as new_leads,
            {{ count_if('is_booked') }} as booked_leads,
            {{ sum_numeric('revenue') }} as revenue
        from {{ ref('fct_liine__leads') }}
        where is_new_lead and first_{{ level }}_key is not null
        group by customer_id, first_month_local, first_{{ level }}_key
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
),

totals as (

    select
        customer_id,
        month_local,
        spend_level,
        spend_key,
        sum(cost) as cost,
        {{ sum_bigint('new_leads') }} as new_leads,
        {{ sum_bigint('booked_leads') }} as booked_leads,
        {{ sum_numeric('revenue') }} as revenue
    from unioned
    group by customer_id, month_local, spend_level, spend_key

),

known as (

    select
        totals.customer_id,
        totals.month_local,
        totals.spend_level,
        totals.spend_key,
        totals.cost,
        case when scope.has_leads then totals.new_leads end as new_leads,
        case when scope.has_whole_leads then totals.booked_leads end as booked_leads,
        case when scope.has_leads and scope.has_revenue then totals.revenue end as revenue
    from totals
    inner join {{ ref('dim_liine__load_scope') }} as scope on totals.customer_id = scope.customer_id

)

select
    customer_id,
    month_local,
    spend_level,
    spend_key,
    case when spend_level = 'channel' then spend_key end as channel_key,
    case when spend_level = 'campaign' then spend_key end as campaign_key,
    {{ money('cost') }} as cost,
    new_leads,
    booked_leads,
    {{ money('revenue') }} as revenue,
    {{ money_per('cost', 'new_leads') }} as cost_per_lead,
    {{ money_per('cost', 'booked_leads') }} as cost_per_booking,
    {{ safe_divide('case when cost > 0 then ' ~ cents('revenue') ~ ' end', cents('cost')) }} as return_on_spend
from known
