"""What a person or a scheduler asks for: check, plan, sync, backfill, verify, status."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import dlt
from dlt.common.pipeline import LoadInfo

from liine_source import catalogue, loading, notices, query, results, tables
from liine_source.client import LiineClient, Tally
from liine_source.erasure import KINDS, Erasure, Wanted, record
from liine_source.errors import (
    ApiError,
    ConfigurationError,
    IncompleteDatasetError,
    LiineError,
    LoginRefusedError,
    LostRowsError,
    SyncFailedError,
)
from liine_source.failures import translated
from liine_source.privacy import Suppressed
from liine_source.settings import Observer, Settings, checked_settings, configured_customers
from liine_source.source import for_order, keep_hosts_apart
from liine_source.sweep import Audit
from liine_source.tasks import Order, Progress, Reader, carried, forget_lost_tables, merged, progress
from liine_source.windows import Window, in_months

if TYPE_CHECKING:
    from liine_source.completeness import Totals
    from liine_source.inventory import Inventory, Loss
    from liine_source.verification import CustomerVerification
    from liine_source.warehouse import Difference

log = logging.getLogger(__name__)

# A long history comes in several loads, so that its newest part can be used early and an interruption costs little.
_ROWS_A_LOAD = 100_000


@dataclass(frozen=True, slots=True)
class CustomerAccess:
    """Whether a customer can be read, and how many interactions the API counts; `error` says why not."""

    customer_id: int
    count: int | None = None
    error: str | None = None


@dataclass(slots=True)
class CustomerSync:
    """One customer's part of a run.

    `received` counts interactions, `expected` those that the API counts (None where it gives no count), `windows`
    the sweeps; `proof` is `count` where the count proves each sweep, `walk` where one had to prove itself, None where
    one failed. `errors` say why. `in_api` and `in_warehouse` are all its interactions, after the run; None where they
    could not be compared. `restored` says what the warehouse had lost since the last run, so that all was read again.
    """

    customer_id: int
    received: int = 0
    expected: int | None = None
    windows: int = 0
    proof: str | None = None
    status: str = "complete"
    errors: list[LiineError] = field(default_factory=list)
    in_api: int | None = None
    in_warehouse: int | None = None
    restored: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SyncReport:
    """What a run did.

    `rows` counts the rows loaded by table; `unknown_fields` are not in the reference; `dropped` counts by field the
    values that `personal_data` left out.
    `new_columns` of `interactions` came with this run.
    """

    destination: str = ""
    dataset: str = ""
    customers: list[CustomerSync] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    unknown_fields: list[str] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    load_ids: list[str] = field(default_factory=list)
    new_columns: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether every customer was proven complete."""
        return not any(customer.errors for customer in self.customers)


@dataclass(frozen=True, slots=True)
class CustomerPlan:
    """A forecast: interactions by the API's count, windows, pages, requests, and seconds; `error` says why not."""

    customer_id: int
    count: int | None = None
    windows: int = 0
    pages: int = 0
    requests: int = 0
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of one customer's history, both days included, that one worker of many reads; None: from the beginning."""

    customer_id: int
    since: date | None
    until: date


@dataclass(frozen=True, slots=True)
class CustomerStatus:
    """What the warehouse holds of a customer: its rows, its watermark (UTC), and how its last sync went.

    What a backfill or a repair brings makes nobody up to date; where a customer was never synced they are told instead.
    `sweep_status` is `failed` if one of that load's sweeps failed. Of the `windows` of histories and backfills that are
    being read, `windows_left` are still to be read; `is_history_read` is false while a history is among them. When a
    sync last `checked` (UTC) all interactions by the API's count, there were so many `in_api` and `in_warehouse`, those
    that have vanished apart; None where no count means the total.
    """

    customer_id: int
    rows: int
    watermark: datetime | None
    windows: int
    windows_left: int
    is_history_read: bool
    last_sweep: datetime | None
    sweep_status: str | None
    proof: str | None
    checked: datetime | None = None
    check_status: str | None = None
    in_api: int | None = None
    in_warehouse: int | None = None

    @property
    def is_proven(self) -> bool:
        """Whether its history is there, and its last sync was proven complete."""
        return self.status == "complete"

    @property
    def status(self) -> str:
        """`complete`, `incomplete` while windows are left, `failed` as its last sync, `no sweep` if none is known."""
        if self.sweep_status == "complete":
            is_read = self.is_history_read and (self.watermark is not None or not self.windows_left)
            return "complete" if is_read else "incomplete"
        return self.sweep_status or "no sweep"

    def is_late(self, max_age: timedelta) -> bool:
        """Whether its last sweep ended longer ago than that."""
        return self.last_sweep is None or datetime.now(UTC) - self.last_sweep > max_age


