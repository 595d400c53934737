-- Every figure of a report that can be added up is that of the mart it is made of.
with figures as (

    select
        'channel_daily, new leads' as figure,
        (select {{ whole_sum('new_leads') }} from {{ ref('rpt_liine__channel_daily') }}) as found,
        (select {{ count_of('is_new_lead') }} from {{ ref('fct_liine__leads') }}) as expected
    union all
    select
        'channel_daily, booked leads' as figure,
        (select {{ whole_sum('booked_leads') }} from {{ ref('rpt_liine__channel_daily') }}) as found,
        (select {{ count_of('is_new_lead and is_booked') }} from {{ ref('fct_liine__leads') }}) as expected
    union all
    select
        'channel_daily, revenue' as figure,
        (select {{ exact_sum('new_lead_revenue') }} from {{ ref('rpt_liine__channel_daily') }}) as found,
        (select {{ exact_sum('revenue') }} from {{ ref('fct_liine__leads') }} where is_new_lead) as expected
    union all
    select
        'channel_daily, interactions' as figure,
        (select {{ whole_sum('interactions') }} from {{ ref('rpt_liine__channel_daily') }}) as found,
        (select {{ count_of('is_counted') }} from {{ ref('fct_liine__interactions') }}) as expected
    union all
    select
        'channel_daily, missed calls' as figure,
        (select {{ whole_sum('missed_calls') }} from {{ ref('rpt_liine__channel_daily') }}) as found,
        (select {{ count_of('is_counted and is_missed_call') }} from {{ ref('fct_liine__interactions') }}) as expected
    union all
    select
        'campaign_monthly, new leads' as figure,
        (select {{ whole_sum('new_leads') }} from {{ ref('rpt_liine__campaign_monthly') }}) as found,
        (select {{ count_of('is_new_lead and first_campaign_key is not null') }} from {{ ref('fct_liine__leads') }}) as expected
    union all
    select
        'campaign_monthly, revenue' as figure,
        (select {{ exact_sum('new_lead_revenue') }} from {{ ref('rpt_liine__campaign_monthly') }}) as found,
        (select {{ exact_sum('revenue') }} from {{ ref('fct_liine__leads') }} where is_new_lead and first_campaign_key is not null) as expected
    union all
    select
        'agent_daily, bookings' as figure,
        (select {{ whole_sum('bookings') }} from {{ ref('rpt_liine__agent_daily') }}) as found,
        (select {{ count_of('is_counted and is_booking and agent_id is not null') }} from {{ ref('fct_liine__interactions') }}) as expected
    union all
    select
        'agent_daily, booked leads' as figure,
        (select {{ whole_sum('booked_leads') }} from {{ ref('rpt_liine__agent_daily') }}) as found,
        (select {{ count_of('is_new_lead and booked_agent_id is not null') }} from {{ ref('fct_liine__leads') }}) as expected
    union all
    select
        'agent_daily, talk seconds' as figure,
        (select {{ whole_sum('talk_seconds') }} from {{ ref('rpt_liine__agent_daily') }}) as found,
        (select {{ whole_sum('duration_seconds') }} from {{ ref('fct_liine__interactions') }} where is_counted and is_answered and agent_id is not null) as expected
    union all
    select
        'answer_rate_daily, inbound calls' as figure,
        (select {{ whole_sum('inbound_calls') }} from {{ ref('rpt_liine__answer_rate_daily') }}) as found,
        (select {{ count_of('is_counted and is_inbound_call') }} from {{ ref('fct_liine__interactions') }}) as expected
    union all
    select
        'answer_rate_daily, answered' as figure,
        (select {{ whole_sum('answered_calls') }} from {{ ref('rpt_liine__answer_rate_daily') }}) as found,
        (select {{ count_of('is_counted and is_inbound_call and is_answered') }} from {{ ref('fct_liine__interactions') }}) as expected
    union all
    select
        'answer_rate_daily, missed' as figure,
        (select {{ whole_sum('missed_calls') }} from {{ ref('rpt_liine__answer_rate_daily') }}) as found,
        (select {{ count_of('is_counted and is_missed_call') }} from {{ ref('fct_liine__interactions') }}) as expected
    union all
    select
        'call_heatmap, inbound calls' as figure,
        (select {{ whole_sum('inbound_calls') }} from {{ ref('rpt_liine__call_heatmap') }}) as found,
        (select {{ count_of('is_counted and is_inbound_call') }} from {{ ref('fct_liine__interactions') }}) as expected
    union all
    select
        'call_heatmap, decided calls' as figure,
        (select {{ whole_sum('decided_calls') }} from {{ ref('rpt_liine__call_heatmap') }}) as found,
        (select {{ whole_sum('decided_calls') }} from {{ ref('rpt_liine__answer_rate_daily') }}) as expected
    union all
    select
        'lead_funnel_monthly, new leads' as figure,
        (select {{ whole_sum('new_leads') }} from {{ ref('rpt_liine__lead_funnel_monthly') }}) as found,
        (select {{ count_of('is_new_lead') }} from {{ ref('fct_liine__leads') }}) as expected
    union all
    select
        'lead_funnel_monthly, attended leads' as figure,
        (select {{ whole_sum('attended_leads') }} from {{ ref('rpt_liine__lead_funnel_monthly') }}) as found,
        (select {{ count_of('is_new_lead and is_attended') }} from {{ ref('fct_liine__leads') }}) as expected
    union all
    select
        'lead_funnel_monthly, revenue' as figure,
        (select {{ exact_sum('revenue') }} from {{ ref('rpt_liine__lead_funnel_monthly') }}) as found,
        (select {{ exact_sum('revenue') }} from {{ ref('fct_liine__leads') }} where is_new_lead) as expected
    union all
    select
        'reasons_not_booked_monthly, leads' as figure,
        (select {{ whole_sum('leads') }} from {{ ref('rpt_liine__reasons_not_booked_monthly') }}) as found,
        (select {{ count_of('is_new_lead and not is_booked') }} from {{ ref('fct_liine__leads') }}) as expected
    union all
    select
        'spam_daily, interactions' as figure,
        (select {{ whole_sum('interactions') }} from {{ ref('rpt_liine__spam_daily') }}) as found,
        (select count(*) from {{ ref('fct_liine__interactions') }} where date_local is not null) as expected
    union all
    select
        'spam_daily, spam' as figure,
        (select {{ whole_sum('spam_interactions') }} from {{ ref('rpt_liine__spam_daily') }}) as found,
        (select {{ count_of('is_spam and date_local is not null') }} from {{ ref('fct_liine__interactions') }}) as expected

)

select *
from figures
where found is distinct from expected
