{#- No two rows have the same values in all of these columns; nulls count as equal. -#}
{% test unique_together(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as found
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
