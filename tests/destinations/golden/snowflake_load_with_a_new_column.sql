select c.table_name, coalesce(t.table_type = 'VIEW', true), false, c.column_name, c.data_type, c.is_nullable = 'YES',
c.column_default is not null, c.character_maximum_length, c.numeric_precision, c.numeric_scale
from information_schema.columns as c
left join information_schema.tables as t
on t.table_catalog = c.table_catalog and t.table_schema = c.table_schema and t.table_name = c.table_name
where c.table_catalog = current_database() and c.table_schema = 'LIINE';

SELECT "VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA" FROM "LIINE"."_DLT_VERSION" WHERE "SCHEMA_NAME" = 'liine' ORDER BY "INSERTED_AT" DESC;

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('SWEEPS') ORDER BY table_name, ordinal_position;

SELECT 1 FROM _dlt_version WHERE CHARINDEX('"erased_identifiers"', schema) > 0 LIMIT 1;

SELECT 1 FROM sweeps WHERE suppressed > 0 LIMIT 1;

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

-- Another session.

CREATE TRANSIENT SCHEMA "LIINE_STG_…";

-- Another session.

SELECT  "VERSION", "ENGINE_VERSION", "PIPELINE_NAME", "STATE", "CREATED_AT", "_DLT_LOAD_ID" FROM "LIINE"."_DLT_PIPELINE_STATE" AS s JOIN "LIINE"."_DLT_LOADS" AS l ON l."LOAD_ID" = s."_DLT_LOAD_ID" WHERE "PIPELINE_NAME" = 'liine_sync_sync_1001_…' AND l."STATUS" = 0 ORDER BY "LOAD_ID" DESC LIMIT 1;

-- Another session.

SELECT "VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA" FROM "LIINE"."_DLT_VERSION" WHERE "SCHEMA_NAME" = 'liine' ORDER BY "INSERTED_AT" DESC;

-- Another session.

select schema_name from information_schema.schemata;

select table_schema, table_name from information_schema.tables;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('_LIINE_INVENTORY') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT customer_id, table_name, row_count, newest_load, sum_of_loads, values_by_column, is_lost FROM _liine_inventory WHERE customer_id IN (1001);

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('_DLT_PIPELINE_STATE') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT state FROM (SELECT state, _dlt_load_id, ROW_NUMBER() OVER (PARTITION BY pipeline_name ORDER BY _dlt_load_id DESC) AS place FROM _dlt_pipeline_state WHERE _dlt_load_id IN (SELECT load_id FROM _dlt_loads WHERE status = 0) AND (NOT LEFT(pipeline_name, 20) = 'liine_sync_backfill_' OR _dlt_load_id = (SELECT MAX(_dlt_load_id) FROM _dlt_pipeline_state WHERE _dlt_load_id IN (SELECT load_id FROM _dlt_loads WHERE status = 0) AND NOT LEFT(pipeline_name, 17) = 'liine_sync_erase_'))) AS numbered WHERE place = 1 ORDER BY _dlt_load_id;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS') ORDER BY table_name, ordinal_position;

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

