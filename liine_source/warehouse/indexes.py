"""Postgres's indexes: those that a merge needs, and those for queries by customer or time."""

from collections.abc import Collection
from itertools import count

import dlt
from dlt.destinations.exceptions import DatabaseTerminalException

from liine_source.errors import DestinationError
from liine_source.spec.tables import CHILD_TABLES, INTERACTIONS
from liine_source.warehouse import catalog, structure

_INDEXED_COLUMNS = {
    INTERACTIONS: ("id", "customer_id", "start_time", "updated_at"),
    **dict.fromkeys(CHILD_TABLES, ("interaction_id",)),
}
# Postgres's code for rows that a new unique index would refuse.
_UNIQUE_VIOLATION = "23505"


def create_missing(pipeline: dlt.Pipeline) -> None:
    """Create the indexes that are missing on tables that exist; an index of others on the same column will do.

    Raises DestinationError where `interactions` has an id twice.
    """
    present = structure.read_indexes(pipeline)
    taken = {index.name for index in present}
    covered = {
        (index.table, index.column) for index in present if index.is_unique or not _is_unique(index.table, index.column)
    }
    wanted = [(table, column) for table, columns in _INDEXED_COLUMNS.items() for column in columns]
    stored = catalog.column_types_by_table(pipeline, [*_INDEXED_COLUMNS])
    for table, column in wanted:
        if column in stored[table] and (table, column) not in covered:
            _create(pipeline, table, column, taken)


def _is_unique(table: str, column: str | None) -> bool:
    return (table, column) == (INTERACTIONS, "id")


def _create(pipeline: dlt.Pipeline, table: str, column: str, taken: Collection[str]) -> None:
    # A table that somebody has renamed keeps its indexes, and their names.
    name = next(name for number in count(1) if (name := f"{table}_{column}" + f"_{number}" * (number > 1)) not in taken)
    kind = "unique index" if _is_unique(table, column) else "index"
    with pipeline.sql_client() as client:
        try:
            # Another run may have created it meanwhile.
            client.execute_sql(f"create {kind} if not exists {name} on {table} ({column})")
        except DatabaseTerminalException as error:
            if getattr(error.dbapi_exception, "pgcode", None) != _UNIQUE_VIOLATION:
                raise
            qualified = client.make_qualified_table_name(table)
        else:
            return
    delete = f"DELETE FROM {qualified} AS a USING {qualified} AS b"  # noqa: S608  for people to run
    raise DestinationError(
        f"{table} has an {column} twice, which its index {name} would prevent, had nobody dropped that. Run as the "
        f"owner of the table, then run again:",
        f"    {delete} WHERE a.{column} = b.{column} AND a.ctid < b.ctid;",
    )
