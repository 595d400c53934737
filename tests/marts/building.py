"""The dbt project run over a warehouse, as a user runs it: another process, told by environment variables."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.marts.interactions import Row
from tests.warehouse import Place, query

PROJECT = Path(__file__).parents[2] / "dbt"


@dataclass(frozen=True)
class Result:
    """What one node of a run came to."""

    node: str
    status: str
    failures: int

    @property
    def kind(self) -> str:
        """Model, test, unit_test, seed and so on."""
        return self.node.split(".")[0]

    @property
    def name(self) -> str:
        """The node's name, without the model of a unit test and the digits that dbt puts after a test's."""
        return self.node.split(".")[3 if self.kind == "unit_test" else 2]


@dataclass(frozen=True)
class Outcome:
    """What a run came to, node by node; `told` is what dbt printed."""

    code: int
    results: tuple[Result, ...]
    told: str

    @property
    def statuses(self) -> Counter[str]:
        """How many nodes came to each status."""
        return Counter(result.status for result in self.results)

    def named(self, *statuses: str) -> list[str]:
        """The names of the nodes that came to one of `statuses`."""
        return sorted(result.name for result in self.results if result.status in statuses)

    def kinds(self) -> Counter[str]:
        """How many nodes of each kind there were."""
        return Counter(result.kind for result in self.results)


class Project:
    """The dbt project over one warehouse; dbt's own files lie in `folder`, and a DuckDB file too.

    What dbt has read of the project serves for the next command: nobody changes a model in between.

    `parsed` is a file in which another run over the same kind of warehouse left what it had read of the project.
    """

    def __init__(self, place: Place, folder: Path, parsed: Path | None = None) -> None:
        self.place = place
        self._folder = folder
        self.parsed = folder / "target" / "partial_parse.msgpack"
        if parsed:
            self.parsed.parent.mkdir()
            shutil.copy(parsed, self.parsed)
        self._settings = _settings(place)

    def start(self, *command: str, zone: str = "UTC", variables: dict[str, Any] | None = None) -> "Running":
        """Begin a command of dbt in a session of `zone`."""
        said = [*command, *(("--vars", json.dumps(variables)) if variables else ())]
        where = ["--project-dir", PROJECT, "--profiles-dir", PROJECT, "--log-path", self._folder / "logs"]
        target = self._folder / "target"
        process = subprocess.Popen(  # noqa: S603  dbt itself
            [
                sys.executable,
                "-m",
                "dbt.cli.main",
                "--no-use-colors",
                *said,
                *where,
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
        """The environment of a command whose session is in `zone`."""
        return {**os.environ, **self._settings, "TZ": zone, "PGTZ": zone}

    def run(self, *command: str, zone: str = "UTC", variables: dict[str, Any] | None = None) -> Outcome:
        """The outcome of a command of dbt."""
        return self.start(*command, zone=zone, variables=variables).outcome()

    def tables(self, schema: str = "liine_marts") -> dict[str, list[Row]]:
        """Every table of the marts with its rows."""
        listed = f"select table_name from information_schema.tables where table_schema = '{schema}'"  # noqa: S608  names of dbt's own making
        names = sorted(row["table_name"] for row in query(self.place, listed))
        return {name: query(self.place, f"select * from {schema}.{name}") for name in names}  # noqa: S608  names of dbt's own making


class Running:
    """A command of dbt under way."""

    def __init__(self, process: subprocess.Popen[str], results: Path) -> None:
        self._process = process
        self._results = results

    def outcome(self) -> Outcome:
        """Wait for its end."""
        told, _ = self._process.communicate()
        held = json.loads(self._results.read_text(encoding="utf-8"))["results"]
        results = tuple(Result(row["unique_id"], row["status"], row["failures"] or 0) for row in held)
        return Outcome(self._process.returncode, results, told)


def _settings(place: Place) -> dict[str, str]:
    """The connector's own settings, by the names that dlt gives them."""
    if isinstance(place, Path):
        # Said from the folder that dbt works in, so that what was parsed for one file serves for the next.
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
