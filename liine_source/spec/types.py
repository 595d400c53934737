"""The shapes that the tables of this package are made of."""

from dataclasses import dataclass
from typing import Literal

DataType = Literal["text", "bool", "bigint", "double", "decimal", "timestamp", "json"]
Shape = Literal["scalar", "list", "object"]
PersonalData = Literal["direct", "indirect", "health", "staff", "none"]
ParameterType = Literal[
    "number",
    "boolean",
    "string",
    "datestring",
    "datetimestring",
    "list(number)",
    "list(integer)",
    "list(string)",
]
Section = Literal["general", "metadata", "ehr_pms"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an interaction: a row of the reference's table "Interaction Fields".

    `data_type` is dlt's; a list's is that of its elements. `personal_data` has no default,
    so that whoever adds a field has to choose: `direct` names or reaches a person, `indirect`
    singles one out in combination, `health` tells of treatment, insurance or payment, `staff`
    is about a practice's employee, `none` is about nobody. `is_open` is free text or of no fixed keys: whatever
    somebody types or sends may be in it.
    """

    name: str
    data_type: DataType
    personal_data: PersonalData
    description: str
    shape: Shape = "scalar"
    nullable: bool = True
    is_key: bool = False
    has_timezone: bool = False
    is_open: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query parameter: a row of the reference's tables "Query Parameters".

    `type` is spelled as the reference spells it. `accepts_null` is the reference's `*` (the word
    `null` selects rows where the field is not set); `special_values` are the words that an integer
    list takes besides numbers; `values` is closed: the API documents no other. `is_division` is `†`.
    """

    name: str
    type: ParameterType
    section: Section
    description: str
    is_owned: bool = False
    accepts_null: bool = False
    special_values: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    is_division: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One HTTP status of the reference's table "Errors": what it means and what a user can do."""

    code: int
    name: str
    meaning: str
    remedy: str
