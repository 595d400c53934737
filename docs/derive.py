"""Text derived from `liine_source.spec`: cog writes it in place (`make derive`) and checks it (`make check`).

JSON has no comments for cog, so run as a program this file writes `docs/openapi.json`, or with `--check` compares it.
"""

import json
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from liine_source.privacy.policy import PrivacyPolicy
from liine_source.spec.fields import FIELDS, FIELDS_BY_NAME
from liine_source.spec.filters import FILTERS
from liine_source.spec.openapi import openapi_document
from liine_source.spec.statuses import STATUSES
from liine_source.spec.tables import COLUMNS, DESCRIPTIONS, SOURCE_TABLES
from liine_source.spec.types import Parameter

_SCALARS = {"number": "float", "integer": "int", "boolean": "bool", "string": "str"}
_SECTIONS = {"general": "General", "metadata": "Metadata", "ehr_pms": "EHR/PMS"}
_WIDTH = 110
_OPENAPI = Path(__file__).with_name("openapi.json")

# Staging's name of a column, where the loaded name is ambiguous or misleading.
_STAGED = {
    "interactions": {
        "id": "interaction_id",
        "start_time": "started_at_local",
        "start_time_tz": "started_at_utc",
        "updated_at": "updated_at_utc",
        "duration": "duration_seconds",
        "messaging_utilization": "messaging_utilization_percent",
        "status": "connection_status",
        "agent": "agent_name",
        "name": "lead_name",
        "city": "lead_city",
        "state": "lead_state",
        "email": "lead_email",
        "call_complete": "is_call_complete",
        "analyze_complete": "is_analysis_complete",
        "review_complete": "is_review_complete",
        "is_new": "is_new_lead",
        "voicemail": "is_voicemail",
        "first_time_interaction": "is_first_time_interaction",
        "show_messaging": "has_messaging",
        "manually_created": "is_manually_created",
        "helper_cell": "is_operative",
        "salient_interaction": "salient_call_id",
        "missing_since": "missing_since_utc",
        "vanished_at": "vanished_at_utc",
        "_dlt_load_id": "load_id",
    },
    "interactions__provider_names": {"_dlt_load_id": "load_id"},
    "interactions__session_extras": {
        "key": "extra_key",
        "value": "extra_value",
        "value_type": "extra_type",
        "_dlt_load_id": "load_id",
    },
    "interactions__rejected_values": {"field": "field_name", "_dlt_load_id": "load_id"},
    "sweeps": {
        "since": "since_date",
        "until": "until_date",
        "updated_since": "updated_since_date",
        "expected": "expected_interactions",
        "distinct_ids": "found_interactions",
        "changed": "changed_interactions",
        "suppressed": "suppressed_interactions",
        "undated": "undated_interactions",
        "began": "began_at_utc",
        "ended": "ended_at_utc",
        "_dlt_load_id": "load_id",
    },
}
# Columns that staging adds after the loaded ones.
_ADDED = {
    "interactions": (
        (
            "row_definition",
            "text",
            "Version, personal-data setting and salt hash that this view was built with.",
            "none",
        ),
        (
            "lead_key",
            "text",
            "Pseudonym of the lead: hash of `customer_id` and `lead_id`.",
            "pseudonym",
        ),
        (
            "patient_key",
            "text",
            "Pseudonym of the patient: hash of `customer_id` and `ehr_pms_patient_id`.",
            "pseudonym",
        ),
        ("is_lead_reassigned", "boolean", "Whether Liine gives a reason to reassign the `lead_id`.", "none"),
        ("is_vanished", "boolean", "Whether two verifications did not find the interaction in the API.", "none"),
    ),
    "interactions__session_extras": (
        ("extra_key_hash", "text", "Hash of the key; part of the unique key.", "pseudonym"),
    ),
}
_SQL_TYPES = {"bool": "boolean", "decimal": "numeric(38, 9)", "double": "numeric(38, 9)"}
_KEYS = {
    "interactions": ("interaction_id",),
    "interactions__provider_names": ("interaction_id", "position"),
    "interactions__session_extras": ("interaction_id", "touch", "extra_key_hash"),
    "interactions__rejected_values": ("interaction_id", "field_name"),
    "sweeps": ("sweep_id",),
}

