{%- set relation = source('liine', 'interactions__provider_names') -%}
{%- set columns = loaded_columns(relation) -%}

select
    {{ loaded(columns, 'interaction_id', 'bigint') }} as interaction_id,
    {{ loaded(columns, 'position', 'bigint') }} as position,
    {{ loaded(columns, 'provider_name', 'text') }} as provider_name,
    {{ loaded(columns, '_dlt_load_id', 'text') }} as load_id
from {{ loaded_rows(relation, columns) }}
