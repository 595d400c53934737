"""The JSON form of rows under an interpretation."""

from collections.abc import Mapping
from typing import Any

import msgspec

from liine_source.emulator.selection.interpretation import Interpretation
from liine_source.emulator.synthetic.rows import SAMPLE_FIELDS, TIMESTAMPS, Row
from liine_source.spec.fields import FIELDS

_NUMBERS = frozenset(field.name for field in FIELDS if field.data_type in ("bigint", "double", "decimal"))
_BOOLEANS = frozenset(field.name for field in FIELDS if field.data_type == "bool")
_DRIFTED_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "status": {"Connected": ("Answered", "Complete"), "Not Connected": ("Not Answered",)},
    "intent_level": {"Not 3rd Party": ("Not 3rd Party", "UNDECIDED"), "3rd Party": ("3rd Party", "4th Party")},
    "call_type": {
        "New Lead": ("New Lead", "New Lead (Chat)"),
        "Voicemail": ("Voicemail (Transcribed)",),
        "Existing Patient / Previously Booked": ("Existing Patient",),
    },
    "outcome": {"Booked": ("Booked", "Booked (Unconfirmed)")},
    "interaction_type": {"online_booking": ("online_booking", "chat")},
}


def serialize_rows(
    rows: list[Row], interpretation: Interpretation, unknown: Mapping[int, Mapping[str, Any]]
) -> list[Any]:
    """Return the rows for the JSON encoder: unchanged if possible, else as dictionaries.

    `unknown` has the fields of each row id that the reference does not know.
    """
    # The encoder writes a `Row` several times faster than a dictionary of 84 keys.
    if _is_plain(interpretation) and unknown.keys().isdisjoint([row.id for row in rows]):
        return list(rows)
    return [_serialize_row(row, interpretation, unknown.get(row.id, {})) for row in rows]


def _is_plain(interpretation: Interpretation) -> bool:
    return (
        interpretation.updated_at == "present"
        and interpretation.fields == "documented"
        and interpretation.nulls == "present"
        and interpretation.vocabulary == "documented"
        and interpretation.types == "documented"
    )


def _serialize_row(row: Row, interpretation: Interpretation, unknown: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(row)
    if interpretation.vocabulary == "drifted":
        _replace_words(fields, row.id)
    if interpretation.types == "loose":
        fields = {name: _vary_type(name, value, row.id) for name, value in fields.items()}
    if interpretation.types == "broken":
        _break_values(fields, row.id)
    if interpretation.fields == "sample":
        fields = {name: fields[name] for name in SAMPLE_FIELDS if name in fields}
    if interpretation.fields == "unknown":
        fields |= {"new_vendor_field": "x", "new_score": 7}
    # Removed here, not in the store, because `updated_date` must still select by it.
    if interpretation.updated_at == "absent" or (interpretation.updated_at == "some" and row.id % 3 == 0):
        fields.pop("updated_at", None)
    if interpretation.nulls == "omitted":
        fields = {name: value for name, value in fields.items() if value is not None}
    # Last, because a test that sets a field wants it sent as it is.
    return {**fields, **unknown}


def _replace_words(fields: dict[str, Any], salt: int) -> None:
    for name, words in _DRIFTED_WORDS.items():
        replacements = words.get(fields.get(name) or "")
        if replacements:
            fields[name] = replacements[salt % len(replacements)]


def _vary_type(name: str, value: Any, salt: int) -> Any:
    # By id, not at random, so that the same row always looks the same.
    if isinstance(value, bool) and name in _BOOLEANS:
        return (int(value), str(value).lower(), value)[salt % 3]
    if name in _NUMBERS and isinstance(value, int | float) and salt % 2:
        return str(value)
    if name in TIMESTAMPS and isinstance(value, str):
        return _vary_timestamp(value, salt)
    return value


def _vary_timestamp(text: str, salt: int) -> str:
    plain, _, fraction = text.removesuffix("Z").partition(".")
    exact = f"{plain}.{fraction}" if fraction else plain
    return (
        f"{exact}Z",
        f"{exact}+00:00",
        f"{plain}.{fraction or '000'}Z",
        f"{plain.replace('-', '').replace(':', '')}{'.' + fraction if fraction else ''}Z",
        f"{exact.replace('T', ' ')}Z",
    )[salt % 5]


def _break_values(fields: dict[str, Any], salt: int) -> None:
    """Set values that fit no column. Id and start stay valid, because no client can page without them."""
    if salt % 5 == 0:
        fields["duration"] = "n/a"
    if salt % 7 == 0:
        fields["has_audio"] = {"a": 1}
    if salt % 11 == 0:
        fields["updated_at"] = "soon"
    if salt % 13 == 0:
        fields |= {"revenue": [], "provider_names": "Dr. Nil"}
