"""What every command does around its work: log and alert, open the pipeline, and read the state of the dataset."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

import dlt

from liine_source.api import query
from liine_source.api.client import require_known_host
from liine_source.commands.sync_report import ReportBuilder, SyncReport
from liine_source.error_translation import translate_errors
from liine_source.errors import LiineError, SyncFailedError
from liine_source.garbage_collection import collect_rarely
from liine_source.load.altered_tables import FIRST_TABLES, find_alterations, refuse_alterations
from liine_source.load.loading import create_first_tables, load_separately
from liine_source.load.pipeline import open_pipeline
from liine_source.load.stored_progress import pipeline_label
from liine_source.monitoring import alerts, run_history
from liine_source.monitoring.json_log import log_event
from liine_source.settings import Settings
from liine_source.verification import inventory
from liine_source.warehouse import catalog

log = logging.getLogger(__name__)


@contextmanager
def monitored(dataset: str, report: SyncReport | None = None) -> Iterator[None]:
    """Translate errors, log how a run begins and ends, and send alerts where they are configured."""
    log.info("A run into dataset %s begins.", dataset)
    try:
        with translate_errors(), collect_rarely():
            yield
        names = ("rows", "is_complete", "new_columns") if report else ()
        log_event(f"The run into dataset {dataset} has ended.", **{name: getattr(report, name) for name in names})
        if report:
            alerts.notify_new_columns(dataset, report.new_columns)
    except LiineError as error:
        alerts.notify_failure(dataset, str(error))
        raise
    if report and not report.is_complete:
        alerts.notify_failure(dataset, str(SyncFailedError(report.failures)))


@contextmanager
def open_run(
    destination: str | None, dataset: str, settings: Settings, kind: str, builder: ReportBuilder | None = None
) -> Iterator[dlt.Pipeline]:
    """Yield the pipeline of one run, which no other run uses, with the state from the destination."""
    if not kind.startswith("erase"):
        require_known_host(settings.base_url)
    rows = query.fingerprint_selection(settings.filters, settings.since, settings.until)
    run_key = f"{kind} {sorted(settings.customer_ids)} {rows}"
    customer = settings.customer_ids[0] if len(settings.customer_ids) == 1 else None
    if builder:
        builder.on_step("connecting to the warehouse")
    with open_pipeline(
        destination,
        dataset,
        run_key=run_key,
        label=pipeline_label(kind, customer),
        must_have_data=kind in {"verify", "erase", "reset", "reset_rows"},
        check=partial(_check_tables, kind, builder),
    ) as pipeline:
        if settings.store_run_history and builder:
            with _stored(pipeline, run_history.Run(kind, len(settings.customer_ids)), builder):
                yield pipeline
        else:
            yield pipeline


def _check_tables(kind: str, builder: ReportBuilder | None, pipeline: dlt.Pipeline) -> None:
    """Refuse what somebody has altered in the tables, and create what is needed first of what was dropped.

    Raises AlteredTableError with the statements that help, or DestinationError where a sync creates what is missing.
    """
    if not catalog.speaks_sql(pipeline):
        return
    is_erasure = kind.startswith("erase")
    found = find_alterations(pipeline, deletes_rows=is_erasure or kind == "reset_rows", is_erasure=is_erasure)
    if any(obstacle.cuts_values for obstacle in found.obstacles):
        inventory.flag_all_customers(pipeline)
    refuse_alterations(pipeline, found, needs_all=kind in {"verify", "erase"})
    if missing := [name for name in found.missing if name.partition(".")[0] in FIRST_TABLES]:
        create_first_tables(pipeline, {name.partition(".")[0] for name in missing})
        if builder:
            builder.add_recreated(missing)


@contextmanager
def _stored(pipeline: dlt.Pipeline, run: run_history.Run, builder: ReportBuilder) -> Iterator[None]:
    """Store how a run ended in the warehouse, unless the warehouse is what failed."""
    try:
        with translate_errors():
            yield
    except BaseException as error:
        run.status = "failed" if isinstance(error, Exception) else "stopped"
        run.error = type(error).__name__
        raise
    finally:
        run.customers_failed = builder.incomplete_customers
        if run.customers_failed and run.status == "complete":
            run.status = "incomplete"
        run.interactions, run.loads = builder.committed_rows, len(builder.report.load_ids)
        run.ended = datetime.now(UTC)
        try:
            with translate_errors():
                source = run_history.history_source(run, pipeline.last_trace)
                load_separately(pipeline, source, "liine_run_history", is_patient=run.status != "stopped")
        except LiineError as error:
            log.warning("The run history could not be stored (%s).", type(error).__name__)
