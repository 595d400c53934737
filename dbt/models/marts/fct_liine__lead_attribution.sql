{{
    config(
        materialized='incremental',
        unique_key='lead_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        pre_hook="{{ delete_missing_rows(this, 'lead_key', ref('fct_liine__leads'), '1 = 1') }}"
    )
}}

with models as (

    {% for model, touch, weight in [
        ('first_touch', 'initial', 1),
        ('last_touch', 'last_touch', 1),
        ('linear', 'initial', 0.5),
        ('linear', 'last_touch', 0.5),
    ] -%}
        select
            cast('{{ model }}' as text) as model,
            cast('{{ touch }}' as text) as touch,
            cast({{ weight }} as numeric(38, 9)) as weight
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
)

select
    leads.lead_key,
    models.model,
    models.touch,
    leads.customer_id,
    leads.first_date_local,
    leads.is_new_lead,
    leads.is_booked,
    leads.is_attended,
    case when models.touch = 'initial' then leads.first_channel_key else leads.last_channel_key end as channel_key,
    case when models.touch = 'initial' then leads.first_campaign_key else leads.last_campaign_key end as campaign_key,
    case when models.touch = 'initial' then leads.first_location else leads.last_location end as location,
    case when models.touch = 'initial' then leads.first_division else leads.last_division end as division,
    models.weight,
    -- The product has more decimals than the column.
    cast(leads.revenue * models.weight as numeric(38, 9)) as attributed_revenue,
    leads.built_from
from {{ ref('fct_liine__leads') }} as leads
cross join models
where {{ is_outdated('leads', 'lead_key', 'built_from') }}
