{{ config(tags=['reconciliation']) }}
-- One row for each missed call, each form and each scored skill.
{% set interactions = 'fct_liine__interactions' %}
{% set scored = [] %}
{% for skill in range(1, 8) -%}
    {% set is_scored = 'is_counted and is_phone_call and messaging_skill_%s is not null' % skill %}
    {% do scored.append('case when ' ~ is_scored ~ ' then 1 else 0 end') %}
{%- endfor %}
{{ disagreeing([
    (
        'missed calls',
        'fct_liine__missed_calls', 'count(*)',
        interactions, count_of('is_counted and is_missed_call')
    ),
    (
        'forms',
        'fct_liine__form_responses', 'count(*)',
        interactions, count_of("is_counted and interaction_kind = 'form'")
    ),
    ('skills', 'fct_liine__messaging_skills', 'count(*)', interactions, whole_sum(scored | join(' + '))),
]) }}
