select
    calls.interaction_id,
    calls.customer_id,
    calls.lead_key,
    calls.started_at_utc,
    calls.started_at_local,
    calls.date_local,
    calls.hour_local,
    calls.weekday_local,
    calls.missed_reason,
    calls.is_new_lead_interaction,
    calls.initial_channel_key,
    calls.last_touch_location as location,
    responses.is_window_closed,
    responses.is_outbound as is_called_back,
    responses.next_outbound_at_utc as called_back_at_utc,
    responses.seconds_to_outbound as seconds_to_callback,
    responses.is_answered as is_recovered,
    responses.next_answered_at_utc as recovered_at_utc,
    responses.seconds_to_answered as seconds_to_recovery
from {{ ref('fct_liine__interactions') }} as calls
left join {{ ref('int_liine__responses') }} as responses on calls.interaction_id = responses.interaction_id
where calls.is_counted and calls.is_missed_call
