{#- Text without surrounding spaces; null if nothing is left. -#}
{% macro nullif_blank(value) -%} nullif(trim({{ value }}, ' '), '') {%- endmacro %}


{#-
    An enumerated value in lower case, without surrounding spaces; null if nothing is left. Only ASCII letters are
    changed: lower() treats other letters differently by warehouse and locale.
-#}
{% macro normalize_value(value) -%}
    nullif(translate(trim({{ value }}, ' '), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), '')
{%- endmacro %}


{#- Key of a marketing channel: its name without blanks, in lower case; `unattributed` if null or blank. -#}
{% macro channel_key(value) -%}
    coalesce(nullif({{ fold_text(value) }}, ''), '{{ unattributed() }}')
{%- endmacro %}


{#-
    Text without blanks of any kind, in lower case: Latin, Greek and Cyrillic letters. The letters are listed, because
    lower() treats those outside ASCII differently by warehouse and locale.
-#}
{% macro fold_text(value) -%}
    {{ adapter.dispatch('fold_text', 'liine')(value) }}
{%- endmacro %}

{% macro default__fold_text(value) -%}
    {%- set letters = namespace(upper='', lower='') -%}
    {%- for first, last in [(65, 90), (192, 222), (256, 382), (913, 939), (1024, 1071)] -%}
        {%- for code in range(first, last + 1) -%}
            {%- set letter = '%c' % code -%}
            {%- if letter | lower != letter and letter | lower | length == 1 -%}
                {%- set letters.upper = letters.upper ~ letter -%}
                {%- set letters.lower = letters.lower ~ letter | lower -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set blanks = namespace(all='') -%}
    {%- for first, last in [(9, 13), (32, 32), (133, 133), (160, 160), (5760, 5760), (8192, 8203), (8232, 8233),
        (8239, 8239), (8287, 8288), (12288, 12288), (65279, 65279)] -%}
        {%- for code in range(first, last + 1) -%} {%- set blanks.all = blanks.all ~ '%c' % code -%} {%- endfor -%}
    {%- endfor -%}
    translate({{ value }}, '{{ letters.upper ~ blanks.all }}', '{{ letters.lower }}')
{%- endmacro %}

{#- Most names are ASCII. For them a short list is some ten times faster. -#}
{% macro fold_ascii(value) -%}
    translate(
        {{ value }},
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ {{ '%c%c%c%c%c' % (9, 10, 11, 12, 13) }}',
        'abcdefghijklmnopqrstuvwxyz'
    )
{%- endmacro %}

{% macro postgres__fold_text(value) -%}
    case when octet_length({{ value }}) = length({{ value }}) then {{ fold_ascii(value) }}
        else {{ default__fold_text(value) }} end
{%- endmacro %}

{% macro duckdb__fold_text(value) -%}
    case when strlen({{ value }}) = length({{ value }}) then {{ fold_ascii(value) }}
        else {{ default__fold_text(value) }} end
{%- endmacro %}

{% macro unattributed() -%} unattributed {%- endmacro %}
