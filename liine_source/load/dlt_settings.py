"""dlt's own settings: defaults that leave no rows behind, and a refusal of those that would lose rows.

For dlt the environment and files precede arguments, so a wrong setting cannot be overridden in code: it is refused
before anything is requested.
"""

from collections.abc import Iterable
from typing import Any

import dlt
from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.resolve import inject_section
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.destination.configuration import ParquetFormatConfiguration
from dlt.common.storages.configuration import LoadStorageConfiguration
from dlt.extract import DltSource
from dlt.load.configuration import LoaderConfiguration
from dlt.pipeline.configuration import PipelineConfiguration

from liine_source.errors import ConfigurationError

# Files and staging tables hold patients' rows, so neither may outlive its load.
_FOR_ANY_PIPELINE = {
    "load.delete_completed_jobs": True,
    "load.truncate_staging_dataset": True,
    "destination.snowflake.keep_staged_files": False,
}
# dlt sends usage data unless told not to, and with its default order it reads some six batches ahead of the one it
# writes. On a signal dlt would leave some tables of a load merged and others not; `defer_signals` prevents that.
_FOR_OUR_PIPELINES = _FOR_ANY_PIPELINE | {
    "extract.next_item_mode": "fifo",
    "runtime.dlthub_telemetry": False,
    "runtime.intercept_signals": False,
}

Rule = tuple[bool, str, str, str]
"""Whether a setting has the required value, its name, that value, and what would happen otherwise."""


def set_defaults(*, is_our_pipeline: bool) -> None:
    """Give dlt the settings that safe loading needs, where files and environment have none.

    A pipeline that others built keeps dlt's own, but for those that would leave rows in files or staging tables.
    """
    for setting, value in (_FOR_OUR_PIPELINES if is_our_pipeline else _FOR_ANY_PIPELINE).items():
        if dlt.config.get(setting) is None:
            dlt.config[setting] = value


def refuse_redirection(pipeline_name: str) -> None:
    """Raise ConfigurationError where the pipeline would load elsewhere than into its dataset."""
    found = _resolved(PipelineConfiguration(), pipeline_name, "pipelines", pipeline_name)
    elsewhere = "the rows would be loaded into a dataset of another name, where no other command looks"
    _refuse(
        [
            (not found.dev_mode, "pipelines.dev_mode", "unset", elsewhere),
            (not found.dataset_name_layout, "pipelines.dataset_name_layout", "unset", elsewhere),
            (not found.staging_type, "pipelines.staging_type", "unset", "rows would stay in the files of a bucket"),
            (not found.import_schema_path, "pipelines.import_schema_path", "unset", "tables could have other columns"),
            (not found.refresh, "pipelines.refresh", "unset", "tables would be dropped and not loaded again"),
        ]
    )


def refuse_leftovers(pipeline: dlt.Pipeline) -> None:
    """Raise ConfigurationError where rows would stay in files or in staging after a load."""
    load, files = _load_settings(pipeline)
    keeps_staged = _destination_setting(pipeline, "snowflake", "keep_staged_files")
    behind = "rows would be left in"
    _refuse(
        [
            (load.truncate_staging_dataset, "load.truncate_staging_dataset", "true", f"{behind} staging tables"),
            (files.delete_completed_jobs, "load.delete_completed_jobs", "true", f"{behind} dlt's folder"),
            (not keeps_staged, "destination.snowflake.keep_staged_files", "false", f"{behind} Snowflake's stage"),
        ]
    )


def refuse_losses(pipeline: dlt.Pipeline) -> None:
    """Raise ConfigurationError where a load could lose rows and still succeed."""
    load, _ = _load_settings(pipeline)
    formats = [
        _resolved(ParquetFormatConfiguration(), pipeline.pipeline_name, step) for step in ("extract", "normalize")
    ]
    truncates = any(found.allow_truncated_timestamps for found in formats)
    layout = _destination_setting(pipeline, "filesystem", "layout") or "{file_id}"
    refused = "rows that the warehouse refuses would be lost without an error"
    noted = "the state would be kept on this machine and not with the rows"
    cut = "times would lose their microseconds"
    _refuse(
        [
            (load.raise_on_failed_jobs, "load.raise_on_failed_jobs", "true", refused),
            (pipeline.config.restore_from_destination, "pipelines.restore_from_destination", "true", noted),
            (not truncates, "data_writer.allow_truncated_timestamps", "false", cut),
            (
                "{file_id}" in layout,
                "destination.filesystem.layout",
                "one with {file_id}",
                "files would be overwritten",
            ),
        ]
    )


def refuse_discarding(source: DltSource) -> None:
    """Raise ConfigurationError where an argument or hint makes dlt drop rows, columns or empty texts."""
    schema = source.discover_schema()
    for name, table in schema.tables.items():
        modes = schema.resolve_contract_settings_for_table(name).values()
        if discarding := next((mode for mode in modes if str(mode).startswith("discard")), None):
            raise ConfigurationError(
                f"schema_contract must not be {discarding}, as it is for table {name}: rows and new fields would be "
                "lost without an error. Leave it out, or use freeze, which raises one. Nothing was requested."
            )
        if table.get("file_format") == "csv":
            raise ConfigurationError(
                "loader_file_format must not be csv: empty texts would be loaded as null. Leave it out, for parquet. "
                "Nothing was requested."
            )


def _load_settings(pipeline: dlt.Pipeline) -> tuple[LoaderConfiguration, LoadStorageConfiguration]:
    name = pipeline.pipeline_name
    files = _resolved(LoadStorageConfiguration(load_volume_path=""), name, "load")
    return _resolved(LoaderConfiguration(_load_storage_config=files), name, "load"), files


def _destination_setting(pipeline: dlt.Pipeline, destination: str, setting: str) -> Any:
    """Return a setting of one destination; None where the pipeline has another destination, or none yet."""
    found = pipeline.destination
    if not found or found.destination_name != destination:
        return None
    return getattr(pipeline.destination_client().config, setting)


def _resolved(spec: BaseConfiguration, pipeline_name: str, *sections: str) -> Any:
    """Return settings as dlt itself finds them for a pipeline, in files or the environment."""
    with inject_section(ConfigSectionContext(pipeline_name=pipeline_name, sections=sections)):
        return resolve_configuration(spec)


def _refuse(rules: Iterable[Rule]) -> None:
    for is_met, setting, needed, otherwise in rules:
        if not is_met:
            raise ConfigurationError(
                f"dlt's setting {setting} must be {needed}: otherwise {otherwise}. Change it in .dlt/config.toml, or "
                f"{setting.upper().replace('.', '__')} in the environment. Nothing was requested."
            )
