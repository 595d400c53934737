with named as (

    select
        interaction_id,
        {{ filled('provider_name') }} as provider_name,
        min(position) as position
    from {{ ref('stg_liine__provider_names') }}
    where {{ filled('provider_name') }} is not null
    group by interaction_id, {{ filled('provider_name') }}

)

select
    appointments.interaction_id,
    named.provider_name,
    appointments.customer_id,
    cast(named.position as bigint) as position,
    cast(count(*) over (partition by appointments.interaction_id) as bigint) as providers
from {{ ref('fct_liine__appointments') }} as appointments
inner join named on appointments.interaction_id = named.interaction_id
