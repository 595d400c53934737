{#- Text without surrounding spaces; null if nothing is left. -#}
{% macro nullif_blank(value) -%} nullif(trim({{ value }}, ' '), '') {%- endmacro %}


{#-
    An enumerated value in lower case, without surrounding spaces; null if nothing is left. Only ASCII letters are
    changed: lower() treats other letters differently by warehouse and locale.
-#}
{% macro normalize_value(value) -%}
    nullif(translate(trim({{ value }}, ' '), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), '')
{%- endmacro %}


{#- Key of a marketing channel: its name without spaces and tabs, in lower case; `unattributed` if null or blank. -#}
{% macro channel_key(value) -%}
    coalesce({{ normalize_value("replace(replace(" ~ value ~ ", ' ', ''), '" ~ '\t' ~ "', '')") }}, '{{ unattributed() }}')
{%- endmacro %}

{% macro unattributed() -%} unattributed {%- endmacro %}