SELECT id, CAST(CONVERT_TIMEZONE('UTC', updated_at) AS TIMESTAMP) FROM interactions WHERE id IN (5121, 5122, 5117, 5119, 5120, 5116, 5115, 5118, 5114, 5108, 5101, 5113, 5112, 5111, 5107, 5110, 5100, 5099, 5106, 5109, 5104, 5105, 5102, 5098, 5103, 5093, 5086, 5095, 5097, 5096, 5094, 5085, 5091, 5090, 5092, 5088, 5089, 5084, 5087, 5082, 5081, 5080, 5083, 5078, 5077, 5076, 5079, 5075, 5073, 5072, 5074, 5070, 5071, 5069, 5067, 5064, 5063, 5068, 5062, 5066, 5065, 5061, 5060, 5057, 5054, 5058, 5059, 5053, 5055, 5052, 5056, 5049, 5050, 5051, 5046, 5048, 5047, 5044, 5038, 5045, 5042, 5030, 5029, 5043, 5041, 5039, 5040, 5036, 5035, 5037, 5032, 5034, 5024, 5027, 5031, 5033, 5025, 5026, 5020, 5023, 5028, 5022, 5021, 5019, 5018, 5016, 5017, 5015, 5014, 5013, 5012, 5011, 5010, 5009, 5008, 5006, 5007, 5005, 5004, 5003, 5001, 5002, 5000, 4976, 4974, 4682);

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS','SWEEPS','_DLT_VERSION') ORDER BY table_name, ordinal_position;

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS') ORDER BY table_name, ordinal_position;

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS"."AGENT"), COUNT("INTERACTIONS"."AGENT_ID"), COUNT("INTERACTIONS"."AGENT_LOCATION_NAME"), COUNT("INTERACTIONS"."ANALYZE_COMPLETE"), COUNT("INTERACTIONS"."APPOINTMENT_LOCATION"), COUNT("INTERACTIONS"."APPOINTMENT_STATUS"), COUNT("INTERACTIONS"."ATTRIBUTION_SESSION_GUID"), COUNT("INTERACTIONS"."BOOKED_LATER_INTERACTION_ID"), COUNT("INTERACTIONS"."CALL_COMPLETE"), COUNT("INTERACTIONS"."CALL_ID"), COUNT("INTERACTIONS"."CALL_STATUS"), COUNT("INTERACTIONS"."CALL_TYPE"), COUNT("INTERACTIONS"."CITY"), COUNT("INTERACTIONS"."CUSTOMER_ID"), COUNT("INTERACTIONS"."DIRECTION"), COUNT("INTERACTIONS"."DURATION"), COUNT("INTERACTIONS"."EHR_PMS_PATIENT_ID"), COUNT("INTERACTIONS"."EMAIL"), COUNT("INTERACTIONS"."FIRST_TIME_INTERACTION"), COUNT("INTERACTIONS"."FORM_SUBMISSION_ID"), COUNT("INTERACTIONS"."GOOGLE_ANALYTICS_CLIENT_ID"), COUNT("INTERACTIONS"."HAS_AUDIO"), COUNT("INTERACTIONS"."HELPER_CELL"), COUNT("INTERACTIONS"."ID"), COUNT("INTERACTIONS"."INITIAL_DIVISION"), COUNT("INTERACTIONS"."INITIAL_KEYWORD"), COUNT("INTERACTIONS"."INITIAL_LANDING_URL"), COUNT("INTERACTIONS"."INITIAL_LOCATION"), COUNT("INTERACTIONS"."INITIAL_MARKETING_CHANNEL"), COUNT("INTERACTIONS"."INITIAL_REFERRER_URL"), COUNT("INTERACTIONS"."INITIAL_UTM_CAMPAIGN"), COUNT("INTERACTIONS"."INITIAL_UTM_CONTENT"), COUNT("INTERACTIONS"."INITIAL_UTM_MEDIUM"), COUNT("INTERACTIONS"."INITIAL_UTM_SOURCE"), COUNT("INTERACTIONS"."INTENT_LEVEL"), COUNT("INTERACTIONS"."INTERACTION_TYPE"), COUNT("INTERACTIONS"."IS_ANALYZED"), COUNT("INTERACTIONS"."IS_BOOKED_LATER"), COUNT("INTERACTIONS"."IS_EXISTING_PATIENT"), COUNT("INTERACTIONS"."IS_NEW"), COUNT("INTERACTIONS"."IS_SPAM_LIKELY"), COUNT("INTERACTIONS"."LAST_TOUCH_DIVISION"), COUNT("INTERACTIONS"."LAST_TOUCH_KEYWORD"), COUNT("INTERACTIONS"."LAST_TOUCH_LANDING_URL"), COUNT("INTERACTIONS"."LAST_TOUCH_LOCATION"), COUNT("INTERACTIONS"."LAST_TOUCH_MARKETING_CHANNEL"), COUNT("INTERACTIONS"."LAST_TOUCH_REFERRER_URL"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_CAMPAIGN"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_CONTENT"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_MEDIUM"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_SOURCE"), COUNT("INTERACTIONS"."LEAD_ID"), COUNT("INTERACTIONS"."MANUALLY_CREATED"), COUNT("INTERACTIONS"."MESSAGING_SKILL_1"), COUNT("INTERACTIONS"."MESSAGING_SKILL_2"), COUNT("INTERACTIONS"."MESSAGING_SKILL_3"), COUNT("INTERACTIONS"."MESSAGING_SKILL_4"), COUNT("INTERACTIONS"."MESSAGING_SKILL_5"), COUNT("INTERACTIONS"."MESSAGING_SKILL_6"), COUNT("INTERACTIONS"."MESSAGING_SKILL_7"), COUNT("INTERACTIONS"."MESSAGING_UTILIZATION"), COUNT("INTERACTIONS"."NAME"), COUNT("INTERACTIONS"."OUTCOME"), COUNT("INTERACTIONS"."PHONE_NUMBER"), COUNT("INTERACTIONS"."PRIMARY_INSURANCE_NAME"), COUNT("INTERACTIONS"."REASON_NOT_BOOKED"), COUNT("INTERACTIONS"."RELATED_FORM_SUBMISSION_ID"), COUNT("INTERACTIONS"."REVENUE"), COUNT("INTERACTIONS"."REVIEW_COMPLETE"), COUNT("INTERACTIONS"."SALIENT_INTERACTION"), COUNT("INTERACTIONS"."SARA_LEAD_ID_REASON"), COUNT("INTERACTIONS"."SESSION_GUID"), COUNT("INTERACTIONS"."SHOW_MESSAGING"), COUNT("INTERACTIONS"."SPAM_LIKELY_REASON"), COUNT("INTERACTIONS"."START_TIME"), COUNT("INTERACTIONS"."START_TIME_TZ"), COUNT("INTERACTIONS"."STATE"), COUNT("INTERACTIONS"."STATUS"), COUNT("INTERACTIONS"."TRACKING_NUMBER"), COUNT("INTERACTIONS"."UPDATED_AT"), COUNT("INTERACTIONS"."VOICEMAIL") FROM interactions WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS__PROVIDER_NAMES"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS__PROVIDER_NAMES"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS__PROVIDER_NAMES"."INTERACTION_ID"), COUNT("INTERACTIONS__PROVIDER_NAMES"."POSITION"), COUNT("INTERACTIONS__PROVIDER_NAMES"."PROVIDER_NAME") FROM interactions__provider_names JOIN interactions ON "INTERACTIONS__PROVIDER_NAMES"."INTERACTION_ID" = "INTERACTIONS"."ID" WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS__REJECTED_VALUES"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS__REJECTED_VALUES"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS__REJECTED_VALUES"."FIELD"), COUNT("INTERACTIONS__REJECTED_VALUES"."INTERACTION_ID"), COUNT("INTERACTIONS__REJECTED_VALUES"."RAW_VALUE"), COUNT("INTERACTIONS__REJECTED_VALUES"."REASON") FROM interactions__rejected_values JOIN interactions ON "INTERACTIONS__REJECTED_VALUES"."INTERACTION_ID" = "INTERACTIONS"."ID" WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS__SESSION_EXTRAS"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS__SESSION_EXTRAS"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS__SESSION_EXTRAS"."INTERACTION_ID"), COUNT("INTERACTIONS__SESSION_EXTRAS"."KEY"), COUNT("INTERACTIONS__SESSION_EXTRAS"."TOUCH"), COUNT("INTERACTIONS__SESSION_EXTRAS"."VALUE"), COUNT("INTERACTIONS__SESSION_EXTRAS"."VALUE_TYPE") FROM interactions__session_extras JOIN interactions ON "INTERACTIONS__SESSION_EXTRAS"."INTERACTION_ID" = "INTERACTIONS"."ID" WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

SELECT customer_id, table_name, row_count, newest_load, sum_of_loads, values_by_column, is_lost FROM _liine_inventory WHERE customer_id IN (1001);

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS') ORDER BY table_name, ordinal_position;

SELECT id, CAST(CONVERT_TIMEZONE('UTC', updated_at) AS TIMESTAMP) FROM interactions WHERE id IN (5121, 5122, 5117, 5119, 5120, 5116, 5115, 5118, 5114, 5108, 5101, 5113, 5112, 5111, 5107, 5110, 5100, 5099, 5106, 5109, 5104, 5105, 5102, 5098, 5103, 5093, 5086, 5095, 5097, 5096, 5094, 5085, 5091, 5090, 5092, 5088, 5089, 5084, 5087, 5082, 5081, 5080, 5083, 5078, 5077, 5076, 5079, 5075, 5073, 5072, 5074, 5070, 5071, 5069, 5067, 5064, 5063, 5068, 5062, 5066, 5065, 5061, 5060, 5057, 5054, 5058, 5059, 5053, 5055, 5052, 5056, 5049, 5050, 5051, 5046, 5048, 5047, 5044, 5038, 5045, 5042, 5030, 5029, 5043, 5041, 5039, 5040, 5036, 5035, 5037, 5032, 5034, 5024, 5027, 5031, 5033, 5025, 5026, 5020, 5023, 5028, 5022, 5021, 5019, 5018, 5016, 5017, 5015, 5014, 5013, 5012, 5011, 5010, 5009, 5008, 5006, 5007, 5005, 5004, 5003, 5001, 5002, 5000, 4976, 4974, 4682);

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS') ORDER BY table_name, ordinal_position;

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
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS','SWEEPS','_DLT_LOADS','_DLT_PIPELINE_STATE','_DLT_VERSION') ORDER BY table_name, ordinal_position;

ALTER TABLE "LIINE"."INTERACTIONS"
ADD COLUMN IF NOT EXISTS "BRAND_NEW" VARCHAR   COMMENT 'A field that the reference of the API does not have.';

ALTER TABLE "LIINE"."INTERACTIONS"
DROP CLUSTERING KEY;

INSERT INTO "LIINE"."_DLT_VERSION"("VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA") VALUES (3, 11, '…', 'liine', '…', '{…}');

