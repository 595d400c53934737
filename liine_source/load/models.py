"""Opens the schema of the dbt models for reading."""

from collections.abc import Iterator
from contextlib import contextmanager

import dlt

from liine_source.destinations import locate_pipeline, pipeline_destination
from liine_source.error_translation import translate_errors
from liine_source.errors import ConfigurationError, MissingModelsError
from liine_source.load.pipeline import dbt_environment, open_for_reading
from liine_source.spec.tables import DATASET_NAME
from liine_source.warehouse import marts


@contextmanager
def open_models(destination: str | None = None, dataset: str = DATASET_NAME) -> Iterator[dlt.Pipeline]:
    """Yield a pipeline whose dataset is the schema of a dataset's marts; nothing is written there.

    Raises ConfigurationError where the models do not run on the destination, MissingDatasetError where there is no
    DuckDB file.
    """
    with translate_errors():
        schema = marts.schema_name("marts", dbt_environment(destination, dataset)["LIINE_DATASET"])
        with open_for_reading(destination, schema) as pipeline:
            # Connecting to a DuckDB file that does not exist would create it.
            pipeline_destination(pipeline).require_existing(locate_pipeline(pipeline))
            yield pipeline


def require_models(pipeline: dlt.Pipeline, destination: str | None, dataset: str) -> None:
    """Raise MissingModelsError where models are missing or too old.

    Raises ConfigurationError where they were built from another dataset. The pipeline is one of `open_models`.
    """
    location = locate_pipeline(pipeline)
    if missing := marts.missing_models(pipeline):
        is_any_found = len(missing) < len(marts.READ_MODELS)
        raise MissingModelsError(location.dataset, str(location), missing, is_any_found=is_any_found)
    own = dbt_environment(destination, dataset)["LIINE_DATASET"]
    found = marts.built_from(pipeline)
    if found and found.lower() != own.lower():
        raise ConfigurationError(
            f"Schema {location.dataset} has models of the dataset {found}, not of {own}. Pass --dataset {found}, or "
            f"name the schema of the models of {own} in {marts.SCHEMA_VARIABLES['marts']}."
        )
