with ranked as (

    select
        customer_id,
        agent_id,
        agent_name,
        agent_location_name,
        date_local,
        is_counted,
        row_number() over (
            partition by customer_id, agent_id
            order by
                case when agent_name is null then 1 else 0 end,
                case when is_counted then 0 else 1 end,
                case when started_at_utc is null then 1 else 0 end,
                started_at_utc desc,
                interaction_id desc
        ) as name_rank
    from {{ ref('fct_liine__interactions') }}
    where agent_id is not null

)

select
    customer_id,
    agent_id,
    max(case when name_rank = 1 then agent_name end) as agent_name,
    max(case when name_rank = 1 then agent_location_name end) as agent_location_name,
    min(case when is_counted then date_local end) as first_date_local,
    max(case when is_counted then date_local end) as last_date_local,
    {{ count_if('is_counted') }} as interactions
from ranked
group by customer_id, agent_id
