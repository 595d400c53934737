"""How far a customer is goes with the tables that hold its rows: dropped, emptied, not selected, loaded by half."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from dlt.pipeline.helpers import pipeline_drop

from liine_source import build_pipeline, liine, sync, verify
from liine_source.tasks import forget_lost_tables, merged
from tests.command_line import run
from tests.test_sync import settings, small
from tests.warehouse import Place, differences, spoil

OWN = Path("mine.duckdb")
WAREHOUSE = Path("warehouse.duckdb")
CHILD = "interactions__provider_names"
CHILDREN = (CHILD, "interactions__session_extras", "interactions__rejected_values")
ALL: dict[str, Any] = {name: {"is_loaded": True} for name in ("interactions", *CHILDREN)}


def own_pipeline(warehouse: str = "duckdb") -> dlt.Pipeline:
    """A user's pipeline, with dlt's own destination."""
    made = dlt.destinations.duckdb(str(OWN)) if warehouse == "duckdb" else warehouse
    return dlt.pipeline("mine_own", destination=made, dataset_name="liine")


def place(warehouse: str, request: pytest.FixtureRequest) -> Place:
    """Where `own_pipeline` loads to."""
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
def test_a_refresh_reads_everything_again(warehouse: str, refresh: Any, request: pytest.FixtureRequest) -> None:
    """Whatever dlt drops or empties, what is there afterwards is the truth."""
    where = place(warehouse, request)
    with small() as api:
        own_pipeline(warehouse).run(liine(**settings(api)))
        api.advance(timedelta(days=2))
        own_pipeline(warehouse).run(liine(**settings(api)), refresh=refresh)
        assert differences(where, api.truth()) == []


@pytest.mark.parametrize("table", ["interactions", CHILD])
def test_a_table_dropped_by_dlt_is_filled_again(table: str) -> None:
    """By `dlt pipeline … drop`, which leaves what the other tables' state says."""
    with small() as api:
        pipeline = own_pipeline()
        pipeline.run(liine(**settings(api)))
        api.advance(timedelta(days=2))
        pipeline_drop(pipeline, resources=[table])()
        pipeline.run(liine(**settings(api)))
        assert differences(OWN, api.truth()) == []
        # After that it goes on as before.
        api.forget_requests()
        pipeline.run(liine(**settings(api, reread_days=0)))
        assert all("updated_date" in dict(request.params) for request in api.requests if request.params)


def test_a_table_selected_later_gets_all_its_rows() -> None:
    """Each selection of tables goes on where it was itself, however they take turns."""
    with small() as api:
        pipeline = own_pipeline()
        pipeline.run(liine(**settings(api)).with_resources("interactions"))
        api.advance(timedelta(days=2))
        pipeline.run(liine(**settings(api)))
        assert differences(OWN, api.truth()) == []
        api.advance(timedelta(days=2))
        api.forget_requests()
        for source in (liine(**settings(api, reread_days=0)) for _ in range(2)):
            pipeline.run(source)
            pipeline.run(source.with_resources("interactions"))
        assert all("updated_date" in dict(request.params) for request in api.requests if request.params)
        assert differences(OWN, api.truth()) == []


@pytest.mark.slow("postgres")
def test_what_another_pipeline_dropped_is_read_again(postgres: str) -> None:
    """Where many load into one dataset, `liine sync` believes no watermark without its table."""
    with small() as api:
        sync(**settings(api))
        pipeline = own_pipeline("postgres")
        pipeline.run(liine(**settings(api, customer_ids=api.customer_ids[:1])))
        pipeline_drop(pipeline, resources=["interactions"])()
        api.advance(timedelta(days=2))
        sync(**settings(api))
        assert differences(postgres, api.truth()) == []


@pytest.mark.parametrize("disposition", ["append", "replace", {"disposition": "merge", "strategy": "insert-only"}])
@pytest.mark.parametrize("is_of_run", [True, False], ids=["run", "resource"])
def test_a_disposition_that_would_lose_or_double_rows_is_refused(disposition: Any, is_of_run: bool) -> None:
    """Before anything is asked or written."""
    with small() as api:
        source = liine(**settings(api))
        if not is_of_run:
            source.resources[CHILD].apply_hints(write_disposition=disposition)
        given = {"write_disposition": disposition} if is_of_run else {}
        with pytest.raises(PipelineStepFailed, match="Leave write_disposition out"):
            own_pipeline().run(source, **given)
        assert api.requests == []


