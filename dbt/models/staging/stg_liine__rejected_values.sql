{%- set relation = source('liine', 'interactions__rejected_values') -%}
{%- set columns = loaded_columns(relation) -%}

select
    {{ loaded_column(columns, 'interaction_id', 'bigint') }} as interaction_id,
    {{ loaded_column(columns, 'field', 'text') }} as field_name,
    {{ loaded_personal_column(columns, 'raw_value', 'text') }} as raw_value,
    {{ loaded_column(columns, 'reason', 'text') }} as reason,
    {{ loaded_column(columns, '_dlt_load_id', 'text') }} as load_id
from {{ loaded_relation(relation, columns) }}