def check(**settings: Any) -> list[CustomerAccess]:
    """Log in and count each customer's interactions, with one request each; nothing is loaded.

    `settings` are those of the source `liine`; what is left out is read from dlt's settings. Raises
    ConfigurationError, LoginRefusedError, or the ApiError of a host that does not answer.
    """
    with translated():
        resolved = checked_settings(**settings)
    with closing(resolved.open_client()) as client:
        return [_access(client, customer, resolved) for customer in resolved.customer_ids]


def sync(
    destination: str | None = None,
    dataset: str = loading.DATASET_NAME,
    *,
    observer: Observer | None = None,
    **settings: Any,
) -> SyncReport:
    """Bring every customer up to date; return what was loaded and what proves that it is all.

    `settings` are those of the source `liine`. A customer that cannot be read completely keeps its watermark
    while the others are loaded; the report then is not complete, and `raise_for_failures` raises. At the end each
    customer's interactions in the warehouse are compared with the API's count of all; what is missing is read again.
    """
    recorder = _Recorder(observer)
    with _watched(dataset, recorder.report):
        resolved = checked_settings(observer=recorder, **settings)
        with (
            closing(resolved.open_client()) as client,
            _ready(destination, dataset, resolved, "sync", recorder) as pipeline,
        ):
            run = _Run(pipeline, client, resolved, recorder)
            run.load(Order("sync", _ROWS_A_LOAD, restart=run.flagged))
            run.restore()
            run.compare_totals()
            run.store_inventory()
            return recorder.report


def backfill(
    since: date | None = None,
    until: date | None = None,
    destination: str | None = None,
    dataset: str = loading.DATASET_NAME,
    *,
    is_anew: bool = False,
    observer: Observer | None = None,
    **settings: Any,
) -> SyncReport:
    """Read the days `since` to `until` again, both included, newest first; return what was loaded.

    None takes dlt's setting of that name, which by default leaves the side open. Windows done are remembered in the
    warehouse together with their rows: a backfill that was interrupted goes on where it was, and one that is done
    reads nothing unless `is_anew`. Watermarks stay as they are.
    """
    recorder = _Recorder(observer)
    settings |= {name: day for name, day in (("since", since), ("until", until)) if day}
    with _watched(dataset, recorder.report):
        resolved = checked_settings(observer=recorder, **settings)
        with (
            closing(resolved.open_client()) as client,
            _ready(destination, dataset, resolved, "backfill", recorder) as pipeline,
        ):
            run = _Run(pipeline, client, resolved, recorder)
            run.load(Order("backfill", _ROWS_A_LOAD, is_anew=is_anew))
            run.store_inventory()
            return recorder.report


def plan(**settings: Any) -> list[CustomerPlan]:
    """Forecast a backfill of the days `since` to `until`, or a first sync, customer by customer; nothing is loaded.

    Each page is one request, and each window some more; the pace is that of one full page, taken from each
    customer. Raises as `check` does.
    """
    with translated():
        resolved = checked_settings(**settings)
        with closing(resolved.open_client()) as client:
            return [_planned(Reader(resolved, client), customer) for customer in resolved.customer_ids]


def units(
    since: date | None = None, until: date | None = None, *, months: int = 1, most: int | None = None, **settings: Any
) -> list[Unit]:
    """Return the days `since` to `until` of each customer, in units that any number of workers may read at once.

    Each is of so many `months`, or of twice as many, or four times, until there are no more than `most` units.

    `backfill` of a unit's days and its customer reads it. Without `since` a customer's first day is found by counting,
    and its oldest unit has none; where nothing can be counted the customer is one unit. Raises as `check` does, but
    for a customer that is refused: its unit will say so.
    """
    settings |= {name: day for name, day in (("since", since), ("until", until)) if day}
    with translated():
        resolved = checked_settings(**settings)
        with closing(resolved.open_client()) as client:
            wholes = [_counted(Reader(resolved, client), customer) for customer in resolved.customer_ids]
    while True:
        found = [
            Unit(customer, begins if number else resolved.since, ends)
            for customer, first, last in wholes
            for number, (begins, ends) in enumerate(in_months(first, last, months))
        ]
        if most is None or len(found) <= max(most, len(wholes)):
            return found
        months *= 2


