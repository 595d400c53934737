-- Run once, by somebody who may use SECURITYADMIN and SYSADMIN. Change the names, the key and the size as you like.
-- The loader gets one warehouse, one database, and schemas that it makes itself, dbt's too; the readers get the marts
-- alone. A warehouse to read with is theirs to bring.

use role securityadmin;
create role if not exists liine_loader comment = 'Loads what the Liine API returns';
create role if not exists liine_reader comment = 'Reads it';
grant role liine_loader to role sysadmin;
grant role liine_reader to role sysadmin;

-- Without a password: openssl genrsa 2048 | openssl pkcs8 -topk8 -v2 aes256 -inform PEM -out liine_loader.p8
--                     openssl rsa -in liine_loader.p8 -pubout
create user if not exists liine_loader
  type = service
  default_role = liine_loader
  default_warehouse = liine_loading
  rsa_public_key = 'MIIBIjANBgkqh…';
grant role liine_loader to user liine_loader;

use role sysadmin;
-- It sleeps after a minute: an hourly run of some seconds is billed a minute or two.
create warehouse if not exists liine_loading
  warehouse_size = xsmall
  auto_suspend = 60
  auto_resume = true
  initially_suspended = true
  statement_timeout_in_seconds = 3600;
create database if not exists analytics;

grant usage on warehouse liine_loading to role liine_loader;
grant usage on database analytics to role liine_loader;
-- The dataset, while a run is loading one staging schema of its own, and dbt's liine_staging and liine_marts. Those of
-- another dataset are named after it; repeat what follows for its marts.
grant create schema on database analytics to role liine_loader;
grant usage on database analytics to role liine_reader;

-- Its own from the first day, so that what is in it can be granted before there is any.
use role liine_loader;
create schema if not exists analytics.liine_marts;

use role securityadmin;
grant usage on schema analytics.liine_marts to role liine_reader;
grant select on all tables in schema analytics.liine_marts to role liine_reader;
grant select on all views in schema analytics.liine_marts to role liine_reader;
-- The loader owns what it makes, so what is to come is granted ahead.
grant select on future tables in schema analytics.liine_marts to role liine_reader;
grant select on future views in schema analytics.liine_marts to role liine_reader;
