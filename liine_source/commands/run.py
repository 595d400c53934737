"""The loads of one run, and what it does about rows that the warehouse has lost or never had."""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import dlt

from liine_source.api import query
from liine_source.api.client import LiineClient
from liine_source.commands.sync_report import ReportBuilder, SyncReport
from liine_source.destinations import locate_pipeline, pipeline_destination
from liine_source.errors import (
    ApiError,
    IncompleteDatasetError,
    LiineError,
    LoginRefusedError,
    LostRowsError,
    SweepError,
)
from liine_source.extract.load_request import LoadRequest, RunKind, RunProgress
from liine_source.extract.reader import Reader
from liine_source.extract.windows import shift
from liine_source.load.loading import NO_HOOKS, Hooks, between_loads, load
from liine_source.load.row_changes import count_changes
from liine_source.load.stored_progress import read_state
from liine_source.load.suppressed_rows import delete_suppressed
from liine_source.privacy.suppression import SuppressionList
from liine_source.settings import Settings
from liine_source.source import source_for_run
from liine_source.spec.tables import INTERACTION_TABLES
from liine_source.verification import comparison, contents, inventory, totals
from liine_source.warehouse import catalog, queries

if TYPE_CHECKING:
    from liine_source.verification.comparison import CustomerVerification
    from liine_source.verification.inventory import Inventory, Loss
    from liine_source.verification.totals import Totals
    from liine_source.warehouse.queries import Difference

log = logging.getLogger(__name__)

# A long history is loaded in several loads: its newest part can be used early, and an interruption costs little.
ROWS_PER_LOAD = 100_000


