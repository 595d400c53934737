{{ config(tags=['reconciliation']) }}
-- Every figure of a report that can be added up is that of the mart it is made of.
{% set interactions, leads = 'fct_liine__interactions', 'fct_liine__leads' %}
{% set channels, campaigns = 'rpt_liine__channel_daily', 'rpt_liine__campaign_monthly' %}
{% set agents = 'rpt_liine__agent_daily' %}
{% set answers, heatmap = 'rpt_liine__answer_rate_daily', 'rpt_liine__call_heatmap' %}
{% set funnel, spam = 'rpt_liine__lead_funnel_monthly', 'rpt_liine__spam_daily' %}
{% set revenue_where = 'case when %s then revenue end' %}
{% set of_campaign = 'is_new_lead and first_campaign_key is not null' %}
{% set talked = 'case when is_counted and is_answered and agent_id is not null then duration_seconds end' %}
{{ disagreeing([
    ('new leads by channel', channels, whole_sum('new_leads'), leads, count_of('is_new_lead')),
    ('booked by channel', channels, whole_sum('booked_leads'), leads, count_of('is_new_lead and is_booked')),
    ('revenue by channel', channels, exact_sum('new_lead_revenue'), leads, exact_sum(revenue_where % 'is_new_lead')),
    ('interactions by channel', channels, whole_sum('interactions'), interactions, count_of('is_counted')),
    ('missed by channel', channels, whole_sum('missed_calls'), interactions, count_of('is_counted and is_missed_call')),
    ('new leads by campaign', campaigns, whole_sum('new_leads'), leads, count_of(of_campaign)),
    ('revenue by campaign', campaigns, exact_sum('new_lead_revenue'), leads, exact_sum(revenue_where % of_campaign)),
    (
        'bookings by agent',
        agents, whole_sum('bookings'),
        interactions, count_of('is_counted and is_booking and agent_id is not null')
    ),
    (
        'booked leads by agent',
        agents, whole_sum('booked_leads'),
        leads, count_of('is_new_lead and booked_agent_id is not null')
    ),
    ('talk by agent', agents, whole_sum('talk_seconds'), interactions, whole_sum(talked)),
    ('inbound calls', answers, whole_sum('inbound_calls'), interactions, count_of('is_counted and is_inbound_call')),
    (
        'answered calls',
        answers, whole_sum('answered_calls'),
        interactions, count_of('is_counted and is_inbound_call and is_answered')
    ),
    ('missed calls', answers, whole_sum('missed_calls'), interactions, count_of('is_counted and is_missed_call')),
    ('inbound calls by hour', heatmap, whole_sum('inbound_calls'), answers, whole_sum('inbound_calls')),
    ('decided calls by hour', heatmap, whole_sum('decided_calls'), answers, whole_sum('decided_calls')),
    ('new leads by month', funnel, whole_sum('new_leads'), leads, count_of('is_new_lead')),
    ('attended by month', funnel, whole_sum('attended_leads'), leads, count_of('is_new_lead and is_attended')),
    ('revenue by month', funnel, exact_sum('revenue'), leads, exact_sum(revenue_where % 'is_new_lead')),
    (
        'leads not booked',
        'rpt_liine__reasons_not_booked_monthly', whole_sum('leads'),
        leads, count_of('is_new_lead and not is_booked')
    ),
    ('rows by day', spam, whole_sum('interactions'), interactions, count_of('date_local is not null')),
    (
        'spam by day',
        spam, whole_sum('spam_interactions'),
        interactions, count_of('is_spam and date_local is not null')
    ),
]) }}
