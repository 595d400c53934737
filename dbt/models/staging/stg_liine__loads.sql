{%- set relation = source('liine', '_dlt_loads') -%}
{%- set columns = loaded_columns(relation) -%}

select
    {{ loaded(columns, 'load_id', 'text') }} as load_id,
    {{ loaded(columns, 'schema_name', 'text') }} as schema_name,
    {{ loaded(columns, 'status', 'bigint') }} as status,
    {{ loaded_utc(columns, 'inserted_at') }} as committed_at_utc
from {{ loaded_rows(relation, columns) }}
