with met as (

    {% for touch in ['initial', 'last_touch'] -%}
        select
            {{ touch }}_channel_key as channel_key,
            {{ touch }}_marketing_channel as spelling,
            {{ loop.index }} as touch_number,
            min(interaction_id) as first_interaction_id,
            count(*) as interactions
        from {{ ref('fct_liine__interactions') }}
        where {{ touch }}_channel_key != '{{ unattributed() }}'
        group by {{ touch }}_channel_key, {{ touch }}_marketing_channel
        {% if not loop.last -%} union all {% endif %}
    {% endfor %}
),

numbered as (

    -- The spelling met first names a channel that the seed does not know.
    select
        *,
        row_number() over (partition by channel_key order by first_interaction_id, touch_number) as place
    from met

),

channels as (

    select
        channel_key,
        max(case when place = 1 then spelling end) as spelling,
        cast(count(distinct spelling) as bigint) as spellings
    from numbered
    group by channel_key
    union all
    select
        cast('{{ unattributed() }}' as text) as channel_key,
        cast('Unattributed' as text) as spelling,
        cast(0 as bigint) as spellings

)

select
    channels.channel_key,
    coalesce(known.channel, channels.spelling) as channel,
    case
        when channels.channel_key = '{{ unattributed() }}' then 'Unattributed'
        else coalesce(known.channel_group, 'Other')
    end as channel_group,
    known.is_paid,
    channels.spellings,
    known.channel_key is not null as is_in_seed
from channels
left join {{ ref('liine_channel_groups') }} as known on channels.channel_key = known.channel_key
