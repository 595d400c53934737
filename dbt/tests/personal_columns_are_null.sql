-- Without the variable, no mart tells of a person what the classes `direct` and `indirect` cover.
{% set marts = [ref('fct_liine__interactions'), ref('fct_liine__leads')] %}
with found as (

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
            ) is not null as has_any
        from {{ mart }}
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
)

select mart
from found
where has_any and not {{ var('liine_personal_data') | lower }}
