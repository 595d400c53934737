{{ config(tags=['reconciliation']) }}
-- Every key of a mart or report has its row in the model that it points to; a null key points to nothing. Not tested
-- are booked_later_interaction_id, whose row a filter may leave out, patient_key, which has no model, and what was
-- restated, because it may have vanished.
{% set keys = [
    ('fct_liine__interactions', 'interaction_id', [
        'bridge_liine__appointment_providers.interaction_id',
        'fct_liine__appointments.interaction_id',
        'fct_liine__appointments.revenue_interaction_id',
        'fct_liine__form_responses.interaction_id',
        'fct_liine__leads.booked_interaction_id',
        'fct_liine__leads.first_contact_interaction_id',
        'fct_liine__leads.first_interaction_id',
        'fct_liine__leads.last_interaction_id',
        'fct_liine__leads.reached_interaction_id',
        'fct_liine__messaging_skills.interaction_id',
        'fct_liine__missed_calls.interaction_id',
    ]),
    ('fct_liine__leads', 'lead_key', [
        'fct_liine__appointments.lead_key',
        'fct_liine__form_responses.lead_key',
        'fct_liine__interactions.lead_key',
        'fct_liine__lead_attribution.lead_key',
        'fct_liine__lead_speed.lead_key',
        'fct_liine__missed_calls.lead_key',
    ]),
    ('dim_liine__channels', 'channel_key', [
        'fct_liine__appointments.initial_channel_key',
        'fct_liine__form_responses.initial_channel_key',
        'fct_liine__interactions.initial_channel_key',
        'fct_liine__interactions.last_touch_channel_key',
        'fct_liine__lead_attribution.channel_key',
        'fct_liine__leads.first_channel_key',
        'fct_liine__leads.first_contact_channel_key',
        'fct_liine__leads.last_channel_key',
        'fct_liine__missed_calls.initial_channel_key',
        'rpt_liine__ad_spend_monthly.channel_key',
        'rpt_liine__channel_daily.channel_key',
    ]),
    ('dim_liine__campaigns', 'campaign_key', [
        'fct_liine__appointments.initial_campaign_key',
        'fct_liine__interactions.initial_campaign_key',
        'fct_liine__interactions.last_touch_campaign_key',
        'fct_liine__lead_attribution.campaign_key',
        'fct_liine__leads.first_campaign_key',
        'fct_liine__leads.last_campaign_key',
        'rpt_liine__ad_spend_monthly.campaign_key',
        'rpt_liine__campaign_monthly.campaign_key',
    ]),
    ('dim_liine__agents', 'agent_id', [
        'fct_liine__appointments.agent_id',
        'fct_liine__interactions.agent_id',
        'fct_liine__leads.booked_agent_id',
        'fct_liine__messaging_skills.agent_id',
        'rpt_liine__agent_daily.agent_id',
    ]),
    ('dim_liine__locations', 'location', [
        'fct_liine__appointments.appointment_location',
        'fct_liine__form_responses.location',
        'fct_liine__interactions.appointment_location',
        'fct_liine__interactions.initial_location',
        'fct_liine__interactions.last_touch_location',
        'fct_liine__lead_attribution.location',
        'fct_liine__leads.first_location',
        'fct_liine__leads.last_location',
        'fct_liine__missed_calls.location',
        'rpt_liine__answer_rate_daily.location',
    ]),
    ('dim_liine__customers', 'customer_id', [
        'bridge_liine__appointment_providers.customer_id',
        'dim_liine__agents.customer_id',
        'dim_liine__campaigns.customer_id',
        'dim_liine__load_scope.customer_id',
        'dim_liine__locations.customer_id',
        'fct_liine__appointments.customer_id',
        'fct_liine__form_responses.customer_id',
        'fct_liine__interactions.customer_id',
        'fct_liine__lead_attribution.customer_id',
        'fct_liine__lead_speed.customer_id',
        'fct_liine__leads.customer_id',
        'fct_liine__messaging_skills.customer_id',
        'fct_liine__missed_calls.customer_id',
        'fct_liine__restatements.customer_id',
        'rpt_liine__ad_spend_monthly.customer_id',
        'rpt_liine__agent_daily.customer_id',
        'rpt_liine__answer_rate_daily.customer_id',
        'rpt_liine__call_heatmap.customer_id',
        'rpt_liine__campaign_monthly.customer_id',
        'rpt_liine__channel_daily.customer_id',
        'rpt_liine__customer_daily.customer_id',
        'rpt_liine__data_health.customer_id',
        'rpt_liine__lead_cohorts_monthly.customer_id',
        'rpt_liine__lead_funnel_monthly.customer_id',
        'rpt_liine__leads_by_location_monthly.customer_id',
        'rpt_liine__period_over_period.customer_id',
        'rpt_liine__reasons_not_booked_monthly.customer_id',
        'rpt_liine__responses_daily.customer_id',
        'rpt_liine__restatements.customer_id',
        'rpt_liine__spam_daily.customer_id',
        'rpt_liine__speed_to_lead_monthly.customer_id',
    ]),
    ('dim_liine__dates', 'date_day', [
        'fct_liine__appointments.date_local',
        'fct_liine__form_responses.date_local',
        'fct_liine__interactions.date_local',
        'fct_liine__messaging_skills.date_local',
        'fct_liine__missed_calls.date_local',
        'fct_liine__restatements.date_local',
        'rpt_liine__agent_daily.date_local',
        'rpt_liine__answer_rate_daily.date_local',
        'rpt_liine__channel_daily.date_local',
        'rpt_liine__customer_daily.date_local',
        'rpt_liine__responses_daily.date_local',
        'rpt_liine__spam_daily.date_local',
    ]),
] %}
-- By key. Spam alone makes no lead, calls without a location are at 'unknown', and the dates end with 2099.
{% set conditions = {
    'fct_liine__interactions.lead_key': 'is_counted',
    'rpt_liine__answer_rate_daily.location': "location != 'unknown'",
} %}
{% set dates = "date_local between cast('2000-01-01' as date) and cast('2099-12-31' as date)" %}

{% for dimension, dimension_column, columns in keys -%}
    {%- set outer_loop = loop -%}
    {%- set with_customer = dimension in ['dim_liine__agents', 'dim_liine__locations'] -%}
    {%- for name in columns -%}
        {%- set model, column = name.split('.') -%}
        {%- set condition = dates if column == 'date_local' else conditions.get(name, '1 = 1') %}
        select
            '{{ name }}' as key_name,
            cast(missing.{{ column }} as text) as key_value
        from (
            select
                {% if with_customer -%} customer_id, {% endif -%}
                {{ column }}
            from {{ ref(model) }}
            where {{ condition }} and {{ column }} is not null
            except
            select
                {% if with_customer -%} customer_id, {% endif -%}
                {{ dimension_column }}
            from {{ ref(dimension) }}
        ) as missing
        {% if not (loop.last and outer_loop.last) -%} union all {% endif %}
    {%- endfor -%}
{%- endfor %}
