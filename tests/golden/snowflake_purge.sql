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

SELECT  "VERSION", "ENGINE_VERSION", "PIPELINE_NAME", "STATE", "CREATED_AT", "_DLT_LOAD_ID" FROM "LIINE"."_DLT_PIPELINE_STATE" AS s JOIN "LIINE"."_DLT_LOADS" AS l ON l."LOAD_ID" = s."_DLT_LOAD_ID" WHERE "PIPELINE_NAME" = 'liine_sync_purge_1001_…' AND l."STATUS" = 0 ORDER BY "LOAD_ID" DESC LIMIT 1;

-- Another session.

SELECT interactions.id, interactions.customer_id, interactions.lead_id, interactions.phone_number, interactions.ehr_pms_patient_id FROM interactions WHERE interactions.customer_id IN (1001);

-- Another session.

SELECT COUNT(*) AS count_1 FROM interactions__provider_names WHERE interactions__provider_names.interaction_id IN (5121);

-- Another session.

SELECT COUNT(*) AS count_1 FROM interactions__session_extras WHERE interactions__session_extras.interaction_id IN (5121);

-- Another session.

SELECT COUNT(*) AS count_1 FROM interactions__rejected_values WHERE interactions__rejected_values.interaction_id IN (5121);

-- Another session.

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE';

SELECT  "VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA" FROM "LIINE"."_DLT_VERSION" WHERE "VERSION_HASH" = '…' LIMIT 1;

ALTER SESSION SET autocommit=False;

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('ERASED_IDENTIFIERS','ERASURES','_DLT_LOADS','_DLT_PIPELINE_STATE','_DLT_VERSION') ORDER BY table_name, ordinal_position;

CREATE TABLE IF NOT EXISTS "LIINE"."ERASED_IDENTIFIERS" (
"ERASURE_ID" VARCHAR  NOT NULL COMMENT 'The erasure, as in `erasures`.',
"KIND" VARCHAR  NOT NULL COMMENT 'The field that the identifier is of.',
"DIGEST" VARCHAR  NOT NULL COMMENT 'The key''s id and the HMAC-SHA-256 of customer and normalised value.',
"_DLT_LOAD_ID" VARCHAR  NOT NULL,
"_DLT_ID" VARCHAR  NOT NULL);

CREATE TABLE IF NOT EXISTS "LIINE"."ERASURES" (
"ERASURE_ID" VARCHAR  NOT NULL COMMENT 'A random name.',
"ERASED_AT" TIMESTAMP_LTZ  NOT NULL COMMENT 'When it was asked for, UTC; from then on the person is not loaded again.',
"COMPLETED_AT" TIMESTAMP_LTZ   COMMENT 'When the rows were gone, UTC; null where it was cut short, even if another completed it.',
"CUSTOMERS" NUMBER(19,0)  NOT NULL COMMENT 'How many customers were searched.',
"IDENTIFIERS" NUMBER(19,0)  NOT NULL COMMENT 'How many identifiers were given.',
"INTERACTIONS" NUMBER(19,0)  NOT NULL COMMENT 'Rows erased from `interactions`.',
"CHILD_ROWS" NUMBER(19,0)  NOT NULL COMMENT 'Rows erased from its child tables.',
"_DLT_LOAD_ID" VARCHAR  NOT NULL,
"_DLT_ID" VARCHAR  NOT NULL);

INSERT INTO "LIINE"."_DLT_VERSION"("VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA") VALUES (2, 11, '…', 'liine', '…', '{…}');

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

PUT 'file:///…/_dlt_pipeline_state.….0.jsonl.gz' '@"LIINE"."%_DLT_PIPELINE_STATE"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

PUT 'file://_dlt_pipeline_state.….0.jsonl.gz' '@"LIINE"."%_DLT_PIPELINE_STATE"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

COPY INTO "LIINE"."_DLT_PIPELINE_STATE"
FROM '@"LIINE"."%_DLT_PIPELINE_STATE"/"…"/_dlt_pipeline_state.….0.jsonl.gz'
FILE_FORMAT = (TYPE = 'JSON', BINARY_FORMAT = 'BASE64')
MATCH_BY_COLUMN_NAME='CASE_INSENSITIVE';

REMOVE '@"LIINE"."%_DLT_PIPELINE_STATE"/"…"/_dlt_pipeline_state.….0.jsonl.gz';

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

PUT 'file:///…/erased_identifiers.….0.jsonl.gz' '@"LIINE"."%ERASED_IDENTIFIERS"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

PUT 'file://erased_identifiers.….0.jsonl.gz' '@"LIINE"."%ERASED_IDENTIFIERS"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

COPY INTO "LIINE"."ERASED_IDENTIFIERS"
FROM '@"LIINE"."%ERASED_IDENTIFIERS"/"…"/erased_identifiers.….0.jsonl.gz'
FILE_FORMAT = (TYPE = 'JSON', BINARY_FORMAT = 'BASE64')
MATCH_BY_COLUMN_NAME='CASE_INSENSITIVE';

REMOVE '@"LIINE"."%ERASED_IDENTIFIERS"/"…"/erased_identifiers.….0.jsonl.gz';

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

PUT 'file:///…/erasures.….0.jsonl.gz' '@"LIINE"."%ERASURES"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

PUT 'file://erasures.….0.jsonl.gz' '@"LIINE"."%ERASURES"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

COPY INTO "LIINE"."ERASURES"
FROM '@"LIINE"."%ERASURES"/"…"/erasures.….0.jsonl.gz'
FILE_FORMAT = (TYPE = 'JSON', BINARY_FORMAT = 'BASE64')
MATCH_BY_COLUMN_NAME='CASE_INSENSITIVE';

REMOVE '@"LIINE"."%ERASURES"/"…"/erasures.….0.jsonl.gz';

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

INSERT INTO "LIINE"."_DLT_LOADS"("LOAD_ID", "SCHEMA_NAME", "STATUS", "INSERTED_AT", "SCHEMA_VERSION_HASH") VALUES('…', 'liine', 0, '…', '…');

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

-- Another session.

DELETE FROM _dlt_pipeline_state WHERE _dlt_pipeline_state.pipeline_name = 'liine_sync_purge_1001_…' AND _dlt_pipeline_state._dlt_load_id < (SELECT MAX(_dlt_pipeline_state._dlt_load_id) AS max_1 FROM _dlt_pipeline_state WHERE _dlt_pipeline_state.pipeline_name = 'liine_sync_purge_1001_…' AND _dlt_pipeline_state._dlt_load_id IN (SELECT _dlt_loads.load_id FROM _dlt_loads WHERE _dlt_loads.status = 0));

-- Another session.

SELECT COUNT(*) AS count_1 FROM (SELECT interactions.id AS id FROM interactions GROUP BY interactions.id HAVING COUNT(*) > 1) AS anon_1;

-- Another session.

ALTER SESSION SET autocommit=False;

DELETE FROM interactions__provider_names WHERE interactions__provider_names.interaction_id IN (5121);

DELETE FROM interactions__session_extras WHERE interactions__session_extras.interaction_id IN (5121);

DELETE FROM interactions__rejected_values WHERE interactions__rejected_values.interaction_id IN (5121);

DELETE FROM interactions WHERE interactions.id IN (5121);

UPDATE erasures SET completed_at = '…', interactions = 1, child_rows = 0 WHERE erasures.erasure_id = '…';

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

SELECT table_name FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = 'LIINE_STG_…';

DROP SCHEMA "LIINE_STG_…" CASCADE;
