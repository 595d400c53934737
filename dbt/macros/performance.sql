{#-
    Post-hook that collects planner statistics as soon as a table is built. Postgres picks bad plans for the models
    downstream without them, noticeably from 100,000 rows.
-#}
{% macro analyze_table(relation) -%}
    {{ adapter.dispatch('analyze_table', 'liine')(relation) }}
{%- endmacro %}

{% macro default__analyze_table(relation) -%} {%- endmacro %}

{% macro postgres__analyze_table(relation) -%} analyze {{ relation }} {%- endmacro %}


{#-
    Goes between `as` and the opening bracket of a common table expression whose columns are used many times. Postgres
    would otherwise inline it and evaluate its expressions at each use, which takes several times as long.
-#}
{% macro materialized_cte() -%}
    {{ adapter.dispatch('materialized_cte', 'liine')() }}
{%- endmacro %}

{% macro default__materialized_cte() -%} {%- endmacro %}

{% macro postgres__materialized_cte() -%} materialized {%- endmacro %}
