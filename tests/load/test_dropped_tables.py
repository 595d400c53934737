"""The progress of a customer follows the tables with its rows: dropped, emptied, not selected or partly loaded."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from dlt.pipeline.helpers import pipeline_drop

from liine_source import ConfigurationError, build_pipeline, liine, sync, verify
from liine_source.extract.state import SourceState, merge_states
from tests.commands.test_sync import settings, small
from tests.support.command_line import run
from tests.support.warehouse import Place, differences

OWN = Path("mine.duckdb")
WAREHOUSE = Path("warehouse.duckdb")
CHILD = "interactions__provider_names"
CHILDREN = (CHILD, "interactions__session_extras", "interactions__rejected_values")
ALL: dict[str, Any] = {name: {"is_loaded": True} for name in ("interactions", *CHILDREN)}


def custom_pipeline(warehouse: str = "duckdb") -> dlt.Pipeline:
    """Return a user's pipeline, with dlt's own destination."""
    destination = dlt.destinations.duckdb(str(OWN)) if warehouse == "duckdb" else warehouse
    return dlt.pipeline("mine_own", destination=destination, dataset_name="liine")


def place(warehouse: str, request: pytest.FixtureRequest) -> Place:
    """Return where `custom_pipeline` loads to."""
    found: Place = OWN if warehouse == "duckdb" else request.getfixturevalue(warehouse)
    return found


@pytest.mark.parametrize(
    ("warehouse", "refresh"),
    [
        ("duckdb", "drop_resources"),
        pytest.param("duckdb", "drop_data", marks=pytest.mark.slow("faults")),
        pytest.param("duckdb", "drop_sources", marks=pytest.mark.slow("faults")),
        ("postgres", "drop_data"),
        pytest.param("snowflake", "drop_resources", marks=pytest.mark.slow("snowflake")),
    ],
)
def test_refresh_reads_everything_again(warehouse: str, refresh: Any, request: pytest.FixtureRequest) -> None:
    """After dlt drops or empties tables, the next load fills them again."""
    where = place(warehouse, request)
    with small() as api:
        custom_pipeline(warehouse).run(liine(**settings(api)))
        api.advance(timedelta(days=2))
        custom_pipeline(warehouse).run(liine(**settings(api)), refresh=refresh)
        assert differences(where, api.truth()) == []


@pytest.mark.parametrize("table", [pytest.param("interactions", marks=pytest.mark.slow("faults")), CHILD])
def test_table_dropped_by_dlt_is_filled_again(table: str) -> None:
    """`dlt pipeline ... drop` leaves the state of the other tables, and later runs read changes only."""
    with small() as api:
        pipeline = custom_pipeline()
        pipeline.run(liine(**settings(api)))
        api.advance(timedelta(days=2))
        pipeline_drop(pipeline, resources=[table])()
        pipeline.run(liine(**settings(api)))
        assert differences(OWN, api.truth()) == []
        # Later runs read changes only.
        api.forget_requests()
        pipeline.run(liine(**settings(api, lookback_days=0)))
        assert all("updated_date" in dict(request.params) for request in api.requests if request.params)


@pytest.mark.slow("faults")
def test_table_selected_later_gets_all_its_rows() -> None:
    """Each selection of tables continues where it ended itself, even if selections alternate."""
    with small() as api:
        pipeline = custom_pipeline()
        pipeline.run(liine(**settings(api)).with_resources("interactions"))
        api.advance(timedelta(days=2))
        pipeline.run(liine(**settings(api)))
        assert differences(OWN, api.truth()) == []
        api.advance(timedelta(days=2))
        api.forget_requests()
        for source in (liine(**settings(api, lookback_days=0)) for _ in range(2)):
            pipeline.run(source)
            pipeline.run(source.with_resources("interactions"))
        assert all("updated_date" in dict(request.params) for request in api.requests if request.params)
        assert differences(OWN, api.truth()) == []


@pytest.mark.slow("postgres")
def test_table_dropped_by_other_pipeline_is_read_again(postgres: str) -> None:
    """`liine sync` ignores a watermark whose table another pipeline of the dataset has dropped."""
    with small() as api:
        sync(**settings(api))
        pipeline = custom_pipeline("postgres")
        pipeline.run(liine(**settings(api, customer_ids=api.customer_ids[:1])))
        pipeline_drop(pipeline, resources=["interactions"])()
        api.advance(timedelta(days=2))
        sync(**settings(api))
        assert differences(postgres, api.truth()) == []


@pytest.mark.parametrize("disposition", ["append", "replace", {"disposition": "merge", "strategy": "insert-only"}])
@pytest.mark.parametrize("is_for_run", [True, False], ids=["run", "resource"])
def test_unsafe_write_disposition_is_refused(disposition: Any, is_for_run: bool) -> None:
    """A disposition that loses or duplicates rows is refused before any request."""
    with small() as api:
        source = liine(**settings(api))
        if not is_for_run:
            source.resources[CHILD].apply_hints(write_disposition=disposition)
        given = {"write_disposition": disposition} if is_for_run else {}
        with pytest.raises(PipelineStepFailed, match="Leave out write_disposition"):
            custom_pipeline().run(source, **given)
        assert api.requests == []


def test_selecting_only_sweeps_is_refused() -> None:
    """Without a table of interactions, `sweeps` would report rows that are not loaded."""
    with small() as api, pytest.raises(PipelineStepFailed, match="Select a table of interactions as well"):
        custom_pipeline().run(liine(**settings(api)).with_resources("sweeps"))


@pytest.mark.parametrize("resource", ["", "interactions"], ids=["source", "table"])
def test_dlt_limit_is_refused(resource: str) -> None:
    """dlt takes the tables for transformers, on which a limit has no effect: everything would be loaded."""
    with small() as api:
        source = liine(**settings(api)).with_resources("interactions", CHILD)
        with pytest.raises(ConfigurationError, match="Limit the days instead, with since and until"):
            (source.resources[resource] if resource else source).add_limit(1)
        assert api.requests == []


def test_hints_may_change_after_a_schema_was_computed() -> None:
    """The computed schema is kept, so dlt must get a copy, and another one after a change or for other rows."""
    with small() as api:
        table = liine(**settings(api)).resources[CHILD]
    table.compute_table_schema()["columns"].clear()
    assert "interaction_id" in table.compute_table_schema()["columns"]
    table.apply_hints(columns={"provider_name": {"precision": 99}}, schema_contract="freeze")
    found = table.compute_table_schema()
    assert (found["columns"]["provider_name"]["precision"], found["schema_contract"]) == (99, "freeze")
    table.apply_hints(table_name=lambda row: row["table"])
    assert [table.compute_table_schema({"table": name})["name"] for name in ("one", "other")] == ["one", "other"]


def test_dev_mode_loads_everything_into_new_datasets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run of a pipeline in dlt's development mode begins without progress, in a new dataset."""
    # dlt itself takes the second, in which the next run may begin too.
    names = iter(["_1", "_2"])
    monkeypatch.setattr(dlt.Pipeline, "_create_pipeline_instance_id", lambda _: next(names))
    with small() as api:
        datasets = []
        for _ in range(2):
            pipeline = dlt.pipeline("mine_own", destination=dlt.destinations.duckdb(str(OWN)), dev_mode=True)
            pipeline.run(liine(**settings(api)))
            assert differences(OWN, api.truth(), dataset=pipeline.dataset_name) == []
            datasets.append(pipeline.dataset_name)
            api.advance(timedelta(days=1))
    assert datasets == ["mine_own_dataset_1", "mine_own_dataset_2"]


