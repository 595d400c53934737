select c.table_name, coalesce(t.table_type = 'VIEW', true), false, c.column_name, c.data_type, c.is_nullable = 'YES',
c.column_default is not null, c.character_maximum_length, c.numeric_precision, c.numeric_scale
from information_schema.columns as c
left join information_schema.tables as t
on t.table_catalog = c.table_catalog and t.table_schema = c.table_schema and t.table_name = c.table_name
where c.table_catalog = current_database() and c.table_schema = 'LIINE';

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

-- Another session.

CREATE TRANSIENT SCHEMA "LIINE_STG_…";

-- Another session.

SELECT  "VERSION", "ENGINE_VERSION", "PIPELINE_NAME", "STATE", "CREATED_AT", "_DLT_LOAD_ID" FROM "LIINE"."_DLT_PIPELINE_STATE" AS s JOIN "LIINE"."_DLT_LOADS" AS l ON l."LOAD_ID" = s."_DLT_LOAD_ID" WHERE "PIPELINE_NAME" = 'liine_sync_sync_1001_…' AND l."STATUS" = 0 ORDER BY "LOAD_ID" DESC LIMIT 1;

ROLLBACK;

ALTER SESSION SET autocommit=True;

-- Another session.

select schema_name from information_schema.schemata;

select table_schema, table_name from information_schema.tables;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('_LIINE_INVENTORY') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('_DLT_PIPELINE_STATE') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('ERASED_IDENTIFIERS','PERSONAL_DATA_KEYS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('PERSONAL_DATA_KEYS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE';

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE';

CREATE SCHEMA IF NOT EXISTS "LIINE";

-- Another session.

ALTER SESSION SET autocommit=False;

CREATE TABLE IF NOT EXISTS personal_data_keys (key_id VARCHAR NOT NULL, check_value VARCHAR NOT NULL);

INSERT INTO personal_data_keys ("KEY_ID", "CHECK_VALUE") VALUES ('1', '70d549ad4b02a6a9');

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

select table_name, null, comment from information_schema.tables
where table_catalog = current_database() and table_schema = 'LIINE' and table_type = 'BASE TABLE'
union all
select table_name, column_name, comment from information_schema.columns
where table_catalog = current_database() and table_schema = 'LIINE';

COMMENT ON COLUMN "LIINE"."PERSONAL_DATA_KEYS"."CHECK_VALUE" IS 'The first 64 bits of a digest made with the key, in hexadecimal.';

COMMENT ON COLUMN "LIINE"."PERSONAL_DATA_KEYS"."KEY_ID" IS 'Id of a key under which rows were hashed or persons erased.';

COMMENT ON TABLE "LIINE"."PERSONAL_DATA_KEYS" IS 'One row per key that has hashed values of the dataset; the key itself is stored nowhere.';

-- Another session.

SELECT key_id, check_value FROM personal_data_keys;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS','SWEEPS','_DLT_VERSION') ORDER BY table_name, ordinal_position;

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS') ORDER BY table_name, ordinal_position;

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

ROLLBACK;

ALTER SESSION SET autocommit=True;

ALTER SESSION SET autocommit=False;

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS','SWEEPS','_DLT_LOADS','_DLT_VERSION') ORDER BY table_name, ordinal_position;

CREATE TABLE IF NOT EXISTS "LIINE"."INTERACTIONS" (
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
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.') COMMENT = 'One row per interaction.';

CREATE TABLE IF NOT EXISTS "LIINE"."INTERACTIONS__PROVIDER_NAMES" (
"INTERACTION_ID" NUMBER(19,0)  NOT NULL COMMENT 'The `id` of the interaction in `interactions`.',
"POSITION" NUMBER(19,0)  NOT NULL COMMENT 'Position in the list, from 0.',
"PROVIDER_NAME" VARCHAR   COMMENT 'Names of the providers of the appointment.',
"IS_CLEARED" BOOLEAN   COMMENT 'Makes the merge delete the interaction''s earlier rows; never true in a loaded table.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.') COMMENT = 'One row per interaction and provider of its appointment.';

CREATE TABLE IF NOT EXISTS "LIINE"."INTERACTIONS__REJECTED_VALUES" (
"INTERACTION_ID" NUMBER(19,0)  NOT NULL COMMENT 'The `id` of the interaction in `interactions`.',
"FIELD" VARCHAR  NOT NULL COMMENT 'The field whose value did not fit its column; `*` for all fields for which there was no column left.',
"RAW_VALUE" VARCHAR   COMMENT 'The value as JSON; null if personal data is hashed or dropped, or if it has more than 16 MB.',
"REASON" VARCHAR   COMMENT 'Why it did not fit.',
"IS_CLEARED" BOOLEAN   COMMENT 'Makes the merge delete the interaction''s earlier rows; never true in a loaded table.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.') COMMENT = 'One row per interaction and field whose value did not fit its column.';

CREATE TABLE IF NOT EXISTS "LIINE"."INTERACTIONS__SESSION_EXTRAS" (
"INTERACTION_ID" NUMBER(19,0)  NOT NULL COMMENT 'The `id` of the interaction in `interactions`.',
"TOUCH" VARCHAR  NOT NULL COMMENT 'The object that holds the key: `initial` or `last_touch`.',
"KEY" VARCHAR  NOT NULL COMMENT 'The key within the object.',
"VALUE" VARCHAR   COMMENT 'The value: a string as it is, anything else as JSON.',
"VALUE_TYPE" VARCHAR   COMMENT 'JSON type of the value: string, number, boolean, null, object or array.',
"IS_CLEARED" BOOLEAN   COMMENT 'Makes the merge delete the interaction''s earlier rows; never true in a loaded table.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.') COMMENT = 'One row per interaction, touch and key of the touch''s free-form metadata.';

CREATE TABLE IF NOT EXISTS "LIINE"."SWEEPS" (
"SWEEP_ID" VARCHAR  NOT NULL COMMENT 'Random id of the sweep.',
"CUSTOMER_ID" NUMBER(19,0)  NOT NULL COMMENT 'The customer that was read.',
"BEGAN" TIMESTAMP_LTZ(6)   COMMENT 'When the sweep began, by the API''s clock if it sends one (UTC).',
"ENDED" TIMESTAMP_LTZ(6)   COMMENT 'When the sweep ended, by the clock of the connector''s machine (UTC).',
"KIND" VARCHAR   COMMENT 'Purpose of the load: `sync`, `backfill` or `repair`; `check` for the count of all rows after a sync.',
"FILTER_HASH" VARCHAR   COMMENT 'Fingerprint of the filters and dates.',
"FILTERS" VARCHAR   COMMENT 'Names of the filters, or `none`; values only of `type` and `include_is_spam_likely`. Null for a check.',
"LEAD_ROWS" VARCHAR   COMMENT 'What the filters select of a lead, apart from spam: `all` interactions, its `calls`, or `some`; null for a check.',
"PERSONAL_DATA" VARCHAR   COMMENT '`keep`, `hash` or `drop`, and the fields that are exceptions; null for a check.',
"SINCE" DATE   COMMENT 'First day requested, including spare days; null: from the beginning.',
"UNTIL" DATE   COMMENT 'Last day requested, including spare days; null: up to now.',
"UPDATED_SINCE" DATE   COMMENT 'Day from which changes were requested; null: all rows.',
"EXPECTED" NUMBER(19,0)   COMMENT 'The API''s count when the last pass began; null if it gave none. For a check: of all interactions.',
"DISTINCT_IDS" NUMBER(19,0)   COMMENT 'Interactions found by the last pass, or by all sub-windows together. For a check: those in the warehouse.',
"REPEATS" NUMBER(19,0)   COMMENT 'Rows received more than once, from overlaps and repairs.',
"PAGES" NUMBER(19,0)   COMMENT 'Pages received.',
"REQUESTS" NUMBER(19,0)   COMMENT 'Requests made, including logins and retries.',
"RETRIES" NUMBER(19,0)   COMMENT 'Requests sent again after a failure.',
"REPAIRS" NUMBER(19,0)   COMMENT 'Additional passes and sub-windows, read because the first pass was not proven complete.',
"CHANGED" NUMBER(19,0)   COMMENT 'Interactions updated after the sweep began.',
"SUPPRESSED" NUMBER(19,0)   COMMENT 'Interactions found but not loaded, because the person was erased.',
"UNDATED" NUMBER(19,0)   COMMENT 'Interactions found without a usable start, or with one more than a day after `until` or, if that is null, `began`.',
"PROOF" VARCHAR   COMMENT '`count`: as many as the API counts; `exhaustive`: the count proves nothing, and no page had more rows.',
"STATUS" VARCHAR   COMMENT '`complete` or `failed`.',
"REASON" VARCHAR   COMMENT 'Type of error of a failed sweep; `unseen`: a check met rows that the API lacks or that just arrived.',
"COUNT_MEANS" VARCHAR   COMMENT 'What the API''s `count` means, as observed: `total` or `unknown`.',
"ORDER_CLOCK" VARCHAR   COMMENT 'Clock by which rows are sorted, as observed: local, utc or unknown.',
"CURSOR_CLOCK" VARCHAR   COMMENT 'Clock with which the cursor is compared, as observed: local, utc or unknown.',
"CURSOR_EDGE" VARCHAR   COMMENT 'Whether the cursor''s own second is included, as observed: inclusive or unknown.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.') COMMENT = 'Audit table: one row per sweep over a window of one customer.';

CREATE TABLE IF NOT EXISTS "LIINE"."_DLT_LOADS" (
"LOAD_ID" VARCHAR(64)  NOT NULL COMMENT 'Unique identifier of the load operation',
"SCHEMA_NAME" VARCHAR   COMMENT 'Name of the schema associated with this load',
"STATUS" NUMBER(19,0)  NOT NULL COMMENT 'Status of the load operation (0 = success)',
"INSERTED_AT" TIMESTAMP_LTZ  NOT NULL COMMENT 'Timestamp when the load was completed',
"SCHEMA_VERSION_HASH" VARCHAR   COMMENT 'Hash of the schema version used during this load') COMMENT = 'Created by DLT. Tracks completed loads';

CREATE TABLE IF NOT EXISTS "LIINE"."_DLT_VERSION" (
"VERSION" NUMBER(19,0)  NOT NULL COMMENT 'Numeric version of the schema, incremented on each schema change',
"ENGINE_VERSION" NUMBER(19,0)  NOT NULL COMMENT 'Version of the dlt schema engine that created this schema',
"INSERTED_AT" TIMESTAMP_LTZ  NOT NULL COMMENT 'Timestamp when this schema version was stored',
"SCHEMA_NAME" VARCHAR  NOT NULL COMMENT 'Name of the schema',
"VERSION_HASH" VARCHAR  NOT NULL COMMENT 'Unique hash of the schema content, used to detect changes',
"SCHEMA" VARCHAR  NOT NULL COMMENT 'JSON representation of the complete schema definition') COMMENT = 'Created by DLT. Tracks schema updates';

INSERT INTO "LIINE"."_DLT_VERSION"("VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA") VALUES (1, 11, '…', 'liine', '…', '{…}');

select table_name, null, comment from information_schema.tables
where table_catalog = current_database() and table_schema = 'LIINE' and table_type = 'BASE TABLE'
union all
select table_name, column_name, comment from information_schema.columns
where table_catalog = current_database() and table_schema = 'LIINE';

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE';

SELECT  "VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA" FROM "LIINE"."_DLT_VERSION" WHERE "VERSION_HASH" = '…' LIMIT 1;

ALTER SESSION SET autocommit=False;

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS','SWEEPS','_DLT_LOADS','_DLT_PIPELINE_STATE','_DLT_VERSION') ORDER BY table_name, ordinal_position;

CREATE TABLE IF NOT EXISTS "LIINE"."_DLT_PIPELINE_STATE" (
"VERSION" NUMBER(19,0)  NOT NULL COMMENT 'Numeric version of the pipeline state',
"ENGINE_VERSION" NUMBER(19,0)  NOT NULL COMMENT 'Version of the dlt state engine',
"PIPELINE_NAME" VARCHAR  NOT NULL COMMENT 'Name of the pipeline this state belongs to',
"STATE" VARCHAR  NOT NULL COMMENT 'Compressed JSON representation of the pipeline state',
"CREATED_AT" TIMESTAMP_LTZ  NOT NULL COMMENT 'Timestamp when this state was created',
"VERSION_HASH" VARCHAR   COMMENT 'Hash of the state content, used to detect changes',
"_DLT_LOAD_ID" VARCHAR(64)  NOT NULL COMMENT 'Load identifier linking this row to its load operation',
"_DLT_ID" VARCHAR  NOT NULL COMMENT 'Random id of the row, given by dlt.') COMMENT = 'Created by dlt. One row per pipeline: its state, with how far each customer is.';

INSERT INTO "LIINE"."_DLT_VERSION"("VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA") VALUES (2, 11, '…', 'liine', '…', '{…}');

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
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.') COMMENT = 'One row per interaction.';

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

INSERT INTO "LIINE_STG_…"."_DLT_VERSION"("VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA") VALUES (3, 11, '…', 'liine', '…', '{…}');

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

INSERT INTO "LIINE"."INTERACTIONS"("ID", "CUSTOMER_ID", "START_TIME", "START_TIME_TZ", "UPDATED_AT", "ANALYZE_COMPLETE", "DURATION", "MESSAGING_UTILIZATION", "LEAD_ID", "CALL_ID", "INTERACTION_TYPE", "DIRECTION", "PHONE_NUMBER", "STATUS", "SESSION_GUID", "ATTRIBUTION_SESSION_GUID", "INITIAL_MARKETING_CHANNEL", "INITIAL_LOCATION", "INITIAL_DIVISION", "INITIAL_KEYWORD", "INITIAL_LANDING_URL", "INITIAL_REFERRER_URL", "INITIAL_UTM_SOURCE", "INITIAL_UTM_MEDIUM", "INITIAL_UTM_CAMPAIGN", "INITIAL_UTM_CONTENT", "LAST_TOUCH_MARKETING_CHANNEL", "LAST_TOUCH_LOCATION", "LAST_TOUCH_DIVISION", "LAST_TOUCH_KEYWORD", "LAST_TOUCH_LANDING_URL", "LAST_TOUCH_REFERRER_URL", "LAST_TOUCH_UTM_SOURCE", "LAST_TOUCH_UTM_MEDIUM", "LAST_TOUCH_UTM_CAMPAIGN", "LAST_TOUCH_UTM_CONTENT", "CALL_TYPE", "CALL_COMPLETE", "CALL_STATUS", "AGENT", "AGENT_ID", "AGENT_LOCATION_NAME", "OUTCOME", "BOOKED_LATER_INTERACTION_ID", "REASON_NOT_BOOKED", "IS_BOOKED_LATER", "INTENT_LEVEL", "NAME", "CITY", "STATE", "EMAIL", "HAS_AUDIO", "VOICEMAIL", "FIRST_TIME_INTERACTION", "IS_ANALYZED", "IS_NEW", "IS_EXISTING_PATIENT", "SHOW_MESSAGING", "REVIEW_COMPLETE", "MESSAGING_SKILL_1", "MESSAGING_SKILL_2", "MESSAGING_SKILL_3", "MESSAGING_SKILL_4", "MESSAGING_SKILL_5", "MESSAGING_SKILL_6", "MESSAGING_SKILL_7", "TRACKING_NUMBER", "MANUALLY_CREATED", "HELPER_CELL", "GOOGLE_ANALYTICS_CLIENT_ID", "RELATED_FORM_SUBMISSION_ID", "FORM_SUBMISSION_ID", "IS_SPAM_LIKELY", "SPAM_LIKELY_REASON", "SALIENT_INTERACTION", "SARA_LEAD_ID_REASON", "EHR_PMS_PATIENT_ID", "PRIMARY_INSURANCE_NAME", "APPOINTMENT_LOCATION", "APPOINTMENT_STATUS", "REVENUE", "MISSING_SINCE", "VANISHED_AT", "VANISHED_REASON", "_DLT_LOAD_ID") SELECT "ID", "CUSTOMER_ID", "START_TIME", "START_TIME_TZ", "UPDATED_AT", "ANALYZE_COMPLETE", "DURATION", "MESSAGING_UTILIZATION", "LEAD_ID", "CALL_ID", "INTERACTION_TYPE", "DIRECTION", "PHONE_NUMBER", "STATUS", "SESSION_GUID", "ATTRIBUTION_SESSION_GUID", "INITIAL_MARKETING_CHANNEL", "INITIAL_LOCATION", "INITIAL_DIVISION", "INITIAL_KEYWORD", "INITIAL_LANDING_URL", "INITIAL_REFERRER_URL", "INITIAL_UTM_SOURCE", "INITIAL_UTM_MEDIUM", "INITIAL_UTM_CAMPAIGN", "INITIAL_UTM_CONTENT", "LAST_TOUCH_MARKETING_CHANNEL", "LAST_TOUCH_LOCATION", "LAST_TOUCH_DIVISION", "LAST_TOUCH_KEYWORD", "LAST_TOUCH_LANDING_URL", "LAST_TOUCH_REFERRER_URL", "LAST_TOUCH_UTM_SOURCE", "LAST_TOUCH_UTM_MEDIUM", "LAST_TOUCH_UTM_CAMPAIGN", "LAST_TOUCH_UTM_CONTENT", "CALL_TYPE", "CALL_COMPLETE", "CALL_STATUS", "AGENT", "AGENT_ID", "AGENT_LOCATION_NAME", "OUTCOME", "BOOKED_LATER_INTERACTION_ID", "REASON_NOT_BOOKED", "IS_BOOKED_LATER", "INTENT_LEVEL", "NAME", "CITY", "STATE", "EMAIL", "HAS_AUDIO", "VOICEMAIL", "FIRST_TIME_INTERACTION", "IS_ANALYZED", "IS_NEW", "IS_EXISTING_PATIENT", "SHOW_MESSAGING", "REVIEW_COMPLETE", "MESSAGING_SKILL_1", "MESSAGING_SKILL_2", "MESSAGING_SKILL_3", "MESSAGING_SKILL_4", "MESSAGING_SKILL_5", "MESSAGING_SKILL_6", "MESSAGING_SKILL_7", "TRACKING_NUMBER", "MANUALLY_CREATED", "HELPER_CELL", "GOOGLE_ANALYTICS_CLIENT_ID", "RELATED_FORM_SUBMISSION_ID", "FORM_SUBMISSION_ID", "IS_SPAM_LIKELY", "SPAM_LIKELY_REASON", "SALIENT_INTERACTION", "SARA_LEAD_ID_REASON", "EHR_PMS_PATIENT_ID", "PRIMARY_INSURANCE_NAME", "APPOINTMENT_LOCATION", "APPOINTMENT_STATUS", "REVENUE", "MISSING_SINCE", "VANISHED_AT", "VANISHED_REASON", "_DLT_LOAD_ID" FROM "LIINE_STG_…"."INTERACTIONS" WHERE 1 = 1;

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

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS"."AGENT"), COUNT("INTERACTIONS"."AGENT_ID"), COUNT("INTERACTIONS"."AGENT_LOCATION_NAME"), COUNT("INTERACTIONS"."ANALYZE_COMPLETE"), COUNT("INTERACTIONS"."APPOINTMENT_LOCATION"), COUNT("INTERACTIONS"."APPOINTMENT_STATUS"), COUNT("INTERACTIONS"."ATTRIBUTION_SESSION_GUID"), COUNT("INTERACTIONS"."BOOKED_LATER_INTERACTION_ID"), COUNT("INTERACTIONS"."CALL_COMPLETE"), COUNT("INTERACTIONS"."CALL_ID"), COUNT("INTERACTIONS"."CALL_STATUS"), COUNT("INTERACTIONS"."CALL_TYPE"), COUNT("INTERACTIONS"."CITY"), COUNT("INTERACTIONS"."CUSTOMER_ID"), COUNT("INTERACTIONS"."DIRECTION"), COUNT("INTERACTIONS"."DURATION"), COUNT("INTERACTIONS"."EHR_PMS_PATIENT_ID"), COUNT("INTERACTIONS"."EMAIL"), COUNT("INTERACTIONS"."FIRST_TIME_INTERACTION"), COUNT("INTERACTIONS"."FORM_SUBMISSION_ID"), COUNT("INTERACTIONS"."GOOGLE_ANALYTICS_CLIENT_ID"), COUNT("INTERACTIONS"."HAS_AUDIO"), COUNT("INTERACTIONS"."HELPER_CELL"), COUNT("INTERACTIONS"."ID"), COUNT("INTERACTIONS"."INITIAL_DIVISION"), COUNT("INTERACTIONS"."INITIAL_KEYWORD"), COUNT("INTERACTIONS"."INITIAL_LANDING_URL"), COUNT("INTERACTIONS"."INITIAL_LOCATION"), COUNT("INTERACTIONS"."INITIAL_MARKETING_CHANNEL"), COUNT("INTERACTIONS"."INITIAL_REFERRER_URL"), COUNT("INTERACTIONS"."INITIAL_UTM_CAMPAIGN"), COUNT("INTERACTIONS"."INITIAL_UTM_CONTENT"), COUNT("INTERACTIONS"."INITIAL_UTM_MEDIUM"), COUNT("INTERACTIONS"."INITIAL_UTM_SOURCE"), COUNT("INTERACTIONS"."INTENT_LEVEL"), COUNT("INTERACTIONS"."INTERACTION_TYPE"), COUNT("INTERACTIONS"."IS_ANALYZED"), COUNT("INTERACTIONS"."IS_BOOKED_LATER"), COUNT("INTERACTIONS"."IS_EXISTING_PATIENT"), COUNT("INTERACTIONS"."IS_NEW"), COUNT("INTERACTIONS"."IS_SPAM_LIKELY"), COUNT("INTERACTIONS"."LAST_TOUCH_DIVISION"), COUNT("INTERACTIONS"."LAST_TOUCH_KEYWORD"), COUNT("INTERACTIONS"."LAST_TOUCH_LANDING_URL"), COUNT("INTERACTIONS"."LAST_TOUCH_LOCATION"), COUNT("INTERACTIONS"."LAST_TOUCH_MARKETING_CHANNEL"), COUNT("INTERACTIONS"."LAST_TOUCH_REFERRER_URL"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_CAMPAIGN"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_CONTENT"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_MEDIUM"), COUNT("INTERACTIONS"."LAST_TOUCH_UTM_SOURCE"), COUNT("INTERACTIONS"."LEAD_ID"), COUNT("INTERACTIONS"."MANUALLY_CREATED"), COUNT("INTERACTIONS"."MESSAGING_SKILL_1"), COUNT("INTERACTIONS"."MESSAGING_SKILL_2"), COUNT("INTERACTIONS"."MESSAGING_SKILL_3"), COUNT("INTERACTIONS"."MESSAGING_SKILL_4"), COUNT("INTERACTIONS"."MESSAGING_SKILL_5"), COUNT("INTERACTIONS"."MESSAGING_SKILL_6"), COUNT("INTERACTIONS"."MESSAGING_SKILL_7"), COUNT("INTERACTIONS"."MESSAGING_UTILIZATION"), COUNT("INTERACTIONS"."NAME"), COUNT("INTERACTIONS"."OUTCOME"), COUNT("INTERACTIONS"."PHONE_NUMBER"), COUNT("INTERACTIONS"."PRIMARY_INSURANCE_NAME"), COUNT("INTERACTIONS"."REASON_NOT_BOOKED"), COUNT("INTERACTIONS"."RELATED_FORM_SUBMISSION_ID"), COUNT("INTERACTIONS"."REVENUE"), COUNT("INTERACTIONS"."REVIEW_COMPLETE"), COUNT("INTERACTIONS"."SALIENT_INTERACTION"), COUNT("INTERACTIONS"."SARA_LEAD_ID_REASON"), COUNT("INTERACTIONS"."SESSION_GUID"), COUNT("INTERACTIONS"."SHOW_MESSAGING"), COUNT("INTERACTIONS"."SPAM_LIKELY_REASON"), COUNT("INTERACTIONS"."START_TIME"), COUNT("INTERACTIONS"."START_TIME_TZ"), COUNT("INTERACTIONS"."STATE"), COUNT("INTERACTIONS"."STATUS"), COUNT("INTERACTIONS"."TRACKING_NUMBER"), COUNT("INTERACTIONS"."UPDATED_AT"), COUNT("INTERACTIONS"."VOICEMAIL") FROM interactions WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS__PROVIDER_NAMES"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS__PROVIDER_NAMES"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS__PROVIDER_NAMES"."INTERACTION_ID"), COUNT("INTERACTIONS__PROVIDER_NAMES"."POSITION"), COUNT("INTERACTIONS__PROVIDER_NAMES"."PROVIDER_NAME") FROM interactions__provider_names JOIN interactions ON "INTERACTIONS__PROVIDER_NAMES"."INTERACTION_ID" = "INTERACTIONS"."ID" WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS__REJECTED_VALUES"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS__REJECTED_VALUES"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS__REJECTED_VALUES"."FIELD"), COUNT("INTERACTIONS__REJECTED_VALUES"."INTERACTION_ID"), COUNT("INTERACTIONS__REJECTED_VALUES"."RAW_VALUE"), COUNT("INTERACTIONS__REJECTED_VALUES"."REASON") FROM interactions__rejected_values JOIN interactions ON "INTERACTIONS__REJECTED_VALUES"."INTERACTION_ID" = "INTERACTIONS"."ID" WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

