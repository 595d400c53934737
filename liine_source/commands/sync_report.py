"""What a run did, customer by customer; `ReportBuilder` builds it while the run goes on."""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dlt.common.pipeline import LoadInfo

from liine_source.errors import LiineError, SyncFailedError
from liine_source.extract.audit import Audit, Proof
from liine_source.extract.observer import RunObserver
from liine_source.load.row_changes import RowChanges
from liine_source.monitoring.json_log import log_event
from liine_source.spec.tables import INTERACTION_TABLES, INTERACTIONS

log = logging.getLogger(__name__)


@dataclass(slots=True)
class CustomerSync:
    """One customer's part of a run.

    `received` counts interactions; `expected` is the API's count of them, None where it gives none; `windows` counts
    sweeps. `proof` is `count` where the count proves every sweep, `exhaustive` where one was proven without it, None
    where one failed. `errors` say why. `in_api` and `in_warehouse` are all interactions after the run, None where they
    could not be compared. `restored` names what the warehouse had lost since the last run and the run loaded again.
    """

    customer_id: int
    received: int = 0
    expected: int | None = None
    windows: int = 0
    proof: Proof | None = None
    status: str = "complete"
    errors: list[LiineError] = field(default_factory=list)
    in_api: int | None = None
    in_warehouse: int | None = None
    restored: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SyncReport:
    """What a run did.

    `rows` counts the rows loaded by table; `unknown_fields` are not in the reference; `dropped` counts by field the
    values that `personal_data` removed. `new_columns` of `interactions` were added by this run. `recreated` are tables,
    and columns as `table.column`, that somebody had dropped. `erased` stored interactions were deleted, because the API
    has given them an identifier of an erased person since. `other_erasures` counts by dataset, of the same database or
    file, the erasures that are missing in this one. `location` is the file or the server and database. Of the
    interactions loaded, `new` were not in the warehouse, and `changed` were there with another `updated_at`; both are
    None where the destination has files instead of tables. The run lasted from `began` to `ended` (UTC).
    """

    destination: str = ""
    location: str = ""
    dataset: str = ""
    customers: list[CustomerSync] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    unknown_fields: list[str] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    load_ids: list[str] = field(default_factory=list)
    new_columns: list[str] = field(default_factory=list)
    recreated: list[str] = field(default_factory=list)
    erased: int = 0
    other_erasures: dict[str, int] = field(default_factory=dict)
    new: int | None = 0
    changed: int | None = 0
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every customer was proven complete."""
        return not any(customer.errors for customer in self.customers)

    @property
    def failures(self) -> list[tuple[int, LiineError]]:
        """The errors, each with its customer."""
        return [(customer.customer_id, error) for customer in self.customers for error in customer.errors]


def raise_for_failures(report: SyncReport) -> None:
    """Raise SyncFailedError, which says what to do, if a customer of the report is not complete."""
    if failures := report.failures:
        raise SyncFailedError(failures)


class ReportBuilder:
    """Follows a run, builds its report, and passes events on to another observer.

    `committed_rows` counts interactions of committed loads, `incomplete_customers` those that are not complete.
    `has_written_rows`: a load has written interactions or rows of their child tables.
    """

    def __init__(self, observer: RunObserver | None = None) -> None:
        self.report = SyncReport()
        self.committed_rows = 0
        self.incomplete_customers = 0
        self.has_written_rows = False
        self._customers: dict[int, CustomerSync] = {}
        self._planned: set[int] = set()
        self._observer = observer
        self._counted: RowChanges | None = None

    def begin(self, customer_ids: Sequence[int]) -> None:
        """Start with these customers."""
        self._customers = {customer: CustomerSync(customer) for customer in customer_ids}
        self.report.customers = list(self._customers.values())

    def for_reread(self) -> "ReportBuilder":
        """Return a builder for another load of the same run."""
        return ReportBuilder(self._observer)

    def on_planned(self, audit: Audit, windows: int) -> None:
        """Take the count of a whole history."""
        self._customers[audit.customer_id].expected = audit.expected
        self._planned.add(audit.customer_id)
        log.debug("%s: %s interactions, in %d windows.", audit.context, audit.expected, windows)
        if self._observer:
            self._observer.on_planned(audit, windows)

    def on_resumed(self, customer_id: int, expected: int | None, kept: int) -> None:
        """Note a history that an earlier run has begun."""
        log.debug("Customer %d: the history goes on; %d of %s interactions are loaded.", customer_id, kept, expected)
        if self._observer:
            self._observer.on_resumed(customer_id, expected, kept)

    def on_page(self, audit: Audit, rows: int) -> None:
        """Count the rows of a page."""
        self._customers[audit.customer_id].received += rows
        log.debug("%s: a page of %d interactions.", audit.context, rows)
        if self._observer:
            self._observer.on_page(audit, rows)

    def on_window_end(self, audit: Audit, error: LiineError | None) -> None:
        """Add a sweep."""
        customer = self._customers[audit.customer_id]
        if audit.customer_id not in self._planned and audit.expected is not None:
            customer.expected = (customer.expected or 0) + audit.expected - audit.shared
        customer.windows += 1
        if error:
            customer.errors.append(error)
            customer.status = "failed"
        proofs = {audit.proof, customer.proof if customer.windows > 1 else audit.proof}
        customer.proof = None if None in proofs else "exhaustive" if "exhaustive" in proofs else "count"
        log_event(
            f"{audit.context}: {audit.status}.",
            customer_id=audit.customer_id,
            window=str(audit.window),
            status=audit.status,
            expected=audit.expected,
            found=audit.distinct_ids,
            pages=audit.pages,
            proof=audit.proof,
        )
        if self._observer:
            self._observer.on_window_end(audit, error)

    def on_extracted(self, rows: Mapping[str, int], unknown_fields: set[str], dropped: Mapping[str, int]) -> None:
        """Add the numbers of one load."""
        log.debug("Read: %s. Loading.", ", ".join(f"{name} {count}" for name, count in rows.items()))
        report = self.report
        report.rows = {name: report.rows.get(name, 0) + count for name, count in rows.items()}
        report.unknown_fields = sorted({*report.unknown_fields, *unknown_fields})
        report.dropped = {**report.dropped, **(Counter(report.dropped) + Counter(dropped))}
        if self._observer:
            self._observer.on_extracted(rows, unknown_fields, dropped)

    def on_counted(self, changes: RowChanges | None) -> None:
        """Note what a load is about to change."""
        self._counted = changes

    def on_committed(self, info: LoadInfo) -> None:
        """Note a load that is in the destination."""
        self._add_changes(self._counted and self._counted.new, self._counted and self._counted.changed)
        self.report.load_ids += info.loads_ids
        self.report.new_columns += _new_columns(info)
        self.has_written_rows = self.has_written_rows or _has_rows(info)
        before, self.committed_rows = self.committed_rows, self.report.rows.get(INTERACTIONS, 0)
        log.debug("Committed: %d interactions so far.", self.committed_rows)
        if self._observer:
            self._observer.on_kept(self.committed_rows - before)

    def on_step(self, text: str) -> None:
        """Note what the run does."""
        log.debug("%s.", text[:1].upper() + text[1:])
        if self._observer:
            self._observer.on_step(text)

    def on_wait(self, reason: str, seconds: float) -> None:
        """Pass on what a request waits for, which the client has logged."""
        if self._observer:
            self._observer.on_wait(reason, seconds)

    def has_loaded_history(self, customer_id: int) -> bool:
        """Whether the run has read the customer's history from its beginning."""
        return customer_id in self._planned

    def add(self, report: SyncReport) -> None:
        """Add the numbers of another load of the same run."""
        own = self.report
        added = dict.fromkeys(own.rows, 0) | report.rows
        own.rows = {name: own.rows.get(name, 0) + count for name, count in added.items()}
        own.load_ids += report.load_ids
        own.new_columns += report.new_columns
        own.erased += report.erased
        self._add_changes(report.new, report.changed)
        self.committed_rows = own.rows.get(INTERACTIONS, 0)

    def _add_changes(self, new: int | None, changed: int | None) -> None:
        own = self.report
        own.new = None if own.new is None or new is None else own.new + new
        own.changed = None if own.changed is None or changed is None else own.changed + changed

    def add_recreated(self, names: Collection[str]) -> None:
        """Note tables and columns that are created again."""
        self.report.recreated += sorted(set(names) - set(self.report.recreated))

    def add_erased(self, interactions: int) -> None:
        """Count stored interactions of erased persons that were deleted."""
        self.report.erased += interactions

    def add_other_erasures(self, found: Mapping[str, int]) -> None:
        """Note the datasets with erasures that are missing in this one."""
        self.report.other_erasures.update(found)
        for dataset, erasures in found.items():
            log.warning("Dataset %s has %d erasures that are missing in this one.", dataset, erasures)

    def add_restored(self, customer_id: int, lost: Sequence[str]) -> None:
        """Note what is loaded again."""
        self._customers[customer_id].restored += lost

    def fail(self, customer_id: int, problems: Sequence[LiineError]) -> None:
        """Note that a customer is not complete."""
        if problems:
            self._customers[customer_id].errors += problems
            self._customers[customer_id].status = "failed"

    def count_incomplete(self) -> None:
        """Count the customers that are not complete."""
        self.incomplete_customers = sum(bool(customer.errors) for customer in self.report.customers)

    def finish(self) -> SyncReport:
        """Return the report of a run that has ended."""
        self.report.ended = datetime.now(UTC)
        return self.report


def _has_rows(info: LoadInfo) -> bool:
    jobs = (job for package in info.load_packages for job in package.jobs["completed_jobs"])
    return any(job.job_file_info.table_name in INTERACTION_TABLES for job in jobs)


def _new_columns(info: LoadInfo) -> list[str]:
    """Return the columns that a load added to `interactions`, except its first load, which creates the table."""
    found: set[str] = set()
    for package in info.load_packages:
        added = package.schema_update.get(INTERACTIONS, {}).get("columns", {})
        found |= set() if "id" in added else set(added)
    return sorted(found)
