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

),

-- Without spam in the data, no spam does not mean that there was none.
with_scope as (

    select
        days.customer_id,
        days.date_local,
        days.interactions,
        case when scope.has_spam then days.spam_interactions end as spam_interactions,
        days.inbound_calls,
        case when scope.has_spam then days.spam_inbound_calls end as spam_inbound_calls
    from days
    left join {{ ref('dim_liine__load_scope') }} as scope on days.customer_id = scope.customer_id

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
from with_scope