select table_name, null, comment from information_schema.tables
where table_catalog = current_database() and table_schema = 'LIINE' and table_type = 'BASE TABLE'
union all
select table_name, column_name, comment from information_schema.columns
where table_catalog = current_database() and table_schema = 'LIINE';

COMMIT;

ALTER SESSION SET autocommit=True;

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

SELECT  "VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA" FROM "LIINE_STG_…"."_DLT_VERSION" WHERE "VERSION_HASH" = '…' LIMIT 1;

ROLLBACK;

ALTER SESSION SET autocommit=True;

ALTER SESSION SET autocommit=False;

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE_STG_…' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS','_DLT_VERSION') ORDER BY table_name, ordinal_position;

CREATE TABLE IF NOT EXISTS "LIINE_STG_…"."INTERACTIONS" (
"ID" NUMBER(19,0)  NOT NULL COMMENT 'Liine''s internal id of the interaction; the primary key.',
"CUSTOMER_ID" NUMBER(19,0)   COMMENT 'Liine''s internal id of the customer that the row belongs to.',
"START_TIME" TIMESTAMP_NTZ(6)   COMMENT 'Start in the local time zone of the call''s or form''s settings. The API writes it with a Z, but it is not UTC.',
"START_TIME_TZ" TIMESTAMP_LTZ(6)   COMMENT 'Start in UTC, to the second.',
"UPDATED_AT" TIMESTAMP_LTZ(6)   COMMENT 'Time of the last update in UTC, to the microsecond.',
"ANALYZE_COMPLETE" BOOLEAN   COMMENT 'Whether the analysis of the call is complete; null while the call is in progress.',
"DURATION" NUMBER(19,0)   COMMENT 'Duration of a call in seconds; set for calls only.',
"MESSAGING_UTILIZATION" FLOAT   COMMENT 'Messaging used in a call, in percent (0 to 100). Null for accounts without messaging, and for forms, online bookings and manual updates.',
"LEAD_ID" VARCHAR   COMMENT 'Id of the lead. Each new lead has its own; interactions of an existing patient share the id of earlier ones. It may be reassigned later.',
"CALL_ID" VARCHAR   COMMENT 'Unique text id of the interaction, present for every type and not only for calls.',
"INTERACTION_TYPE" VARCHAR   COMMENT 'Type of the interaction; a manual update is a call.',
"DIRECTION" VARCHAR   COMMENT '`inbound` if the lead initiated it, `outbound` if an agent did, or null. Manual updates are outbound; forms, EHR/PMS entries and online bookings are inbound.',
"PHONE_NUMBER" VARCHAR   COMMENT 'The lead''s phone number with country code; `Unknown` if the number is invalid.',
"STATUS" VARCHAR   COMMENT 'Connection status of a call.',
"SESSION_GUID" VARCHAR   COMMENT 'Id of the lead''s web session on a page with Liine''s SDK, used for attribution.',
"ATTRIBUTION_SESSION_GUID" VARCHAR   COMMENT 'Legacy session id, used for attribution.',
"INITIAL_MARKETING_CHANNEL" VARCHAR   COMMENT 'Marketing channel from the lead''s first interaction.',
"INITIAL_LOCATION" VARCHAR   COMMENT 'Location from the lead''s first interaction.',
"INITIAL_DIVISION" VARCHAR   COMMENT 'Treatment type (null if divisions are disabled in the account) from the lead''s first interaction.',
"INITIAL_KEYWORD" VARCHAR   COMMENT 'Search keyword from the lead''s first interaction.',
"INITIAL_LANDING_URL" VARCHAR   COMMENT 'Landing page URL from the lead''s first interaction.',
"INITIAL_REFERRER_URL" VARCHAR   COMMENT 'Referrer URL from the lead''s first interaction.',
"INITIAL_UTM_SOURCE" VARCHAR   COMMENT '`utm_source` from the lead''s first interaction.',
"INITIAL_UTM_MEDIUM" VARCHAR   COMMENT '`utm_medium` from the lead''s first interaction.',
"INITIAL_UTM_CAMPAIGN" VARCHAR   COMMENT '`utm_campaign` from the lead''s first interaction.',
"INITIAL_UTM_CONTENT" VARCHAR   COMMENT '`utm_content` from the lead''s first interaction.',
"LAST_TOUCH_MARKETING_CHANNEL" VARCHAR   COMMENT 'Marketing channel from the lead''s newest interaction.',
"LAST_TOUCH_LOCATION" VARCHAR   COMMENT 'Location from the lead''s newest interaction.',
"LAST_TOUCH_DIVISION" VARCHAR   COMMENT 'Treatment type (null if divisions are disabled in the account) from the lead''s newest interaction.',
"LAST_TOUCH_KEYWORD" VARCHAR   COMMENT 'Search keyword from the lead''s newest interaction.',
"LAST_TOUCH_LANDING_URL" VARCHAR   COMMENT 'Landing page URL from the lead''s newest interaction.',
"LAST_TOUCH_REFERRER_URL" VARCHAR   COMMENT 'Referrer URL from the lead''s newest interaction.',
"LAST_TOUCH_UTM_SOURCE" VARCHAR   COMMENT '`utm_source` from the lead''s newest interaction.',
"LAST_TOUCH_UTM_MEDIUM" VARCHAR   COMMENT '`utm_medium` from the lead''s newest interaction.',
"LAST_TOUCH_UTM_CAMPAIGN" VARCHAR   COMMENT '`utm_campaign` from the lead''s newest interaction.',
"LAST_TOUCH_UTM_CONTENT" VARCHAR   COMMENT '`utm_content` from the lead''s newest interaction.',
"CALL_TYPE" VARCHAR   COMMENT 'Category of the interaction: new lead, follow-up, existing patient and so on.',
"CALL_COMPLETE" BOOLEAN   COMMENT 'Whether the call has ended.',
"CALL_STATUS" VARCHAR   COMMENT 'Status of the call, including its analysis.',
"AGENT" VARCHAR   COMMENT 'Name of the agent who contacted the lead; null if Staff Performance is disabled in the account.',
"AGENT_ID" NUMBER(19,0)   COMMENT 'Liine''s internal id of the agent who reached the lead; null if no agent did or Staff Performance is disabled.',
"AGENT_LOCATION_NAME" VARCHAR   COMMENT 'The agent''s name with the last-touch location; null if no agent reached the lead or Staff Performance is disabled.',
"OUTCOME" VARCHAR   COMMENT 'Outcome of the interaction.',
"BOOKED_LATER_INTERACTION_ID" NUMBER(19,0)   COMMENT '`id` of a later interaction that led to a booking, if any.',
"REASON_NOT_BOOKED" VARCHAR   COMMENT 'Why the interaction did not lead to a booking, in the customer''s own categories; null if Reasons Not Booked is disabled in the account.',
"IS_BOOKED_LATER" BOOLEAN   COMMENT 'Whether a later interaction led to a booking.',
"INTENT_LEVEL" VARCHAR   COMMENT 'Whether the call was made for somebody else; `UNDECIDED` may mean that the lead was not ready to book.',
"NAME" VARCHAR   COMMENT 'Name of the lead in a form or online booking, or the caller ID of a call. An EHR/PMS entry has the name from the interaction that was matched to the patient.',
"CITY" VARCHAR   COMMENT 'The lead''s city, if known.',
"STATE" VARCHAR   COMMENT 'The lead''s state, if known.',
"EMAIL" VARCHAR   COMMENT 'The lead''s email address, if known.',
"HAS_AUDIO" BOOLEAN   COMMENT 'Whether the call has a recording.',
"VOICEMAIL" BOOLEAN   COMMENT 'Whether the interaction is a voicemail.',
"FIRST_TIME_INTERACTION" BOOLEAN   COMMENT 'Whether it is the first interaction of the lead''s journey.',
"IS_ANALYZED" BOOLEAN   COMMENT 'Whether the call has been analyzed.',
"IS_NEW" BOOLEAN   COMMENT 'True for a new lead, false for an existing patient.',
"IS_EXISTING_PATIENT" BOOLEAN   COMMENT 'Whether it is an interaction of an existing patient.',
"SHOW_MESSAGING" BOOLEAN   COMMENT 'Whether a scored call of a new lead has messaging utilization data; only for accounts with messaging.',
"REVIEW_COMPLETE" BOOLEAN   COMMENT 'Whether the review of the call is complete.',
"MESSAGING_SKILL_1" BOOLEAN   COMMENT 'Whether the call is scored with skill 1; only for accounts with messaging.',
"MESSAGING_SKILL_2" BOOLEAN   COMMENT 'Whether the call is scored with skill 2; only for accounts with messaging.',
"MESSAGING_SKILL_3" BOOLEAN   COMMENT 'Whether the call is scored with skill 3; only for accounts with messaging.',
"MESSAGING_SKILL_4" BOOLEAN   COMMENT 'Whether the call is scored with skill 4; only for accounts with messaging.',
"MESSAGING_SKILL_5" BOOLEAN   COMMENT 'Whether the call is scored with skill 5; only for accounts with messaging.',
"MESSAGING_SKILL_6" BOOLEAN   COMMENT 'Whether the call is scored with skill 6; only for accounts with messaging.',
"MESSAGING_SKILL_7" BOOLEAN   COMMENT 'Whether the call is scored with skill 7; only for accounts with messaging.',
"TRACKING_NUMBER" VARCHAR   COMMENT 'Liine''s phone number through which the interaction took place.',
"MANUALLY_CREATED" BOOLEAN   COMMENT 'Whether the lead was created manually.',
"HELPER_CELL" BOOLEAN   COMMENT 'Whether it is the operative interaction of the lead''s journey: the key booked one.',
"GOOGLE_ANALYTICS_CLIENT_ID" VARCHAR   COMMENT 'Legacy Google Analytics client id, if known.',
"RELATED_FORM_SUBMISSION_ID" NUMBER(19,0)   COMMENT 'Liine''s internal id of a form related to the interaction, if any.',
"FORM_SUBMISSION_ID" NUMBER(19,0)   COMMENT 'Liine''s internal id of the form submission, if any.',
"IS_SPAM_LIKELY" BOOLEAN   COMMENT 'Whether the call is probably spam, such as a robocall.',
"SPAM_LIKELY_REASON" VARCHAR   COMMENT 'Why the call is considered spam; the reference gives only examples.',
"SALIENT_INTERACTION" VARCHAR   COMMENT 'For a form, the `call_id` of the most important (operative) interaction related to it.',
"SARA_LEAD_ID_REASON" VARCHAR   COMMENT 'Why Liine says that `lead_id` should be updated after a match with an EHR/PMS patient.',
"EHR_PMS_PATIENT_ID" VARCHAR   COMMENT 'The patient''s id in the EHR/PMS.',
"PRIMARY_INSURANCE_NAME" VARCHAR   COMMENT 'Name of the patient''s primary insurance carrier.',
"APPOINTMENT_LOCATION" VARCHAR   COMMENT 'Practice location of the appointment.',
"APPOINTMENT_STATUS" VARCHAR   COMMENT 'Current status of the appointment.',
"REVENUE" NUMBER(38,9)   COMMENT 'Revenue of the appointment in US dollars: adjusted production (gross production plus adjustments minus insurance write-offs) if available, else gross production (charges before adjustments and write-offs).',
"MISSING_SINCE" TIMESTAMP_LTZ(6)   COMMENT 'When a verification first did not find the row in the API (UTC).',
"VANISHED_AT" TIMESTAMP_LTZ(6)   COMMENT 'When a second verification did not find it either (UTC).',
"VANISHED_REASON" VARCHAR   COMMENT '`reclassified`: found without the filters; `not returned`: not found at all.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.',
"BRAND_NEW" VARCHAR   COMMENT 'A field that the reference of the API does not have.') COMMENT = 'One row per interaction.';

