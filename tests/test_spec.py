"""The tables of `liine_source.spec` against an independent transcription of the reference, both ways."""

import ast
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import liine_source.spec
from liine_source.spec import endpoints, vocabulary
from liine_source.spec.fields import FIELDS, FIELDS_BY_NAME, LIST_FIELDS, OBJECT_FIELDS, SCALAR_FIELDS
from liine_source.spec.filters import FILTERS, FILTERS_BY_NAME, PARAMETERS
from liine_source.spec.statuses import STATUSES, STATUSES_BY_CODE
from liine_source.spec.types import Field, Parameter

HERE = Path(__file__).parent / "reference"
REFERENCE: dict[str, Any] = json.loads((HERE / "reference.json").read_text(encoding="utf-8"))
SAMPLE_PAGE: dict[str, Any] = json.loads((HERE / "sample_page.json").read_text(encoding="utf-8"))

# One row has no name (open question 13).
REFERENCE_FIELDS: list[dict[str, Any]] = [{**row, "name": row["name"] or "email"} for row in REFERENCE["fields"]]
REFERENCE_PARAMETERS: list[dict[str, Any]] = [
    {**row, "section": section} for section, rows in REFERENCE["parameters"].items() for row in rows
]

FIELD_PAIRS = [pytest.param(field, row, id=field.name) for field, row in zip(FIELDS, REFERENCE_FIELDS, strict=False)]
PARAMETER_PAIRS = [
    pytest.param(parameter, row, id=parameter.name)
    for parameter, row in zip(PARAMETERS, REFERENCE_PARAMETERS, strict=False)
]

DATA_TYPES = {
    "string": ("scalar", {"text"}),
    "boolean": ("scalar", {"bool"}),
    "number": ("scalar", {"bigint", "double", "decimal"}),
    "object": ("object", {"json"}),
    "list(string)": ("list", {"text"}),
    "string (format: YYYY-MM-DDTHH:MM:SSZ)": ("scalar", {"timestamp"}),
    "string (format: YYYY-MM-DDTHH:MM:SS.ffffffZ)": ("scalar", {"timestamp"}),
}
NUMBERS = {
    "customer_id": "bigint",
    "duration": "bigint",
    "messaging_utilization": "double",
    "agent_id": "bigint",
    "booked_later_interaction_id": "bigint",
    "id": "bigint",
    "related_form_submission_id": "bigint",
    "form_submission_id": "bigint",
    "revenue": "decimal",
}
OWNED = [
    "customer_id",
    "customer_ids",
    "start_date",
    "end_date",
    "updated_date",
    "limit",
    "pagination_timestamp",
]
ABSENT_FROM_SAMPLE = {
    "is_booked_later",
    "updated_at",
    "helper_cell",
    "google_analytics_client_id",
    "related_form_submission_id",
    "form_submission_id",
    "salient_interaction",
    "sara_lead_id_reason",
    "ehr_pms_patient_id",
}


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        pytest.param(REFERENCE["fields"], 84, id="fields"),
        pytest.param(REFERENCE["parameters"]["general"], 33, id="general parameters"),
        pytest.param(REFERENCE["parameters"]["metadata"], 36, id="metadata parameters"),
        pytest.param(REFERENCE["parameters"]["ehr_pms"], 7, id="EHR/PMS parameters"),
        pytest.param([row for row in REFERENCE_PARAMETERS if row["accepts_null"]], 29, id="parameters with a star"),
        pytest.param([row for row in REFERENCE_PARAMETERS if row["is_division"]], 3, id="parameters with a dagger"),
        pytest.param(REFERENCE["statuses"], 8, id="statuses"),
        pytest.param(REFERENCE["sample"]["row_fields"], 75, id="fields of the sample row"),
        pytest.param([row for row in REFERENCE["fields"] if row["name"] is None], 1, id="fields without a name"),
    ],
)
def test_transcription_is_complete(rows: list[Any], count: int) -> None:
    """The transcription has as many rows as were counted in the reference by hand."""
    assert len(rows) == count


def test_fields_match_reference_in_order() -> None:
    """The table has exactly the reference's fields, in the same order."""
    assert [field.name for field in FIELDS] == [row["name"] for row in REFERENCE_FIELDS]
    assert list(FIELDS_BY_NAME) == [row["name"] for row in REFERENCE_FIELDS]


