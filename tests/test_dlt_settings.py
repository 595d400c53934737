"""dlt's own settings with which rows would be lost, or stay behind: refused before anything is requested."""

from functools import partial
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from liine_source import ConfigurationError, liine, sync, verify
from liine_source.emulator import running_emulator
from tests.snowflake_stand_in import StandIn
from tests.test_sync import settings

# With these a load succeeds and rows are missing, or other than the API gave them.
LOSES_ROWS = {
    "a failed job is ignored": ({"LOAD__RAISE_ON_FAILED_JOBS": "false"}, "load.raise_on_failed_jobs must be true"),
    "the same without its section": ({"RAISE_ON_FAILED_JOBS": "false"}, "load.raise_on_failed_jobs must be true"),
    "state is not kept with the rows": (
        {"PIPELINES__RESTORE_FROM_DESTINATION": "false"},
        "pipelines.restore_from_destination must be true",
    ),
    "microseconds are cut off": (
        {"DATA_WRITER__COERCE_TIMESTAMPS": "ms", "DATA_WRITER__ALLOW_TRUNCATED_TIMESTAMPS": "true"},
        "data_writer.allow_truncated_timestamps must be false",
    ),
}
# With these patients' rows stay in files or tables, or go to another dataset than the one named.
LEAVES_ROWS = {
    "of this pipeline alone": ({"LIINE_SYNC__LOAD__RAISE_ON_FAILED_JOBS": "false"}, "load.raise_on_failed_jobs"),
    "files of a load": ({"LOAD__DELETE_COMPLETED_JOBS": "false"}, "load.delete_completed_jobs must be true"),
    "staging": ({"LOAD__TRUNCATE_STAGING_DATASET": "false"}, "load.truncate_staging_dataset must be true"),
    "a bucket": (
        {"PIPELINES__STAGING_TYPE": "filesystem", "DESTINATION__FILESYSTEM__BUCKET_URL": "bucket"},
        "pipelines.staging_type must be unset",
    ),
    "a new dataset each run": ({"PIPELINES__DEV_MODE": "true"}, "pipelines.dev_mode must be unset"),
    "a dataset of another name": ({"PIPELINES__DATASET_NAME_LAYOUT": "x_%s"}, "pipelines.dataset_name_layout"),
    "a schema from a file": ({"PIPELINES__IMPORT_SCHEMA_PATH": "x"}, "pipelines.import_schema_path must be unset"),
    "tables dropped at each load": ({"PIPELINES__REFRESH": "drop_data"}, "pipelines.refresh must be unset"),
}


def set_all(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    """Set each variable."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(("environment", "told"), [*LOSES_ROWS.values(), *LEAVES_ROWS.values()])
@pytest.mark.parametrize("command", [sync, verify])
def test_a_command_refuses_it(
    command: Any, environment: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is requested, and no file is made."""
    set_all(monkeypatch, environment)
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(ConfigurationError, match=told):
            command(**settings(api))
        assert api.requests == []
    assert not Path("warehouse.duckdb").exists()


def test_a_file_of_settings_counts_too() -> None:
    """What dlt reads from config.toml, as what it finds in the environment."""
    with running_emulator(interactions=20, customers=1) as api, dlt.config.values({"load.raise_on_failed_jobs": False}):
        with pytest.raises(ConfigurationError, match="LOAD__RAISE_ON_FAILED_JOBS"):
            sync(**settings(api))
        assert api.requests == []


@pytest.mark.parametrize(
    ("environment", "arguments", "told"),
    [
        *((environment, {}, told) for environment, told in LOSES_ROWS.values()),
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
def test_a_pipeline_of_ones_own_refuses_it(
    environment: dict[str, str], arguments: dict[str, Any], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is requested, and nothing loaded; what an earlier run has loaded stays as it is."""
    with running_emulator(interactions=20, customers=1) as api:
        set_all(monkeypatch, environment)
        destination = "postgres" if "loader_file_format" in arguments else "duckdb"
        pipeline = dlt.pipeline("own", destination=destination, dataset_name="liine")
        with pytest.raises(PipelineStepFailed) as caught:
            pipeline.extract(liine(**settings(api)), **arguments)
        assert told in str(caught.value)
        assert api.requests == []


@pytest.mark.parametrize("is_own", [False, True])
def test_files_that_each_load_would_overwrite_are_refused(
    is_own: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A folder's layout without an id of the file."""
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", str(tmp_path / "lake"))
    monkeypatch.setenv("DESTINATION__FILESYSTEM__LAYOUT", "{table_name}/{load_id}.{ext}")
    with running_emulator(interactions=20, customers=1) as api:
        own = dlt.pipeline("own", destination="filesystem", dataset_name="liine")
        run = partial(own.extract, liine(**settings(api))) if is_own else partial(sync, "filesystem", **settings(api))
        with pytest.raises((ConfigurationError, PipelineStepFailed), match=r"layout must be one with \{file_id\}"):
            run()
        assert api.requests == []


def test_a_contract_of_one_table_counts_too() -> None:
    """Given to a resource, and not to the whole source; `freeze` raises by itself, and may be given."""
    with running_emulator(interactions=20, customers=1) as api:
        source = liine(**settings(api))
        source.resources["interactions__provider_names"].apply_hints(schema_contract={"columns": "discard_value"})
        pipeline = dlt.pipeline("own", destination="duckdb", dataset_name="liine")
        with pytest.raises(PipelineStepFailed, match="schema_contract must not be discard_value"):
            pipeline.extract(source)
        assert api.requests == []
        pipeline.run(liine(**settings(api)), schema_contract={"columns": "freeze"})


@pytest.mark.slow("snowflake")
def test_staged_files_have_to_go(snowflake: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Snowflake's internal stage holds the rows of a load."""
    monkeypatch.setenv("DESTINATION__SNOWFLAKE__KEEP_STAGED_FILES", "true")
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(ConfigurationError, match="keep_staged_files must be false"):
            sync(**settings(api))
        assert api.requests == []
    assert snowflake.statements == []
