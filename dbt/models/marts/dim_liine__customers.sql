with interactions as (

    select
        customer_id,
        min(case when is_counted then date_local end) as first_date_local,
        max(case when is_counted then date_local end) as last_date_local,
        {{ count_if('is_counted') }} as interactions
    from {{ ref('fct_liine__interactions') }}
    group by customer_id

),

with_hours as (

    select distinct customer_id
    from {{ ref('liine_opening_hours') }}

)

select
    scope.customer_id,
    coalesce(names.customer, cast(scope.customer_id as text)) as customer,
    coalesce(names.customer_group, 'Other') as customer_group,
    names.time_zone,
    names.customer_id is not null as is_in_seed,
    with_hours.customer_id is not null as has_opening_hours,
    interactions.first_date_local,
    interactions.last_date_local,
    coalesce(interactions.interactions, 0) as interactions
from {{ ref('dim_liine__load_scope') }} as scope
left join {{ ref('liine_customers') }} as names on scope.customer_id = names.customer_id
left join with_hours on scope.customer_id = with_hours.customer_id
left join interactions on scope.customer_id = interactions.customer_id
