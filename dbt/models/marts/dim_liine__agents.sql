with interactions as (

    select
        customer_id,
        agent_id,
        agent_name,
        agent_location_name,
        date_local,
        is_counted,
        started_at_utc,
        interaction_id,
        case when agent_name is null then 4 else 0 end
        + case when is_counted then 0 else 2 end
        + case when started_at_utc is null then 1 else 0 end as doubt
    from {{ ref('fct_liine__interactions') }}
    where agent_id is not null

),

totals as (

    select
        customer_id,
        agent_id,
        doubt,
        max(started_at_utc) as last_started_at_utc,
        min(case when is_counted then date_local end) as first_date_local,
        max(case when is_counted then date_local end) as last_date_local,
        {{ count_if('is_counted') }} as interactions
    from interactions
    group by customer_id, agent_id, doubt

),

agents as (

    select
        customer_id,
        agent_id,
        min(doubt) as least_doubt,
        min(first_date_local) as first_date_local,
        max(last_date_local) as last_date_local,
        {{ sum_bigint('interactions') }} as interactions
    from totals
    group by customer_id, agent_id

),

-- The newest of the rows with the least doubt; of those in the same second the one with the highest id.
ranked as (

    select
        interactions.customer_id,
        interactions.agent_id,
        interactions.agent_name,
        interactions.agent_location_name,
        row_number() over (
            partition by interactions.customer_id, interactions.agent_id
            order by interactions.interaction_id desc
        ) as name_rank
    from interactions
    inner join totals
        on
            interactions.customer_id = totals.customer_id
            and interactions.agent_id = totals.agent_id
            and interactions.doubt = totals.doubt
            and interactions.started_at_utc is not distinct from totals.last_started_at_utc
    inner join agents
        on
            totals.customer_id = agents.customer_id
            and totals.agent_id = agents.agent_id
            and totals.doubt = agents.least_doubt

)

select
    agents.customer_id,
    agents.agent_id,
    ranked.agent_name,
    ranked.agent_location_name,
    agents.first_date_local,
    agents.last_date_local,
    agents.interactions
from agents
inner join ranked
    on agents.customer_id = ranked.customer_id and agents.agent_id = ranked.agent_id and ranked.name_rank = 1
