"""The marts of rows that filters selected and masking modes changed, against the Python computation from these rows."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from liine_source import sync
from liine_source.emulator import running_emulator
from tests.commands.test_sync import settings
from tests.marts.building import Project, insert_ad_spend
from tests.marts.cases import Cases
from tests.marts.comparison import differences, with_campaign_values
from tests.marts.figures import figures
from tests.marts.interactions import Row
from tests.marts.load_scope import Load
from tests.marts.story import WITHOUT_UNIT_TESTS, loading_into
from tests.support.warehouse import Place, query

pytestmark = pytest.mark.slow("marts")

# The filters of each customer, and what follows from them. The second customer has the inserted cases.
FILTERS: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"include_is_spam_likely": False}, {"filters": "include_is_spam_likely (false)", "has_spam": False}),
    ({}, {}),
    ({"type": ["call"]}, {"filters": "type (call)", "has_leads": False}),
    ({"type": ["form"]}, {"filters": "type (form)", "has_calls": False, "has_leads": False}),
)
# Settings of personal data, and how `sweeps` describes them.
MASKING: dict[str, dict[str, Any]] = {
    "keep": {"personal_data": "keep"},
    "hash": {"personal_data": "hash"},
    "drop": {"personal_data": "drop"},
    "drop, lead_id keep": {"personal_data": "drop", "personal_data_fields": {"lead_id": "keep"}},
    "keep, revenue drop": {"personal_data": "keep", "personal_data_fields": {"revenue": "drop"}},
    "keep, is_spam_likely drop": {"personal_data": "keep", "personal_data_fields": {"is_spam_likely": "drop"}},
}


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt's partial parse for DuckDB is kept for the next test."""
    return tmp_path_factory.mktemp("parsed") / "partial_parse.msgpack"


@pytest.mark.parametrize(
    ("destination", "masking"),
    [*(("duckdb", masking) for masking in MASKING), ("postgres", "hash"), ("postgres", "drop")],
)
def test_marts_equal_computation_from_loaded_rows(
    destination: str, masking: str, postgres: str, parsed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the loaded rows cannot tell is null, in every mart and report; everything else is right."""
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", "3f9a1c7e5b2d8046a1e9c3b7d5f20864")
    place: Place = tmp_path / "warehouse.duckdb" if destination == "duckdb" else postgres
    with running_emulator(interactions=1600, customers=4, mixed_zones=True) as api, loading_into(place, tmp_path):
        Cases(api).insert()
        for customer, (filters, _) in zip(api.customer_ids, FILTERS, strict=True):
            sync(**settings(api) | MASKING[masking] | {"customer_ids": [customer], "filters": filters})
        now = api.now.replace(tzinfo=None)
        loads = {
            customer: Load(now, personal_data=masking, **scope)
            for customer, (_, scope) in zip(api.customer_ids, FILTERS, strict=True)
        }
    insert_ad_spend(place)
    is_parsed = destination == "duckdb" and parsed.exists()
    project = Project(place, tmp_path, parsed if is_parsed else None)
    outcome = project.run("build", *WITHOUT_UNIT_TESTS)
    assert outcome.code == 0, outcome.output
    if destination == "duckdb":
        shutil.copy(project.parsed, parsed)
    tables = project.tables()
    assert differences(figures(loaded_rows(place), loads), with_campaign_values(tables)) == []

    no_spam, whole, calls, forms = loads
    callbacks = {row["is_called_back"] for row in tables["fct_liine__missed_calls"]}
    has_leads = masking != "drop"
    assert callbacks == ({True, False, None} if has_leads else {None})
    assert values(tables["rpt_liine__responses_daily"], forms, "attempted_forms") == {None}
    assert (None in values(tables["rpt_liine__responses_daily"], calls, "called_back_calls")) != has_leads
    assert values(tables["rpt_liine__spam_daily"], no_spam, "spam_rate") == {None}
    has_no_flags = masking == "keep, is_spam_likely drop"
    assert (values(tables["rpt_liine__spam_daily"], whole, "spam_rate") == {None}) == has_no_flags
    assert (values(tables["rpt_liine__channel_daily"], whole, "new_leads") == {None}) != has_leads
    assert bool(tables["fct_liine__leads"]) == has_leads


def values(rows: list[Row], customer: int, name: str) -> set[Any]:
    """The values of a column, of one customer."""
    return {row[name] for row in rows if row["customer_id"] == customer}


def loaded_rows(place: Place) -> Iterator[Row]:
    """The rows of the warehouse, as the API would return them."""
    providers: dict[int, list[str]] = {}
    listed = "select interaction_id, provider_name from liine.interactions__provider_names order by position"
    for row in query(place, listed):
        providers.setdefault(row["interaction_id"], []).append(row["provider_name"])
    for row in query(place, "select * from liine.interactions"):
        times = {name: value for name, value in row.items() if isinstance(value, datetime)}
        texts = {name: value.replace(tzinfo=None).isoformat() + "Z" for name, value in times.items()}
        yield {**row, **texts, "provider_names": providers.get(row["id"])}
