"""What tables the destination has, by its own catalogue; no schema that some pipeline remembers is trusted for it."""

import dlt
from dlt.destinations.job_client_impl import SqlJobClientBase

from liine_source import tables


def speaks_sql(pipeline: dlt.Pipeline) -> bool:
    """Whether the destination is a database, rather than files."""
    return isinstance(pipeline.destination_client(), SqlJobClientBase)


def column_types(pipeline: dlt.Pipeline, table: str = tables.INTERACTIONS) -> dict[str, str]:
    """Return dlt's data types of the columns that a table has in the pipeline's dataset; none if it is not there."""
    with pipeline.destination_client() as client:
        _, columns = client.get_storage_table(table)  # type: ignore[attr-defined]
    # Snowflake spells in capitals what dlt spells in small letters.
    return {name.lower(): column["data_type"] for name, column in columns.items()}
