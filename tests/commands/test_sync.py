"""Syncs from the emulator: the warehouse equals the API after the first run and after each step."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from liine_source import ConfigurationError, SyncFailedError, build_pipeline, liine, raise_for_failures, status, sync
from liine_source.emulator import Burst, Emulator, Faults, Interpretation, running_emulator
from liine_source.errors import DestinationError, LoginRefusedError, MissingDatasetError, NameClashError
from tests.support.warehouse import Place, differences, query

WAREHOUSE = Path("warehouse.duckdb")
STEPS = (timedelta(hours=1), timedelta(days=1), timedelta(hours=7), timedelta(days=3), timedelta(days=30))


def settings(api: Emulator, **others: Any) -> dict[str, Any]:
    """The settings of a sync with the emulator."""
    credentials = {"username": api.username, "password": api.password}
    return {"customer_ids": api.customer_ids, "base_url": api.base_url, "credentials": credentials, **others}


# Every switch of open questions 1 to 9, 11, 13 and 14 is on in at least one scenario.
SCENARIOS: dict[str, tuple[Interpretation, Faults]] = {
    "default": (Interpretation(), Faults()),
    "local clocks, inclusive, first row's cursor": (
        Interpretation(cursor="first", cursor_comparison="inclusive", end_date="midnight", login_accepts="json"),
        Faults(),
    ),
    "UTC clocks, wrong cursor, short pages": (
        Interpretation(order_clock="utc", cursor_clock="utc", cursor="neither", short_page_every=3, token_prefix=False),
        Faults(),
    ),
    "local order, UTC cursor comparison, no cursor, remaining count": (
        Interpretation(order_clock="local", cursor_clock="utc", cursor="absent", count="remaining", dates_clock="utc"),
        Faults(),
    ),
    "UTC order, local cursor comparison, inclusive, null cursor, page count": (
        Interpretation(order_clock="utc", cursor_comparison="inclusive", cursor="null", count="page", nulls="omitted"),
        Faults(),
    ),
    "page count, short pages of one row": (
        Interpretation(count="page", short_page_every=2, short_page_rows=1, slash="redirect_to_no_slash"),
        Faults(),
    ),
    "no count, capped limit": (
        Interpretation(count="absent", limit_cap=150, limit_echo="effective", updated_date_clock="local"),
        Faults(),
    ),
    "null count, unreported cap, no Date": (
        Interpretation(count="null", limit_cap=170, date_header="absent", valid_until_milliseconds=False),
        Faults(),
    ),
    "no updated_at": (Interpretation(updated_at="absent", order_clock="utc"), Faults()),
    "updated_at on some rows, real Date": (Interpretation(updated_at="some", date_header="real"), Faults()),
    "Date ahead": (Interpretation(date_skew=timedelta(days=2), gzip=True), Faults()),
    "Date behind, sample fields": (Interpretation(date_skew=timedelta(days=-2), fields="sample"), Faults()),
    "unknown fields, unknown values": (Interpretation(fields="unknown", vocabulary="drifted"), Faults()),
    "loose types": (Interpretation(types="loose", cursor_comparison="inclusive"), Faults()),
    "short-lived tokens, faults": (
        Interpretation(token_validity=timedelta(minutes=5)),
        Faults(
            bursts=(
                Burst(status=503, every=5),
                Burst(status=429, retry_after="seconds", every=7),
                Burst(kind="reset", every=11),
                Burst(kind="truncated_body", every=13),
                Burst(kind="truncated_json", every=17),
                Burst(kind="html", every=19),
                Burst(status=500, every=23),
            ),
            token_lapses=1,
            revoke_after=9,
            login_failures=1,
        ),
    ),
}


def _cases() -> Iterator[Any]:
    """Every fourth scenario runs with few rows; all scenarios with more rows are slow."""
    for number, name in enumerate(SCENARIOS):
        destinations = ["duckdb", "postgres"]
        quick = destinations[number % 8 == 1]
        if number % 4 == 1:
            yield pytest.param(name, 240, quick, id=f"{name}-{quick}")
        for destination in destinations:
            marks = pytest.mark.slow("interpretations")
            yield pytest.param(name, 10_000, destination, id=f"{name}-{destination}-10000", marks=marks)
        # The stand-in takes a hundred times as long.
        yield pytest.param(name, 300, "snowflake", id=f"{name}-snowflake-300", marks=pytest.mark.slow("snowflake"))


@pytest.mark.parametrize(("name", "interactions", "warehouse"), [*_cases()], indirect=["warehouse"])
def test_warehouse_equals_api(name: str, interactions: int, warehouse: Place) -> None:
    """Every field of every row is loaded, and so are the changes of a month."""
    steps = STEPS if interactions == 10_000 else STEPS[-1:]
    interpretation, faults = SCENARIOS[name]
    with running_emulator(interactions=interactions, customers=3, interpretation=interpretation, faults=faults) as api:
        for step in (timedelta(0), *steps):
            api.advance(step)
            report = sync(**settings(api, page_size=interactions // 10))
            assert report.is_complete
            assert differences(warehouse, documented_rows(api)) == []


def documented_rows(api: Emulator) -> list[dict[str, Any]]:
    """The API's rows in the format of the reference, whichever format the API uses."""
    interpretation = api.interpretation
    api.interpretation = replace(interpretation, types="documented", nulls="present")
    try:
        return api.truth()
    finally:
        api.interpretation = interpretation


