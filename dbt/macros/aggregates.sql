{#- Number of rows for which the condition is true; null counts as false. -#}
{% macro count_if(condition) -%}
    cast(count(case when {{ condition }} then 1 end) as bigint)
{%- endmacro %}


{#- Sum as bigint; 0 if there is nothing to sum. -#}
{% macro sum_bigint(value) -%}
    cast(coalesce(sum({{ value }}), 0) as bigint)
{%- endmacro %}


{#- Sum of money or weights as numeric(38, 9); 0 if there is nothing to sum. -#}
{% macro sum_numeric(value) -%}
    cast(coalesce(sum({{ value }}), 0) as numeric(38, 9))
{%- endmacro %}


{#- Whether the condition is true for any row of the group; null counts as false. -#}
{% macro bool_or(condition) -%}
    count(case when {{ condition }} then 1 end) > 0
{%- endmacro %}


{#-
    Ratio of two counts, rounded half up to six decimals; null if the denominator is 0.
    A condition belongs into the numerator: Postgres forgets the scale of `case when … then <ratio> end`.
-#}
{% macro safe_divide(numerator, denominator) -%}
    {{ adapter.dispatch('safe_divide', 'liine')(numerator, denominator) }}
{%- endmacro %}

{% macro default__safe_divide(numerator, denominator) -%}
    cast(round(cast({{ numerator }} as numeric(38, 9)) / nullif({{ denominator }}, 0), 6) as numeric(38, 9))
{%- endmacro %}

{#- DuckDB divides in floating point, which may round a half either way. Integer division is exact. -#}
{% macro duckdb__safe_divide(numerator, denominator) -%}
    cast(
        ((2000000 * ({{ numerator }}) + ({{ denominator }})) // nullif(2 * ({{ denominator }}), 0))
        * cast(0.000001 as numeric(18, 6))
        as numeric(38, 9)
    )
{%- endmacro %}


{#- Money in US dollars and cents. -#}
{% macro money(value) -%}
    cast(round({{ value }}, 2) as numeric(38, 2))
{%- endmacro %}


{#- Money in whole cents. -#}
{% macro cents(value) -%}
    cast(100 * cast(round({{ value }}, 2) as numeric(18, 2)) as bigint)
{%- endmacro %}


{#- Money divided by a count, rounded half up to cents; null if the count is 0. -#}
{% macro money_per(value, count) -%}
    cast(round({{ safe_divide(cents(value), '100 * (' ~ count ~ ')') }}, 2) as numeric(38, 2))
{%- endmacro %}
