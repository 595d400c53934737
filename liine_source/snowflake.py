"""dlt's Snowflake, told to make only what is not there: Snowflake has no lock that would keep two first runs apart.

Pipelines of others in the same process have dlt's own.
"""

from functools import cache
from typing import Any

from dlt.destinations import snowflake


class Snowflake(snowflake):
    """The destination; its client needs the extra `snowflake`, and is made when it is asked for."""

    @property
    def client_class(self) -> Any:
        """Return the client with statements of ours."""
        return _client_class()


@cache
def _client_class() -> Any:
    from dlt.destinations.impl.snowflake.snowflake import SnowflakeClient  # noqa: PLC0415  it needs the extra

    class Client(SnowflakeClient):
        def initialize_storage(self, truncate_tables: Any = None) -> None:
            self._set_query_tags(operation="prepare_storage")
            if not self.is_storage_initialized():
                name = self.sql_client.fully_qualified_dataset_name()
                self.sql_client.execute_sql(f"CREATE SCHEMA IF NOT EXISTS {name}")
            elif truncate_tables:
                self.sql_client.truncate_tables(*truncate_tables)

        def _make_create_table(self, qualified_name: str, table: Any) -> str:
            del table
            return f"CREATE TABLE IF NOT EXISTS {qualified_name}"

        def _make_add_column_sql(self, new_columns: Any, table: Any = None) -> list[str]:
            # Our destination has one statement for each: in a list Snowflake may not take IF NOT EXISTS.
            return [f"ADD COLUMN IF NOT EXISTS {self._get_column_def_sql(column, table)}" for column in new_columns]

    return Client
