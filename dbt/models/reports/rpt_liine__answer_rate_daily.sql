with calls as (

    select
        customer_id,
        date_local,
        coalesce(last_touch_location, 'unknown') as location,
        cast(count(*) as bigint) as inbound_calls,
        {{ count_if('is_answered') }} as answered_calls,
        {{ count_if('is_missed_call') }} as missed_calls,
        {{ count_if("missed_reason = 'voicemail'") }} as voicemails,
        {{ count_if("call_result = 'pending'") }} as pending_calls,
        {{ count_if("call_result = 'unknown'") }} as unknown_calls
    from {{ ref('fct_liine__interactions') }}
    where is_counted and is_inbound_call
    group by customer_id, date_local, coalesce(last_touch_location, 'unknown')

)

select
    customer_id,
    date_local,
    location,
    inbound_calls,
    answered_calls,
    missed_calls,
    voicemails,
    pending_calls,
    unknown_calls,
    answered_calls + missed_calls as decided_calls,
    {{ safe_divide('answered_calls', 'answered_calls + missed_calls') }} as answer_rate
from calls
