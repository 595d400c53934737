SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS','SWEEPS') ORDER BY table_name, ordinal_position;

-- Another session.

select c.table_name, coalesce(t.table_type = 'VIEW', true), false, c.column_name, c.data_type, c.is_nullable = 'YES',
c.column_default is not null, c.character_maximum_length, c.numeric_precision, c.numeric_scale
from information_schema.columns as c
left join information_schema.tables as t
on t.table_catalog = c.table_catalog and t.table_schema = c.table_schema and t.table_name = c.table_name
where c.table_catalog = current_database() and c.table_schema = 'LIINE';

-- Another session.

SELECT "VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA" FROM "LIINE"."_DLT_VERSION" WHERE "SCHEMA_NAME" = 'liine' ORDER BY "INSERTED_AT" DESC;

-- Another session.

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

-- Another session.

CREATE TRANSIENT SCHEMA "LIINE_STG_…";

-- Another session.

SELECT  "VERSION", "ENGINE_VERSION", "PIPELINE_NAME", "STATE", "CREATED_AT", "_DLT_LOAD_ID" FROM "LIINE"."_DLT_PIPELINE_STATE" AS s JOIN "LIINE"."_DLT_LOADS" AS l ON l."LOAD_ID" = s."_DLT_LOAD_ID" WHERE "PIPELINE_NAME" = 'liine_sync_erase_1001_…' AND l."STATUS" = 0 ORDER BY "LOAD_ID" DESC LIMIT 1;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('_DLT_PIPELINE_STATE') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT state FROM (SELECT state, _dlt_load_id, ROW_NUMBER() OVER (PARTITION BY pipeline_name ORDER BY _dlt_load_id DESC) AS place FROM _dlt_pipeline_state WHERE _dlt_load_id IN (SELECT load_id FROM _dlt_loads WHERE status = 0) AND (NOT LEFT(pipeline_name, 20) = 'liine_sync_backfill_' OR _dlt_load_id = (SELECT MAX(_dlt_load_id) FROM _dlt_pipeline_state WHERE _dlt_load_id IN (SELECT load_id FROM _dlt_loads WHERE status = 0) AND NOT LEFT(pipeline_name, 17) = 'liine_sync_erase_'))) AS numbered WHERE place = 1 ORDER BY _dlt_load_id;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('ERASED_IDENTIFIERS','PERSONAL_DATA_KEYS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('PERSONAL_DATA_KEYS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT key_id, check_value FROM personal_data_keys;

-- Another session.

SELECT id, customer_id, lead_id, phone_number, ehr_pms_patient_id FROM interactions WHERE customer_id IN (1001);

-- Another session.

SELECT COUNT(*) FROM interactions__provider_names WHERE interaction_id IN (5121);

-- Another session.

SELECT COUNT(*) FROM interactions__session_extras WHERE interaction_id IN (5121);

-- Another session.

SELECT COUNT(*) FROM interactions__rejected_values WHERE interaction_id IN (5121);

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('_LIINE_INVENTORY') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT customer_id, table_name, row_count, newest_load, sum_of_loads, values_by_column, is_lost FROM _liine_inventory WHERE customer_id IN (1001);

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('ERASED_IDENTIFIERS','ERASURES','_DLT_VERSION') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('ERASED_IDENTIFIERS','ERASURES') ORDER BY table_name, ordinal_position;

CREATE TABLE IF NOT EXISTS "LIINE"."ERASED_IDENTIFIERS" (
"ERASURE_ID" VARCHAR  NOT NULL COMMENT 'Id of the erasure, as in `erasures`.',
"KIND" VARCHAR  NOT NULL COMMENT 'The field that the identifier belongs to.',
"DIGEST" VARCHAR  NOT NULL COMMENT 'Id of the key, and HMAC-SHA-256 of customer and normalized value.',
"PHONE_COUNTRY" VARCHAR   COMMENT 'The setting `phone_country` of the erasure, for a phone number.',
"_DLT_LOAD_ID" VARCHAR  NOT NULL COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.',
"_DLT_ID" VARCHAR  NOT NULL COMMENT 'Random id of the row, given by dlt.') COMMENT = 'One row per identifier of an erased person, hashed, by which later loads leave out the rows.';

CREATE TABLE IF NOT EXISTS "LIINE"."ERASURES" (
"ERASURE_ID" VARCHAR  NOT NULL COMMENT 'Random id of the erasure.',
"ERASED_AT" TIMESTAMP_LTZ(6)  NOT NULL COMMENT 'When it was requested (UTC); from then on the person is not loaded again.',
"COMPLETED_AT" TIMESTAMP_LTZ(6)   COMMENT 'When the rows were deleted (UTC); null if it was cut short, until the same erasure is repeated.',
"CUSTOMERS" NUMBER(19,0)  NOT NULL COMMENT 'Number of customers searched.',
"IDENTIFIERS" NUMBER(19,0)  NOT NULL COMMENT 'Number of identifiers given.',
"INTERACTIONS" NUMBER(19,0)  NOT NULL COMMENT 'Rows deleted from `interactions`.',
"CHILD_ROWS" NUMBER(19,0)  NOT NULL COMMENT 'Rows deleted from its child tables.',
"_DLT_LOAD_ID" VARCHAR  NOT NULL COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.',
"_DLT_ID" VARCHAR  NOT NULL COMMENT 'Random id of the row, given by dlt.') COMMENT = 'One row per erasure of a person; the deleted rows are not loaded again.';

select table_name, null, comment from information_schema.tables
where table_catalog = current_database() and table_schema = 'LIINE' and table_type = 'BASE TABLE'
union all
select table_name, column_name, comment from information_schema.columns
where table_catalog = current_database() and table_schema = 'LIINE';

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS"."AGENT"), COUNT("INTERACTIONS"."AGENT_ID"), COUNT("INTERACTIONS"."AGENT_LOCATION_NAME"), COUNT("INTERACTIONS"."ANALYZE_COMPLETE"), COUNT("INTERACTIONS"."APPOINTMENT_LOCATION"), COUNT("INTERACTIONS"."APPOINTMENT_STATUS"), COUNT("INTERACTIONS"."ATTRIBUTION_SESSION_GUID"), COUNT("INTERACTIONS"."BOOKED_LATER_INTERACTION_ID"), COUNT("INTERACTIONS"."CALL_COMPLETE"), COUNT("INTERACTIONS"."CALL_ID"), COUNT("INTERACTIONS"."CALL_STATUS"), COUNT("INTERACTIONS"."CALL_TYPE"), COUNT("INTERACTIONS"."CITY"), COUNT("INTERACTIONS"."CUSTOMER_ID"), COUNT("INTERACTIONS"."DIRECTION"), COUNT("INTERACTIONS"."DURATION"), COUNT("INTERACTIONS"."EHR_PMS_PATIENT_ID"), COUNT("INTERACTIONS"."EMAIL"), COUNT("INTERACTIONS"."FIRST_TIME_INTERACTION"), COUNT("INTERACTIONS"."FORM_SUBMISSION_ID"), COUNT("INTERACTIONS"."GOOGLE_ANALYTICS_CLIENT_ID"), COUNT("INTERACTIONS"."HAS_AUDIO"), COUNT("INTERACTIONS"."HELPER_CELL"), COUNT("INTERACTIONS"."ID"), COUNT("INTERACTIONS"."INITIAL_DIVISION"), COUNT("INTERACTIONS"."INITIAL_KEYWORD"), COUNT("INTERACTIONS"."INITIAL_LANDING_URL"), COUNT("INTERACTIONS"."INITIAL_LOCATION"), COUNT("INTERACTIONS"."INITIAL_MARKETING_CHANNEL"), COUNT("INTERACTIONS"."INITIAL_REFERRER_URL"), COUNT("INTERACTIONS"."INITIAL_UTM_CAMPAIGN"), COUNT("INTERACTIONS"."INITIAL_UTM_CONTENT"), COUNT("INTERACTIONS"."INITIAL_UTM_MEDIUM"), COUNT("INTERACTIONS"."INITIAL_UTM_SOURCE"), COUNT("INTERACTIONS"."INTENT_LEVEL"), COUNT("INTERACTIONS"."INTERACTION_TYPE"), COUNT("INTERACTIONS"."IS_ANALYZED"), COUNT("INTERACTIONS"."IS_BOOKED_LATER"), COUNT("INTERACTIONS"."IS_EXISTING_PATIENT"), COUNT("INTERACTIONS"."IS_NEW"), COUNT("INTERACTIONS"."IS_SPAM_LIKELY"), COUNT("INTERACTIONS"."LAST_TOUCH_DIVISION"), COUNT("INTERACTIONS"."LAST_TOUCH_KEYWORD"), COUNT("INTERACTIONS"."LAST_TOUCH_LANDING_URL"), COUNT("INTERACTIONS"."LAST_TOUCH_LOCATION"), COUNT("INTERACTIONS"."LAST_TOUCH_MARKETING_CHANNEL"), COUNT("INTERACTIONS"."LAST_TOUCH_REFERRER_URL"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_CAMPAIGN"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_CONTENT"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_MEDIUM"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_SOURCE"), COUNT("INTERACTIONS"."LEAD_ID"), COUNT("INTERACTIONS"."MANUALLY_CREATED"), COUNT("INTERACTIONS"."MESSAGING_SKILL_1"), COUNT("INTERACTIONS"."MESSAGING_SKILL_2"), COUNT("INTERACTIONS"."MESSAGING_SKILL_3"), COUNT("INTERACTIONS"."MESSAGING_SKILL_4"), COUNT("INTERACTIONS"."MESSAGING_SKILL_5"), COUNT("INTERACTIONS"."MESSAGING_SKILL_6"), COUNT("INTERACTIONS"."MESSAGING_SKILL_7"), COUNT("INTERACTIONS"."MESSAGING_UTILIZATION"), COUNT("INTERACTIONS"."NAME"), COUNT("INTERACTIONS"."OUTCOME"), COUNT("INTERACTIONS"."PHONE_NUMBER"), COUNT("INTERACTIONS"."PRIMARY_INSURANCE_NAME"), COUNT("INTERACTIONS"."REASON_NOT_BOOKED"), COUNT("INTERACTIONS"."RELATED_FORM_SUBMISSION_ID"), COUNT("INTERACTIONS"."REVENUE"), COUNT("INTERACTIONS"."REVIEW_COMPLETE"), COUNT("INTERACTIONS"."SALIENT_INTERACTION"), COUNT("INTERACTIONS"."SARA_LEAD_ID_REASON"), COUNT("INTERACTIONS"."SESSION_GUID"), COUNT("INTERACTIONS"."SHOW_MESSAGING"), COUNT("INTERACTIONS"."SPAM_LIKELY_REASON"), COUNT("INTERACTIONS"."START_TIME"), COUNT("INTERACTIONS"."START_TIME_TZ"), COUNT("INTERACTIONS"."STATE"), COUNT("INTERACTIONS"."STATUS"), COUNT("INTERACTIONS"."TRACKING_NUMBER"), COUNT("INTERACTIONS"."UPDATED_AT"), COUNT("INTERACTIONS"."VOICEMAIL") FROM interactions WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

-- Another session.

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS__PROVIDER_NAMES"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS__PROVIDER_NAMES"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS__PROVIDER_NAMES"."INTERACTION_ID"), COUNT("INTERACTIONS__PROVIDER_NAMES"."POSITION"), COUNT("INTERACTIONS__PROVIDER_NAMES"."PROVIDER_NAME") FROM interactions__provider_names JOIN interactions ON "INTERACTIONS__PROVIDER_NAMES"."INTERACTION_ID" = "INTERACTIONS"."ID" WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

-- Another session.

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS__REJECTED_VALUES"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS__REJECTED_VALUES"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS__REJECTED_VALUES"."FIELD"), COUNT("INTERACTIONS__REJECTED_VALUES"."INTERACTION_ID"), COUNT("INTERACTIONS__REJECTED_VALUES"."RAW_VALUE"), COUNT("INTERACTIONS__REJECTED_VALUES"."REASON") FROM interactions__rejected_values JOIN interactions ON "INTERACTIONS__REJECTED_VALUES"."INTERACTION_ID" = "INTERACTIONS"."ID" WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

-- Another session.

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS__SESSION_EXTRAS"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS__SESSION_EXTRAS"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS__SESSION_EXTRAS"."INTERACTION_ID"), COUNT("INTERACTIONS__SESSION_EXTRAS"."KEY"), COUNT("INTERACTIONS__SESSION_EXTRAS"."TOUCH"), COUNT("INTERACTIONS__SESSION_EXTRAS"."VALUE"), COUNT("INTERACTIONS__SESSION_EXTRAS"."VALUE_TYPE") FROM interactions__session_extras JOIN interactions ON "INTERACTIONS__SESSION_EXTRAS"."INTERACTION_ID" = "INTERACTIONS"."ID" WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE';

SELECT  "VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA" FROM "LIINE"."_DLT_VERSION" WHERE "VERSION_HASH" = '…' LIMIT 1;

ALTER SESSION SET autocommit=False;

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('ERASED_IDENTIFIERS','ERASURES','_DLT_LOADS','_DLT_PIPELINE_STATE','_DLT_VERSION') ORDER BY table_name, ordinal_position;

INSERT INTO "LIINE"."_DLT_VERSION"("VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA") VALUES (2, 11, '…', 'liine', '…', '{…}');

select table_name, null, comment from information_schema.tables
where table_catalog = current_database() and table_schema = 'LIINE' and table_type = 'BASE TABLE'
union all
select table_name, column_name, comment from information_schema.columns
where table_catalog = current_database() and table_schema = 'LIINE';

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

ALTER SESSION SET autocommit=False;

DELETE FROM _dlt_pipeline_state WHERE pipeline_name = 'liine_sync_erase_1001_…' AND _dlt_load_id < (SELECT MAX(_dlt_load_id) FROM _dlt_pipeline_state WHERE pipeline_name = 'liine_sync_erase_1001_…' AND _dlt_load_id IN (SELECT load_id FROM _dlt_loads WHERE status = 0));

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('ERASURES') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT erasure_id, erased_at, completed_at IS NOT NULL FROM erasures;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('ERASED_IDENTIFIERS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT erasure_id, kind, digest, phone_country FROM erased_identifiers ORDER BY 1, 2, 3;

-- Another session.

ALTER SESSION SET autocommit=False;

DELETE FROM interactions__provider_names WHERE interaction_id IN (5121);

DELETE FROM interactions__session_extras WHERE interaction_id IN (5121);

DELETE FROM interactions__rejected_values WHERE interaction_id IN (5121);

DELETE FROM interactions WHERE id IN (5121);

UPDATE erasures SET completed_at = '…', interactions = interactions + 1, child_rows = child_rows + 0 WHERE erasure_id = '…';

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

select schema_name from information_schema.schemata;

select table_schema, table_name from information_schema.tables;

-- Another session.

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

SELECT table_name FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = 'LIINE_STG_…';

DROP SCHEMA "LIINE_STG_…" CASCADE;
