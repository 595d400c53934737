{#-
    How staging reads a loaded table that may be older than this project, empty, or not there at all.

    `loaded_columns` returns the columns that the table has, by lower-case name, with their types; none where the
    table is missing. Each of the others takes that and returns SQL for one column, a typed null where it is not
    there. `loaded_rows` is what stands after `from`.
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


{% macro loaded_rows(relation, columns) -%}
    {%- if columns -%} {{ relation }} as src {%- else -%} (select 1 as nothing) as src where 1 = 0 {%- endif -%}
{%- endmacro %}


{% macro loaded(columns, name, type) -%}
    {%- if name in columns and type == 'text' and name != '_dlt_load_id' -%} {{ filled('cast(src.' ~ name ~ ' as text)') }}
    {%- elif name in columns -%} cast(src.{{ name }} as {{ type }}) {%- else -%} cast(null as {{ type }}) {%- endif -%}
{%- endmacro %}


{#- A moment as UTC's wall clock, without zone, whatever the session's zone is. -#}
{% macro loaded_utc(columns, name) -%}
    {%- if name not in columns -%} cast(null as timestamp)
    {%- elif has_zone(columns[name]) -%} {{ utc_clock('src.' ~ name) }}
    {%- else -%} cast(src.{{ name }} as timestamp)
    {%- endif -%}
{%- endmacro %}


{#- A column of the classes `direct` and `indirect`: null unless `liine_personal_data` is true. -#}
{% macro loaded_personal(columns, name, type) -%}
    {{ loaded(columns if var('liine_personal_data') else {}, name, type) }}
{%- endmacro %}


{#- A pseudonym of a customer's value: equal values have equal keys, null has none. -#}
{% macro loaded_key(columns, name) -%}
    {%- if 'customer_id' not in columns or name not in columns -%} cast(null as text)
    {%- else -%} {{ key_of(['src.customer_id', filled('src.' ~ name)]) }}
    {%- endif -%}
{%- endmacro %}
