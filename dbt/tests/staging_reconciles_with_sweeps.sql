{%- set relation = source('liine', 'erasures') -%}
{%- set columns = loaded_columns(relation) -%}
-- Every interaction that the latest complete sweep of a window found is in staging: the connector marks vanished rows
-- and does not delete them. Windows are widened by a day on each side, because the API's dates have no time zone.
-- Rows of erased persons may be missing: as many as were erased after the sweep ended, of any customer, plus those that
-- the sweep itself suppressed. Rows that no day of the window has are not compared: those without a usable start, and
-- those that start after the sweep.
with erasures as (

    select
        coalesce(
            {{ loaded_utc_timestamp(columns, 'completed_at') }},
            {{ loaded_utc_timestamp(columns, 'erased_at') }}
        ) as erased_at_utc,
        {{ loaded_column(columns, 'interactions', 'bigint') }} as interactions
    from {{ loaded_relation(relation, columns) }}

),

complete_sweeps as (

    select
        sweeps.sweep_id,
        sweeps.customer_id,
        sweeps.since_date,
        coalesce(sweeps.until_date, cast(sweeps.began_at_utc as date)) as until_date,
        sweeps.updated_since_date,
        sweeps.found_interactions - coalesce(sweeps.undated_interactions, 0) as dated_interactions,
        sweeps.suppressed_interactions,
        sweeps.ended_at_utc,
        row_number() over (
            partition by
                sweeps.customer_id,
                sweeps.filter_hash,
                sweeps.since_date,
                sweeps.until_date,
                sweeps.updated_since_date
            order by sweeps.began_at_utc desc, sweeps.sweep_id desc
        ) as recency_rank
    from {{ ref('stg_liine__sweeps') }} as sweeps
    inner join {{ ref('stg_liine__loads') }} as loads on sweeps.load_id = loads.load_id
    where sweeps.status = 'complete' and loads.status = 0

),

daily_counts as (

    select
        customer_id,
        cast(started_at_local as date) as started_date,
        cast(updated_at_utc as date) as updated_date,
        count(*) as interactions
    from {{ ref('stg_liine__interactions') }}
    group by customer_id, cast(started_at_local as date), cast(updated_at_utc as date)

),

erased as (

    select
        complete_sweeps.sweep_id,
        coalesce(sum(erasures.interactions), 0)
        + coalesce(max(complete_sweeps.suppressed_interactions), 0) as interactions
    from complete_sweeps
    left join erasures on complete_sweeps.ended_at_utc < erasures.erased_at_utc
    group by complete_sweeps.sweep_id

),

staged as (

    select
        complete_sweeps.sweep_id,
        complete_sweeps.dated_interactions,
        coalesce(sum(daily_counts.interactions), 0) as interactions
    from complete_sweeps
    left join daily_counts
        on
            complete_sweeps.customer_id = daily_counts.customer_id
            and (
                complete_sweeps.since_date is null
                or daily_counts.started_date >= {{ dbt.dateadd('day', -1, 'complete_sweeps.since_date') }}
            )
            and (
                complete_sweeps.until_date is null
                or daily_counts.started_date <= {{ dbt.dateadd('day', 1, 'complete_sweeps.until_date') }}
            )
            and (
                daily_counts.updated_date is null
                or complete_sweeps.updated_since_date is null
                or daily_counts.updated_date >= {{ dbt.dateadd('day', -1, 'complete_sweeps.updated_since_date') }}
            )
    where complete_sweeps.recency_rank = 1
    group by complete_sweeps.sweep_id, complete_sweeps.dated_interactions

)

select staged.*
from staged
inner join erased on staged.sweep_id = erased.sweep_id
where staged.interactions + erased.interactions < staged.dated_interactions
