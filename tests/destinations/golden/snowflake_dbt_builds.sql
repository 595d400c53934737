-- Build 1.
create schema if not exists ANALYTICS.liine_marts
create schema if not exists ANALYTICS.liine_staging
create table if not exists ANALYTICS.liine_marts._liine_dataset
create table if not exists ANALYTICS.liine_staging._liine_dataset
create or replace transient table ANALYTICS.liine_marts.bridge_liine__appointment_providers
comment on table ANALYTICS.liine_marts.bridge_liine__appointment_providers
alter table ANALYTICS.liine_marts.bridge_liine__appointment_providers comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__agents
comment on table ANALYTICS.liine_marts.dim_liine__agents
alter table ANALYTICS.liine_marts.dim_liine__agents comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__campaigns
comment on table ANALYTICS.liine_marts.dim_liine__campaigns
alter table ANALYTICS.liine_marts.dim_liine__campaigns comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__channels
comment on table ANALYTICS.liine_marts.dim_liine__channels
alter table ANALYTICS.liine_marts.dim_liine__channels comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__customers
comment on table ANALYTICS.liine_marts.dim_liine__customers
alter table ANALYTICS.liine_marts.dim_liine__customers comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__dates
comment on table ANALYTICS.liine_marts.dim_liine__dates
alter table ANALYTICS.liine_marts.dim_liine__dates comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__load_scope
comment on table ANALYTICS.liine_marts.dim_liine__load_scope
alter table ANALYTICS.liine_marts.dim_liine__load_scope comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__locations
comment on table ANALYTICS.liine_marts.dim_liine__locations
alter table ANALYTICS.liine_marts.dim_liine__locations comment on columns
create or replace transient table ANALYTICS.liine_marts.fct_liine__appointments
drop table if exists ANALYTICS.liine_marts.fct_liine__appointments__dbt_tmp cascade
comment on table ANALYTICS.liine_marts.fct_liine__appointments
alter table ANALYTICS.liine_marts.fct_liine__appointments comment on columns
create or replace transient table ANALYTICS.liine_marts.fct_liine__form_responses
comment on table ANALYTICS.liine_marts.fct_liine__form_responses
alter table ANALYTICS.liine_marts.fct_liine__form_responses comment on columns
create or replace transient table ANALYTICS.liine_marts.fct_liine__interactions
drop table if exists ANALYTICS.liine_marts.fct_liine__interactions__dbt_tmp cascade
comment on table ANALYTICS.liine_marts.fct_liine__interactions
alter table ANALYTICS.liine_marts.fct_liine__interactions comment on columns
create or replace transient table ANALYTICS.liine_marts.fct_liine__lead_attribution
drop table if exists ANALYTICS.liine_marts.fct_liine__lead_attribution__dbt_tmp cascade
comment on table ANALYTICS.liine_marts.fct_liine__lead_attribution
alter table ANALYTICS.liine_marts.fct_liine__lead_attribution comment on columns
create or replace transient table ANALYTICS.liine_marts.fct_liine__lead_speed
comment on table ANALYTICS.liine_marts.fct_liine__lead_speed
alter table ANALYTICS.liine_marts.fct_liine__lead_speed comment on columns
create or replace transient table ANALYTICS.liine_marts.fct_liine__leads
drop table if exists ANALYTICS.liine_marts.fct_liine__leads__dbt_tmp cascade
comment on table ANALYTICS.liine_marts.fct_liine__leads
alter table ANALYTICS.liine_marts.fct_liine__leads comment on columns
create or replace transient table ANALYTICS.liine_marts.fct_liine__messaging_skills
drop table if exists ANALYTICS.liine_marts.fct_liine__messaging_skills__dbt_tmp cascade
comment on table ANALYTICS.liine_marts.fct_liine__messaging_skills
alter table ANALYTICS.liine_marts.fct_liine__messaging_skills comment on columns
create or replace transient table ANALYTICS.liine_marts.fct_liine__missed_calls
comment on table ANALYTICS.liine_marts.fct_liine__missed_calls
alter table ANALYTICS.liine_marts.fct_liine__missed_calls comment on columns
create or replace transient table ANALYTICS.liine_marts.fct_liine__restatements
drop table if exists ANALYTICS.liine_marts.fct_liine__restatements__dbt_tmp cascade
comment on table ANALYTICS.liine_marts.fct_liine__restatements
alter table ANALYTICS.liine_marts.fct_liine__restatements comment on columns
create or replace transient table ANALYTICS.liine_staging.int_liine__appointment_rows
drop table if exists ANALYTICS.liine_staging.int_liine__appointment_rows__dbt_tmp cascade
create or replace view ANALYTICS.liine_staging.int_liine__interactions
create or replace transient table ANALYTICS.liine_staging.int_liine__opening_days
create or replace transient table ANALYTICS.liine_staging.int_liine__responses
drop table if exists ANALYTICS.liine_staging.int_liine__responses__dbt_tmp cascade
create transient table ANALYTICS.liine_marts.liine_channel_groups
BEGIN
insert overwrite into ANALYTICS.liine_marts.liine_channel_groups
COMMIT
comment on table ANALYTICS.liine_marts.liine_channel_groups
alter table ANALYTICS.liine_marts.liine_channel_groups comment on columns
create transient table ANALYTICS.liine_marts.liine_customers
comment on table ANALYTICS.liine_marts.liine_customers
alter table ANALYTICS.liine_marts.liine_customers comment on columns
create transient table ANALYTICS.liine_marts.liine_holidays
comment on table ANALYTICS.liine_marts.liine_holidays
alter table ANALYTICS.liine_marts.liine_holidays comment on columns
create transient table ANALYTICS.liine_marts.liine_location_names
comment on table ANALYTICS.liine_marts.liine_location_names
alter table ANALYTICS.liine_marts.liine_location_names comment on columns
create transient table ANALYTICS.liine_marts.liine_opening_hours
comment on table ANALYTICS.liine_marts.liine_opening_hours
alter table ANALYTICS.liine_marts.liine_opening_hours comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__ad_spend_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__ad_spend_monthly
alter table ANALYTICS.liine_marts.rpt_liine__ad_spend_monthly comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__agent_daily
comment on table ANALYTICS.liine_marts.rpt_liine__agent_daily
alter table ANALYTICS.liine_marts.rpt_liine__agent_daily comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__answer_rate_daily
comment on table ANALYTICS.liine_marts.rpt_liine__answer_rate_daily
alter table ANALYTICS.liine_marts.rpt_liine__answer_rate_daily comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__call_heatmap
comment on table ANALYTICS.liine_marts.rpt_liine__call_heatmap
alter table ANALYTICS.liine_marts.rpt_liine__call_heatmap comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__campaign_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__campaign_monthly
alter table ANALYTICS.liine_marts.rpt_liine__campaign_monthly comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__channel_daily
comment on table ANALYTICS.liine_marts.rpt_liine__channel_daily
alter table ANALYTICS.liine_marts.rpt_liine__channel_daily comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__customer_daily
comment on table ANALYTICS.liine_marts.rpt_liine__customer_daily
alter table ANALYTICS.liine_marts.rpt_liine__customer_daily comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__data_health
comment on table ANALYTICS.liine_marts.rpt_liine__data_health
alter table ANALYTICS.liine_marts.rpt_liine__data_health comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__lead_cohorts_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__lead_cohorts_monthly
alter table ANALYTICS.liine_marts.rpt_liine__lead_cohorts_monthly comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__lead_funnel_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__lead_funnel_monthly
alter table ANALYTICS.liine_marts.rpt_liine__lead_funnel_monthly comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__leads_by_location_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__leads_by_location_monthly
alter table ANALYTICS.liine_marts.rpt_liine__leads_by_location_monthly comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__period_over_period
comment on table ANALYTICS.liine_marts.rpt_liine__period_over_period
alter table ANALYTICS.liine_marts.rpt_liine__period_over_period comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__reasons_not_booked_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__reasons_not_booked_monthly
alter table ANALYTICS.liine_marts.rpt_liine__reasons_not_booked_monthly comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__responses_daily
comment on table ANALYTICS.liine_marts.rpt_liine__responses_daily
alter table ANALYTICS.liine_marts.rpt_liine__responses_daily comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__restatements
comment on table ANALYTICS.liine_marts.rpt_liine__restatements
alter table ANALYTICS.liine_marts.rpt_liine__restatements comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__spam_daily
comment on table ANALYTICS.liine_marts.rpt_liine__spam_daily
alter table ANALYTICS.liine_marts.rpt_liine__spam_daily comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__speed_to_lead_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__speed_to_lead_monthly
alter table ANALYTICS.liine_marts.rpt_liine__speed_to_lead_monthly comment on columns
create or replace view ANALYTICS.liine_staging.stg_liine__ad_spend
create or replace view ANALYTICS.liine_staging.stg_liine__interactions
create or replace view ANALYTICS.liine_staging.stg_liine__loads
create or replace view ANALYTICS.liine_staging.stg_liine__provider_names
create or replace view ANALYTICS.liine_staging.stg_liine__rejected_values
create or replace view ANALYTICS.liine_staging.stg_liine__session_extras
create or replace view ANALYTICS.liine_staging.stg_liine__sweeps
-- Build 2.
create or replace transient table ANALYTICS.liine_marts.bridge_liine__appointment_providers
comment on table ANALYTICS.liine_marts.bridge_liine__appointment_providers
alter table ANALYTICS.liine_marts.bridge_liine__appointment_providers comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__agents
comment on table ANALYTICS.liine_marts.dim_liine__agents
alter table ANALYTICS.liine_marts.dim_liine__agents comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__campaigns
comment on table ANALYTICS.liine_marts.dim_liine__campaigns
alter table ANALYTICS.liine_marts.dim_liine__campaigns comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__channels
comment on table ANALYTICS.liine_marts.dim_liine__channels
alter table ANALYTICS.liine_marts.dim_liine__channels comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__customers
comment on table ANALYTICS.liine_marts.dim_liine__customers
alter table ANALYTICS.liine_marts.dim_liine__customers comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__dates
comment on table ANALYTICS.liine_marts.dim_liine__dates
alter table ANALYTICS.liine_marts.dim_liine__dates comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__load_scope
comment on table ANALYTICS.liine_marts.dim_liine__load_scope
alter table ANALYTICS.liine_marts.dim_liine__load_scope comment on columns
create or replace transient table ANALYTICS.liine_marts.dim_liine__locations
comment on table ANALYTICS.liine_marts.dim_liine__locations
alter table ANALYTICS.liine_marts.dim_liine__locations comment on columns
delete from ANALYTICS.liine_marts.fct_liine__appointments where interaction_id in
create or replace temporary table ANALYTICS.liine_marts.fct_liine__appointments__dbt_tmp
BEGIN
delete from ANALYTICS.liine_marts.fct_liine__appointments
insert into ANALYTICS.liine_marts.fct_liine__appointments
COMMIT
drop table if exists ANALYTICS.liine_marts.fct_liine__appointments__dbt_tmp cascade
comment on table ANALYTICS.liine_marts.fct_liine__appointments
alter table ANALYTICS.liine_marts.fct_liine__appointments comment on columns
create or replace transient table ANALYTICS.liine_marts.fct_liine__form_responses
comment on table ANALYTICS.liine_marts.fct_liine__form_responses
alter table ANALYTICS.liine_marts.fct_liine__form_responses comment on columns
delete from ANALYTICS.liine_marts.fct_liine__interactions where interaction_id in
create or replace temporary table ANALYTICS.liine_marts.fct_liine__interactions__dbt_tmp
BEGIN
delete from ANALYTICS.liine_marts.fct_liine__interactions
insert into ANALYTICS.liine_marts.fct_liine__interactions
COMMIT
drop table if exists ANALYTICS.liine_marts.fct_liine__interactions__dbt_tmp cascade
update ANALYTICS.liine_marts.fct_liine__interactions set lead_version = 1 where lead_key in
comment on table ANALYTICS.liine_marts.fct_liine__interactions
alter table ANALYTICS.liine_marts.fct_liine__interactions comment on columns
delete from ANALYTICS.liine_marts.fct_liine__lead_attribution where lead_key in
create or replace temporary table ANALYTICS.liine_marts.fct_liine__lead_attribution__dbt_tmp
BEGIN
delete from ANALYTICS.liine_marts.fct_liine__lead_attribution
insert into ANALYTICS.liine_marts.fct_liine__lead_attribution
COMMIT
drop table if exists ANALYTICS.liine_marts.fct_liine__lead_attribution__dbt_tmp cascade
comment on table ANALYTICS.liine_marts.fct_liine__lead_attribution
alter table ANALYTICS.liine_marts.fct_liine__lead_attribution comment on columns
create or replace transient table ANALYTICS.liine_marts.fct_liine__lead_speed
comment on table ANALYTICS.liine_marts.fct_liine__lead_speed
alter table ANALYTICS.liine_marts.fct_liine__lead_speed comment on columns
delete from ANALYTICS.liine_marts.fct_liine__leads where lead_key in
create or replace temporary table ANALYTICS.liine_marts.fct_liine__leads__dbt_tmp
BEGIN
delete from ANALYTICS.liine_marts.fct_liine__leads
insert into ANALYTICS.liine_marts.fct_liine__leads
COMMIT
drop table if exists ANALYTICS.liine_marts.fct_liine__leads__dbt_tmp cascade
comment on table ANALYTICS.liine_marts.fct_liine__leads
alter table ANALYTICS.liine_marts.fct_liine__leads comment on columns
delete from ANALYTICS.liine_marts.fct_liine__messaging_skills where interaction_id in
create or replace temporary table ANALYTICS.liine_marts.fct_liine__messaging_skills__dbt_tmp
BEGIN
delete from ANALYTICS.liine_marts.fct_liine__messaging_skills
insert into ANALYTICS.liine_marts.fct_liine__messaging_skills
COMMIT
drop table if exists ANALYTICS.liine_marts.fct_liine__messaging_skills__dbt_tmp cascade
comment on table ANALYTICS.liine_marts.fct_liine__messaging_skills
alter table ANALYTICS.liine_marts.fct_liine__messaging_skills comment on columns
create or replace transient table ANALYTICS.liine_marts.fct_liine__missed_calls
comment on table ANALYTICS.liine_marts.fct_liine__missed_calls
alter table ANALYTICS.liine_marts.fct_liine__missed_calls comment on columns
delete from ANALYTICS.liine_marts.fct_liine__restatements where interaction_id in
update "ANALYTICS"."LIINE_MARTS"."FCT_LIINE__INTERACTIONS" set lead_version = 1 where interaction_id in
create or replace temporary table ANALYTICS.liine_marts.fct_liine__restatements__dbt_tmp
BEGIN
delete from ANALYTICS.liine_marts.fct_liine__restatements
insert into ANALYTICS.liine_marts.fct_liine__restatements
COMMIT
drop table if exists ANALYTICS.liine_marts.fct_liine__restatements__dbt_tmp cascade
comment on table ANALYTICS.liine_marts.fct_liine__restatements
alter table ANALYTICS.liine_marts.fct_liine__restatements comment on columns
delete from ANALYTICS.liine_staging.int_liine__appointment_rows where interaction_id in
create or replace temporary table ANALYTICS.liine_staging.int_liine__appointment_rows__dbt_tmp
BEGIN
delete from ANALYTICS.liine_staging.int_liine__appointment_rows
insert into ANALYTICS.liine_staging.int_liine__appointment_rows
COMMIT
drop table if exists ANALYTICS.liine_staging.int_liine__appointment_rows__dbt_tmp cascade
create or replace view ANALYTICS.liine_staging.int_liine__interactions
create or replace transient table ANALYTICS.liine_staging.int_liine__opening_days
delete from ANALYTICS.liine_staging.int_liine__responses where interaction_id in
create or replace temporary table ANALYTICS.liine_staging.int_liine__responses__dbt_tmp
BEGIN
delete from ANALYTICS.liine_staging.int_liine__responses
insert into ANALYTICS.liine_staging.int_liine__responses
COMMIT
drop table if exists ANALYTICS.liine_staging.int_liine__responses__dbt_tmp cascade
BEGIN
insert overwrite into ANALYTICS.liine_marts.liine_channel_groups
COMMIT
comment on table ANALYTICS.liine_marts.liine_channel_groups
alter table ANALYTICS.liine_marts.liine_channel_groups comment on columns
BEGIN
truncate table "ANALYTICS"."LIINE_MARTS"."LIINE_CUSTOMERS" 
COMMIT
comment on table ANALYTICS.liine_marts.liine_customers
alter table ANALYTICS.liine_marts.liine_customers comment on columns
BEGIN
truncate table "ANALYTICS"."LIINE_MARTS"."LIINE_HOLIDAYS" 
COMMIT
comment on table ANALYTICS.liine_marts.liine_holidays
alter table ANALYTICS.liine_marts.liine_holidays comment on columns
BEGIN
truncate table "ANALYTICS"."LIINE_MARTS"."LIINE_LOCATION_NAMES" 
COMMIT
comment on table ANALYTICS.liine_marts.liine_location_names
alter table ANALYTICS.liine_marts.liine_location_names comment on columns
BEGIN
truncate table "ANALYTICS"."LIINE_MARTS"."LIINE_OPENING_HOURS" 
COMMIT
comment on table ANALYTICS.liine_marts.liine_opening_hours
alter table ANALYTICS.liine_marts.liine_opening_hours comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__ad_spend_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__ad_spend_monthly
alter table ANALYTICS.liine_marts.rpt_liine__ad_spend_monthly comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__agent_daily
comment on table ANALYTICS.liine_marts.rpt_liine__agent_daily
alter table ANALYTICS.liine_marts.rpt_liine__agent_daily comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__answer_rate_daily
comment on table ANALYTICS.liine_marts.rpt_liine__answer_rate_daily
alter table ANALYTICS.liine_marts.rpt_liine__answer_rate_daily comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__call_heatmap
comment on table ANALYTICS.liine_marts.rpt_liine__call_heatmap
alter table ANALYTICS.liine_marts.rpt_liine__call_heatmap comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__campaign_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__campaign_monthly
alter table ANALYTICS.liine_marts.rpt_liine__campaign_monthly comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__channel_daily
comment on table ANALYTICS.liine_marts.rpt_liine__channel_daily
alter table ANALYTICS.liine_marts.rpt_liine__channel_daily comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__customer_daily
comment on table ANALYTICS.liine_marts.rpt_liine__customer_daily
alter table ANALYTICS.liine_marts.rpt_liine__customer_daily comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__data_health
comment on table ANALYTICS.liine_marts.rpt_liine__data_health
alter table ANALYTICS.liine_marts.rpt_liine__data_health comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__lead_cohorts_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__lead_cohorts_monthly
alter table ANALYTICS.liine_marts.rpt_liine__lead_cohorts_monthly comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__lead_funnel_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__lead_funnel_monthly
alter table ANALYTICS.liine_marts.rpt_liine__lead_funnel_monthly comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__leads_by_location_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__leads_by_location_monthly
alter table ANALYTICS.liine_marts.rpt_liine__leads_by_location_monthly comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__period_over_period
comment on table ANALYTICS.liine_marts.rpt_liine__period_over_period
alter table ANALYTICS.liine_marts.rpt_liine__period_over_period comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__reasons_not_booked_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__reasons_not_booked_monthly
alter table ANALYTICS.liine_marts.rpt_liine__reasons_not_booked_monthly comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__responses_daily
comment on table ANALYTICS.liine_marts.rpt_liine__responses_daily
alter table ANALYTICS.liine_marts.rpt_liine__responses_daily comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__restatements
comment on table ANALYTICS.liine_marts.rpt_liine__restatements
alter table ANALYTICS.liine_marts.rpt_liine__restatements comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__spam_daily
comment on table ANALYTICS.liine_marts.rpt_liine__spam_daily
alter table ANALYTICS.liine_marts.rpt_liine__spam_daily comment on columns
create or replace transient table ANALYTICS.liine_marts.rpt_liine__speed_to_lead_monthly
comment on table ANALYTICS.liine_marts.rpt_liine__speed_to_lead_monthly
alter table ANALYTICS.liine_marts.rpt_liine__speed_to_lead_monthly comment on columns
create or replace view ANALYTICS.liine_staging.stg_liine__ad_spend
create or replace view ANALYTICS.liine_staging.stg_liine__interactions
create or replace view ANALYTICS.liine_staging.stg_liine__loads
create or replace view ANALYTICS.liine_staging.stg_liine__provider_names
create or replace view ANALYTICS.liine_staging.stg_liine__rejected_values
create or replace view ANALYTICS.liine_staging.stg_liine__session_extras
create or replace view ANALYTICS.liine_staging.stg_liine__sweeps
