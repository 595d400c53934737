{#- A text key of several values, salted; null where one of them is null. -#}
{% macro key_of(values) -%}
    {%- set salt = var('liine_key_salt', env_var('LIINE_KEY_SALT', '')) | replace("'", "''") -%}
    {%- set parts = [] -%}
    {%- for value in values -%} {%- do parts.append('cast(' ~ value ~ ' as text)') -%} {%- endfor -%}
    cast({{ dbt.hash("'" ~ salt ~ "' || " ~ parts | join(" || ':' || ")) }} as text)
{%- endmacro %}