CREATE TABLE IF NOT EXISTS "LIINE_STG_…"."INTERACTIONS__PROVIDER_NAMES" (
"INTERACTION_ID" NUMBER(19,0)  NOT NULL COMMENT 'The `id` of the interaction in `interactions`.',
"POSITION" NUMBER(19,0)  NOT NULL COMMENT 'Position in the list, from 0.',
"PROVIDER_NAME" VARCHAR   COMMENT 'Names of the providers of the appointment.',
"IS_CLEARED" BOOLEAN   COMMENT 'Makes the merge delete the interaction''s earlier rows; never true in a loaded table.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.') COMMENT = 'One row per interaction and provider of its appointment.';

CREATE TABLE IF NOT EXISTS "LIINE_STG_…"."INTERACTIONS__REJECTED_VALUES" (
"INTERACTION_ID" NUMBER(19,0)  NOT NULL COMMENT 'The `id` of the interaction in `interactions`.',
"FIELD" VARCHAR  NOT NULL COMMENT 'The field whose value did not fit its column; `*` for all fields for which there was no column left.',
"RAW_VALUE" VARCHAR   COMMENT 'The value as JSON; null if personal data is hashed or dropped, or if it has more than 16 MB.',
"REASON" VARCHAR   COMMENT 'Why it did not fit.',
"IS_CLEARED" BOOLEAN   COMMENT 'Makes the merge delete the interaction''s earlier rows; never true in a loaded table.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.') COMMENT = 'One row per interaction and field whose value did not fit its column.';

CREATE TABLE IF NOT EXISTS "LIINE_STG_…"."INTERACTIONS__SESSION_EXTRAS" (
"INTERACTION_ID" NUMBER(19,0)  NOT NULL COMMENT 'The `id` of the interaction in `interactions`.',
"TOUCH" VARCHAR  NOT NULL COMMENT 'The object that holds the key: `initial` or `last_touch`.',
"KEY" VARCHAR  NOT NULL COMMENT 'The key within the object.',
"VALUE" VARCHAR   COMMENT 'The value: a string as it is, anything else as JSON.',
"VALUE_TYPE" VARCHAR   COMMENT 'JSON type of the value: string, number, boolean, null, object or array.',
"IS_CLEARED" BOOLEAN   COMMENT 'Makes the merge delete the interaction''s earlier rows; never true in a loaded table.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.') COMMENT = 'One row per interaction, touch and key of the touch''s free-form metadata.';

