"""Builds the models of the dbt project that comes with this package, and queries their main figures.

dbt runs in a process of its own, with the connector's settings in its environment. Its files and its log may quote
rows, so they go to a folder that is deleted; only names of models and tests are reported.
"""

import hashlib
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from dlt.common.runtime.run_context import RunContext

from liine_source import dbt_process
from liine_source.destinations import get_destination, pipeline_destination
from liine_source.error_translation import translate_errors
from liine_source.errors import BusyError, ConfigurationError, MissingDatasetError, TransformError
from liine_source.load.models import open_models
from liine_source.load.pipeline import PATIENCE, dbt_environment, locate, open_for_reading
from liine_source.load.private_files import owner_only_files
from liine_source.load.signals import exit_on_sigterm
from liine_source.spec.tables import DATASET_NAME
from liine_source.warehouse import catalog, marts

log = logging.getLogger(__name__)

# What the macro `refuse_other_dataset` says; it names only datasets and schemas.
_REFUSAL = re.compile(r"Schema \S+ has models of the dataset .* first\.")

# In a wheel the project is inside the package, in a checkout next to it.
_PROJECTS = (Path(__file__).parent / "dbt_project", Path(__file__).parents[1] / "dbt")
_BEGUN_NODE = b'"LogStartLine"'
_STATUSES = "statuses.json"
FAILED_STATUSES = frozenset({"error", "fail", "runtime error", "partial success"})
# Seconds that dbt has to end when the run is interrupted.
_GRACE_SECONDS = 10
_NO_TELEMETRY = {"DO_NOT_TRACK": "1"}
# What dbt gets of this process's environment, apart from the destination's settings: never the API's password or a
# key of hashes. A project of the user's own may have variables that begin with DBT_.
_PASSED_ON = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|TZ|LANG|LC_\w+|PYTHON\w+|VIRTUAL_ENV|LD_LIBRARY_PATH|DBT_\w+|PG[A-Z]+"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(?:http|https|no|all)_proxy"
    # Not dlt's settings, which have two underscores.
    r"|LIINE(?:_[A-Z]+)+",
    re.IGNORECASE,
)
# The files that determine a manifest.
_PROJECT_FILES = ("*.yml", "models/**/*", "macros/**/*.sql", "seeds/*", "snapshots/*", "tests/**/*.sql")


def _sums(*columns: str) -> str:
    """Sums of which each is null if one of its values is."""
    return ", ".join(f"case when count({name}) = count(*) then sum({name}) end" for name in columns)


_CHANNELS = f"""
select channel, {_sums("new_leads", "booked_leads", "new_lead_revenue")}
from rpt_liine__channel_daily group by channel order by 2 desc, 1
"""  # noqa: S608  columns of ours
_FUNNEL = f"""
select {_sums("new_leads", "reached_leads", "booked_leads", "attended_leads", "revenue")}
from rpt_liine__lead_funnel_monthly
"""  # noqa: S608  columns of ours


@dataclass(frozen=True, slots=True)
class DbtBuild:
    """How many models dbt built and tests it ran, and the names of those that warn."""

    nodes: int
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChannelLeads:
    """New leads of a marketing channel, by first touch; revenue in US dollars. What the data cannot tell is None."""

    channel: str
    new_leads: int | None
    booked_leads: int | None
    revenue: Decimal | None


@dataclass(frozen=True, slots=True)
class LeadFunnel:
    """New leads, and how many of them were reached, booked and attended; revenue in US dollars.

    What the data cannot tell is None.
    """

    new_leads: int
    reached_leads: int | None
    booked_leads: int | None
    attended_leads: int | None
    revenue: Decimal | None


def project_folder() -> Path:
    """Return the folder of the dbt project that comes with the connector; copy it to change it."""
    found = next((folder for folder in _PROJECTS if (folder / "dbt_project.yml").is_file()), None)
    if found is None:
        raise ConfigurationError("The dbt project is missing: install liine-source again, or pass your own project.")
    return found


class DbtObserver(Protocol):
    """Follows dbt."""

    def on_node(self, kind: str, number: int, total: int) -> None:
        """Dbt begins with the node `number` of `total`, which is a `model`, `test`, `seed` or `snapshot`."""


