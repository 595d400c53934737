{{ config(tags=['reconciliation']) }}
-- Every missed call, form and scored skill of fct_liine__interactions has one row in its mart.
{% set interactions = 'fct_liine__interactions' %}
{% set scored = [] %}
{% for skill in range(1, 8) -%}
    {% set is_scored = 'is_counted and is_phone_call and messaging_skill_%s is not null' % skill %}
    {% do scored.append('case when ' ~ is_scored ~ ' then 1 else 0 end') %}
{%- endfor %}
{{ mismatched_metrics([
    (
        'missed calls',
        'fct_liine__missed_calls', 'count(*)',
        interactions, count_if('is_counted and is_missed_call')
    ),
    (
        'forms',
        'fct_liine__form_responses', 'count(*)',
        interactions, count_if("is_counted and interaction_kind = 'form'")
    ),
    ('skills', 'fct_liine__messaging_skills', 'count(*)', interactions, sum_bigint(scored | join(' + '))),
]) }}