SELECT "INTERACTIONS"."CUSTOMER_ID", COUNT(*), MAX("INTERACTIONS__SESSION_EXTRAS"."_DLT_LOAD_ID"), SUM(CAST("INTERACTIONS__SESSION_EXTRAS"."_DLT_LOAD_ID" AS DECIMAL(38, 9))), COUNT("INTERACTIONS__SESSION_EXTRAS"."INTERACTION_ID"), COUNT("INTERACTIONS__SESSION_EXTRAS"."KEY"), COUNT("INTERACTIONS__SESSION_EXTRAS"."TOUCH"), COUNT("INTERACTIONS__SESSION_EXTRAS"."VALUE"), COUNT("INTERACTIONS__SESSION_EXTRAS"."VALUE_TYPE") FROM interactions__session_extras JOIN interactions ON "INTERACTIONS__SESSION_EXTRAS"."INTERACTION_ID" = "INTERACTIONS"."ID" WHERE "INTERACTIONS"."CUSTOMER_ID" IN (1001) AND "INTERACTIONS"."VANISHED_AT" IS NULL GROUP BY "INTERACTIONS"."CUSTOMER_ID";

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('ERASED_IDENTIFIERS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT state FROM (SELECT state, _dlt_load_id, ROW_NUMBER() OVER (PARTITION BY pipeline_name ORDER BY _dlt_load_id DESC) AS place FROM _dlt_pipeline_state WHERE _dlt_load_id IN (SELECT load_id FROM _dlt_loads WHERE status = 0) AND (NOT LEFT(pipeline_name, 20) = 'liine_sync_backfill_' OR _dlt_load_id = (SELECT MAX(_dlt_load_id) FROM _dlt_pipeline_state WHERE _dlt_load_id IN (SELECT load_id FROM _dlt_loads WHERE status = 0) AND NOT LEFT(pipeline_name, 17) = 'liine_sync_erase_'))) AS numbered WHERE place = 1 ORDER BY _dlt_load_id;

-- Another session.

SELECT customer_id, expected, distinct_ids, reason FROM (SELECT customer_id, expected, distinct_ids, reason, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY ended DESC) AS place FROM sweeps WHERE customer_id IS NOT NULL AND expected IS NOT NULL AND distinct_ids IS NOT NULL AND kind = 'check' AND status = 'complete' AND filter_hash = '2d0035de1b62a342') AS numbered WHERE place = 1;