CREATE TABLE IF NOT EXISTS "LIINE_STG_…"."_DLT_VERSION" (
"VERSION" NUMBER(19,0)  NOT NULL COMMENT 'Numeric version of the schema, incremented on each schema change',
"ENGINE_VERSION" NUMBER(19,0)  NOT NULL COMMENT 'Version of the dlt schema engine that created this schema',
"INSERTED_AT" TIMESTAMP_LTZ  NOT NULL COMMENT 'Timestamp when this schema version was stored',
"SCHEMA_NAME" VARCHAR  NOT NULL COMMENT 'Name of the schema',
"VERSION_HASH" VARCHAR  NOT NULL COMMENT 'Unique hash of the schema content, used to detect changes',
"SCHEMA" VARCHAR  NOT NULL COMMENT 'JSON representation of the complete schema definition') COMMENT = 'Created by DLT. Tracks schema updates';

INSERT INTO "LIINE_STG_…"."_DLT_VERSION"("VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA") VALUES (4, 11, '…', 'liine', '…', '{…}');

COMMIT;

ALTER SESSION SET autocommit=True;

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

TRUNCATE TABLE "LIINE_STG_…"."INTERACTIONS";

TRUNCATE TABLE "LIINE_STG_…"."INTERACTIONS__PROVIDER_NAMES";

TRUNCATE TABLE "LIINE_STG_…"."INTERACTIONS__REJECTED_VALUES";

TRUNCATE TABLE "LIINE_STG_…"."INTERACTIONS__SESSION_EXTRAS";

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

PUT 'file:///…/interactions.….0.parquet' '@"LIINE_STG_…"."%INTERACTIONS"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

PUT 'file://interactions.….0.parquet' '@"LIINE_STG_…"."%INTERACTIONS"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

COPY INTO "LIINE_STG_…"."INTERACTIONS"
FROM '@"LIINE_STG_…"."%INTERACTIONS"/"…"/interactions.….0.parquet'
FILE_FORMAT = (TYPE = 'PARQUET', BINARY_AS_TEXT = FALSE, USE_LOGICAL_TYPE = TRUE)
MATCH_BY_COLUMN_NAME='CASE_INSENSITIVE';

REMOVE '@"LIINE_STG_…"."%INTERACTIONS"/"…"/interactions.….0.parquet';

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

PUT 'file:///…/interactions__provider_names.….0.parquet' '@"LIINE_STG_…"."%INTERACTIONS__PROVIDER_NAMES"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

PUT 'file://interactions__provider_names.….0.parquet' '@"LIINE_STG_…"."%INTERACTIONS__PROVIDER_NAMES"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

COPY INTO "LIINE_STG_…"."INTERACTIONS__PROVIDER_NAMES"
FROM '@"LIINE_STG_…"."%INTERACTIONS__PROVIDER_NAMES"/"…"/interactions__provider_names.….0.parquet'
FILE_FORMAT = (TYPE = 'PARQUET', BINARY_AS_TEXT = FALSE, USE_LOGICAL_TYPE = TRUE)
MATCH_BY_COLUMN_NAME='CASE_INSENSITIVE';

REMOVE '@"LIINE_STG_…"."%INTERACTIONS__PROVIDER_NAMES"/"…"/interactions__provider_names.….0.parquet';

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

PUT 'file:///…/interactions__rejected_values.….0.parquet' '@"LIINE_STG_…"."%INTERACTIONS__REJECTED_VALUES"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

PUT 'file://interactions__rejected_values.….0.parquet' '@"LIINE_STG_…"."%INTERACTIONS__REJECTED_VALUES"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

COPY INTO "LIINE_STG_…"."INTERACTIONS__REJECTED_VALUES"
FROM '@"LIINE_STG_…"."%INTERACTIONS__REJECTED_VALUES"/"…"/interactions__rejected_values.….0.parquet'
FILE_FORMAT = (TYPE = 'PARQUET', BINARY_AS_TEXT = FALSE, USE_LOGICAL_TYPE = TRUE)
MATCH_BY_COLUMN_NAME='CASE_INSENSITIVE';

REMOVE '@"LIINE_STG_…"."%INTERACTIONS__REJECTED_VALUES"/"…"/interactions__rejected_values.….0.parquet';

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

PUT 'file:///…/interactions__session_extras.….0.parquet' '@"LIINE_STG_…"."%INTERACTIONS__SESSION_EXTRAS"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

PUT 'file://interactions__session_extras.….0.parquet' '@"LIINE_STG_…"."%INTERACTIONS__SESSION_EXTRAS"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

COPY INTO "LIINE_STG_…"."INTERACTIONS__SESSION_EXTRAS"
FROM '@"LIINE_STG_…"."%INTERACTIONS__SESSION_EXTRAS"/"…"/interactions__session_extras.….0.parquet'
FILE_FORMAT = (TYPE = 'PARQUET', BINARY_AS_TEXT = FALSE, USE_LOGICAL_TYPE = TRUE)
MATCH_BY_COLUMN_NAME='CASE_INSENSITIVE';

REMOVE '@"LIINE_STG_…"."%INTERACTIONS__SESSION_EXTRAS"/"…"/interactions__session_extras.….0.parquet';

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

PUT 'file:///…/sweeps.….0.parquet' '@"LIINE"."%SWEEPS"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

PUT 'file://sweeps.….0.parquet' '@"LIINE"."%SWEEPS"/"…"' OVERWRITE = TRUE, AUTO_COMPRESS = FALSE;

COPY INTO "LIINE"."SWEEPS"
FROM '@"LIINE"."%SWEEPS"/"…"/sweeps.….0.parquet'
FILE_FORMAT = (TYPE = 'PARQUET', BINARY_AS_TEXT = FALSE, USE_LOGICAL_TYPE = TRUE)
MATCH_BY_COLUMN_NAME='CASE_INSENSITIVE';

REMOVE '@"LIINE"."%SWEEPS"/"…"/sweeps.….0.parquet';

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

DELETE FROM "LIINE"."INTERACTIONS" AS d WHERE EXISTS (SELECT 1 FROM "LIINE_STG_…"."INTERACTIONS" AS s WHERE d."ID" = s."ID");

