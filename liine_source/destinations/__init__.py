"""What differs by destination: one class each."""

from typing import cast

import dlt

from liine_source.destinations.base import AnyDltDestination, Destination, Location, Question
from liine_source.destinations.duckdb import DuckDb
from liine_source.destinations.postgres import Postgres
from liine_source.destinations.snowflake import Snowflake
from liine_source.settings import DEFAULT_DESTINATION

__all__ = [
    "SETUP_DESTINATIONS",
    "AnyDltDestination",
    "Destination",
    "Location",
    "Question",
    "get_destination",
    "locate_pipeline",
    "pipeline_destination",
]

_CLASSES: dict[str, type[Destination]] = {"duckdb": DuckDb, "postgres": Postgres, "snowflake": Snowflake}
SETUP_DESTINATIONS = tuple(name for name, one in _CLASSES.items() if one.questions)
"""The destinations that `liine init` sets up."""


def get_destination(name: str | None) -> Destination:
    """Return the destination of a name; None takes dlt's setting `destination_type`, or DuckDB.

    Any other dlt destination is served by the base class.
    """
    name = name or dlt.config.get("destination_type", str) or DEFAULT_DESTINATION
    return _CLASSES.get(name, Destination)(name)


def pipeline_destination(pipeline: dlt.Pipeline) -> Destination:
    """Return a pipeline's destination."""
    return get_destination(str(_factory(pipeline).destination_name))


def locate_pipeline(pipeline: dlt.Pipeline) -> Location:
    """Return where a pipeline loads to."""
    return pipeline_destination(pipeline).locate(_factory(pipeline), pipeline.dataset_name)


def _factory(pipeline: dlt.Pipeline) -> AnyDltDestination:
    return cast("AnyDltDestination", pipeline.destination)
