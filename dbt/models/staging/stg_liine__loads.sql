{%- set relation = source('liine', '_dlt_loads') -%}
{%- set columns = loaded_columns(relation) -%}

select
    {{ loaded_column(columns, 'load_id', 'text') }} as load_id,
    {{ loaded_column(columns, 'schema_name', 'text') }} as schema_name,
    {{ loaded_column(columns, 'status', 'bigint') }} as status,
    {{ loaded_utc_timestamp(columns, 'inserted_at') }} as committed_at_utc
from {{ loaded_relation(relation, columns) }}
