with models as (

    select 'first_touch' as model, 'initial' as touch, cast(1 as numeric(38, 9)) as weight
    union all
    select 'last_touch' as model, 'last_touch' as touch, cast(1 as numeric(38, 9)) as weight
    union all
    select 'linear' as model, 'initial' as touch, cast(0.5 as numeric(38, 9)) as weight
    union all
    select 'linear' as model, 'last_touch' as touch, cast(0.5 as numeric(38, 9)) as weight

)

select
    leads.lead_key,
    cast(models.model as text) as model,
    cast(models.touch as text) as touch,
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
    -- Cast back: a product has more decimals than the column.
    cast(leads.revenue * models.weight as numeric(38, 9)) as attributed_revenue
from {{ ref('fct_liine__leads') }} as leads
cross join models
