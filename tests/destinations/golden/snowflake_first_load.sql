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

INSERT INTO personal_data_keys (key_id, check_value) VALUES ('1', '70d549ad4b02a6a9');

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

SELECT personal_data_keys.key_id, personal_data_keys.check_value FROM personal_data_keys;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS') ORDER BY table_name, ordinal_position;

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
"ANALYZE_COMPLETE" BOOLEAN   COMMENT 'Whether the analysis of the call is complete; null while the call is in progress.',
"CUSTOMER_ID" NUMBER(19,0)   COMMENT 'Liine''s internal id of the customer that the row belongs to.',
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
"START_TIME" TIMESTAMP_NTZ(6)   COMMENT 'Start in the local time zone of the call''s or form''s settings. The API writes it with a Z, but it is not UTC.',
"START_TIME_TZ" TIMESTAMP_LTZ(6)   COMMENT 'Start in UTC, to the second.',
"UPDATED_AT" TIMESTAMP_LTZ(6)   COMMENT 'Time of the last update in UTC, to the microsecond.',
"ID" NUMBER(19,0)  NOT NULL COMMENT 'Liine''s internal id of the interaction; the primary key.',
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
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.');

CREATE TABLE IF NOT EXISTS "LIINE"."INTERACTIONS__PROVIDER_NAMES" (
"INTERACTION_ID" NUMBER(19,0)  NOT NULL COMMENT 'The `id` of the interaction in `interactions`.',
"POSITION" NUMBER(19,0)  NOT NULL COMMENT 'Position in the list, from 0.',
"PROVIDER_NAME" VARCHAR   COMMENT 'Names of the providers of the appointment.',
"IS_CLEARED" BOOLEAN   COMMENT 'Makes the merge delete the interaction''s earlier rows; never true in a loaded table.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.');

CREATE TABLE IF NOT EXISTS "LIINE"."INTERACTIONS__REJECTED_VALUES" (
"INTERACTION_ID" NUMBER(19,0)  NOT NULL COMMENT 'The `id` of the interaction in `interactions`.',
"FIELD" VARCHAR  NOT NULL COMMENT 'The field whose value did not fit its column.',
"RAW_VALUE" VARCHAR   COMMENT 'The value as JSON; null if personal data is hashed or dropped.',
"REASON" VARCHAR   COMMENT 'Why it did not fit.',
"IS_CLEARED" BOOLEAN   COMMENT 'Makes the merge delete the interaction''s earlier rows; never true in a loaded table.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.');

CREATE TABLE IF NOT EXISTS "LIINE"."INTERACTIONS__SESSION_EXTRAS" (
"INTERACTION_ID" NUMBER(19,0)  NOT NULL COMMENT 'The `id` of the interaction in `interactions`.',
"TOUCH" VARCHAR  NOT NULL COMMENT 'The object that holds the key: `initial` or `last_touch`.',
"KEY" VARCHAR  NOT NULL COMMENT 'The key within the object.',
"VALUE" VARCHAR   COMMENT 'The value: a string as it is, anything else as JSON.',
"VALUE_TYPE" VARCHAR   COMMENT 'JSON type of the value: string, number, boolean, null, object or array.',
"IS_CLEARED" BOOLEAN   COMMENT 'Makes the merge delete the interaction''s earlier rows; never true in a loaded table.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.');