_TOUCHES = ("initial", "last_touch")
# 45 CFR 164.514(b)(2)(i), and the fields that hold each identifier of a patient or of an employee.
_SAFE_HARBOR: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("A names", ("name", "agent", "agent_location_name", "provider_names")),
    ("B places smaller than a state", ("city", "initial_location", "last_touch_location", "appointment_location")),
    ("C dates, except the year", ("start_time", "start_time_tz", "updated_at")),
    ("D telephone numbers", ("phone_number", "tracking_number")),
    ("E fax numbers", ()),
    ("F email addresses", ("email",)),
    ("G social security numbers", ()),
    ("H medical record numbers", ("ehr_pms_patient_id",)),
    ("I health plan beneficiary numbers", ()),
    ("J account numbers", ()),
    ("K certificate and license numbers", ()),
    ("L vehicle identifiers", ()),
    ("M device identifiers", ("google_analytics_client_id",)),
    ("N URLs", tuple(f"{touch}_{name}_url" for touch in _TOUCHES for name in ("landing", "referrer"))),
    ("O IP addresses", ()),
    ("P biometric identifiers", ()),
    ("Q photographs of a face", ()),
    (
        "R other unique numbers, characteristics or codes",
        (
            "id",
            "form_submission_id",
            "related_form_submission_id",
            "booked_later_interaction_id",
            "lead_id",
            "call_id",
            "salient_interaction",
            "session_guid",
            "attribution_session_guid",
            "agent_id",
        ),
    ),
    (
        "any of them, in open text",
        (
            *(f"{touch}_{name}" for touch in _TOUCHES for name in ("keyword", "session_extras")),
            "reason_not_booked",
            "sara_lead_id_reason",
            "spam_likely_reason",
            *(f"{touch}_utm_{name}" for touch in _TOUCHES for name in ("source", "medium", "campaign", "content")),
            *(f"{touch}_marketing_channel" for touch in _TOUCHES),
        ),
    ),
)
# Health information, or about an employee, without identifying anybody; a state is allowed.
_NO_IDENTIFIERS = {
    *(f"{touch}_division" for touch in _TOUCHES),
    *(f"messaging_skill_{number}" for number in range(1, 8)),
    "messaging_utilization",
    "state",
    "primary_insurance_name",
    "appointment_status",
    "revenue",
}


def filters_class() -> str:
    """The typed dictionary of the filters."""
    lines = [
        "class Filters(TypedDict, total=False):",
        f'    """The {len(FILTERS)} filters of the reference ("Query Parameters"), each described in docs/filters.md.',
        "",
        '    In a list, None or "null" selects rows where the field is not set, for the filters that accept it.',
        '    """',
        "",
        *(line for parameter in FILTERS for line in _annotation(parameter)),
    ]
    return "\n".join(lines)


def privacy_table() -> str:
    """The effect of the masking modes on each personal or open field, as a Markdown table."""
    hashing, dropping = PrivacyPolicy("hash"), PrivacyPolicy("drop")
    lines = ["| field | class | `hash` | `drop` |", "| --- | --- | --- | --- |"]
    for field in FIELDS:
        effects = hashing.effect_on(field), dropping.effect_on(field)
        if effects != ("kept", "kept"):
            kind = f" as `{field.value_kind}`" if effects[0].startswith("hashed") else ""
            lines.append(f"| `{field.name}` | {field.personal_data} | {effects[0]}{kind} | {effects[1]} |")
    return "\n".join(lines)


