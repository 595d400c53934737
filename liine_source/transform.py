"""From loaded tables to marts: dbt's build of the project that comes with this package, and its first answers.

dbt runs in a process of its own with the connector's settings in its environment. What it writes, its log too, may
quote rows, so it goes to a folder that is removed; names of models and tests are all that is told.
"""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL, Popen, TimeoutExpired
from tempfile import TemporaryDirectory
from typing import Any

import dlt
from dlt.common.runtime.run_context import RunContext

from liine_source import loading
from liine_source.errors import ConfigurationError, TransformError
from liine_source.failures import translated

MARTS = "liine_marts"

# In a wheel the project lies inside the package, in a checkout beside it.
_PROJECTS = (Path(__file__).parent / "dbt_project", Path(__file__).parents[1] / "dbt")
_ADAPTERS = {"duckdb": "dbt", "postgres": "dbt-postgres", "snowflake": "dbt-snowflake"}
FAILED = frozenset({"error", "fail", "runtime error", "partial success"})
# So many seconds dbt has to end when the run is told to.
_PATIENCE = 10
_QUIET = {"DO_NOT_TRACK": "1"}
# What a manifest is made of.
_SOURCES = ("*.yml", "models/**/*", "macros/**/*.sql", "seeds/*", "snapshots/*", "tests/**/*.sql")

_CHANNELS = """
select channel, sum(new_leads) as new_leads, sum(booked_leads) as booked_leads, sum(new_lead_revenue) as revenue
from rpt_liine__channel_daily group by channel order by 2 desc, 1
"""
_FUNNEL = """
select sum(new_leads), sum(reached_leads), sum(booked_leads), sum(attended_leads), sum(revenue)
from rpt_liine__lead_funnel_monthly
"""


@dataclass(frozen=True, slots=True)
class Built:
    """What dbt did: how many models it built and tests it ran, and the names of those that warn."""

    nodes: int
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Channel:
    """A marketing channel's new leads, by the first touch; revenue in US dollars."""

    channel: str
    new_leads: int
    booked_leads: int
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class Funnel:
    """All new leads, and how many of them were reached, booked and attended; revenue in US dollars."""

    new_leads: int
    reached_leads: int
    booked_leads: int
    attended_leads: int
    revenue: Decimal


def project_folder() -> Path:
    """Return the folder of the dbt project that comes with the connector, to be copied where it is to be changed."""
    found = next((folder for folder in _PROJECTS if (folder / "dbt_project.yml").is_file()), None)
    if found is None:
        raise ConfigurationError("The dbt project is not there: install the package again, or name your own.")
    return found


def build(destination: str | None = None, dataset: str = loading.DATASET_NAME, *, project: Path | None = None) -> Built:
    """Run `dbt build` over what was loaded into `dataset`; return what was built.

    `project` is the folder of a dbt project, by default the one that comes with the connector. Its models are made in
    the schemas that its README names. Raises TransformError, which names each model and test that failed, and
    ConfigurationError where dbt, or its adapter for the destination, is not installed.
    """
    return built(outcomes(destination, dataset, project=project))


def built(outcomes: Mapping[str, str]) -> Built:
    """Return what was built, from dbt's `outcomes`; raise TransformError if something failed."""
    names: dict[str, list[str]] = {}
    for unique_id, status in outcomes.items():
        names.setdefault(status, []).append(_named(unique_id))
    if failures := sorted(name for status, some in names.items() if status in FAILED for name in some):
        raise TransformError(failures, f"dbt failed, and skipped {len(names.get('skipped', []))} that rest on what did")
    return Built(len(outcomes), sorted(names.get("warn", [])))


def outcomes(
    destination: str | None = None,
    dataset: str = loading.DATASET_NAME,
    *,
    project: Path | None = None,
    select: Sequence[str] = (),
) -> dict[str, str]:
    """Run `dbt build`, of the models named in `select` or of all; return dbt's status by its id of each node.

    Raises as `build` does, but for what failed.
    """
    with TemporaryDirectory(prefix="liine-") as folder, translated():
        pipeline = loading.build_pipeline(destination, dataset, folder=folder)
        kind = loading.kind_of(pipeline)
        if kind not in _ADAPTERS:
            raise ConfigurationError(f"The models run on DuckDB, Postgres and Snowflake, not on {kind}.")
        environment = _environment(kind, loading.credentials(pipeline), dataset)
    if not (find_spec("dbt.cli") and find_spec(f"dbt.adapters.{kind}")):
        raise ConfigurationError(f"dbt is not installed: pip install 'liine-source[{_ADAPTERS[kind]}]'.")
    # Unit tests try the definitions on rows of their own, and need no new load.
    arguments = ["build", "--exclude-resource-type=unit_test", *(["--select", *select] if select else [])]
    with _ran(arguments, project or project_folder(), environment, "run_results.json") as results:
        return {result["unique_id"]: result["status"] for result in json.loads(results.read_text())["results"]}


