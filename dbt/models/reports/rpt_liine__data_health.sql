{#-
    One row per customer, check and subject. A check is unhealthy only if someone should act: it failed, or more than its
    threshold was found. `info` is never unhealthy.
-#}
{%- set thresholds = {
    'proof age': 26,
    'vanished': 0.05,
    'undated': 0.01,
    'unknown call result': 0.05,
    'offset anomaly': 0.01,
    'unattributed leads': 0.5,
    'undecided leads': 0.5,
    'keys of hashed locations': 1,
    'rejected value': 0.001,
    'unknown value': 0.01,
} -%}
{%- do thresholds.update(var('liine_health_thresholds')) -%}
{#- Values that the definitions know beside those of the reference. -#}
{%- set understood = {'connection_status': ['answered', 'not answered']} -%}
{%- set newest_first = 'order by sweeps.began_at_utc desc, sweeps.ended_at_utc desc, sweeps.sweep_id desc' -%}

with sweeps as (

    select
        sweeps.*,
        case when sweeps.kind = 'check' then 'dataset completeness' else 'window completeness' end as check_name,
        row_number() over (
            partition by sweeps.customer_id, case when sweeps.kind = 'check' then 1 else 0 end {{ newest_first }}
        ) as recency_rank,
        first_value(sweeps.filter_hash) over (partition by sweeps.customer_id {{ newest_first }}) as newest_filter_hash
    from {{ ref('stg_liine__sweeps') }} as sweeps
    inner join {{ ref('stg_liine__loads') }} as loads on sweeps.load_id = loads.load_id
    where loads.status = 0

),

-- What failed before the newest sweep is over once a later sweep covers it.
still_failed as (

    select failed.sweep_id
    from sweeps as failed
    left join sweeps as later
        on
            failed.customer_id = later.customer_id
            and failed.filter_hash is not distinct from later.filter_hash
            and failed.began_at_utc < later.began_at_utc
            and later.status = 'complete'
            and (later.since_date is null or failed.since_date >= later.since_date)
            and (later.until_date is null or failed.until_date <= later.until_date)
            and (later.updated_since_date is null or failed.updated_since_date >= later.updated_since_date)
    where
        failed.status != 'complete'
        and failed.recency_rank > 1
        and failed.filter_hash is not distinct from failed.newest_filter_hash
        and later.sweep_id is null

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
        end as detail,
        row_number() over (
            partition by customer_id, check_name, since_date, until_date, updated_since_date, filter_hash
            order by began_at_utc desc, ended_at_utc desc, sweep_id desc
        ) as subject_rank
    from sweeps
    where recency_rank = 1 or sweep_id in (select still_failed.sweep_id from still_failed)

),

loaded as (

    select
        customer_id,
        cast(count(*) as bigint) as interactions,
        {{ count_if('is_vanished') }} as vanished,
        {{ count_if('missing_since_utc is not null and not is_vanished') }} as missing
    from {{ ref('stg_liine__interactions') }}
    group by customer_id

),

facts as (

    select
        customer_id,
        cast(count(*) as bigint) as kept_interactions,
        {{ count_if('lead_key is null') }} as without_lead,
        {{ count_if('started_at_utc is null or started_at_local is null') }} as undated,
        {{ count_if('is_counted') }} as interactions,
        {{ count_if('is_counted and is_phone_call') }} as phone_calls,
        {{ count_if("is_counted and call_result = 'unknown'") }} as unknown_results,
        {{ count_if(
            "is_counted and (utc_offset_minutes < -720 or utc_offset_minutes > 840 or mod(utc_offset_minutes, 15) != 0)"
        ) }} as odd_offsets
    from {{ ref('fct_liine__interactions') }}
    group by customer_id

),

totals as (

    select
        loaded.customer_id,
        loaded.interactions,
        loaded.vanished,
        loaded.missing,
        coalesce(facts.kept_interactions, 0) as kept_interactions,
        coalesce(facts.without_lead, 0) as without_lead,
        coalesce(facts.undated, 0) as undated
    from loaded
    left join facts on loaded.customer_id = facts.customer_id

),

counted as (

    select *
    from facts
    where interactions > 0

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
    where not interactions.is_vanished
    group by interactions.customer_id, rejected.field_name

),

hashed_locations as (

    select
        customer_id,
        cast(count(distinct hash_key_id) as bigint) as keys
    from {{ ref('dim_liine__locations') }}
    where is_hashed
    group by customer_id

),

ages as (

    select
        customer_id,
        {{ datediff_bigint('second', 'loaded_through_utc', now_utc()) }} as seconds
    from {{ ref('dim_liine__load_scope') }}

),

-- Counted as they are first: the spellings are few, and normalizing each row's value takes far longer.
combinations as (

    select
        customer_id,
        {{ known_values() | join(', ') }},
        count(*) as found
    from {{ ref('fct_liine__interactions') }}
    group by
        customer_id,
        {{ known_values() | join(', ') }}

),

spellings as (

    {% for column in known_values() -%}
        select
            customer_id,
            '{{ column }}' as field_name,
            {{ column }} as spelling,
            sum(found) as found
        from combinations
        where {{ column }} is not null
        group by customer_id, {{ column }}
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
),

values_by_column as (

    select
        customer_id,
        field_name,
        {{ normalize_value('spelling') }} as value,
        cast(sum(found) as bigint) as found
    from spellings
    where {{ normalize_value('spelling') }} is not null
    group by customer_id, field_name, {{ normalize_value('spelling') }}

),

values_with_total as (

    select
        *,
        cast(sum(found) over (partition by customer_id, field_name) as bigint) as out_of
    from values_by_column

),

unknown_values as (

    select *
    from values_with_total
    where
        {% for column, values in known_values().items() -%}
            {%- set known = (values | map('lower') | list) + understood.get(column, []) -%}
            {% if not loop.first -%} or {% endif -%}
            (
                field_name = '{{ column }}'
                and value not in ('{{ known | join("', '") }}')
            )
        {% endfor %}
),

checks as (

    select
        customer_id,
        check_name,
        subject,
        'error' as severity,
        found,
        out_of,
        cast(null as numeric(38, 9)) as threshold,
        is_healthy,
        detail
    from latest_sweeps
    where subject_rank = 1
    union all
    select
        customer_id,
        'proof age' as check_name,
        'all' as subject,
        'error' as severity,
        cast(floor(seconds / 3600.0) as bigint) as found,
        cast(null as bigint) as out_of,
        cast({{ thresholds['proof age'] }} as numeric(38, 9)) as threshold,
        coalesce(seconds <= 3600.0 * {{ thresholds['proof age'] }}, false) as is_healthy,
        case
            when seconds is null then 'no complete sweep'
            else 'hours since the newest complete sweep began'
        end as detail
    from ages
    union all
    {% for severity, name, cte, found, out_of, subject, detail in [
        ('warn', 'vanished', 'totals', 'vanished', 'interactions', "'all'", 'not found by two verifications; not counted'),
        ('info', 'missing once', 'totals', 'missing', 'interactions', "'all'",
            'not found by the last verification; still counted'),
        ('info', 'without a lead', 'totals', 'without_lead', 'kept_interactions', "'all'", 'in no lead metric'),
        ('warn', 'undated', 'totals', 'undated', 'kept_interactions', "'all'",
            'UTC or local start time is null; not counted'),
        ('warn', 'unknown call result', 'counted', 'unknown_results', 'phone_calls', "'all'",
            'not answered, missed or pending'),
        ('warn', 'offset anomaly', 'counted', 'odd_offsets', 'interactions', "'all'",
            'local and UTC start differ by an impossible offset'),
        ('warn', 'unattributed leads', 'leads', 'unattributed', 'new_leads', "'all'", 'first touch has no channel'),
        ('warn', 'undecided leads', 'leads', 'undecided', 'leads', "'all'", 'not new, existing or none'),
        ('info', 'booked elsewhere', 'leads', 'booked_elsewhere', 'leads', "'all'",
            'Booked Later, but no row of the lead is Booked'),
        ('info', 'appointments set aside', 'appointments', 'set_aside', 'appointments', "'all'",
            'not on a booked row, and unlike those of the same patient that are; not counted'),
        ('info', 'revenue set aside', 'appointments', 'set_aside_revenue', 'revenue', "'all'",
            'US dollars of the appointments set aside; not counted'),
        ('info', 'differing revenue', 'appointments', 'other_revenues', 'appointment_rows', "'all'",
            'rows of an appointment with another revenue than its newest one, which counts'),
        ('warn', 'keys of hashed locations', 'hashed_locations', 'keys', 'cast(null as bigint)', "'all'",
            'a place has a hash for each key; load again, or name them in the seed liine_location_names'),
        ('warn', 'unknown value', 'unknown_values', 'found', 'out_of', "field_name || ' = ' || value",
            'not listed in the API reference and unknown to the definitions'),
    ] -%}
        {%- set threshold = thresholds.get(name) %}
        select
            customer_id,
            '{{ name }}' as check_name,
            {{ subject }} as subject,
            '{{ severity }}' as severity,
            {{ found }} as found,
            {{ out_of }} as out_of,
            cast({{ 'null' if threshold is none or severity == 'info' else threshold }} as numeric(38, 9)) as threshold,
            {% if severity == 'info' -%} true as is_healthy,
            {%- elif out_of.startswith('cast') -%} {{ found }} <= {{ threshold }} as is_healthy,
            {%- else -%} {{ found }} <= {{ threshold }} * {{ out_of }} as is_healthy,
            {%- endif %}
            '{{ detail }}' as detail
        from {{ cte }}
        union all
    {%- endfor %}
    select
        rejected.customer_id,
        'rejected value' as check_name,
        rejected.field_name as subject,
        'warn' as severity,
        rejected.found,
        totals.kept_interactions as out_of,
        cast({{ thresholds['rejected value'] }} as numeric(38, 9)) as threshold,
        rejected.found <= {{ thresholds['rejected value'] }} * totals.kept_interactions as is_healthy,
        'did not fit the column, which is null; see interactions__rejected_values' as detail
    from rejected
    inner join totals on rejected.customer_id = totals.customer_id

)

select
    customer_id,
    check_name,
    subject,
    severity,
    found,
    out_of,
    {{ safe_divide('found', 'out_of') }} as share_found,
    threshold,
    is_healthy,
    detail
from checks
