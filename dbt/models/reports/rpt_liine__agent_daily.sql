with answered_calls as (

    select
        lead_key,
        customer_id,
        agent_id,
        date_local,
        started_at_utc,
        interaction_id,
        row_number() over (partition by lead_key, agent_id order by started_at_utc, interaction_id) as call_rank
    from {{ ref('fct_liine__interactions') }}
    where is_counted and is_answered and agent_id is not null and lead_key is not null

),

-- After a booking there is nothing left to book.
opportunities as (

    select
        calls.customer_id,
        calls.date_local,
        calls.agent_id,
        cast(count(*) as bigint) as opportunities,
        {{ count_if('leads.booked_agent_id = calls.agent_id') }} as booked_opportunities
    from answered_calls as calls
    inner join {{ ref('fct_liine__leads') }} as leads on calls.lead_key = leads.lead_key
    where
        calls.call_rank = 1
        and leads.is_new_lead
        and (
            leads.booked_at_utc is null
            or calls.started_at_utc < leads.booked_at_utc
            or (calls.started_at_utc = leads.booked_at_utc and calls.interaction_id <= leads.booked_interaction_id)
        )
    group by calls.customer_id, calls.date_local, calls.agent_id

),

unioned as (

    select
        customer_id,
        date_local,
        agent_id,
        {{ count_if('is_inbound_call and is_answered') }} as answered_inbound_calls,
        {{ count_if('is_outbound_call and is_answered') }} as answered_outbound_calls,
        {{ sum_bigint('case when is_answered then duration_seconds end') }} as talk_seconds,
        {{ count_if('is_booking') }} as bookings,
        cast(0 as bigint) as booked_leads,
        cast(0 as bigint) as scored_skills,
        cast(0 as bigint) as met_skills
    from {{ ref('fct_liine__interactions') }}
    where is_counted and agent_id is not null
    group by customer_id, date_local, agent_id
    union all
    select
        customer_id,
        booked_date_local as date_local,
        booked_agent_id as agent_id,
        cast(0 as bigint) as answered_inbound_calls,
        cast(0 as bigint) as answered_outbound_calls,
        cast(0 as bigint) as talk_seconds,
        cast(0 as bigint) as bookings,
        cast(count(*) as bigint) as booked_leads,
        cast(0 as bigint) as scored_skills,
        cast(0 as bigint) as met_skills
    from {{ ref('fct_liine__leads') }}
    where is_new_lead and is_booked and booked_agent_id is not null
    group by customer_id, booked_date_local, booked_agent_id
    union all
    select
        customer_id,
        date_local,
        agent_id,
        cast(0 as bigint) as answered_inbound_calls,
        cast(0 as bigint) as answered_outbound_calls,
        cast(0 as bigint) as talk_seconds,
        cast(0 as bigint) as bookings,
        cast(0 as bigint) as booked_leads,
        cast(count(*) as bigint) as scored_skills,
        {{ count_if('is_met') }} as met_skills
    from {{ ref('fct_liine__messaging_skills') }}
    where agent_id is not null
    group by customer_id, date_local, agent_id

),

totals as (

    select
        customer_id,
        date_local,
        agent_id,
        {{ sum_bigint('answered_inbound_calls') }} as answered_inbound_calls,
        {{ sum_bigint('answered_outbound_calls') }} as answered_outbound_calls,
        {{ sum_bigint('talk_seconds') }} as talk_seconds,
        {{ sum_bigint('bookings') }} as bookings,
        {{ sum_bigint('booked_leads') }} as booked_leads,
        {{ sum_bigint('scored_skills') }} as scored_skills,
        {{ sum_bigint('met_skills') }} as met_skills
    from unioned
    group by customer_id, date_local, agent_id

)

select
    totals.customer_id,
    totals.date_local,
    totals.agent_id,
    agents.agent_name,
    totals.answered_inbound_calls,
    totals.answered_outbound_calls,
    totals.talk_seconds,
    totals.bookings,
    totals.booked_leads,
    totals.scored_skills,
    totals.met_skills,
    {{ safe_divide('totals.met_skills', 'totals.scored_skills') }} as skill_rate,
    case when scope.has_leads then coalesce(opportunities.opportunities, 0) end as opportunities,
    case when scope.has_whole_leads then coalesce(opportunities.booked_opportunities, 0) end as booked_opportunities,
    {{
        safe_divide(
            'case when scope.has_whole_leads then opportunities.booked_opportunities end',
            'opportunities.opportunities'
        )
    }} as booking_rate
from totals
left join {{ ref('dim_liine__load_scope') }} as scope on totals.customer_id = scope.customer_id
left join opportunities
    on
        totals.customer_id = opportunities.customer_id
        and totals.date_local = opportunities.date_local
        and totals.agent_id = opportunities.agent_id
inner join {{ ref('dim_liine__agents') }} as agents
    on totals.customer_id = agents.customer_id and totals.agent_id = agents.agent_id
