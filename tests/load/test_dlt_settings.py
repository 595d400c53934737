"""dlt settings that would lose rows or leave them behind are refused before anything is requested."""

from functools import partial
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from liine_source import ConfigurationError, liine, sync, verify
from liine_source.emulator import running_emulator
from tests.commands.test_sync import settings
from tests.support.snowflake_stand_in import StandIn

# With these, a load succeeds although rows are missing or changed.
LOSES_ROWS = {
    "failed jobs are ignored": ({"LOAD__RAISE_ON_FAILED_JOBS": "false"}, "load.raise_on_failed_jobs must be true"),
    "failed jobs are ignored, no section": (
        {"RAISE_ON_FAILED_JOBS": "false"},
        "load.raise_on_failed_jobs must be true",
    ),
    "state is not restored": (
        {"PIPELINES__RESTORE_FROM_DESTINATION": "false"},
        "pipelines.restore_from_destination must be true",
    ),
    "microseconds are truncated": (
        {"DATA_WRITER__COERCE_TIMESTAMPS": "ms", "DATA_WRITER__ALLOW_TRUNCATED_TIMESTAMPS": "true"},
        "data_writer.allow_truncated_timestamps must be false",
    ),
}
# With these, rows about patients stay in files or staging tables, or go to another dataset than the one named.
LEAVES_ROWS = {
    "section of the pipeline": ({"LIINE_SYNC__LOAD__RAISE_ON_FAILED_JOBS": "false"}, "load.raise_on_failed_jobs"),
    "completed jobs are kept": ({"LOAD__DELETE_COMPLETED_JOBS": "false"}, "load.delete_completed_jobs must be true"),
    "staging is kept": ({"LOAD__TRUNCATE_STAGING_DATASET": "false"}, "load.truncate_staging_dataset must be true"),
    "staging bucket": (
        {"PIPELINES__STAGING_TYPE": "filesystem", "DESTINATION__FILESYSTEM__BUCKET_URL": "bucket"},
        "pipelines.staging_type must be unset",
    ),
    "dev mode": ({"PIPELINES__DEV_MODE": "true"}, "pipelines.dev_mode must be unset"),
    "dataset name layout": ({"PIPELINES__DATASET_NAME_LAYOUT": "x_%s"}, "pipelines.dataset_name_layout"),
    "imported schema": ({"PIPELINES__IMPORT_SCHEMA_PATH": "x"}, "pipelines.import_schema_path must be unset"),
    "refresh": ({"PIPELINES__REFRESH": "drop_data"}, "pipelines.refresh must be unset"),
}


def set_all(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    """Set each variable."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(("environment", "message"), [*LOSES_ROWS.values(), *LEAVES_ROWS.values()])
@pytest.mark.parametrize("command", [sync, verify])
def test_command_refuses_unsafe_setting(
    command: Any, environment: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command requests nothing and creates no file."""
    set_all(monkeypatch, environment)
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(ConfigurationError, match=message):
            command(**settings(api))
        assert api.requests == []
    assert not Path("warehouse.duckdb").exists()


def test_unsafe_setting_in_config_file_is_refused() -> None:
    """Settings from config.toml are checked like those from the environment."""
    with running_emulator(interactions=20, customers=1) as api, dlt.config.values({"load.raise_on_failed_jobs": False}):
        with pytest.raises(ConfigurationError, match="LOAD__RAISE_ON_FAILED_JOBS"):
            sync(**settings(api))
        assert api.requests == []


@pytest.mark.parametrize(
    ("environment", "arguments", "message"),
    [
        *((environment, {}, message) for environment, message in LOSES_ROWS.values()),
        ({"OWN__LOAD__RAISE_ON_FAILED_JOBS": "false"}, {}, "load.raise_on_failed_jobs must be true"),
        ({}, {"schema_contract": {"columns": "discard_value"}}, "schema_contract must not be discard_value"),
        ({}, {"schema_contract": {"columns": "discard_row"}}, "schema_contract must not be discard_row"),
        ({}, {"schema_contract": {"tables": "discard_row"}}, "schema_contract must not be discard_row"),
        (
            {"DESTINATION__POSTGRES__CREDENTIALS": "postgresql://nobody:x@localhost/nowhere"},
            {"loader_file_format": "csv"},
            "loader_file_format must not be csv",
        ),
    ],
)
def test_custom_pipeline_refuses_unsafe_setting(
    environment: dict[str, str], arguments: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is requested or loaded, and rows loaded earlier stay unchanged."""
    with running_emulator(interactions=20, customers=1) as api:
        set_all(monkeypatch, environment)
        destination = "postgres" if "loader_file_format" in arguments else "duckdb"
        pipeline = dlt.pipeline("own", destination=destination, dataset_name="liine")
        with pytest.raises(PipelineStepFailed) as caught:
            pipeline.extract(liine(**settings(api)), **arguments)
        assert message in str(caught.value)
        assert api.requests == []


@pytest.mark.parametrize("is_custom", [False, True])
def test_filesystem_layout_without_file_id_is_refused(
    is_custom: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without the id, each load would overwrite the files of the one before."""
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", str(tmp_path / "lake"))
    monkeypatch.setenv("DESTINATION__FILESYSTEM__LAYOUT", "{table_name}/{load_id}.{ext}")
    with running_emulator(interactions=20, customers=1) as api:
        own = dlt.pipeline("own", destination="filesystem", dataset_name="liine")
        run = (
            partial(own.extract, liine(**settings(api))) if is_custom else partial(sync, "filesystem", **settings(api))
        )
        with pytest.raises((ConfigurationError, PipelineStepFailed), match=r"layout must be one with \{file_id\}"):
            run()
        assert api.requests == []


def test_schema_contract_of_single_table_is_checked() -> None:
    """A contract that discards values is refused on one resource too; `freeze` is allowed, since it raises."""
    with running_emulator(interactions=20, customers=1) as api:
        source = liine(**settings(api))
        source.resources["interactions__provider_names"].apply_hints(schema_contract={"columns": "discard_value"})
        pipeline = dlt.pipeline("own", destination="duckdb", dataset_name="liine")
        with pytest.raises(PipelineStepFailed, match="schema_contract must not be discard_value"):
            pipeline.extract(source)
        assert api.requests == []
        pipeline.run(liine(**settings(api)), schema_contract={"columns": "freeze"})


@pytest.mark.slow("snowflake")
def test_keeping_staged_files_is_refused(snowflake: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files in Snowflake's internal stage would keep the rows of a load."""
    monkeypatch.setenv("DESTINATION__SNOWFLAKE__KEEP_STAGED_FILES", "true")
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(ConfigurationError, match="keep_staged_files must be false"):
            sync(**settings(api))
        assert api.requests == []
    assert snowflake.statements == []
