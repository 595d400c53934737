{#-
    Salt of the hashed keys. Only when a query is compiled: dbt stores the environment variables that it meets while it
    parses, with their values, in the partial parse.
-#}
{% macro key_salt() -%}
    {{ return(var('liine_key_salt', env_var('LIINE_KEY_SALT', '')) if execute else '') }}
{%- endmacro %}


{#- Salted hash of several values, as text; null if any of them is null. -#}
{% macro surrogate_key(values) -%}
    {%- set salt = key_salt() | replace("'", "''") -%}
    {%- set parts = [] -%}
    {%- for value in values -%} {%- do parts.append('cast(' ~ value ~ ' as text)') -%} {%- endfor -%}
    cast({{ dbt.hash("'" ~ salt ~ "' || " ~ parts | join(" || ':' || ")) }} as text)
{%- endmacro %}


{#-
    Key of a campaign: the UTM source, medium and campaign of one touch; null if all three are null. Each value is
    preceded by its length, so that no two campaigns share a key.
-#}
{% macro campaign_key(touch) -%}
    {%- set names = [touch ~ '_utm_source', touch ~ '_utm_medium', touch ~ '_utm_campaign'] -%}
    {%- set parts = ['customer_id'] -%}
    {%- for name in names -%}
        {%- do parts.append("length(coalesce(" ~ name ~ ", ''))") -%}
        {%- do parts.append("coalesce(" ~ name ~ ", '')") -%}
    {%- endfor -%}
    case when coalesce({{ names | join(', ') }}) is not null then {{ surrogate_key(parts) }} end
{%- endmacro %}
