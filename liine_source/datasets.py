"""Whether a dataset is there and may be read; if not, which others are there, or what to grant."""

from collections.abc import Mapping
from dataclasses import dataclass

import dlt

from liine_source import catalogue, tables
from liine_source.errors import DestinationError, MissingDatasetError

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Location:
    """Where a dataset is: at which address of which destination, without a user's name or password."""

    destination: str
    address: str
    dataset: str

    def __str__(self) -> str:
        return f"{self.destination} {self.address}"


def has_tables(pipeline: dlt.Pipeline, location: Location) -> bool:
    """Return whether anything was loaded into the dataset of a database.

    Raises MissingDatasetError where there is no such dataset, and DestinationError where it may not be read, or has
    lost its main table.
    """
    refuse_unreadable(pipeline, location)
    found = catalogue.datasets(pipeline)
    own = catalogue.dataset_name(pipeline).lower()
    if own not in found:
        raise MissingDatasetError(_explain_missing(location, found))
    if tables.INTERACTIONS in found[own]:
        return True
    if found[own] & {*tables.CHILDREN, tables.SWEEPS}:
        raise DestinationError(
            f"Dataset {location.dataset} in {location} has no table interactions, though it has others of Liine's: it "
            "was dropped, or no run has selected it. Restore it from a backup, or load into another --dataset."
        )
    if location.destination == "snowflake" and not found[own]:
        # It shows no table that the role may not read.
        raise DestinationError(
            f"Dataset {location.dataset} in {location} is empty, or its tables are hidden from the role. Run `liine "
            "sync` if nothing was loaded yet; otherwise grant the role usage on the schema and select on its tables."
        )
    return False


def refuse_unreadable(pipeline: dlt.Pipeline, location: Location) -> None:
    """Raise DestinationError where Postgres has tables of ours that the role may not read."""
    if location.destination != "postgres":
        return
    hidden, role = catalogue.hidden_tables(pipeline)
    if not hidden & catalogue.OURS:
        return
    client = pipeline.sql_client()
    schema, grantee = client.escape_column_name(client.dataset_name), client.escape_column_name(role)
    raise DestinationError(
        f"Dataset {location.dataset} in {location} may not be read by the role {role}. As its tables' owner: GRANT "
        f"USAGE ON SCHEMA {schema} TO {grantee}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {grantee}; A role "
        "that loads needs more: docs/postgres.md."
    )


def _explain_missing(location: Location, found: Mapping[str, set[str]]) -> str:
    alike = sorted(name for name, names in found.items() if names >= {tables.INTERACTIONS, catalogue.STATES})
    shown = ", ".join(alike[:_SHOWN]) + (" …" if len(alike) > _SHOWN else "")
    others = f"Datasets there that look like Liine's: {shown}." if alike else "No dataset there looks like Liine's."
    is_snowflake = location.destination == "snowflake"
    hidden = " It may also be there, and hidden from the role: grant it usage on the schema." if is_snowflake else ""
    return (
        f"There is no dataset {location.dataset} in {location}. {others} Name the right one with --dataset, or run "
        f"`liine sync` to make this one.{hidden}"
    )
