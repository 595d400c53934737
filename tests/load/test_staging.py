"""Staging: a dataset of the load's own, never confused with a dataset of somebody else."""

from pathlib import Path

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from liine_source import ConfigurationError, build_pipeline, liine, sync
from liine_source.emulator import running_emulator
from liine_source.errors import NameClashError
from liine_source.load import pipeline as loading
from tests.commands.test_sync import settings
from tests.support.warehouse import Place, differences, on_duckdb_and_postgres, query, spoil

WAREHOUSE = Path("warehouse.duckdb")
OWN = Path("own.duckdb")


def staging_of(pipeline: dlt.Pipeline) -> str:
    """Return the name of the pipeline's staging dataset."""
    with pipeline.sql_client() as client:
        return str(client.staging_dataset_name)


def test_dataset_named_like_staging_keeps_its_rows() -> None:
    """A dataset `liine_staging` beside `liine` keeps its rows, and no staging of the loads remains."""
    with running_emulator(interactions=60, customers=2) as api:
        sync(dataset="liine_staging", **settings(api))
        sync(**settings(api))
        for dataset in ("liine", "liine_staging"):
            assert differences(WAREHOUSE, api.truth(), dataset) == []
    schemas = query(WAREHOUSE, "select schema_name from information_schema.schemata where catalog_name = 'warehouse'")
    assert {row["schema_name"] for row in schemas} == {"main", "liine", "liine_staging"}


@on_duckdb_and_postgres
@pytest.mark.parametrize("foreign_table", ["somebody_elses", "_dlt_loads"])
def test_foreign_staging_dataset_is_refused(warehouse: Place, foreign_table: str) -> None:
    """Staging with foreign tables, or with a loaded dataset, is refused; what a dead run left is dropped."""

    def find_staging_name() -> str:
        with loading.open_pipeline(None, "liine", run_key="a run key", label="a_label") as pipeline:
            return staging_of(pipeline)

    name = find_staging_name()
    spoil(warehouse, f"create schema {name}")
    spoil(warehouse, f"create table {name}.interactions as select 1 as id")
    assert find_staging_name() == name
    spoil(warehouse, f"create schema {name}")
    spoil(warehouse, f"create table {name}.interactions as select 1 as id")
    spoil(warehouse, f"create table {name}.{foreign_table} as select 1 as id")
    with pytest.raises(ConfigurationError, match=f"(?i){name} has tables that no load has staged"):
        find_staging_name()
    assert query(warehouse, f"select id from {name}.interactions") == [{"id": 1}]  # noqa: S608  names of ours


def test_database_file_named_like_staging_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB cannot tell a catalogue and a schema of the same name apart."""
    name = staging_of(build_pipeline())
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", f"{name}.duckdb")
    with pytest.raises(NameClashError, match="the DuckDB file and the staging dataset have the same name"):
        build_pipeline()


def custom_pipeline(dataset: str) -> dlt.Pipeline:
    """Return a pipeline as a script makes it, with dlt's own name for staging."""
    return dlt.pipeline(f"own_{dataset}", destination=dlt.destinations.duckdb(str(OWN)), dataset_name=dataset)


@pytest.mark.parametrize("neighbour", ["loaded dataset", "foreign table"])
def test_custom_pipeline_does_not_empty_foreign_dataset(neighbour: str) -> None:
    """dlt's name for staging may be taken; the load is then refused before anything is requested."""
    with running_emulator(interactions=20, customers=1) as api:
        if neighbour == "loaded dataset":
            custom_pipeline("liine_staging").run(liine(**settings(api)))
        else:
            spoil(OWN, "create schema liine_staging")
            spoil(OWN, "create table liine_staging.interactions as select 1 as id")
        before = query(OWN, "select id from liine_staging.interactions order by id")
        requests_before = len(api.requests)
        with pytest.raises(PipelineStepFailed, match="liine_staging has tables that no load has staged"):
            custom_pipeline("liine").run(liine(**settings(api)))
        assert len(api.requests) == requests_before
    assert query(OWN, "select id from liine_staging.interactions order by id") == before


def test_custom_pipeline_may_share_staging_with_dbt() -> None:
    """dbt's models have other names, and stay as they are."""
    with running_emulator(interactions=20, customers=1) as api:
        spoil(OWN, "create schema liine_staging")
        spoil(OWN, "create view liine_staging.stg_liine__interactions as select 1 as id")
        for _ in range(2):
            custom_pipeline("liine").run(liine(**settings(api)))
        assert differences(OWN, api.truth()) == []
    assert query(OWN, "select id from liine_staging.stg_liine__interactions") == [{"id": 1}]
