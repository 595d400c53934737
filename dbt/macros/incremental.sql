{#-
    Version of the logic and settings that built a row of the incremental tables. When it changes, every row is rebuilt;
    raise the number whenever a column's definition changes. A column of the staging view, whose keys and personal data
    it describes: where only a table is built, with other settings, the view keeps what it was built with.
-#}
{% macro row_definition() -%}
    4 personal={{ var('liine_personal_data') | lower }} salt={{ local_md5(key_salt())[:8] }}
{%- endmacro %}


{#-
    Deletes the rows of an incremental table whose key is not among the source's rows that meet the condition; of those
    that meet `candidates`.
-#}
{% macro delete_missing_rows(relation, key, source_relation, condition, candidates='1 = 1') -%}
    {%- if is_incremental() -%}
        delete from {{ relation }}
        where {{ key }} in (
            select {{ key }} from {{ relation }} where {{ candidates }}
            except
            select {{ key }} from {{ source_relation }} where {{ condition }}
        )
    {%- endif -%}
{%- endmacro %}


{#- The table fct_liine__interactions as the last build left it, for a model that it depends on; none if it does not exist. -#}
{% macro built_interactions() -%}
    {%- set model = graph.nodes.get('model.liine.fct_liine__interactions') if execute else none -%}
    {%- set relation = api.Relation.create(model.database, model.schema, model.alias) if model else none -%}
    {{ return(load_relation(relation) if relation else none) }}
{%- endmacro %}


{#-
    Query of the rows that differ between staging and a table of interactions, which has `load_id`, `missing_since_utc`
    and `row_definition` of each: new, changed and gone ones, with the lead that the table has. Only these columns are
    compared, so that the other expressions are evaluated for changed rows alone.
-#}
{% macro changed_rows(relation, condition='1 = 1') -%}
    select
        coalesce(staged.interaction_id, built.interaction_id) as interaction_id,
        built.lead_key as old_lead_key
    from (
        select interaction_id, load_id, missing_since_utc, row_definition
        from {{ ref('stg_liine__interactions') }}
        where not is_vanished
    ) as staged
    full outer join {{ relation }} as built on staged.interaction_id = built.interaction_id
    where
        {{ condition }}
        and (
            staged.interaction_id is null
            or built.interaction_id is null
            or staged.load_id is distinct from built.load_id
            or staged.missing_since_utc is distinct from built.missing_since_utc
            or staged.row_definition is distinct from built.row_definition
        )
{%- endmacro %}


{#- Number of this build, drawn from dbt's random `invocation_id`: less than 2 to the power of 52. -#}
{% macro build_number() -%}
    {{ (invocation_id | replace('-', ''))[19:] | int(base=16) }}
{%- endmacro %}


{#-
    Hook before changed rows of a table of interactions are restated and replaced: gives a new version to them and to the
    other rows of their leads. All rows of a lead have one version, so what was built from an older one is found, whichever
    of the models was built last. Only marked and new rows are replaced: a row that is loaded from now on waits for the
    next build, because its lead is not marked.
-#}
{% macro mark_old_leads(relation) -%}
    {%- if relation and not flags.FULL_REFRESH and has_column(relation, 'lead_version') -%}
        update {{ relation }} set lead_version = {{ build_number() }}
        where interaction_id in (
            with changed as ( {{ changed_rows(relation) }} )
            select interaction_id from changed
            union
            select interaction_id from {{ relation }} where lead_key in (select changed.old_lead_key from changed)
        )
    {%- endif -%}
{%- endmacro %}


{#- Condition: the hook `mark_old_leads` has marked the row. -#}
{% macro is_marked(lead_version) -%}
    {%- if has_column(this, 'lead_version') -%} {{ lead_version }} = {{ build_number() }}
    {%- else -%} 1 = 1 {%- endif -%}
{%- endmacro %}


{#-
    Hook after changed rows were replaced: gives one version to the rows of each lead that has several, because a row is of
    it now that was not. On Snowflake a build may have ended before this hook; then the next one finds those leads too.
-#}
{% macro mark_new_leads(relation) -%}
    {%- if is_incremental() -%}
        update {{ relation }} set lead_version = {{ build_number() }}
        where lead_key in (
            select lead_key from {{ relation }} group by lead_key having min(lead_version) != max(lead_version)
        )
    {%- endif -%}
{%- endmacro %}


{#-
    Whether only rows that are not up to date are built. Not on the first build after an upgrade: a table that an earlier
    version of this project built does not say what it was built from, so all its rows are replaced.
-#}
{% macro builds_changes_only() -%}
    {#- A unit test has no table. -#}
    {{ return(this is not none and is_incremental() and has_column(this, 'built_from')) }}
{%- endmacro %}


{#-
    Condition: the table that is built has no row of this key, or one that was built from something else. True for all
    rows where all are built.
-#}
{% macro is_outdated(rows, key, built_from) -%}
    {%- if builds_changes_only() -%}
        not exists (
            select 1
            from {{ this }} as built
            where built.{{ key }} = {{ rows }}.{{ key }} and built.built_from = {{ rows }}.{{ built_from }}
        )
    {%- else -%} 1 = 1 {%- endif -%}
{%- endmacro %}


{% macro has_column(relation, name) -%}
    {#- A unit test has a name only. -#}
    {%- set found = load_relation(relation) if relation is not string else none -%}
    {%- set columns = adapter.get_columns_in_relation(found) if found else [] -%}
    {{ return(name in columns | map(attribute='name') | map('lower') | list) }}
{%- endmacro %}


{#- Condition: a counted phone call of which a messaging skill was scored. -#}
{% macro is_scored_call() -%}
    is_counted
    and is_phone_call
    and coalesce({% for skill in range(1, 8) %}messaging_skill_{{ skill }}{% if not loop.last %}, {% endif %}{% endfor %}) is not null
{%- endmacro %}
