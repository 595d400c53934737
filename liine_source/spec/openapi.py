"""The reference as an OpenAPI 3.1 document, built from the tables of this package.

`docs/openapi.json` is this document, and the emulator serves it. Where the reference is silent or contradicts itself,
the descriptions name the entry of `docs/open-questions.md`.
"""

from typing import Any

from liine_source.spec.endpoints import (
    AUTHENTICATE_PATH,
    DEFAULT_PAGE_SIZE,
    ENVELOPE_FIELDS,
    HOST,
    INTERACTIONS_PATH,
    LOGIN_ANSWER_FIELDS,
    LOGIN_FIELDS,
)
from liine_source.spec.fields import FIELDS
from liine_source.spec.filters import PARAMETERS
from liine_source.spec.statuses import STATUSES
from liine_source.spec.types import DataType, Field, Parameter, ParameterType, Status

Json = dict[str, Any]

# The reference gives the API no version; OpenAPI requires one of the document.
_VERSION = "1.0.0"
_INFO = (
    "The Liine interaction API, restated from its public reference. Liine did not write this document, and it was "
    "never compared with the real service.\n\n"
    "Where the reference is silent or contradicts itself, a description names an open question by number: "
    "`docs/open-questions.md` of liine-source lists them. `x-personal-data` is this project's judgement of a field: "
    "`direct` names or reaches a person, `indirect` singles one out in combination, `health` tells of treatment, "
    "insurance or payment, `staff` is about an employee of the practice, `none` is about nobody.\n\n"
    "The reference lists the error statuses for the whole API and describes no body for them. It mentions neither 429 "
    "nor `Retry-After` (open question 17)."
)
_AUTHENTICATE = (
    "Returns a token for a user of the Liine dashboard. The reference sends a form in one example and JSON in another "
    "(open question 11)."
)
_GET_INTERACTIONS = (
    "Returns one page of interactions, sorted by `start_time`, newest first. At least one of `customer_id` and "
    "`customer_ids` is required, which OpenAPI cannot express.\n\n"
    "For the next page, the reference passes the answer's `pagination_timestamp` to the parameter of that name, and "
    "it stops at the first page with fewer interactions than `limit`. With a `limit` above 1000, or if another page "
    "than the last may be short, that is too early (open question 3).\n\n"
    "The reference shows this path with and without the last slash (open question 12). It does not say what happens "
    "to interactions that change while they are paged (open question 8), or how a client learns of deleted ones (open "
    "question 10)."
)
_BEARER = (
    "`Authorization: bearer YOUR_SECRET_TOKEN`. In the reference's sample, the `token` of the login already begins "
    "with `bearer `; send that word once (open question 11)."
)
_INTERACTION = (
    'The reference says that an interaction "can contain" these fields, and of few whether they can be null. Its '
    "sample lacks nine of them (open question 13) and has null in most. So here only `id`, the key, is required and "
    "never null. Fields that are not documented may occur."
)

_LIST_NOTE = (
    "Repeat the parameter for several values; the reference does not say how to send a list (open question 15)."
)
_NULL_NOTE = "The word `null` selects interactions where the field is not set."
_OTHER_WORDS_NOTE = "The field `{name}` has other values (open question 14)."
_EXAMPLES_NOTE = "`examples` has every documented value; others may occur (open question 14)."
_PARAMETER_NOTES = {
    "start_date": "See open question 6.",
    "end_date": "See open question 6.",
    "updated_date": "See open question 6.",
    "limit": "See open question 3.",
    "analytics_methodology": "How its interactions differ from the others is not documented (open question 16).",
    "pagination_timestamp": "Whether the cursor's own second is included (open question 2) and on which clock it is "
    "(open question 4) is not documented.",
    "include_is_spam_likely": "To leave presumed spam out, leave the parameter out (open question 9).",
    "initial_landing_url_search_type": "The reference also says that `initial_landing_url_search` chooses this itself "
    "(open question 18).",
}
_FIELD_NOTES = {
    "status": "The reference's sample has `Complete`, which is not documented.",
    "email": "The reference's table leaves the name of this field blank; the sample has it (open question 13).",
    "start_time": "For UTC, use `start_time_tz`. The reference sorts by `start_time`, but does not say on which clock "
    "(open question 4).",
    "updated_at": "The reference's sample lacks it (open question 7).",
}

_SECOND: Json = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"}
_DATA_TYPES: dict[DataType, str] = {
    "text": "string",
    "bool": "boolean",
    "bigint": "integer",
    "double": "number",
    "decimal": "number",
    "timestamp": "string",
    "json": "object",
}
_PARAMETER_TYPES: dict[ParameterType, Json] = {
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "string": {"type": "string"},
    "datestring": {"type": "string", "format": "date"},
    # No `format`: by `date-time` a Z would mean UTC (open question 4).
    "datetimestring": _SECOND,
    "list(number)": {"type": "number"},
    "list(integer)": {"type": "integer"},
    "list(string)": {"type": "string"},
}
# The reference calls them numbers, but they are ids and a number of rows.
_WHOLE_NUMBERS = ("customer_id", "customer_ids", "limit")