INSERT INTO "LIINE"."INTERACTIONS"("ID", "CUSTOMER_ID", "START_TIME", "START_TIME_TZ", "UPDATED_AT", "ANALYZE_COMPLETE", "DURATION", "MESSAGING_UTILIZATION", "LEAD_ID", "CALL_ID", "INTERACTION_TYPE", "DIRECTION", "PHONE_NUMBER", "STATUS", "SESSION_GUID", "ATTRIBUTION_SESSION_GUID", "INITIAL_MARKETING_CHANNEL", "INITIAL_LOCATION", "INITIAL_DIVISION", "INITIAL_KEYWORD", "INITIAL_LANDING_URL", "INITIAL_REFERRER_URL", "INITIAL_UTM_SOURCE", "INITIAL_UTM_MEDIUM", "INITIAL_UTM_CAMPAIGN", "INITIAL_UTM_CONTENT", "LAST_TOUCH_MARKETING_CHANNEL", "LAST_TOUCH_LOCATION", "LAST_TOUCH_DIVISION", "LAST_TOUCH_KEYWORD", "LAST_TOUCH_LANDING_URL", "LAST_TOUCH_REFERRER_URL", "LAST_TOUCH_UTM_SOURCE", "LAST_TOUCH_UTM_MEDIUM", "LAST_TOUCH_UTM_CAMPAIGN", "LAST_TOUCH_UTM_CONTENT", "CALL_TYPE", "CALL_COMPLETE", "CALL_STATUS", "AGENT", "AGENT_ID", "AGENT_LOCATION_NAME", "OUTCOME", "BOOKED_LATER_INTERACTION_ID", "REASON_NOT_BOOKED", "IS_BOOKED_LATER", "INTENT_LEVEL", "NAME", "CITY", "STATE", "EMAIL", "HAS_AUDIO", "VOICEMAIL", "FIRST_TIME_INTERACTION", "IS_ANALYZED", "IS_NEW", "IS_EXISTING_PATIENT", "SHOW_MESSAGING", "REVIEW_COMPLETE", "MESSAGING_SKILL_1", "MESSAGING_SKILL_2", "MESSAGING_SKILL_3", "MESSAGING_SKILL_4", "MESSAGING_SKILL_5", "MESSAGING_SKILL_6", "MESSAGING_SKILL_7", "TRACKING_NUMBER", "MANUALLY_CREATED", "HELPER_CELL", "GOOGLE_ANALYTICS_CLIENT_ID", "RELATED_FORM_SUBMISSION_ID", "FORM_SUBMISSION_ID", "IS_SPAM_LIKELY", "SPAM_LIKELY_REASON", "SALIENT_INTERACTION", "SARA_LEAD_ID_REASON", "EHR_PMS_PATIENT_ID", "PRIMARY_INSURANCE_NAME", "APPOINTMENT_LOCATION", "APPOINTMENT_STATUS", "REVENUE", "MISSING_SINCE", "VANISHED_AT", "VANISHED_REASON", "_DLT_LOAD_ID", "BRAND_NEW") SELECT "ID", "CUSTOMER_ID", "START_TIME", "START_TIME_TZ", "UPDATED_AT", "ANALYZE_COMPLETE", "DURATION", "MESSAGING_UTILIZATION", "LEAD_ID", "CALL_ID", "INTERACTION_TYPE", "DIRECTION", "PHONE_NUMBER", "STATUS", "SESSION_GUID", "ATTRIBUTION_SESSION_GUID", "INITIAL_MARKETING_CHANNEL", "INITIAL_LOCATION", "INITIAL_DIVISION", "INITIAL_KEYWORD", "INITIAL_LANDING_URL", "INITIAL_REFERRER_URL", "INITIAL_UTM_SOURCE", "INITIAL_UTM_MEDIUM", "INITIAL_UTM_CAMPAIGN", "INITIAL_UTM_CONTENT", "LAST_TOUCH_MARKETING_CHANNEL", "LAST_TOUCH_LOCATION", "LAST_TOUCH_DIVISION", "LAST_TOUCH_KEYWORD", "LAST_TOUCH_LANDING_URL", "LAST_TOUCH_REFERRER_URL", "LAST_TOUCH_UTM_SOURCE", "LAST_TOUCH_UTM_MEDIUM", "LAST_TOUCH_UTM_CAMPAIGN", "LAST_TOUCH_UTM_CONTENT", "CALL_TYPE", "CALL_COMPLETE", "CALL_STATUS", "AGENT", "AGENT_ID", "AGENT_LOCATION_NAME", "OUTCOME", "BOOKED_LATER_INTERACTION_ID", "REASON_NOT_BOOKED", "IS_BOOKED_LATER", "INTENT_LEVEL", "NAME", "CITY", "STATE", "EMAIL", "HAS_AUDIO", "VOICEMAIL", "FIRST_TIME_INTERACTION", "IS_ANALYZED", "IS_NEW", "IS_EXISTING_PATIENT", "SHOW_MESSAGING", "REVIEW_COMPLETE", "MESSAGING_SKILL_1", "MESSAGING_SKILL_2", "MESSAGING_SKILL_3", "MESSAGING_SKILL_4", "MESSAGING_SKILL_5", "MESSAGING_SKILL_6", "MESSAGING_SKILL_7", "TRACKING_NUMBER", "MANUALLY_CREATED", "HELPER_CELL", "GOOGLE_ANALYTICS_CLIENT_ID", "RELATED_FORM_SUBMISSION_ID", "FORM_SUBMISSION_ID", "IS_SPAM_LIKELY", "SPAM_LIKELY_REASON", "SALIENT_INTERACTION", "SARA_LEAD_ID_REASON", "EHR_PMS_PATIENT_ID", "PRIMARY_INSURANCE_NAME", "APPOINTMENT_LOCATION", "APPOINTMENT_STATUS", "REVENUE", "MISSING_SINCE", "VANISHED_AT", "VANISHED_REASON", "_DLT_LOAD_ID", "BRAND_NEW" FROM "LIINE_STG_…"."INTERACTIONS" WHERE 1 = 1;

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

DELETE FROM "LIINE"."INTERACTIONS__PROVIDER_NAMES" AS d WHERE EXISTS (SELECT 1 FROM "LIINE_STG_…"."INTERACTIONS__PROVIDER_NAMES" AS s WHERE d."INTERACTION_ID" = s."INTERACTION_ID");

INSERT INTO "LIINE"."INTERACTIONS__PROVIDER_NAMES"("INTERACTION_ID", "POSITION", "PROVIDER_NAME", "IS_CLEARED", "_DLT_LOAD_ID") SELECT "INTERACTION_ID", "POSITION", "PROVIDER_NAME", "IS_CLEARED", "_DLT_LOAD_ID" FROM "LIINE_STG_…"."INTERACTIONS__PROVIDER_NAMES" WHERE ("IS_CLEARED" IS NULL OR "IS_CLEARED" = False);

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

DELETE FROM "LIINE"."INTERACTIONS__REJECTED_VALUES" AS d WHERE EXISTS (SELECT 1 FROM "LIINE_STG_…"."INTERACTIONS__REJECTED_VALUES" AS s WHERE d."INTERACTION_ID" = s."INTERACTION_ID");

INSERT INTO "LIINE"."INTERACTIONS__REJECTED_VALUES"("INTERACTION_ID", "FIELD", "RAW_VALUE", "REASON", "IS_CLEARED", "_DLT_LOAD_ID") SELECT "INTERACTION_ID", "FIELD", "RAW_VALUE", "REASON", "IS_CLEARED", "_DLT_LOAD_ID" FROM "LIINE_STG_…"."INTERACTIONS__REJECTED_VALUES" WHERE ("IS_CLEARED" IS NULL OR "IS_CLEARED" = False);

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