CREATE TABLE IF NOT EXISTS "LIINE"."SWEEPS" (
"SWEEP_ID" VARCHAR  NOT NULL COMMENT 'Random id of the sweep.',
"CUSTOMER_ID" NUMBER(19,0)  NOT NULL COMMENT 'The customer that was read.',
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
"PROOF" VARCHAR   COMMENT '`count`: as many as the API counts; `exhaustive`: the count proves nothing, and no page had more rows.',
"STATUS" VARCHAR   COMMENT '`complete` or `failed`.',
"REASON" VARCHAR   COMMENT 'Type of error of a failed sweep; `unseen`: a check met rows that the API lacks or that just arrived.',
"COUNT_MEANS" VARCHAR   COMMENT 'What the API''s `count` means, as observed: `total` or `unknown`.',
"ORDER_CLOCK" VARCHAR   COMMENT 'Clock by which rows are sorted, as observed: local, utc or unknown.',
"CURSOR_CLOCK" VARCHAR   COMMENT 'Clock with which the cursor is compared, as observed: local, utc or unknown.',
"CURSOR_EDGE" VARCHAR   COMMENT 'Whether the cursor''s own second is included, as observed: inclusive or unknown.',
"BEGAN" TIMESTAMP_LTZ(6)   COMMENT 'When the sweep began, by the API''s clock if it sends one (UTC).',
"ENDED" TIMESTAMP_LTZ(6)   COMMENT 'When the sweep ended, by the clock of the connector''s machine (UTC).',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.');

CREATE TABLE IF NOT EXISTS "LIINE"."_DLT_LOADS" (
"LOAD_ID" VARCHAR(64)  NOT NULL COMMENT 'Unique identifier of the load operation',
"SCHEMA_NAME" VARCHAR   COMMENT 'Name of the schema associated with this load',
"STATUS" NUMBER(19,0)  NOT NULL COMMENT 'Status of the load operation (0 = success)',
"INSERTED_AT" TIMESTAMP_LTZ  NOT NULL COMMENT 'Timestamp when the load was completed',
"SCHEMA_VERSION_HASH" VARCHAR   COMMENT 'Hash of the schema version used during this load');

CREATE TABLE IF NOT EXISTS "LIINE"."_DLT_VERSION" (
"VERSION" NUMBER(19,0)  NOT NULL COMMENT 'Numeric version of the schema, incremented on each schema change',
"ENGINE_VERSION" NUMBER(19,0)  NOT NULL COMMENT 'Version of the dlt schema engine that created this schema',
"INSERTED_AT" TIMESTAMP_LTZ  NOT NULL COMMENT 'Timestamp when this schema version was stored',
"SCHEMA_NAME" VARCHAR  NOT NULL COMMENT 'Name of the schema',
"VERSION_HASH" VARCHAR  NOT NULL COMMENT 'Unique hash of the schema content, used to detect changes',
"SCHEMA" VARCHAR  NOT NULL COMMENT 'JSON representation of the complete schema definition');

INSERT INTO "LIINE"."_DLT_VERSION"("VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA") VALUES (1, 11, '…', 'liine', '…', '{…}');

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
"_DLT_ID" VARCHAR  NOT NULL);

INSERT INTO "LIINE"."_DLT_VERSION"("VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA") VALUES (2, 11, '…', 'liine', '…', '{…}');

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
"ANALYZE_COMPLETE" BOOLEAN   COMMENT 'Whether the analysis of the call is complete; null while the call is in progress.',
"CUSTOMER_ID" NUMBER(19,0)   COMMENT 'Liine''s internal id of the customer that the row belongs to.',
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
"START_TIME" TIMESTAMP_NTZ(6)   COMMENT 'Start in the local time zone of the call''s or form''s settings. The API writes it with a Z, but it is not UTC.',
"START_TIME_TZ" TIMESTAMP_LTZ(6)   COMMENT 'Start in UTC, to the second.',
"UPDATED_AT" TIMESTAMP_LTZ(6)   COMMENT 'Time of the last update in UTC, to the microsecond.',
"ID" NUMBER(19,0)  NOT NULL COMMENT 'Liine''s internal id of the interaction; the primary key.',
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
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.');

CREATE TABLE IF NOT EXISTS "LIINE_STG_…"."INTERACTIONS__PROVIDER_NAMES" (
"INTERACTION_ID" NUMBER(19,0)  NOT NULL COMMENT 'The `id` of the interaction in `interactions`.',
"POSITION" NUMBER(19,0)  NOT NULL COMMENT 'Position in the list, from 0.',
"PROVIDER_NAME" VARCHAR   COMMENT 'Names of the providers of the appointment.',
"IS_CLEARED" BOOLEAN   COMMENT 'Makes the merge delete the interaction''s earlier rows; never true in a loaded table.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.');

CREATE TABLE IF NOT EXISTS "LIINE_STG_…"."INTERACTIONS__REJECTED_VALUES" (
"INTERACTION_ID" NUMBER(19,0)  NOT NULL COMMENT 'The `id` of the interaction in `interactions`.',
"FIELD" VARCHAR  NOT NULL COMMENT 'The field whose value did not fit its column.',
"RAW_VALUE" VARCHAR   COMMENT 'The value as JSON; null if personal data is hashed or dropped.',
"REASON" VARCHAR   COMMENT 'Why it did not fit.',
"IS_CLEARED" BOOLEAN   COMMENT 'Makes the merge delete the interaction''s earlier rows; never true in a loaded table.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.');

