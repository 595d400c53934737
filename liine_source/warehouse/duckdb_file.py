"""DuckDB's file: what was deleted stays readable in it, through CHECKPOINT and VACUUM, until it is written anew."""

import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from liine_source.documentation import page
from liine_source.errors import DestinationError

_KINDS = ("tables", "views", "indexes", "sequences")


class RewrittenFile(NamedTuple):
    """The size of a file in bytes, before and after it was written anew."""

    bytes_before: int
    bytes_after: int


def require_readable(path: Path) -> None:
    """Open a file and close it again; raises DuckDB's error where it is none, or another program has it open."""
    import duckdb  # noqa: PLC0415  only needed here

    duckdb.connect(str(path), read_only=True).close()


@contextmanager
def hold_for_reading(path: Path) -> Iterator[bool]:
    """Keep a file open that others may read meanwhile; yield False where this process has it open for writing.

    Raises DestinationError where another program has it open for writing.
    """
    connection = _connect_for_reading(path)
    with closing(connection) if connection else nullcontext():
        yield connection is not None


def _connect_for_reading(path: Path) -> Any:
    import duckdb  # noqa: PLC0415  only needed here

    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.ConnectionException:
        return None
    except duckdb.IOException as error:
        if "set lock on file" not in str(error):
            raise
        process = re.search(r"PID \d+", str(error))
    raise DestinationError(
        f"Another program{f' ({process[0]})' if process else ''} has {path} open for writing, perhaps a run: until it "
        f"ends, DuckDB lets nobody else read the file. Run again then, or read a copy: {page('duckdb')}."
    )


def rewrite(path: Path) -> RewrittenFile:
    """Copy a DuckDB file into a new one, compare every row of the two, and put the new one in its place.

    No other program can write meanwhile: the old file stays open until it is replaced. A run that is killed leaves the
    old file as it was. Raises DestinationError where the copy differs; the old file stays then as well.
    """
    import duckdb  # noqa: PLC0415  only needed here

    before, new = path.stat().st_size, path.with_name(f"{path.name}.new")
    # A run that was killed has left it.
    new.unlink(missing_ok=True)
    try:
        with closing(duckdb.connect(str(path))) as connection:
            (old_name,) = connection.execute("select current_database()").fetchall()[0]
            connection.execute("attach '{}' as rewritten".format(str(new).replace("'", "''")))
            connection.execute(f"copy from database {_quote(old_name)} to rewritten")
            differing = _compare(connection, old_name)
            connection.execute("detach rewritten")
            if not differing:
                shutil.copymode(path, new)
                new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    if differing:
        raise DestinationError(
            f"The file {path} could not be written anew: {', '.join(differing)} would differ. It stays as it was, with "
            "the bytes of deleted rows. Copy what you need into another file and delete this one."
        )
    return RewrittenFile(before, path.stat().st_size)


def _compare(connection: Any, old_name: str) -> list[str]:
    """Return the tables that differ, and the kinds of other objects of which the new file has fewer."""
    databases = (old_name, "rewritten")
    differing = []
    for kind in _KINDS:
        counts = [
            connection.execute(f"select count(*) from duckdb_{kind}() where database_name = ?", [database]).fetchall()  # noqa: S608  words of ours
            for database in databases
        ]
        differing += [kind] if counts[0] != counts[1] else []
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ? and not temporary", [old_name]
    ).fetchall()
    for schema, table in tables:
        name = f"{_quote(schema)}.{_quote(table)}"
        contents = [
            connection.execute(
                f"select count(*), sum(hash(found)::hugeint) from {_quote(database)}.{name} as found"  # noqa: S608  quoted names
            ).fetchall()
            for database in databases
        ]
        differing += [f"{schema}.{table}"] if contents[0] != contents[1] else []
    return differing


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
