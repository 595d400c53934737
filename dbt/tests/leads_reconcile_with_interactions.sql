{{ config(tags=['reconciliation']) }}
-- fct_liine__leads has each lead with a counted row once, with all of its counted rows.
{% set interactions, leads = 'fct_liine__interactions', 'fct_liine__leads' %}
{% set keys_where = 'count(distinct case when is_counted and %s then lead_key end)' %}
{{ mismatched_metrics([
    ('leads', leads, 'count(*)', interactions, keys_where % 'lead_key is not null'),
    ('booked', leads, count_if('is_booked'), interactions, keys_where % 'is_booking'),
    ('reached', leads, count_if('is_reached'), interactions, keys_where % 'is_answered'),
    (
        'interactions',
        leads, sum_bigint('interactions'),
        interactions, count_if('is_counted and lead_key is not null')
    ),
    (
        'missed calls',
        leads, sum_bigint('missed_calls'),
        interactions, count_if('is_counted and is_missed_call and lead_key is not null')
    ),
]) }}
