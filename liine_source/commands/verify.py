"""`liine verify`: compare the warehouse with the API."""

import logging
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Unpack

from liine_source.commands.run import Run
from liine_source.commands.session import monitored, open_run
from liine_source.commands.sync_report import ReportBuilder
from liine_source.extract.observer import RunObserver
from liine_source.extract.reader import Reader
from liine_source.load.dataset_checks import require_same_host
from liine_source.load.key_checks import check_keys
from liine_source.load.stored_progress import read_state
from liine_source.monitoring import alerts
from liine_source.settings import OptionsWithoutDays, resolve_settings, with_days
from liine_source.spec.tables import DATASET_NAME
from liine_source.verification import comparison

if TYPE_CHECKING:
    from liine_source.verification.comparison import CustomerVerification

log = logging.getLogger(__name__)


def verify(
    since: date | None = None,
    destination: str | None = None,
    dataset: str = DATASET_NAME,
    *,
    repair: bool = False,
    observer: RunObserver | None = None,
    **options: Unpack[OptionsWithoutDays],
) -> "list[CustomerVerification]":
    """Compare the warehouse with the API from the day `since` on; return the differences of each customer.

    Rows that the API did not return twice are marked in `interactions.vanished_at`, never deleted; rows that it returns
    again are unmarked. With `repair`, windows with missing or stale rows are loaded again.
    """
    builder = ReportBuilder(observer)
    with monitored(dataset):
        settings = resolve_settings(**with_days(options, since))
        with (
            closing(settings.open_client(on_wait=builder.on_wait)) as client,
            open_run(destination, dataset, settings, "verify", builder) as pipeline,
        ):
            state = read_state(pipeline)
            require_same_host(state, settings)
            suppression_list, _ = check_keys(pipeline, settings, state)
            reader = Reader(settings, client, state, suppression_list=suppression_list)
            run = Run(pipeline, client, settings, builder)
            run.find_losses()
            found = []
            for number, customer_id in enumerate(settings.customer_ids, 1):
                builder.on_step(f"comparing customer {customer_id}, {number} of {len(settings.customer_ids)}")
                found.append(comparison.compare_customer(pipeline, reader, customer_id, observer))
            run.add_content_losses(found, reader)
            for customer in found:
                customer.lost = run.losses(customer.customer_id)
            if repair:
                run.repair(found)
            run.store_inventory()
            builder.incomplete_customers = sum(not customer.is_complete for customer in found)
    if differing := [customer.customer_id for customer in found if not customer.is_complete]:
        customers = ", ".join(map(str, differing))
        problem = f"Customers {customers} could not be verified, or differ from the API. Run `liine verify` to see how."
        log.error("%s", problem)
        alerts.notify_failure(dataset, problem)
    return found
