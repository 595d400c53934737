-- The appointments' revenue is that of the leads and of the rows without one; and never more than the rows carry.
with figures as (

    select
        'revenue of leads' as figure,
        (select {{ exact_sum('revenue') }} from {{ ref('fct_liine__leads') }}) as found,
        (select {{ exact_sum('revenue') }} from {{ ref('fct_liine__appointments') }} where lead_key is not null) as expected
    union all
    select
        'appointments of leads' as figure,
        (select {{ whole_sum('appointments') }} from {{ ref('fct_liine__leads') }}) as found,
        (select count(*) from {{ ref('fct_liine__appointments') }} where lead_key is not null) as expected
    union all
    select
        'revenue of the rows that stand for appointments' as figure,
        (select {{ exact_sum('revenue') }} from {{ ref('fct_liine__appointments') }}) as found,
        (select {{ exact_sum('rows_of.revenue') }} from {{ ref('fct_liine__appointments') }} as one inner join {{ ref('fct_liine__interactions') }} as rows_of on one.interaction_id = rows_of.interaction_id) as expected
    union all
    select
        'leads with revenue' as figure,
        (select {{ count_of('revenue != 0') }} from {{ ref('fct_liine__leads') }}) as found,
        (select count(distinct lead_key) from {{ ref('fct_liine__appointments') }} where revenue != 0) as expected

)

select *
from figures
where found is distinct from expected
