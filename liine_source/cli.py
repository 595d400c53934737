"""The command line: commands, options and exit codes.

Exit codes: 0 done and proven complete, 1 failed, 2 the command line or the settings are wrong, 130 ended by Ctrl-C.

Each command imports what it needs: dlt alone takes a second, and neither `--help` nor a mistyped option should.
"""

import contextlib
import dataclasses
import functools
import inspect
import os
import shlex
import sys
from collections.abc import Callable
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from liine_source import console, interruption
from liine_source.errors import ConfigurationError, DestinationError, LiineError, TransformError
from liine_source.garbage_collection import collect_rarely
from liine_source.interruption import THIS_PROCESS
from liine_source.monitoring import json_log
from liine_source.spec.tables import DATASET_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liine_source.commands.sync_report import SyncReport
    from liine_source.destinations import Question
    from liine_source.progress import DbtProgress, SyncProgress

_HELP = """Load every interaction of the Liine API into your warehouse, complete and typed.

window: a range of days of one customer.

sweep: reads one window until it is proven complete.

proof: `count` (as many interactions found as the API counts) or `exhaustive` (read until no page had more).
"""


class _WithoutTypeOfHelp:
    """Shows `--help` without a type, as the other flags."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.metavar = ""
        return option


class _Command(_WithoutTypeOfHelp, TyperCommand):
    pass


class _Group(_WithoutTypeOfHelp, TyperGroup):
    pass


app = typer.Typer(cls=_Group, help=_HELP, no_args_is_help=True, pretty_exceptions_enable=False)
erasures = typer.Typer(cls=_Group, no_args_is_help=True, help="Take erasures to another dataset or destination.")
app.add_typer(erasures, name="erasures")
_MAX_CUSTOMERS = 20
_EMULATOR_PORT = 8765
_EMULATOR_CUSTOMERS = 3


def _parse_day(text: str) -> date:
    try:
        if len(text) == len("2024-01-31"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise typer.BadParameter("it must be a date such as 2024-01-31.")


def _complete_destination(incomplete: str) -> list[str]:
    return [name for name in ("duckdb", "postgres", "snowflake") if name.startswith(incomplete)]


Destination = Annotated[
    str | None,
    typer.Option(
        help="duckdb, postgres, snowflake, or another dlt destination.",
        show_default="destination_type of .dlt/config.toml, or duckdb",
        autocompletion=_complete_destination,
    ),
]
Dataset = Annotated[str, typer.Option(help="The schema of the tables.")]
Customers = Annotated[
    list[int] | None, typer.Option("--customer-id", metavar="<id>", help="Only this customer; repeatable.")
]
Since = Annotated[
    date | None, typer.Option(parser=_parse_day, metavar="<date>", help="First day, by the interaction's start.")
]
Until = Annotated[date | None, typer.Option(parser=_parse_day, metavar="<date>", help="Last day, included.")]
ThenDbt = Annotated[
    bool, typer.Option("--then-dbt", metavar="", help="Build the dbt models after the load (extra `dbt`).")
]
DbtProject = Annotated[Path | None, typer.Option(help="Your own dbt project, instead of the one that comes with it.")]
Identifiers = Annotated[
    str | None,
    typer.Option(metavar="<file>", help="List of identifiers, one a line: `phone +1 919 555 0123`; - reads input."),
]
LeadIds = Annotated[list[str] | None, typer.Option("--lead-id", metavar="<id>", help="A lead; repeatable.")]
Phones = Annotated[
    list[str] | None, typer.Option("--phone", metavar="<number>", help="A phone number in any format; repeatable.")
]
PatientIds = Annotated[
    list[str] | None, typer.Option("--patient-id", metavar="<id>", help="A patient in the EHR/PMS; repeatable.")
]
ErasuresFile = Annotated[Path, typer.Argument(metavar="FILE", help="A file of `liine erasures export`.")]
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON for machines.")]


def _show_steps(is_asked: bool) -> None:  # noqa: FBT001  typer passes it by position
    if not is_asked:
        return
    json_log.log_steps()
    if not json_log.is_logging():
        console.show_steps()


def _verbose_option(callback: Callable[[bool], None] | None = None) -> Any:
    text = "Write each step to standard error; never a row or a secret."
    return typer.Option("--verbose", "-v", metavar="", callback=callback, help=text)


Verbose = Annotated[bool, _verbose_option()]
_CommandVerbose = Annotated[bool, _verbose_option(_show_steps)]


def _unwrap(text: str) -> str:
    """Return text with one line a paragraph: typer keeps the line ends of all paragraphs but the first."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _command(group: typer.Typer, name: str | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds a command to a group, with the global option -v behind its name as well."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(*, is_verbose: bool, **options: Any) -> None:
            del is_verbose  # its callback has seen to it
            function(**options)

        own = inspect.signature(function)
        verbose = inspect.Parameter(
            "is_verbose", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=_CommandVerbose
        )
        run.__signature__ = own.replace(parameters=[*own.parameters.values(), verbose])  # type: ignore[attr-defined]
        run.__annotations__ = {**function.__annotations__, "is_verbose": _CommandVerbose}
        group.command(name, cls=_Command, help=_unwrap(inspect.getdoc(function) or ""))(run)
        return function

    return decorate


