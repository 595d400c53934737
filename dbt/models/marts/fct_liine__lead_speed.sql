{#- Opening time between two moments is the opening time before the one less that before the other. -#}
with moments as (

    {% for moment in ['first_contact', 'reached'] -%}
        select
            leads.lead_key,
            '{{ moment }}' as moment,
            interactions.customer_id,
            interactions.started_at_local
        from {{ ref('fct_liine__leads') }} as leads
        inner join {{ ref('fct_liine__interactions') }} as interactions
            on leads.{{ moment }}_interaction_id = interactions.interaction_id
        where
            leads.is_new_lead
            -- Most customers have no opening hours, and need no join.
            and leads.customer_id in (select hours.customer_id from {{ ref('liine_opening_hours') }} as hours)
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
),

with_day as (

    select
        moments.*,
        days.open_seconds_before,
        not days.is_holiday as may_be_open,
        {{ iso_weekday('moments.started_at_local') }} as weekday,
        {{ datediff_bigint('second', dbt.date_trunc('day', 'moments.started_at_local'), 'moments.started_at_local') }}
            as day_seconds
    from moments
    inner join {{ ref('int_liine__opening_days') }} as days
        on
            moments.customer_id = days.customer_id
            and cast({{ dbt.date_trunc('day', 'moments.started_at_local') }} as date) = days.date_day

),

open_seconds as (

    select
        with_day.lead_key,
        with_day.moment,
        max(with_day.open_seconds_before)
        + {{ sum_bigint(
            'case when not with_day.may_be_open or hours.customer_id is null then 0 '
            ~ 'when with_day.day_seconds <= ' ~ seconds_of_day('hours.opens_at') ~ ' then 0 '
            ~ 'when with_day.day_seconds >= ' ~ seconds_of_day('hours.closes_at') ~ ' then '
            ~ seconds_of_day('hours.closes_at') ~ ' - ' ~ seconds_of_day('hours.opens_at') ~ ' '
            ~ 'else with_day.day_seconds - ' ~ seconds_of_day('hours.opens_at') ~ ' end'
        ) }} as open_seconds,
        {{ bool_or(
            'with_day.may_be_open and with_day.day_seconds >= ' ~ seconds_of_day('hours.opens_at')
            ~ ' and with_day.day_seconds < ' ~ seconds_of_day('hours.closes_at')
        ) }} as is_open
    from with_day
    left join {{ ref('liine_opening_hours') }} as hours
        on with_day.customer_id = hours.customer_id and with_day.weekday = hours.weekday
    group by with_day.lead_key, with_day.moment

)

select
    leads.lead_key,
    leads.customer_id,
    leads.first_month_local,
    leads.first_contact_at_utc,
    leads.is_reached,
    leads.seconds_to_reach,
    first_contacts.is_open as is_open_at_first_contact,
    -- Where a clock was set back, the later moment can be the earlier one by local time.
    case
        when reached.open_seconds < first_contacts.open_seconds then 0
        else reached.open_seconds - first_contacts.open_seconds
    end as open_seconds_to_reach
from {{ ref('fct_liine__leads') }} as leads
left join open_seconds as first_contacts
    on leads.lead_key = first_contacts.lead_key and first_contacts.moment = 'first_contact'
left join open_seconds as reached
    on leads.lead_key = reached.lead_key and reached.moment = 'reached'
where leads.is_new_lead
