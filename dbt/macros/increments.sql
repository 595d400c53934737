{#- What the rows of the incremental table are made by; where it changes, every row is taken anew. -#}
{% macro row_definition() -%}
    1 personal={{ var('liine_personal_data') | lower }} salt={{ local_md5(var('liine_key_salt', env_var('LIINE_KEY_SALT', '')))[:8] }}
{%- endmacro %}


{#- Removes from an incremental table the rows that its source has no more under a condition. -#}
{% macro rows_gone(relation, key, source_relation, condition) -%}
    {%- if is_incremental() -%}
        delete from {{ relation }}
        where {{ key }} in (
            select {{ key }} from {{ relation }}
            except
            select {{ key }} from {{ source_relation }} where {{ condition }}
        )
    {%- endif -%}
{%- endmacro %}
