{#-
    Schema of a node of this project. dbt calls the macro for this project's nodes only: where it is installed as a
    package, other models keep the rule of their own project.

    Nodes are in the marts unless their configured schema is `liine_staging` or `liine_snapshots`. A setting such as
    `liine_marts_schema` names each of the three; by default it is the dataset with a suffix, such as `liine_marts`.
    In another project, that project's rule (dbt's, if it has none) turns the name into the schema, so that targets stay
    apart. Where this project is the root, a name that is set is the schema, and dbt's rule applies to the default,
    unless the target's schema is that of the marts, as in profiles.yml.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set suffixes = {'liine_staging': '_staging', 'liine_marts': '_marts', 'liine_snapshots': '_snapshots'} -%}
    {%- set name = custom_schema_name | trim if custom_schema_name else 'liine_marts' -%}
    {%- set is_complete = false -%}
    {%- if name in suffixes -%}
        {%- set dataset = setting('liine_dataset', 'liine') | trim -%}
        {%- set marts = [dataset ~ '_marts', setting('liine_marts_schema', '') | trim] -%}
        {%- set chosen = setting(name ~ '_schema', '') | trim -%}
        {%- set name = chosen or dataset ~ suffixes[name] -%}
        {%- set is_complete = chosen or target.schema in marts -%}
    {%- endif -%}
    {%- if project_name != 'liine' -%}
        {%- set rule = context.get(project_name, {}).get('generate_schema_name', dbt.generate_schema_name) -%}
        {%- set name = rule(name, node) | trim -%}
    {%- elif not is_complete -%}
        {%- set name = dbt.generate_schema_name(name, node) | trim -%}
    {%- endif -%}
    {%- if name | length > 63 -%}
        {{ exceptions.raise_compiler_error(
            "The schema " ~ name ~ " has more than 63 characters, and Postgres would drop the rest. Set shorter names in"
            ~ " the variables liine_staging_schema, liine_marts_schema and liine_snapshots_schema."
        ) }}
    {%- endif -%}
    {{ name }}
{%- endmacro %}


{#-
    Value of a variable, else of the environment variable of that name where this project is the root. In another
    project, partial parsing would miss a change of the environment (seen in dbt 1.12.0).
-#}
{% macro setting(name, default) -%}
    {{ var(name, env_var(name | upper, default) if project_name == 'liine' else default) }}
{%- endmacro %}
