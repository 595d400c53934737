{%- set relation = source('liine', 'erasures') -%}
{%- set columns = loaded_columns(relation) -%}
-- What a complete sweep found is in the warehouse: rows are marked there and never removed. Rows that started since are
-- left out; a day's room on each side, because the API's dates have no zone. Rows of persons who were erased may be
-- missing: so many as were erased since the sweep ended, whichever customer's, and as the sweep left out.
with erasures as (

    select
        coalesce({{ loaded_utc(columns, 'completed_at') }}, {{ loaded_utc(columns, 'erased_at') }}) as erased_at_utc,
        {{ loaded(columns, 'interactions', 'bigint') }} as interactions
    from {{ loaded_rows(relation, columns) }}

),

proven as (

    select
        sweeps.sweep_id,
        sweeps.customer_id,
        sweeps.since_date,
        coalesce(sweeps.until_date, cast(sweeps.began_at_utc as date)) as until_date,
        sweeps.updated_since_date,
        sweeps.found_interactions,
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
        ) as place
    from {{ ref('stg_liine__sweeps') }} as sweeps
    inner join {{ ref('stg_liine__loads') }} as loads on sweeps.load_id = loads.load_id
    where sweeps.status = 'complete' and loads.status = 0

),

days as (

    select
        customer_id,
        cast(started_at_local as date) as started_on,
        cast(updated_at_utc as date) as updated_on,
        count(*) as interactions
    from {{ ref('stg_liine__interactions') }}
    group by customer_id, cast(started_at_local as date), cast(updated_at_utc as date)

),

erased as (

    select
        proven.sweep_id,
        coalesce(sum(erasures.interactions), 0) + coalesce(max(proven.suppressed_interactions), 0) as interactions
    from proven
    left join erasures on proven.ended_at_utc < erasures.erased_at_utc
    group by proven.sweep_id

),

held as (

    select
        proven.sweep_id,
        proven.found_interactions,
        coalesce(sum(days.interactions), 0) as interactions
    from proven
    left join days
        on
            proven.customer_id = days.customer_id
            and (
                days.started_on is null
                or proven.since_date is null
                or days.started_on >= {{ dbt.dateadd('day', -1, 'proven.since_date') }}
            )
            and (
                days.started_on is null
                or proven.until_date is null
                or days.started_on <= {{ dbt.dateadd('day', 1, 'proven.until_date') }}
            )
            and (
                days.updated_on is null
                or proven.updated_since_date is null
                or days.updated_on >= {{ dbt.dateadd('day', -1, 'proven.updated_since_date') }}
            )
    where proven.place = 1
    group by proven.sweep_id, proven.found_interactions

)

select held.*
from held
inner join erased on held.sweep_id = erased.sweep_id
where held.interactions + erased.interactions < held.found_interactions
