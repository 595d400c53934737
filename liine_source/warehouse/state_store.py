"""dlt's states in the destination, of every pipeline that has loaded into the dataset."""

from collections.abc import Sequence

import dlt
from dlt.common.versioned_state import decompress_state

from liine_source.extract.state import SourceState
from liine_source.warehouse import catalog
from liine_source.warehouse.statements import COMMITTED_LOADS, execute, select, statement

_COMMITTED = f"_dlt_load_id in ({COMMITTED_LOADS})"
_NEWEST = """
select state from (
  select state, _dlt_load_id,
    row_number() over (partition by pipeline_name order by _dlt_load_id desc) as place
  from _dlt_pipeline_state where {}
) as numbered where place = 1 order by _dlt_load_id
"""
_NEWEST_OF_ALL = f"select max(_dlt_load_id) from _dlt_pipeline_state where {_COMMITTED}"  # noqa: S608  constants of ours
_DELETE_OLDER = f"""
delete from _dlt_pipeline_state where pipeline_name = :name and _dlt_load_id < (
  select max(_dlt_load_id) from _dlt_pipeline_state where pipeline_name = :name and {_COMMITTED}
)
"""  # noqa: S608  constants of ours


def read_states(
    pipeline: dlt.Pipeline, prefix: str | None = None, allowed: Sequence[str] = (), erasing: str = ""
) -> list[SourceState]:
    """Return the state of the source `liine` from each pipeline that loaded into the dataset, oldest first.

    Of pipelines whose name starts with `prefix`, returns only those that start with one of `allowed`, and the newest,
    which says like any other under which settings the dataset was loaded. Pipelines that start with `erasing` have no
    state of their own.
    """
    conditions, values = [_COMMITTED], {}
    if prefix is not None:
        values = {"prefix": prefix, "erasing": erasing, **{f"allowed_{at}": name for at, name in enumerate(allowed)}}
        starts = {at: f"left(pipeline_name, {len(text)}) = :{at}" for at, text in values.items()}
        last_load = f"_dlt_load_id = ({_NEWEST_OF_ALL} and not {starts.pop('erasing')})"
        conditions.append(" or ".join([f"(not {starts.pop('prefix')}", last_load, *starts.values()]) + ")")
    query = statement(_NEWEST.format(" and ".join(conditions)), **values)
    # Before the first load there is no table, and perhaps no schema either.
    packed = [row[0] for row in select(pipeline, query)] if catalog.column_types(pipeline, catalog.STATE_TABLE) else []
    return [SourceState(decompress_state(state).get("sources", {}).get("liine", {})) for state in packed]


def delete_older_states(pipeline: dlt.Pipeline) -> None:
    """Delete the states of the pipeline before its newest committed one; nobody reads them."""
    execute(pipeline, statement(_DELETE_OLDER, name=pipeline.pipeline_name))
