{#-
    Hook at the start of a run: refuses to replace what was built from another dataset. The table `_liine_dataset` in each
    schema of this project's nodes names the dataset that they were built from.
-#}
{% macro refuse_other_dataset() -%}
    {%- if execute and flags.WHICH in ['build', 'clone', 'retry', 'run', 'seed', 'snapshot'] -%}
        {%- set dataset = setting('liine_dataset', 'liine') | trim -%}
        {%- set missing = [] -%}
        {%- for record in dataset_records() -%}
            {%- if load_relation(record) is none -%} {%- do missing.append(record) -%}
            {%- else -%}
                {%- set found = run_query('select dataset from ' ~ record).rows[0][0] -%}
                {%- if found | lower != dataset | lower -%}
                    {{ exceptions.raise_compiler_error(
                        "Schema " ~ record.schema ~ " has models of the dataset " ~ found ~ ", and a build from "
                        ~ dataset ~ " would replace them. Nothing was built. Name other schemas for " ~ dataset ~ " with"
                        ~ " the variables liine_staging_schema, liine_marts_schema and liine_snapshots_schema, or drop "
                        ~ record.schema ~ " first."
                    ) }}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for record in missing -%}
            {%- call statement(auto_begin=true) -%}
                create table if not exists {{ record }} as select cast('{{ dataset }}' as text) as dataset
            {%- endcall -%}
        {%- endfor -%}
        {%- if missing -%} {%- do adapter.commit() -%} {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- The table `_liine_dataset` of each schema that the run builds nodes of this project in. -#}
{% macro dataset_records() -%}
    {%- set records = {} -%}
    {%- for node in graph.nodes.values() -%}
        {%- if node.package_name == 'liine' and node.unique_id in selected_resources
            and node.resource_type in ['model', 'seed', 'snapshot'] -%}
            {%- set record = api.Relation.create(node.database, node.schema, '_liine_dataset') -%}
            {%- do records.update({record | string: record}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(records | dictsort | map(attribute=1) | list) }}
{%- endmacro %}
