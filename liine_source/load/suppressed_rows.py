"""Stored rows that have got an erased person's identifier since: loads leave them out and delete them."""

import logging
from collections.abc import Collection

import dlt

from liine_source.load.altered_tables import find_alterations, refuse_alterations
from liine_source.warehouse import catalog, queries

log = logging.getLogger(__name__)


def delete_suppressed(pipeline: dlt.Pipeline, ids: Collection[int]) -> int:
    """Delete those of the interactions `ids` that are stored; return how many.

    Raises AlteredTableError, and deletes nothing, where a foreign key of somebody else would refuse that, or delete
    rows of theirs as well.
    """
    if not (ids and pipeline.destination and catalog.speaks_sql(pipeline)):
        return 0
    stored = queries.stored_ids(pipeline, ids)
    if stored:
        refuse_alterations(pipeline, find_alterations(pipeline, deletes_rows=True), needs_all=False)
        queries.delete_interactions(pipeline, stored)
        log.warning("%d stored interactions of erased persons were deleted.", len(stored))
    return len(stored)
