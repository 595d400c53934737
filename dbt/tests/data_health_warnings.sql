{{ config(severity='warn', tags=['alerts'], enabled=var('liine_alerts') | as_bool) }}
-- The checks with which someone should act now.
select *
from {{ ref('rpt_liine__data_health') }}
where not is_healthy and severity = 'warn'
