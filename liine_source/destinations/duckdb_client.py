"""dlt's DuckDB, which merges a load's files as they are: no copy of the rows in staging tables.

DuckDB reads Parquet files like tables, and a copy costs more than the merge itself, in time, memory and bytes of the
file. Each table is still merged by dlt's own statements, in one transaction. The memory that suffices for ordinary rows
is allowed at first, and more where a merge needs it.
"""

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from dlt.common.destination import PreparedTableSchema
from dlt.common.destination.client import FollowupJobRequest, HasFollowupJobs, LoadJob, RunnableLoadJob
from dlt.common.storages.load_package import LoadJobInfo
from dlt.destinations import duckdb
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob
from dlt.destinations.impl.duckdb.sql_client import DuckDBDBApiCursorImpl, DuckDbSqlClient
from dlt.destinations.job_client_impl import SqlLoadJob

from liine_source.database_errors import DUCKDB_MEMORY_IS_USED_UP
from liine_source.warehouse import comments
from liine_source.warehouse.comments import CommentingClient

MEMORY_LIMIT = "100MiB"
# What allows DuckDB more than each limit, as DuckDB prints it; after the last it has its own default. A limit that the
# user has set is none of these.
_MORE_MEMORY = {"100.0 MiB": "SET memory_limit = '400MiB'", "400.0 MiB": "RESET memory_limit"}


class DuckDbFactory(duckdb):
    """dlt's DuckDB with our client. Other pipelines of the process keep dlt's own."""

    @property
    def client_class(self) -> type[DuckDbClient]:
        """Return the client that merges files."""
        return _Client


class _FileToAppend(DuckDbCopyJob):
    """A file of a table that is not merged; dlt itself would take a quote in the path for the end of it."""

    def run(self) -> None:
        """Insert the rows of the file."""
        client = self._job_client.sql_client
        table = client.make_qualified_table_name(self.load_table_name)
        client.execute_sql(f"INSERT INTO {table} BY NAME {_select_from([self._file_path])}")


class _FileToMerge(RunnableLoadJob, HasFollowupJobs):
    """A file that waits for the merge of its table."""

    def run(self) -> None:
        """Do nothing: the merge reads the file."""


class _Merge(SqlLoadJob):
    """Merges the files of a table; where DuckDB runs out of memory, again with more of it."""

    def run(self) -> None:
        """Run the statements in one transaction."""
        while True:
            try:
                return super().run()
            except DatabaseException as error:
                client = cast("_SqlClient", self._job_client.sql_client)
                if not (_is_out_of_memory(error) and client.allow_more_memory()):
                    raise


def _is_out_of_memory(error: DatabaseException) -> bool:
    return re.search(DUCKDB_MEMORY_IS_USED_UP, str(error.dbapi_exception)) is not None


def _select_from(files: Sequence[str]) -> str:
    """Return a query of the rows of Parquet files; DuckDB would take some characters of a path for a pattern."""
    literal = (re.sub(r"[\[*?]", r"[\g<0>]", file).replace("'", "''") for file in files)
    names = ", ".join(f"'{file}'" for file in literal)
    return f"SELECT * FROM read_parquet([{names}], union_by_name = true)"  # noqa: S608  files of this load


class _Cursor(DuckDBDBApiCursorImpl):
    def iter_arrow(self, chunk_size: int) -> Generator[Any, None, None]:
        """Yield rows as Arrow tables; for all of them dlt 1.31 calls a method that DuckDB 2 does not have."""
        if chunk_size:
            yield from super().iter_arrow(chunk_size)
        else:
            yield self.native_cursor.to_arrow_table()


class _SqlClient(DuckDbSqlClient):
    """Names files where a statement expects the name of a staging table."""

    cursor_impl = _Cursor
    files: Sequence[str] = ()

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        # dlt lets DuckDB's log of changes grow to 1 GB, and a merge would be written twice: into the log, and into the
        # file when it is closed.
        del self._global_config["checkpoint_threshold"]

    def allow_more_memory(self) -> bool:
        """Let DuckDB use more memory; return False where it has all that it may have."""
        with self.execute_query("SELECT current_setting('memory_limit')") as cursor:
            limit = cursor.fetchall()[0][0]
        if limit not in _MORE_MEMORY:
            return False
        self.execute_sql(_MORE_MEMORY[limit])
        return True

    def get_qualified_table_names(self, table_name: str, quote: bool = True, casefold: bool = True) -> tuple[str, str]:  # noqa: FBT001, FBT002  as dlt calls it
        """Return the name of a table, and of its staging table or what stands for it."""
        table, staging = super().get_qualified_table_names(table_name, quote, casefold)
        return table, self._select_from_files(table) if self.files else staging

    def _select_from_files(self, table: str) -> str:
        """Return a subquery with the columns of a table, some of which no file may have."""
        return f"(FROM (FROM {table} LIMIT 0) UNION ALL BY NAME {_select_from(self.files)})"


class _Client(CommentingClient, DuckDbClient):
    comments_query = comments.DUCKDB

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        own = self.sql_client
        self.sql_client = _SqlClient(own.dataset_name, own.staging_dataset_name, own.credentials, own.capabilities)

    def should_load_data_to_staging_dataset(self, table_name: str) -> bool:
        """Return False: no table has a copy in staging."""
        del table_name
        return False

    def drop_tables(self, *tables: str, delete_schema: bool = True) -> None:
        """Drop tables, as the argument `refresh` of a load asks for; staging has none."""
        if not self.in_staging_dataset_mode:
            super().drop_tables(*tables, delete_schema=delete_schema)

    def create_load_job(
        self,
        table: PreparedTableSchema,
        file_path: str,
        load_id: str,
        restore: bool = False,  # noqa: FBT001, FBT002  as dlt calls it
    ) -> LoadJob:
        """Return the job of a file."""
        if file_path.endswith(".parquet"):
            return _FileToMerge(file_path) if table["write_disposition"] == "merge" else _FileToAppend(file_path)
        if _Merge.is_sql_job(file_path):
            return _Merge(file_path)
        return super().create_load_job(table, file_path, load_id, restore)

    def create_table_chain_completed_followup_jobs(
        self,
        table_chain: Sequence[PreparedTableSchema],
        completed_table_chain_jobs: Sequence[LoadJobInfo] | None = None,
    ) -> list[FollowupJobRequest]:
        """Return the jobs that follow the files of a table: its merge, which names them."""
        with self._naming([job.file_path for job in completed_table_chain_jobs or ()]):
            return super().create_table_chain_completed_followup_jobs(table_chain, completed_table_chain_jobs)

    @contextmanager
    def _naming(self, files: Sequence[str]) -> Iterator[None]:
        self.sql_client.files = [file for file in files if file.endswith(".parquet")]  # type: ignore[attr-defined]
        try:
            yield
        finally:
            self.sql_client.files = ()  # type: ignore[attr-defined]
