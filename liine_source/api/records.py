"""An interaction as received, with an attribute for every documented field.

A struct takes a fraction of a dictionary's memory, and the garbage collector skips it: for 100,000 interactions that
saves about a third of the CPU time.
"""

import json
import re
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from liine_source.api.values import MOST_LEVELS, DeepValue, UnstorableNumber, parse_number
from liine_source.spec.fields import FIELDS, FIELDS_BY_NAME

if TYPE_CHECKING:

    class Row(msgspec.Struct):
        """The attributes used by name; there is one for each documented field."""

        id: Any
        start_time: Any
        start_time_tz: Any
        updated_at: Any
        unknown: Mapping[str, Any] | None

else:
    Row = msgspec.defstruct(
        "Row",
        [*((field.name, Any, None) for field in FIELDS), ("unknown", Any, None)],
        namespace={
            "__doc__": "One interaction: each attribute is the JSON value of any type, fractions as Decimal, and what "
            "no column can hold as Unstorable; None where it was null or missing. `unknown` holds fields that the "
            "reference lacks.",
            # No value may show in a log or a traceback.
            "__repr__": lambda _: "Row(…)",
        },
        # A field that the API calls `unknown` is an unknown field, not this attribute.
        rename={"unknown": "no field of the API has this name"},
        forbid_unknown_fields=True,
        gc=False,
    )


class TooManyObjectsError(ValueError):
    """A document would take far more memory than it is long: a row without fields takes 200 times its three bytes."""


class PageEnvelope(msgspec.Struct):
    """A page as received (reference: "Response Structure")."""

    interactions: list[Row] | None
    count: Any = None
    limit: Any = None
    error: Any = None


def build_row(fields: Mapping[str, Any]) -> Row:
    """Return a row with these fields, documented or not."""
    known = {name: value for name, value in fields.items() if name in FIELDS_BY_NAME}
    unknown = {name: value for name, value in fields.items() if name not in FIELDS_BY_NAME}
    return Row(**known, unknown=unknown or None)


def parse_json(body: bytes, levels: int = 1) -> Any:
    """Return a JSON document, fractions as Decimal, and as Unstorable what no column can hold.

    Objects and lists that are nested too deeply are kept as text below so many `levels`. Raises ValueError where the
    document is not valid, TooManyObjectsError where it would take too much memory.
    """
    _refuse_too_many_objects(body)
    try:
        return _JSON_DECODER.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        pass
    try:
        return _parse_leniently(body)
    except RecursionError:
        return _parse_deep(body, levels)


def parse_page(body: bytes) -> PageEnvelope:
    """Return a page; raises as `parse_json`, and ValueError where the document is not a page of interactions.

    What is in the list and is no interaction becomes a row without fields, unless all of them are.
    """
    _refuse_too_many_objects(body)
    try:
        return _PAGE_DECODER.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        pass
    page = parse_json(body, _LEVELS_OF_PAGE)
    rows = page.get("interactions") if isinstance(page, dict) else None
    if not isinstance(rows, list) or (rows and not any(isinstance(row, dict) for row in rows)):
        raise ValueError("not a page of interactions")
    known = [build_row(row if isinstance(row, dict) else {}) for row in rows]
    return PageEnvelope(known, page.get("count"), page.get("limit"), page.get("error"))


def _refuse_too_many_objects(body: bytes) -> None:
    """Raise TooManyObjectsError unless the document has few objects enough."""
    found, at = 0, body.find(b"{")
    while at >= 0 and found <= _MOST_OBJECTS:
        found, at = found + 1, body.find(b"{", at + 1)
    if found > _MOST_OBJECTS and sum(bracket[0] == b"{" for bracket in _BRACKET.finditer(body)) > _MOST_OBJECTS:
        raise TooManyObjectsError


def _parse_leniently(body: bytes) -> Any:
    """Return a document that msgspec refuses: with halves of surrogate pairs, NaN, or integers of any length."""
    return json.loads(body, parse_float=parse_number, parse_int=_parse_integer, parse_constant=UnstorableNumber)


def _parse_deep(body: bytes, levels: int) -> Any:
    cut, deep = _cut_deep_values(body, levels)
    try:
        document = _parse_leniently(cut)
    except RecursionError:
        raise ValueError("too many nested objects") from None
    return _put_back(document, deep)


def _cut_deep_values(body: bytes, levels: int) -> tuple[bytes, dict[str, DeepValue]]:
    """Replace the objects and lists just below `levels` that are too deep by names; return those, and the values."""
    mark = secrets.token_hex(16)
    deep: dict[str, DeepValue] = {}
    parts: list[bytes] = []
    begin = end = depth = deepest = 0
    for found in _BRACKET.finditer(body):
        bracket = found[0]
        if bracket in b"[{":
            depth += 1
            if depth == levels + 1:
                begin, deepest = found.start(), depth
            deepest = max(deepest, depth)
        elif bracket in b"]}":
            if depth == levels + 1 and deepest - levels > MOST_LEVELS:
                name = f"{mark} {len(deep)}"
                parts += [body[end:begin], f'"{name}"'.encode()]
                end = found.end()
                deep[name] = DeepValue(body[begin:end].decode(errors="replace"))
            depth -= 1
    return b"".join([*parts, body[end:]]), deep


def _put_back(value: Any, deep: Mapping[str, DeepValue]) -> Any:
    if isinstance(value, str):
        return deep.get(value, value)
    if isinstance(value, list):
        return [_put_back(item, deep) for item in value]
    if isinstance(value, dict):
        return {key: _put_back(item, deep) for key, item in value.items()}
    return value


def _parse_integer(text: str) -> int | UnstorableNumber:
    number = parse_number(text)
    return number if isinstance(number, UnstorableNumber) else int(number)


# Twenty times those of a page of 1,000 rows.
_MOST_OBJECTS = 100_000
# Those of a page down to an interaction's field: page, list, interaction, and the field's own object or list.
_LEVELS_OF_PAGE = 4
# A bracket, or a text, whose brackets do not count.
_BRACKET = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_PAGE_DECODER = msgspec.json.Decoder(PageEnvelope, float_hook=parse_number)
_JSON_DECODER = msgspec.json.Decoder(float_hook=parse_number)