CREATE TABLE IF NOT EXISTS "LIINE_STG_…"."INTERACTIONS__SESSION_EXTRAS" (
"INTERACTION_ID" NUMBER(19,0)  NOT NULL COMMENT 'The `id` of the interaction in `interactions`.',
"TOUCH" VARCHAR  NOT NULL COMMENT 'The object that holds the key: `initial` or `last_touch`.',
"KEY" VARCHAR  NOT NULL COMMENT 'The key within the object.',
"VALUE" VARCHAR   COMMENT 'The value: a string as it is, anything else as JSON.',
"VALUE_TYPE" VARCHAR   COMMENT 'JSON type of the value: string, number, boolean, null, object or array.',
"IS_CLEARED" BOOLEAN   COMMENT 'Makes the merge delete the interaction''s earlier rows; never true in a loaded table.',
"_DLT_LOAD_ID" VARCHAR   COMMENT 'Id of the dlt load that wrote the row, as in `_dlt_loads`.');

CREATE TABLE IF NOT EXISTS "LIINE_STG_…"."_DLT_VERSION" (
"VERSION" NUMBER(19,0)  NOT NULL COMMENT 'Numeric version of the schema, incremented on each schema change',
"ENGINE_VERSION" NUMBER(19,0)  NOT NULL COMMENT 'Version of the dlt schema engine that created this schema',
"INSERTED_AT" TIMESTAMP_LTZ  NOT NULL COMMENT 'Timestamp when this schema version was stored',
"SCHEMA_NAME" VARCHAR  NOT NULL COMMENT 'Name of the schema',
"VERSION_HASH" VARCHAR  NOT NULL COMMENT 'Unique hash of the schema content, used to detect changes',
"SCHEMA" VARCHAR  NOT NULL COMMENT 'JSON representation of the complete schema definition');

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

