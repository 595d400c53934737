{#-
    The rows of a singular test: each figure of one model that is not the same figure of another. `figures` are
    lists of a name, a model and what to compute from it, and the other model and what to compute from that.
-#}
{% macro disagreeing(figures) -%}
with figures as (

    {% for name, model, found, other_model, expected in figures -%}
        select
            '{{ name }}' as figure,
            (select {{ found }} from {{ ref(model) }}) as found,
            (select {{ expected }} from {{ ref(other_model) }}) as expected
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
)

select
    figure,
    found,
    expected
from figures
where found is distinct from expected
{%- endmacro %}
