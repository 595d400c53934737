{#-
    What the loaded rows of each customer are a selection of, so that what was left out is not taken for what did not
    happen. The newest sweep of a sync decides, because a sync with other filters loads the whole history again.
-#}
with complete_sweeps as (

    select
        sweeps.*,
        case
            when sweeps.until_date is null then sweeps.began_at_utc
            -- A window ends with two spare days, of which the second may be loaded in part.
            when cast({{ dbt.dateadd('day', -1, 'sweeps.until_date') }} as timestamp) < sweeps.began_at_utc
                then cast({{ dbt.dateadd('day', -1, 'sweeps.until_date') }} as timestamp)
            else sweeps.began_at_utc
        end as complete_through_utc
    from {{ ref('stg_liine__sweeps') }} as sweeps
    inner join {{ ref('stg_liine__loads') }} as loads on sweeps.load_id = loads.load_id
    where loads.status = 0 and sweeps.status = 'complete' and coalesce(sweeps.kind, '') != 'check'

),

ranked as (

    select
        customer_id,
        filters,
        lead_rows,
        personal_data,
        min(since_date) over (partition by customer_id, filter_hash) as first_since_date,
        count(case when since_date is null then 1 end) over (partition by customer_id, filter_hash) as open_windows,
        max(complete_through_utc) over (partition by customer_id, filter_hash) as loaded_through_utc,
        row_number() over (
            partition by customer_id
            order by
                case when kind = 'sync' then 0 else 1 end,
                began_at_utc desc,
                ended_at_utc desc,
                sweep_id desc
        ) as recency_rank
    from complete_sweeps

),

selections as (

    select
        customer_id,
        filters,
        lead_rows,
        personal_data,
        case when open_windows = 0 then first_since_date end as loaded_since_date,
        loaded_through_utc
    from ranked
    where recency_rank = 1

),

loaded as (

    select
        customer_id,
        {{ bool_or('is_spam_likely is not null') }} as has_spam_flags
    from {{ ref('stg_liine__interactions') }}
    where not is_vanished and customer_id is not null
    group by customer_id

),

-- Of the facts, which have hashed and trimmed these values already.
facts as (

    select
        customer_id,
        {{ bool_or('lead_key is not null') }} as has_leads,
        {{ bool_or('appointment_status is not null') }} as has_appointment_statuses,
        {{ bool_or('has_appointment') }} as has_appointments,
        {{ bool_or('revenue is not null') }} as has_revenue
    from {{ ref('fct_liine__interactions') }}
    group by customer_id

),

customers as (

    select customer_id from loaded
    union
    select customer_id from selections

),

scopes as (

    select
        customers.customer_id,
        selections.filters,
        selections.personal_data,
        selections.loaded_since_date,
        selections.loaded_through_utc,
        coalesce(selections.filters not like '%include_is_spam_likely (false)%', false)
        and coalesce(loaded.has_spam_flags, false) as has_spam,
        coalesce(facts.has_leads, false) as has_leads,
        coalesce(selections.lead_rows in ('all', 'calls') and facts.has_leads, false) as has_all_calls,
        coalesce(selections.lead_rows = 'all' and facts.has_leads, false) as has_whole_leads,
        coalesce(facts.has_appointments, false) as has_appointments,
        coalesce(facts.has_appointment_statuses, false) as has_appointment_statuses,
        coalesce(facts.has_revenue, false) as has_revenue
    from customers
    left join selections on customers.customer_id = selections.customer_id
    left join loaded on customers.customer_id = loaded.customer_id
    left join facts on customers.customer_id = facts.customer_id

)

select
    customer_id,
    filters,
    personal_data,
    loaded_since_date,
    loaded_through_utc,
    has_spam,
    has_leads,
    has_all_calls,
    has_whole_leads,
    has_appointments,
    has_appointment_statuses,
    has_revenue,
    cast(
        case
            when filters is null then 'It is not known which filters were used.'
            when filters in ('none', 'include_is_spam_likely (false)') then 'No filter: all interactions'
            else 'Only interactions selected by filters (' || filters || '),'
        end
        || case
            when filters is null then ''
            when loaded_since_date is null then ' from the beginning.'
            else ' since ' || cast(loaded_since_date as text) || '.'
        end
        || case when has_spam then ' Likely spam is included.' else ' Spam was left out or is not known.' end
        || case
            when personal_data is null then ''
            when personal_data = 'keep' then ' Personal data was loaded as it is.'
            when personal_data = 'hash' then ' Personal data was hashed, and free text left out.'
            when personal_data = 'drop' then ' Personal data was left out.'
            else ' Personal data by field: ' || personal_data || '.'
        end
        || case
            when not has_leads then ' There are no lead ids, so leads, callbacks and responses are unknown.'
            when has_whole_leads then ''
            when has_all_calls
                then ' Of leads only the calls are complete: a booking or an appointment that is not there is unknown.'
            else
                ' Leads may lack interactions: a call, a booking or an appointment that is not there is unknown.'
        end
        || case
            when has_revenue and has_appointment_statuses then ''
            when has_revenue then ' There are no appointment statuses.'
            when has_appointment_statuses then ' There is no revenue.'
            else ' There are neither appointment statuses nor revenue.'
        end
        as text
    ) as description
from scopes
