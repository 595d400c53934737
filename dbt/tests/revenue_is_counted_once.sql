{{ config(tags=['reconciliation']) }}
-- The revenue of leads is that of their appointments, lead by lead, and an appointment's is that of its own row.
with by_lead as (

    select
        lead_key,
        {{ exact_sum('revenue') }} as revenue,
        count(*) as appointments
    from {{ ref('fct_liine__appointments') }}
    where lead_key is not null
    group by lead_key

)

select 'lead ' || leads.lead_key as differs
from {{ ref('fct_liine__leads') }} as leads
left join by_lead on leads.lead_key = by_lead.lead_key
where leads.revenue != coalesce(by_lead.revenue, 0) or leads.appointments != coalesce(by_lead.appointments, 0)
union all
select 'appointment ' || cast(appointments.interaction_id as text) as differs
from {{ ref('fct_liine__appointments') }} as appointments
left join {{ ref('fct_liine__interactions') }} as interactions
    on appointments.interaction_id = interactions.interaction_id
where appointments.revenue is distinct from interactions.revenue or not coalesce(interactions.is_counted, false)
