{{ config(tags=['reconciliation']) }}
-- Every additive metric of a report equals the same metric of the mart it is built from.
{% set interactions, leads = 'fct_liine__interactions', 'fct_liine__leads' %}
{% set channels, campaigns = 'rpt_liine__channel_daily', 'rpt_liine__campaign_monthly' %}
{% set agents = 'rpt_liine__agent_daily' %}
{% set answers, heatmap = 'rpt_liine__answer_rate_daily', 'rpt_liine__call_heatmap' %}
{% set funnel, spam = 'rpt_liine__lead_funnel_monthly', 'rpt_liine__spam_daily' %}
{% set revenue_where = 'case when %s then revenue end' %}
{% set with_campaign = 'is_new_lead and first_campaign_key is not null' %}
{% set talk_seconds = 'case when is_counted and is_answered and agent_id is not null then duration_seconds end' %}
{{ mismatched_metrics([
    ('new leads by channel', channels, sum_bigint('new_leads'), leads, count_if('is_new_lead')),
    (
        'booked by channel',
        channels, sum_bigint('booked_leads'),
        leads, count_if('is_new_lead and is_booked'), 'has_whole_leads'
    ),
    ('revenue by channel', channels, sum_numeric('new_lead_revenue'), leads, sum_numeric(revenue_where % 'is_new_lead')),
    ('interactions by channel', channels, sum_bigint('interactions'), interactions, count_if('is_counted')),
    ('missed by channel', channels, sum_bigint('missed_calls'), interactions, count_if('is_counted and is_missed_call')),
    ('new leads by campaign', campaigns, sum_bigint('new_leads'), leads, count_if(with_campaign)),
    ('revenue by campaign', campaigns, sum_numeric('new_lead_revenue'), leads, sum_numeric(revenue_where % with_campaign)),
    (
        'bookings by agent',
        agents, sum_bigint('bookings'),
        interactions, count_if('is_counted and is_booking and agent_id is not null')
    ),
    (
        'booked leads by agent',
        agents, sum_bigint('booked_leads'),
        leads, count_if('is_new_lead and booked_agent_id is not null')
    ),
    ('talk seconds by agent', agents, sum_bigint('talk_seconds'), interactions, sum_bigint(talk_seconds)),
    ('inbound calls', answers, sum_bigint('inbound_calls'), interactions, count_if('is_counted and is_inbound_call')),
    (
        'answered calls',
        answers, sum_bigint('answered_calls'),
        interactions, count_if('is_counted and is_inbound_call and is_answered')
    ),
    ('missed calls', answers, sum_bigint('missed_calls'), interactions, count_if('is_counted and is_missed_call')),
    ('inbound calls by hour', heatmap, sum_bigint('inbound_calls'), answers, sum_bigint('inbound_calls')),
    ('decided calls by hour', heatmap, sum_bigint('decided_calls'), answers, sum_bigint('decided_calls')),
    ('new leads by month', funnel, sum_bigint('new_leads'), leads, count_if('is_new_lead')),
    (
        'attended by month',
        funnel, sum_bigint('attended_leads'),
        leads, count_if('is_new_lead and is_attended'), 'has_whole_leads'
    ),
    (
        'reached by month',
        funnel, sum_bigint('reached_leads'),
        leads, count_if('is_new_lead and is_reached'), 'has_all_calls'
    ),
    ('revenue by month', funnel, sum_numeric('revenue'), leads, sum_numeric(revenue_where % 'is_new_lead')),
    (
        'leads not booked',
        'rpt_liine__reasons_not_booked_monthly', sum_bigint('leads'),
        leads, count_if('is_new_lead and not is_booked')
    ),
    ('rows by day', spam, sum_bigint('interactions'), interactions, count_if('date_local is not null')),
    (
        'spam by day',
        spam, sum_bigint('spam_interactions'),
        interactions, count_if('is_spam and date_local is not null'), 'has_spam'
    ),
]) }}