_LOGIN: dict[str, Json] = {
    "username": {"type": "string", "description": "The user name of a Liine dashboard account."},
    "password": {"type": "string", "format": "password", "description": "The password of that account."},
}
_LOGIN_ANSWER: dict[str, Json] = {
    "token": {
        "type": "string",
        "description": "A JSON web token. In the reference's sample it begins with `bearer ` (open question 11).",
    },
    "valid_until": {
        "type": "string",
        "format": "date-time",
        "description": "The end of the token's validity; the reference's sample has milliseconds (open question 11).",
    },
}
_ENVELOPE: dict[str, Json] = {
    "interactions": {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Interaction"},
        "description": "The interactions of this page.",
    },
    "count": {
        "type": "integer",
        "description": "How many interactions match the filters. Whether the cursor counts as one of them is not "
        "documented (open question 5).",
    },
    "limit": {
        "type": "integer",
        "description": "The most interactions on a page, and the `limit` of the request. For a request with more than "
        "1000, it cannot be both (open question 3).",
    },
    "num_pages": {"type": "integer", "description": "How many pages there are."},
    "pagination_timestamp": {
        **_SECOND,
        "type": ["string", "null"],
        "description": "The cursor for the next page. The reference calls it the `start_time` of the last interaction "
        "on the page in one section and the timestamp of the first in another; in its sample it is neither (open "
        "question 1). Null is allowed here because the reference does not say what a page without interactions has.",
    },
}


def openapi_document(base_url: str = HOST) -> Json:
    """Return the OpenAPI 3.1 document of the API at `base_url`, as data for a JSON encoder."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Liine interaction API", "version": _VERSION, "description": _INFO},
        "servers": [{"url": base_url}],
        "security": [{"bearer": []}],
        "paths": {
            AUTHENTICATE_PATH: {"post": _authenticate()},
            INTERACTIONS_PATH: {"get": _get_interactions()},
        },
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": _BEARER}
            },
            "schemas": {
                "Credentials": _object(LOGIN_FIELDS, _LOGIN),
                "Token": _object(LOGIN_ANSWER_FIELDS, _LOGIN_ANSWER),
                "Page": _object(ENVELOPE_FIELDS, _ENVELOPE),
                "Interaction": _interaction(),
            },
            "responses": {
                _response_name(status): {"description": f"{status.name}. {status.meaning}"} for status in STATUSES
            },
        },
    }


def _authenticate() -> Json:
    credentials = {"schema": {"$ref": "#/components/schemas/Credentials"}}
    return {
        "operationId": "authenticate",
        "summary": "Log in",
        "description": _AUTHENTICATE,
        "security": [],
        "requestBody": {
            "required": True,
            "content": {"application/json": credentials, "application/x-www-form-urlencoded": credentials},
        },
        "responses": _responses("The token.", "Token"),
    }


def _get_interactions() -> Json:
    return {
        "operationId": "getInteractions",
        "summary": "Get interactions",
        "description": _GET_INTERACTIONS,
        "parameters": [_parameter(parameter) for parameter in PARAMETERS],
        "responses": _responses("One page of interactions.", "Page"),
    }


def _responses(description: str, schema: str) -> Json:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    refused = {str(status.code): {"$ref": f"#/components/responses/{_response_name(status)}"} for status in STATUSES}
    return {"200": {"description": description, "content": content}, **refused}


def _response_name(status: Status) -> str:
    return status.name.replace(" ", "")


def _parameter(parameter: Parameter) -> Json:
    value = _parameter_value(parameter)
    written: Json = {"name": parameter.name, "in": "query", "description": _describe_parameter(parameter)}
    if not _is_list(parameter):
        return written | {"schema": value}
    return written | {"style": "form", "explode": True, "schema": {"type": "array", "items": value}}


def _parameter_value(parameter: Parameter) -> Json:
    """Return the schema of one value."""
    value = dict(_PARAMETER_TYPES[parameter.type])
    if parameter.name in _WHOLE_NUMBERS:
        value["type"] = "integer"
    if parameter.name == "limit":
        value["default"] = DEFAULT_PAGE_SIZE
    if parameter.values:
        value["enum"] = [*parameter.values, *(["null"] if parameter.accepts_null else [])]
    if parameter.special_values:
        return {"anyOf": [value, {"type": "string", "enum": list(parameter.special_values)}]}
    return value


def _is_list(parameter: Parameter) -> bool:
    return parameter.type.startswith("list(")


def _describe_parameter(parameter: Parameter) -> str:
    return _join(
        parameter.description,
        _NULL_NOTE if parameter.accepts_null else "",
        _OTHER_WORDS_NOTE.format(name=parameter.name) if _has_other_words(parameter) else "",
        _PARAMETER_NOTES.get(parameter.name, ""),
        _LIST_NOTE if _is_list(parameter) else "",
    )


def _has_other_words(parameter: Parameter) -> bool:
    fields = [field for field in FIELDS if field.name == parameter.name]
    return bool(parameter.values) and any(field.values != parameter.values for field in fields)


def _interaction() -> Json:
    return {
        "type": "object",
        "description": _INTERACTION,
        "required": [field.name for field in FIELDS if not field.nullable],
        "properties": {field.name: _field(field) for field in FIELDS},
        "additionalProperties": True,
    }


def _field(field: Field) -> Json:
    value = _field_value(field)
    if field.nullable:
        value["type"] = [value["type"], "null"]
    note = _FIELD_NOTES.get(field.name, "")
    value["description"] = _join(field.description, _EXAMPLES_NOTE if field.values else "", note)
    if field.values:
        # Not `enum`, which would refuse a row with a new value.
        value["examples"] = list(field.values)
    value["x-personal-data"] = field.personal_data
    return value


def _field_value(field: Field) -> Json:
    value: Json = {"type": _DATA_TYPES[field.data_type]}
    if field.shape == "list":
        return {"type": "array", "items": value}
    if field.shape == "object":
        return value | {"additionalProperties": True}
    if field.data_type == "timestamp":
        # Local time is without `format`: by `date-time` a Z would mean UTC.
        return value | {"format": "date-time"} if field.has_timezone else dict(_SECOND)
    return value


def _object(names: tuple[str, ...], properties: dict[str, Json]) -> Json:
    return {
        "type": "object",
        "required": list(names),
        "properties": {name: properties[name] for name in names},
        "additionalProperties": True,
    }


def _join(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
