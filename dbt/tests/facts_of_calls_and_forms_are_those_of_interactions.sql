-- One row for each missed call, form and scored skill.
with figures as (

    select
        'missed calls' as figure,
        (select count(*) from {{ ref('fct_liine__missed_calls') }}) as found,
        (select {{ count_of('is_counted and is_missed_call') }} from {{ ref('fct_liine__interactions') }}) as expected
    union all
    select
        'forms' as figure,
        (select count(*) from {{ ref('fct_liine__form_responses') }}) as found,
        (select count(*) from {{ ref('fct_liine__interactions') }} where is_counted and interaction_kind = 'form') as expected
    union all
    select
        'skills' as figure,
        (select count(*) from {{ ref('fct_liine__messaging_skills') }}) as found,
        (select cast(coalesce(sum({% for skill in range(1, 8) %}case when messaging_skill_{{ skill }} is not null then 1 else 0 end{% if not loop.last %} + {% endif %}{% endfor %}), 0) as bigint) from {{ ref('fct_liine__interactions') }} where is_counted and is_phone_call) as expected

)

select *
from figures
where found is distinct from expected
