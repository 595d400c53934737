"""Erasures of other datasets at the same address that are missing in this one: its loads bring those persons back."""

from contextlib import suppress

import dlt
from dlt.destinations.exceptions import DatabaseException

from liine_source.destinations import pipeline_destination
from liine_source.spec.tables import ERASED_IDENTIFIERS, ERASURES
from liine_source.warehouse import catalog, queries


def find_other_erasures(pipeline: dlt.Pipeline) -> dict[str, int]:
    """Return how many erasures each other dataset of the database, or of DuckDB's file, has that this one has not.

    What the role may not read is not found, nor is another database, file or machine.
    """
    if not catalog.speaks_sql(pipeline):
        return {}
    own = catalog.dataset_name(pipeline).lower()
    datasets = pipeline_destination(pipeline).list_datasets(pipeline)
    others = sorted(
        name for name, tables in datasets.items() if name != own and {ERASED_IDENTIFIERS, ERASURES} <= tables
    )
    if not others:
        return {}
    known = {one.erasure_id for one in queries.identifiers_by_erasure(pipeline)}
    found = {}
    for name in others:
        with suppress(DatabaseException):
            if unknown := queries.erasures_elsewhere(pipeline, name) - known:
                found[name] = len(unknown)
    return found