-- Another session.

SELECT customer_id, COUNT(*) FROM interactions WHERE customer_id IN (1001) AND vanished_at IS NULL AND (start_time IS NULL OR CAST(start_time AS DATE) > '2025-12-16') GROUP BY customer_id;

-- Another session.

ALTER SESSION SET autocommit=False;

INSERT INTO sweeps ("SWEEP_ID", "CUSTOMER_ID", "KIND", "FILTER_HASH", "EXPECTED", "DISTINCT_IDS", "REQUESTS", "PROOF", "STATUS", "REASON", "COUNT_MEANS", "BEGAN", "ENDED", "_DLT_LOAD_ID", "UNDATED") VALUES ('…', 1001, 'check', '2d0035de1b62a342', 60, 60, 1, 'count', 'complete', NULL, 'total', '…', '…', '…', 0);

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

CREATE TABLE IF NOT EXISTS _liine_inventory (customer_id BIGINT, table_name VARCHAR, row_count BIGINT, newest_load VARCHAR, sum_of_loads DECIMAL(38, 9), values_by_column VARCHAR, is_lost BOOLEAN);

DELETE FROM _liine_inventory WHERE customer_id IN (1001);

INSERT INTO _liine_inventory ("CUSTOMER_ID", "TABLE_NAME", "ROW_COUNT", "NEWEST_LOAD", "SUM_OF_LOADS", "VALUES_BY_COLUMN", "IS_LOST") VALUES (1001, 'interactions', 60, '…', 10…, '{"agent": 37, "agent_id": 37, "agent_location_name": 37, "analyze_complete": 60, "appointment_location": 18, "appointment_status": 18, "attribution_session_guid": 25, "booked_later_interaction_id": 9, "call_complete": 49, "call_id": 60, "call_status": 49, "call_type": 57, "city": 32, "customer_id": 60, "direction": 60, "duration": 49, "ehr_pms_patient_id": 18, "email": 35, "first_time_interaction": 60, "form_submission_id": 8, "google_analytics_client_id": 7, "has_audio": 60, "helper_cell": 60, "id": 60, "initial_division": 49, "initial_keyword": 33, "initial_landing_url": 60, "initial_location": 60, "initial_marketing_channel": 60, "initial_referrer_url": 52, "initial_utm_campaign": 36, "initial_utm_content": 23, "initial_utm_medium": 52, "initial_utm_source": 52, "intent_level": 44, "interaction_type": 60, "is_analyzed": 60, "is_booked_later": 60, "is_existing_patient": 55, "is_new": 55, "is_spam_likely": 60, "last_touch_division": 51, "last_touch_keyword": 35, "last_touch_landing_url": 60, "last_touch_location": 60, "last_touch_marketing_channel": 60, "last_touch_referrer_url": 51, "last_touch_utm_campaign": 29, "last_touch_utm_content": 28, "last_touch_utm_medium": 51, "last_touch_utm_source": 51, "lead_id": 60, "manually_created": 60, "messaging_skill_1": 21, "messaging_skill_2": 21, "messaging_skill_3": 21, "messaging_skill_4": 21, "messaging_skill_5": 21, "messaging_skill_6": 21, "messaging_skill_7": 21, "messaging_utilization": 21, "name": 51, "outcome": 40, "phone_number": 60, "primary_insurance_name": 15, "reason_not_booked": 15, "related_form_submission_id": 13, "revenue": 13, "review_complete": 44, "salient_interaction": 8, "session_guid": 25, "show_messaging": 44, "spam_likely_reason": 2, "start_time": 60, "start_time_tz": 60, "state": 32, "status": 49, "tracking_number": 58, "updated_at": 60, "voicemail": 48}', FALSE), (1001, 'interactions__provider_names', 19, '…', 3…, '{"interaction_id": 19, "position": 19, "provider_name": 19}', FALSE), (1001, 'interactions__session_extras', 10, '…', 1…, '{"interaction_id": 10, "key": 10, "touch": 10, "value": 10, "value_type": 10}', FALSE);

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