def test_refresh_of_our_pipeline_reads_everything_again() -> None:
    """dlt drops the tables in the dataset; in staging there are none."""
    with small() as api:
        build_pipeline().run(liine(**settings(api)))
        api.advance(timedelta(days=2))
        build_pipeline().run(liine(**settings(api)), refresh="drop_resources")
        assert differences(WAREHOUSE, api.truth()) == []


@pytest.mark.slow("faults")
def test_verify_reports_child_table_dropped_by_dlt_until_sync_fills_it() -> None:
    """`verify` reports the table until a sync has read all of it again."""
    with small() as api:
        sync(**settings(api))
        pipeline = build_pipeline()
        pipeline.sync_destination()
        pipeline_drop(pipeline, resources=[CHILD])()
        found = verify(**settings(api))
        assert [(customer.missing, customer.unloaded_tables) for customer in found] == [(0, [CHILD])] * 2
        done = run("verify", api=api)
        assert (done.returncode, f"not loaded: {CHILD}" in done.stdout) == (1, True)
        sync(**settings(api))
        assert all(customer.is_complete for customer in verify(**settings(api)))
        assert differences(WAREHOUSE, api.truth()) == []


@pytest.mark.slow("postgres")
def test_verify_reports_unselected_tables_until_sync_fills_them(postgres: str) -> None:
    """A sync does not take over the progress of a pipeline that selected one table."""
    with small() as api:
        custom_pipeline("postgres").run(liine(**settings(api)).with_resources("interactions"))
        assert [customer.unloaded_tables for customer in verify(**settings(api))] == [[*CHILDREN]] * 2
        sync(**settings(api))
        assert differences(postgres, api.truth()) == []
        assert all(customer.is_complete for customer in verify(**settings(api)))


def tracks_after(resources: dict[str, Any], **tracks: dict[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {
        "resources": resources,
        "customers": {"1": {key.replace("_", " "): track for key, track in tracks.items()}},
    }
    found: dict[str, Any] = SourceState(state).void_lost_tables().data["customers"]["1"]
    return {key.replace(" ", "_"): track for key, track in found.items()}


@pytest.mark.parametrize("dropped", ["interactions", CHILD])
def test_lost_table_voids_its_tracks(dropped: str) -> None:
    """Everything about the lost table goes, except that it existed and when a backfill was restarted."""
    others = {name: resource for name, resource in ALL.items() if name != dropped}
    done: dict[str, Any] = {"watermark": "w"}
    pending: dict[str, Any] = {"history": {"pending_windows": [["a", "b"]]}}
    tracks = {
        "f": done,
        "g": pending,
        "h": {},
        "f_of_interactions": done,
        "backfill_f": pending | {"restarted_at": "t"},
    }
    assert tracks_after(ALL, **tracks) == tracks
    found = tracks_after(others, **tracks)
    assert found == {
        "f": {"void_tables": [dropped]},
        "g": {"void_tables": [dropped]},
        "h": {},
        "f_of_interactions": done if dropped == CHILD else {"void_tables": [dropped]},
        "backfill_f": {"void_tables": [dropped], "restarted_at": "t"},
    }
    other = "interactions__session_extras"
    assert tracks_after({other: ALL[other]}, **found)["f"] == {"void_tables": sorted(ALL.keys() - {other})}


def test_state_of_several_pipelines_is_merged() -> None:
    """A pipeline that lacks a table does not void the watermark of another."""
    whole: dict[str, Any] = {"resources": ALL, "customers": {"1": {"f": {"watermark": "w"}}}}
    partial: dict[str, Any] = {"resources": {"interactions": ALL["interactions"]}, "customers": {}}
    found = merge_states([SourceState(whole), SourceState(partial)])
    assert found.void_lost_tables().data["customers"] == whole["customers"]