DELETE FROM "LIINE"."INTERACTIONS__SESSION_EXTRAS" AS d WHERE EXISTS (SELECT 1 FROM "LIINE_STG_…"."INTERACTIONS__SESSION_EXTRAS" AS s WHERE d."INTERACTION_ID" = s."INTERACTION_ID");

INSERT INTO "LIINE"."INTERACTIONS__SESSION_EXTRAS"("INTERACTION_ID", "TOUCH", "KEY", "VALUE", "VALUE_TYPE", "IS_CLEARED", "_DLT_LOAD_ID") SELECT "INTERACTION_ID", "TOUCH", "KEY", "VALUE", "VALUE_TYPE", "IS_CLEARED", "_DLT_LOAD_ID" FROM "LIINE_STG_…"."INTERACTIONS__SESSION_EXTRAS" WHERE ("IS_CLEARED" IS NULL OR "IS_CLEARED" = False);

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

INSERT INTO "LIINE"."_DLT_LOADS"("LOAD_ID", "SCHEMA_NAME", "STATUS", "INSERTED_AT", "SCHEMA_VERSION_HASH") VALUES('…', 'liine', 0, '…', '…');

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

TRUNCATE TABLE "LIINE_STG_…"."INTERACTIONS";

TRUNCATE TABLE "LIINE_STG_…"."INTERACTIONS__PROVIDER_NAMES";

TRUNCATE TABLE "LIINE_STG_…"."INTERACTIONS__REJECTED_VALUES";

TRUNCATE TABLE "LIINE_STG_…"."INTERACTIONS__SESSION_EXTRAS";

-- Another session.

ALTER SESSION SET autocommit=False;

DELETE FROM _dlt_pipeline_state WHERE pipeline_name = 'liine_sync_sync_1001_…' AND _dlt_load_id < (SELECT MAX(_dlt_load_id) FROM _dlt_pipeline_state WHERE pipeline_name = 'liine_sync_sync_1001_…' AND _dlt_load_id IN (SELECT load_id FROM _dlt_loads WHERE status = 0));

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