def verify(
    since: date | None = None,
    destination: str | None = None,
    dataset: str = loading.DATASET_NAME,
    *,
    repair: bool = False,
    observer: Observer | None = None,
    **settings: Any,
) -> "list[CustomerVerification]":
    """Compare the warehouse with the API from the day `since` on; return what differs, customer by customer.

    Rows that the API does not return, twice, are marked in `interactions.vanished_at`, never removed; what comes
    back is unmarked. With `repair` the windows with missing or stale rows are read again.
    """
    from liine_source import verification, warehouse  # noqa: PLC0415  it needs SQLAlchemy, which is slow to import

    recorder = _Recorder(observer)
    settings |= {"since": since} if since else {}
    with _watched(dataset):
        resolved = checked_settings(observer=recorder, **settings)
        with (
            closing(resolved.open_client()) as client,
            _ready(destination, dataset, resolved, "verify", recorder) as pipeline,
        ):
            gone = Suppressed(warehouse.erased(pipeline), resolved.keys)
            state = _remembered(pipeline)
            keep_hosts_apart(state, resolved.base_url)
            reader = Reader(resolved, client, state, suppressed=gone)
            run = _Run(pipeline, client, resolved, recorder)
            run.find_lost()
            found = [verification.verified(pipeline, reader, customer) for customer in resolved.customer_ids]
            for customer in found:
                customer.lost = run.lost(customer.customer_id)
            if repair:
                run.repair(found)
            run.store_inventory()
            recorder.incomplete = sum(not customer.is_complete for customer in found)
    if differing := [customer.customer_id for customer in found if not customer.is_complete]:
        told = ", ".join(map(str, differing))
        problem = f"Not verified, or not as the API has it: customers {told}; see `liine verify`."
        log.error("%s", problem)
        notices.tell_failure(dataset, problem)
    return found


def purge(
    destination: str | None = None,
    dataset: str = loading.DATASET_NAME,
    *,
    lead_ids: Sequence[str] = (),
    phones: Sequence[str] = (),
    patient_ids: Sequence[str] = (),
    is_dry_run: bool = True,
    **settings: Any,
) -> Erasure:
    """Erase one person's rows of the customers in question, and never load them again; return how many.

    Any of the identifiers makes a row the person's. With `is_dry_run` nothing is changed. Keyed hashes of the
    identifiers, and of the rows' ids, stay in the dataset; so a `personal_data_key` is needed. Raises
    ConfigurationError without one, without an identifier, or where nothing was loaded.
    """
    from liine_source import inventory, warehouse  # noqa: PLC0415  they need SQLAlchemy, which is slow to import

    with _watched(dataset):
        resolved = checked_settings(**settings)
        key = next(iter(resolved.keys.values()), None)
        if key is None:
            raise ConfigurationError(
                "Erasing needs a key, so that whoever was erased is not loaded again: put personal_data_key under "
                "[sources.liine] into .dlt/secrets.toml. Nothing was erased."
            )
        given = dict(zip(KINDS, (lead_ids, phones, patient_ids), strict=True))
        wanted = Wanted(given, resolved.customer_ids, list(resolved.keys.values()))
        if not wanted.count:
            raise ConfigurationError("Erasing needs a lead id, a phone number or a patient id. Nothing was erased.")
        with _ready(destination, dataset, resolved, "purge") as pipeline:
            if loading.kind_of(pipeline) == "filesystem":
                raise ConfigurationError(
                    "Nothing can be erased from files: remove the person's rows from them yourself. Nothing was erased."
                )
            rows = list(wanted.rows(warehouse.persons(pipeline, resolved.customer_ids)))
            ids = [row.id for row in rows]
            children = warehouse.child_rows(pipeline, ids)
            done = Erasure(wanted.customers, wanted.count, len(rows), children, is_dry_run)
            if not is_dry_run:
                held = inventory.Inventory(pipeline, resolved.customer_ids)
                # First, so that whatever happens then, no later run brings the person back.
                loading.load(pipeline, record(done, wanted.entries(rows, key)), before=held.find_lost)
                with loading.between_loads(pipeline):
                    warehouse.erase(pipeline, ids, done)
                    held.count()
                    held.store()
    return done