class Run:
    """The loads of one run with one pipeline, client and report."""

    def __init__(self, pipeline: dlt.Pipeline, client: LiineClient, settings: Settings, builder: ReportBuilder) -> None:
        self._pipeline = pipeline
        self._client = client
        self._settings = settings
        self._builder = builder
        self._restored: set[int] = set()
        self._unverified: set[int] = set()
        self._new_customers: set[int] = set()
        self._inventory: Inventory | None = None
        self._is_counted = False
        if catalog.speaks_sql(pipeline):
            self._inventory = inventory.Inventory(pipeline, settings.customer_ids)

    @property
    def flagged_customers(self) -> frozenset[int]:
        """Customers with a loss that an earlier run found, and whose histories were not loaded again since."""
        return frozenset(self._inventory.flagged) if self._inventory else frozenset()

    def losses(self, customer_id: int) -> "list[Loss]":
        """Return what the warehouse has lost of a customer since the last run."""
        return self._inventory.lost.get(customer_id, []) if self._inventory else []

    def add_content_losses(self, found: "Sequence[CustomerVerification]", reader: Reader) -> None:
        """Compare by content what the inventory cannot judge: customers whose rows other pipelines have loaded.

        Customers with other differences are left out; their rows have to be loaded again first.
        """
        is_limited = self._settings.since or self._settings.until
        for customer in found:
            key = customer.customer_id
            if not self._inventory or self._inventory.is_current(key):
                continue
            self._unverified.add(key)
            if is_limited or not customer.is_equal or not reader.has_own_rows(key):
                continue
            try:
                losses = contents.compare_contents(self._pipeline, reader, key)
            except (ApiError, SweepError) as error:
                customer.errors.append(_raise_refused_login(error))
                continue
            self._unverified.remove(key)
            if losses:
                self._inventory.lost[key] = losses

    def find_losses(self) -> None:
        """Compare what the tables hold with what they held when the last run ended."""
        if self._inventory:
            self._builder.on_step("comparing the tables with what they held after the last run")
            with between_loads(self._pipeline):
                self._inventory.find_lost()

    def load(self, kind: RunKind, *, restart: bool = False, restart_customers: frozenset[int] = frozenset()) -> None:
        """Run as many loads as the request needs; before the first one is written, losses are looked for."""
        request = LoadRequest(kind, ROWS_PER_LOAD, restart, restart_customers=restart_customers)
        self._restored |= restart_customers
        self._builder.on_step("asking the API what there is to read")
        hooks = Hooks()
        if self._inventory:
            hooks = Hooks(self._find_lost, self._note_dropped, lambda: self._new_customers)
        report = load_all(self._pipeline, self._client, self._settings, request, self._builder, hooks)
        self._is_counted = not (report.erased or self._builder.has_written_rows)

    def _find_lost(self) -> None:
        """Compare what the tables hold with what they held, and note the customers of whom they hold nothing."""
        inventory = cast("Inventory", self._inventory)
        inventory.find_lost()
        self._new_customers = {one for one in self._settings.customer_ids if not inventory.interactions(one)}

    def _note_dropped(self, names: Collection[str]) -> None:
        """Note what is about to be created again; first of all that its rows are lost, lest that be forgotten."""
        if {name.partition(".")[0] for name in names} & {*INTERACTION_TABLES}:
            inventory.flag_all_customers(self._pipeline)
        self._builder.add_recreated(names)

    def restore(self) -> None:
        """Load again the histories of customers with a loss; fail those that cannot be restored."""
        if not (self._inventory and self._inventory.lost):
            return
        for customer, losses in self._inventory.lost.items():
            dropped = [f"{name}: dropped" for name in self._builder.report.recreated]
            lost = list(map(str, losses)) or dropped or ["found by an earlier run"]
            log.warning(
                "Customer %d has lost rows since the last run (%s); loading its history again",
                *(customer, "; ".join(lost)),
            )
            self._builder.add_restored(customer, lost)
        # Where a table was dropped, the state is void and this run has loaded everything already.
        self._restored |= {one for one in self._inventory.lost if self._builder.has_loaded_history(one)}
        failed = {customer.customer_id for customer in self._builder.report.customers if customer.errors}
        wanted = sorted(self._inventory.lost.keys() - self._restored - failed)
        if wanted:
            request = LoadRequest("sync", ROWS_PER_LOAD, restart_customers=frozenset(wanted))
            for synced in self._reload(wanted, request).customers:
                self._builder.fail(synced.customer_id, synced.errors)
                failed |= {synced.customer_id} if synced.errors else set()
        self._restored = self._inventory.lost.keys() - failed
        self._count()
        is_limited = self._settings.since or self._settings.until or self._settings.filters
        for customer in self._restored:
            if (remaining := self._inventory.remaining_losses(customer)) and is_limited:
                self._builder.fail(customer, [LostRowsError(customer, remaining)])

    def store_inventory(self) -> None:
        """Store what the tables hold now."""
        if self._inventory:
            self._builder.on_step("storing what the tables hold")
            self._count()
            with between_loads(self._pipeline):
                self._inventory.store(self._restored, self._unverified - self._restored)

    def _count(self) -> None:
        """Count what the tables hold, unless nothing was written since the last count."""
        if self._inventory and not self._is_counted:
            with between_loads(self._pipeline):
                self._inventory.count()
        self._is_counted = True

    def compare_totals(self) -> None:
        """Compare each customer's rows with the API's count, repair differences, and add the result to `sweeps`."""
        if not self._inventory:
            return
        self._builder.on_step("comparing each customer's rows with the API's count")
        report = self._builder.report
        customers = {customer.customer_id: customer for customer in report.customers if not customer.errors}
        self._count()
        suppression_list = SuppressionList(queries.erased_identifiers(self._pipeline), self._settings.keys)
        state = read_state(self._pipeline, self._settings.customer_ids, "sync")
        reader = Reader(self._settings, self._client, state, suppression_list=suppression_list)
        found, refused = totals.compare_totals(self._inventory, reader, list(customers))
        known = queries.explained_differences(self._pipeline, reader.filter_hash) if found else {}
        for one in found:
            one.explain(known.get(one.customer_id))
        if not all(one.proof for one in found):
            # Only now read the state of backfills, which may be thousands and may have loaded other filters' rows.
            state = read_state(self._pipeline)
            reader = Reader(self._settings, self._client, state, suppression_list=suppression_list)
            found = [one for one in found if totals.is_comparable(reader, one.customer_id)]
            found = [self._reconcile(reader, one, known.get(one.customer_id)) for one in found]
        for one in found:
            customer = customers[one.customer_id]
            customer.in_api, customer.in_warehouse = one.in_api, one.in_warehouse
            if not one.proof:
                refused[one.customer_id] = IncompleteDatasetError(one.customer_id, one.in_api, one.in_warehouse)
        for customer_id, problem in refused.items():
            log.error("%s", problem)
            self._builder.fail(customer_id, [problem])
        if found:
            last = shift(min(one.began for one in found).date(), 1)
            undated = queries.count_undated(self._pipeline, [one.customer_id for one in found], last)
            rows = [one.as_row(reader.filter_hash, report.load_ids[-1]) for one in found]
            queries.add_sweeps(self._pipeline, [{**row, "undated": undated.get(row["customer_id"], 0)} for row in rows])
        self._builder.count_incomplete()

    def repair(self, found: "list[CustomerVerification]") -> None:
        """Load again what verifications have found missing, stale, duplicate or lost."""
        repairs = {customer.customer_id: customer.to_repair for customer in found if customer.to_repair}
        failures: dict[int, list[LiineError]] = {customer.customer_id: [] for customer in found}
        if repairs:
            for synced in self._reload(list(repairs), LoadRequest("repair", repairs=repairs)).customers:
                failures[synced.customer_id] += synced.errors
        if lost := [customer.customer_id for customer in found if customer.lost]:
            self._builder.begin(lost)
            self.restore()
            for synced in self._builder.report.customers:
                failures[synced.customer_id] += synced.errors
        for customer in found:
            customer.errors += failures[customer.customer_id]
            customer.is_repaired = bool(customer.to_repair or customer.lost) and not customer.errors

    def _reload(self, customer_ids: list[int], request: LoadRequest) -> SyncReport:
        """Load once more for some customers; return what that has brought."""
        self._is_counted = False
        builder = self._builder.for_reread()
        settings = replace(self._settings, customer_ids=customer_ids)
        report = load_all(self._pipeline, self._client, settings, request, builder)
        self._builder.add(report)
        return report

    def _reconcile(self, reader: Reader, compared: "Totals", known: "Difference | None") -> "Totals":
        """Load what has changed since, then verify and repair the rest; return the customer's new totals.

        A first sync has just loaded everything, so a count below its rows proves nothing.
        """
        customer = compared.customer_id
        has_just_loaded = self._builder.has_loaded_history(customer)
        if not compared.proof and has_just_loaded and compared.in_api < compared.in_warehouse:
            compared.proof = "exhaustive"
        if compared.proof:
            return compared
        log.warning(
            "Customer %d: the API counts %d interactions, the warehouse holds %d; loading the difference",
            *(customer, compared.in_api, compared.in_warehouse),
        )
        self._reload([customer], LoadRequest("sync", ROWS_PER_LOAD))
        compared = self._recount(reader, compared)
        compared.explain(known)
        if compared.proof:
            return compared
        found = comparison.compare_customer(self._pipeline, reader, customer)
        self._is_counted = False
        self.repair([found])
        compared = self._recount(reader, compared)
        is_outrun = False
        if compared.in_api > compared.in_warehouse and reader.suppression_list.is_empty:
            # Rows that came since the verification are no difference, if the rows counted before are there now.
            counted = compared.in_api
            self._reload([customer], LoadRequest("sync", ROWS_PER_LOAD))
            compared = self._recount(reader, compared)
            is_outrun = compared.in_api > compared.in_warehouse >= counted
        compared.explain(None)
        compared.is_preliminary = found.unseen > 0 or is_outrun
        has_reason = compared.in_api < compared.in_warehouse or not reader.suppression_list.is_empty or is_outrun
        if not compared.proof and found.is_complete and has_reason:
            compared.proof = "exhaustive"
        return compared

    def _recount(self, reader: Reader, compared: "Totals") -> "Totals":
        """Return a customer's totals as they are now, or as they were where the API does not answer."""
        self._count()
        found, _ = totals.compare_totals(cast("Inventory", self._inventory), reader, [compared.customer_id])
        return found[0] if found else compared