def small(**others: Any) -> Any:
    """An emulator with few rows, for tests that do not depend on their number."""
    return running_emulator(interactions=150, customers=2, **others)


def test_invalid_values_are_stored_as_rejected(warehouse: Place) -> None:
    """An invalid value is null in its column and raw in interactions__rejected_values."""
    with small(types="broken") as api:
        assert sync(**settings(api)).is_complete
        sent = {row["id"]: row for row in api.truth()}
        expected = {row["id"]: row for row in documented_rows(api)}
    rejected = query(warehouse, "select interaction_id, field, raw_value from liine.interactions__rejected_values")
    assert len(rejected) > 20
    for row in rejected:
        assert json.loads(row["raw_value"]) == sent[row["interaction_id"]][row["field"]]
        expected[row["interaction_id"]][row["field"]] = None
    assert differences(warehouse, expected.values()) == []


def test_text_with_nul_character_is_rejected(warehouse: Place) -> None:
    """Postgres cannot store it, so it is null and stored as rejected on every destination."""
    with small() as api:
        expected = {row["id"]: row for row in documented_rows(api)}
        ids = sorted(expected)[:3]
        api.change(ids[0], touch_updated_at=False, name="a\0b")
        api.change(ids[1], touch_updated_at=False, provider_names=["Dr. A", "Dr.\0B"])
        api.change(ids[2], touch_updated_at=False, initial_session_extras={"a": "\0", "b": "c"})
        assert sync(**settings(api)).is_complete
    expected[ids[0]]["name"] = None
    expected[ids[1]]["provider_names"] = ["Dr. A", None]
    expected[ids[2]]["initial_session_extras"] = {"b": "c"}
    assert differences(warehouse, expected.values()) == []
    rejected = query(warehouse, "select interaction_id, raw_value from liine.interactions__rejected_values")
    assert {(row["interaction_id"], row["raw_value"]) for row in rejected} == {
        (ids[0], r'"a\u0000b"'),
        (ids[1], r'["Dr. A","Dr.\u0000B"]'),
        (ids[2], r'{"a":"\u0000","b":"c"}'),
    }


def test_long_text_is_loaded_whole(warehouse: Place) -> None:
    """A text of a million characters fits every destination."""
    with small() as api:
        api.change(api.truth()[0]["id"], spam_likely_reason="ä" * 1_000_000)
        assert sync(**settings(api)).is_complete
        assert differences(warehouse, documented_rows(api)) == []


def test_sync_without_changes_changes_no_table(warehouse: Place) -> None:
    """It fetches few rows and leaves every table as it was."""
    tables = ("interactions", "interactions__provider_names", "interactions__session_extras")
    with running_emulator(interactions=3000, customers=2) as api:
        sync(**settings(api))
        before = [table_rows(warehouse, table) for table in tables]
        second = sync(**settings(api))
        assert [table_rows(warehouse, table) for table in tables] == before
    assert sum(customer.received for customer in second.customers) < 300


def table_rows(place: Place, table: str) -> list[tuple[str, ...]]:
    """A table's rows without the id of the load that brought them."""
    rows = query(place, f"select * from liine.{table}")  # noqa: S608  a name of ours
    return sorted(tuple(str(value) for name, value in row.items() if name != "_dlt_load_id") for row in rows)