select table_name, null, comment from information_schema.tables
where table_catalog = current_database() and table_schema = 'LIINE' and table_type = 'BASE TABLE'
union all
select table_name, column_name, comment from information_schema.columns
where table_catalog = current_database() and table_schema = 'LIINE';

COMMENT ON COLUMN "LIINE"."_LIINE_INVENTORY"."CUSTOMER_ID" IS 'The customer.';

COMMENT ON COLUMN "LIINE"."_LIINE_INVENTORY"."IS_LOST" IS 'Whether rows were lost, and are not loaded again yet.';

COMMENT ON COLUMN "LIINE"."_LIINE_INVENTORY"."NEWEST_LOAD" IS 'Id of the last load that wrote one of them.';

COMMENT ON COLUMN "LIINE"."_LIINE_INVENTORY"."ROW_COUNT" IS 'Rows of the customer when the last run ended.';

COMMENT ON COLUMN "LIINE"."_LIINE_INVENTORY"."SUM_OF_LOADS" IS 'Sum of the load ids of all of them.';

COMMENT ON COLUMN "LIINE"."_LIINE_INVENTORY"."TABLE_NAME" IS 'A table of interactions; empty in a row that only flags a customer.';

COMMENT ON COLUMN "LIINE"."_LIINE_INVENTORY"."VALUES_BY_COLUMN" IS 'JSON: values that are not null, by column.';

COMMENT ON TABLE "LIINE"."_LIINE_INVENTORY" IS 'What the tables held of a customer when the last run ended, to find rows that were lost since.';

-- Another session.

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

SELECT table_name FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = 'LIINE_STG_…';

DROP SCHEMA "LIINE_STG_…" CASCADE;
