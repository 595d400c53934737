"""`liine backfill`: load past days again."""

from contextlib import closing
from datetime import date
from typing import Unpack

from liine_source.commands.run import Run
from liine_source.commands.session import monitored, open_run
from liine_source.commands.sync_report import ReportBuilder, SyncReport
from liine_source.extract.observer import RunObserver
from liine_source.settings import OptionsWithoutDays, resolve_settings, with_days
from liine_source.spec.tables import DATASET_NAME


def backfill(
    since: date | None = None,
    until: date | None = None,
    destination: str | None = None,
    dataset: str = DATASET_NAME,
    *,
    restart: bool = False,
    observer: RunObserver | None = None,
    **options: Unpack[OptionsWithoutDays],
) -> SyncReport:
    """Load the days `since` to `until` again, both included, newest first; return what was loaded.

    None takes dlt's setting of that name, which by default leaves the side open. Finished windows are stored with their
    rows: an interrupted backfill continues, and one that is finished loads nothing unless `restart`. Watermarks stay as
    they are.
    """
    builder = ReportBuilder(observer)
    with monitored(dataset, builder.report):
        settings = resolve_settings(**with_days(options, since, until))
        with (
            closing(settings.open_client(on_wait=builder.on_wait)) as client,
            open_run(destination, dataset, settings, "backfill", builder) as pipeline,
        ):
            run = Run(pipeline, client, settings, builder)
            run.load("backfill", restart=restart)
            run.store_inventory()
            return builder.finish()
