with campaigns as (

    {% for touch in ['initial', 'last_touch'] -%}
        select
            {{ touch }}_campaign_key as campaign_key,
            customer_id,
            {{ touch }}_utm_source as utm_source,
            {{ touch }}_utm_medium as utm_medium,
            {{ touch }}_utm_campaign as utm_campaign,
            min(case when is_counted then date_local end) as first_date_local,
            max(case when is_counted then date_local end) as last_date_local
        from {{ ref('fct_liine__interactions') }}
        where {{ touch }}_campaign_key is not null
        group by
            {{ touch }}_campaign_key,
            customer_id,
            {{ touch }}_utm_source,
            {{ touch }}_utm_medium,
            {{ touch }}_utm_campaign
        union all
    {% endfor -%}
    select
        campaign_key,
        customer_id,
        utm_source,
        utm_medium,
        utm_campaign,
        cast(null as date) as first_date_local,
        cast(null as date) as last_date_local
    from {{ ref('stg_liine__ad_spend') }}
    where campaign_key is not null

)

select
    campaign_key,
    customer_id,
    utm_source,
    utm_medium,
    utm_campaign,
    min(first_date_local) as first_date_local,
    max(last_date_local) as last_date_local
from campaigns
group by campaign_key, customer_id, utm_source, utm_medium, utm_campaign
