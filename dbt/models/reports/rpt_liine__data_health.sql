{#- One row per customer, check and subject. -#}
with sweeps as (

    select
        sweeps.*,
        case when sweeps.kind = 'check' then 'dataset completeness' else 'window completeness' end as check_name,
        row_number() over (
            partition by
                sweeps.customer_id,
                case when sweeps.kind = 'check' then 1 else 0 end,
                sweeps.filter_hash,
                sweeps.since_date,
                sweeps.until_date,
                sweeps.updated_since_date
            order by sweeps.began_at_utc desc, sweeps.ended_at_utc desc, sweeps.sweep_id desc
        ) as recency_rank
    from {{ ref('stg_liine__sweeps') }} as sweeps
    inner join {{ ref('stg_liine__loads') }} as loads on sweeps.load_id = loads.load_id
    where loads.status = 0

),

latest_sweeps as (

    select
        customer_id,
        cast(check_name as text) as check_name,
        coalesce(cast(since_date as text), 'beginning')
        || ' to '
        || coalesce(cast(until_date as text), 'now')
        || coalesce(', changed since ' || cast(updated_since_date as text), '')
        || ', filters '
        || coalesce(filter_hash, 'none') as subject,
        found_interactions as found,
        expected_interactions as out_of,
        status = 'complete' as is_healthy,
        case
            when status = 'complete' then 'complete, proof: ' || proof
            else 'failed: ' || coalesce(reason, 'unknown')
        end as detail
    from sweeps
    where recency_rank = 1

),

totals as (

    select
        customer_id,
        cast(count(*) as bigint) as interactions,
        {{ count_if('is_vanished') }} as vanished,
        {{ count_if('missing_since_utc is not null and not is_vanished') }} as missing,
        {{ count_if('lead_key is null') }} as without_lead,
        {{ count_if('started_at_utc is null or started_at_local is null') }} as undated
    from {{ ref('stg_liine__interactions') }}
    group by customer_id

),

counted as (

    select
        customer_id,
        cast(count(*) as bigint) as interactions,
        {{ count_if('is_phone_call') }} as phone_calls,
        {{ count_if("call_result = 'unknown'") }} as unknown_results,
        {{ count_if(
            "utc_offset_minutes < -720 or utc_offset_minutes > 840 or mod(utc_offset_minutes, 15) != 0"
        ) }} as odd_offsets
    from {{ ref('fct_liine__interactions') }}
    where is_counted
    group by customer_id

),

leads as (

    select
        customer_id,
        {{ count_if('is_new_lead') }} as new_leads,
        {{ count_if("is_new_lead and first_channel_key = '" ~ unattributed() ~ "'") }} as unattributed,
        {{ count_if("lead_type = 'undecided'") }} as undecided,
        {{ count_if('is_booked_elsewhere') }} as booked_elsewhere,
        cast(count(*) as bigint) as leads
    from {{ ref('fct_liine__leads') }}
    group by customer_id

),

appointments as (

    select
        customer_id,
        cast(count(*) as bigint) as appointment_rows,
        {{ count_if('interaction_id = appointment_interaction_id') }} as appointments,
        {{ count_if('interaction_id = appointment_interaction_id and not is_counted_appointment') }} as set_aside,
        {{ sum_bigint('case when interaction_id = appointment_interaction_id then round(appointment_revenue) end') }}
            as revenue,
        {{ sum_bigint(
            'case when interaction_id = appointment_interaction_id and not is_counted_appointment '
            ~ 'then round(appointment_revenue) end'
        ) }} as set_aside_revenue,
        {{ count_if('has_other_revenue and is_counted_appointment') }} as other_revenues
    from {{ ref('int_liine__appointment_rows') }}
    group by customer_id

),

rejected as (

    select
        interactions.customer_id,
        rejected.field_name,
        cast(count(*) as bigint) as found
    from {{ ref('stg_liine__rejected_values') }} as rejected
    inner join {{ ref('stg_liine__interactions') }} as interactions
        on rejected.interaction_id = interactions.interaction_id
    group by interactions.customer_id, rejected.field_name

),

undocumented_values as (

    {% for column, values in known_values().items() -%}
        select
            customer_id,
            '{{ column }}' as field_name,
            {{ column }} as value,
            cast(count(*) as bigint) as found
        from {{ ref('stg_liine__interactions') }}
        where
            not is_vanished
            and {{ column }} is not null
            and {{ column }} not in (
                '{{ values | join("', '") }}'
            )
        group by customer_id, {{ column }}
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
),

checks as (

    select * from latest_sweeps
    union all
    {% for name, cte, found, out_of, detail in [
        ('vanished', 'totals', 'vanished', 'interactions', 'not found by two verifications; not counted'),
        ('missing once', 'totals', 'missing', 'interactions', 'not found by the last verification; still counted'),
        ('without a lead', 'totals', 'without_lead', 'interactions', 'in no lead metric'),
        ('undated', 'totals', 'undated', 'interactions', 'UTC or local start time is null; not counted'),
        ('unknown call result', 'counted', 'unknown_results', 'phone_calls', 'not answered, missed or pending'),
        ('offset anomaly', 'counted', 'odd_offsets', 'interactions', 'local and UTC start differ by an impossible offset'),
        ('unattributed leads', 'leads', 'unattributed', 'new_leads', 'first touch has no channel'),
        ('undecided leads', 'leads', 'undecided', 'leads', 'not new, existing or none'),
        ('booked elsewhere', 'leads', 'booked_elsewhere', 'leads', 'Booked Later, but no row of the lead is Booked'),
        (
            'appointments set aside', 'appointments', 'set_aside', 'appointments',
            'not on a booked row, and unlike those of the same patient that are; not counted'
        ),
        (
            'revenue set aside', 'appointments', 'set_aside_revenue', 'revenue',
            'US dollars of the appointments set aside; not counted'
        ),
        (
            'differing revenue', 'appointments', 'other_revenues', 'appointment_rows',
            'rows of an appointment with another revenue than its newest one, which counts'
        ),
    ] -%}
        select
            customer_id,
            '{{ name }}' as check_name,
            'all' as subject,
            {{ found }} as found,
            {{ out_of }} as out_of,
            {{ found }} = 0 as is_healthy,
            '{{ detail }}' as detail
        from {{ cte }}
        union all
    {% endfor -%}
    select
        customer_id,
        'rejected value' as check_name,
        field_name as subject,
        found,
        cast(null as bigint) as out_of,
        false as is_healthy,
        'did not fit the column; see interactions__rejected_values' as detail
    from rejected
    union all
    select
        customer_id,
        'unknown value' as check_name,
        field_name || ' = ' || value as subject,
        found,
        cast(null as bigint) as out_of,
        false as is_healthy,
        'not listed in the API reference' as detail
    from undocumented_values

)

select
    customer_id,
    check_name,
    subject,
    found,
    out_of,
    {{ safe_divide('found', 'out_of') }} as share_found,
    is_healthy,
    detail
from checks