INSERT INTO "LIINE"."INTERACTIONS"("ANALYZE_COMPLETE", "CUSTOMER_ID", "DURATION", "MESSAGING_UTILIZATION", "LEAD_ID", "CALL_ID", "INTERACTION_TYPE", "DIRECTION", "PHONE_NUMBER", "STATUS", "SESSION_GUID", "ATTRIBUTION_SESSION_GUID", "INITIAL_MARKETING_CHANNEL", "INITIAL_LOCATION", "INITIAL_DIVISION", "INITIAL_KEYWORD", "INITIAL_LANDING_URL", "INITIAL_REFERRER_URL", "INITIAL_UTM_SOURCE", "INITIAL_UTM_MEDIUM", "INITIAL_UTM_CAMPAIGN", "INITIAL_UTM_CONTENT", "LAST_TOUCH_MARKETING_CHANNEL", "LAST_TOUCH_LOCATION", "LAST_TOUCH_DIVISION", "LAST_TOUCH_KEYWORD", "LAST_TOUCH_LANDING_URL", "LAST_TOUCH_REFERRER_URL", "LAST_TOUCH_UTM_SOURCE", "LAST_TOUCH_UTM_MEDIUM", "LAST_TOUCH_UTM_CAMPAIGN", "LAST_TOUCH_UTM_CONTENT", "CALL_TYPE", "CALL_COMPLETE", "CALL_STATUS", "AGENT", "AGENT_ID", "AGENT_LOCATION_NAME", "OUTCOME", "BOOKED_LATER_INTERACTION_ID", "REASON_NOT_BOOKED", "IS_BOOKED_LATER", "INTENT_LEVEL", "NAME", "CITY", "STATE", "EMAIL", "HAS_AUDIO", "VOICEMAIL", "FIRST_TIME_INTERACTION", "IS_ANALYZED", "IS_NEW", "IS_EXISTING_PATIENT", "SHOW_MESSAGING", "REVIEW_COMPLETE", "MESSAGING_SKILL_1", "MESSAGING_SKILL_2", "MESSAGING_SKILL_3", "MESSAGING_SKILL_4", "MESSAGING_SKILL_5", "MESSAGING_SKILL_6", "MESSAGING_SKILL_7", "TRACKING_NUMBER", "START_TIME", "START_TIME_TZ", "UPDATED_AT", "ID", "MANUALLY_CREATED", "HELPER_CELL", "GOOGLE_ANALYTICS_CLIENT_ID", "RELATED_FORM_SUBMISSION_ID", "FORM_SUBMISSION_ID", "IS_SPAM_LIKELY", "SPAM_LIKELY_REASON", "SALIENT_INTERACTION", "SARA_LEAD_ID_REASON", "EHR_PMS_PATIENT_ID", "PRIMARY_INSURANCE_NAME", "APPOINTMENT_LOCATION", "APPOINTMENT_STATUS", "REVENUE", "MISSING_SINCE", "VANISHED_AT", "VANISHED_REASON", "_DLT_LOAD_ID") SELECT "ANALYZE_COMPLETE", "CUSTOMER_ID", "DURATION", "MESSAGING_UTILIZATION", "LEAD_ID", "CALL_ID", "INTERACTION_TYPE", "DIRECTION", "PHONE_NUMBER", "STATUS", "SESSION_GUID", "ATTRIBUTION_SESSION_GUID", "INITIAL_MARKETING_CHANNEL", "INITIAL_LOCATION", "INITIAL_DIVISION", "INITIAL_KEYWORD", "INITIAL_LANDING_URL", "INITIAL_REFERRER_URL", "INITIAL_UTM_SOURCE", "INITIAL_UTM_MEDIUM", "INITIAL_UTM_CAMPAIGN", "INITIAL_UTM_CONTENT", "LAST_TOUCH_MARKETING_CHANNEL", "LAST_TOUCH_LOCATION", "LAST_TOUCH_DIVISION", "LAST_TOUCH_KEYWORD", "LAST_TOUCH_LANDING_URL", "LAST_TOUCH_REFERRER_URL", "LAST_TOUCH_UTM_SOURCE", "LAST_TOUCH_UTM_MEDIUM", "LAST_TOUCH_UTM_CAMPAIGN", "LAST_TOUCH_UTM_CONTENT", "CALL_TYPE", "CALL_COMPLETE", "CALL_STATUS", "AGENT", "AGENT_ID", "AGENT_LOCATION_NAME", "OUTCOME", "BOOKED_LATER_INTERACTION_ID", "REASON_NOT_BOOKED", "IS_BOOKED_LATER", "INTENT_LEVEL", "NAME", "CITY", "STATE", "EMAIL", "HAS_AUDIO", "VOICEMAIL", "FIRST_TIME_INTERACTION", "IS_ANALYZED", "IS_NEW", "IS_EXISTING_PATIENT", "SHOW_MESSAGING", "REVIEW_COMPLETE", "MESSAGING_SKILL_1", "MESSAGING_SKILL_2", "MESSAGING_SKILL_3", "MESSAGING_SKILL_4", "MESSAGING_SKILL_5", "MESSAGING_SKILL_6", "MESSAGING_SKILL_7", "TRACKING_NUMBER", "START_TIME", "START_TIME_TZ", "UPDATED_AT", "ID", "MANUALLY_CREATED", "HELPER_CELL", "GOOGLE_ANALYTICS_CLIENT_ID", "RELATED_FORM_SUBMISSION_ID", "FORM_SUBMISSION_ID", "IS_SPAM_LIKELY", "SPAM_LIKELY_REASON", "SALIENT_INTERACTION", "SARA_LEAD_ID_REASON", "EHR_PMS_PATIENT_ID", "PRIMARY_INSURANCE_NAME", "APPOINTMENT_LOCATION", "APPOINTMENT_STATUS", "REVENUE", "MISSING_SINCE", "VANISHED_AT", "VANISHED_REASON", "_DLT_LOAD_ID" FROM "LIINE_STG_…"."INTERACTIONS" WHERE 1 = 1;

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

DELETE FROM _dlt_pipeline_state WHERE _dlt_pipeline_state.pipeline_name = 'liine_sync_sync_1001_…' AND _dlt_pipeline_state._dlt_load_id < (SELECT MAX(_dlt_pipeline_state._dlt_load_id) AS max_1 FROM _dlt_pipeline_state WHERE _dlt_pipeline_state.pipeline_name = 'liine_sync_sync_1001_…' AND _dlt_pipeline_state._dlt_load_id IN (SELECT _dlt_loads.load_id FROM _dlt_loads WHERE _dlt_loads.status = 0));

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

