"""What the command line prints: tables for people, and JSON for machines.

What comes from outside, such as names of fields, channels, tables and files, is printed as text: escaped, without
Rich's markup, and on a terminal of any encoding.
"""

import dataclasses
import io
import json
import logging
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from liine_source.documentation import page
from liine_source.errors import escape_unprintable
from liine_source.spec.tables import INTERACTIONS, REJECTED_VALUES, SWEEPS
from liine_source.text_table import print_table

# What is printed brings its module with it; a usage error must not wait for dlt.
if TYPE_CHECKING:
    from liine_source.commands.check import CustomerAccess
    from liine_source.commands.import_erasures import ImportedErasures
    from liine_source.commands.init import Initialized
    from liine_source.commands.plan import CustomerPlan
    from liine_source.commands.probe import Probe
    from liine_source.commands.reset import Reset
    from liine_source.commands.sample import Sample
    from liine_source.commands.status import CustomerStatus, ErasureStatus
    from liine_source.commands.sync_report import CustomerSync, SyncReport
    from liine_source.dbt_runner import ChannelLeads, DbtBuild, LeadFunnel
    from liine_source.destinations import Location
    from liine_source.errors import LiineError
    from liine_source.privacy.erasure import Erasure
    from liine_source.verification.comparison import CustomerVerification

# An outage fails every window in the same way.
_MAX_ERRORS = 3
_MAX_CHANNELS = 8
_MAX_LEADS = 20
_MAX_FAILED = 5
_MAX_CUSTOMERS = 20

out = Console()
err = Console(stderr=True)


def accept_any_text() -> None:
    """Let standard output escape what its encoding lacks; an error there would hide that a run has succeeded."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(data: Any) -> None:
    """Print JSON to standard output."""
    print(json.dumps(data, default=str, indent=2), flush=True)  # noqa: T201  machines read standard output as it is


def print_line(text: str) -> None:
    """Print a line of text without wrapping."""
    out.print(_as_text(text), soft_wrap=True)


def print_rows(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows as a table; of a list in a cell each entry is a line."""
    # As a title of the table it would be wrapped at the table's width.
    out.print(_as_text(title), style="italic", soft_wrap=True)
    print_table(out, columns, [list(map(_format_cell, row)) for row in rows])


def print_error(message: str) -> None:
    """Print an error to standard error; the lines of a message stay lines."""
    err.print("Error:", style="bold red", end=" ")
    err.print(_as_text(*message.split("\n")), soft_wrap=True)


class _WaitHandler(logging.Handler):
    """Prints what a run waits for to standard error, between the lines of the progress."""

    def emit(self, record: logging.LogRecord) -> None:
        err.print(_as_text(record.getMessage()), soft_wrap=True)


def show_waits() -> None:
    """Print what a run waits for, where no log is written: it looks like a run that hangs."""
    waits = logging.getLogger("liine_source.waits")
    if not any(isinstance(handler, _WaitHandler) for handler in waits.handlers):
        waits.addHandler(_WaitHandler())


class _StepHandler(logging.Handler):
    """Prints what the connector does to standard error, each step with its time."""

    def emit(self, record: logging.LogRecord) -> None:
        clock = datetime.fromtimestamp(record.created).astimezone()
        err.print(_as_text(f"{clock:%H:%M:%S} {record.getMessage()}"), soft_wrap=True)


def show_steps() -> None:
    """Print each step, where no log is written; waits are among them."""
    log, waits = logging.getLogger("liine_source"), logging.getLogger("liine_source.waits")
    for handler in [handler for handler in waits.handlers if isinstance(handler, _WaitHandler)]:
        waits.removeHandler(handler)
    if not any(isinstance(handler, _StepHandler) for handler in log.handlers):
        log.addHandler(_StepHandler())


def print_hint(text: str) -> None:
    """Print a hint to standard error, so that it is in nobody's way."""
    err.print(_as_text(text), soft_wrap=True)