def test_later_sync_requests_only_changes() -> None:
    """Its `updated_date` is one day before the watermark's day."""
    with small() as api:
        sync(**settings(api))
        watermarks = {customer.customer_id: customer.watermark for customer in status()}
        api.forget_requests()
        sync(**settings(api))
        queries = [dict(request.params) for request in api.requests if request.params]
    # The last request for each customer counts all rows.
    requested = {int(query["customer_id"]): query["updated_date"] for query in queries if query["limit"] != "1"}
    assert requested == {
        key: (watermark.date() - timedelta(days=1)).isoformat() for key, watermark in watermarks.items() if watermark
    }


def test_added_customer_gets_whole_history(warehouse: Place) -> None:
    """Each customer has its own watermark."""
    with small() as api:
        first, second = api.customer_ids
        sync(**settings(api, customer_ids=[first]))
        assert differences(warehouse, api.truth(first)) == []
        sync(**settings(api, customer_ids=[first, second]))
        assert differences(warehouse, api.truth()) == []


def test_changed_filter_restarts_history(warehouse: Place) -> None:
    """Rows that the earlier filter left out are loaded, however old they are."""
    with small() as api:
        sync(**settings(api, filters={"type": ["form"]}))
        assert len(query(warehouse, "select 1 from liine.interactions")) < len(api.truth())
        sync(**settings(api))
        assert differences(warehouse, api.truth()) == []


def test_emptied_list_clears_child_rows(warehouse: Place) -> None:
    """So do a shorter list, an object without keys, and a value that has become valid."""
    with small() as api:
        ids = [row["id"] for row in api.truth()[:4]]
        api.change(ids[0], provider_names=["Dr. A", "Dr. B"])
        api.change(ids[1], provider_names=["Dr. A", "Dr. B"])
        api.change(ids[2], initial_session_extras={"a": "1", "b": "2"})
        api.change(ids[3], duration="n/a")
        sync(**settings(api))
        assert len(query(warehouse, "select 1 from liine.interactions__rejected_values")) == 1
        api.advance(timedelta(minutes=1))
        api.change(ids[0], provider_names=[])
        api.change(ids[1], provider_names=["Dr. B"])
        api.change(ids[2], initial_session_extras=None)
        api.change(ids[3], duration=12)
        sync(**settings(api))
        assert differences(warehouse, api.truth()) == []
        assert query(warehouse, "select 1 from liine.interactions__rejected_values") == []
        assert query(warehouse, "select 1 from liine.interactions__provider_names where is_cleared") == []


def test_all_tables_exist_without_rows(warehouse: Place) -> None:
    """A first sync that finds nothing creates typed tables."""
    with small() as api:
        for row in api.truth():
            api.remove(row["id"])
        assert sync(**settings(api)).is_complete
    named = "from information_schema.columns where lower(table_schema) = 'liine'"
    names = query(warehouse, f"select distinct lower(table_name) as name {named}")
    assert {row["name"] for row in names} >= {
        "interactions",
        "interactions__provider_names",
        "interactions__session_extras",
        "interactions__rejected_values",
        "sweeps",
    }
    columns = "lower(column_name) as name, lower(data_type) as type, numeric_precision, numeric_scale"
    found = query(warehouse, f"select {columns} {named} and lower(table_name) = 'interactions'")
    types = {row["name"]: row["type"] for row in found}
    assert types["id"] == types["duration"] in {"bigint", "number"}
    assert types["start_time"] in {"timestamp", "timestamp without time zone", "timestamp_ntz"}
    assert types["start_time_tz"] == types["updated_at"] in {"timestamp with time zone", "timestamp_tz"}
    assert types["has_audio"] == "boolean"
    assert [(row["numeric_precision"], row["numeric_scale"]) for row in found if row["name"] == "revenue"] == [(38, 9)]
    assert {"missing_since", "vanished_at", "vanished_reason"} < set(types)
    assert len(types) == 85