SELECT interactions.id, CAST(MIN(interactions.start_time) AS DATE) AS min_1 FROM interactions GROUP BY interactions.id HAVING COUNT(*) > 1;

-- Another session.

SELECT interactions.customer_id, COUNT(*) AS count_1, MAX(interactions._dlt_load_id) AS max_1, SUM(CAST(interactions._dlt_load_id AS DECIMAL(38, 9))) AS sum_1, COUNT(interactions.agent) AS count_2, COUNT(interactions.agent_id) AS count_3, COUNT(interactions.agent_location_name) AS count_4, COUNT(interactions.analyze_complete) AS count_5, COUNT(interactions.appointment_location) AS count_6, COUNT(interactions.appointment_status) AS count_7, COUNT(interactions.attribution_session_guid) AS count_8, COUNT(interactions.booked_later_interaction_id) AS count_9, COUNT(interactions.call_complete) AS count_10, COUNT(interactions.call_id) AS count_11, COUNT(interactions.call_status) AS count_12, COUNT(interactions.call_type) AS count_13, COUNT(interactions.city) AS count_14, COUNT(interactions.customer_id) AS count_15, COUNT(interactions.direction) AS count_16, COUNT(interactions.duration) AS count_17, COUNT(interactions.ehr_pms_patient_id) AS count_18, COUNT(interactions.email) AS count_19, COUNT(interactions.first_time_interaction) AS count_20, COUNT(interactions.form_submission_id) AS count_21, COUNT(interactions.google_analytics_client_id) AS count_22, COUNT(interactions.has_audio) AS count_23, COUNT(interactions.helper_cell) AS count_24, COUNT(interactions.id) AS count_25, COUNT(interactions.initial_division) AS count_26, COUNT(interactions.initial_keyword) AS count_27, COUNT(interactions.initial_landing_url) AS count_28, COUNT(interactions.initial_location) AS count_29, COUNT(interactions.initial_marketing_channel) AS count_30, COUNT(interactions.initial_referrer_url) AS count_31, COUNT(interactions.initial_utm_campaign) AS count_32, COUNT(interactions.initial_utm_content) AS count_33, COUNT(interactions.initial_utm_medium) AS count_34, COUNT(interactions.initial_utm_source) AS count_35, COUNT(interactions.intent_level) AS count_36, COUNT(interactions.interaction_type) AS count_37, COUNT(interactions.is_analyzed) AS count_38, COUNT(interactions.is_booked_later) AS count_39, COUNT(interactions.is_existing_patient) AS count_40, COUNT(interactions.is_new) AS count_41, COUNT(interactions.is_spam_likely) AS count_42, COUNT(interactions.last_touch_division) AS count_43, COUNT(interactions.last_touch_keyword) AS count_44, COUNT(interactions.last_touch_landing_url) AS count_45, COUNT(interactions.last_touch_location) AS count_46, COUNT(interactions.last_touch_marketing_channel) AS count_47, COUNT(interactions.last_touch_referrer_url) AS count_48, COUNT(interactions.last_touch_utm_campaign) AS count_49, COUNT(interactions.last_touch_utm_content) AS count_50, COUNT(interactions.last_touch_utm_medium) AS count_51, COUNT(interactions.last_touch_utm_source) AS count_52, COUNT(interactions.lead_id) AS count_53, COUNT(interactions.manually_created) AS count_54, COUNT(interactions.messaging_skill_1) AS count_55, COUNT(interactions.messaging_skill_2) AS count_56, COUNT(interactions.messaging_skill_3) AS count_57, COUNT(interactions.messaging_skill_4) AS count_58, COUNT(interactions.messaging_skill_5) AS count_59, COUNT(interactions.messaging_skill_6) AS count_60, COUNT(interactions.messaging_skill_7) AS count_61, COUNT(interactions.messaging_utilization) AS count_62, COUNT(interactions.name) AS count_63, COUNT(interactions.outcome) AS count_64, COUNT(interactions.phone_number) AS count_65, COUNT(interactions.primary_insurance_name) AS count_66, COUNT(interactions.reason_not_booked) AS count_67, COUNT(interactions.related_form_submission_id) AS count_68, COUNT(interactions.revenue) AS count_69, COUNT(interactions.review_complete) AS count_70, COUNT(interactions.salient_interaction) AS count_71, COUNT(interactions.sara_lead_id_reason) AS count_72, COUNT(interactions.session_guid) AS count_73, COUNT(interactions.show_messaging) AS count_74, COUNT(interactions.spam_likely_reason) AS count_75, COUNT(interactions.start_time) AS count_76, COUNT(interactions.start_time_tz) AS count_77, COUNT(interactions.state) AS count_78, COUNT(interactions.status) AS count_79, COUNT(interactions.tracking_number) AS count_80, COUNT(interactions.updated_at) AS count_81, COUNT(interactions.voicemail) AS count_82 FROM interactions WHERE interactions.customer_id IN (1001) AND interactions.vanished_at IS NULL GROUP BY interactions.customer_id;