SELECT id, CAST(MIN(start_time) AS DATE) FROM interactions GROUP BY id HAVING COUNT(*) > 1;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS') ORDER BY table_name, ordinal_position;

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS"."AGENT"), COUNT("INTERACTIONS"."AGENT_ID"), COUNT("INTERACTIONS"."AGENT_LOCATION_NAME"), COUNT("INTERACTIONS"."ANALYZE_COMPLETE"), COUNT("INTERACTIONS"."APPOINTMENT_LOCATION"), COUNT("INTERACTIONS"."APPOINTMENT_STATUS"), COUNT("INTERACTIONS"."ATTRIBUTION_SESSION_GUID"), COUNT("INTERACTIONS"."BOOKED_LATER_INTERACTION_ID"), COUNT("INTERACTIONS"."BRAND_NEW"), COUNT("INTERACTIONS"."CALL_COMPLETE"), COUNT("INTERACTIONS"."CALL_ID"), COUNT("INTERACTIONS"."CALL_STATUS"), COUNT("INTERACTIONS"."CALL_TYPE"), COUNT("INTERACTIONS"."CITY"), COUNT("INTERACTIONS"."CUSTOMER_ID"), COUNT("INTERACTIONS"."DIRECTION"), COUNT("INTERACTIONS"."DURATION"), COUNT("INTERACTIONS"."EHR_PMS_PATIENT_ID"), COUNT("INTERACTIONS"."EMAIL"), COUNT("INTERACTIONS"."FIRST_TIME_INTERACTION"), COUNT("INTERACTIONS"."FORM_SUBMISSION_ID"), COUNT("INTERACTIONS"."GOOGLE_ANALYTICS_CLIENT_ID"), COUNT("INTERACTIONS"."HAS_AUDIO"), COUNT("INTERACTIONS"."HELPER_CELL"), COUNT("INTERACTIONS"."ID"), COUNT("INTERACTIONS"."INITIAL_DIVISION"), COUNT("INTERACTIONS"."INITIAL_KEYWORD"), COUNT("INTERACTIONS"."INITIAL_LANDING_URL"), COUNT("INTERACTIONS"."INITIAL_LOCATION"), COUNT("INTERACTIONS"."INITIAL_MARKETING_CHANNEL"), COUNT("INTERACTIONS"."INITIAL_REFERRER_URL"), COUNT("INTERACTIONS"."INITIAL_UTM_CAMPAIGN"), COUNT("INTERACTIONS"."INITIAL_UTM_CONTENT"), COUNT("INTERACTIONS"."INITIAL_UTM_MEDIUM"), COUNT("INTERACTIONS"."INITIAL_UTM_SOURCE"), COUNT("INTERACTIONS"."INTENT_LEVEL"), COUNT("INTERACTIONS"."INTERACTION_TYPE"), COUNT("INTERACTIONS"."IS_ANALYZED"), COUNT("INTERACTIONS"."IS_BOOKED_LATER"), COUNT("INTERACTIONS"."IS_EXISTING_PATIENT"), COUNT("INTERACTIONS"."IS_NEW"), COUNT("INTERACTIONS"."IS_SPAM_LIKELY"), COUNT("INTERACTIONS"."LAST_TOUCH_DIVISION"), COUNT("INTERACTIONS"."LAST_TOUCH_KEYWORD"), COUNT("INTERACTIONS"."LAST_TOUCH_LANDING_URL"), COUNT("INTERACTIONS"."LAST_TOUCH_LOCATION"), COUNT("INTERACTIONS"."LAST_TOUCH_MARKETING_CHANNEL"), COUNT("INTERACTIONS"."LAST_TOUCH_REFERRER_URL"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_CAMPAIGN"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_CONTENT"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_MEDIUM"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_SOURCE"), COUNT("INTERACTIONS"."LEAD_ID"), COUNT("INTERACTIONS"."MANUALLY_CREATED"), COUNT("INTERACTIONS"."MESSAGING_SKILL_1"), COUNT("INTERACTIONS"."MESSAGING_SKILL_2"), COUNT("INTERACTIONS"."MESSAGING_SKILL_3"), COUNT("INTERACTIONS"."MESSAGING_SKILL_4"), COUNT("INTERACTIONS"."MESSAGING_SKILL_5"), COUNT("INTERACTIONS"."MESSAGING_SKILL_6"), COUNT("INTERACTIONS"."MESSAGING_SKILL_7"), COUNT("INTERACTIONS"."MESSAGING_UTILIZATION"), COUNT("INTERACTIONS"."NAME"), COUNT("INTERACTIONS"."OUTCOME"), COUNT("INTERACTIONS"."PHONE_NUMBER"), COUNT("INTERACTIONS"."PRIMARY_INSURANCE_NAME"), COUNT("INTERACTIONS"."REASON_NOT_BOOKED"), COUNT("INTERACTIONS"."RELATED_FORM_SUBMISSION_ID"), COUNT("INTERACTIONS"."REVENUE"), COUNT("INTERACTIONS"."REVIEW_COMPLETE"), COUNT("INTERACTIONS"."SALIENT_INTERACTION"), COUNT("INTERACTIONS"."SARA_LEAD_ID_REASON"), COUNT("INTERACTIONS"."SESSION_GUID"), COUNT("INTERACTIONS"."SHOW_MESSAGING"), COUNT("INTERACTIONS"."SPAM_LIKELY_REASON"), COUNT("INTERACTIONS"."START_TIME"), COUNT("INTERACTIONS"."START_TIME_TZ"), COUNT("INTERACTIONS"."STATE"), COUNT("INTERACTIONS"."STATUS"), COUNT("INTERACTIONS"."TRACKING_NUMBER"), COUNT("INTERACTIONS"."UPDATED_AT"), COUNT("INTERACTIONS"."VOICEMAIL") FROM interactions WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS__PROVIDER_NAMES"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS__PROVIDER_NAMES"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS__PROVIDER_NAMES"."INTERACTION_ID"), COUNT("INTERACTIONS__PROVIDER_NAMES"."POSITION"), COUNT("INTERACTIONS__PROVIDER_NAMES"."PROVIDER_NAME") FROM interactions__provider_names JOIN interactions ON "INTERACTIONS__PROVIDER_NAMES"."INTERACTION_ID" = "INTERACTIONS"."ID" WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS__REJECTED_VALUES"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS__REJECTED_VALUES"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS__REJECTED_VALUES"."FIELD"), COUNT("INTERACTIONS__REJECTED_VALUES"."INTERACTION_ID"), COUNT("INTERACTIONS__REJECTED_VALUES"."RAW_VALUE"), COUNT("INTERACTIONS__REJECTED_VALUES"."REASON") FROM interactions__rejected_values JOIN interactions ON "INTERACTIONS__REJECTED_VALUES"."INTERACTION_ID" = "INTERACTIONS"."ID" WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS__SESSION_EXTRAS"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS__SESSION_EXTRAS"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS__SESSION_EXTRAS"."INTERACTION_ID"), COUNT("INTERACTIONS__SESSION_EXTRAS"."KEY"), COUNT("INTERACTIONS__SESSION_EXTRAS"."TOUCH"), COUNT("INTERACTIONS__SESSION_EXTRAS"."VALUE"), COUNT("INTERACTIONS__SESSION_EXTRAS"."VALUE_TYPE") FROM interactions__session_extras JOIN interactions ON "INTERACTIONS__SESSION_EXTRAS"."INTERACTION_ID" = "INTERACTIONS"."ID" WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('ERASED_IDENTIFIERS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT customer_id, expected, distinct_ids, reason FROM (SELECT customer_id, expected, distinct_ids, reason, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY ended DESC) AS place FROM sweeps WHERE customer_id IS NOT NULL AND expected IS NOT NULL AND distinct_ids IS NOT NULL AND kind = 'check' AND status = 'complete' AND filter_hash = '2d0035de1b62a342') AS numbered WHERE place = 1;

-- Another session.

SELECT customer_id, COUNT(*) FROM interactions WHERE customer_id IN (1001) AND vanished_at IS NULL AND (start_time IS NULL OR CAST(start_time AS DATE) > '2026-01-15') GROUP BY customer_id;

-- Another session.

ALTER SESSION SET autocommit=False;

INSERT INTO sweeps ("SWEEP_ID", "CUSTOMER_ID", "KIND", "FILTER_HASH", "EXPECTED", "DISTINCT_IDS", "REQUESTS", "PROOF", "STATUS", "REASON", "COUNT_MEANS", "BEGAN", "ENDED", "_DLT_LOAD_ID", "UNDATED") VALUES ('…', 1001, 'check', '2d0035de1b62a342', 183, 183, 1, 'count', 'complete', NULL, 'total', '…', '…', '…', 0);

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

DELETE FROM _liine_inventory WHERE customer_id IN (1001);

INSERT INTO _liine_inventory ("CUSTOMER_ID", "TABLE_NAME", "ROW_COUNT", "NEWEST_LOAD", "SUM_OF_LOADS", "VALUES_BY_COLUMN", "IS_LOST") VALUES (1001, 'interactions', 183, '…', 32…, '{"agent": 113, "agent_id": 113, "agent_location_name": 113, "analyze_complete": 183, "appointment_location": 47, "appointment_status": 79, "attribution_session_guid": 80, "booked_later_interaction_id": 29, "brand_new": 1, "call_complete": 145, "call_id": 183, "call_status": 145, "call_type": 172, "city": 104, "customer_id": 183, "direction": 183, "duration": 145, "ehr_pms_patient_id": 47, "email": 86, "first_time_interaction": 183, "form_submission_id": 22, "google_analytics_client_id": 22, "has_audio": 183, "helper_cell": 183, "id": 183, "initial_division": 149, "initial_keyword": 106, "initial_landing_url": 183, "initial_location": 183, "initial_marketing_channel": 183, "initial_referrer_url": 155, "initial_utm_campaign": 89, "initial_utm_content": 87, "initial_utm_medium": 155, "initial_utm_source": 155, "intent_level": 131, "interaction_type": 183, "is_analyzed": 183, "is_booked_later": 183, "is_existing_patient": 169, "is_new": 169, "is_spam_likely": 183, "last_touch_division": 147, "last_touch_keyword": 110, "last_touch_landing_url": 183, "last_touch_location": 183, "last_touch_marketing_channel": 183, "last_touch_referrer_url": 155, "last_touch_utm_campaign": 79, "last_touch_utm_content": 101, "last_touch_utm_medium": 155, "last_touch_utm_source": 155, "lead_id": 183, "manually_created": 183, "messaging_skill_1": 61, "messaging_skill_2": 61, "messaging_skill_3": 61, "messaging_skill_4": 61, "messaging_skill_5": 61, "messaging_skill_6": 61, "messaging_skill_7": 61, "messaging_utilization": 61, "name": 164, "outcome": 128, "phone_number": 183, "primary_insurance_name": 41, "reason_not_booked": 36, "related_form_submission_id": 26, "revenue": 46, "review_complete": 131, "salient_interaction": 22, "sara_lead_id_reason": 28, "session_guid": 80, "show_messaging": 131, "spam_likely_reason": 28, "start_time": 183, "start_time_tz": 183, "state": 104, "status": 145, "tracking_number": 164, "updated_at": 183, "voicemail": 143}', FALSE), (1001, 'interactions__provider_names', 103, '…', 18…, '{"interaction_id": 103, "position": 103, "provider_name": 103}', FALSE), (1001, 'interactions__session_extras', 137, '…', 24…, '{"interaction_id": 137, "key": 137, "touch": 137, "value": 137, "value_type": 137}', FALSE);

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

SELECT table_name FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = 'LIINE_STG_…';

DROP SCHEMA "LIINE_STG_…" CASCADE;
