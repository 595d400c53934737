{#-
    The lead metrics of a report, each null where the customer's data cannot tell it. The query must have joined
    `dim_liine__load_scope` as `scope` to the relation with the counts.
-#}
{% macro lead_metrics_if_known(counts) -%}
    case when scope.has_leads then {{ counts }}.new_leads end as new_leads,
    case when scope.has_all_calls then {{ counts }}.reached_leads end as reached_leads,
    case when scope.has_whole_leads then {{ counts }}.booked_leads end as booked_leads,
    case when scope.has_whole_leads and scope.has_appointment_statuses then {{ counts }}.attended_leads end
        as attended_leads,
    {{ money('case when scope.has_leads and scope.has_revenue then ' ~ counts ~ '.new_lead_revenue end') }}
        as new_lead_revenue
{%- endmacro %}