def print_initialized(found: "Initialized", port: int | None) -> None:
    """Print what `liine init` has tried and written, and the next commands."""
    if found.access:
        rows = [[access.customer_id, access.count, "ok"] for access in found.access]
        print_rows("Access", ["customer", "interactions", "access"], rows)
    if found.unchecked:
        print_line(f"The warehouse was not connected to. {found.unchecked}")
    for name in found.added:
        print_line(f"Written: {name}")
    if not found.added:
        print_line(f"{found.config_file} and {found.secrets_file} had all of it; nothing was added.")
    if found.ignored_by:
        print_line(f"Git ignores secrets.toml from now on, by {found.ignored_by}.")
    if found.is_playground:
        dataset = f" --dataset {found.dataset}"
        print_line(f"Next, in one terminal: liine emulator{f' --port {port}' if port else ''}")
        print_line(f"In another, in this folder: liine sync{dataset}, then liine status{dataset}")
    else:
        print_line(
            "Personal data is loaded as it is, unless personal_data is set to hash or drop before the first sync."
        )
        print_line("Next: liine plan forecasts the first sync, liine sync runs it.")


def print_access(found: "Sequence[CustomerAccess]", working_folder: str) -> None:
    """Print the result of `liine check`, and in which folder a load keeps its files while it runs."""
    rows = [[access.customer_id, access.count, access.error or "ok"] for access in found]
    print_rows("Access", ["customer", "interactions", "access"], rows)
    print_line(f"Working folder: {working_folder}. A load keeps its files there while it runs; only you can read them.")


def print_plan(found: "Sequence[CustomerPlan]") -> None:
    """Print a forecast."""
    columns = ["customer", "interactions", "windows", "pages", "requests", "request s", "load s", "access"]
    rows = [_plan_row(p.customer_id, p, p.error or "ok") for p in found]
    if len(found) > 1:
        rows.append(_total_row(found))
    print_rows("Plan", columns, rows)
    print_line(f"load s: what loading adds, into DuckDB on two cores; {page('benchmarks')} has other destinations.")


def print_probe(found: "Probe") -> None:
    """Print what the probe has found, or which requests it would send; nothing of it is a row, a value or an id."""
    if found.is_dry_run:
        print_rows("Requests of a probe", ["step", "requests at most"], found.plan)
        print_line(f"At most {found.max_requests} requests in all, retries and redirects included, for one customer.")
        print_line("They only read, and no row is kept. Nothing was sent. Add --yes to start.")
        return
    settled = sum(verdict.verdict == "settled" for verdict in found.verdicts)
    rows = [
        [v.question, [v.topic, f"{v.verdict}: {v.finding}" if v.finding else v.verdict], [v.evidence, v.reason]]
        for v in found.verdicts
    ]
    print_rows("What the API's answers show", ["no.", "point of the question, and verdict", "evidence, and why"], rows)
    print_line(f"{settled} of {len(found.verdicts)} points settled with {found.requests} requests, which only read.")
    print_line("This text has no row, value, id or credential: you may share it.")
    # The path may have the user's name.
    print_hint(f"{page('probe')} explains it.")


def _plan_row(label: Any, planned: "CustomerPlan", access: str) -> list[Any]:
    load_seconds = None if planned.load_seconds is None else f"{planned.load_seconds:.1f}"
    seconds = f"{planned.seconds:.1f}"
    return [label, planned.count, planned.windows, planned.pages, planned.requests, seconds, load_seconds, access]


def _total_row(found: "Sequence[CustomerPlan]") -> list[Any]:
    # A customer that could not be forecast is in no sum; an API without counts leaves none to add.
    planned = [p for p in found if p.error is None]
    total = {name: sum(getattr(p, name) for p in planned) for name in ("windows", "pages", "requests", "seconds")}
    has_counts = bool(planned) and all(p.count is not None for p in planned)
    counted = {name: sum(getattr(p, name) for p in planned) for name in ("count", "load_seconds")} if has_counts else {}
    failed = len(found) - len(planned)
    access = f"{failed} of {len(found)} customers left out" if failed else "ok"
    sums = dataclasses.replace(found[0], **{"count": None, "load_seconds": None, **total, **counted})
    return _plan_row("total", sums, access)


def report_data(report: "SyncReport") -> dict[str, Any]:
    """Return a report as JSON data."""
    return {**dataclasses.asdict(report), "is_complete": report.is_complete}


def print_sample(taken: "Sample") -> None:
    """Print where a sample is, and what it is not."""
    rows = [[customer.customer_id, customer.interactions, customer.error or "ok"] for customer in taken.customers]
    print_rows(f"Sample in {taken.location}, dataset {taken.dataset}", ["customer", "interactions", "access"], rows)
    print_line(
        f"This is a sample: at most {taken.requested:,} interactions of each customer, the newest, and no proof of "
        "completeness. The next sample replaces it; `liine sync` loads everything, into another dataset."
    )


