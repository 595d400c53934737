{#- Only closed response windows count in the rates: an open one would look like a failure. -#}
with responses as (

    select
        customer_id,
        date_local,
        true as is_missed_call,
        is_window_closed and is_called_back is not null as is_decided,
        is_called_back as is_attempted,
        is_recovered as is_connected
    from {{ ref('fct_liine__missed_calls') }}
    union all
    select
        customer_id,
        date_local,
        false as is_missed_call,
        is_window_closed and is_attempted is not null as is_decided,
        is_attempted,
        is_connected
    from {{ ref('fct_liine__form_responses') }}

),

totals as (

    select
        customer_id,
        date_local,
        {{ count_if('is_missed_call') }} as missed_calls,
        {{ count_if('is_missed_call and is_decided') }} as decided_missed_calls,
        {{ count_if('is_missed_call and is_decided and is_attempted') }} as called_back_calls,
        {{ count_if('is_missed_call and is_decided and is_connected') }} as recovered_calls,
        {{ count_if('not is_missed_call') }} as forms,
        {{ count_if('not is_missed_call and is_decided') }} as decided_forms,
        {{ count_if('not is_missed_call and is_decided and is_attempted') }} as attempted_forms,
        {{ count_if('not is_missed_call and is_decided and is_connected') }} as connected_forms
    from responses
    group by customer_id, date_local

),

known as (

    select
        totals.customer_id,
        totals.date_local,
        totals.missed_calls,
        totals.decided_missed_calls,
        case when scope.has_all_calls then totals.called_back_calls end as called_back_calls,
        case when scope.has_all_calls then totals.recovered_calls end as recovered_calls,
        totals.forms,
        totals.decided_forms,
        case when scope.has_all_calls then totals.attempted_forms end as attempted_forms,
        case when scope.has_all_calls then totals.connected_forms end as connected_forms
    from totals
    left join {{ ref('dim_liine__load_scope') }} as scope on totals.customer_id = scope.customer_id

)

select
    customer_id,
    date_local,
    missed_calls,
    decided_missed_calls,
    called_back_calls,
    {{ safe_divide('called_back_calls', 'decided_missed_calls') }} as callback_rate,
    recovered_calls,
    {{ safe_divide('recovered_calls', 'decided_missed_calls') }} as recovery_rate,
    forms,
    decided_forms,
    attempted_forms,
    {{ safe_divide('attempted_forms', 'decided_forms') }} as attempt_rate,
    connected_forms,
    {{ safe_divide('connected_forms', 'decided_forms') }} as connection_rate
from known