def test_field_without_name_is_email() -> None:
    """The field with a blank name follows `state`, as `email` does in the sample row."""
    named = [row["name"] for row in REFERENCE["fields"]]
    sampled = REFERENCE["sample"]["row_fields"]
    assert named[named.index(None) - 1] == "state"
    assert sampled[sampled.index("state") + 1] == "email"


@pytest.mark.parametrize(("field", "row"), FIELD_PAIRS)
def test_field_type_matches_reference(field: Field, row: dict[str, Any]) -> None:
    """A field's type and shape are among those that the reference's type allows."""
    shape, data_types = DATA_TYPES[row["type"]]
    assert field.shape == shape
    assert field.data_type in data_types


@pytest.mark.parametrize(("field", "row"), FIELD_PAIRS)
def test_field_values_match_reference(field: Field, row: dict[str, Any]) -> None:
    """A field has exactly the values that the reference lists, in the same order."""
    assert list(field.values) == row.get("values", [])


def test_numbers_are_integers_except_two() -> None:
    """Ids, seconds and customers are integers, a percentage is a double, and money is a decimal."""
    numbers = {field.name: field.data_type for field in FIELDS if field.data_type in DATA_TYPES["number"][1]}
    assert numbers == NUMBERS


def test_only_start_time_has_no_time_zone() -> None:
    """`start_time` is a wall clock, the other two timestamps are UTC, and no other field has a time zone."""
    zones = {field.name: field.has_timezone for field in FIELDS if field.data_type == "timestamp"}
    assert zones == {"start_time": False, "start_time_tz": True, "updated_at": True}
    assert {field.name for field in FIELDS if field.has_timezone} == {"start_time_tz", "updated_at"}


def test_id_is_the_only_key_and_never_null() -> None:
    """`id` is the only key and the only field that is never null."""
    assert [field.name for field in FIELDS if field.is_key] == ["id"]
    assert [field.name for field in FIELDS if not field.nullable] == ["id"]


def test_each_field_has_one_shape() -> None:
    """81 scalars, two objects and one list make the 84 fields."""
    assert len(SCALAR_FIELDS) == 81
    assert [field.name for field in OBJECT_FIELDS] == ["initial_session_extras", "last_touch_session_extras"]
    assert [field.name for field in LIST_FIELDS] == ["provider_names"]


def test_direct_personal_data_fields() -> None:
    """Four fields name a person or lead straight to one."""
    direct = {field.name for field in FIELDS if field.personal_data == "direct"}
    assert direct == {"phone_number", "name", "email", "ehr_pms_patient_id"}


def test_sample_row_has_only_known_fields() -> None:
    """The sample row has 75 known fields and lacks the other nine."""
    [row] = SAMPLE_PAGE["interactions"]
    assert list(row) == REFERENCE["sample"]["row_fields"]
    assert FIELDS_BY_NAME.keys() - row.keys() == ABSENT_FROM_SAMPLE
    assert row.keys() - FIELDS_BY_NAME.keys() == set()


def test_parameters_match_reference_in_order() -> None:
    """The table has exactly the reference's parameters, in the same order and sections."""
    assert [(parameter.section, parameter.name) for parameter in PARAMETERS] == [
        (row["section"], row["name"]) for row in REFERENCE_PARAMETERS
    ]


@pytest.mark.parametrize(("parameter", "row"), PARAMETER_PAIRS)
def test_parameter_matches_reference(parameter: Parameter, row: dict[str, Any]) -> None:
    """Type, star, dagger, listed values, special values and exclusions match the reference."""
    assert (
        parameter.type,
        parameter.accepts_null,
        parameter.is_division,
        list(parameter.values),
        list(parameter.special_values),
        list(parameter.excludes),
    ) == (
        row["type"],
        row["accepts_null"],
        row["is_division"],
        row.get("values", []),
        row.get("special_values", []),
        row.get("excludes", []),
    )


@pytest.mark.parametrize(("parameter", "row"), PARAMETER_PAIRS)
def test_description_matches_reference_on_case(parameter: Parameter, row: dict[str, Any]) -> None:
    """A description mentions case where the reference does, the same way, and nowhere else."""
    assert ("Case-sensitive." in parameter.description) == (row.get("case") == "sensitive")
    assert ("case-insensitive" in parameter.description) == (row.get("case") == "insensitive")


