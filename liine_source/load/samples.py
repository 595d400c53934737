"""The dataset of a sample: its name, and how one sample makes room for the next."""

import dlt

from liine_source.destinations import pipeline_destination
from liine_source.errors import ConfigurationError
from liine_source.spec.tables import SAMPLE
from liine_source.warehouse import catalog


def sample_dataset(dataset: str) -> str:
    """Return the dataset in which samples of another are."""
    return f"{dataset}_sample"


def drop_sample(pipeline: dlt.Pipeline) -> bool:
    """Drop the sample of the pipeline's dataset, which may have rows of an erased person; return whether there was one.

    A dataset of that name that is no sample stays.
    """
    return _drop(pipeline, sample_dataset(catalog.dataset_name(pipeline)))


def make_room(pipeline: dlt.Pipeline) -> None:
    """Drop an older sample in the pipeline's dataset; raise ConfigurationError where it has tables of others."""
    if not catalog.speaks_sql(pipeline):
        raise ConfigurationError("A sample needs a database as destination. Nothing was requested.")
    own = catalog.dataset_name(pipeline)
    tables = pipeline_destination(pipeline).list_datasets(pipeline).get(own.lower(), set())
    if not _drop(pipeline, own) and tables - {*catalog.DLT_TABLES}:
        raise ConfigurationError(
            f"The dataset {own} has tables that no sample has made, and a sample needs its name. Rename it, or pass "
            "another --dataset. Nothing was requested."
        )


def _drop(pipeline: dlt.Pipeline, name: str) -> bool:
    tables = pipeline_destination(pipeline).list_datasets(pipeline).get(name.lower(), set())
    if SAMPLE not in tables:
        return False
    with catalog.connect(pipeline) as client, client.sql_client.with_alternative_dataset_name(name):
        client.sql_client.drop_dataset()
    return True
