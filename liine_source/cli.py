"""`liine …`: words, tables, progress and exit codes; no logic.

Exit codes: 0 done and proven complete, 1 failed, 2 the command line or the settings are wrong.
"""

import contextlib
import dataclasses
import json
import logging
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from liine_source import loading, notices, runs, tables, transform
from liine_source.datasets import Location
from liine_source.errors import ConfigurationError, LiineError, TransformError
from liine_source.sweep import Audit

log = logging.getLogger(__name__)

app = typer.Typer(
    help="Every interaction of the Liine API in your warehouse, complete and typed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
# An outage fails every window alike.
_ERRORS_SHOWN = 3
_CHANNELS_SHOWN = 8
_CUSTOMERS_SHOWN = 20

_out = Console()
_err = Console(stderr=True)

Destination = Annotated[
    str | None, typer.Option(help="duckdb, postgres, snowflake, or any other dlt destination.", show_default="duckdb")
]
Dataset = Annotated[str, typer.Option(help="The schema that the tables are in.")]
Customers = Annotated[
    list[int] | None, typer.Option("--customer-id", help="Only this customer; may be given several times.")
]
Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day, by the interaction's start.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day, included.")]
ThenDbt = Annotated[bool, typer.Option("--then-dbt", help="Build the models after the load (extra `dbt`).")]
DbtProject = Annotated[Path | None, typer.Option(help="Your own dbt project instead of the one that comes with it.")]
LeadIds = Annotated[list[str] | None, typer.Option(help="A lead; may be given several times.")]
Phones = Annotated[list[str] | None, typer.Option(help="A phone number, however it is written; likewise.")]
PatientIds = Annotated[list[str] | None, typer.Option(help="A patient in the EHR/PMS; likewise.")]
LogFormat = Literal["text", "json"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.callback()
def _begin(
    log_format: Annotated[
        LogFormat | None,
        typer.Option(
            envvar="LIINE_LOG_FORMAT", help="Write a line for each sweep to standard error.", show_default="none"
        ),
    ] = None,
) -> None:
    if log_format:
        notices.log_to_stderr(as_json=log_format == "json")


@app.command()
def check(customer_id: Customers = None, as_json: AsJson = False) -> None:
    """Log in, and count what each customer has; loads nothing."""
    found = runs.check(**_given(customer_ids=customer_id))
    if as_json:
        _print_json([dataclasses.asdict(access) for access in found])
    else:
        _print_table(
            "Access", ["customer", "interactions", "access"], [[a.customer_id, a.count, a.error or "ok"] for a in found]
        )
    raise typer.Exit(1 if any(access.error for access in found) else 0)


@app.command()
def sync(
    destination: Destination = None,
    dataset: Dataset = loading.DATASET_NAME,
    customer_id: Customers = None,
    then_dbt: ThenDbt = False,
    dbt_project: DbtProject = None,
    as_json: AsJson = False,
) -> None:
    """Bring every customer up to date, and prove that nothing is missing."""
    with _Progress(is_shown=not as_json and _err.is_terminal) as progress:
        report = runs.sync(destination, dataset, observer=progress, **_given(customer_ids=customer_id))
    if not then_dbt:
        _tell(report, as_json=as_json)
    if not as_json:
        _print_report(report)
    try:
        built = transform.build(destination, dataset, project=dbt_project)
    except TransformError as error:
        if as_json:
            _print_json({**_described(report), "dbt": {"failures": error.failures}})
        raise
    if as_json:
        _print_json({**_described(report), "dbt": dataclasses.asdict(built)})
    else:
        _print_built(built)
        # Another project may have no such tables.
        if dbt_project is None:
            _print_answers(destination)
    raise typer.Exit(0 if report.is_complete else 1)


@app.command()
def plan(since: Since = None, until: Until = None, customer_id: Customers = None, as_json: AsJson = False) -> None:
    """Forecast a backfill or a first sync: windows, pages, requests and time; loads nothing."""
    found = runs.plan(**_given(since=_day(since), until=_day(until), customer_ids=customer_id))
    if as_json:
        _print_json([dataclasses.asdict(customer) for customer in found])
    else:
        rows = [
            [p.customer_id, p.count, p.windows, p.pages, p.requests, f"{p.seconds:.1f}", p.error or "ok"] for p in found
        ]
        columns = ["customer", "interactions", "windows", "pages", "requests", "seconds", "access"]
        _print_table("Plan", columns, rows)
    raise typer.Exit(1 if any(customer.error for customer in found) else 0)


@app.command()
def backfill(
    since: Since = None,
    until: Until = None,
    destination: Destination = None,
    dataset: Dataset = loading.DATASET_NAME,
    customer_id: Customers = None,
    anew: Annotated[bool, typer.Option("--anew", help="Read again what an earlier backfill has read.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read past days again, newest first; an interrupted backfill goes on where it was."""
    with _Progress(is_shown=not as_json and _err.is_terminal) as progress:
        report = runs.backfill(
            destination=destination,
            dataset=dataset,
            is_anew=anew,
            observer=progress,
            **_given(since=_day(since), until=_day(until), customer_ids=customer_id),
        )
    _tell(report, as_json=as_json)


@app.command()
def verify(
    since: Since = None,
    destination: Destination = None,
    dataset: Dataset = loading.DATASET_NAME,
    customer_id: Customers = None,
    repair: Annotated[bool, typer.Option("--repair", help="Fetch again what is missing or stale.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the warehouse with the API, and mark what the API no longer returns."""
    with _Progress(is_shown=not as_json and _err.is_terminal) as progress:
        given = _given(since=_day(since), customer_ids=customer_id)
        found = runs.verify(destination=destination, dataset=dataset, repair=repair, observer=progress, **given)
    if as_json:
        _print_json([{**dataclasses.asdict(customer), "is_complete": customer.is_complete} for customer in found])
    else:
        columns = ["windows", "read", "missing", "stale", "unseen", "vanished", "returned"]
        rows = [
            [customer.customer_id, *(getattr(customer, name) for name in columns), _verdict(customer)]
            for customer in found
        ]
        _print_table("Warehouse and API", ["customer", *columns, "result"], rows)
    raise typer.Exit(0 if all(customer.is_complete for customer in found) else 1)


@app.command()
def purge(
    lead_id: LeadIds = None,
    phone: Phones = None,
    patient_id: PatientIds = None,
    destination: Destination = None,
    dataset: Dataset = loading.DATASET_NAME,
    customer_id: Customers = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase; without it rows are only counted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase one person's rows from the tables, and never load them again; counts first."""
    given = _given(customer_ids=customer_id, lead_ids=lead_id, phones=phone, patient_ids=patient_id)
    done = runs.purge(destination, dataset, is_dry_run=not yes, **given)
    if as_json:
        _print_json(dataclasses.asdict(done))
        return
    title = "Nothing erased yet, only counted: --yes erases" if done.is_dry_run else "Erased"
    row = [done.customers, done.identifiers, done.interactions, done.child_rows]
    _print_table(title, ["customers", "identifiers", "interactions", "child rows"], [row])


@app.command()
def status(
    destination: Destination = None,
    dataset: Dataset = loading.DATASET_NAME,
    max_age: Annotated[
        str | None,
        typer.Option(help="90m, 2h, 1d: exit with 1 if a customer is unproven or older."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show which warehouse it is, what it holds of each customer, and how far each is."""
    age = _duration(max_age)
    found = runs.status(destination, dataset)
    where = loading.locate(destination, dataset)
    late = [] if age is None else runs.late(found, age)
    if as_json:
        _print_json({**dataclasses.asdict(where), "customers": list(map(_described_status, found))})
    else:
        _print_status(found, where)
    if age is not None and not found:
        _fail("No customer was ever loaded: run `liine sync`.", 1)
    if late:
        named = ", ".join(map(str, late[:_CUSTOMERS_SHOWN])) + (" …" if len(late) > _CUSTOMERS_SHOWN else "")
        _fail(
            f"{len(late)} customer(s) not complete within {max_age}: {named}. `liine sync` brings them up to date.", 1
        )


def _duration(told: str | None) -> timedelta | None:
    if told is None:
        return None
    units = {"m": "minutes", "h": "hours", "d": "days"}
    if not (told[:-1].isascii() and told[:-1].isdigit() and told[-1] in units):
        raise ConfigurationError("--max-age must be a number and m, h or d, such as 2h.")
    return timedelta(**{units[told[-1]]: int(told[:-1])})


def _described_status(customer: runs.CustomerStatus) -> dict[str, Any]:
    last = customer.last_sweep
    age = last and round((datetime.now(UTC) - last).total_seconds())
    return dataclasses.asdict(customer) | {"status": customer.status, "age_seconds": age}


def _print_status(found: list[runs.CustomerStatus], where: Location) -> None:
    _out.print(f"{where}, dataset {where.dataset}", markup=False, highlight=False, soft_wrap=True)
    if not found:
        _out.print("Nothing has been loaded yet: run `liine sync`.")
        return
    rows = [
        [c.customer_id, c.rows, c.in_api, c.watermark, _windows_read(c), c.last_sweep, c.status, c.proof] for c in found
    ]
    columns = ["customer", "rows", "in API", "watermark (UTC)", "windows", "last sweep (UTC)", "status", "proof"]
    _print_table("Warehouse", columns, rows)


def _windows_read(customer: runs.CustomerStatus) -> str | None:
    if customer.windows_left:
        return f"{customer.windows - customer.windows_left} of {customer.windows}"
    return "all" if customer.watermark and customer.is_history_read else None


@app.command()
def emulator(
    port: Annotated[int, typer.Option(help="0 takes any free port.")] = 8765,
    interactions: Annotated[int, typer.Option(help="How many to invent.")] = 10_000,
    customers: Annotated[int, typer.Option(help="Over how many customers.")] = 3,
    seed: Annotated[int, typer.Option(help="The same seed invents the same.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Run an emulator of the API on this machine, with invented data, until interrupted (extra `emulator`)."""
    try:
        from liine_source.emulator import Emulator, serve  # noqa: PLC0415  an extra, only needed here
    except ImportError:
        raise ConfigurationError("The emulator is an extra: pip install 'liine-source[emulator]'.") from None

    def tell(ready: Emulator) -> None:
        settings = {
            "SOURCES__LIINE__BASE_URL": ready.base_url,
            "SOURCES__LIINE__CUSTOMER_IDS": str(ready.customer_ids),
            "SOURCES__LIINE__CREDENTIALS__USERNAME": ready.username,
            "SOURCES__LIINE__CREDENTIALS__PASSWORD": ready.password,
        }
        if as_json:
            _print_json(settings)
        else:
            _out.print("The emulator is up; in another terminal:", highlight=False)
            for name, value in settings.items():
                _out.print(f"export {name}={shlex.quote(value)}", highlight=False, markup=False, soft_wrap=True)

    with contextlib.suppress(KeyboardInterrupt):
        serve(port=port, interactions=interactions, customers=customers, seed=seed, on_ready=tell)


def main() -> None:
    """Run the command line; every failure becomes a sentence and an exit code."""
    try:
        app()
    except ConfigurationError as error:
        _fail(str(error), 2)
    except LiineError as error:
        _fail(str(error), 1)


def _fail(message: str, code: int) -> None:
    if notices.is_logging():
        log.error("%s", message, extra={"told": {"exit_code": code}})
        sys.exit(code)
    _err.print("Error:", style="bold red", end=" ")
    _err.print(message, markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)


def _given(**settings: Any) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value}


class _Progress:
    """One line for each customer while a sync runs."""

    def __init__(self, *, is_shown: bool) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=_err, disable=not is_shown)
        self._tasks: dict[int, Any] = {}
        self._received: dict[int, int] = {}
        self._expected: dict[int, int | None] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def divided(self, audit: Audit, windows: int) -> None:  # noqa: ARG002  the windows show themselves
        self._expected[audit.customer_id] = audit.expected
        self._show(audit, "")

    def received(self, audit: Audit, rows: int) -> None:
        self._received[audit.customer_id] = self._received.get(audit.customer_id, 0) + rows
        self._show(audit, "")

    def ended(self, audit: Audit, error: LiineError | None) -> None:  # noqa: ARG002  the table tells it
        self._expected.setdefault(audit.customer_id, audit.expected)
        self._show(audit, f", {audit.status} from {audit.window}")

    def built(self, rows: Mapping[str, int], unknown_fields: set[str], dropped: Mapping[str, int]) -> None:  # noqa: ARG002  as above
        self._progress.add_task(f"loading {rows[tables.INTERACTIONS]} interactions")

    def _show(self, audit: Audit, end: str) -> None:
        customer = audit.customer_id
        if customer not in self._tasks:
            self._tasks[customer] = self._progress.add_task("")
        expected = self._expected.get(customer, audit.expected)
        of = "" if expected is None else f" of {expected}"
        text = f"customer {customer}: {self._received.get(customer, 0)}{of} interactions{end}"
        self._progress.update(self._tasks[customer], description=text)


def _tell(report: runs.SyncReport, *, as_json: bool) -> None:
    """Show what a run did, and end with its exit code."""
    if as_json:
        _print_json(_described(report))
    else:
        _print_report(report)
    raise typer.Exit(0 if report.is_complete else 1)


def _described(report: runs.SyncReport) -> dict[str, Any]:
    return {**dataclasses.asdict(report), "is_complete": report.is_complete}


def _print_built(built: transform.Built) -> None:
    _out.print(f"dbt: {built.nodes} models and tests, none failed.")
    if built.warnings:
        _out.print(f"Warnings of {', '.join(built.warnings)}.", soft_wrap=True)


def _print_answers(destination: str | None) -> None:
    """Show the marts' first answers: the channels with most new leads, and what becomes of new leads."""
    rows = [[c.channel, c.new_leads, c.booked_leads, f"{c.revenue:.2f}"] for c in transform.channels(destination)]
    _print_table("New leads by first channel", ["channel", "new leads", "booked", "revenue"], rows[:_CHANNELS_SHOWN])
    if found := transform.funnel(destination):
        steps = [found.new_leads, found.reached_leads, found.booked_leads, found.attended_leads]
        names = ["new leads", "reached", "booked", "attended"]
        shares = [[name, count, f"{count / found.new_leads:.1%}"] for name, count in zip(names, steps, strict=True)]
        _print_table("What became of them", ["step", "leads", "of all"], shares)


def _verdict(customer: Any) -> str:
    if customer.errors:
        return _first(customer.errors)
    if customer.unread_tables:
        return f"not loaded: {', '.join(customer.unread_tables)}; `liine sync` loads all rows"
    if customer.dropped_tables:
        return f"dropped: {', '.join(customer.dropped_tables)}; `liine sync` creates it and loads all rows"
    lost = "; ".join(
        [*map(str, customer.lost), *([f"{customer.duplicates} duplicates"] if customer.duplicates else [])]
    )
    if not customer.is_complete:
        return f"differs{f' ({lost})' if lost else ''}: run again with --repair"
    words = [f"repaired{f' ({lost})' if lost else ''}"] if customer.is_repaired else []
    words += ["unseen: run again, to mark what is still unseen"] if customer.unseen else []
    words += ["vanished: marked"] if customer.vanished else []
    return "; ".join(words) or "equal"


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None


def _print_report(report: runs.SyncReport) -> None:
    columns = ["customer", "received", "expected", "windows", "proof"]
    rows = [[c.customer_id, c.received, c.expected, c.windows, c.proof or "none"] for c in report.customers]
    # A backfill compares only what it reads.
    if any(c.in_api is not None for c in report.customers):
        columns += ["all in API", "in warehouse"]
        rows = [[*row, c.in_api, c.in_warehouse] for row, c in zip(rows, report.customers, strict=True)]
    outcomes = map(_outcome, report.customers)
    _print_table(
        f"Synced into {report.destination}, dataset {report.dataset}",
        [*columns, "status"],
        [[*row, outcome] for row, outcome in zip(rows, outcomes, strict=True)],
    )
    for c in report.customers:
        if c.restored:
            lost = "; ".join(c.restored)
            _out.print(f"Customer {c.customer_id} had lost rows ({lost}): its history was read again.", soft_wrap=True)
    _print_table("Rows loaded", ["table", "rows"], [[name, count] for name, count in sorted(report.rows.items())])
    if report.unknown_fields:
        named = ", ".join(report.unknown_fields)
        _out.print(f"Fields not in the reference, kept as columns: {named}", markup=False, soft_wrap=True)
    if report.dropped:
        counts = ", ".join(f"{name} {count}" for name, count in sorted(report.dropped.items()))
        _out.print(f"Values dropped as personal_data says: {counts}", soft_wrap=True)
    if rejected := report.rows.get(tables.REJECTED_VALUES):
        _out.print(f"Values that fit no column, kept in {tables.REJECTED_VALUES}: {rejected}")


def _outcome(customer: runs.CustomerSync) -> str:
    if customer.errors:
        return _first(customer.errors)
    return customer.status if customer.windows else "nothing left to read: --anew reads it again"


def _first(errors: list[LiineError]) -> str:
    hidden = len(errors) - _ERRORS_SHOWN
    more = [f"and {hidden} more windows likewise"] if hidden > 0 else []
    return "\n".join([*map(str, errors[:_ERRORS_SHOWN]), *more])


def _print_table(title: str, columns: list[str], rows: list[list[Any]]) -> None:
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*map(_cell, row))
    _out.print(table)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    # Rich would take [square brackets] for its own markup.
    return "-" if value is None else escape(str(value))


def _print_json(data: Any) -> None:
    print(json.dumps(data, default=str, indent=2), flush=True)  # noqa: T201  machines read standard output as it is