def raise_for_failures(report: SyncReport) -> None:
    """Raise SyncFailedError, which says what to do, if a customer of the report is not complete."""
    if failures := _failures(report):
        raise SyncFailedError(failures)


def status(destination: str | None = None, dataset: str = loading.DATASET_NAME) -> list[CustomerStatus]:
    """Return what the warehouse holds of each customer that was ever synced; an empty list if none was.

    Raises MissingDatasetError where there is no such dataset, and DestinationError where it may not be read.
    """
    # SQLAlchemy takes as long to import as a small sync takes to run.
    from liine_source import warehouse  # noqa: PLC0415

    # A folder of its own: the pipeline's may be in use by a sync that is running now.
    with TemporaryDirectory(prefix="liine-") as folder, translated():
        pipeline = loading.build_pipeline(destination, dataset, folder=folder)
        if not loading.has_tables(pipeline):
            return []
        marks = progress(_remembered(pipeline))
        rows, sweeps = warehouse.rows_by_customer(pipeline), warehouse.last_sweeps(pipeline)
        checks = warehouse.last_checks(pipeline)
    return [
        CustomerStatus(
            customer,
            rows.get(customer, 0),
            *marks.get(customer, Progress()),
            *sweeps.get(customer, (None, None, None)),
            *checks.get(customer, ()),
        )
        for customer in sorted({*marks, *rows, *sweeps})
    ]


def late(found: Sequence[CustomerStatus], max_age: timedelta) -> list[int]:
    """Return the customers, of those found and of the settings, not proven complete or not swept for so long."""
    kept = {customer.customer_id for customer in found if customer.is_proven and not customer.is_late(max_age)}
    return sorted({customer.customer_id for customer in found}.union(configured_customers()) - kept)


@contextmanager
def _watched(dataset: str, report: SyncReport | None = None) -> Iterator[None]:
    """Tell the log, and those who asked for it by dlt's setting, how a run ended."""
    log.info("A run into dataset %s begins.", dataset)
    try:
        with translated():
            yield
        told = report and {"rows": report.rows, "is_complete": report.is_complete, "new_columns": report.new_columns}
        log.info("The run into dataset %s has ended.", dataset, extra={"told": told or {}})
        if report:
            notices.tell_new_columns(dataset, report.new_columns)
    except LiineError as error:
        notices.tell_failure(dataset, str(error))
        raise
    if report and not report.is_complete:
        notices.tell_failure(dataset, str(SyncFailedError(_failures(report))))


def _failures(report: SyncReport) -> list[tuple[int, LiineError]]:
    return [(customer.customer_id, error) for customer in report.customers for error in customer.errors]


def _new_columns(info: LoadInfo) -> list[str]:
    """Return the columns that a load added to `interactions`, but for its first, which makes the table."""
    found: set[str] = set()
    for package in info.load_packages:
        added = package.schema_update.get(tables.INTERACTIONS, {}).get("columns", {})
        found |= set() if "id" in added else set(added)
    return sorted(found)


