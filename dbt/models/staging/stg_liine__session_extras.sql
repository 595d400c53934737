{%- set relation = source('liine', 'interactions__session_extras') -%}
{%- set columns = loaded_columns(relation) -%}

select
    {{ loaded_column(columns, 'interaction_id', 'bigint') }} as interaction_id,
    {{ loaded_column(columns, 'touch', 'text') }} as touch,
    {{ loaded_personal_column(columns, 'key', 'text') }} as extra_key,
    {{ loaded_personal_column(columns, 'value', 'text') }} as extra_value,
    {{ loaded_column(columns, 'value_type', 'text') }} as extra_type,
    {{ loaded_column(columns, '_dlt_load_id', 'text') }} as load_id,
    {{ surrogate_key([loaded_column(columns, 'key', 'text')]) }} as extra_key_hash
from {{ loaded_relation(relation, columns) }}
