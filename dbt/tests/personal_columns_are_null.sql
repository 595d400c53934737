-- Columns of the classes `direct` and `indirect` are null unless liine_personal_data is true.
{% set marts = [ref('fct_liine__interactions'), ref('fct_liine__leads')] %}
with checked as (

    {% for mart in marts -%}
        {%- set node = (graph.nodes.values() | selectattr('name', 'equalto', mart.identifier | lower) | list | first)
            if execute else {'columns': {}} -%}
        select
            '{{ mart.identifier }}' as mart,
            coalesce(
                {% for column in node.columns.values()
                    if column.config.meta.get('personal_data') in ['direct', 'indirect'] -%}
                    min(cast({{ column.name }} as text)),
                {% endfor -%}
                cast(null as text)
            ) is not null as has_personal_data
        from {{ mart }}
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
)

select mart
from checked
where has_personal_data and not {{ var('liine_personal_data') | lower }}
