{{ config(tags=['reconciliation']) }}
-- A value is null only where the data of its customer cannot tell it.
with checked as (

    select
        'reached' as metric,
        leads.customer_id,
        leads.is_reached is null as is_unknown,
        not scope.has_all_calls as may_be_unknown
    from {{ ref('fct_liine__leads') }} as leads
    left join {{ ref('dim_liine__load_scope') }} as scope on leads.customer_id = scope.customer_id
    union all
    select
        'booked' as metric,
        leads.customer_id,
        leads.is_booked is null as is_unknown,
        not scope.has_whole_leads as may_be_unknown
    from {{ ref('fct_liine__leads') }} as leads
    left join {{ ref('dim_liine__load_scope') }} as scope on leads.customer_id = scope.customer_id
    union all
    select
        'attended' as metric,
        leads.customer_id,
        leads.is_attended is null as is_unknown,
        not scope.has_whole_leads or not scope.has_appointment_statuses as may_be_unknown
    from {{ ref('fct_liine__leads') }} as leads
    left join {{ ref('dim_liine__load_scope') }} as scope on leads.customer_id = scope.customer_id
    union all
    select
        'revenue' as metric,
        leads.customer_id,
        leads.revenue is null as is_unknown,
        not scope.has_revenue as may_be_unknown
    from {{ ref('fct_liine__leads') }} as leads
    left join {{ ref('dim_liine__load_scope') }} as scope on leads.customer_id = scope.customer_id
    union all
    select
        'new leads by channel' as metric,
        channels.customer_id,
        channels.new_leads is null as is_unknown,
        not scope.has_leads as may_be_unknown
    from {{ ref('rpt_liine__channel_daily') }} as channels
    left join {{ ref('dim_liine__load_scope') }} as scope on channels.customer_id = scope.customer_id
    union all
    select
        'spam' as metric,
        spam.customer_id,
        spam.spam_interactions is null as is_unknown,
        not scope.has_spam as may_be_unknown
    from {{ ref('rpt_liine__spam_daily') }} as spam
    left join {{ ref('dim_liine__load_scope') }} as scope on spam.customer_id = scope.customer_id
    union all
    select
        'called back' as metric,
        calls.customer_id,
        calls.is_called_back is null as is_unknown,
        calls.lead_key is null or not scope.has_all_calls or not calls.is_window_closed as may_be_unknown
    from {{ ref('fct_liine__missed_calls') }} as calls
    left join {{ ref('dim_liine__load_scope') }} as scope on calls.customer_id = scope.customer_id
    union all
    select
        'attempted' as metric,
        forms.customer_id,
        forms.is_attempted is null as is_unknown,
        forms.lead_key is null or not scope.has_all_calls or not forms.is_window_closed as may_be_unknown
    from {{ ref('fct_liine__form_responses') }} as forms
    left join {{ ref('dim_liine__load_scope') }} as scope on forms.customer_id = scope.customer_id

)

select *
from checked
where is_unknown and not coalesce(may_be_unknown, false)
