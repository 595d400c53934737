with provider_names as (

    select
        interaction_id,
        {{ nullif_blank('provider_name') }} as provider_name,
        min(position) as position
    from {{ ref('stg_liine__provider_names') }}
    where {{ nullif_blank('provider_name') }} is not null
    group by interaction_id, {{ nullif_blank('provider_name') }}

)

select
    appointments.interaction_id,
    provider_names.provider_name,
    appointments.customer_id,
    cast(provider_names.position as bigint) as position,
    cast(count(*) over (partition by appointments.interaction_id) as bigint) as providers
from {{ ref('fct_liine__appointments') }} as appointments
inner join provider_names on appointments.interaction_id = provider_names.interaction_id