def build(
    destination: str | None = None,
    dataset: str = DATASET_NAME,
    *,
    project: Path | None = None,
    observer: DbtObserver | None = None,
) -> DbtBuild:
    """Run `dbt build` over what was loaded into `dataset`; return what was built.

    `project` is the folder of a dbt project, by default the one that comes with the connector. Its models are made in
    schemas named after the dataset, as its README says. Raises TransformError, which names each model and test that
    failed, and ConfigurationError as `refuse_build` does.
    """
    return summarize(run_build(destination, dataset, project=project, observer=observer))


def require_dbt(destination: str | None = None, *, project: Path | None = None) -> None:
    """Raise ConfigurationError where dbt, its adapter or the project is missing; nothing is connected to."""
    found = get_destination(destination)
    extra = found.require_models()
    if not (_is_installed("dbt.cli") and _is_installed(f"dbt.adapters.{found.name}")):
        raise ConfigurationError(f"dbt is not installed: pip install 'liine-source[{extra}]'.")
    folder = project or project_folder()
    if missing := [file for file in ("dbt_project.yml", "profiles.yml") if not (folder / file).is_file()]:
        raise ConfigurationError(
            f"There is no {' and no '.join(missing)} in {folder}, which --dbt-project names. A copy of "
            f"{project_folder()} has both."
        )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        # The package around it is missing too.
        return False


def summarize(statuses: Mapping[str, str]) -> DbtBuild:
    """Return what was built, from dbt's status of each node; raises TransformError if one failed."""
    names: dict[str, list[str]] = {}
    for unique_id, status in statuses.items():
        names.setdefault(status, []).append(_node_name(unique_id))
    if failures := sorted(name for status, some in names.items() if status in FAILED_STATUSES for name in some):
        skipped = len(names.get("skipped", []))
        raise TransformError(failures, f"dbt failed, and skipped {skipped} nodes that depend on these")
    # A hook is an operation.
    nodes = sum(not unique_id.startswith("operation.") for unique_id in statuses)
    return DbtBuild(nodes, sorted(names.get("warn", [])))


def refuse_build(destination: str | None = None, dataset: str = DATASET_NAME, *, project: Path | None = None) -> None:
    """Raise ConfigurationError where dbt could not build; nothing is written.

    That is where dbt, or its adapter for the destination, is not installed, and where one of the schemas that the
    project builds in has models of another dataset. Which schemas a project of the user's own builds in is known only
    when dbt runs: then the macro `refuse_other_dataset` looks.
    """
    require_dbt(destination, project=project)
    if project is None:
        _refuse_other_dataset(destination, dataset)


def run_build(
    destination: str | None = None,
    dataset: str = DATASET_NAME,
    *,
    project: Path | None = None,
    select: Sequence[str] = (),
    observer: DbtObserver | None = None,
) -> dict[str, str]:
    """Run `dbt build` of the models in `select`, or of all; return dbt's status of each node by its id.

    Raises as `build` does, except for nodes that failed.
    """
    refuse_build(destination, dataset, project=project)
    variables = _environment(destination, dataset)
    environment = {**_passed_on(), **_NO_TELEMETRY, **variables}
    # Unit tests use rows of their own, so they need not run after each load. Nobody reads the files about the project.
    arguments = ["build", "--exclude-resource-type=unit_test", "--no-write-json"]
    if select:
        arguments += ["--select", *select]
    # In a project that has ours as a package, only a variable says which dataset it is.
    arguments.append(f"--vars={json.dumps({'liine_dataset': variables['LIINE_DATASET']})}")
    log.debug("dbt builds the project in %s.", project or project_folder())
    with (
        _keep_others_out(destination, dataset),
        _run_dbt(arguments, project or project_folder(), environment, _STATUSES, observer) as statuses,
    ):
        found: dict[str, str] = json.loads(statuses.read_text())
        return found


