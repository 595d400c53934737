{#-
    What changed since the last build: the rows of fct_liine__interactions as they are before this build, compared with
    staging. That model depends on this one, so that they are replaced afterwards. Nothing can rebuild the history, so a full
    refresh keeps it. A build that ends in between records the same changes again, under the same keys.
-#}
{{
    config(
        materialized='incremental',
        full_refresh=false,
        unique_key='restatement_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        pre_hook=[
            "{{ delete_missing_rows(this, 'interaction_id', ref('stg_liine__interactions'), '1 = 1') }}",
            "{{ mark_old_leads(built_interactions()) }}"
        ]
    )
}}

{%- set mart = built_interactions() -%}
{%- set columns = [
    'interaction_id', 'customer_id', 'lead_key', 'date_local', 'is_counted', 'outcome', 'appointment_status', 'revenue',
    'call_type', 'load_id', 'missing_since_utc',
] %}

with changed_rows as (

    {% if mart -%}
        {{ changed_rows(mart) }}
    {%- else -%}
        select interaction_id
        from {{ ref('int_liine__interactions') }}
        where 1 = 0
    {%- endif %}

),

before as (

    select
        {{ columns | join(', ') }},
        {{ 'row_definition' if mart else 'cast(null as text) as row_definition' }}
    from {{ mart or ref('int_liine__interactions') }}
    where interaction_id in (select changed_rows.interaction_id from changed_rows)

),

-- A vanished row counts no more. A row that is gone from staging was erased, and leaves no trace.
staged as (

    select
        interaction_id,
        updated_at_utc,
        row_definition
    from {{ ref('stg_liine__interactions') }}
    where interaction_id in (select changed_rows.interaction_id from changed_rows)

),

after as (

    {{ defined_interactions('interaction_id in (select changed_rows.interaction_id from changed_rows)') }}

),

pairs as (

    select
        before.interaction_id,
        before.customer_id,
        coalesce(after.lead_key, before.lead_key) as lead_key,
        coalesce(after.date_local, before.date_local) as date_local,
        staged.updated_at_utc as changed_at_utc,
        before.load_id || ' ' || coalesce(after.load_id, 'vanished') as loads,
        after.interaction_id is null as has_vanished,
        before.row_definition = staged.row_definition as has_same_keys,
        before.revenue as old_revenue,
        after.revenue as new_revenue,
        {% for name in ['outcome', 'appointment_status', 'call_type', 'lead_key', 'is_counted'] -%}
            cast(before.{{ name }} as text) as old_{{ name }},
            cast(after.{{ name }} as text) as new_{{ name }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from before
    inner join staged on before.interaction_id = staged.interaction_id
    left join after on before.interaction_id = after.interaction_id

),

changes as (

    {% for name, condition in [
        ('outcome', 'not has_vanished and ' ~ normalize_value('old_outcome') ~ ' is distinct from '
            ~ normalize_value('new_outcome')),
        ('appointment_status', 'not has_vanished and ' ~ normalize_value('old_appointment_status')
            ~ ' is distinct from ' ~ normalize_value('new_appointment_status')),
        ('call_type', 'not has_vanished and ' ~ normalize_value('old_call_type') ~ ' is distinct from '
            ~ normalize_value('new_call_type')),
        ('lead_key', 'not has_vanished and has_same_keys and old_lead_key is distinct from new_lead_key'),
        ('revenue', 'not has_vanished and old_revenue is distinct from new_revenue'),
        ('is_counted', "old_is_counted = 'true' and coalesce(new_is_counted, 'false') = 'false'
            or old_is_counted = 'false' and new_is_counted = 'true'"),
    ] -%}
        select
            interaction_id,
            customer_id,
            lead_key,
            date_local,
            changed_at_utc,
            loads,
            '{{ name }}' as changed_column,
            {% if name == 'revenue' -%}
                cast(null as text) as old_value,
                cast(null as text) as new_value,
                old_revenue,
                new_revenue
            {%- else -%}
                old_{{ name }} as old_value,
                {% if name == 'is_counted' -%} coalesce(new_is_counted, 'false')
                {%- else -%} new_{{ name }} {%- endif %} as new_value,
                cast(null as numeric(38, 9)) as old_revenue,
                cast(null as numeric(38, 9)) as new_revenue
            {%- endif %}
        from pairs
        where {{ condition }}
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
)

select
    cast({{ dbt.hash("cast(interaction_id as text) || ' ' || changed_column || ' ' || loads") }} as text)
        as restatement_key,
    interaction_id,
    customer_id,
    lead_key,
    date_local,
    {{ first_day_of_month('date_local') }} as month_local,
    changed_column,
    old_value,
    new_value,
    cast(old_revenue as numeric(38, 9)) as old_revenue,
    cast(new_revenue as numeric(38, 9)) as new_revenue,
    changed_at_utc,
    {{ now_utc() }} as recorded_at_utc
from changes
