"""The tables `runs` and `run_steps`: how each run ended, where the setting `store_run_history` asks for it.

dlt's own trace quotes settings, and exceptions that may quote rows. These tables hold kinds, names, times and counts.
"""

import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import dlt
from dlt.extract import DltSource
from dlt.pipeline.trace import PipelineTrace

from liine_source.load.hints import column_hints
from liine_source.spec.tables import RUN_STEPS, RUNS


@dataclass(slots=True)
class Run:
    """How a run ended: a row of `runs`. Times are UTC."""

    kind: str
    customers: int
    status: str = "complete"
    error: str | None = None
    customers_failed: int = 0
    interactions: int = 0
    loads: int = 0
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    version: str = field(default_factory=lambda: version("liine-source"))
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None


def history_source(run: Run, trace: PipelineTrace | None) -> DltSource:
    """Return a source with a run and the steps of its trace."""

    def tables() -> Any:
        for name, rows in ((RUNS, [asdict(run)]), (RUN_STEPS, list(_steps(run, trace)))):
            yield dlt.resource(rows, name=name, columns=column_hints(name), write_disposition="append")

    return dlt.source(tables, name="liine_run_history", section="liine")()


def _steps(run: Run, trace: PipelineTrace | None) -> Iterator[dict[str, Any]]:
    for step in trace.steps if trace else ():
        loads = step.step_info.loads_ids if step.step_info else []
        yield {
            "run_id": run.run_id,
            "load_id": loads[0] if loads else None,
            "step": step.step,
            "began": step.started_at,
            "ended": step.finished_at,
            "is_failed": step.step_exception is not None,
        }
