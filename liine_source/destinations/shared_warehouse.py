"""A warehouse into which several runs may load at once: Postgres and Snowflake."""

from typing import ClassVar

import dlt
from dlt.common.schema import Schema

from liine_source.destinations.base import Destination
from liine_source.errors import DestinationError
from liine_source.spec.tables import INTERACTIONS, column_names
from liine_source.warehouse import catalog, state_store


class SharedWarehouse(Destination):
    """Creates the tables before a first load, and keeps the columns of runs at the same time apart."""

    supports_concurrent_writers: ClassVar[bool] = True
    has_staging_dataset: ClassVar[bool] = True

    def create_tables(self, pipeline: dlt.Pipeline, declared: Schema) -> None:
        """Create the tables before a first load: a file without rows cannot be loaded into Postgres."""
        # An import of erasures into a new dataset loads no interactions, and dlt creates its tables.
        if INTERACTIONS not in declared.tables or catalog.column_types(pipeline):
            return
        with pipeline.destination_client() as client:
            # As it will be stored: a changed schema is refused.
            client.schema = Schema.from_dict(declared.to_dict())  # type: ignore[arg-type]
            client.initialize_storage()
            names = declared.data_table_names(include_incomplete=True) + client.schema.dlt_table_names()
            # Interactions last: whoever finds that table finds the others too.
            client.update_stored_schema(only_tables=sorted(names, key=lambda name: name == INTERACTIONS))

    def refuse_other_types(self, pipeline: dlt.Pipeline, remedy: str) -> None:
        """Raise DestinationError where another run has added a new column with another type meanwhile."""
        stored = catalog.column_types(pipeline)
        columns = pipeline.default_schema.tables.get(INTERACTIONS, {"columns": {}})["columns"]
        ours = set(column_names(INTERACTIONS))
        new = {name: column.get("data_type") for name, column in columns.items() if name in stored and name not in ours}
        if other := sorted(name for name, data_type in new.items() if data_type and data_type != stored[name]):
            raise DestinationError(
                f"Another run has loaded new columns of {INTERACTIONS}, {', '.join(other)}, with other types. {remedy}"
            )

    def after_load(self, pipeline: dlt.Pipeline) -> None:
        """Keep only the newest state of the pipeline: dlt adds one with each load."""
        state_store.delete_older_states(pipeline)
