with ranked as (

    select
        customer_id,
        agent_id,
        agent_name,
        agent_location_name,
        date_local,
        is_phone_call,
        row_number() over (
            partition by customer_id, agent_id
            order by case when agent_name is null then 1 else 0 end, started_at_utc desc, interaction_id desc
        ) as name_rank
    from {{ ref('fct_liine__interactions') }}
    where is_counted and agent_id is not null

)

select
    customer_id,
    agent_id,
    max(case when name_rank = 1 then agent_name end) as agent_name,
    max(case when name_rank = 1 then agent_location_name end) as agent_location_name,
    min(date_local) as first_date_local,
    max(date_local) as last_date_local,
    cast(count(*) as bigint) as interactions
from ranked
group by customer_id, agent_id
