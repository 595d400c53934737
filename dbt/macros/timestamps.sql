{#- Whether the data type, as the warehouse names it, has a time zone. -#}
{% macro has_time_zone(data_type) %}
    {{ return(adapter.dispatch('has_time_zone', 'liine')(data_type)) }}
{% endmacro %}

{% macro default__has_time_zone(data_type) %}
    {{ return('with time zone' in data_type or 'timestamptz' in data_type) }}
{% endmacro %}

{% macro snowflake__has_time_zone(data_type) %}
    {{ return('timestamp_tz' in data_type or 'timestamp_ltz' in data_type) }}
{% endmacro %}


{#- Converts a timestamp with time zone to UTC without time zone. A plain cast would use the session's time zone. -#}
{% macro utc_timestamp(value) -%}
    {{ adapter.dispatch('utc_timestamp', 'liine')(value) }}
{%- endmacro %}

{% macro default__utc_timestamp(value) -%}
    cast({{ value }} at time zone 'UTC' as timestamp)
{%- endmacro %}

{% macro snowflake__utc_timestamp(value) -%}
    cast(convert_timezone('UTC', {{ value }}) as timestamp_ntz)
{%- endmacro %}


{#- ISO day of the week: 1 for Monday to 7 for Sunday. -#}
{% macro iso_weekday(value) -%}
    {{ adapter.dispatch('iso_weekday', 'liine')(value) }}
{%- endmacro %}

{% macro default__iso_weekday(value) -%}
    cast(extract(isodow from {{ value }}) as bigint)
{%- endmacro %}

{% macro snowflake__iso_weekday(value) -%}
    cast(dayofweekiso({{ value }}) as bigint)
{%- endmacro %}


{#- `dbt.datediff` as bigint, because its type differs by warehouse and the contracts require one. -#}
{% macro datediff_bigint(datepart, first_date, second_date) -%}
    cast({{ dbt.datediff(first_date, second_date, datepart) }} as bigint)
{%- endmacro %}


{#- The time of the run, UTC; the setting `liine_now` replaces it, so that tests and rebuilds of the past are exact. -#}
{% macro now_utc() -%}
    cast('{{ setting('liine_now', '') or run_started_at.strftime('%Y-%m-%d %H:%M:%S') }}' as timestamp)
{%- endmacro %}


{#- The first day of the month of a date. -#}
{% macro first_day_of_month(date) -%}
    cast({{ dbt.date_trunc('month', date) }} as date)
{%- endmacro %}


{#- Seconds from midnight to a time of the form 08:30. -#}
{% macro seconds_of_day(value) -%}
    (3600 * cast(substr({{ value }}, 1, 2) as bigint) + 60 * cast(substr({{ value }}, 4, 2) as bigint))
{%- endmacro %}
