"""What became of each run, as two tables that a setting asks for: `runs`, and `run_steps` from dlt's trace.

dlt's own trace quotes exceptions, which may quote rows, and settings. Here are kinds, names, times and counts.
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

from liine_source.tables import described

RUNS = "runs"
STEPS = "run_steps"


_RUN_COLUMNS = described(
    nullable=("error",),
    run_id=("text", "A random name."),
    kind=("text", "`sync`, `backfill` or `verify`."),
    version=("text", "Of this package."),
    began=("timestamp", "When the run began, UTC."),
    ended=("timestamp", "When it ended, UTC."),
    status=("text", "`complete`; `incomplete` where a customer is; `failed`; `stopped` by a signal."),
    error=("text", "The kind of error of a run that failed or was stopped."),
    customers=("bigint", "Customers asked for."),
    customers_failed=("bigint", "Customers that are not complete."),
    interactions=("bigint", "Interactions in committed loads, each as often as it was written."),
    loads=("bigint", "Loads committed."),
)
_STEP_COLUMNS = described(
    nullable=("load_id", "ended"),
    run_id=("text", "The run, as in `runs`."),
    load_id=("text", "The load that the step was of, as in `_dlt_loads`; null where it had none."),
    step=("text", "dlt's step: `extract`, `normalize` or `load`."),
    began=("timestamp", "When the step began, UTC."),
    ended=("timestamp", "When it ended, UTC."),
    is_failed=("bool", "Whether it failed."),
)


@dataclass(slots=True)
class Result:
    """What became of a run; `began` and `ended` are UTC."""

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


def record(result: Result, trace: PipelineTrace | None) -> DltSource:
    """Return a source that writes a run's result down, and the steps of its trace."""

    def tables() -> Any:
        for name, columns, rows in (
            (RUNS, _RUN_COLUMNS, [asdict(result)]),
            (STEPS, _STEP_COLUMNS, list(_steps(result, trace))),
        ):
            yield dlt.resource(rows, name=name, columns=columns, write_disposition="append")

    return dlt.source(tables, name="liine_results", section="liine")()


def _steps(result: Result, trace: PipelineTrace | None) -> Iterator[dict[str, Any]]:
    for step in trace.steps if trace else ():
        loads = step.step_info.loads_ids if step.step_info else []
        yield {
            "run_id": result.run_id,
            "load_id": loads[0] if loads else None,
            "step": step.step,
            "began": step.started_at,
            "ended": step.finished_at,
            "is_failed": step.step_exception is not None,
        }
