"""What must not be mixed in one dataset, and which tables a load may select."""

from typing import Any

import dlt

from liine_source.api.hosts import host_of
from liine_source.errors import ConfigurationError
from liine_source.extract.state import SourceState
from liine_source.load.altered_tables import find_alterations, refuse_alterations
from liine_source.settings import Settings
from liine_source.spec.tables import INTERACTION_TABLES
from liine_source.warehouse import catalog

_ANOTHER_DATASET = "Load into another dataset: --dataset, or dataset_name."


def require_same_dataset(state: SourceState, settings: Settings) -> None:
    """Raise ConfigurationError where the dataset was loaded by other means, whose rows would be mixed with these.

    That is: an earlier version, another host, another `analytics_methodology` (open question 16), or another masking
    of personal data.
    """
    state.require_version()
    require_same_host(state, settings)
    state.require_same(
        "analytics_methodology",
        settings.filters.get("analytics_methodology", "none"),
        "This dataset was loaded with another analytics_methodology, under which the same rows mean something else. "
        + _ANOTHER_DATASET,
    )
    require_same_masking(state, settings)


def require_same_masking(state: SourceState, settings: Settings) -> None:
    """Raise ConfigurationError where the dataset was loaded with another masking of personal data."""
    state.require_same(
        "personal_data",
        settings.policy.fingerprint,
        "This dataset was loaded with other settings of personal_data, personal_data_fields or phone_country, and the "
        f"rows there would stay as they are. {_ANOTHER_DATASET} Then drop the old one.",
    )


def require_same_host(state: SourceState, settings: Settings) -> None:
    """Raise ConfigurationError where the dataset was loaded from another host."""
    state.require_same_host(host_of(settings.base_url))


def selected_tables() -> list[str]:
    """Return the tables of interactions that the current load fills.

    Raises ConfigurationError where the selection or a write disposition would lose or double rows.
    """
    resources = dlt.current.source().resources.selected
    selected = [name for name in INTERACTION_TABLES if name in resources]
    if not selected:
        raise ConfigurationError("Select a table of interactions as well: sweeps alone describe rows that are nowhere.")
    if not all(_is_merged(resources[name].write_disposition) for name in selected):
        raise ConfigurationError(
            "The tables of interactions must be merged: appended, changed rows would be there twice, and a replaced "
            'table would have the changed rows only. Leave out write_disposition; refresh="drop_resources" loads all '
            "rows again."
        )
    return selected


def _is_merged(disposition: Any) -> bool:
    given = {"disposition": disposition} if isinstance(disposition, str) else disposition
    return given["disposition"] == "merge" and given.get("strategy") != "insert-only"


def void_incomplete_tables(state: SourceState) -> None:
    """Mark tables as not loaded that are missing or lack a column: the rows cannot be trusted any more."""
    schema, pipeline = dlt.current.source_schema(), dlt.current.pipeline()
    columns = {name: schema.get_table_columns(name).keys() for name in state.loaded_tables() if name in schema.tables}
    for name in catalog.incomplete_tables(pipeline, columns) if columns and pipeline.destination else ():
        state.note_loaded(name, is_loaded=False)


def refuse_altered_tables() -> None:
    """Raise AlteredTableError where somebody has altered the dataset's tables, or refers to rows that are replaced."""
    pipeline = dlt.current.pipeline()
    if pipeline.destination and catalog.speaks_sql(pipeline):
        found = find_alterations(pipeline, deletes_rows=True)
        refuse_alterations(pipeline, found, needs_all=False)


def refuse_foreign_staging() -> None:
    """Raise ConfigurationError where dlt would empty a dataset of others as its staging.

    dlt empties the staging dataset before each load; our own pipelines use a name that nobody else has.
    """
    pipeline = dlt.current.pipeline()
    if pipeline.destination and (name := catalog.foreign_staging_dataset(pipeline)):
        raise ConfigurationError(
            f"The dataset {name} has tables that no load has staged, and dlt would empty it as its staging dataset. "
            f'Rename the staging dataset, for example with staging_dataset_name_layout = "%s_stg" under '
            f"[destination.{pipeline.destination.destination_name}], or load into another dataset_name."
        )
