{#- Statistics for the planner, right after a table is filled: without them Postgres takes bad plans at 100,000 rows. -#}
{% macro analysed(relation) -%}
    {{ adapter.dispatch('analysed', 'liine')(relation) }}
{%- endmacro %}

{% macro default__analysed(relation) -%} {%- endmacro %}

{% macro postgres__analysed(relation) -%} analyze {{ relation }} {%- endmacro %}
