with channel_spellings as (

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
        union all
    {% endfor -%}
    select
        channel_key,
        channel as spelling,
        3 as touch_number,
        cast(null as bigint) as first_interaction_id,
        count(*) as interactions
    from {{ ref('stg_liine__ad_spend') }}
    where channel_key is not null and channel_key != '{{ unattributed() }}'
    group by channel_key, channel

),

ranked as (

    -- A channel that is not in the seed is named by its first spelling.
    select
        *,
        row_number() over (
            partition by channel_key
            order by
                case when first_interaction_id is null then 1 else 0 end,
                first_interaction_id,
                touch_number,
                {{ dbt.hash('spelling') }}
        ) as spelling_rank
    from channel_spellings

),

channels as (

    select
        channel_key,
        max(case when spelling_rank = 1 then spelling end) as spelling,
        cast(count(distinct spelling) as bigint) as spellings
    from ranked
    group by channel_key
    union all
    select
        cast('{{ unattributed() }}' as text) as channel_key,
        cast('Unattributed' as text) as spelling,
        cast(0 as bigint) as spellings

)

select
    channels.channel_key,
    coalesce(seed.channel, channels.spelling) as channel,
    case
        when channels.channel_key = '{{ unattributed() }}' then 'Unattributed'
        else coalesce(seed.channel_group, 'Other')
    end as channel_group,
    seed.is_paid,
    channels.spellings,
    seed.channel_key is not null as is_in_seed
from channels
left join {{ ref('liine_channel_groups') }} as seed on channels.channel_key = seed.channel_key
