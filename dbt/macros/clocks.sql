{#- Whether a type, as the warehouse names it, has a zone. -#}
{% macro has_zone(type) %}
    {{ return(adapter.dispatch('has_zone', 'liine')(type)) }}
{% endmacro %}

{% macro default__has_zone(type) %}
    {{ return('with time zone' in type or 'timestamptz' in type) }}
{% endmacro %}

{% macro snowflake__has_zone(type) %}
    {{ return('timestamp_tz' in type or 'timestamp_ltz' in type) }}
{% endmacro %}


{#- A moment with zone as UTC's wall clock; casting it to a timestamp would take the session's zone. -#}
{% macro utc_clock(moment) -%}
    {{ adapter.dispatch('utc_clock', 'liine')(moment) }}
{%- endmacro %}

{% macro default__utc_clock(moment) -%}
    cast({{ moment }} at time zone 'UTC' as timestamp)
{%- endmacro %}

{% macro snowflake__utc_clock(moment) -%}
    cast(convert_timezone('UTC', {{ moment }}) as timestamp_ntz)
{%- endmacro %}


{#- Day of the week, 1 for Monday to 7 for Sunday. -#}
{% macro weekday(clock) -%}
    {{ adapter.dispatch('weekday', 'liine')(clock) }}
{%- endmacro %}

{% macro default__weekday(clock) -%}
    cast(extract(isodow from {{ clock }}) as bigint)
{%- endmacro %}

{% macro snowflake__weekday(clock) -%}
    cast(dayofweekiso({{ clock }}) as bigint)
{%- endmacro %}


{#- Whole units from one clock to another. -#}
{% macro units_between(unit, earlier, later) -%}
    cast({{ dbt.datediff(earlier, later, unit) }} as bigint)
{%- endmacro %}


{#- The first day of a date's month. -#}
{% macro month_of(day) -%}
    cast({{ dbt.date_trunc('month', day) }} as date)
{%- endmacro %}
