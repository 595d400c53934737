"""Runs the dbt project on a warehouse as a user does: in a process of its own, configured by environment variables."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import psycopg2

from tests.marts.ad_spend import AD_SPEND
from tests.marts.health import NOW
from tests.marts.interactions import Row
from tests.marts.managers import SEEDS
from tests.support.warehouse import Place, query

PROJECT = Path(__file__).parents[2] / "dbt"


@dataclass(frozen=True)
class Result:
    """The result of one node of a run."""

    node: str
    status: str
    failures: int

    @property
    def kind(self) -> str:
        """Model, test, unit_test, seed and so on."""
        return self.node.split(".")[0]

    @property
    def name(self) -> str:
        """The name of the node, without the model of a unit test and the hash of a test."""
        return self.node.split(".")[3 if self.kind == "unit_test" else 2]


@dataclass(frozen=True)
class Outcome:
    """The result of a run, node by node; `output` is what dbt printed."""

    code: int
    results: tuple[Result, ...]
    output: str

    @property
    def statuses(self) -> Counter[str]:
        """Number of nodes by status."""
        return Counter(result.status for result in self.results)

    def named(self, *statuses: str) -> list[str]:
        """Names of the nodes with one of `statuses`."""
        return sorted(result.name for result in self.results if result.status in statuses)

    def kinds(self) -> Counter[str]:
        """Number of nodes by kind."""
        return Counter(result.kind for result in self.results)


class Project:
    """The dbt project on one warehouse. `folder` takes dbt's files, and the warehouse if it is a DuckDB file.

    Commands share dbt's partial parse, because no model changes in between. `parsed` is the partial parse of another
    project on the same kind of warehouse, to start from. `source` has the project's files; by default they are a copy
    with the tests' own seeds.
    """

    def __init__(self, place: Place, folder: Path, parsed: Path | None = None, source: Path = PROJECT) -> None:
        self.place = place
        self._source = source
        if source == PROJECT:
            self._source = folder / "dbt"
            shutil.copytree(PROJECT, self._source, ignore=shutil.ignore_patterns("target", "logs"), dirs_exist_ok=True)
            shutil.copytree(SEEDS, self._source / "seeds", dirs_exist_ok=True)
        self._folder = folder
        self.parsed = folder / "target" / "partial_parse.msgpack"
        if parsed:
            self.parsed.parent.mkdir()
            shutil.copy(parsed, self.parsed)
        self._settings = _settings(place)

    def start(self, *command: str, zone: str = "UTC", variables: dict[str, Any] | None = None) -> "Running":
        """Start a dbt command whose session has the time zone `zone`."""
        arguments = [*command, *(("--vars", json.dumps(variables)) if variables else ())]
        folders = ["--project-dir", self._source, "--profiles-dir", self._source]
        folders += ["--log-path", self._folder / "logs"]
        target = self._folder / "target"
        process = subprocess.Popen(  # noqa: S603  dbt itself
            [
                sys.executable,
                "-m",
                "dbt.cli.main",
                "--no-use-colors",
                *arguments,
                *folders,
                "--target-path",
                target,
            ],
            cwd=self._folder,
            env=self.environment(zone),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Running(process, target / "run_results.json")

    def environment(self, zone: str) -> dict[str, str]:
        """The environment of a command whose session has the time zone `zone`."""
        return {**os.environ, **self._settings, "LIINE_NOW": str(NOW), "TZ": zone, "PGTZ": zone}

    def run(self, *command: str, zone: str = "UTC", variables: dict[str, Any] | None = None) -> Outcome:
        """Run a dbt command and return its outcome."""
        return self.start(*command, zone=zone, variables=variables).outcome()

    def tables(self, schema: str = "liine_marts") -> dict[str, list[Row]]:
        """Rows of every table of a schema, apart from the one that names the dataset."""
        listed = f"select table_name from information_schema.tables where table_schema = '{schema}'"  # noqa: S608  names of dbt's own making
        listed += " and table_name <> '_liine_dataset'"
        names = sorted(row["table_name"] for row in query(self.place, listed))
        return {name: query(self.place, f"select * from {schema}.{name}") for name in names}  # noqa: S608  names of dbt's own making


def insert_ad_spend(place: Place) -> None:
    """Write the table of ad spend into the dataset, as a user would."""
    values = ", ".join(f"({', '.join(map(_literal, row.values()))})" for row in AD_SPEND)
    texts = "channel text, utm_source text, utm_medium text, utm_campaign text"
    statements = (
        f"create table liine.ad_spend (spend_date date, customer_id bigint, {texts}, cost numeric(12, 2))",
        f"insert into liine.ad_spend values {values}",  # noqa: S608  literals above
    )
    if isinstance(place, Path):
        with duckdb.connect(str(place)) as connection:
            for statement in statements:
                connection.execute(statement)
        return
    with closing(psycopg2.connect(place)) as connection, connection:
        for statement in statements:
            connection.cursor().execute(statement)


def _literal(value: object) -> str:
    return "null" if value is None else f"'{value}'"


class Running:
    """A dbt command that is running."""

    def __init__(self, process: subprocess.Popen[str], results: Path) -> None:
        self._process = process
        self._results = results

    def outcome(self) -> Outcome:
        """Wait for the command to end."""
        output, _ = self._process.communicate()
        nodes = json.loads(self._results.read_text(encoding="utf-8"))["results"]
        all_results = (Result(row["unique_id"], row["status"], row["failures"] or 0) for row in nodes)
        # A hook is an operation; if it fails, so does dbt.
        results = tuple(result for result in all_results if result.kind != "operation")
        return Outcome(self._process.returncode, results, output)


def _settings(place: Place) -> dict[str, str]:
    """The connector's settings as dlt's environment variables."""
    if isinstance(place, Path):
        # Relative to dbt's working folder, so that the partial parse is valid for other files too.
        return {"DESTINATION_TYPE": "duckdb", "DESTINATION__DUCKDB__CREDENTIALS": place.name}
    url = urlsplit(str(place))
    parts = {
        "HOST": parse_qs(url.query)["host"][0],
        "USERNAME": url.username or "",
        "PASSWORD": url.password or "",
        "DATABASE": url.path.removeprefix("/"),
    }
    settings = {f"DESTINATION__POSTGRES__CREDENTIALS__{name}": value for name, value in parts.items()}
    return {"DESTINATION_TYPE": "postgres", **settings}