-- Another session.

SELECT interactions.customer_id, COUNT(*) AS count_1, MAX(interactions__provider_names._dlt_load_id) AS max_1, SUM(CAST(interactions__provider_names._dlt_load_id AS DECIMAL(38, 9))) AS sum_1, COUNT(interactions__provider_names.interaction_id) AS count_2, COUNT(interactions__provider_names.position) AS count_3, COUNT(interactions__provider_names.provider_name) AS count_4 FROM interactions__provider_names JOIN interactions ON interactions__provider_names.interaction_id = interactions.id WHERE interactions.customer_id IN (1001) AND interactions.vanished_at IS NULL GROUP BY interactions.customer_id;

-- Another session.

SELECT interactions.customer_id, COUNT(*) AS count_1, MAX(interactions__rejected_values._dlt_load_id) AS max_1, SUM(CAST(interactions__rejected_values._dlt_load_id AS DECIMAL(38, 9))) AS sum_1, COUNT(interactions__rejected_values.field) AS count_2, COUNT(interactions__rejected_values.interaction_id) AS count_3, COUNT(interactions__rejected_values.raw_value) AS count_4, COUNT(interactions__rejected_values.reason) AS count_5 FROM interactions__rejected_values JOIN interactions ON interactions__rejected_values.interaction_id = interactions.id WHERE interactions.customer_id IN (1001) AND interactions.vanished_at IS NULL GROUP BY interactions.customer_id;

-- Another session.

