"""What somebody has dropped or altered in a dataset: what the next load makes again, and what it cannot load into.

A load would fail for ever on some changes, and lose values without an error on others. Those are refused before
anything is requested, with the statements that undo them. Columns, views, indexes, triggers and grants of others stay.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import dlt
from dlt.common.schema.typing import TColumnSchema, TTableSchema
from dlt.common.schema.utils import has_table_seen_data, loads_table, pipeline_state_table, version_table

from liine_source.destinations import Destination, locate_pipeline, pipeline_destination
from liine_source.errors import AlteredTableError, ConfigurationError, DestinationError
from liine_source.load.hints import column_hint, column_hints
from liine_source.spec.tables import (
    CHILD_TABLES,
    COLUMNS,
    ERASED_IDENTIFIERS,
    ERASURES,
    INTERACTION_TABLES,
    INTERACTIONS,
    INVENTORY,
    INVENTORY_COLUMNS,
    SAMPLE,
    SOURCE_TABLES,
)
from liine_source.warehouse import catalog, queries
from liine_source.warehouse.structure import StoredTable

# Tables without which a run cannot begin.
FIRST_TABLES = (*catalog.DLT_TABLES, ERASURES)
# Nothing in them is needed that cannot be read again.
_BOOKKEEPING = {*catalog.DLT_TABLES, INVENTORY}
_KEYS = {INTERACTIONS: "id"} | dict.fromkeys(CHILD_TABLES, "interaction_id")

Columns = Mapping[str, TColumnSchema]


class Obstacle(NamedTuple):
    """Why nothing can be loaded into a table, the statements that put it right, and what else may help.

    `cuts_values`: values that are stored already may have been cut.
    """

    what: str
    statements: tuple[str, ...]
    otherwise: str = ""
    cuts_values: bool = False

    def __str__(self) -> str:
        lines = [f"{self.what}, run:", *(f"    {statement}" for statement in self.statements)]
        return "\n".join([*lines, f"  {self.otherwise}"] if self.otherwise else lines)


@dataclass(slots=True)
class Alterations:
    """What differs in a dataset from what loads have created. `missing` are tables, and columns as `table.column`."""

    missing: list[str] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)


def find_alterations(pipeline: dlt.Pipeline, *, deletes_rows: bool = False, is_erasure: bool = False) -> Alterations:
    """Return what somebody has dropped or altered; nothing where nothing was loaded yet.

    `deletes_rows`: no foreign key may refer to the rows, even where they could be updated in place. `is_erasure`: it
    does not matter who was erased before.
    """
    destination = pipeline_destination(pipeline)
    stored = destination.read_tables(pipeline)
    if SAMPLE in stored:
        raise ConfigurationError(
            f"Dataset {pipeline.dataset_name} is a sample, made by `liine sync --sample`; no other command uses it. "
            f"Pass the --dataset that was synced, or drop {pipeline.dataset_name} first."
        )
    expected = _declared_tables()
    found = Alterations()
    if not stored.keys() & expected.keys():
        return found
    inspection = _Inspection(pipeline, destination)
    loaded = None
    if catalog.VERSION_TABLE in stored:
        found.obstacles += inspection.find_obstacles(catalog.VERSION_TABLE, stored, expected, found.missing)
        loaded = _loaded_tables(pipeline) if not found.obstacles else {}
        for name, columns in (loaded or {}).items():
            # A pipeline of one's own may have hints of its own.
            expected[name] = {**expected[name], **columns}
    for name in sorted(stored.keys() & expected.keys() - {catalog.VERSION_TABLE}):
        found.obstacles += inspection.find_obstacles(name, stored, expected, found.missing)
    # Without dlt's schema nobody knows which tables a pipeline of one's own has not selected.
    required = SOURCE_TABLES if loaded is None else loaded.keys()
    found.missing += sorted({*catalog.DLT_TABLES, INTERACTIONS, *required} - stored.keys())
    found.obstacles += inspection.find_foreign_keys(deletes_rows=deletes_rows)
    if not (is_erasure or found.obstacles):
        found.obstacles += _find_lost_erasures(pipeline, stored)
    return found


def refuse_alterations(pipeline: dlt.Pipeline, found: Alterations, *, needs_all: bool) -> None:
    """Raise AlteredTableError if there are obstacles, and DestinationError if something is missing that is needed."""
    location = locate_pipeline(pipeline)
    dataset = f"{location.dataset} in {location}"
    if found.obstacles:
        raise AlteredTableError(dataset, found.obstacles)
    if needs_all and found.missing:
        raise DestinationError(
            f"Dataset {dataset} lacks {', '.join(found.missing)}: somebody has dropped or renamed it, or no run has "
            "selected it. Run `liine sync`, which creates it and loads what belongs in it."
        )


def _find_lost_erasures(pipeline: dlt.Pipeline, stored: Mapping[str, StoredTable]) -> list[Obstacle]:
    """Return why erased persons would be loaded again: their identifiers are lost."""
    client = pipeline.sql_client()
    identifiers, erasures = map(client.make_qualified_table_name, (ERASED_IDENTIFIERS, ERASURES))
    remedy = "Restore it from a backup, or erase each of those persons again with `liine erase --allow-none`"
    if ERASED_IDENTIFIERS not in stored:
        if not queries.has_erased(pipeline, stored.keys()):
            return []
        columns = ", ".join(f"{column.name} VARCHAR" for column in COLUMNS[ERASED_IDENTIFIERS])
        forget = [f"DELETE FROM {erasures};"] if ERASURES in stored else []  # noqa: S608  for people to run
        return [
            Obstacle(
                f"{ERASED_IDENTIFIERS} was dropped: without it, persons who were erased would be loaded again. "
                f"{remedy}. Only if they may be loaded again",
                (f"CREATE TABLE {identifiers} ({columns});", *forget),
            )
        ]
    lost = queries.count_lost_erasures(pipeline) if ERASURES in stored else 0
    if not lost:
        return []
    known = f"SELECT erasure_id FROM {identifiers}"  # noqa: S608  for people to run
    return [
        Obstacle(
            f"{ERASED_IDENTIFIERS} has lost the identifiers of {lost} erasures: those persons would be loaded again. "
            f"{remedy}. When that is done, or if they may be loaded again",
            (f"DELETE FROM {erasures} WHERE erasure_id NOT IN ({known});",),  # noqa: S608  for people to run
        )
    ]


def _declared_tables() -> dict[str, Columns]:
    """Return the columns of all tables that runs compare, apart from those of unknown fields."""
    own: dict[str, Columns] = {name: column_hints(name) for name in (*SOURCE_TABLES, ERASURES, ERASED_IDENTIFIERS)}
    own[INVENTORY] = {column.name: column_hint(column) for column in INVENTORY_COLUMNS}
    return own | {str(table["name"]): table["columns"] for table in dlt_tables()}


def dlt_tables() -> list[TTableSchema]:
    """Return dlt's own tables, in which it keeps schemas, states and loads."""
    return [version_table(), loads_table(), pipeline_state_table(add_dlt_id=True)]


