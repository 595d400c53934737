{%- set relation = source('liine', 'sweeps') -%}
{%- set columns = loaded_columns(relation) -%}

select
    {{ loaded(columns, 'sweep_id', 'text') }} as sweep_id,
    {{ loaded(columns, 'customer_id', 'bigint') }} as customer_id,
    {{ loaded(columns, 'kind', 'text') }} as kind,
    {{ loaded(columns, 'filter_hash', 'text') }} as filter_hash,
    {{ loaded(columns, 'since', 'date') }} as since_date,
    {{ loaded(columns, 'until', 'date') }} as until_date,
    {{ loaded(columns, 'updated_since', 'date') }} as updated_since_date,
    {{ loaded(columns, 'expected', 'bigint') }} as expected_interactions,
    {{ loaded(columns, 'distinct_ids', 'bigint') }} as found_interactions,
    {{ loaded(columns, 'repeats', 'bigint') }} as repeats,
    {{ loaded(columns, 'pages', 'bigint') }} as pages,
    {{ loaded(columns, 'requests', 'bigint') }} as requests,
    {{ loaded(columns, 'retries', 'bigint') }} as retries,
    {{ loaded(columns, 'repairs', 'bigint') }} as repairs,
    {{ loaded(columns, 'changed', 'bigint') }} as changed_interactions,
    {{ loaded(columns, 'suppressed', 'bigint') }} as suppressed_interactions,
    {{ loaded(columns, 'proof', 'text') }} as proof,
    {{ loaded(columns, 'status', 'text') }} as status,
    {{ loaded(columns, 'reason', 'text') }} as reason,
    {{ loaded(columns, 'count_means', 'text') }} as count_means,
    {{ loaded(columns, 'order_clock', 'text') }} as order_clock,
    {{ loaded(columns, 'cursor_clock', 'text') }} as cursor_clock,
    {{ loaded(columns, 'cursor_edge', 'text') }} as cursor_edge,
    {{ loaded_utc(columns, 'began') }} as began_at_utc,
    {{ loaded_utc(columns, 'ended') }} as ended_at_utc,
    {{ loaded(columns, '_dlt_load_id', 'text') }} as load_id
from {{ loaded_rows(relation, columns) }}