def _raise_refused_login(error: LiineError) -> LiineError:
    """Raise a refused login, which concerns every customer; return any other error."""
    if isinstance(error, LoginRefusedError):
        raise error
    return error


def load_all(
    pipeline: dlt.Pipeline,
    client: LiineClient,
    settings: Settings,
    request: LoadRequest,
    builder: ReportBuilder,
    hooks: Hooks = NO_HOOKS,
) -> SyncReport:
    """Run as many loads as the request needs; the hooks are called when the first is about to be written."""
    builder.begin(settings.customer_ids)
    progress = RunProgress()
    if pipeline_destination(pipeline).supports_concurrent_writers:
        _take_over_state(pipeline, settings, request, progress)
    progress.is_unfinished = True
    while progress.is_unfinished:
        progress.is_unfinished = False
        source = source_for_run(settings, request, progress, client, builder)
        hooks = _with_deletion(pipeline, settings.customer_ids, progress, builder, hooks)
        info = load(pipeline, source, builder.on_committed, hooks)
        hooks = Hooks(new_customers=hooks.new_customers)
    builder.count_incomplete()
    report = builder.report
    report.location = str(locate_pipeline(pipeline))
    # Of a load without rows dlt does not know the dataset.
    report.destination, report.dataset = str(info.destination_name), pipeline.dataset_name
    return report


def _with_deletion(
    pipeline: dlt.Pipeline,
    customer_ids: Iterable[int],
    progress: RunProgress,
    builder: ReportBuilder,
    hooks: Hooks,
) -> Hooks:
    """Return hooks that also delete what the warehouse has of the rows that the load leaves out, and count the others.

    The API may give a row that is stored the identifier of an erased person. It is deleted before the load is written,
    so an interrupted run reads the row again; and after the inventory was compared, which would call it lost.
    """

    def before_write() -> None:
        hooks.before_write()
        builder.add_erased(delete_suppressed(pipeline, progress.suppressed_ids))
        builder.on_counted(count_changes(pipeline, {*customer_ids}.difference(hooks.new_customers())))

    return hooks._replace(before_write=before_write)


def _take_over_state(pipeline: dlt.Pipeline, settings: Settings, request: LoadRequest, progress: RunProgress) -> None:
    """Start from what all pipelines know that load into the dataset."""
    selection = query.fingerprint_selection(settings.filters, settings.since, settings.until)
    state = read_state(pipeline, settings.customer_ids, request.kind)
    is_backfill = request.kind == "backfill"
    progress.initial_state = state.select_tracks(backfill=selection if is_backfill else None)
    progress.column_types = catalog.column_types(pipeline)
    if not progress.column_types:
        # The table was dropped, and the other pipelines' states do not know it.
        progress.initial_state.forget_customers()
