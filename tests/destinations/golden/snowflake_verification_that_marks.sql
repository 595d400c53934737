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
WHERE table_schema = 'LIINE' AND table_name IN ('_DLT_PIPELINE_STATE') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT anon_1.state FROM (SELECT _dlt_pipeline_state.state AS state, _dlt_pipeline_state._dlt_load_id AS _dlt_load_id, ROW_NUMBER() OVER (PARTITION BY _dlt_pipeline_state.pipeline_name ORDER BY _dlt_pipeline_state._dlt_load_id DESC) AS place FROM _dlt_pipeline_state WHERE _dlt_pipeline_state._dlt_load_id IN (SELECT _dlt_loads.load_id FROM _dlt_loads WHERE _dlt_loads.status = 0)) AS anon_1 WHERE anon_1.place = 1 ORDER BY anon_1._dlt_load_id;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('ERASED_IDENTIFIERS','PERSONAL_DATA_KEYS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('PERSONAL_DATA_KEYS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT personal_data_keys.key_id, personal_data_keys.check_value FROM personal_data_keys;

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('_LIINE_INVENTORY') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT _liine_inventory.customer_id, _liine_inventory.table_name, _liine_inventory.row_count, _liine_inventory.newest_load, _liine_inventory.sum_of_loads, _liine_inventory.values_by_column, _liine_inventory.is_lost FROM _liine_inventory WHERE _liine_inventory.customer_id IN (1001);

-- Another session.

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS','INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT interactions.customer_id, COUNT(*) AS count_1, MAX(interactions._dlt_load_id) AS max_1, SUM(CAST(interactions._dlt_load_id AS DECIMAL(38, 9))) AS sum_1, COUNT(interactions.agent) AS count_2, COUNT(interactions.agent_id) AS count_3, COUNT(interactions.agent_location_name) AS count_4, COUNT(interactions.analyze_complete) AS count_5, COUNT(interactions.appointment_location) AS count_6, COUNT(interactions.appointment_status) AS count_7, COUNT(interactions.attribution_session_guid) AS count_8, COUNT(interactions.booked_later_interaction_id) AS count_9, COUNT(interactions.call_complete) AS count_10, COUNT(interactions.call_id) AS count_11, COUNT(interactions.call_status) AS count_12, COUNT(interactions.call_type) AS count_13, COUNT(interactions.city) AS count_14, COUNT(interactions.customer_id) AS count_15, COUNT(interactions.direction) AS count_16, COUNT(interactions.duration) AS count_17, COUNT(interactions.ehr_pms_patient_id) AS count_18, COUNT(interactions.email) AS count_19, COUNT(interactions.first_time_interaction) AS count_20, COUNT(interactions.form_submission_id) AS count_21, COUNT(interactions.google_analytics_client_id) AS count_22, COUNT(interactions.has_audio) AS count_23, COUNT(interactions.helper_cell) AS count_24, COUNT(interactions.id) AS count_25, COUNT(interactions.initial_division) AS count_26, COUNT(interactions.initial_keyword) AS count_27, COUNT(interactions.initial_landing_url) AS count_28, COUNT(interactions.initial_location) AS count_29, COUNT(interactions.initial_marketing_channel) AS count_30, COUNT(interactions.initial_referrer_url) AS count_31, COUNT(interactions.initial_utm_campaign) AS count_32, COUNT(interactions.initial_utm_content) AS count_33, COUNT(interactions.initial_utm_medium) AS count_34, COUNT(interactions.initial_utm_source) AS count_35, COUNT(interactions.intent_level) AS count_36, COUNT(interactions.interaction_type) AS count_37, COUNT(interactions.is_analyzed) AS count_38, COUNT(interactions.is_booked_later) AS count_39, COUNT(interactions.is_existing_patient) AS count_40, COUNT(interactions.is_new) AS count_41, COUNT(interactions.is_spam_likely) AS count_42, COUNT(interactions.last_touch_division) AS count_43, COUNT(interactions.last_touch_keyword) AS count_44, COUNT(interactions.last_touch_landing_url) AS count_45, COUNT(interactions.last_touch_location) AS count_46, COUNT(interactions.last_touch_marketing_channel) AS count_47, COUNT(interactions.last_touch_referrer_url) AS count_48, COUNT(interactions.last_touch_utm_campaign) AS count_49, COUNT(interactions.last_touch_utm_content) AS count_50, COUNT(interactions.last_touch_utm_medium) AS count_51, COUNT(interactions.last_touch_utm_source) AS count_52, COUNT(interactions.lead_id) AS count_53, COUNT(interactions.manually_created) AS count_54, COUNT(interactions.messaging_skill_1) AS count_55, COUNT(interactions.messaging_skill_2) AS count_56, COUNT(interactions.messaging_skill_3) AS count_57, COUNT(interactions.messaging_skill_4) AS count_58, COUNT(interactions.messaging_skill_5) AS count_59, COUNT(interactions.messaging_skill_6) AS count_60, COUNT(interactions.messaging_skill_7) AS count_61, COUNT(interactions.messaging_utilization) AS count_62, COUNT(interactions.name) AS count_63, COUNT(interactions.outcome) AS count_64, COUNT(interactions.phone_number) AS count_65, COUNT(interactions.primary_insurance_name) AS count_66, COUNT(interactions.reason_not_booked) AS count_67, COUNT(interactions.related_form_submission_id) AS count_68, COUNT(interactions.revenue) AS count_69, COUNT(interactions.review_complete) AS count_70, COUNT(interactions.salient_interaction) AS count_71, COUNT(interactions.sara_lead_id_reason) AS count_72, COUNT(interactions.session_guid) AS count_73, COUNT(interactions.show_messaging) AS count_74, COUNT(interactions.spam_likely_reason) AS count_75, COUNT(interactions.start_time) AS count_76, COUNT(interactions.start_time_tz) AS count_77, COUNT(interactions.state) AS count_78, COUNT(interactions.status) AS count_79, COUNT(interactions.tracking_number) AS count_80, COUNT(interactions.updated_at) AS count_81, COUNT(interactions.voicemail) AS count_82 FROM interactions WHERE interactions.customer_id IN (1001) AND interactions.vanished_at IS NULL GROUP BY interactions.customer_id;

-- Another session.

SELECT interactions.customer_id, COUNT(*) AS count_1, MAX(interactions__provider_names._dlt_load_id) AS max_1, SUM(CAST(interactions__provider_names._dlt_load_id AS DECIMAL(38, 9))) AS sum_1, COUNT(interactions__provider_names.interaction_id) AS count_2, COUNT(interactions__provider_names.position) AS count_3, COUNT(interactions__provider_names.provider_name) AS count_4 FROM interactions__provider_names JOIN interactions ON interactions__provider_names.interaction_id = interactions.id WHERE interactions.customer_id IN (1001) AND interactions.vanished_at IS NULL GROUP BY interactions.customer_id;

-- Another session.

SELECT interactions.customer_id, COUNT(*) AS count_1, MAX(interactions__rejected_values._dlt_load_id) AS max_1, SUM(CAST(interactions__rejected_values._dlt_load_id AS DECIMAL(38, 9))) AS sum_1, COUNT(interactions__rejected_values.field) AS count_2, COUNT(interactions__rejected_values.interaction_id) AS count_3, COUNT(interactions__rejected_values.raw_value) AS count_4, COUNT(interactions__rejected_values.reason) AS count_5 FROM interactions__rejected_values JOIN interactions ON interactions__rejected_values.interaction_id = interactions.id WHERE interactions.customer_id IN (1001) AND interactions.vanished_at IS NULL GROUP BY interactions.customer_id;

-- Another session.

SELECT interactions.customer_id, COUNT(*) AS count_1, MAX(interactions__session_extras._dlt_load_id) AS max_1, SUM(CAST(interactions__session_extras._dlt_load_id AS DECIMAL(38, 9))) AS sum_1, COUNT(interactions__session_extras.interaction_id) AS count_2, COUNT(interactions__session_extras.key) AS count_3, COUNT(interactions__session_extras.touch) AS count_4, COUNT(interactions__session_extras.value) AS count_5, COUNT(interactions__session_extras.value_type) AS count_6 FROM interactions__session_extras JOIN interactions ON interactions__session_extras.interaction_id = interactions.id WHERE interactions.customer_id IN (1001) AND interactions.vanished_at IS NULL GROUP BY interactions.customer_id;

-- Another session.

ALTER SESSION SET autocommit=False;

UPDATE _liine_inventory SET is_lost = TRUE WHERE _liine_inventory.customer_id IN (1001);

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

SELECT "VERSION", "ENGINE_VERSION", "INSERTED_AT", "SCHEMA_NAME", "VERSION_HASH", "SCHEMA" FROM "LIINE"."_DLT_VERSION" WHERE "SCHEMA_NAME" = 'liine' ORDER BY "INSERTED_AT" DESC;

SELECT table_name,column_name,data_type,is_nullable,numeric_precision,numeric_scale
FROM INFORMATION_SCHEMA.COLUMNS
WHERE table_schema = 'LIINE' AND table_name IN ('INTERACTIONS__PROVIDER_NAMES','INTERACTIONS__REJECTED_VALUES','INTERACTIONS__SESSION_EXTRAS') ORDER BY table_name, ordinal_position;

-- Another session.

SELECT interactions.id, CAST(MIN(interactions.start_time) AS DATE) AS min_1 FROM interactions WHERE interactions.customer_id = 1001 GROUP BY interactions.id HAVING COUNT(*) > 1;

-- Another session.

SELECT CAST(interactions.start_time AS DATE) AS start_time, COUNT(*) AS count_1, SUM(CASE WHEN (interactions.start_time = CAST(CAST(interactions.start_time AS DATE) AS TIMESTAMP)) THEN 1 ELSE 0 END) AS sum_1 FROM interactions WHERE interactions.customer_id = 1001 AND interactions.vanished_at IS NULL GROUP BY CAST(interactions.start_time AS DATE);

-- Another session.

SELECT CAST(CAST(CONVERT_TIMEZONE('UTC', interactions.start_time_tz) AS TIMESTAMP) AS DATE) AS anon_1, COUNT(*) AS count_1, SUM(CASE WHEN (CAST(CONVERT_TIMEZONE('UTC', interactions.start_time_tz) AS TIMESTAMP) = CAST(CAST(CAST(CONVERT_TIMEZONE('UTC', interactions.start_time_tz) AS TIMESTAMP) AS DATE) AS TIMESTAMP)) THEN 1 ELSE 0 END) AS sum_1 FROM interactions WHERE interactions.customer_id = 1001 AND interactions.vanished_at IS NULL GROUP BY CAST(CAST(CONVERT_TIMEZONE('UTC', interactions.start_time_tz) AS TIMESTAMP) AS DATE);

-- Another session.

SELECT interactions.id, CAST(interactions.start_time AS DATE) AS start_time, CAST(CONVERT_TIMEZONE('UTC', interactions.updated_at) AS TIMESTAMP) AS anon_1, CAST(CONVERT_TIMEZONE('UTC', interactions.missing_since) AS TIMESTAMP) AS anon_2, CAST(CONVERT_TIMEZONE('UTC', interactions.vanished_at) AS TIMESTAMP) AS anon_3 FROM interactions WHERE interactions.customer_id = 1001;

-- Another session.

ALTER SESSION SET autocommit=False;

UPDATE interactions SET missing_since = '…' WHERE interactions.id IN (5116);

COMMIT;

ALTER SESSION SET autocommit=True;

-- Another session.

SELECT 1
FROM INFORMATION_SCHEMA.SCHEMATA
WHERE schema_name = 'LIINE_STG_…';

SELECT table_name FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = 'LIINE_STG_…';

DROP SCHEMA "LIINE_STG_…" CASCADE;
