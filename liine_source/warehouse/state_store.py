"""dlt's states in the destination, of every pipeline that has loaded into the dataset."""

from collections.abc import Sequence

import dlt
import sqlalchemy as sa
from dlt.common.versioned_state import decompress_state

from liine_source.extract.state import SourceState
from liine_source.spec.tables import LOAD_ID
from liine_source.warehouse import catalog
from liine_source.warehouse.statements import execute, has_committed_load, select

_states = sa.table(catalog.STATE_TABLE, sa.column("pipeline_name"), sa.column("state"), sa.column(LOAD_ID))


def read_states(
    pipeline: dlt.Pipeline, prefix: str | None = None, allowed: Sequence[str] = (), erasing: str = ""
) -> list[SourceState]:
    """Return the state of the source `liine` from each pipeline that loaded into the dataset, oldest first.

    Of pipelines whose name starts with `prefix`, returns only those that start with one of `allowed`, and the newest,
    which says like any other under which settings the dataset was loaded. Pipelines that start with `erasing` have no
    state of their own.
    """
    columns = _states.c
    newest = sa.func.row_number().over(partition_by=columns.pipeline_name, order_by=columns[LOAD_ID].desc())
    is_committed = has_committed_load(_states)
    numbered = sa.select(columns.state, columns[LOAD_ID], newest.label("place")).where(is_committed)
    if prefix is not None:
        starts = {name: sa.func.left(columns.pipeline_name, len(name)) == name for name in (prefix, erasing, *allowed)}
        last_load = sa.select(sa.func.max(columns[LOAD_ID])).where(is_committed, sa.not_(starts[erasing]))
        is_allowed = [starts[name] for name in allowed]
        numbered = numbered.where(
            sa.or_(sa.not_(starts[prefix]), columns[LOAD_ID] == last_load.scalar_subquery(), *is_allowed)
        )
    found = numbered.subquery()
    last = sa.select(found.c.state).where(found.c.place == sa.literal_column("1")).order_by(found.c[LOAD_ID])
    # Before the first load there is no table, and perhaps no schema either.
    packed = [row[0] for row in select(pipeline, last)] if catalog.column_types(pipeline, _states.name) else []
    return [SourceState(decompress_state(state).get("sources", {}).get("liine", {})) for state in packed]


def delete_older_states(pipeline: dlt.Pipeline) -> None:
    """Delete the states of the pipeline before its newest committed one; nobody reads them."""
    columns, load_id = _states.c, _states.c[LOAD_ID]
    is_own = columns.pipeline_name == pipeline.pipeline_name
    newest = sa.select(sa.func.max(load_id)).where(is_own, has_committed_load(_states)).scalar_subquery()
    execute(pipeline, sa.delete(_states).where(is_own, load_id < newest))