def print_report(report: "SyncReport") -> None:
    """Print what a sync or a backfill did."""
    columns = ["customer", "received", "expected", "windows", "proof"]
    rows: list[list[Any]] = [
        [c.customer_id, c.received, c.expected, c.windows, c.proof or "none"] for c in report.customers
    ]
    # A backfill compares only the days that it loads.
    if any(customer.in_api is not None for customer in report.customers):
        columns += ["all in API", "in warehouse"]
        rows = [[*row, c.in_api, c.in_warehouse] for row, c in zip(rows, report.customers, strict=True)]
    rows = [[*row, _sync_status(customer)] for row, customer in zip(rows, report.customers, strict=True)]
    print_rows(f"Synced into {report.location}, dataset {report.dataset}", [*columns, "status"], rows)
    if report.recreated:
        print_line(_format_recreated(report.recreated))
    _print_other_erasures(report.other_erasures)
    if report.erased:
        print_line(f"{report.erased} stored interactions were deleted: they now have an erased person's identifier.")
    for customer in report.customers:
        if customer.restored:
            lost = "; ".join(customer.restored)
            print_line(f"Customer {customer.customer_id} had lost rows ({lost}): its history was loaded again.")
    print_rows("Rows loaded", ["table", "rows"], [[name, count] for name, count in sorted(report.rows.items())])
    if report.new is not None and report.changed is not None:
        same = report.rows.get(INTERACTIONS, 0) - report.new - report.changed
        print_line(f"Interactions: {report.new:,} new, {report.changed:,} changed, {same:,} as they were.")
    if report.unknown_fields:
        print_line(f"Fields not in the reference, loaded as columns: {', '.join(report.unknown_fields)}")
    if report.dropped:
        counts = ", ".join(f"{name} {count}" for name, count in sorted(report.dropped.items()))
        print_line(f"Values removed because of personal_data: {counts}")
    if rejected := report.rows.get(REJECTED_VALUES):
        print_line(f"Values that did not fit their column, kept in {REJECTED_VALUES}: {rejected}")


def print_summary(command: str, report: "SyncReport") -> None:
    """Print on one line of standard error how a run ended, where and when, and what to do if it is not complete."""
    failed = [customer.customer_id for customer in report.customers if customer.errors]
    customers = f"{len(report.customers)} customer{'s' if len(report.customers) != 1 else ''}"
    if report.new is None:
        rows = f"{report.rows.get(INTERACTIONS, 0):,} interactions loaded"
    else:
        rows = f"{report.new:,} interactions new, {report.changed:,} changed"
    seconds = round(((report.ended or datetime.now(UTC)) - report.began).total_seconds())
    place = f"{report.location}, dataset {report.dataset}, begun {report.began:%Y-%m-%d %H:%M:%S} UTC, {seconds} s"
    if not failed:
        print_hint(f"liine {command}: complete; {customers}, {rows}, {place}")
        return
    named = ", ".join(map(str, failed[:_MAX_FAILED])) + (" and more" if len(failed) > _MAX_FAILED else "")
    print_hint(
        f"liine {command}: incomplete; {len(failed)} of {customers} failed ({named}), {rows}, {place}. What is loaded "
        "stays. The table says what is wrong with each; then run the same command again, which reads what is missing."
    )


def _format_recreated(names: Sequence[str]) -> str:
    tables = {name.partition(".")[0] for name in names}
    text = f"Somebody had dropped or renamed {', '.join(names)}: created again."
    if tables - {SWEEPS}:
        text += " What is lost is read from the API."
    return text + (f" What {SWEEPS} held before is gone." if SWEEPS in tables else "")


def _sync_status(customer: "CustomerSync") -> str | list[str]:
    if customer.errors:
        return _format_errors(customer.errors)
    return customer.status if customer.windows else "already loaded; --restart loads it again"


def _format_errors(errors: "Sequence[LiineError]") -> list[str]:
    hidden = len(errors) - _MAX_ERRORS
    more = [f"and {hidden} more windows with the same kind of error"] if hidden > 0 else []
    return [*map(str, errors[:_MAX_ERRORS]), *more]


def verification_data(found: "Sequence[CustomerVerification]") -> list[dict[str, Any]]:
    """Return verifications as JSON data."""
    return [{**dataclasses.asdict(customer), "is_complete": customer.is_complete} for customer in found]