def safe_harbor_table() -> str:
    """The identifiers of 45 CFR 164.514(b)(2)(i) with the fields that hold them, as a Markdown table.

    Raises ValueError where a personal field is neither in the table nor known to be no identifier.
    """
    hashing, dropping = PrivacyPolicy("hash"), PrivacyPolicy("drop")
    listed = {name for _, names in _SAFE_HARBOR for name in names} | _NO_IDENTIFIERS
    if missing := {field.name for field in FIELDS if field.personal_data != "none" or field.is_open} - listed:
        raise ValueError(f"Which identifiers of HIPAA are these fields? {sorted(missing)}")
    rows = []
    for identifier, names in _SAFE_HARBOR:
        by_effect: dict[tuple[str, str], list[str]] = {}
        for field in map(FIELDS_BY_NAME.__getitem__, names):
            by_effect.setdefault((hashing.effect_on(field), dropping.effect_on(field)), []).append(f"`{field.name}`")
        rows += [(identifier, ", ".join(fields), *effects) for effects, fields in by_effect.items()]
        rows += [] if names else [(identifier, "none", "", "")]
    return _table(("identifier", "fields", "`hash`", "`drop`"), rows)


def filters_tables() -> str:
    """The filters by section, as Markdown."""
    parts = []
    for section, parameters in groupby(FILTERS, key=lambda parameter: parameter.section):
        rows = [
            (f"`{p.name}`", p.type, ", ".join(f"`{word}`" for word in _words(p)) or "any", p.description)
            for p in parameters
        ]
        parts.append(f"## {_SECTIONS[section]}\n\n" + _table(("filter", "type", "values", "selects"), rows))
    return "\n\n".join(parts)


def fields_table() -> str:
    """The fields, as Markdown."""
    rows = [
        (f"`{f.name}`", _column_type(f.data_type, f.shape, has_timezone=f.has_timezone), f.personal_data, f.description)
        for f in FIELDS
    ]
    return _table(("field", "type", "personal data", "description"), rows)


def statuses_table() -> str:
    """The statuses, as Markdown."""
    return _table(("status", "meaning", "remedy"), [(f"{s.code} {s.name}", s.meaning, s.remedy) for s in STATUSES])


def dbt_sources() -> str:
    """The loaded tables, as dbt source tables."""
    lines = []
    for table in SOURCE_TABLES:
        lines += [f"- name: {table}", f"  description: {_yaml(DESCRIPTIONS[table])}"]
        if table == "sweeps":
            lines += [
                "  config:",
                "    loaded_at_field: ended",
                "    freshness:",
                "      warn_after: {count: 26, period: hour}",
                "      error_after: {count: 50, period: hour}",
                "      filter: status = 'complete'",
            ]
        lines.append("  columns:")
        for column in COLUMNS[table]:
            if column.is_hard_delete:
                continue
            lines += [f"    - name: {column.name}", f"      description: {_yaml(column.description)}"]
            lines += _meta(column.personal_data or "none", 6)
    return _indented(lines, 6)


def dbt_staging(table: str) -> str:
    """The staging model of a loaded table, as dbt model properties."""
    described = DESCRIPTIONS[table]
    lines = [f"- name: stg_liine__{table.removeprefix('interactions__')}", f"  description: {_yaml(described)}"]
    lines += ["  config: {contract: {enforced: true}}"]
    keys = _KEYS[table]
    if len(keys) > 1:
        lines += [
            "  data_tests:",
            "    - unique_combination_of_columns:",
            f"        arguments: {{combination_of_columns: [{', '.join(keys)}]}}",
        ]
    lines.append("  columns:")
    for column in COLUMNS[table]:
        if column.is_hard_delete:
            continue
        loaded = column.name
        name = _STAGED[table].get(loaded, loaded)
        sql_type = _SQL_TYPES.get(column.data_type, column.data_type)
        lines += _column(name, sql_type, column.description, column.personal_data or "none")
        values = FIELDS_BY_NAME[loaded].values if table == "interactions" and loaded in FIELDS_BY_NAME else ()
        lines += _column_tests(name, keys, values)
    for name, data_type, description, personal_data in _ADDED.get(table, ()):
        lines += [*_column(name, data_type, description, personal_data), *_column_tests(name, keys, ())]
    return _indented(lines, 2)


