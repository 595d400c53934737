"""Removes tokens, passwords and every personal field from a recorded exchange before it is written.

Whatever is not known to be harmless is replaced: an unknown field, a filter's value, an error's text. Stand-ins have
the type and shape of the original, so that a replay paginates like the real exchange.
"""

import json
from collections.abc import Mapping
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from liine_source.spec.endpoints import ENVELOPE_FIELDS, HOST
from liine_source.spec.fields import FIELDS_BY_NAME
from liine_source.spec.types import Field

# Parameters for pages and dates, whose values say nothing about a person.
_SAFE_PARAMETERS = {"limit", "pagination_timestamp", "start_date", "end_date", "updated_date", "include_is_spam_likely"}
# Identifiers get new numbers, so that a row is the same row on each page.
_NUMBERED = {"id", "customer_id", "booked_later_interaction_id", "related_form_submission_id", "form_submission_id"}
_SAFE_HEADERS = {"content-type", "date", "retry-after", "accept"}
_STAND_IN = "scrubbed"


class Scrubber:
    """Scrubs the requests and answers of one recording; hooks for vcrpy.

    An identifier has the same stand-in throughout, counted from 1, from which the original cannot be computed.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._next = count(1)

    def request(self, request: Any) -> Any:
        """Return vcrpy's request without address, credentials, token and filter values."""
        parts = urlsplit(request.uri)
        pairs = [(name, self._parameter(name, value)) for name, value in parse_qsl(parts.query)]
        request.uri = urlunsplit((*urlsplit(HOST)[:2], parts.path, urlencode(pairs), ""))
        request.headers = _safe_headers(request.headers)
        if request.body:
            request.body = json.dumps({"username": _STAND_IN, "password": _STAND_IN}).encode()
        return request

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        """Return vcrpy's answer, decompressed and without personal data."""
        body = response["body"]["string"]
        headers = {name.lower(): values for name, values in response["headers"].items()}
        # vcrpy has decompressed the body; compressed bytes would not parse as JSON, and would be replaced as a whole.
        headers.pop("content-encoding", None)
        scrubbed = json.dumps(self._answer(body, response["status"]["code"])).encode()
        return {
            "status": {"code": response["status"]["code"], "message": ""},
            "headers": {**_safe_headers(headers), "content-length": [str(len(scrubbed))]},
            "body": {"string": scrubbed},
        }

    def _parameter(self, name: str, value: str) -> str:
        if name in _SAFE_PARAMETERS:
            return value
        return str(self._number("customer_id", value)) if name == "customer_id" else _STAND_IN

    def _answer(self, body: bytes, status: int) -> Any:
        try:
            answer = json.loads(body)
        except ValueError:
            return {"error": _STAND_IN}
        if status != 200 or not isinstance(answer, dict):
            return {"error": _STAND_IN}
        if "token" in answer:
            return {"token": f"bearer {_STAND_IN}", "valid_until": _safe_time(answer.get("valid_until"))}
        page = {name: value for name, value in answer.items() if name in ENVELOPE_FIELDS}
        page["interactions"] = [self._row(row) for row in answer.get("interactions", [])]
        return page

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        unknown = (name for name in row if name not in FIELDS_BY_NAME)
        renamed = {name: f"unknown_{place}" for place, name in enumerate(unknown, 1)}
        return {renamed.get(name, name): self._value(name, value) for name, value in row.items()}

    def _value(self, name: str, value: Any) -> Any:
        if name in _NUMBERED and value is not None:
            return self._number("customer_id" if name == "customer_id" else "id", str(value))
        known = FIELDS_BY_NAME.get(name)
        if known and known.personal_data == "none" and _is_plain(value, known):
            return value
        return _stand_in(value)

    def _number(self, kind: str, value: str) -> int:
        return self._numbers.setdefault((kind, value), next(self._next))


def _is_plain(value: Any, field: Field) -> bool:
    """Whether a value is what its field documents; another type or word may hold anything."""
    if value is None or isinstance(value, bool):
        return True
    if field.data_type == "timestamp":
        return _safe_time(value) == value
    if field.data_type == "text":
        return value in field.values
    return field.data_type in ("bigint", "double", "decimal") and isinstance(value, int | float)


def _safe_time(value: Any) -> str:
    digits = str(value)
    return digits if len(digits) <= 32 and set(digits) <= set("0123456789-:.TZ+ ") else "2099-01-01T00:00:00Z"


def _stand_in(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case str():
            return _STAND_IN
        case int() | float():
            return 1
        case list():
            return [_stand_in(item) for item in value]
        case _:
            return {f"key_{place}": _stand_in(item) for place, item in enumerate(value.values(), 1)}


def _safe_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the harmless headers, without cookies, tokens and whatever a proxy adds."""
    return {name: value for name, value in headers.items() if name.lower() in _SAFE_HEADERS}