def test_failed_customer_does_not_affect_others(warehouse: Place) -> None:
    """It keeps its watermark, the report names it, and the next healthy run completes it."""
    with small() as api:
        refused, granted = api.customer_ids
        api.faults = Faults(refused_customers=(refused,))
        report = sync(**settings(api))
        assert [(c.customer_id, c.status) for c in report.customers if c.errors] == [(refused, "failed")]
        with pytest.raises(SyncFailedError, match=f"Customer {refused}, .* 403"):
            raise_for_failures(report)
        assert differences(warehouse, api.truth(granted)) == []
        assert {c.customer_id: c.watermark for c in status()}[refused] is None
        api.faults = Faults()
        assert sync(**settings(api)).is_complete
        assert differences(warehouse, api.truth()) == []


def test_watermark_is_newest_updated_at() -> None:
    """It comes from the rows, although the `Date` header is two days ahead of them."""
    with running_emulator(
        interactions=60, customers=1, interpretation=Interpretation(date_skew=timedelta(days=2))
    ) as api:
        for step in (timedelta(0), timedelta(days=3)):
            api.advance(step)
            sync(**settings(api))
            newest = max(datetime.fromisoformat(row["updated_at"]) for row in api.truth())
            assert [customer.watermark for customer in status()] == [newest]


def test_failed_sync_keeps_watermark(warehouse: Place) -> None:
    """The next run loads the changes that the failed one fetched only in part."""
    with running_emulator(interactions=3000, customers=1) as api:
        sync(**settings(api))
        before = status()[0].watermark
        api.advance(timedelta(days=30))
        api.faults = Faults(bursts=(Burst(status=500, after=1),))
        failed = sync(**settings(api, page_size=10))
        assert not failed.is_complete
        assert status()[0].watermark == before
        api.faults = Faults()
        sync(**settings(api))
        assert differences(warehouse, api.truth()) == []


def test_source_works_in_user_pipeline() -> None:
    """A user's own dlt pipeline loads the same rows, without further settings."""
    with small() as api:
        pipeline = dlt.pipeline(
            "own", destination=dlt.destinations.duckdb("own_warehouse.duckdb"), dataset_name="liine"
        )
        pipeline.run(liine(**settings(api)))
        assert differences(Path("own_warehouse.duckdb"), api.truth()) == []
        api.advance(timedelta(days=3))
        pipeline.run(liine(**settings(api)))
        assert differences(Path("own_warehouse.duckdb"), api.truth()) == []


def test_user_pipeline_raises_for_failed_customer() -> None:
    """Without an observer, an incomplete customer stops the load, and the error names it."""
    with small() as api:
        refused = api.customer_ids[0]
        api.faults = Faults(refused_customers=(refused,))
        pipeline = dlt.pipeline(
            "own", destination=dlt.destinations.duckdb("own_warehouse.duckdb"), dataset_name="liine"
        )
        with pytest.raises(PipelineStepFailed, match=f"Customer {refused}, .* 403"):
            pipeline.run(liine(**settings(api)))


def test_wrong_credentials_fail_at_once() -> None:
    """One login is tried, nothing is written, and the error says where to correct it."""
    with small() as api:
        wrong = {"username": api.username, "password": "wrong-password"}
        with pytest.raises(LoginRefusedError, match=r"secrets\.toml") as caught:
            sync(**settings(api, credentials=wrong))
        assert [request.path for request in api.requests] == ["/call_log/authenticate/"]
    assert "wrong-password" not in str(caught.value)
    with pytest.raises(MissingDatasetError):
        status()


@pytest.mark.parametrize(
    ("invalid", "message"),
    [
        ({"customer_ids": []}, "customer_ids must be a list"),
        ({"customer_ids": [0]}, "customer_ids must be a list"),
        ({"page_size": 1001}, "page_size must be 1 to 1000"),
        ({"max_concurrency": 0}, "max_concurrency must be 1 to 64"),
        ({"since": "2024-13-01"}, "since must be a date"),
        ({"filters": {"colour": "red"}}, "Filter 'colour' is unknown"),
        ({"base_url": "http://liine.example"}, "base_url must be https"),
        ({"personal_data": "hash"}, "needs a key"),
        ({"personal_data": "hide"}, "personal_data"),
        ({"personal_data_fields": {"email": "hash"}}, "needs a key"),
        ({"personal_data_fields": {"emial": "drop"}}, "no field of the reference"),
        ({"personal_data_fields": {"id": "drop"}}, "'id' must be kept, because rows are merged by it"),
        ({"personal_data_fields": {"customer_id": "hash"}}, "'customer_id' must be kept"),
        ({"personal_data_fields": {"start_time": "drop"}}, "'start_time' must be kept"),
        ({"personal_data_fields": {"start_time_tz": "drop"}}, "'start_time_tz' must be kept"),
        ({"personal_data_fields": {"updated_at": "drop"}}, "'updated_at' must be kept"),
        ({"personal_data": "keep", "personal_data_fields": {"revenue": "hash"}}, "no text or number to hash"),
    ],
)
def test_invalid_settings_fail_before_first_request(invalid: dict[str, Any], message: str) -> None:
    """No request is made and no file is created."""
    with small() as api:
        with pytest.raises(ConfigurationError, match=message):
            sync(**settings(api, **invalid))
        assert api.requests == []
    assert not WAREHOUSE.exists()


