-- Run once, by somebody who may use SECURITYADMIN and SYSADMIN. Change the names, the key and the size as you like.
-- The loader gets one warehouse, one database, and schemas that it makes itself; the readers get what is in them.

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
-- The dataset, and while a run is loading one staging schema of its own.
grant create schema on database analytics to role liine_loader;

grant usage on database analytics to role liine_reader;
use role securityadmin;
-- The loader owns what it makes, so what is to come is granted ahead.
grant usage on future schemas in database analytics to role liine_reader;
grant select on future tables in database analytics to role liine_reader;
