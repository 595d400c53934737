"""The types of the rows in this package's tables."""

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

    `data_type` is dlt's; for a list it is the type of the elements. `personal_data` has no default, so whoever adds a
    field has to choose: `direct` identifies or reaches a person, `indirect` identifies one in combination with other
    values, `health` is about treatment, insurance or payment, `staff` is about an employee of the practice, `none` is
    about no person. `is_open` means free text or undocumented keys, which may hold anything. `kind` is what the values
    stand for, if other fields hold the same kind: hashed, equal values of one kind are equal, and those of two kinds
    never.
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
    kind: str = ""

    @property
    def value_kind(self) -> str:
        """What the values stand for: `kind`, or where it is empty a kind of the field's own."""
        return self.kind or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query parameter: a row of the reference's tables "Query Parameters".

    `type` is written as in the reference. `accepts_null` is the reference's `*` (`null` selects rows where the field is
    not set); `special_values` are the words that an integer list accepts besides numbers; `values` is a closed list;
    `excludes` names parameters that it cannot be combined with; `is_owned` means that the connector sets it itself.
    `is_division` is `†`.
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
