{%- set relation = source('liine', 'interactions__session_extras') -%}
{%- set columns = loaded_columns(relation) -%}

select
    {{ loaded(columns, 'interaction_id', 'bigint') }} as interaction_id,
    {{ loaded(columns, 'touch', 'text') }} as touch,
    {{ loaded_personal(columns, 'key', 'text') }} as extra_key,
    {{ loaded_personal(columns, 'value', 'text') }} as extra_value,
    {{ loaded(columns, 'value_type', 'text') }} as extra_type,
    {{ loaded(columns, '_dlt_load_id', 'text') }} as load_id,
    {{ key_of([loaded(columns, 'key', 'text')]) }} as extra_key_hash
from {{ loaded_rows(relation, columns) }}
