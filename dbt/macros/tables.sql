{#- Statistics for the planner, right after a table is filled: without them Postgres takes bad plans at 100,000 rows. -#}
{% macro analysed(relation) -%}
    {{ adapter.dispatch('analysed', 'liine')(relation) }}
{%- endmacro %}

{% macro default__analysed(relation) -%} {%- endmacro %}

{% macro postgres__analysed(relation) -%} analyze {{ relation }} {%- endmacro %}


{#-
    Stands between `as` and the bracket of a common table expression that later ones use many times. Postgres would
    else work out its expressions anew at each use, which took several times as long.
-#}
{% macro worked_out_once() -%}
    {{ adapter.dispatch('worked_out_once', 'liine')() }}
{%- endmacro %}

{% macro default__worked_out_once() -%} {%- endmacro %}

{% macro postgres__worked_out_once() -%} materialized {%- endmacro %}
