{%- set relation = source('liine', 'sweeps') -%}
{%- set columns = loaded_columns(relation) -%}

select
    {{ loaded_column(columns, 'sweep_id', 'text') }} as sweep_id,
    {{ loaded_column(columns, 'customer_id', 'bigint') }} as customer_id,
    {{ loaded_column(columns, 'kind', 'text') }} as kind,
    {{ loaded_column(columns, 'filter_hash', 'text') }} as filter_hash,
    {{ loaded_column(columns, 'filters', 'text') }} as filters,
    {{ loaded_column(columns, 'lead_rows', 'text') }} as lead_rows,
    {{ loaded_column(columns, 'personal_data', 'text') }} as personal_data,
    {{ loaded_column(columns, 'since', 'date') }} as since_date,
    {{ loaded_column(columns, 'until', 'date') }} as until_date,
    {{ loaded_column(columns, 'updated_since', 'date') }} as updated_since_date,
    {{ loaded_column(columns, 'expected', 'bigint') }} as expected_interactions,
    {{ loaded_column(columns, 'distinct_ids', 'bigint') }} as found_interactions,
    {{ loaded_column(columns, 'repeats', 'bigint') }} as repeats,
    {{ loaded_column(columns, 'pages', 'bigint') }} as pages,
    {{ loaded_column(columns, 'requests', 'bigint') }} as requests,
    {{ loaded_column(columns, 'retries', 'bigint') }} as retries,
    {{ loaded_column(columns, 'repairs', 'bigint') }} as repairs,
    {{ loaded_column(columns, 'changed', 'bigint') }} as changed_interactions,
    {{ loaded_column(columns, 'suppressed', 'bigint') }} as suppressed_interactions,
    {{ loaded_column(columns, 'proof', 'text') }} as proof,
    {{ loaded_column(columns, 'status', 'text') }} as status,
    {{ loaded_column(columns, 'reason', 'text') }} as reason,
    {{ loaded_column(columns, 'count_means', 'text') }} as count_means,
    {{ loaded_column(columns, 'order_clock', 'text') }} as order_clock,
    {{ loaded_column(columns, 'cursor_clock', 'text') }} as cursor_clock,
    {{ loaded_column(columns, 'cursor_edge', 'text') }} as cursor_edge,
    {{ loaded_utc_timestamp(columns, 'began') }} as began_at_utc,
    {{ loaded_utc_timestamp(columns, 'ended') }} as ended_at_utc,
    {{ loaded_column(columns, '_dlt_load_id', 'text') }} as load_id
from {{ loaded_relation(relation, columns) }}
