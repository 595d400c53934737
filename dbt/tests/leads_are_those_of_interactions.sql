-- Each counted row of a lead is in that lead, and each lead has one.
with figures as (

    select
        'leads' as figure,
        (select count(*) from {{ ref('fct_liine__leads') }}) as found,
        (select count(distinct lead_key) from {{ ref('fct_liine__interactions') }} where is_counted) as expected
    union all
    select
        'interactions' as figure,
        (select {{ whole_sum('interactions') }} from {{ ref('fct_liine__leads') }}) as found,
        (select {{ count_of('is_counted and lead_key is not null') }} from {{ ref('fct_liine__interactions') }}) as expected
    union all
    select
        'missed calls' as figure,
        (select {{ whole_sum('missed_calls') }} from {{ ref('fct_liine__leads') }}) as found,
        (select {{ count_of('is_counted and is_missed_call and lead_key is not null') }} from {{ ref('fct_liine__interactions') }}) as expected
    union all
    select
        'booked leads' as figure,
        (select {{ count_of('is_booked') }} from {{ ref('fct_liine__leads') }}) as found,
        (select count(distinct lead_key) from {{ ref('fct_liine__interactions') }} where is_counted and is_booking) as expected
    union all
    select
        'reached leads' as figure,
        (select {{ count_of('is_reached') }} from {{ ref('fct_liine__leads') }}) as found,
        (select count(distinct lead_key) from {{ ref('fct_liine__interactions') }} where is_counted and is_answered) as expected

)

select *
from figures
where found is distinct from expected
