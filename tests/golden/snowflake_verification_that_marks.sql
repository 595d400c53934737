SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

-- Another session.

CREATE TRANSIENT SCHEMA "LIINE_STG_…";

-- Another session.

SELECT  "VERSION", "ENGINE_VERSION", "PIPELINE_NAME", "STATE", "CREATED_AT", "_DLT_LOAD_ID" FROM "LIINE"."_DLT_PIPELINE_STATE" AS s JOIN "LIINE"."_DLT_LOADS" AS l ON l."LOAD_ID" = s."_DLT_LOAD_ID" WHERE "PIPELINE_NAME" = 'liine_sync_verify_1001_…' AND l."STATUS" = 0 ORDER BY "LOAD_ID" DESC LIMIT 1;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('ERASED_IDENTIFIERS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('_DLT_PIPELINE_STATE') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT anon_1.state FROM (SELECT _dlt_pipeline_state.state AS state, _dlt_pipeline_state._dlt_load_id AS _dlt_load_id, ROW_NUMBER() OVER (PARTITION BY _dlt_pipeline_state.pipeline_name ORDER BY _dlt_pipeline_state._dlt_load_id DESC) AS place FROM _dlt_pipeline_state WHERE _dlt_pipeline_state._dlt_load_id IN (SELECT _dlt_loads.load_id FROM _dlt_loads WHERE _dlt_loads.status = 0)) AS anon_1 WHERE anon_1.place = 1 ORDER BY anon_1._dlt_load_id;

-- Another session.

SELECT "VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA" FROM "LIINE"."_DLT_VERSION" WHERE "SCHEMA_NAME" = 'liine' ORDER BY "INSERTED_AT" DESC;

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT CAST(interactions.start_time AS DATE) AS start_time, COUNT(*) AS count_1, SUM(CASE WHEN (interactions.start_time = CAST(CAST(interactions.start_time AS DATE) AS TIMESTAMP)) THEN 1 ELSE 0 END) AS sum_1 FROM interactions WHERE interactions.customer_id = 1001 AND interactions.vanished_at IS NULL GROUP BY CAST(interactions.start_time AS DATE);

-- Another session.

SELECT CAST(CAST(CONVERT_TIMEZONE('UTC', interactions.start_time_tz) AS TIMESTAMP) AS DATE) AS anon_1, COUNT(*) AS count_1, SUM(CASE WHEN (CAST(CONVERT_TIMEZONE('UTC', interactions.start_time_tz) AS TIMESTAMP) = CAST(CAST(CAST(CONVERT_TIMEZONE('UTC', interactions.start_time_tz) AS TIMESTAMP) AS DATE) AS TIMESTAMP)) THEN 1 ELSE 0 END) AS sum_1 FROM interactions WHERE interactions.customer_id = 1001 AND interactions.vanished_at IS NULL GROUP BY CAST(CAST(CONVERT_TIMEZONE('UTC', interactions.start_time_tz) AS TIMESTAMP) AS DATE);

-- Another session.

SELECT interactions.id, CAST(interactions.start_time AS DATE) AS start_time, CAST(CONVERT_TIMEZONE('UTC', interactions.updated_at) AS TIMESTAMP) AS anon_1, CAST(CONVERT_TIMEZONE('UTC', interactions.missing_since) AS TIMESTAMP) AS anon_2, CAST(CONVERT_TIMEZONE('UTC', interactions.vanished_at) AS TIMESTAMP) AS anon_3 FROM interactions WHERE interactions.customer_id = 1001;

-- Another session.

UPDATE interactions SET missing_since = '…' WHERE interactions.id IN (5116);

-- Another session.

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

SELECT table_name FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = 'LIINE_STG_…';

DROP SCHEMA "LIINE_STG_…" CASCADE;
