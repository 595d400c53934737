"""Staging: a dataset of a load's own, which nobody else's rows are ever taken for."""

from pathlib import Path

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from liine_source import ConfigurationError, build_pipeline, liine, loading, sync
from liine_source.emulator import running_emulator
from liine_source.errors import NameClashError
from tests.test_sync import settings
from tests.warehouse import Place, differences, on_duckdb_and_postgres, query, spoil

WAREHOUSE = Path("warehouse.duckdb")
OWN = Path("own.duckdb")


def staging_of(pipeline: dlt.Pipeline) -> str:
    """Return the name of the pipeline's staging dataset."""
    with pipeline.sql_client() as client:
        return str(client.staging_dataset_name)


def test_a_dataset_called_like_dlts_staging_keeps_its_rows() -> None:
    """Beside `liine` a dataset `liine_staging`; of the load's own staging nothing stays."""
    with running_emulator(interactions=60, customers=2) as api:
        sync(dataset="liine_staging", **settings(api))
        sync(**settings(api))
        for dataset in ("liine", "liine_staging"):
            assert differences(WAREHOUSE, api.truth(), dataset) == []
    schemas = query(WAREHOUSE, "select schema_name from information_schema.schemata where catalog_name = 'warehouse'")
    assert {row["schema_name"] for row in schemas} == {"main", "liine", "liine_staging"}


@on_duckdb_and_postgres
@pytest.mark.parametrize("others", ["somebody_elses", "_dlt_loads"])
def test_staging_that_somebody_else_made_is_refused_by_name(warehouse: Place, others: str) -> None:
    """Whether it holds tables that no load makes, or is a dataset that was loaded; what a dead run left is dropped."""

    def name_of_staging() -> str:
        with loading.ready(None, "liine", unit="a unit", label="a_label") as pipeline:
            return staging_of(pipeline)

    name = name_of_staging()
    spoil(warehouse, f"create schema {name}")
    spoil(warehouse, f"create table {name}.interactions as select 1 as id")
    assert name_of_staging() == name
    spoil(warehouse, f"create schema {name}")
    spoil(warehouse, f"create table {name}.interactions as select 1 as id")
    spoil(warehouse, f"create table {name}.{others} as select 1 as id")
    with pytest.raises(ConfigurationError, match=f"(?i){name} holds tables that no load has staged"):
        name_of_staging()
    assert query(warehouse, f"select id from {name}.interactions") == [{"id": 1}]  # noqa: S608  names of ours


def test_a_file_called_like_staging_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB could not tell the two apart."""
    name = staging_of(build_pipeline())
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", f"{name}.duckdb")
    with pytest.raises(NameClashError, match="the DuckDB file and the staging dataset have the same name"):
        build_pipeline()


def own_pipeline(dataset: str) -> dlt.Pipeline:
    """A pipeline as a script makes it, with dlt's own name for staging."""
    return dlt.pipeline(f"own_{dataset}", destination=dlt.destinations.duckdb(str(OWN)), dataset_name=dataset)


@pytest.mark.parametrize("beside", ["a loaded dataset", "a table of that name"])
def test_a_pipeline_of_ones_own_empties_nobody_elses_dataset(beside: str) -> None:
    """dlt gives staging a name that may be somebody's; the load is refused before anything is requested."""
    with running_emulator(interactions=20, customers=1) as api:
        if beside == "a loaded dataset":
            own_pipeline("liine_staging").run(liine(**settings(api)))
        else:
            spoil(OWN, "create schema liine_staging")
            spoil(OWN, "create table liine_staging.interactions as select 1 as id")
        before = query(OWN, "select id from liine_staging.interactions order by id")
        asked = len(api.requests)
        with pytest.raises(PipelineStepFailed, match="liine_staging holds tables that no load has staged"):
            own_pipeline("liine").run(liine(**settings(api)))
        assert len(api.requests) == asked
    assert query(OWN, "select id from liine_staging.interactions order by id") == before


def test_a_pipeline_of_ones_own_may_share_its_staging_with_dbt() -> None:
    """Whose models have other names, and are left as they are."""
    with running_emulator(interactions=20, customers=1) as api:
        spoil(OWN, "create schema liine_staging")
        spoil(OWN, "create view liine_staging.stg_liine__interactions as select 1 as id")
        for _ in range(2):
            own_pipeline("liine").run(liine(**settings(api)))
        assert differences(OWN, api.truth()) == []
    assert query(OWN, "select id from liine_staging.stg_liine__interactions") == [{"id": 1}]
