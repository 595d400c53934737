{{ config(tags=['reconciliation']) }}
-- Each counted row of a lead is in that lead, and each lead has one.
{% set interactions, leads = 'fct_liine__interactions', 'fct_liine__leads' %}
{% set keys_where = 'count(distinct case when is_counted and %s then lead_key end)' %}
{{ disagreeing([
    ('leads', leads, 'count(*)', interactions, keys_where % 'lead_key is not null'),
    ('booked', leads, count_of('is_booked'), interactions, keys_where % 'is_booking'),
    ('reached', leads, count_of('is_reached'), interactions, keys_where % 'is_answered'),
    (
        'interactions',
        leads, whole_sum('interactions'),
        interactions, count_of('is_counted and lead_key is not null')
    ),
    (
        'missed calls',
        leads, whole_sum('missed_calls'),
        interactions, count_of('is_counted and is_missed_call and lead_key is not null')
    ),
]) }}