def _loaded_tables(pipeline: dlt.Pipeline) -> dict[str, dict[str, TColumnSchema]] | None:
    """Return the columns of the tables into which loads have written; None where no schema is stored."""
    with catalog.connect(pipeline) as client:
        stored = client.get_stored_schema("liine")
    if not stored:
        return None
    tables = json.loads(stored.schema)["tables"]
    return {
        name: {column: hint for column, hint in table["columns"].items() if "data_type" in hint}
        for name, table in tables.items()
        if name in SOURCE_TABLES and has_table_seen_data(table)
    }


@dataclass(frozen=True, slots=True)
class _Inspection:
    pipeline: dlt.Pipeline
    destination: Destination

    def find_obstacles(
        self, name: str, stored: Mapping[str, StoredTable], expected: Mapping[str, Columns], missing: list[str]
    ) -> list[Obstacle]:
        """Return what is wrong with a table, and add to `missing` the columns that a load can make again."""
        table = stored[name]
        if table.is_view:
            return [
                self._obstacle(
                    f"{name} is a view, and no table. To have it created again", f"DROP VIEW {self._name(name)}"
                )
            ]
        found = []
        if table.is_restricted:
            found.append(self._row_security(name))
        absent = sorted(expected[name].keys() - table.columns.keys())
        broken = [
            column
            for column, hint in expected[name].items()
            if column in table.columns and not self.destination.has_type(table.columns[column].data_type, hint)
        ]
        unusable = absent + broken if name in _BOOKKEEPING else absent if name == ERASED_IDENTIFIERS else []
        if unusable:
            columns = " and ".join(f"{name}.{column}" for column in unusable)
            why = f"{columns} cannot be used: dropped, renamed or of another type. To have {name} created again"
            return [*found, self._obstacle(why, f"DROP TABLE {self._name(name)}")]
        key = _KEYS.get(name, "")
        if key in absent:
            return [*found, self._restore_key(name, key, table, expected[name])]
        missing += [f"{name}.{column}" for column in absent]
        found += [self._restore_type(name, column, table, expected[name][column]) for column in broken]
        return found + list(self._find_refusing(name, table, expected[name]))

    def _find_refusing(self, name: str, table: StoredTable, expected: Columns) -> Iterator[Obstacle]:
        """Yield the columns that refuse rows because they allow no null."""
        for column, stored in table.columns.items():
            is_ours = column in expected
            # dlt adds columns of its own to rows that are no Arrow tables.
            if (
                stored.is_nullable
                or column.startswith("_dlt_")
                or (not expected[column].get("nullable", True) if is_ours else stored.has_default)
            ):
                continue
            what = "allows no null, and the API may send one" if is_ours else "needs a value, and loads know none"
            change = f"ALTER TABLE {self._name(name)} ALTER COLUMN {self._column(column)} DROP NOT NULL"
            yield self._obstacle(f"{name}.{column} {what}. To allow null", change)

    def _restore_type(self, name: str, column: str, table: StoredTable, hint: TColumnSchema) -> Obstacle:
        stored = table.columns[column]
        what = f"{name}.{column} has the type {stored.data_type}, which does not hold all its values"
        drop = f"ALTER TABLE {self._name(name)} DROP COLUMN {self._column(column)}"
        is_key = _KEYS.get(name) == column
        if self.destination.can_change_types:
            change = self.destination.change_type(self.pipeline, name, hint, stored.data_type)
            otherwise = (
                "" if is_key else f"If a value cannot be converted, run this instead, and it is read again: {drop};"
            )
            return Obstacle(f"{what}. To put it right", (change,), otherwise, cuts_values=True)
        change = f"DROP TABLE {self._name(name)}" if is_key else drop
        return Obstacle(f"{what}. To have it created and filled again", (f"{change};",), cuts_values=True)

    def _restore_key(self, name: str, key: str, table: StoredTable, expected: Columns) -> Obstacle:
        """Rows without their key cannot be told apart; a column of others that fits may be the key, renamed."""
        what = f"{name} has no column {key}, so its rows cannot be told apart"
        renamed = [
            column
            for column, stored in table.columns.items()
            if column not in expected and self.destination.has_type(stored.data_type, expected[key])
        ]
        if len(renamed) == 1:
            change = f"RENAME COLUMN {self._column(renamed[0])} TO {self._column(key)}"
            return self._obstacle(f"{what}. If {renamed[0]} is that column", f"ALTER TABLE {self._name(name)} {change}")
        return self._obstacle(f"{what}. To have the table created and filled again", f"DROP TABLE {self._name(name)}")

    def _row_security(self, name: str) -> Obstacle:
        what = f"{name} has row security, which hides rows from this role. Give it BYPASSRLS, or if it owns the table"
        return self._obstacle(what, f"ALTER TABLE {self._name(name)} NO FORCE ROW LEVEL SECURITY")

    def find_foreign_keys(self, *, deletes_rows: bool) -> list[Obstacle]:
        """Return the foreign keys that make a load fail, or with which it would delete rows of others."""
        own = catalog.dataset_name(self.pipeline)
        found = []
        for key in self.destination.read_foreign_keys(self.pipeline):
            is_ours = key.dataset == own and key.table in INTERACTION_TABLES
            refers = key.referenced_table if key.referenced_dataset == own else ""
            if not (is_ours or refers in INTERACTION_TABLES):
                continue
            is_served = refers == INTERACTIONS and not is_ours and self.destination.serves_foreign_keys
            if is_served and not deletes_rows and self.destination.updates_in_place(self.pipeline):
                continue
            what = f"The foreign key {key.name} of {key.dataset}.{key.table} refers to {key.referenced_table}"
            why = "where rows are deleted: it would delete rows of yours as well, or refuse that"
            statements = self.destination.drop_foreign_key(self.pipeline, key)
            found.append(Obstacle(f"{what}, {why}. To drop the key and keep all rows", tuple(statements)))
        return found

    def _obstacle(self, what: str, statement: str) -> Obstacle:
        return Obstacle(what, (f"{statement};",))

    def _name(self, table: str) -> str:
        return str(self.pipeline.sql_client().make_qualified_table_name(table))

    def _column(self, column: str) -> str:
        return str(self.pipeline.sql_client().escape_column_name(column))
