{#- A text key of several values, salted; null where one of them is null. -#}
{% macro key_of(values) -%}
    {%- set salt = var('liine_key_salt', env_var('LIINE_KEY_SALT', '')) | replace("'", "''") -%}
    {%- set parts = [] -%}
    {%- for value in values -%} {%- do parts.append('cast(' ~ value ~ ' as text)') -%} {%- endfor -%}
    cast({{ dbt.hash("'" ~ salt ~ "' || " ~ parts | join(" || ':' || ")) }} as text)
{%- endmacro %}


{#-
    A campaign's key, from the UTM values of one touch; null where it has none. Lengths stand before the values, so
    that no two campaigns share a key.
-#}
{% macro campaign_key(touch) -%}
    {%- set names = [touch ~ '_utm_source', touch ~ '_utm_medium', touch ~ '_utm_campaign'] -%}
    {%- set parts = ['customer_id'] -%}
    {%- for name in names -%}
        {%- do parts.append("length(coalesce(" ~ name ~ ", ''))") -%}
        {%- do parts.append("coalesce(" ~ name ~ ", '')") -%}
    {%- endfor -%}
    case when coalesce({{ names | join(', ') }}) is not null then {{ key_of(parts) }} end
{%- endmacro %}
