{%- set relation = source('liine', 'interactions__rejected_values') -%}
{%- set columns = loaded_columns(relation) -%}

select
    {{ loaded(columns, 'interaction_id', 'bigint') }} as interaction_id,
    {{ loaded(columns, 'field', 'text') }} as field_name,
    {{ loaded_personal(columns, 'raw_value', 'text') }} as raw_value,
    {{ loaded(columns, 'reason', 'text') }} as reason,
    {{ loaded(columns, '_dlt_load_id', 'text') }} as load_id
from {{ loaded_rows(relation, columns) }}