def manifest(project: Path | None = None) -> Path:
    """Return dbt's manifest of a project, in dlt's data folder; made anew when a file of the project is another.

    Nothing is asked of a warehouse, and no setting is read: the names in it are those of a DuckDB file.
    """
    folder = project or project_folder()
    digest = hashlib.sha256(f"{folder.resolve()} {version('dbt-core')}".encode())
    files = (path for pattern in _SOURCES for path in folder.glob(pattern) if path.is_file())
    for path in sorted(files):
        digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    found = Path(RunContext(None).data_dir, "liine_dbt", digest.hexdigest()[:12], "manifest.json")
    if not found.is_file():
        found.parent.mkdir(parents=True, exist_ok=True)
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment |= {"DESTINATION_TYPE": "duckdb", "DESTINATION__DUCKDB__CREDENTIALS": ":memory:"}
        with _ran(["parse"], folder, environment | _QUIET, found.name) as made:
            # Several processes of a scheduler may come at once; each sees a whole file.
            copy = found.with_suffix(f".{os.getpid()}")
            copy.write_bytes(made.read_bytes())
            copy.replace(found)
    return found


def channels(destination: str | None = None) -> list[Channel]:
    """Return the channels of the marts, those with most new leads first."""
    rows = _rows(destination, _CHANNELS)
    return [Channel(name, int(new), int(booked), revenue) for name, new, booked, revenue in rows]


def funnel(destination: str | None = None) -> Funnel | None:
    """Return the funnel over all months and customers; None where there is no new lead."""
    ((new, reached, booked, attended, revenue),) = _rows(destination, _FUNNEL)
    return None if new is None else Funnel(int(new), int(reached), int(booked), int(attended), revenue)


@contextmanager
def _ran(arguments: Sequence[str], project: Path, environment: Mapping[str, str], result: str) -> Iterator[Path]:
    """Run dbt; yield the file `result` that it wrote, which is then removed with all that it wrote."""
    with loading.ended_cleanly(), TemporaryDirectory(prefix="liine-dbt-") as folder:
        read = [f"--project-dir={project}", f"--profiles-dir={project}"]
        written = [f"--target-path={folder}/target", f"--log-path={folder}/log"]
        command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", *arguments, *read, *written]
        ended = _ended(command, environment, folder)
        written_file = Path(folder, "target", result)
        if not written_file.is_file():
            raise TransformError([], f"dbt ended with {ended} before it built anything; `dbt debug` may say why")
        yield written_file


def _ended(command: Sequence[str], environment: Mapping[str, str], folder: str) -> int:
    """Run a command to its end, or to ours; return its code."""
    # In a session of its own: a terminal's Ctrl-C would come to it twice.
    process = Popen(command, env=environment, cwd=folder, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True)  # noqa: S603  our own
    try:
        return process.wait()
    except BaseException:
        # Interrupted, dbt cancels what it has asked of the warehouse; killed, it would leave that running.
        process.send_signal(signal.SIGINT)
        with suppress(TimeoutExpired):
            process.wait(_PATIENCE)
        raise
    finally:
        # Also where a second signal has cut that wait short.
        process.kill()
        process.wait()


def _named(unique_id: str) -> str:
    """`test.liine.unique_leads.0a1b2c` as `test unique_leads`."""
    kind, _, name, *_ = unique_id.split(".")
    return f"{kind} {name}"


def _environment(kind: str, credentials: Any, dataset: str) -> dict[str, str]:
    """The names that the project's profile reads, which are dlt's, whichever way dlt was given the settings."""
    prefix = f"DESTINATION__{kind.upper()}__CREDENTIALS"
    told: dict[str, Any] = {"DESTINATION_TYPE": kind, "LIINE_DATASET": dataset, **_QUIET}
    if kind == "duckdb":
        told[prefix] = Path(credentials.database).resolve()
    else:
        names = ["host", "port", "username", "password", "database", "warehouse", "role"]
        names += ["private_key", "private_key_passphrase"]
        told |= {f"{prefix}__{name.upper()}": getattr(credentials, name, None) for name in names}
    if kind == "postgres":
        options = credentials.query or {}
        # A server's socket is in a folder that an address can name in its options only.
        told |= {f"{prefix}__HOST": options.get("host") or credentials.host}
        told |= {"PGSSLMODE": options.get("sslmode"), "PGOPTIONS": options.get("options")}
    return {**os.environ, **{name: str(value) for name, value in told.items() if value is not None}}


def _rows(destination: str | None, statement: str) -> list[tuple[Any, ...]]:
    marts = os.environ.get("LIINE_MARTS_SCHEMA", MARTS)
    with TemporaryDirectory(prefix="liine-") as folder, translated():
        pipeline: dlt.Pipeline = loading.build_pipeline(destination, marts, folder=folder)
        with pipeline.sql_client() as client:
            return list(map(tuple, client.execute_sql(statement) or []))
