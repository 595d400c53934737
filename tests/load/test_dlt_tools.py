"""dlt's own ways to look at what `liine sync` has loaded, as docs/dlt.md shows them."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from liine_source import build_pipeline, sync
from liine_source.emulator import running_emulator
from tests.commands.test_sync import settings

PAGE = Path(__file__).parents[2] / "docs" / "dlt.md"


def test_commands_of_the_page() -> None:
    """dlt restores the pipeline from the warehouse into a folder of its own, and shows its tables."""
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
    attach, info = re.findall(r"^\$ (python .*|dlt .* info)$", PAGE.read_text(), re.MULTILINE)
    run(attach)
    assert "interactions with 1 table(s)" in run(info)


# Later versions of DuckDB 2 advise another way, which dlt cannot take.
@pytest.mark.filterwarnings("ignore:Arrow output")
def test_arrow_of_a_whole_relation() -> None:
    """dlt 1.31 asks DuckDB 2 for it by a method that is gone."""
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
    with build_pipeline().sql_client() as client, client.execute_query("select id from interactions") as cursor:
        assert [len(table) for table in cursor.iter_arrow(chunk_size=0)] == [20]
    with build_pipeline().sql_client() as client, client.execute_query("select id from interactions") as cursor:
        assert sum(map(len, cursor.iter_arrow(chunk_size=7))) == 20


def run(command: str) -> str:
    """Run a command of the page in this environment, and return what it prints."""
    program, *arguments = shlex.split(command)
    module = [] if program == "python" else ["-m", "dlt._workspace.cli._dlt"]
    environment = os.environ | {"DESTINATION__DUCKDB__CREDENTIALS": "warehouse.duckdb"}
    done = subprocess.run(  # noqa: S603  commands of the page
        [sys.executable, *module, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout
