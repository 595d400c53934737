{{ config(tags=['reconciliation']) }}
-- A lead's revenue is the sum over its appointments, and an appointment's revenue is that of the interaction it names.
with by_lead as (

    select
        lead_key,
        {{ sum_numeric('revenue') }} as revenue,
        count(*) as appointments
    from {{ ref('fct_liine__appointments') }}
    where lead_key is not null
    group by lead_key

)

select 'lead ' || leads.lead_key as mismatch
from {{ ref('fct_liine__leads') }} as leads
left join by_lead on leads.lead_key = by_lead.lead_key
where leads.revenue != coalesce(by_lead.revenue, 0) or leads.appointments != coalesce(by_lead.appointments, 0)
union all
select 'appointment ' || cast(appointments.interaction_id as text) as mismatch
from {{ ref('fct_liine__appointments') }} as appointments
left join {{ ref('fct_liine__interactions') }} as interactions
    on appointments.revenue_interaction_id = interactions.interaction_id
where
    appointments.revenue is distinct from interactions.revenue
    or (appointments.revenue_interaction_id is not null and not coalesce(interactions.is_counted, false))
