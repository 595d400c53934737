with restatements as (

    select
        customer_id,
        month_local,
        cast(recorded_at_utc as date) as recorded_date,
        changed_column,
        -- A lead's key says nothing to a reader.
        case when changed_column != 'lead_key' then old_value end as old_value,
        case when changed_column != 'lead_key' then new_value end as new_value,
        interaction_id,
        lead_key,
        coalesce(new_revenue, 0) - coalesce(old_revenue, 0) as revenue_change
    from {{ ref('fct_liine__restatements') }}
    where month_local is not null

)

select
    customer_id,
    month_local,
    recorded_date,
    changed_column,
    old_value,
    new_value,
    {{ first_day_of_month('recorded_date') }} > month_local as is_after_month,
    cast(count(*) as bigint) as changes,
    cast(count(distinct interaction_id) as bigint) as interactions,
    cast(count(distinct lead_key) as bigint) as leads,
    {{ money('sum(revenue_change)') }} as revenue_change
from restatements
group by customer_id, month_local, recorded_date, changed_column, old_value, new_value
