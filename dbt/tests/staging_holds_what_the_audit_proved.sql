-- What a complete sweep found is in the warehouse: rows are marked there and never removed. Rows that started since are
-- left out; a day's room on each side, because the API's dates have no zone.
with proven as (

    select
        sweeps.sweep_id,
        sweeps.customer_id,
        sweeps.since_date,
        coalesce(sweeps.until_date, cast(sweeps.began_at_utc as date)) as until_date,
        sweeps.updated_since_date,
        sweeps.found_interactions,
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

select *
from held
where interactions < found_interactions
