{{ config(tags=['reconciliation']) }}
-- Every lead has all three models; in each, weights sum to 1 and attributed revenue to the lead's revenue.
with credited as (

    select
        lead_key,
        model,
        {{ sum_numeric('weight') }} as weight,
        {{ sum_numeric('attributed_revenue') }} as revenue
    from {{ ref('fct_liine__lead_attribution') }}
    group by lead_key, model

),

models as (

    select
        lead_key,
        count(*) as models
    from credited
    group by lead_key

)

select
    leads.lead_key,
    credited.model
from {{ ref('fct_liine__leads') }} as leads
left join credited on leads.lead_key = credited.lead_key
left join models on leads.lead_key = models.lead_key
where
    coalesce(models.models, 0) != 3
    or credited.weight != 1
    -- Half of a revenue with nine decimals may need a tenth.
    or abs(credited.revenue - leads.revenue) > 0.000000001