@contextmanager
def _keep_others_out(destination: str | None, dataset: str) -> Iterator[None]:
    """Wait for another build of the dataset, where the destination can: two at once may add a row twice.

    Raises BusyError where it takes too long.
    """
    if not get_destination(destination).supports_concurrent_writers:
        # A file has one writer.
        yield
        return
    with ExitStack() as opened:
        with translate_errors():
            pipeline = opened.enter_context(open_for_reading(destination, dataset))
            try:
                opened.enter_context(pipeline_destination(pipeline).exclusive(pipeline, "build", PATIENCE))
            except TimeoutError:
                raise BusyError(
                    f"Another build of the models of dataset {dataset} goes on. Nothing was built: run again when it "
                    "has ended."
                ) from None
        yield


def parse_manifest(project: Path | None = None) -> Path:
    """Return dbt's manifest of a project, in dlt's data folder; parsed again when a file of the project has changed.

    No warehouse is connected to and no setting is read: the names in it are those of a DuckDB file.
    """
    folder = project or project_folder()
    digest = hashlib.sha256(f"{folder.resolve()} {version('dbt-core')}".encode())
    files = (path for pattern in _PROJECT_FILES for path in folder.glob(pattern) if path.is_file())
    for path in sorted(files):
        digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    found = _data_folder() / digest.hexdigest()[:12] / "manifest.json"
    if not found.is_file():
        environment = _passed_on() | {"DESTINATION_TYPE": "duckdb", "DESTINATION__DUCKDB__CREDENTIALS": ":memory:"}
        with _run_dbt(["parse"], folder, environment | _NO_TELEMETRY, found.name) as parsed:
            _store(parsed, found)
    return found


def _data_folder() -> Path:
    return Path(RunContext(None).data_dir, "liine_dbt")


def _store(file: Path, place: Path) -> None:
    """Copy a file; several processes may do so at once, and others must see a whole one."""
    place.parent.mkdir(parents=True, exist_ok=True)
    copy = place.with_suffix(f".{os.getpid()}")
    copy.write_bytes(file.read_bytes())
    copy.replace(place)


def _passed_on() -> dict[str, str]:
    # Only those are read: while a scheduler parses its file, no secret is.
    return {name: os.environ[name] for name in os.environ if _PASSED_ON.fullmatch(name)}


def _to_int(number: Any) -> int | None:
    return None if number is None else int(number)


def _environment(destination: str | None, dataset: str) -> dict[str, str]:
    with translate_errors():
        return dbt_environment(destination, dataset)


def _refuse_other_dataset(destination: str | None, dataset: str) -> None:
    location = locate(destination, dataset)
    kind = get_destination(location.destination)
    # Connecting to a DuckDB file that does not exist would create it.
    with suppress(MissingDatasetError), translate_errors(), open_for_reading(destination, dataset) as pipeline:
        kind.require_existing(location)
        own = catalog.dataset_name(pipeline)
        tables = kind.list_datasets(pipeline)
        for schema in (marts.schema_name(part, own) for part in marts.SCHEMA_VARIABLES):
            if marts.RECORD_TABLE not in tables.get(schema.lower(), ()):
                continue
            with pipeline.sql_client() as client:
                name = client.escape_column_name(schema)
                ((found,),) = client.execute_sql(f"select dataset from {name}.{marts.RECORD_TABLE}") or [(own,)]  # noqa: S608  names
            if found.lower() != own.lower():
                variables = ", ".join(marts.SCHEMA_VARIABLES.values())
                raise ConfigurationError(
                    f"Schema {schema} has models of the dataset {found}, and a build from {own} would replace them. "
                    f"Nothing was built. Name other schemas for {own} in {variables}, or drop {schema} first."
                )


def query_channels(destination: str | None = None, dataset: str = DATASET_NAME) -> list[ChannelLeads]:
    """Return the channels of a dataset's marts, most new leads first."""
    rows = _query(destination, dataset, _CHANNELS)
    return [ChannelLeads(name, _to_int(new), _to_int(booked), revenue) for name, new, booked, revenue in rows]


def query_funnel(destination: str | None = None, dataset: str = DATASET_NAME) -> LeadFunnel | None:
    """Return the lead funnel of a dataset's marts, over all months and customers; None where there is no new lead."""
    ((new, reached, booked, attended, revenue),) = _query(destination, dataset, _FUNNEL)
    if new is None:
        return None
    return LeadFunnel(int(new), _to_int(reached), _to_int(booked), _to_int(attended), revenue)