def dbt_known_values() -> str:
    """The values that the reference lists for a field, as a macro that returns them by staging column.

    The cog markers are inside a Jinja comment, so the text closes it and opens another.
    """
    names = _STAGED["interactions"]
    entries = [f"    {names.get(f.name, f.name)!r}: {list(f.values)!r}," for f in FIELDS if f.values]
    head = ["-#}", "{% macro known_values() %}", "{%- set known = {"]
    return "\n".join([*head, *entries, "} -%}", "{{ return(known) }}", "{% endmacro %}", "{#-"])


def openapi() -> str:
    """The OpenAPI document, as JSON."""
    return json.dumps(openapi_document(), ensure_ascii=False, indent=2) + "\n"


def main(arguments: list[str]) -> str | None:
    """Write `docs/openapi.json`; with `--check`, return a complaint if it differs instead."""
    if arguments != ["--check"]:
        _OPENAPI.write_text(openapi(), encoding="utf-8")
    elif not _OPENAPI.exists() or _OPENAPI.read_text(encoding="utf-8") != openapi():
        return "docs/openapi.json is out of date: run `make derive`"
    return None


def _column(name: str, data_type: str, description: str, personal_data: str) -> list[str]:
    lines = [f"    - name: {name}", f"      data_type: {data_type}", f"      description: {_yaml(description)}"]
    return lines + _meta(personal_data, 6)


def _column_tests(name: str, keys: tuple[str, ...], values: tuple[str, ...]) -> list[str]:
    lines = []
    if name in keys:
        lines = ["        - not_null", *(["        - unique"] if len(keys) == 1 else [])]
    if values:
        listed = ", ".join(map(_yaml, values))
        lines += ["        - accepted_values:", f"            arguments: {{values: [{listed}]}}"]
        lines += ["            config: {severity: warn}"]
    return ["      data_tests:", *lines] if lines else []


def _meta(personal_data: str, spaces: int) -> list[str]:
    if personal_data == "none":
        return []
    return [" " * spaces + f"config: {{meta: {{personal_data: {personal_data}}}}}"]


def _yaml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _indented(lines: Iterable[str], spaces: int) -> str:
    return "\n".join(" " * spaces + line for line in lines)


def _annotation(parameter: Parameter) -> list[str]:
    kind = parameter.type.removeprefix("list(").removesuffix(")")
    is_list = kind != parameter.type
    words = list(_words(parameter))
    named = f"Literal[{', '.join(map(_quoted, words))}]"
    item = named if parameter.values else _SCALARS[kind]
    if parameter.special_values:
        item += f" | {named}"
    if "null" in words:
        item += " | None"
    line = f"    {parameter.name}: " + (f"list[{item}]" if is_list else item)
    if len(line) <= _WIDTH:
        return [line]
    indent = "    " * (2 + is_list)
    values = [f"{indent}{_quoted(value)}," for value in words]
    if not is_list:
        return [f"    {parameter.name}: Literal[", *values, "    ]"]
    rest = item.partition("]")[2]
    return [f"    {parameter.name}: list[", "        Literal[", *values, f"        ]{rest}", "    ]"]


def _words(parameter: Parameter) -> Iterable[str]:
    yield from parameter.values
    yield from parameter.special_values
    if parameter.accepts_null and "null" not in parameter.special_values:
        yield "null"


def _column_type(data_type: str, shape: str, *, has_timezone: bool) -> str:
    if shape != "scalar":
        return f"{shape}, own table"
    if data_type == "timestamp":
        return "timestamp, UTC" if has_timezone else "timestamp, no zone"
    return data_type


def _quoted(word: str) -> str:
    return f'"{word}"'


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