def print_verification(found: "Sequence[CustomerVerification]") -> None:
    """Print how the warehouse differs from the API."""
    columns = ["windows", "read", "missing", "stale", "unseen", "vanished", "returned"]
    rows = [
        [customer.customer_id, *(getattr(customer, name) for name in columns), _verification_result(customer)]
        for customer in found
    ]
    print_rows("Warehouse compared with the API", ["customer", *columns, "result"], rows)


def _verification_result(customer: "CustomerVerification") -> str | list[str]:
    if customer.errors:
        return _format_errors(customer.errors)
    if customer.unloaded_tables:
        return f"not loaded: {', '.join(customer.unloaded_tables)}; `liine sync` loads all rows"
    duplicates = [f"{customer.duplicates} duplicates"] if customer.duplicates else []
    lost = "; ".join([*map(str, customer.lost), *duplicates])
    if not customer.is_complete and not customer.is_loaded:
        return "not loaded: `liine sync` loads its rows"
    if not customer.is_complete:
        return f"differs{f' ({lost})' if lost else ''}: run again with --repair"
    words = [f"repaired{f' ({lost})' if lost else ''}"] if customer.is_repaired else []
    words += ["unseen: run again to mark the rows that are still not found"] if customer.unseen else []
    words += ["vanished: marked"] if customer.vanished else []
    return "; ".join(words) or "equal"


def print_erasure(erasure: "Erasure") -> None:
    """Print what an erasure has deleted, or would delete; never an identifier."""
    numbers: Counter[int] = Counter()
    rows: list[list[Any]] = []
    for lead in erasure.leads[:_MAX_LEADS]:
        numbers[lead.customer_id] += 1
        matched_by = ", ".join(lead.matched_by)
        rows.append([lead.customer_id, numbers[lead.customer_id], lead.patients, matched_by, lead.interactions])
    title = "Dry run: nothing was deleted. Add --yes to delete these rows." if erasure.is_dry_run else "Rows erased"
    print_rows(title, ["customer", "lead", "patients", "matched by", "interactions"], rows)
    if len(erasure.leads) > _MAX_LEADS:
        print_line(f"and {len(erasure.leads) - _MAX_LEADS} more leads; --json lists each.")
    print_line(
        f"{erasure.interactions} interactions and {erasure.child_rows} rows of child tables, by {erasure.identifiers} "
        f"identifiers, among {erasure.customers} customers."
    )
    if erasure.file_bytes is not None:
        print_line(f"The DuckDB file was written anew without them; it has {erasure.file_bytes:,} bytes.")
    if erasure.phone_leads > 1:
        print_line(
            f"Rows of {erasure.phone_leads} leads and {erasure.phone_patients} patients match by phone number. Several "
            "persons may share a phone: to erase one of them, name the lead or the patient instead."
        )


def print_reset(found: "Reset") -> None:
    """Print what was forgotten and deleted, or would be."""
    rows = [
        [
            customer.customer_id,
            customer.watermark,
            f"{customer.windows - customer.pending_windows} of {customer.windows}" if customer.windows else None,
            customer.interactions,
        ]
        for customer in found.customers
    ]
    print_rows("Progress of each customer", ["customer", "watermark (UTC)", "windows", "interactions"], rows)
    if unknown := [
        one.customer_id for one in found.customers if not (one.watermark or one.windows or one.interactions)
    ]:
        listed = ", ".join(map(str, unknown[:_MAX_CUSTOMERS])) + (" …" if len(unknown) > _MAX_CUSTOMERS else "")
        print_line(f"Neither progress nor rows: {listed}. Correct --customer-id or --dataset if you expected some.")
    count = sum(customer.interactions for customer in found.customers)
    fate = f"{count} interactions are deleted" if found.drops_rows else f"{count} interactions stay"
    if found.is_dry_run:
        print_line(f"Dry run: nothing was changed. With --yes this progress is forgotten and {fate}.")
    else:
        print_line(f"This progress was forgotten and {fate}. `liine sync` reads the histories again.")


