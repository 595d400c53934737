"""`liine sync`: bring every customer up to date."""

from contextlib import closing
from typing import Unpack

from liine_source.commands.run import Run
from liine_source.commands.session import monitored, open_run
from liine_source.commands.sync_report import ReportBuilder, SyncReport
from liine_source.extract.observer import RunObserver
from liine_source.load.other_erasures import find_other_erasures
from liine_source.settings import LiineOptions, resolve_settings
from liine_source.spec.tables import DATASET_NAME


def sync(
    destination: str | None = None,
    dataset: str = DATASET_NAME,
    *,
    observer: RunObserver | None = None,
    **options: Unpack[LiineOptions],
) -> SyncReport:
    """Bring every customer up to date; return what was loaded, and what proves that it is complete.

    Settings that are not in `options` are read from dlt's. A customer that cannot be read completely keeps its
    watermark while the others are loaded; then the report is not complete, and `raise_for_failures` raises. At the end
    each customer's interactions in the warehouse are compared with the API's count, and missing ones are loaded.
    """
    builder = ReportBuilder(observer)
    with monitored(dataset, builder.report):
        settings = resolve_settings(**options)
        with (
            closing(settings.open_client(on_wait=builder.on_wait)) as client,
            open_run(destination, dataset, settings, "sync", builder) as pipeline,
        ):
            builder.add_other_erasures(find_other_erasures(pipeline))
            run = Run(pipeline, client, settings, builder)
            run.load("sync", restart_customers=run.flagged_customers)
            run.restore()
            run.compare_totals()
            run.store_inventory()
            return builder.finish()
