{#-
    A value of a list in one spelling: ASCII letters small, no blanks around it, null where nothing is left. Not
    lower(): what that does with other letters differs by warehouse and locale.
-#}
{% macro word(value) -%}
    nullif(translate(trim({{ value }}, ' '), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), '')
{%- endmacro %}


{#- A channel's key: its spellings differ in case and blanks, so it has neither; null and blank are one. -#}
{% macro channel_key(value) -%}
    coalesce({{ word("replace(replace(" ~ value ~ ", ' ', ''), '" ~ '\t' ~ "', '')") }}, '{{ unattributed() }}')
{%- endmacro %}

{% macro unattributed() -%} unattributed {%- endmacro %}


{#- A text without blanks around it; null where nothing is left. -#}
{% macro filled(value) -%} nullif(trim({{ value }}, ' '), '') {%- endmacro %}