class _Recorder:
    """Writes a run's report, and passes on what is told."""

    def __init__(self, observer: Observer | None) -> None:
        self.report = SyncReport()
        # For the run's result: interactions of committed loads, customers that are not complete.
        self.written = 0
        self.incomplete = 0
        self._customers: dict[int, CustomerSync] = {}
        self._divided: set[int] = set()
        self._observer = observer

    def begin(self, customer_ids: Sequence[int]) -> None:
        self._customers = {customer: CustomerSync(customer) for customer in customer_ids}
        self.report.customers = list(self._customers.values())

    def divided(self, audit: Audit, windows: int) -> None:
        self._customers[audit.customer_id].expected = audit.expected
        self._divided.add(audit.customer_id)
        if self._observer:
            self._observer.divided(audit, windows)

    def received(self, audit: Audit, rows: int) -> None:
        self._customers[audit.customer_id].received += rows
        if self._observer:
            self._observer.received(audit, rows)

    def ended(self, audit: Audit, error: LiineError | None) -> None:
        customer = self._customers[audit.customer_id]
        if audit.customer_id not in self._divided and audit.expected is not None:
            customer.expected = (customer.expected or 0) + audit.expected - audit.shared
        customer.windows += 1
        if error:
            customer.errors.append(error)
            customer.status = "failed"
        told = {"customer_id": audit.customer_id, "window": str(audit.window), "status": audit.status}
        told |= {"expected": audit.expected, "found": audit.distinct_ids, "pages": audit.pages, "proof": audit.proof}
        log.info("Customer %d, %s: %s.", audit.customer_id, audit.window, audit.status, extra={"told": told})
        proofs = {audit.proof, customer.proof if customer.windows > 1 else audit.proof}
        customer.proof = None if None in proofs else "walk" if "walk" in proofs else "count"
        if self._observer:
            self._observer.ended(audit, error)

    def committed(self, info: LoadInfo) -> None:
        self.report.load_ids += info.loads_ids
        self.report.new_columns += _new_columns(info)
        self.written = self.report.rows.get(tables.INTERACTIONS, 0)

    def has_divided(self, customer_id: int) -> bool:
        """Whether the run has read the customer's history from its beginning."""
        return customer_id in self._divided

    def for_reread(self) -> "_Recorder":
        """Return a recorder for another load of the same run."""
        return _Recorder(self._observer)

    def add(self, report: SyncReport) -> None:
        """Count what another load of the same run has brought."""
        own = self.report
        own.rows = {
            name: own.rows.get(name, 0) + count for name, count in (dict.fromkeys(own.rows, 0) | report.rows).items()
        }
        own.load_ids += report.load_ids
        own.new_columns += report.new_columns
        self.written = own.rows.get(tables.INTERACTIONS, 0)

    def restored(self, customer_id: int, lost: Sequence[str]) -> None:
        """Note what is read again."""
        self._customers[customer_id].restored += lost

    def fail(self, customer_id: int, problems: Sequence[LiineError]) -> None:
        """Note that a customer is not complete."""
        if problems:
            self._customers[customer_id].errors += problems
            self._customers[customer_id].status = "failed"

    def built(self, rows: Mapping[str, int], unknown_fields: set[str], dropped: Mapping[str, int]) -> None:
        report = self.report
        report.rows = {name: report.rows.get(name, 0) + count for name, count in rows.items()}
        report.unknown_fields = sorted({*report.unknown_fields, *unknown_fields})
        report.dropped = {**report.dropped, **(Counter(report.dropped) + Counter(dropped))}
        if self._observer:
            self._observer.built(rows, unknown_fields, dropped)


