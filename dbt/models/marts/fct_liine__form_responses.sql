select
    forms.interaction_id,
    forms.form_submission_id,
    forms.customer_id,
    forms.lead_key,
    forms.started_at_utc,
    forms.started_at_local,
    forms.date_local,
    forms.is_new_lead_interaction,
    forms.initial_channel_key,
    forms.last_touch_location as location,
    responses.is_window_closed,
    responses.is_outbound as is_attempted,
    responses.next_outbound_at_utc as first_attempt_at_utc,
    responses.seconds_to_outbound as seconds_to_first_attempt,
    responses.is_answered as is_connected,
    responses.next_answered_at_utc as connected_at_utc,
    responses.seconds_to_answered as seconds_to_connection
from {{ ref('fct_liine__interactions') }} as forms
left join {{ ref('int_liine__responses') }} as responses on forms.interaction_id = responses.interaction_id
where forms.is_counted and forms.interaction_kind = 'form'
