{#- A condition holds for every row; where it is unknown, the row fails. -#}
{% test holds(model, condition) %}
select *
from {{ model }}
where not coalesce({{ condition }}, false)
{% endtest %}