def test_parameters_are_owned_or_filters() -> None:
    """The connector owns the seven parameters for pages, dates and customers; the other 69 are filters."""
    assert [parameter.name for parameter in PARAMETERS if parameter.is_owned] == OWNED
    assert [parameter.name for parameter in FILTERS] == [
        row["name"] for row in REFERENCE_PARAMETERS if row["name"] not in OWNED
    ]
    assert list(FILTERS_BY_NAME) == [parameter.name for parameter in FILTERS]
    assert len(FILTERS) == 69


def test_statuses_match_reference() -> None:
    """The table has exactly the documented statuses, by code and name."""
    assert [{"code": status.code, "name": status.name} for status in STATUSES] == REFERENCE["statuses"]
    assert list(STATUSES_BY_CODE) == [row["code"] for row in REFERENCE["statuses"]]


def test_page_fields_match_reference() -> None:
    """The page's fields match the table "Response Structure" and the sample."""
    assert list(endpoints.ENVELOPE_FIELDS) == [row["name"] for row in REFERENCE["page_fields"]]
    assert set(endpoints.ENVELOPE_FIELDS) == set(SAMPLE_PAGE) == set(REFERENCE["sample"]["page_fields"])


def test_addresses_and_page_sizes_match_reference() -> None:
    """Both addresses, the default page size and the largest one are the reference's."""
    assert endpoints.HOST + endpoints.AUTHENTICATE_PATH in REFERENCE["urls"]
    assert endpoints.HOST + endpoints.INTERACTIONS_PATH in REFERENCE["urls"]
    assert endpoints.DEFAULT_PAGE_SIZE == REFERENCE["default_limit"] == 100
    assert endpoints.MAX_PAGE_SIZE == REFERENCE["max_limit"] == 1000


def test_date_and_cursor_formats_match_reference() -> None:
    """A day is YYYY-MM-DD, and a cursor YYYY-MM-DDTHH:MM:SSZ as in the sample."""
    moment = datetime(2021, 5, 27, 4, 2, 49, tzinfo=UTC)
    assert moment.strftime(endpoints.DATE_FORMAT) == "2021-05-27"
    assert moment.strftime(endpoints.CURSOR_FORMAT) == SAMPLE_PAGE["pagination_timestamp"]


@pytest.mark.parametrize(
    ("words", "row_name"),
    [
        pytest.param(vocabulary.REASONS_NOT_BOOKED, "reason_not_booked", id="reasons not booked"),
        pytest.param(vocabulary.SPAM_REASONS, "spam_likely_reason", id="spam reasons"),
    ],
)
def test_examples_of_open_lists_match_reference(words: tuple[str, ...], row_name: str) -> None:
    """An open list has the examples that the reference gives."""
    rows = [*REFERENCE_PARAMETERS, *REFERENCE_FIELDS]
    longest = max((row.get("examples", []) for row in rows if row["name"] == row_name), key=len)
    assert list(words) == longest


def test_vocabulary_has_exactly_the_lists_of_the_reference() -> None:
    """No list of words is missing, and none is added."""
    rows = [*REFERENCE_PARAMETERS, *REFERENCE_FIELDS]
    listed = {tuple(row[key]) for row in rows for key in ("values", "examples") if key in row}
    ours = {words for name, words in vars(vocabulary).items() if name.isupper()}
    # The field's examples are the first two of the filter's three.
    assert ours == listed - {("Price Objection", "Caller Procrastination")}


@pytest.mark.parametrize(
    "descriptions",
    [
        pytest.param([field.description for field in FIELDS], id="fields"),
        pytest.param([parameter.description for parameter in PARAMETERS], id="parameters"),
        pytest.param([status.meaning for status in STATUSES], id="meanings"),
        pytest.param([status.remedy for status in STATUSES], id="remedies"),
    ],
)
def test_descriptions_are_unique_sentences(descriptions: list[str]) -> None:
    """A description ends in a full stop, has no unfilled braces and is used once."""
    assert [text for text in descriptions if not text.endswith(".") or "{" in text] == []
    assert len(set(descriptions)) == len(descriptions)


def test_tables_import_only_standard_library() -> None:
    """The emulator, docs and checks can read the tables without third-party packages."""
    folder = Path(liine_source.spec.__file__).parent
    imported = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    foreign = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in foreign if name.split(".")[:2] != ["liine_source", "spec"]} == set()
