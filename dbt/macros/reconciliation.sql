{#-
    Body of a reconciliation test: returns each metric whose value differs between two models. `comparisons` is a list of
    (metric, model, expression, reference model, reference expression).
-#}
{% macro mismatched_metrics(comparisons) -%}
with metrics as (

    {% for metric, model, expression, reference_model, reference_expression in comparisons -%}
        select
            '{{ metric }}' as metric,
            (select {{ expression }} from {{ ref(model) }}) as actual,
            (select {{ reference_expression }} from {{ ref(reference_model) }}) as expected
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
)

select
    metric,
    actual,
    expected
from metrics
where actual is distinct from expected
{%- endmacro %}
