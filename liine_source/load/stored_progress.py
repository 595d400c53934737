"""How far each customer is, from the states that pipelines have stored in the warehouse."""

from collections.abc import Sequence

import dlt

from liine_source.extract.state import SourceState, merge_states
from liine_source.load.pipeline import PIPELINE_NAME
from liine_source.warehouse import catalog, state_store


def pipeline_label(kind: str, customer_id: int | None = None) -> str:
    """Return a part of the pipeline's name: it identifies thousands of backfills without reading their states."""
    return f"{kind}_{customer_id or 'several'}"


def read_state(
    pipeline: dlt.Pipeline, customer_ids: Sequence[int] | None = None, kind: str | None = None
) -> SourceState:
    """Return how far each customer is, from the states of all pipelines that loaded into the dataset.

    A run of a `kind` skips states that it does not need: a sync or a repair those of backfills, a backfill those of
    other customers' backfills. Raises ConfigurationError where an earlier version loaded the dataset.
    """
    if not catalog.speaks_sql(pipeline):
        state = SourceState(pipeline.state.get("sources", {}).get("liine", {}))
        state.require_version()
        return state.void_lost_tables()
    if kind is None:
        states = state_store.read_states(pipeline)
    else:
        prefix = f"{PIPELINE_NAME}_backfill_"
        labels = [pipeline_label("backfill"), *(pipeline_label("backfill", one) for one in customer_ids or ())]
        allowed = [f"{PIPELINE_NAME}_{label}_" for label in labels] if kind == "backfill" else []
        states = state_store.read_states(pipeline, prefix, allowed, f"{PIPELINE_NAME}_erase_")
    for state in states:
        state.require_version()
        state.void_lost_tables()
    return merge_states(states, customer_ids)
