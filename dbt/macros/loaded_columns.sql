{#-
    Staging reads loaded tables that may be missing, empty or older than this project. `loaded_columns` returns the
    columns that a table has, as a dictionary of lower-case name and data type; it is empty if the table is missing.
    The other macros take that dictionary: `loaded_relation` returns what follows `from`, the rest return SQL for one
    column, or a typed null if the table does not have it.
-#}
{% macro loaded_columns(relation) %}
    {%- set columns = {} -%}
    {%- if execute -%}
        {%- set found = load_relation(relation) -%}
        {%- if found is not none -%}
            {%- for column in adapter.get_columns_in_relation(found) -%}
                {%- do columns.update({column.name | lower: column.data_type | lower}) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(columns) }}
{% endmacro %}


{% macro loaded_relation(relation, columns) -%}
    {%- if columns -%} {{ relation }} as src {%- else -%} (select 1 as nothing) as src where 1 = 0 {%- endif -%}
{%- endmacro %}


{% macro loaded_column(columns, name, data_type) -%}
    {%- if name in columns and data_type == 'text' and name != '_dlt_load_id' -%} {{ nullif_blank('cast(src.' ~ name ~ ' as text)') }}
    {%- elif name in columns -%} cast(src.{{ name }} as {{ data_type }}) {%- else -%} cast(null as {{ data_type }}) {%- endif -%}
{%- endmacro %}


{#- A timestamp in UTC, without time zone, whatever the session's time zone is. -#}
{% macro loaded_utc_timestamp(columns, name) -%}
    {%- if name not in columns -%} cast(null as timestamp)
    {%- elif has_time_zone(columns[name]) -%} {{ utc_timestamp('src.' ~ name) }}
    {%- else -%} cast(src.{{ name }} as timestamp)
    {%- endif -%}
{%- endmacro %}


{#- A column of the class `direct` or `indirect`: null unless the variable `liine_personal_data` is true. -#}
{% macro loaded_personal_column(columns, name, data_type) -%}
    {{ loaded_column(columns if var('liine_personal_data') else {}, name, data_type) }}
{%- endmacro %}


{#- Pseudonym: the salted hash of the customer and a value; null if the value is null or blank. -#}
{% macro loaded_pseudonym(columns, name) -%}
    {%- if 'customer_id' not in columns or name not in columns -%} cast(null as text)
    {%- else -%} {{ surrogate_key(['src.customer_id', nullif_blank('src.' ~ name)]) }}
    {%- endif -%}
{%- endmacro %}
