"""The OpenAPI document against the tables of `liine_source.spec`, the reference's sample and the emulator."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from liine_source.emulator import Burst, Emulator, Faults, create_emulator, running_emulator
from liine_source.spec.fields import FIELDS
from liine_source.spec.filters import PARAMETERS
from liine_source.spec.openapi import openapi_document
from tests.emulator.calls import get, send

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
DOCUMENT = openapi_document()
OPERATION = DOCUMENT["paths"]["/call_log/interactions/"]["get"]
WRITTEN_PARAMETERS = {parameter["name"]: parameter for parameter in OPERATION["parameters"]}
DAYS = ("start_date", "end_date", "updated_date")
PROPERTIES = DOCUMENT["components"]["schemas"]["Interaction"]["properties"]


def find_errors(schema: str, answer: Any) -> list[tuple[str, str]]:
    """Return each error as the last key of its path and the keyword that was violated."""
    checks = {**DOCUMENT, "$ref": f"#/components/schemas/{schema}"}
    validator = Draft202012Validator(checks, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [(str(error.path[-1]) if error.path else "", error.validator) for error in validator.iter_errors(answer)]


def read_page(api: Emulator, **params: object) -> Any:
    given = {"customer_id": api.customer_ids[0], "include_is_spam_likely": True} | params
    return json.loads(api.interactions([(name, str(value)) for name, value in given.items()]).body)


@pytest.fixture(scope="module")
def api() -> Emulator:
    return create_emulator(interactions=200, customers=1)


def test_document_is_valid() -> None:
    """The document follows the OpenAPI specification, for any server."""
    validate(DOCUMENT)
    validate(openapi_document("http://127.0.0.1:8765"))


def test_docs_have_the_document() -> None:
    """`docs/openapi.json` is the document of the real service, in the same order."""
    written = (DOCS / "openapi.json").read_text(encoding="utf-8")
    assert json.dumps(json.loads(written)) == json.dumps(DOCUMENT)
    assert DOCUMENT["servers"] == [{"url": "https://app.liine.com"}]


def test_every_parameter_is_described() -> None:
    """Each parameter of the tables is there once, none besides, in the same order."""
    assert [parameter["name"] for parameter in OPERATION["parameters"]] == [p.name for p in PARAMETERS]
    for parameter in PARAMETERS:
        written = WRITTEN_PARAMETERS[parameter.name]
        assert written["in"] == "query"
        assert written["description"].startswith(parameter.description)
        assert ("The word `null` selects" in written["description"]) == parameter.accepts_null
        assert ("(open question 15)" in written["description"]) == parameter.type.startswith("list(")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("customer_id", {"schema": {"type": "integer"}}, id="whole number"),
        pytest.param(
            "customer_ids",
            {"style": "form", "explode": True, "schema": {"type": "array", "items": {"type": "integer"}}},
            id="list of whole numbers",
        ),
        pytest.param("limit", {"schema": {"type": "integer", "default": 100}}, id="limit"),
        pytest.param("start_date", {"schema": {"type": "string", "format": "date"}}, id="day"),
        pytest.param(
            "pagination_timestamp",
            {"schema": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"}},
            id="cursor",
        ),
        pytest.param("duration_min", {"schema": {"type": "number"}}, id="number"),
        pytest.param("business_hours", {"schema": {"type": "boolean"}}, id="boolean"),
        pytest.param("agents", {"schema": {"type": "string"}}, id="text"),
        pytest.param(
            "list",
            {"schema": {"type": "string", "enum": ["first_time_interactions", "verified_new"]}},
            id="known texts",
        ),
        pytest.param(
            "direction",
            {
                "style": "form",
                "explode": True,
                "schema": {"type": "array", "items": {"type": "string", "enum": ["inbound", "outbound", "null"]}},
            },
            id="list of known texts or null",
        ),
        pytest.param(
            "agent",
            {
                "style": "form",
                "explode": True,
                "schema": {
                    "type": "array",
                    "items": {"anyOf": [{"type": "integer"}, {"type": "string", "enum": ["null", "inactive"]}]},
                },
            },
            id="list of ids or words",
        ),
    ],
)
def test_parameter_has_its_type(name: str, expected: dict[str, Any]) -> None:
    """Type, values, null and encoding of one parameter of each kind."""
    written = WRITTEN_PARAMETERS[name]
    assert {key: written[key] for key in written if key not in ("name", "in", "description")} == expected


@pytest.mark.parametrize("name", WRITTEN_PARAMETERS)
def test_emulator_accepts_a_documented_value(api: Emulator, name: str) -> None:
    """The emulator accepts every value that the document lists, or else one of the documented type."""
    schema = WRITTEN_PARAMETERS[name]["schema"]
    value = schema.get("items", schema)
    by_type = {"number": "1.5", "integer": "1001", "boolean": "true", "string": "1"}
    by_name = {"pagination_timestamp": "2025-12-01T00:00:00Z"} | dict.fromkeys(DAYS, "2025-12-01")
    for option in value.get("anyOf", [value]):
        for text in option.get("enum", [by_name.get(name, by_type[option["type"]])]):
            assert api.interactions({"customer_id": "1001", name: text}.items()).status == 200, text


def test_every_field_is_described() -> None:
    """Each field of the tables is a property, none besides, with its description, class and documented values."""
    assert list(PROPERTIES) == [field.name for field in FIELDS]
    for field in FIELDS:
        written = PROPERTIES[field.name]
        assert written["description"].startswith(field.description)
        assert written["x-personal-data"] == field.personal_data
        assert written.get("examples", []) == list(field.values)
        assert ("null" in written["type"]) == field.nullable


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("id", {"type": "integer"}, id="key"),
        pytest.param("email", {"type": ["string", "null"]}, id="text"),
        pytest.param("has_audio", {"type": ["boolean", "null"]}, id="boolean"),
        pytest.param("revenue", {"type": ["number", "null"]}, id="number"),
        pytest.param("provider_names", {"type": ["array", "null"], "items": {"type": "string"}}, id="list"),
        pytest.param("initial_session_extras", {"type": ["object", "null"], "additionalProperties": True}, id="object"),
        pytest.param("start_time_tz", {"type": ["string", "null"], "format": "date-time"}, id="UTC"),
        pytest.param(
            "start_time",
            {"type": ["string", "null"], "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"},
            id="local time is no date-time",
        ),
    ],
)
def test_field_has_its_type(name: str, expected: dict[str, Any]) -> None:
    """The type of one field of each kind."""
    written = PROPERTIES[name]
    assert {key: written[key] for key in written if key not in ("description", "x-personal-data")} == expected


def test_statuses_are_the_references() -> None:
    """Both operations answer with 200 or a status of the reference."""
    for path in DOCUMENT["paths"].values():
        for operation in path.values():
            assert list(operation["responses"]) == ["200", "400", "401", "403", "404", "405", "406", "500", "503"]


def test_every_open_question_is_named() -> None:
    """The descriptions name every question of the register, and no other number."""
    named = {int(number) for number in re.findall(r"open question (\d+)", json.dumps(DOCUMENT))}
    register = (DOCS / "open-questions.md").read_text(encoding="utf-8")
    assert named == {int(number) for number in re.findall(r"^\| (\d+) \|", register, re.MULTILINE)}


def test_the_references_sample_is_valid() -> None:
    """The sample answer of the reference follows the document."""
    sample = json.loads((HERE / "reference" / "sample_page.json").read_text(encoding="utf-8"))
    assert find_errors("Page", sample) == []


@pytest.mark.parametrize(
    "switches",
    [
        pytest.param({}, id="default"),
        pytest.param({"cursor": "first", "count": "remaining"}, id="first row, remaining count"),
        pytest.param({"cursor": "null", "count": "page"}, id="null cursor, count of the page"),
        pytest.param({"updated_at": "some", "limit_echo": "effective", "limit_cap": 50}, id="some updated_at, capped"),
        pytest.param({"updated_at": "absent", "fields": "sample"}, id="fields of the sample"),
        pytest.param({"fields": "unknown", "vocabulary": "drifted"}, id="unknown fields and values"),
        pytest.param({"nulls": "omitted", "short_page_every": 2}, id="no nulls, short pages"),
    ],
)
def test_answers_of_the_emulator_are_valid(switches: dict[str, Any]) -> None:
    """A full page and one without rows follow the document under each of these interpretations."""
    api = create_emulator(interactions=120, customers=1, **switches)
    page = read_page(api, limit=1000)
    assert len(page["interactions"]) >= 50
    assert find_errors("Page", page) == []
    empty = read_page(api, start_date="2030-01-01")
    assert empty["interactions"] == []
    assert find_errors("Page", empty) == []


@pytest.mark.parametrize(
    ("switches", "error"),
    [
        pytest.param({"count": "absent"}, ("", "required"), id="no count"),
        pytest.param({"count": "null"}, ("count", "type"), id="null count"),
        pytest.param({"cursor": "absent"}, ("", "required"), id="no cursor"),
        pytest.param({"types": "loose"}, ("id", "type"), id="numbers as text"),
        pytest.param({"types": "loose"}, ("start_time", "pattern"), id="other timestamps"),
        pytest.param({"types": "broken"}, ("updated_at", "format"), id="no timestamp"),
    ],
)
def test_answers_that_contradict_the_reference_are_invalid(switches: dict[str, Any], error: tuple[str, str]) -> None:
    """The document refuses what the emulator can send against the reference's word."""
    page = read_page(create_emulator(interactions=120, customers=1, **switches), limit=1000)
    assert error in find_errors("Page", page)


@pytest.mark.parametrize("plain", [False, True], ids=["as in the sample", "without prefix and milliseconds"])
def test_login_is_valid(plain: bool) -> None:
    """The answer to a login follows the document."""
    api = create_emulator(interactions=1, token_prefix=not plain, valid_until_milliseconds=not plain)
    assert find_errors("Token", json.loads(api.login(api.username, api.password).body)) == []


@pytest.fixture
def served() -> Iterator[Emulator]:
    with running_emulator(faults=Faults(bursts=(Burst(next=1),)), interactions=10) as emulator:
        yield emulator


def test_emulator_serves_the_document(served: Emulator) -> None:
    """It needs no token, uses up no fault and is not logged; the server is the emulator."""
    reply = send(served, "GET", "/openapi.json")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.json == openapi_document(served.base_url)
    assert reply.json["servers"] == [{"url": served.base_url}]
    assert served.requests == []
    assert [get(served).status, get(served).status] == [503, 200]
