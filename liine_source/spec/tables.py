"""The tables that a run loads: names, columns, types and descriptions.

`interactions` has the reference's scalar fields ("Response Structure"); the other tables are the connector's own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from liine_source.spec.fields import FIELDS_BY_NAME, SCALAR_FIELDS
from liine_source.spec.types import DataType, Field

ColumnType = DataType | Literal["date"]

# The schema of the tables, unless a command is given another.
DATASET_NAME = "liine"

INTERACTIONS = "interactions"
PROVIDER_NAMES = "interactions__provider_names"
SESSION_EXTRAS = "interactions__session_extras"
REJECTED_VALUES = "interactions__rejected_values"
CHILD_TABLES = (PROVIDER_NAMES, SESSION_EXTRAS, REJECTED_VALUES)
INTERACTION_TABLES = (INTERACTIONS, *CHILD_TABLES)
ID_COLUMNS = {INTERACTIONS: "id", **dict.fromkeys(CHILD_TABLES, "interaction_id")}
"""The column with an interaction's id, by table."""
SWEEPS = "sweeps"
ERASURES = "erasures"
ERASED_IDENTIFIERS = "erased_identifiers"
PERSONAL_DATA_KEYS = "personal_data_keys"
RUNS = "runs"
RUN_STEPS = "run_steps"
INVENTORY = "_liine_inventory"
# Only a sample has it: no command but another sample loads into its dataset.
SAMPLE = "_liine_sample"

DESCRIPTIONS = {
    INTERACTIONS: "One row per interaction.",
    PROVIDER_NAMES: "One row per interaction and provider of its appointment.",
    SESSION_EXTRAS: "One row per interaction, touch and key of the touch's free-form metadata.",
    REJECTED_VALUES: "One row per interaction and field whose value did not fit its column.",
    SWEEPS: "Audit table: one row per sweep over a window of one customer.",
    ERASURES: "One row per erasure of a person; the deleted rows are not loaded again.",
    ERASED_IDENTIFIERS: "One row per identifier of an erased person, hashed, by which later loads leave out the rows.",
    PERSONAL_DATA_KEYS: "One row per key that has hashed values of the dataset; the key itself is stored nowhere.",
    RUNS: "One row per run of a command that loads or verifies.",
    RUN_STEPS: "One row per step of a run's loads.",
    SAMPLE: "This dataset is a sample, and not complete. One row per customer.",
    INVENTORY: "What the tables held of a customer when the last run ended, to find rows that were lost since.",
}
"""What a row of each table is; also its comment in the warehouse."""

LOAD_ID = "_dlt_load_id"
# The `kind` of a row in `sweeps` that compares all interactions of a customer with the API's count.
CHECK = "check"


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `is_hard_delete` marks the one that tells dlt's merge to delete instead of insert."""

    name: str
    data_type: ColumnType
    description: str
    nullable: bool = True
    has_timezone: bool = True
    personal_data: str | None = None
    is_hard_delete: bool = False

    @property
    def empty_value(self) -> int | str | None:
        """The value in a row that only deletes: null, or where that is not allowed, 0 or an empty text."""
        if self.nullable:
            return None
        return 0 if self.data_type == "bigint" else ""


def _field_column(field: Field) -> Column:
    return Column(
        field.name,
        field.data_type,
        field.description,
        field.nullable,
        field.has_timezone,
        field.personal_data,
    )


def _required(name: str, data_type: ColumnType, description: str, personal_data: str | None = None) -> Column:
    return Column(name, data_type, description, nullable=False, personal_data=personal_data)


_INTERACTION_ID = _required("interaction_id", "bigint", "The `id` of the interaction in `interactions`.")
_IS_CLEARED = Column(
    "is_cleared",
    "bool",
    "Makes the merge delete the interaction's earlier rows; never true in a loaded table.",
    is_hard_delete=True,
)
_LOAD_ID = Column(LOAD_ID, "text", "Id of the dlt load that wrote the row, as in `_dlt_loads`.")

VERIFICATION_COLUMNS = (
    Column("missing_since", "timestamp", "When a verification first did not find the row in the API (UTC)."),
    Column("vanished_at", "timestamp", "When a second verification did not find it either (UTC)."),
    Column("vanished_reason", "text", "`reclassified`: found without the filters; `not returned`: not found at all."),
)
"""Set only by `liine verify`. Loading a row again sets them to null."""