def _print_version(is_asked: bool) -> None:  # noqa: FBT001  typer passes it by position
    if is_asked:
        console.print_line(f"liine-source {version('liine-source')}")
        raise typer.Exit


@app.callback()
def _configure(
    *,
    is_version_asked: Annotated[  # noqa: ARG001  handled by its callback
        bool, typer.Option("--version", metavar="", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
    log_format: Annotated[
        Literal["text", "json"] | None,
        typer.Option(
            envvar="LIINE_LOG_FORMAT", help="Write a line for each sweep to standard error.", show_default="none"
        ),
    ] = None,
    is_verbose: Verbose = False,
) -> None:
    if log_format:
        json_log.log_to_stderr(as_json=log_format == "json")
    elif not is_verbose:
        console.show_waits()
    _show_steps(is_verbose)


@_command(app)
def init(
    username: Annotated[str | None, typer.Option(metavar="<name>", help="User name at Liine.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", metavar="", help="Read the password at Liine from standard input.")
    ] = False,
    customer_id: Annotated[
        list[int] | None, typer.Option("--customer-id", metavar="<id>", help="A customer to load; repeatable.")
    ] = None,
    destination: Annotated[
        str | None,
        typer.Option(
            help="duckdb, postgres or snowflake.", show_default="duckdb", autocompletion=_complete_destination
        ),
    ] = None,
    duckdb_file: Annotated[str | None, typer.Option(metavar="<file>", help="The file of DuckDB.")] = None,
    for_emulator: Annotated[
        bool, typer.Option("--emulator", metavar="", help="A playground: the settings of `liine emulator`.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The emulator's port.", show_default=str(_EMULATOR_PORT))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask for account and warehouse, try them, and write them to .dlt/config.toml and .dlt/secrets.toml.

    Files are added to, never overwritten. Without a terminal: options, environment variables and --password-stdin. A
    password is no option, as other users of the machine could see it.
    """
    from liine_source.commands import init as command

    given = _given(
        username=username,
        customer_ids=customer_id,
        destination=destination,
        duckdb_file=duckdb_file,
        password=_read_password() if password_stdin and not for_emulator else None,
    )
    if for_emulator:
        if given or password_stdin:
            raise ConfigurationError("--emulator brings all settings but --port: leave the other options out.")
        found = command.init_playground(f"http://127.0.0.1:{port or _EMULATOR_PORT}", **_emulator_settings())
    else:
        if port:
            raise ConfigurationError("--port has no effect without --emulator: add it, or leave --port out.")
        found = command.init(ask=_ask if sys.stdin.isatty() and not password_stdin else None, **given)
    if as_json:
        console.print_json(dataclasses.asdict(found))
    else:
        console.print_initialized(found, port)


@_command(app)
def check(customer_id: Customers = None, as_json: AsJson = False) -> None:
    """Log in and count each customer's interactions. Loads nothing."""
    from liine_source.commands.check import check as run_check
    from liine_source.load.pipeline import working_folder

    found = run_check(**_given(customer_ids=customer_id))
    if as_json:
        console.print_json([dataclasses.asdict(access) for access in found])
    else:
        console.print_access(found, working_folder())
    raise typer.Exit(1 if any(access.error for access in found) else 0)


@_command(app)
def sync(
    destination: Destination = None,
    dataset: Dataset = DATASET_NAME,
    customer_id: Customers = None,
    since: Since = None,
    until: Until = None,
    sample: Annotated[
        int | None,
        typer.Option(metavar="<n>", min=1, help="Only the newest <n> rows of each customer, in <dataset>_sample."),
    ] = None,
    then_dbt: ThenDbt = False,
    dbt_project: DbtProject = None,
    as_json: AsJson = False,
) -> None:
    """Bring every customer up to date, and prove that nothing is missing.

    With --since or --until only those days are loaded and kept up to date: pass them each time, or set them. With
    --sample nothing is brought up to date: some rows are loaded for a first look.
    """
    if sample:
        _refuse_models_of_sample(then_dbt or dbt_project)
        _take_sample(sample, destination, dataset, as_json=as_json, since=since, until=until, customer_ids=customer_id)

    from liine_source import dbt_runner
    from liine_source.commands.sync import sync as run_sync

    if then_dbt:
        # Before anything is loaded.
        _refuse_build(destination, dataset, dbt_project)
    elif dbt_project:
        raise ConfigurationError("--dbt-project has no effect without --then-dbt: add it.")
    with _progress(as_json=as_json) as progress:
        given = _given(since=since, until=until, customer_ids=customer_id)
        report = run_sync(destination, dataset, observer=progress, **given)
    if not then_dbt:
        _finish("sync", report, as_json=as_json)
    if not as_json:
        console.print_report(report)
    _print_summary("sync", report)
    try:
        with _dbt_progress(as_json=as_json) as progress_of_dbt:
            build = dbt_runner.build(destination, dataset, project=dbt_project, observer=progress_of_dbt)
    except TransformError as error:
        if as_json:
            console.print_json({**console.report_data(report), "dbt": {"failures": error.failures}})
        raise
    if as_json:
        console.print_json({**console.report_data(report), "dbt": dataclasses.asdict(build)})
    else:
        console.print_dbt_build(build)
        # Another project may not have these tables.
        if dbt_project is None:
            console.print_marts(
                dbt_runner.query_channels(destination, dataset), dbt_runner.query_funnel(destination, dataset)
            )
    raise typer.Exit(0 if report.is_complete else 1)


@_command(app)
def plan(since: Since = None, until: Until = None, customer_id: Customers = None, as_json: AsJson = False) -> None:
    """Forecast windows, pages, requests and time of a backfill or a first sync. Loads nothing."""
    from liine_source.commands.plan import plan as run_plan

    found = run_plan(**_given(since=since, until=until, customer_ids=customer_id))
    if as_json:
        console.print_json([dataclasses.asdict(customer) for customer in found])
    else:
        console.print_plan(found)
    raise typer.Exit(1 if any(customer.error for customer in found) else 0)


@_command(app)
def probe(
    customer_id: Annotated[
        int | None, typer.Option(metavar="<id>", help="This customer.", show_default="the first one configured")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", metavar="", help="Send the requests; without it they are only listed.")
    ] = False,
    max_requests: Annotated[
        int | None, typer.Option(metavar="<n>", help="The most requests, retries included.", show_default="60")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find out how the API behaves where its reference leaves it open. Only reads, for one customer; loads nothing.

    The output has no row, value, customer id or credential: you may share it.
    """
    from liine_source.commands.probe import MAX_REQUESTS
    from liine_source.commands.probe import probe as run_probe

    most = MAX_REQUESTS if max_requests is None else max_requests
    if yes and not as_json:
        console.print_hint(f"At most {most} requests for one customer, which only read. No row is kept.")
    customers = None if customer_id is None else [customer_id]
    found = run_probe(is_dry_run=not yes, max_requests=most, **_given(customer_ids=customers))
    if as_json:
        console.print_json(dataclasses.asdict(found))
    else:
        console.print_probe(found)


@_command(app)
def backfill(
    since: Since = None,
    until: Until = None,
    destination: Destination = None,
    dataset: Dataset = DATASET_NAME,
    customer_id: Customers = None,
    restart: Annotated[
        bool, typer.Option("--restart", metavar="", help="Load days again that an earlier backfill loaded.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Load past days again, newest first. An interrupted backfill continues."""
    from liine_source.commands.backfill import backfill as run_backfill

    with _progress(as_json=as_json) as progress:
        report = run_backfill(
            destination=destination,
            dataset=dataset,
            restart=restart,
            observer=progress,
            **_given(since=since, until=until, customer_ids=customer_id),
        )
    _finish("backfill", report, as_json=as_json)


@_command(app)
def verify(
    since: Since = None,
    destination: Destination = None,
    dataset: Dataset = DATASET_NAME,
    customer_id: Customers = None,
    repair: Annotated[bool, typer.Option("--repair", metavar="", help="Load again what is missing or stale.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the warehouse with the API, and mark rows that the API no longer returns."""
    from liine_source.commands.verify import verify as run_verify

    with _progress(as_json=as_json) as progress:
        given = _given(since=since, customer_ids=customer_id)
        found = run_verify(destination=destination, dataset=dataset, repair=repair, observer=progress, **given)
    if as_json:
        console.print_json(console.verification_data(found))
    else:
        console.print_verification(found)
    raise typer.Exit(0 if all(customer.is_complete for customer in found) else 1)


@_command(app)
def erase(
    identifiers: Identifiers = None,
    lead_id: LeadIds = None,
    phone: Phones = None,
    patient_id: PatientIds = None,
    destination: Destination = None,
    dataset: Dataset = DATASET_NAME,
    customer_id: Customers = None,
    yes: Annotated[
        bool, typer.Option("--yes", metavar="", help="Delete the rows; without it they are only counted.")
    ] = False,
    allow_none: Annotated[
        bool, typer.Option("--allow-none", metavar="", help="Succeed, and record the identifiers, without rows too.")
    ] = False,
    compact: Annotated[
        bool,
        typer.Option("--compact", metavar="", help="Then write the DuckDB file anew; until then it has deleted bytes."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete one person's rows, and never load them again. Without --yes rows are only counted.

    Other users of the machine can see arguments in the list of processes, and a shell keeps them: prefer --identifiers.
    """
    from liine_source.commands.erase import erase as run_erase
    from liine_source.commands.erase import parse_identifiers

    listed = parse_identifiers(_read_lines(identifiers)) if identifiers else {}
    erasure = run_erase(
        destination,
        dataset,
        lead_ids=[*listed.get("lead_id", ()), *(lead_id or ())],
        phones=[*listed.get("phone_number", ()), *(phone or ())],
        patient_ids=[*listed.get("ehr_pms_patient_id", ()), *(patient_id or ())],
        is_dry_run=not yes,
        allow_none=allow_none,
        compact=compact,
        **_given(customer_ids=customer_id),
    )
    if as_json:
        console.print_json(dataclasses.asdict(erasure))
    else:
        console.print_erasure(erasure)


@_command(app)
def reset(
    destination: Destination = None,
    dataset: Dataset = DATASET_NAME,
    customer_id: Customers = None,
    drop_rows: Annotated[
        bool, typer.Option("--drop-rows", metavar="", help="Also delete the customers' rows, except those of `sweeps`.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", metavar="", help="Do it; without it, only show what would be.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget how far customers are: the next sync reads their histories again. Erased persons stay erased."""
    from liine_source.commands.reset import reset as run_reset

    found = run_reset(destination, dataset, drop_rows=drop_rows, is_dry_run=not yes, **_given(customer_ids=customer_id))
    if as_json:
        console.print_json(dataclasses.asdict(found))
    else:
        console.print_reset(found)


@_command(erasures, "export")
def export_erasures(
    file: ErasuresFile, destination: Destination = None, dataset: Dataset = DATASET_NAME, as_json: AsJson = False
) -> None:
    """Write who was erased from a dataset to a file: hashes only, which need the same key."""
    from liine_source.commands.export_erasures import export_erasures as run_export

    found = run_export(file, destination, dataset)
    numbers = {"erasures": len(found.erasures), "identifiers": len(found.erased_identifiers)}
    if as_json:
        console.print_json(numbers)
    else:
        console.print_line(
            "{erasures} erasures with {identifiers} hashes written; only you can read it.".format(**numbers)
        )


@_command(erasures, "import")
def import_erasures(
    file: ErasuresFile,
    destination: Destination = None,
    dataset: Dataset = DATASET_NAME,
    yes: Annotated[
        bool,
        typer.Option("--yes", metavar="", help="Record the erasures and delete the rows; without it, count them."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Erase the persons that another dataset's file names, and never load them again. Works before the first sync."""
    from liine_source.commands.import_erasures import import_erasures as run_import

    found = run_import(file, destination, dataset, is_dry_run=not yes)
    if as_json:
        console.print_json(dataclasses.asdict(found))
    else:
        console.print_imported_erasures(found)


@_command(app)
def status(
    destination: Destination = None,
    dataset: Dataset = DATASET_NAME,
    max_age: Annotated[
        str | None, typer.Option(help="90m, 2h, 1d: exit with 1 if a customer is incomplete or its sweep is older.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the status of each customer in the warehouse."""
    from liine_source.commands.status import late_customers, read_dataset
    from liine_source.load.pipeline import locate

    age = _parse_duration(max_age)
    held = read_dataset(destination, dataset)
    found = held.customers
    location = locate(destination, dataset)
    if as_json:
        console.print_json(console.status_data(found, location, held.erasures))
    else:
        console.print_status(found, location)
        console.print_erasure_status(held.erasures)
    if age is None:
        return
    if not found:
        _fail("No customer was ever loaded: run `liine sync`.", 1)
    if late := late_customers(found, age):
        customers = ", ".join(map(str, late[:_MAX_CUSTOMERS])) + (" …" if len(late) > _MAX_CUSTOMERS else "")
        _fail(
            f"{len(late)} customer(s) not complete within {max_age}: {customers}. Run `liine sync` to bring them up to "
            "date.",
            1,
        )


@_command(app)
def report(
    destination: Destination = None,
    dataset: Dataset = DATASET_NAME,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="<file>", help="Where to write it; an older report is replaced.")
    ] = Path("liine-report.html"),
    since: Since = None,
    until: Until = None,
    customer_id: Customers = None,
    is_opened: Annotated[bool, typer.Option("--open", metavar="", help="Open it in your browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the figures of the dbt models to one HTML file for people: no personal field, and no network needed."""
    from liine_source.commands.report import report as run_report

    given = _given(since=since, until=until, customer_ids=customer_id)
    written = run_report(destination, dataset, output=output, **given)
    if as_json:
        console.print_json(dataclasses.asdict(written))
    else:
        console.print_line(f"The report is in {written.path} ({written.bytes / 1e6:.1f} MB).")
    if is_opened:
        _open_in_browser(Path(written.path))


@_command(app)
def emulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free port.")] = _EMULATOR_PORT,
    interactions: Annotated[int, typer.Option(min=0, help="How many interactions to invent.")] = 10_000,
    customers: Annotated[int, typer.Option(min=1, help="For how many customers.")] = _EMULATOR_CUSTOMERS,
    seed: Annotated[int, typer.Option(help="The same seed invents the same data.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Run an emulator of the API on this machine, with invented data, until interrupted (extra `emulator`)."""
    with _emulator_extra():
        from liine_source.emulator import Emulator, serve

    def print_settings(ready: Emulator) -> None:
        settings = {
            "SOURCES__LIINE__BASE_URL": ready.base_url,
            "SOURCES__LIINE__CUSTOMER_IDS": str(ready.customer_ids),
            "SOURCES__LIINE__CREDENTIALS__USERNAME": ready.username,
            "SOURCES__LIINE__CREDENTIALS__PASSWORD": ready.password,
        }
        if as_json:
            console.print_json(settings)
            return
        console.print_line("The emulator is running. In another terminal:")
        for name, value in settings.items():
            console.print_line(f"export {name}={shlex.quote(value)}")
        if customers == _EMULATOR_CUSTOMERS:
            own = "" if port == _EMULATOR_PORT else f" --port {ready.base_url.rpartition(':')[2]}"
            console.print_hint(f"Or write them into the files of an empty folder: liine init --emulator{own}")
        console.print_hint("Ctrl-C ends the emulator.")

    problem = None
    with contextlib.suppress(KeyboardInterrupt):
        try:
            serve(port=port, interactions=interactions, customers=customers, seed=seed, on_ready=print_settings)
        except OSError as error:
            problem = os.strerror(error.errno or 0)
    if problem:
        raise ConfigurationError(f"The emulator cannot use port {port} ({problem}). Choose another with --port.")


def _run_app() -> None:
    try:
        app()
    except LiineError:
        raise
    except Exception:
        from liine_source.error_translation import translate_errors

        # A traceback may quote rows.
        with translate_errors():
            raise


def main() -> None:
    """Run the command line; every failure becomes a sentence and an exit code."""
    console.accept_any_text()
    with interruption.ends_program(_report_interruption):
        try:
            with collect_rarely():
                _run_app()
        except ConfigurationError as error:
            _fail(str(error), 2)
        except LiineError as error:
            _fail(str(error), 1)


def _report_interruption(text: str) -> None:
    if json_log.is_logging():
        json_log.log_error(text, exit_code=interruption.EXIT_CODE)
    else:
        console.print_hint(text)


def _fail(message: str, code: int) -> None:
    if THIS_PROCESS.has_come:
        # What a library made of it says nothing.
        raise KeyboardInterrupt
    if json_log.is_logging():
        json_log.log_error(message, exit_code=code)
    else:
        console.print_error(message)
    sys.exit(code)


def _refuse_models_of_sample(wanted: object) -> None:
    if wanted:
        raise ConfigurationError("No models are built of a sample: leave out --sample, or --then-dbt.")


def _take_sample(size: int, destination: str | None, dataset: str, *, as_json: bool, **options: Any) -> NoReturn:
    """Take a sample, print where it is, and exit."""
    from liine_source.commands.sample import sample

    taken = sample(size, destination, dataset, **_given(**options))
    if as_json:
        console.print_json(dataclasses.asdict(taken))
    else:
        console.print_sample(taken)
    raise typer.Exit(0 if taken.is_whole else 1)


def _finish(command: str, report: "SyncReport", *, as_json: bool) -> None:
    """Print what a run did, and exit with its code."""
    if as_json:
        console.print_json(console.report_data(report))
    else:
        console.print_report(report)
    _print_summary(command, report)
    raise typer.Exit(0 if report.is_complete else 1)


def _print_summary(command: str, report: "SyncReport") -> None:
    # A log says it already.
    if not json_log.is_logging():
        console.print_summary(command, report)


def _read_lines(path: str) -> list[str]:
    """Return the lines of a file, or of standard input for `-`."""
    try:
        if path == "-":
            if sys.stdin.isatty():
                console.print_hint("Type one identifier a line, such as `phone +1 919 555 0123`. Ctrl-D ends the list.")
            return list(sys.stdin)
        return Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problem = f"The list of --identifiers cannot be read ({type(error).__name__}). Nothing was erased."
    raise ConfigurationError(problem)


def _open_in_browser(file: Path) -> None:
    import webbrowser

    if not webbrowser.open(file.as_uri()):
        console.print_hint("No browser was found: open the file yourself.")


def _refuse_build(destination: str | None, dataset: str, project: Path | None) -> None:
    """Refuse to load what dbt could not build; a warehouse that cannot be read is the sync's to report."""
    from liine_source import dbt_runner
    from liine_source.monitoring import alerts

    try:
        dbt_runner.refuse_build(destination, dataset, project=project)
    except DestinationError:
        pass
    except ConfigurationError as error:
        alerts.notify_failure(dataset, str(error))
        raise


@contextlib.contextmanager
def _emulator_extra() -> "Iterator[None]":
    try:
        yield
    except ImportError:
        raise ConfigurationError("The emulator is an extra: pip install 'liine-source[emulator]'.") from None


def _emulator_settings() -> dict[str, Any]:
    """Return what `liine emulator` would print, but for its address."""
    with _emulator_extra():
        from liine_source.emulator import create_emulator
    emulator = create_emulator(interactions=0, customers=_EMULATOR_CUSTOMERS)
    return {"username": emulator.username, "password": emulator.password, "customer_ids": emulator.customer_ids}


def _ask(question: "Question") -> str:
    """Ask in the terminal, on standard error, and again after an answer that is none; of a secret nothing is shown."""

    def check(answer: str) -> str:
        try:
            if question.check:
                question.check(answer)
        except ConfigurationError as error:
            raise typer.BadParameter(str(error)) from None
        return answer

    try:
        answer: str = typer.prompt(
            question.text,
            default=question.default,
            hide_input=question.is_secret,
            show_default=bool(question.default),
            err=True,
            value_proc=check,
        )
    except typer.Abort:
        if THIS_PROCESS.has_come:
            raise KeyboardInterrupt from None
        raise
    return answer


def _read_password() -> str:
    text = sys.stdin.read().rstrip("\r\n")
    if not text or "\n" in text:
        raise ConfigurationError(
            "--password-stdin reads one line, the password, from standard input. Nothing was written."
        )
    return text


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value}


def _progress(*, as_json: bool) -> "SyncProgress":
    from liine_source.progress import SyncProgress, choose_mode

    progress = SyncProgress(choose_mode(is_hidden=as_json or json_log.is_logging()))
    THIS_PROCESS.count_kept_rows = lambda: progress.kept_rows
    return progress


def _dbt_progress(*, as_json: bool) -> "DbtProgress":
    from liine_source.progress import DbtProgress, choose_mode

    return DbtProgress(choose_mode(is_hidden=as_json or json_log.is_logging()))


def _parse_duration(text: str | None) -> timedelta | None:
    if text is None:
        return None
    units = {"m": "minutes", "h": "hours", "d": "days"}
    if not (text[:-1].isascii() and text[:-1].isdigit() and text[-1] in units):
        raise ConfigurationError("--max-age must be a number followed by m, h or d, such as 2h.")
    try:
        return timedelta(**{units[text[-1]]: int(text[:-1])})
    except OverflowError:
        problem = "--max-age must be less than 999999999d."
    raise ConfigurationError(problem)
