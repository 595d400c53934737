"""Who can read a DuckDB file beside whom: readers beside readers, nobody beside a writer, and anybody a copy."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest

from liine_source import status, sync
from liine_source.emulator import running_emulator
from liine_source.errors import DestinationError
from tests.commands.test_sync import settings
from tests.support.warehouse import Place, query, spoil

PAGE = Path(__file__).parents[2] / "docs" / "duckdb.md"
WAREHOUSE = Path("warehouse.duckdb")
SNAPSHOT = Path("snapshot/warehouse.duckdb")


@pytest.fixture(autouse=True)
def _warehouse() -> None:
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))


def test_status_reads_beside_another_reader() -> None:
    """A BI tool that reads the file keeps `status` out no more than `status` it."""
    with opened_elsewhere(is_read_only=True):
        assert [customer.rows for customer in status()] == [20]


def test_status_names_the_writer() -> None:
    """While a run writes, nobody can read; the process is named, and the page that shows how to make a copy."""
    with opened_elsewhere(is_read_only=False) as process:
        expected = rf"\(PID {process}\) has {re.escape(str(WAREHOUSE.resolve()))} open for writing.*duckdb\.md"
        with pytest.raises(DestinationError, match=expected):
            status()
    assert [customer.rows for customer in status()] == [20]


def test_status_in_a_process_that_writes() -> None:
    """A notebook with its own connection gets an answer, and keeps its connection."""
    with closing(duckdb.connect(str(WAREHOUSE))) as connection:
        assert [customer.rows for customer in status()] == [20]
        assert connection.execute("select count(*) from liine.interactions").fetchall() == [(20,)]


def test_snapshot_of_the_docs() -> None:
    """It holds tables, views and comments. Runs and new copies go on while somebody has an old copy open."""
    (script,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    spoil(WAREHOUSE, "create view liine.a_view as select id from warehouse.liine.interactions")
    take(script)
    with closing(duckdb.connect(str(SNAPSHOT), read_only=True)) as reader:
        with running_emulator(interactions=20, customers=1) as api:
            api.change(api.truth()[0]["id"], duration=4711)
            sync(**settings(api))
        Path("snapshot/new.duckdb").write_bytes(b"what an interrupted copy has left")
        take(script)
        old = reader.execute("select count(*) from liine.interactions where duration = 4711").fetchall()
    assert old == [(0,)]
    assert rows(SNAPSHOT, "liine.interactions where duration = 4711") == 1
    assert rows(SNAPSHOT, "liine.a_view") == 20
    assert (
        rows(SNAPSHOT, "duckdb_columns() where schema_name = 'liine' and table_name = 'sweeps' and comment is null")
        == 0
    )
    assert SNAPSHOT.stat().st_mode & 0o077 == 0
    assert [path.name for path in SNAPSHOT.parent.iterdir()] == [SNAPSHOT.name]


def take(script: str) -> None:
    subprocess.run([sys.executable, "-c", script], check=True)  # noqa: S603  the script of the page


def rows(place: Place, source: str) -> int:
    return int(query(place, f"select count(*) as n from {source}")[0]["n"])  # noqa: S608  names of ours


@contextmanager
def opened_elsewhere(*, is_read_only: bool) -> Iterator[int]:
    """Keep the file open in another process meanwhile; yield its id."""
    script = f"import duckdb, sys; c = duckdb.connect('{WAREHOUSE}', read_only={is_read_only}); print(1, flush=True)"
    with subprocess.Popen(  # noqa: S603  a script of our own
        [sys.executable, "-c", f"{script}; sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "1\n"
        yield other.pid
        other.communicate("")
