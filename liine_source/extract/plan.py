"""The tasks that a load begins with: changes and lookbacks first, then histories; or repairs."""

from collections import deque
from collections.abc import Iterator

from liine_source.extract.history import HistoryPlan, pending_tasks
from liine_source.extract.load_request import LoadRequest, RunProgress
from liine_source.extract.reader import Reader
from liine_source.extract.tasks import ChangesTask, LookbackTask, RepairTask, Task
from liine_source.extract.track import History


def plan_tasks(request: LoadRequest, progress: RunProgress, reader: Reader) -> deque[Task]:
    """Return the tasks that a load begins with."""
    customers = reader.settings.customer_ids
    if request.kind == "repair":
        return deque(
            RepairTask(reader, customer, repair) for customer in customers for repair in request.repairs[customer]
        )
    is_backfill = request.kind == "backfill"
    if request.restart and not progress.has_started:
        for customer in customers:
            reader.track(customer, is_backfill=True).restart()
    changes: list[Task] = []
    histories: list[Task] = []
    for customer in customers:
        track = reader.track(customer, is_backfill=is_backfill)
        if not is_backfill and customer not in progress.updated and track.latest_change:
            changes.append(ChangesTask(reader, customer, track, progress))
        if customer in progress.pending_lookbacks:
            changes.append(LookbackTask(reader, customer, track, progress))
        if track.history:
            histories += pending_tasks(reader, customer, track, progress)
        elif track.watermark is None:
            histories.append(HistoryPlan(reader, customer, track, progress))
    return deque(task for task in changes + histories if task.key not in progress.failed)


def resumed_histories(request: LoadRequest, reader: Reader) -> Iterator[tuple[int, History]]:
    """Yield the histories, with their customers, that an earlier run has begun and this one continues."""
    if request.kind == "repair":
        return
    for customer in reader.settings.customer_ids:
        history = reader.track(customer, is_backfill=request.kind == "backfill").history
        if history and not history.is_finished:
            yield customer, history