@contextmanager
def _run_dbt(
    arguments: Sequence[str],
    project: Path,
    environment: Mapping[str, str],
    result: str,
    observer: DbtObserver | None = None,
) -> Iterator[Path]:
    """Run dbt and yield its file `result`; then all that it wrote is deleted, but for the parsed project.

    The parsed project halves the time of the next start. dbt itself compares it with files, variables and environment,
    and it has no rows, and no variable that begins with DBT_ENV_SECRET_.
    """
    # dbt runs in another folder.
    project = project.resolve()
    key = f"{project} {environment['DESTINATION_TYPE']} {environment.get('LIINE_DATASET')}"
    parsed = _data_folder() / f"{hashlib.sha256(key.encode()).hexdigest()[:12]}.msgpack"
    with exit_on_sigterm(), owner_only_files(), TemporaryDirectory(prefix="liine-dbt-") as folder:
        target = Path(folder, "target")
        command = [
            *(sys.executable, "-m", dbt_process.__name__, str(target / _STATUSES)),
            # An event a line. That of a failure may quote a row, so only numbers and kinds of nodes are taken of it.
            "--log-format=json",
            "--log-format-file=text",
            "--log-level=info",
            "--log-level-file=error",
            *arguments,
            f"--project-dir={project}",
            f"--profiles-dir={project}",
            f"--target-path={target}",
            f"--log-path={folder}/log",
        ]
        own_parsed = target / "partial_parse.msgpack"
        target.mkdir()
        if parsed.is_file():
            own_parsed.write_bytes(parsed.read_bytes())
        code = _wait_for(command, environment, folder, observer)
        if own_parsed.is_file():
            with suppress(OSError):
                _store(own_parsed, parsed)
        file = target / result
        if not file.is_file():
            log = Path(folder, "log", "dbt.log")
            if log.is_file() and (refusal := _REFUSAL.search(log.read_text())):
                raise ConfigurationError(refusal[0])
            raise TransformError([], f"dbt ended with code {code} before it built anything; `dbt debug` may say why")
        yield file


def _wait_for(command: Sequence[str], environment: Mapping[str, str], folder: str, observer: DbtObserver | None) -> int:
    """Run dbt and return its exit code; if this process is interrupted, so is dbt."""
    # In a session of its own, because a terminal's Ctrl-C would reach it twice.
    process = Popen(command, env=environment, cwd=folder, stdout=PIPE, stderr=DEVNULL, start_new_session=True)  # noqa: S603  our own
    try:
        for line in process.stdout or ():
            if observer and (begun := _parse_begun_node(line)):
                observer.on_node(*begun)
        return process.wait()
    except BaseException:
        # On an interrupt dbt cancels its queries in the warehouse; killed, it would leave them running.
        process.send_signal(signal.SIGINT)
        with suppress(TimeoutExpired):
            # It also reads what dbt writes, or dbt might wait for that.
            process.communicate(timeout=_GRACE_SECONDS)
        raise
    finally:
        # Also if a second signal has ended that wait.
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _parse_begun_node(line: bytes) -> tuple[str, int, int] | None:
    """Return kind, number and total of the node that dbt begins with; None for any other line."""
    if _BEGUN_NODE not in line:
        return None
    try:
        data = json.loads(line)["data"]
        return str(data["node_info"]["resource_type"]), int(data["index"]), int(data["total"])
    except (ValueError, LookupError, TypeError):
        # Another version of dbt may write something else, and progress is not worth a failure.
        return None


def _node_name(unique_id: str) -> str:
    """`test.liine.unique_leads.0a1b2c` as `test unique_leads`."""
    kind, _, name, *_ = unique_id.split(".")
    return f"{kind} {name}"


def _query(destination: str | None, dataset: str, statement: str) -> list[tuple[Any, ...]]:
    with open_models(destination, dataset) as pipeline, pipeline.sql_client() as client:
        return list(map(tuple, client.execute_sql(statement) or []))