def print_imported_erasures(imported: "ImportedErasures") -> None:
    """Print what an import of erasures has recorded and deleted, or would."""
    if imported.is_dry_run:
        print_line("Dry run: nothing was written. Add --yes to record the erasures and delete these rows.")
    print_line(
        f"{imported.erasures} erasures with {imported.identifiers} hashes that the dataset did not have; "
        f"{imported.interactions} interactions and {imported.child_rows} rows of child tables of these persons."
    )
    if imported.must_reread:
        print_line(
            "The rows here are masked, so only those are found that were erased from the other dataset. Run `liine "
            "backfill --restart` after the import: it reads all rows again, and deletes the others of these persons."
        )


def status_data(found: "Sequence[CustomerStatus]", location: "Location", erasures: "ErasureStatus") -> dict[str, Any]:
    """Return a status as JSON data."""
    customers = [dataclasses.asdict(one) | {"status": one.status, "age_seconds": _age(one)} for one in found]
    return {**dataclasses.asdict(location), "customers": customers, "erasures": dataclasses.asdict(erasures)}


def _age(customer: "CustomerStatus") -> int | None:
    last = customer.last_sweep
    return round((datetime.now(UTC) - last).total_seconds()) if last else None


def print_status(found: "Sequence[CustomerStatus]", location: "Location") -> None:
    """Print what the warehouse holds."""
    print_line(f"{location}, dataset {location.dataset}")
    if not found:
        print_line("Nothing has been loaded yet: run `liine sync`.")
        return
    columns = ["customer", "rows", "in API", "watermark (UTC)", "windows", "last sweep (UTC)", "status", "proof"]
    rows = [
        [c.customer_id, c.rows, c.in_api, c.watermark, _loaded_windows(c), c.last_sweep, c.status, c.proof]
        for c in found
    ]
    print_rows("Status of each customer", columns, rows)


def print_erasure_status(erasures: "ErasureStatus") -> None:
    """Print what is still to do about erased persons, and with which command."""
    for erased_at in erasures.unfinished:
        requested = f" of {erased_at:%Y-%m-%d %H:%M} UTC" if erased_at else ""
        print_line(
            f"An erasure{requested} was cut short: rows of that person may still be here. Run the same `liine erase "
            "--identifiers … --yes` again, or the same `liine erasures import … --yes`."
        )
    _print_other_erasures(erasures.other_erasures)


def _print_other_erasures(found: "Mapping[str, int]") -> None:
    for dataset, number in found.items():
        print_line(
            f"Dataset {dataset} has erasures that are missing here ({number}): loads bring those persons back. Run "
            f"`liine erasures export FILE --dataset {dataset}`, then `liine erasures import FILE --yes` for this one."
        )


def _loaded_windows(customer: "CustomerStatus") -> str | None:
    if customer.pending_windows:
        return f"{customer.windows - customer.pending_windows} of {customer.windows}"
    return "all" if customer.watermark and customer.is_history_loaded else None


def print_dbt_build(build: "DbtBuild") -> None:
    """Print what dbt has built."""
    print_line(f"dbt: {build.nodes} models and tests, none failed.")
    if build.warnings:
        print_line(f"Warnings of {', '.join(build.warnings)}.")


def print_marts(channels: "Sequence[ChannelLeads]", funnel: "LeadFunnel | None") -> None:
    """Print the main figures of the marts: new leads by channel, and the lead funnel."""
    rows = [
        [c.channel, c.new_leads, c.booked_leads, None if c.revenue is None else f"{c.revenue:.2f}"]
        for c in channels[:_MAX_CHANNELS]
    ]
    print_rows("New leads by channel", ["first channel", "new leads", "booked", "revenue"], rows)
    if funnel:
        steps = {
            "new leads": funnel.new_leads,
            "reached": funnel.reached_leads,
            "booked": funnel.booked_leads,
            "attended": funnel.attended_leads,
        }
        shares = [
            [name, count, None if count is None else f"{count / funnel.new_leads:.1%}"] for name, count in steps.items()
        ]
        print_rows("Lead funnel", ["step", "leads", "of all"], shares)


def _format_cell(value: Any) -> Text:
    """Return a cell; of a list each entry is a line."""
    if isinstance(value, datetime):
        return Text(f"{value:%Y-%m-%d %H:%M:%S}")
    if isinstance(value, list):
        return _as_text(*value)
    return _as_text("-" if value is None else str(value))


def _as_text(*lines: str) -> Text:
    """Return lines of text in which Rich finds neither markup nor emoji codes."""
    return Text("\n".join(map(escape_unprintable, lines)))
