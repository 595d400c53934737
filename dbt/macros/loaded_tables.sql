{#-
    Hook at the start of a run: lists the tables of the loaded schema before several threads ask for them. dbt takes a
    schema for known as soon as it has noted the first of its tables; to another thread the others would be missing, and
    staging would be built without rows.
-#}
{% macro list_loaded_tables() -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.package_name == 'liine' -%}
            {%- do load_relation(api.Relation.create(node.database, node.schema, node.identifier)) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