class _Run:
    """What a run does with one pipeline: loads, and reads again what the warehouse has lost or never had."""

    def __init__(self, pipeline: dlt.Pipeline, client: LiineClient, settings: Settings, recorder: _Recorder) -> None:
        self._pipeline = pipeline
        self._client = client
        self._settings = settings
        self._recorder = recorder
        self._restored: set[int] = set()
        self._inventory: Inventory | None = None
        self._is_counted = False
        if catalogue.speaks_sql(pipeline):
            from liine_source import inventory  # noqa: PLC0415  it needs SQLAlchemy, which is slow to import

            self._inventory = inventory.Inventory(pipeline, settings.customer_ids)

    @property
    def flagged(self) -> set[int]:
        """Customers whose histories an earlier run should have read again, as rows of theirs were lost."""
        return set(self._inventory.flagged) if self._inventory else set()

    def lost(self, customer_id: int) -> "list[Loss]":
        """Return what the warehouse has lost of a customer since the last run."""
        return self._inventory.lost.get(customer_id, []) if self._inventory else []

    def find_lost(self) -> None:
        """Compare what the tables hold with what they held when the last run ended."""
        if self._inventory:
            with loading.between_loads(self._pipeline):
                self._inventory.find_lost()

    def load(self, order: Order) -> None:
        """Run as many loads as the order needs, the first of a run after a look at what the warehouse has lost."""
        self._restored |= order.restart
        before = self._inventory.find_lost if self._inventory else _do_nothing
        report = _loaded(self._pipeline, self._client, self._settings, order, self._recorder, before)
        self._is_counted = not any(report.rows.get(name) for name in tables.OF_INTERACTIONS)

    def restore(self) -> None:
        """Read again the histories of customers of whom something is lost; fail those of whom it stays so."""
        if not (self._inventory and self._inventory.lost):
            return
        for customer, losses in self._inventory.lost.items():
            lost = list(map(str, losses)) or ["found by an earlier run"]
            named = "; ".join(lost)
            log.warning("Customer %d has lost rows since the last run (%s); its history is read again", customer, named)
            self._recorder.restored(customer, lost)
        # Of a table that was dropped the state is void, so that this run has read everything already.
        self._restored |= {customer for customer in self._inventory.lost if self._recorder.has_divided(customer)}
        failed = {customer.customer_id for customer in self._recorder.report.customers if customer.errors}
        wanted = sorted(self._inventory.lost.keys() - self._restored - failed)
        if wanted:
            report = self._reread(wanted, Order("sync", _ROWS_A_LOAD, restart=set(wanted)))
            for synced in report.customers:
                self._recorder.fail(synced.customer_id, synced.errors)
                failed |= {synced.customer_id} if synced.errors else set()
        self._restored = self._inventory.lost.keys() - failed
        self._count()
        has_limits = self._settings.since or self._settings.until or self._settings.filters
        for customer in self._restored:
            if (still := self._inventory.remaining_losses(customer)) and has_limits:
                self._recorder.fail(customer, [LostRowsError(customer, still)])

    def store_inventory(self) -> None:
        """Write down what the tables hold now."""
        if self._inventory:
            self._count()
            with loading.between_loads(self._pipeline):
                self._inventory.store(self._restored)

    def _count(self) -> None:
        """Count what the tables hold, unless nothing has been written since they were counted last."""
        if self._inventory and not self._is_counted:
            with loading.between_loads(self._pipeline):
                self._inventory.count()
        self._is_counted = True

    def compare_totals(self) -> None:
        """Compare each customer's whole with the API's count, mend what differs, and note the result in `sweeps`."""
        if not self._inventory:
            return
        from liine_source import completeness, warehouse  # noqa: PLC0415  they need SQLAlchemy, which is slow to import

        report = self._recorder.report
        customers = {customer.customer_id: customer for customer in report.customers if not customer.errors}
        self._count()
        gone = Suppressed(warehouse.erased(self._pipeline), self._settings.keys)
        state = _remembered(self._pipeline, self._settings.customer_ids, "sync")
        reader = Reader(self._settings, self._client, state, suppressed=gone)
        found, refused = completeness.compare(self._inventory, reader, list(customers))
        known = warehouse.explained_differences(self._pipeline, reader.filter_hash) if found else {}
        for totals in found:
            totals.explain(known.get(totals.customer_id))
        if not all(totals.proof for totals in found):
            # Only now is it worth to read what thousands of backfills may have noted, of other filters perhaps.
            reader = Reader(self._settings, self._client, _remembered(self._pipeline), suppressed=gone)
            found = [totals for totals in found if completeness.is_comparable(reader, totals.customer_id)]
            found = [self._reconcile(reader, totals, known.get(totals.customer_id)) for totals in found]
        for totals in found:
            customer = customers[totals.customer_id]
            customer.in_api, customer.in_warehouse = totals.in_api, totals.in_warehouse
            if not totals.proof:
                numbers = (totals.customer_id, totals.in_api, totals.in_warehouse)
                refused[totals.customer_id] = IncompleteDatasetError(*numbers)
        for customer_id, problem in refused.items():
            log.error("%s", problem)
            self._recorder.fail(customer_id, [problem])
        if found:
            rows = [one.as_row(reader.filter_hash, report.load_ids[-1]) for one in found]
            warehouse.add_sweeps(self._pipeline, rows)
        self._recorder.incomplete = sum(bool(customer.errors) for customer in report.customers)

    def repair(self, found: "list[CustomerVerification]") -> None:
        """Read again what verifications have found missing, stale, duplicate or lost."""
        repairs = {customer.customer_id: customer.to_repair for customer in found if customer.to_repair}
        failures: dict[int, list[LiineError]] = {customer.customer_id: [] for customer in found}
        if repairs:
            report = self._reread(list(repairs), Order("repair", repairs=repairs))
            for synced in report.customers:
                failures[synced.customer_id] += synced.errors
        if lost := [customer.customer_id for customer in found if customer.lost]:
            self._recorder.begin(lost)
            self.restore()
            for synced in self._recorder.report.customers:
                failures[synced.customer_id] += synced.errors
        for customer in found:
            customer.errors += failures[customer.customer_id]
            customer.is_repaired = bool(customer.to_repair or customer.lost) and not customer.errors

    def _reread(self, customer_ids: list[int], order: Order) -> SyncReport:
        """Load once more for some customers, and count what it brings."""
        self._is_counted = False
        recorder = self._recorder.for_reread()
        settings = replace(self._settings, customer_ids=customer_ids, observer=recorder, failures=[])
        report = _loaded(self._pipeline, self._client, settings, order, recorder)
        self._recorder.add(report)
        return report

    def _reconcile(self, reader: Reader, totals: "Totals", known: "Difference | None") -> "Totals":
        """Return a customer's totals after what differs was read again: first what has changed since, then the rest.

        A first sync has just read everything, so a count below its rows proves nothing.
        """
        from liine_source import verification  # noqa: PLC0415  it needs SQLAlchemy, which is slow to import

        customer = totals.customer_id
        if not totals.proof and self._recorder.has_divided(customer) and totals.in_api < totals.in_warehouse:
            totals.proof = "walk"
        if totals.proof:
            return totals
        log.warning(
            "Customer %d: the API counts %d interactions, the warehouse holds %d; reading again",
            *(customer, totals.in_api, totals.in_warehouse),
        )
        self._reread([customer], Order("sync", _ROWS_A_LOAD))
        totals = self._recount(reader, totals)
        totals.explain(known)
        if totals.proof:
            return totals
        found = verification.verified(self._pipeline, reader, customer)
        self._is_counted = False
        self.repair([found])
        totals = self._recount(reader, totals)
        is_outrun = False
        if totals.in_api > totals.in_warehouse and reader.suppressed.is_empty:
            # What has come since the verification is no difference: as many as were counted before are there now.
            counted = totals.in_api
            self._reread([customer], Order("sync", _ROWS_A_LOAD))
            totals = self._recount(reader, totals)
            is_outrun = totals.in_api > totals.in_warehouse >= counted
        totals.explain(None)
        totals.is_preliminary = found.unseen > 0 or is_outrun
        may_differ = totals.in_api < totals.in_warehouse or not reader.suppressed.is_empty or is_outrun
        if not totals.proof and found.is_complete and may_differ:
            totals.proof = "walk"
        return totals

    def _recount(self, reader: Reader, totals: "Totals") -> "Totals":
        """Return a customer's totals as they are by now; as they were where the API does not answer."""
        from liine_source import completeness  # noqa: PLC0415  it needs SQLAlchemy, which is slow to import

        self._count()
        found, _ = completeness.compare(cast("Inventory", self._inventory), reader, [totals.customer_id])
        return found[0] if found else totals