_FIRST_FIELDS = ("id", "customer_id", "start_time", "start_time_tz", "updated_at")
LOADED_FIELDS: tuple[Field, ...] = (
    *map(FIELDS_BY_NAME.__getitem__, _FIRST_FIELDS),
    *(field for field in SCALAR_FIELDS if field.name not in _FIRST_FIELDS),
)
"""The scalar fields in the order of their columns: whose row it is and when it began, then as in the reference."""

COLUMNS: dict[str, tuple[Column, ...]] = {
    INTERACTIONS: (*map(_field_column, LOADED_FIELDS), *VERIFICATION_COLUMNS, _LOAD_ID),
    PROVIDER_NAMES: (
        _INTERACTION_ID,
        _required("position", "bigint", "Position in the list, from 0."),
        Column("provider_name", "text", FIELDS_BY_NAME["provider_names"].description, personal_data="staff"),
        _IS_CLEARED,
        _LOAD_ID,
    ),
    SESSION_EXTRAS: (
        _INTERACTION_ID,
        _required("touch", "text", "The object that holds the key: `initial` or `last_touch`."),
        _required("key", "text", "The key within the object.", "indirect"),
        Column("value", "text", "The value: a string as it is, anything else as JSON.", personal_data="indirect"),
        Column("value_type", "text", "JSON type of the value: string, number, boolean, null, object or array."),
        _IS_CLEARED,
        _LOAD_ID,
    ),
    REJECTED_VALUES: (
        _INTERACTION_ID,
        _required(
            "field",
            "text",
            "The field whose value did not fit its column; `*` for all fields for which there was no column left.",
        ),
        Column(
            "raw_value",
            "text",
            "The value as JSON; null if personal data is hashed or dropped, or if it has more than 16 MB.",
            personal_data="direct",
        ),
        Column("reason", "text", "Why it did not fit."),
        _IS_CLEARED,
        _LOAD_ID,
    ),
    SWEEPS: (
        _required("sweep_id", "text", "Random id of the sweep."),
        _required("customer_id", "bigint", "The customer that was read."),
        Column("began", "timestamp", "When the sweep began, by the API's clock if it sends one (UTC)."),
        Column("ended", "timestamp", "When the sweep ended, by the clock of the connector's machine (UTC)."),
        Column(
            "kind",
            "text",
            "Purpose of the load: `sync`, `backfill` or `repair`; `check` for the count of all rows after a sync.",
        ),
        Column("filter_hash", "text", "Fingerprint of the filters and dates."),
        Column(
            "filters",
            "text",
            "Names of the filters, or `none`; values only of `type` and `include_is_spam_likely`. Null for a check.",
        ),
        Column(
            "lead_rows",
            "text",
            "What the filters select of a lead, apart from spam: `all` interactions, its `calls`, or `some`; null for "
            "a check.",
        ),
        Column(
            "personal_data",
            "text",
            "`keep`, `hash` or `drop`, and the fields that are exceptions; null for a check.",
        ),
        Column("since", "date", "First day requested, including spare days; null: from the beginning."),
        Column("until", "date", "Last day requested, including spare days; null: up to now."),
        Column("updated_since", "date", "Day from which changes were requested; null: all rows."),
        Column(
            "expected",
            "bigint",
            "The API's count when the last pass began; null if it gave none. For a check: of all interactions.",
        ),
        Column(
            "distinct_ids",
            "bigint",
            "Interactions found by the last pass, or by all sub-windows together. For a check: those in the warehouse.",
        ),
        Column("repeats", "bigint", "Rows received more than once, from overlaps and repairs."),
        Column("pages", "bigint", "Pages received."),
        Column("requests", "bigint", "Requests made, including logins and retries."),
        Column("retries", "bigint", "Requests sent again after a failure."),
        Column(
            "repairs",
            "bigint",
            "Additional passes and sub-windows, read because the first pass was not proven complete.",
        ),
        Column("changed", "bigint", "Interactions updated after the sweep began."),
        Column("suppressed", "bigint", "Interactions found but not loaded, because the person was erased."),
        Column(
            "undated",
            "bigint",
            "Interactions found without a usable start, or with one more than a day after `until` or, if that is null, "
            "`began`.",
        ),
        Column(
            "proof",
            "text",
            "`count`: as many as the API counts; `exhaustive`: the count proves nothing, and no page had more rows.",
        ),
        Column("status", "text", "`complete` or `failed`."),
        Column(
            "reason",
            "text",
            "Type of error of a failed sweep; `unseen`: a check met rows that the API lacks or that just arrived.",
        ),
        Column("count_means", "text", "What the API's `count` means, as observed: `total` or `unknown`."),
        Column("order_clock", "text", "Clock by which rows are sorted, as observed: local, utc or unknown."),
        Column("cursor_clock", "text", "Clock with which the cursor is compared, as observed: local, utc or unknown."),
        Column(
            "cursor_edge", "text", "Whether the cursor's own second is included, as observed: inclusive or unknown."
        ),
        _LOAD_ID,
    ),
    ERASED_IDENTIFIERS: (
        _required("erasure_id", "text", "Id of the erasure, as in `erasures`."),
        _required("kind", "text", "The field that the identifier belongs to."),
        _required("digest", "text", "Id of the key, and HMAC-SHA-256 of customer and normalized value."),
        Column("phone_country", "text", "The setting `phone_country` of the erasure, for a phone number."),
    ),
    PERSONAL_DATA_KEYS: (
        _required("key_id", "text", "Id of a key under which rows were hashed or persons erased."),
        _required("check_value", "text", "The first 64 bits of a digest made with the key, in hexadecimal."),
    ),
    ERASURES: (
        _required("erasure_id", "text", "Random id of the erasure."),
        _required(
            "erased_at", "timestamp", "When it was requested (UTC); from then on the person is not loaded again."
        ),
        Column(
            "completed_at",
            "timestamp",
            "When the rows were deleted (UTC); null if it was cut short, until the same erasure is repeated.",
        ),
        _required("customers", "bigint", "Number of customers searched."),
        _required("identifiers", "bigint", "Number of identifiers given."),
        _required("interactions", "bigint", "Rows deleted from `interactions`."),
        _required("child_rows", "bigint", "Rows deleted from its child tables."),
    ),
    RUNS: (
        _required("run_id", "text", "Random id of the run."),
        _required("began", "timestamp", "When the run began (UTC)."),
        _required("ended", "timestamp", "When it ended (UTC)."),
        _required("kind", "text", "`sync`, `backfill` or `verify`."),
        _required("version", "text", "Version of liine-source."),
        _required("status", "text", "`complete`; `incomplete` if a customer is; `failed`; `stopped` by a signal."),
        Column("error", "text", "Type of error of a run that failed or was stopped."),
        _required("customers", "bigint", "Customers of the run."),
        _required("customers_failed", "bigint", "Customers that are not complete."),
        _required("interactions", "bigint", "Interactions in committed loads, counted each time they were written."),
        _required("loads", "bigint", "Loads committed."),
    ),
    RUN_STEPS: (
        _required("run_id", "text", "Id of the run, as in `runs`."),
        Column("load_id", "text", "Id of the load that the step belongs to, as in `_dlt_loads`; null if it has none."),
        _required("began", "timestamp", "When the step began (UTC)."),
        Column("ended", "timestamp", "When it ended (UTC)."),
        _required("step", "text", "dlt's step: `extract`, `normalize` or `load`."),
        _required("is_failed", "bool", "Whether the step failed."),
    ),
    SAMPLE: (
        _required("customer_id", "bigint", "The customer."),
        _required("taken_at", "timestamp", "When the sample was taken (UTC)."),
        _required("requested", "bigint", "How many interactions were asked for, the newest first."),
        _required("interactions", "bigint", "How many the dataset has; those of erased persons are left out."),
    ),
}

# Not documented for users: runs compare it with the tables.
INVENTORY_COLUMNS = (
    Column("customer_id", "bigint", "The customer."),
    Column("table_name", "text", "A table of interactions; empty in a row that only flags a customer."),
    Column("row_count", "bigint", "Rows of the customer when the last run ended."),
    Column("newest_load", "text", "Id of the last load that wrote one of them."),
    Column("sum_of_loads", "decimal", "Sum of the load ids of all of them."),
    Column("values_by_column", "text", "JSON: values that are not null, by column."),
    Column("is_lost", "bool", "Whether rows were lost, and are not loaded again yet."),
)

SOURCE_TABLES = (*INTERACTION_TABLES, SWEEPS)
"""The tables of the source `liine`; all exist after the first run."""


def column_names(table: str) -> Iterator[str]:
    """Return the names of a table's columns, in order."""
    return (column.name for column in COLUMNS[table])
