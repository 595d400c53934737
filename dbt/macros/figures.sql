{#- Rows of a group for which a condition holds; what is unknown does not hold. -#}
{% macro count_of(condition) -%}
    cast(count(case when {{ condition }} then 1 end) as bigint)
{%- endmacro %}


{#- A sum as a whole number, 0 where there is nothing to sum. -#}
{% macro whole_sum(value) -%}
    cast(coalesce(sum({{ value }}), 0) as bigint)
{%- endmacro %}


{#- A sum of money or weights, 0 where there is nothing to sum. -#}
{% macro exact_sum(value) -%}
    cast(coalesce(sum({{ value }}), 0) as numeric(38, 9))
{%- endmacro %}


{#- Whether a condition holds for a row of the group. -#}
{% macro any_of(condition) -%}
    count(case when {{ condition }} then 1 end) > 0
{%- endmacro %}


{#- Two counts as a share to six places, half rounded up; null of nothing. -#}
{% macro share(part, whole) -%}
    {{ adapter.dispatch('share', 'liine')(part, whole) }}
{%- endmacro %}

{% macro default__share(part, whole) -%}
    cast(round(cast({{ part }} as numeric(38, 9)) / nullif({{ whole }}, 0), 6) as numeric(38, 9))
{%- endmacro %}

{#- DuckDB divides in floating point, where a half may round either way: whole numbers are exact. -#}
{% macro duckdb__share(part, whole) -%}
    cast(
        ((2000000 * ({{ part }}) + ({{ whole }})) // nullif(2 * ({{ whole }}), 0)) * cast(0.000001 as numeric(18, 6))
        as numeric(38, 9)
    )
{%- endmacro %}