def _planned(reader: Reader, customer: int) -> CustomerPlan:
    whole = Window.covering(reader.settings.since, reader.settings.until)
    audit = Audit(customer, reader.filter_hash, whole)
    try:
        began = time.monotonic()
        reader.first(customer, whole, audit.tally, rows=reader.settings.page_size)
        pace = time.monotonic() - began
        parts = reader.divided(customer, whole, audit)
        requests = audit.tally.requests
        counts = reader.counts(customer, parts, audit.tally) if len(parts) > 1 else [audit.expected or 0]
    except LoginRefusedError:
        raise
    except ApiError as error:
        return CustomerPlan(customer, error=str(error))
    pages = sum(-(-count // reader.settings.page_size) for count in counts)
    # A page more for each window, and a count of the whole when all are read.
    requests += pages + len(parts) + (len(parts) > 1)
    return CustomerPlan(customer, audit.expected, len(parts), pages, requests, pace * requests / reader.width)


def _counted(reader: Reader, customer: int) -> tuple[int, date, date]:
    """Return a customer with its first and last day; both the last where nothing can be counted."""
    settings = reader.settings
    whole = Window.covering(settings.since, settings.until)
    try:
        page = reader.first(customer, whole)
        last = settings.until or (page.server_time or datetime.now(UTC)).date()
        first = settings.since
        # A count that is no more than the one row asked for may be the page's own (open question 5).
        if first is None and page.count is not None and page.count > 1:
            first = reader.oldest_day(customer, whole, last, Tally())
    except LoginRefusedError:
        raise
    except ApiError:
        first, last = None, settings.until or datetime.now(UTC).date()
    return customer, first or last, last


def _access(client: LiineClient, customer: int, settings: Settings) -> CustomerAccess:
    pairs = [("customer_id", str(customer)), *query.encoded(settings.filters), ("limit", "1")]
    try:
        return CustomerAccess(customer, client.page(pairs, f"Customer {customer}").count)
    except LoginRefusedError:
        raise
    except ApiError as error:
        return CustomerAccess(customer, error=str(error))


@contextmanager
def _ready(
    destination: str | None, dataset: str, settings: Settings, kind: str, recorder: "_Recorder | None" = None
) -> Iterator[dlt.Pipeline]:
    """A pipeline of this work's own, as the destination remembers it, that no other run uses."""
    rows = query.fingerprint(settings.filters, settings.since, settings.until)
    unit = f"{kind} {sorted(settings.customer_ids)} {rows}"
    label = _label(kind, *settings.customer_ids) if len(settings.customer_ids) == 1 else _label(kind)
    is_to_be_filled = kind in {"verify", "purge"}
    with loading.ready(destination, dataset, unit=unit, label=label, is_to_be_filled=is_to_be_filled) as pipeline:
        if settings.keep_run_results and recorder:
            with _kept(pipeline, results.Result(kind, len(settings.customer_ids)), recorder):
                yield pipeline
        else:
            yield pipeline


@contextmanager
def _kept(pipeline: dlt.Pipeline, result: results.Result, recorder: "_Recorder") -> Iterator[None]:
    """Keep what becomes of a run in the warehouse, where that is not what failed."""
    try:
        with translated():
            yield
    except BaseException as error:
        result.status = "failed" if isinstance(error, Exception) else "stopped"
        result.error = type(error).__name__
        raise
    finally:
        result.customers_failed = recorder.incomplete
        if result.customers_failed and result.status == "complete":
            result.status = "incomplete"
        result.interactions, result.loads = recorder.written, len(recorder.report.load_ids)
        result.ended = datetime.now(UTC)
        try:
            with translated():
                kept = results.record(result, pipeline.last_trace)
                loading.append(pipeline, kept, "liine_results", is_patient=result.status != "stopped")
        except LiineError as error:
            log.warning("The run's result could not be kept (%s).", type(error).__name__)


def _do_nothing() -> None:
    pass


def _label(kind: str, customer_id: int | None = None) -> str:
    """A part of the pipeline's name: years of a group of clinics are thousands of backfills, told apart by name."""
    return f"{kind}_{customer_id or 'several'}"


def _remembered(
    pipeline: dlt.Pipeline, customer_ids: Sequence[int] | None = None, kind: str | None = None
) -> dict[str, Any]:
    """What the dataset's loads tell of how far each customer is, whichever pipeline loaded them.

    A sync or a repair leaves unread what backfills noted, and a backfill what those of other customers did.
    """
    if not catalogue.speaks_sql(pipeline):
        return forget_lost_tables(pipeline.state.get("sources", {}).get("liine", {}))
    from liine_source import warehouse  # noqa: PLC0415  it needs SQLAlchemy, which is slow to import

    if kind is None:
        return merged(map(forget_lost_tables, warehouse.states(pipeline)), customer_ids)
    prefix = f"{loading.PIPELINE_NAME}_backfill_"
    labels = [_label("backfill"), *(_label("backfill", customer) for customer in customer_ids or ())]
    allowed = [f"{loading.PIPELINE_NAME}_{label}_" for label in labels] if kind == "backfill" else []
    erasing = f"{loading.PIPELINE_NAME}_purge_"
    states = warehouse.states(pipeline, prefix, allowed, erasing)
    return merged(map(forget_lost_tables, states), customer_ids)


def _loaded(
    pipeline: dlt.Pipeline,
    client: LiineClient,
    settings: Settings,
    order: Order,
    recorder: _Recorder,
    before: Callable[[], None] = _do_nothing,
) -> SyncReport:
    """Run as many loads as the order needs; `before` is called when the first is about to be written."""
    recorder.begin(settings.customer_ids)
    report = recorder.report
    if loading.has_many_writers(pipeline):
        rows = query.fingerprint(settings.filters, settings.since, settings.until)
        order.remembered = carried(_remembered(pipeline, settings.customer_ids, order.kind), order.kind, rows)
        order.column_types = catalogue.column_types(pipeline)
        if not order.column_types:
            # Whoever dropped the table, no other pipeline's state has noticed.
            order.remembered["customers"] = {}
    order.is_unfinished = True
    while order.is_unfinished:
        order.is_unfinished = False
        info = loading.load(pipeline, for_order(settings, order, client), recorder.committed, before)
        before = _do_nothing
    recorder.incomplete = sum(bool(customer.errors) for customer in report.customers)
    report.destination, report.dataset = str(info.destination_name), str(info.dataset_name)
    return report
