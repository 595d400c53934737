{{ config(tags=['reconciliation']) }}
-- What has not vanished is in the mart, once, with its revenue and its length.
with staged as (

    select
        customer_id,
        count(*) as interactions,
        {{ exact_sum('revenue') }} as revenue,
        {{ whole_sum('duration_seconds') }} as seconds
    from {{ ref('stg_liine__interactions') }}
    where not is_vanished
    group by customer_id

),

held as (

    select
        customer_id,
        count(*) as interactions,
        {{ exact_sum('revenue') }} as revenue,
        {{ whole_sum('duration_seconds') }} as seconds
    from {{ ref('fct_liine__interactions') }}
    group by customer_id

)

select
    staged.customer_id as staged_customer,
    held.customer_id as held_customer
from staged
full outer join held
    on
        staged.customer_id = held.customer_id
        and staged.interactions = held.interactions
        and staged.revenue = held.revenue
        and staged.seconds = held.seconds
where staged.customer_id is null or held.customer_id is null
