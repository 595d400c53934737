{#-
    Version of the logic and settings that built a row of the incremental table. When it changes, every row is rebuilt;
    raise the number whenever a column's definition changes.
-#}
{% macro row_definition() -%}
    3 personal={{ var('liine_personal_data') | lower }} salt={{ local_md5(key_salt())[:8] }}
{%- endmacro %}


{#- Deletes the rows of an incremental table whose key is not among the source's rows that meet the condition. -#}
{% macro delete_missing_rows(relation, key, source_relation, condition) -%}
    {%- if is_incremental() -%}
        delete from {{ relation }}
        where {{ key }} in (
            select {{ key }} from {{ relation }}
            except
            select {{ key }} from {{ source_relation }} where {{ condition }}
        )
    {%- endif -%}
{%- endmacro %}
