{#-
    Body of a reconciliation test: returns each metric whose value differs between two models. `comparisons` is a list of
    (metric, model, expression, reference model, reference expression). A sixth element is a condition on
    `dim_liine__load_scope`: only the customers that meet it count in the reference, as the model is null for the others.
-#}
{% macro mismatched_metrics(comparisons) -%}
with metrics as (

    {% for comparison in comparisons -%}
        {%- set metric, model, expression, reference_model, reference_expression = comparison[:5] -%}
        select
            '{{ metric }}' as metric,
            (select {{ expression }} from {{ ref(model) }}) as actual,
            (
                select {{ reference_expression }}
                from {{ ref(reference_model) }}
                {% if comparison | length > 5 -%}
                    where
                        customer_id in (
                            select scope.customer_id from {{ ref('dim_liine__load_scope') }} as scope where {{ comparison[5] }}
                        )
                {%- endif %}
            ) as expected,
            -- Reports round revenue to cents in each row.
            {% if metric.startswith('revenue') -%} (select 0.005 * count(*) from {{ ref(model) }})
            {%- else -%} 0 {%- endif %} as tolerance
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
)

select
    metric,
    actual,
    expected
from metrics
where actual is distinct from expected and coalesce(abs(actual - expected) > tolerance, true)
{%- endmacro %}
