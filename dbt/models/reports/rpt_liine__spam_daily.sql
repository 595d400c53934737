with days as (

    select
        customer_id,
        date_local,
        cast(count(*) as bigint) as interactions,
        {{ count_if('is_spam') }} as spam_interactions,
        {{ count_if('is_inbound_call') }} as inbound_calls,
        {{ count_if('is_inbound_call and is_spam') }} as spam_inbound_calls
    from {{ ref('fct_liine__interactions') }}
    where date_local is not null
    group by customer_id, date_local

)

select
    customer_id,
    date_local,
    interactions,
    spam_interactions,
    {{ safe_divide('spam_interactions', 'interactions') }} as spam_rate,
    inbound_calls,
    spam_inbound_calls,
    {{ safe_divide('spam_inbound_calls', 'inbound_calls') }} as spam_call_rate
from days