def test_clashing_duckdb_names_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """File stem, dataset and pipeline must differ, regardless of case."""
    with pytest.raises(NameClashError, match="the DuckDB file and the dataset have the same name"):
        build_pipeline("duckdb", "Warehouse")
    with pytest.raises(NameClashError, match="the dataset and the pipeline"):
        build_pipeline("duckdb", "liine_sync")
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", "somewhere/liine.duckdb")
    with pytest.raises(NameClashError, match="the DuckDB file and the dataset"):
        build_pipeline("duckdb")


def test_since_and_until_bound_history(warehouse: Place) -> None:
    """Every interaction from `since` to `until` is loaded, and few others around them."""
    with running_emulator(interactions=2000, customers=2) as api:
        sync(**settings(api, since="2024-06-01", until="2024-06-30"))
        starts = [row["start_time"][:10] for row in api.truth()]
        inside = sum("2024-06-01" <= start <= "2024-06-30" for start in starts)
        around = sum("2024-05-30" <= start <= "2024-07-02" for start in starts)
    loaded = query(warehouse, "select cast(cast(start_time as date) as varchar) as day from liine.interactions")
    assert sum("2024-06-01" <= row["day"] <= "2024-06-30" for row in loaded) == inside > 0
    assert inside <= len(loaded) <= around


def test_analytics_methodologies_are_not_mixed(warehouse: Place) -> None:
    """A dataset loaded with one analytics_methodology refuses another (open question 16)."""
    with small() as api:
        sync(**settings(api))
        with pytest.raises(ConfigurationError, match="another analytics_methodology"):
            sync(**settings(api, filters={"analytics_methodology": "conversion"}))
        assert differences(warehouse, api.truth()) == []


def test_spam_is_loaded_by_default(warehouse: Place) -> None:
    """The filter include_is_spam_likely=False leaves it in the API."""
    with small() as api:
        sync(**settings(api))
        assert query(warehouse, "select 1 from liine.interactions where is_spam_likely")
        sync(dataset="without_spam", **settings(api, filters={"include_is_spam_likely": False}))
        assert differences(warehouse, api.truth(include_spam=False), "without_spam") == []


def test_unknown_field_is_reported_and_loaded(warehouse: Place) -> None:
    """The report gives its name as the API spells it."""
    with small() as api:
        api.change(api.truth()[0]["id"], **{"Brand New": "x"})
        report = sync(**settings(api))
        assert report.unknown_fields == ["Brand New"]
    found = query(warehouse, "select brand_new_a515fc82 as loaded from liine.interactions")
    assert [row["loaded"] for row in found if row["loaded"]] == ["x"]


def test_similar_unknown_fields_get_own_columns(warehouse: Place) -> None:
    """The columns depend neither on the order of loads nor on the types of values."""
    fields = [{"a.b": "dot"}, {"a_b": "underscore"}, {"a b": 7}, {"a.b": "another dot"}, {"a_b": [1]}]
    with small() as api:
        ids = [row["id"] for row in api.truth()[: len(fields)]]
        for load in (slice(1), slice(1, 2), slice(2, 5)):
            for row_id, field in zip(ids[load], fields[load], strict=True):
                api.change(row_id, **field)
            assert sync(**settings(api)).is_complete
    rows = {row["id"]: row for row in query(warehouse, "select * from liine.interactions")}
    found = [{name: rows[row_id][name] for name in rows[row_id] if name.startswith("a_b")} for row_id in ids]
    assert [{name: value for name, value in row.items() if value is not None} for row in found] == [
        {"a_b_2e7336dc": "dot"},
        {"a_b": "underscore"},
        {"a_b_c8687a08": 7},
        {"a_b_2e7336dc": "another dot"},
        {"a_b": "[1]"},
    ]


