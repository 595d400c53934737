{{ config(tags=['reconciliation']) }}
-- Every row that has not vanished is in the mart once: row count, revenue and duration agree by customer.
with staging as (

    select
        customer_id,
        count(*) as interactions,
        {{ sum_numeric('revenue') }} as revenue,
        {{ sum_bigint('duration_seconds') }} as duration_seconds
    from {{ ref('stg_liine__interactions') }}
    where not is_vanished
    group by customer_id

),

mart as (

    select
        customer_id,
        count(*) as interactions,
        {{ sum_numeric('revenue') }} as revenue,
        {{ sum_bigint('duration_seconds') }} as duration_seconds
    from {{ ref('fct_liine__interactions') }}
    group by customer_id

)

select
    staging.customer_id as staging_customer_id,
    mart.customer_id as mart_customer_id
from staging
full outer join mart
    on
        staging.customer_id = mart.customer_id
        and staging.interactions = mart.interactions
        and staging.revenue = mart.revenue
        and staging.duration_seconds = mart.duration_seconds
where staging.customer_id is null or mart.customer_id is null
