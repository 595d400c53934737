"""An interaction as the API gave it, every documented field an attribute.

A structure takes a fraction of a dictionary's memory, and the collector of cycles need not look at it: for
100,000 interactions that saves about a third of the processor time.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from liine_source.spec.fields import FIELDS, FIELDS_BY_NAME
from liine_source.values import OddNumber, number_of

if TYPE_CHECKING:

    class Row(msgspec.Struct):
        """The attributes that code names; there is one for each documented field."""

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
            "__doc__": "One interaction: each attribute is the value as JSON gave it, whatever its type, fractions as "
            "Decimal or OddNumber; None where it was null or missing. `unknown` holds fields that the reference does "
            "not have.",
            # No value may show in a log or a traceback.
            "__repr__": lambda _: "Row(…)",
        },
        # A field that the API calls `unknown` is one of those, not this attribute.
        rename={"unknown": "no field of the API has this name"},
        forbid_unknown_fields=True,
        gc=False,
    )


class Envelope(msgspec.Struct):
    """A page's answer (reference: "Response Structure"); `count`, `limit` and an `error` as JSON gave them."""

    interactions: list[Row] | None
    count: Any = None
    limit: Any = None
    error: Any = None


def row_of(fields: Mapping[str, Any]) -> Row:
    """Return a row of these fields, documented or not."""
    known = {name: value for name, value in fields.items() if name in FIELDS_BY_NAME}
    unknown = {name: value for name, value in fields.items() if name not in FIELDS_BY_NAME}
    return Row(**known, unknown=unknown or None)


def decoded(body: bytes) -> Any:
    """Return a JSON document, fractions as Decimal or OddNumber; raises ValueError where it is none."""
    try:
        return _PLAIN.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        pass
    try:
        # The standard library reads halves of surrogate pairs, NaN and integers of any length, too.
        return json.loads(body, parse_float=number_of, parse_int=_integer_of, parse_constant=OddNumber)
    except RecursionError:
        raise ValueError("too many objects inside one another") from None


def envelope(body: bytes) -> Envelope:
    """Return a page's answer; raises ValueError where the document is cut off or is no page of interactions."""
    try:
        return _ENVELOPE.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        pass
    page = decoded(body)
    rows = page.get("interactions") if isinstance(page, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("not a page of interactions")
    return Envelope(list(map(row_of, rows)), page.get("count"), page.get("limit"), page.get("error"))


def _integer_of(text: str) -> int | OddNumber:
    number = number_of(text)
    return number if isinstance(number, OddNumber) else int(number)


_ENVELOPE = msgspec.json.Decoder(Envelope, float_hook=number_of)
_PLAIN = msgspec.json.Decoder(float_hook=number_of)