def test_sweeps_alone_are_refused() -> None:
    """They would tell of rows that are nowhere."""
    with small() as api, pytest.raises(PipelineStepFailed, match="Select a table of interactions, too"):
        own_pipeline().run(liine(**settings(api)).with_resources("sweeps"))


def test_a_limit_takes_nothing_away() -> None:
    """dlt limits no table of this source, whether the source or a table is asked to."""
    with small() as api:
        source = liine(**settings(api)).add_limit(1)
        source.resources["interactions"].add_limit(1, max_time=0.000_001)
        own_pipeline().run(source)
        assert differences(OWN, api.truth()) == []


def test_a_child_table_that_was_dropped_is_told_by_verify(warehouse: Place) -> None:
    """Though every interaction is there."""
    with small() as api:
        sync(**settings(api))
        spoil(warehouse, f"drop table liine.{CHILD}")
        found = verify(**settings(api))
        assert [(customer.missing, customer.dropped_tables) for customer in found] == [(0, [CHILD])] * 2
        done = run("verify", api=api)
        assert (done.returncode, f"dropped: {CHILD}" in done.stdout) == (1, True)


@pytest.mark.slow("faults")
def test_a_child_table_dropped_by_dlt_is_told_by_verify_and_filled_by_sync() -> None:
    """Until all of it is read again."""
    with small() as api:
        sync(**settings(api))
        pipeline = build_pipeline()
        pipeline.sync_destination()
        pipeline_drop(pipeline, resources=[CHILD])()
        found = verify(**settings(api))
        assert [(customer.missing, customer.unread_tables) for customer in found] == [(0, [CHILD])] * 2
        done = run("verify", api=api)
        assert (done.returncode, f"not loaded: {CHILD}" in done.stdout) == (1, True)
        sync(**settings(api))
        assert all(customer.is_complete for customer in verify(**settings(api)))
        assert differences(WAREHOUSE, api.truth()) == []


@pytest.mark.slow("postgres")
def test_tables_that_no_run_selected_are_told_by_verify_and_read_by_sync(postgres: str) -> None:
    """A sync into the same dataset does not take for read what a pipeline of one table has read."""
    with small() as api:
        own_pipeline("postgres").run(liine(**settings(api)).with_resources("interactions"))
        assert [customer.unread_tables for customer in verify(**settings(api))] == [[*CHILDREN]] * 2
        sync(**settings(api))
        assert differences(postgres, api.truth()) == []
        assert all(customer.is_complete for customer in verify(**settings(api)))


def marks_after(resources: dict[str, Any], **marks: dict[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {
        "resources": resources,
        "customers": {"1": {key.replace("_", " "): mark for key, mark in marks.items()}},
    }
    found: dict[str, Any] = forget_lost_tables(state)["customers"]["1"]
    return {key.replace(" ", "_"): mark for key, mark in found.items()}


@pytest.mark.parametrize("dropped", ["interactions", CHILD])
def test_what_is_void_without_a_table(dropped: str) -> None:
    """All that spoke of it; that there was something is kept, and when a backfill was ordered."""
    some = {name: own for name, own in ALL.items() if name != dropped}
    done: dict[str, Any] = {"watermark": "w"}
    left: dict[str, Any] = {"history": {"left": [["a", "b"]]}}
    marks = {"f": done, "g": left, "h": {}, "f_of_interactions": done, "backfill_f": left | {"ordered": "t"}}
    assert marks_after(ALL, **marks) == marks
    found = marks_after(some, **marks)
    assert found == {
        "f": {"restart": [dropped]},
        "g": {"restart": [dropped]},
        "h": {},
        "f_of_interactions": done if dropped == CHILD else {"restart": [dropped]},
        "backfill_f": {"restart": [dropped], "ordered": "t"},
    }
    other = "interactions__session_extras"
    assert marks_after({other: ALL[other]}, **found)["f"] == {"restart": sorted(ALL.keys() - {other})}


def test_tables_of_several_pipelines_are_known_together() -> None:
    """A pipeline that lacks a table makes no other's watermark void."""
    whole: dict[str, Any] = {"resources": ALL, "customers": {"1": {"f": {"watermark": "w"}}}}
    partial: dict[str, Any] = {"resources": {"interactions": ALL["interactions"]}, "customers": {}}
    found = merged([whole, partial])
    assert forget_lost_tables(found)["customers"] == whole["customers"]