def test_schema_describes_columns() -> None:
    """dlt's stored schema has each column's description and class of personal data."""
    with small() as api:
        sync(**settings(api))
    stored = query(WAREHOUSE, "select schema from liine._dlt_version where schema_name = 'liine' order by version desc")
    columns = json.loads(stored[0]["schema"])["tables"]["interactions"]["columns"]
    assert columns["email"]["x-personal-data"] == "direct"
    assert all(column.get("description") for column in columns.values())


def test_sweeps_table_records_each_sweep(warehouse: Place) -> None:
    """One row for each customer and run has the expected and found rows and the requests."""
    with small() as api:
        sync(**settings(api, page_size=50, personal_data="drop", personal_data_fields={"lead_id": "keep"}))
        truth = {customer: len(api.truth(customer)) for customer in api.customer_ids}
        now = api.now
    audits = query(warehouse, "select * from liine.sweeps where kind = 'sync'")
    assert {row["customer_id"]: row["expected"] for row in audits} == truth
    assert {row["customer_id"]: row["distinct_ids"] for row in audits} == truth
    for row in audits:
        assert (row["proof"], row["status"], row["count_means"], row["repairs"]) == ("count", "complete", "total", 0)
        assert row["pages"] >= truth[row["customer_id"]] / 50
        assert row["requests"] >= row["pages"]
        assert row["began"].replace(microsecond=0) == now.replace(microsecond=0)
        assert (row["filters"], row["lead_rows"], row["personal_data"]) == ("none", "all", "drop, lead_id keep")


def test_sweep_of_killed_load_is_ignored() -> None:
    """A run killed during its load may leave an audit row without its interactions."""
    with small() as api:
        sync(**settings(api))
    before = status()
    killed = "select * replace ('0' as _dlt_load_id, now() as ended, 'failed' as status) from liine.sweeps"
    with duckdb.connect(str(WAREHOUSE)) as connection:
        connection.execute(f"insert into liine.sweeps {killed}")
    assert status() == before


def test_new_warehouse_gets_whole_history() -> None:
    """The state is stored in the destination alone."""
    with small() as api:
        sync(**settings(api))
        WAREHOUSE.unlink()
        sync(**settings(api))
        assert differences(WAREHOUSE, api.truth()) == []


def test_restored_backup_is_brought_up_to_date() -> None:
    """The next sync loads again what was loaded since the backup."""
    with small() as api:
        sync(**settings(api))
        backup = WAREHOUSE.read_bytes()
        api.advance(timedelta(days=20))
        sync(**settings(api))
        WAREHOUSE.write_bytes(backup)
        api.advance(timedelta(days=20))
        sync(**settings(api))
        assert differences(WAREHOUSE, api.truth()) == []


def test_no_row_remains_in_files_or_staging(tmp_path: Path) -> None:
    """After a load, dlt's working directory has no rows and the staging dataset is gone."""
    with small() as api:
        name = "Canary Person"
        api.change(api.truth()[0]["id"], name=name)
        sync(**settings(api))
    assert query(WAREHOUSE, "select 1 from information_schema.schemata where schema_name like 'liine_stg%'") == []
    files = [path for path in (tmp_path / "dlt").rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix == ".parquet" or name.encode() in path.read_bytes()]


def test_locked_duckdb_file_fails_before_first_request() -> None:
    """The error gives the cause, nothing is damaged, and the next run succeeds."""
    script = "import duckdb, sys; c = duckdb.connect('warehouse.duckdb'); print('open', flush=True); sys.stdin.read()"
    with small() as api:
        with subprocess.Popen(  # noqa: S603  a script of our own
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == "open\n"
            expected = rf"Another program \(PID {other.pid}\) has the warehouse's file \S+/warehouse\.duckdb open"
            with pytest.raises(DestinationError, match=expected):
                sync(**settings(api))
            assert api.requests == []
            other.communicate("")
        sync(**settings(api))
        assert differences(WAREHOUSE, api.truth()) == []
