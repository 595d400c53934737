"""`liine erasures export`: the erasures of a dataset as a file, for another dataset or a restored copy."""

from pathlib import Path

from liine_source.destinations import locate_pipeline, pipeline_destination
from liine_source.error_translation import translate_errors
from liine_source.errors import ConfigurationError
from liine_source.load.pipeline import open_for_reading
from liine_source.privacy.erasure_file import ErasureFile, write_erasure_file
from liine_source.spec.tables import DATASET_NAME, PERSONAL_DATA_KEYS
from liine_source.warehouse import catalog, key_store, queries


def export_erasures(file: str | Path, destination: str | None = None, dataset: str = DATASET_NAME) -> ErasureFile:
    """Write the erasures of a dataset to a file that only its owner can read; return what is in it.

    It holds keyed hashes and the check values of their keys, never an identifier or a key. An older file of this kind
    is replaced. Raises ConfigurationError for any other file, for a folder of files as destination, and where the check
    value of a key is lost; MissingDatasetError where there is no such dataset.
    """
    with translate_errors(), open_for_reading(destination, dataset) as pipeline:
        if not catalog.speaks_sql(pipeline):
            raise ConfigurationError("A folder of files has no erasures to export.")
        pipeline_destination(pipeline).has_tables(pipeline, locate_pipeline(pipeline))
        identifiers = queries.identifiers_by_erasure(pipeline)
        checks = dict(key_store.read_check_values(pipeline))
        used = {one.key_id for one in identifiers}
        if lost := sorted(used - checks.keys()):
            raise ConfigurationError(
                f"The check value of the key {', '.join(lost)} is gone from {PERSONAL_DATA_KEYS}. Run `liine sync`, "
                "which stores it again or says what else to do, then export again."
            )
        contents = ErasureFile(
            1,
            {key_id: checks[key_id] for key_id in sorted(used)},
            queries.read_erasures(pipeline, {one.erasure_id for one in identifiers}),
            identifiers,
        )
    write_erasure_file(Path(file), contents)
    return contents
