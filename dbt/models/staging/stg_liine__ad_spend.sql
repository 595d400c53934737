{#- A model of the user's own takes part in the build's order, a table does not. -#}
{%- set model = var('liine_ad_spend_model', none) -%}
{%- set relation = ref(model) if model else source('liine_inputs', 'ad_spend') -%}
{%- set columns = loaded_columns(relation) -%}

with spend as (

    select
        {{ loaded_column(columns, 'spend_date', 'date') }} as spend_date,
        {{ loaded_column(columns, 'customer_id', 'bigint') }} as customer_id,
        {{ loaded_column(columns, 'channel', 'text') }} as channel,
        {{ loaded_column(columns, 'utm_source', 'text') }} as ad_utm_source,
        {{ loaded_column(columns, 'utm_medium', 'text') }} as ad_utm_medium,
        {{ loaded_column(columns, 'utm_campaign', 'text') }} as ad_utm_campaign,
        {{ loaded_column(columns, 'cost', 'numeric(38, 2)') }} as cost
    from {{ loaded_relation(relation, columns) }}

)

select
    spend_date,
    customer_id,
    channel,
    ad_utm_source as utm_source,
    ad_utm_medium as utm_medium,
    ad_utm_campaign as utm_campaign,
    case when channel is not null then {{ channel_key('channel') }} end as channel_key,
    {{ campaign_key('ad') }} as campaign_key,
    cost
from spend
where spend_date is not null and customer_id is not null and cost is not null
