-- Build 1.
create schema if not exists ANALYTICS.liine_marts
create schema if not exists ANALYTICS.liine_staging
create or replace view ANALYTICS.liine_staging.stg_liine__interactions
create or replace view ANALYTICS.liine_staging.stg_liine__loads
create or replace view ANALYTICS.liine_staging.stg_liine__provider_names
create or replace view ANALYTICS.liine_staging.stg_liine__rejected_values
create or replace view ANALYTICS.liine_staging.stg_liine__session_extras
create or replace view ANALYTICS.liine_staging.stg_liine__sweeps
create transient table ANALYTICS.liine_marts.liine_channel_groups
BEGIN
insert overwrite into ANALYTICS.liine_marts.liine_channel_groups
COMMIT
create or replace view ANALYTICS.liine_staging.int_liine__interactions
create or replace transient table ANALYTICS.liine_marts.dim_liine__load_scope
create or replace transient table ANALYTICS.liine_marts.fct_liine__interactions
drop table if exists ANALYTICS.liine_marts.fct_liine__interactions__dbt_tmp cascade
create or replace transient table ANALYTICS.liine_marts.dim_liine__agents
create or replace transient table ANALYTICS.liine_marts.dim_liine__campaigns
create or replace transient table ANALYTICS.liine_marts.dim_liine__channels
create or replace transient table ANALYTICS.liine_marts.dim_liine__dates
create or replace transient table ANALYTICS.liine_marts.dim_liine__locations
create or replace transient table ANALYTICS.liine_marts.fct_liine__messaging_skills
create or replace transient table ANALYTICS.liine_staging.int_liine__appointment_rows
create or replace transient table ANALYTICS.liine_staging.int_liine__responses
create or replace transient table ANALYTICS.liine_marts.rpt_liine__answer_rate_daily
create or replace transient table ANALYTICS.liine_marts.rpt_liine__call_heatmap
create or replace transient table ANALYTICS.liine_marts.rpt_liine__spam_daily
create or replace transient table ANALYTICS.liine_marts.fct_liine__appointments
create or replace transient table ANALYTICS.liine_marts.fct_liine__form_responses
create or replace transient table ANALYTICS.liine_marts.fct_liine__missed_calls
create or replace transient table ANALYTICS.liine_marts.bridge_liine__appointment_providers
create or replace transient table ANALYTICS.liine_marts.fct_liine__leads
create or replace transient table ANALYTICS.liine_marts.rpt_liine__responses_daily
create or replace transient table ANALYTICS.liine_marts.fct_liine__lead_attribution
create or replace transient table ANALYTICS.liine_marts.rpt_liine__agent_daily
create or replace transient table ANALYTICS.liine_marts.rpt_liine__campaign_monthly
create or replace transient table ANALYTICS.liine_marts.rpt_liine__channel_daily
create or replace transient table ANALYTICS.liine_marts.rpt_liine__data_health
create or replace transient table ANALYTICS.liine_marts.rpt_liine__lead_funnel_monthly
create or replace transient table ANALYTICS.liine_marts.rpt_liine__reasons_not_booked_monthly
-- Build 2.
create or replace view ANALYTICS.liine_staging.stg_liine__interactions
create or replace view ANALYTICS.liine_staging.stg_liine__loads
create or replace view ANALYTICS.liine_staging.stg_liine__provider_names
create or replace view ANALYTICS.liine_staging.stg_liine__rejected_values
create or replace view ANALYTICS.liine_staging.stg_liine__session_extras
create or replace view ANALYTICS.liine_staging.stg_liine__sweeps
BEGIN
insert overwrite into ANALYTICS.liine_marts.liine_channel_groups
COMMIT
create or replace view ANALYTICS.liine_staging.int_liine__interactions
create or replace transient table ANALYTICS.liine_marts.dim_liine__load_scope
delete from ANALYTICS.liine_marts.fct_liine__interactions where interaction_id in
create or replace temporary table ANALYTICS.liine_marts.fct_liine__interactions__dbt_tmp
BEGIN
delete from ANALYTICS.liine_marts.fct_liine__interactions
insert into ANALYTICS.liine_marts.fct_liine__interactions
COMMIT
drop table if exists ANALYTICS.liine_marts.fct_liine__interactions__dbt_tmp cascade
create or replace transient table ANALYTICS.liine_marts.dim_liine__agents
create or replace transient table ANALYTICS.liine_marts.dim_liine__campaigns
create or replace transient table ANALYTICS.liine_marts.dim_liine__channels
create or replace transient table ANALYTICS.liine_marts.dim_liine__dates
create or replace transient table ANALYTICS.liine_marts.dim_liine__locations
create or replace transient table ANALYTICS.liine_marts.fct_liine__messaging_skills
create or replace transient table ANALYTICS.liine_staging.int_liine__appointment_rows
create or replace transient table ANALYTICS.liine_staging.int_liine__responses
create or replace transient table ANALYTICS.liine_marts.rpt_liine__answer_rate_daily
create or replace transient table ANALYTICS.liine_marts.rpt_liine__call_heatmap
create or replace transient table ANALYTICS.liine_marts.rpt_liine__spam_daily
create or replace transient table ANALYTICS.liine_marts.fct_liine__appointments
create or replace transient table ANALYTICS.liine_marts.fct_liine__form_responses
create or replace transient table ANALYTICS.liine_marts.fct_liine__missed_calls
create or replace transient table ANALYTICS.liine_marts.bridge_liine__appointment_providers
create or replace transient table ANALYTICS.liine_marts.fct_liine__leads
create or replace transient table ANALYTICS.liine_marts.rpt_liine__responses_daily
create or replace transient table ANALYTICS.liine_marts.fct_liine__lead_attribution
create or replace transient table ANALYTICS.liine_marts.rpt_liine__agent_daily
create or replace transient table ANALYTICS.liine_marts.rpt_liine__campaign_monthly
create or replace transient table ANALYTICS.liine_marts.rpt_liine__channel_daily
create or replace transient table ANALYTICS.liine_marts.rpt_liine__data_health
create or replace transient table ANALYTICS.liine_marts.rpt_liine__lead_funnel_monthly
create or replace transient table ANALYTICS.liine_marts.rpt_liine__reasons_not_booked_monthly