SELECT interactions.customer_id, COUNT(*) AS count_1, MAX(interactions__session_extras._dlt_load_id) AS max_1, SUM(CAST(interactions__session_extras._dlt_load_id AS DECIMAL(38, 9))) AS sum_1, COUNT(interactions__session_extras.interaction_id) AS count_2, COUNT(interactions__session_extras.key) AS count_3, COUNT(interactions__session_extras.touch) AS count_4, COUNT(interactions__session_extras.value) AS count_5, COUNT(interactions__session_extras.value_type) AS count_6 FROM interactions__session_extras JOIN interactions ON interactions__session_extras.interaction_id = interactions.id WHERE interactions.customer_id IN (1001) AND interactions.vanished_at IS NULL GROUP BY interactions.customer_id;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('ERASED_IDENTIFIERS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT anon_1.state FROM (SELECT _dlt_pipeline_state.state AS state, _dlt_pipeline_state._dlt_load_id AS _dlt_load_id, ROW_NUMBER() OVER (PARTITION BY _dlt_pipeline_state.pipeline_name ORDER BY _dlt_pipeline_state._dlt_load_id DESC) AS place FROM _dlt_pipeline_state WHERE _dlt_pipeline_state._dlt_load_id IN (SELECT _dlt_loads.load_id FROM _dlt_loads WHERE _dlt_loads.status = 0) AND (LEFT(_dlt_pipeline_state.pipeline_name, 20) <> 'liine_sync_backfill_' OR _dlt_pipeline_state._dlt_load_id = (SELECT MAX(_dlt_pipeline_state._dlt_load_id) AS max_1 FROM _dlt_pipeline_state WHERE _dlt_pipeline_state._dlt_load_id IN (SELECT _dlt_loads.load_id FROM _dlt_loads WHERE _dlt_loads.status = 0) AND LEFT(_dlt_pipeline_state.pipeline_name, 17) <> 'liine_sync_erase_'))) AS anon_1 WHERE anon_1.place = 1 ORDER BY anon_1._dlt_load_id;

-- Another session.

SELECT anon_1.customer_id, anon_1.expected, anon_1.distinct_ids, anon_1.reason FROM (SELECT sweeps.customer_id AS customer_id, sweeps.expected AS expected, sweeps.distinct_ids AS distinct_ids, sweeps.reason AS reason, ROW_NUMBER() OVER (PARTITION BY sweeps.customer_id ORDER BY sweeps.ended DESC) AS place FROM sweeps WHERE sweeps.kind = 'check' AND sweeps.status = 'complete' AND sweeps.filter_hash = '98475c10d1868423') AS anon_1 WHERE anon_1.place = 1;

-- Another session.

ALTER SESSION SET autocommit=False;

INSERT INTO sweeps (sweep_id, customer_id, kind, filter_hash, expected, distinct_ids, requests, proof, status, reason, count_means, began, ended, _dlt_load_id) VALUES ('…', 1001, 'check', '98475c10d1868423', 60, 60, 1, 'count', 'complete', NULL, 'total', '…', '…', '…');

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

ALTER SESSION SET autocommit=False;

CREATE TABLE IF NOT EXISTS _liine_inventory (customer_id BIGINT, table_name VARCHAR, row_count BIGINT, newest_load VARCHAR, sum_of_loads DECIMAL(38, 9), values_by_column VARCHAR, is_lost BOOLEAN);

DELETE FROM _liine_inventory WHERE _liine_inventory.customer_id IN (1001);

INSERT INTO _liine_inventory (customer_id, table_name, row_count, newest_load, sum_of_loads, values_by_column, is_lost) VALUES (1001, 'interactions', 60, '…', 10…, '{"agent": 37, "agent_id": 37, "agent_location_name": 37, "analyze_complete": 60, "appointment_location": 18, "appointment_status": 18, "attribution_session_guid": 25, "booked_later_interaction_id": 9, "call_complete": 49, "call_id": 60, "call_status": 49, "call_type": 57, "city": 32, "customer_id": 60, "direction": 60, "duration": 49, "ehr_pms_patient_id": 18, "email": 35, "first_time_interaction": 60, "form_submission_id": 8, "google_analytics_client_id": 7, "has_audio": 60, "helper_cell": 60, "id": 60, "initial_division": 49, "initial_keyword": 33, "initial_landing_url": 60, "initial_location": 60, "initial_marketing_channel": 60, "initial_referrer_url": 52, "initial_utm_campaign": 36, "initial_utm_content": 23, "initial_utm_medium": 52, "initial_utm_source": 52, "intent_level": 44, "interaction_type": 60, "is_analyzed": 60, "is_booked_later": 60, "is_existing_patient": 55, "is_new": 55, "is_spam_likely": 60, "last_touch_division": 51, "last_touch_keyword": 35, "last_touch_landing_url": 60, "last_touch_location": 60, "last_touch_marketing_channel": 60, "last_touch_referrer_url": 51, "last_touch_utm_campaign": 29, "last_touch_utm_content": 28, "last_touch_utm_medium": 51, "last_touch_utm_source": 51, "lead_id": 60, "manually_created": 60, "messaging_skill_1": 21, "messaging_skill_2": 21, "messaging_skill_3": 21, "messaging_skill_4": 21, "messaging_skill_5": 21, "messaging_skill_6": 21, "messaging_skill_7": 21, "messaging_utilization": 21, "name": 51, "outcome": 40, "phone_number": 60, "primary_insurance_name": 15, "reason_not_booked": 15, "related_form_submission_id": 13, "revenue": 13, "review_complete": 44, "salient_interaction": 8, "session_guid": 25, "show_messaging": 44, "spam_likely_reason": 2, "start_time": 60, "start_time_tz": 60, "state": 32, "status": 49, "tracking_number": 58, "updated_at": 60, "voicemail": 48}', FALSE), (1001, 'interactions__provider_names', 19, '…', 3…, '{"interaction_id": 19, "position": 19, "provider_name": 19}', FALSE), (1001, 'interactions__session_extras', 10, '…', 1…, '{"interaction_id": 10, "key": 10, "touch": 10, "value": 10, "value_type": 10}', FALSE);

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

SELECT table_name FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = 'LIINE_STG_…';

DROP SCHEMA "LIINE_STG_…" CASCADE;
