{#- One row per interaction that has not vanished, with every definition that depends on that row alone. -#}
{{ defined_interactions('1 = 1') }}
