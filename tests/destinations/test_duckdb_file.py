"""A DuckDB file that is written anew: the same objects and rows, without the bytes of what was deleted."""

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest

from liine_source.errors import DestinationError
from liine_source.warehouse import duckdb_file

FILE = Path("warehouse.duckdb")
SECRET = b"Canary Person 4711"
SCRIPT = """
create schema liine;
create schema "odd ""schema";
create table liine.interactions (id bigint primary key, name text);
insert into liine.interactions select i, 'Canary Person ' || i from range(10000) as r(i);
create index own on liine.interactions (name);
create table "odd ""schema"."odd ""table" as from liine.interactions;
create view liine.a_view as from warehouse.liine.interactions;
create macro liine.next_of(x) as x + 1;
delete from liine.interactions where id >= 10;
delete from "odd ""schema"."odd ""table" where id > 2;
checkpoint;
vacuum;
"""


@pytest.fixture(autouse=True)
def _file() -> Iterator[None]:
    with closing(duckdb.connect(str(FILE))) as connection:
        connection.execute(SCRIPT)
    FILE.chmod(0o640)
    yield
    assert sorted(path.name for path in Path().glob("*.duckdb*")) == [FILE.name]


def found() -> dict[str, Any]:
    """Return what the file holds."""
    queries = {
        "rows": "select * from liine.interactions order by id",
        "odd": 'select count(*) from "odd ""schema"."odd ""table"',
        "view": "select count(*) from liine.a_view",
        "macro": "select liine.next_of(1)",
        "index": "select index_name from duckdb_indexes()",
    }
    with closing(duckdb.connect(str(FILE))) as connection:
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}


def test_rewritten_file_has_the_same_rows_and_no_deleted_bytes() -> None:
    """CHECKPOINT and VACUUM left the bytes; tables, views, indexes and the file's permissions are the same."""
    before = found()
    assert SECRET in FILE.read_bytes()
    sizes = duckdb_file.rewrite(FILE)
    assert SECRET not in FILE.read_bytes()
    assert b"Canary Person 9" in FILE.read_bytes()
    assert found() == before
    assert FILE.stat().st_mode & 0o777 == 0o640
    assert sizes.bytes_after == FILE.stat().st_size


def test_copy_that_differs_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that lacks a row, or holds another value, is told by the table's name, and the old file stays."""
    before = found()
    connect = duckdb.connect
    for statement in (
        "delete from rewritten.liine.interactions where id = 3",
        "update rewritten.liine.interactions set name = 'other' where id = 3",
        "drop index rewritten.liine.own",
    ):

        class Broken:
            def __init__(self, path: str, statement: str = statement) -> None:
                self._connection, self._statement = connect(path), statement

            def execute(self, sql: str, *arguments: Any) -> Any:
                result = self._connection.execute(sql, *arguments)
                if sql.startswith("copy from database"):
                    self._connection.execute(self._statement)
                return result

            def close(self) -> None:
                self._connection.close()

        with monkeypatch.context() as patch:
            patch.setattr(duckdb, "connect", Broken)
            with pytest.raises(DestinationError, match=r"liine\.interactions|indexes"):
                duckdb_file.rewrite(FILE)
        assert found() == before


def test_killed_rewrite_leaves_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the new file takes its place the old one is whole; what a killed run has left is no obstacle."""
    before = found()

    def kill(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(Path, "replace", kill)
        duckdb_file.rewrite(FILE)
    assert found() == before
    Path("warehouse.duckdb.new").write_bytes(b"half a file")
    duckdb_file.rewrite(FILE)
    assert found() == before
