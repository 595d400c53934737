with calls as (

    select
        customer_id,
        weekday_local,
        hour_local,
        cast(count(*) as bigint) as inbound_calls,
        {{ count_if('is_answered') }} as answered_calls,
        {{ count_if('is_missed_call') }} as missed_calls,
        cast(count(distinct date_local) as bigint) as days
    from {{ ref('fct_liine__interactions') }}
    where is_counted and is_inbound_call
    group by customer_id, weekday_local, hour_local

)

select
    customer_id,
    weekday_local,
    hour_local,
    inbound_calls,
    answered_calls,
    missed_calls,
    days,
    answered_calls + missed_calls as decided_calls,
    {{ safe_divide('answered_calls', 'answered_calls + missed_calls') }} as answer_rate
from calls
