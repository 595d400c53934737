{%- set relation = source('liine', 'interactions__provider_names') -%}
{%- set columns = loaded_columns(relation) -%}

select
    {{ loaded_column(columns, 'interaction_id', 'bigint') }} as interaction_id,
    {{ loaded_column(columns, 'position', 'bigint') }} as position,
    {{ loaded_column(columns, 'provider_name', 'text') }} as provider_name,
    {{ loaded_column(columns, '_dlt_load_id', 'text') }} as load_id
from {{ loaded_relation(relation, columns) }}
