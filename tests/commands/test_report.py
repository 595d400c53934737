"""`liine report`: what it writes, where, and what it says instead."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from liine_source.emulator import running_emulator
from tests.support.command_line import run
from tests.support.models import CANARY, FORMULA, HOSTILE, ROWS, create_models
from tests.support.report_page import figures_of, json_in, sums_of
from tests.support.warehouse import Place, on_duckdb_and_postgres, spoil

FILE = Path("liine-report.html")
NOW = {"LIINE_NOW": "2025-03-10 12:00:00"}
WAREHOUSE = Path("warehouse.duckdb")


def rows_of(figures: dict[str, Any], name: str) -> list[tuple[Any, ...]]:
    """Return the values of the sums of a kind, with days of March 2025."""
    return sorted((tuple({**row, "day": row["day"].day}.values()) for row in sums_of(figures, name)), key=str)


@on_duckdb_and_postgres
def test_page_has_sums_of_every_kind(warehouse: Place) -> None:
    """By day, customer and location: all that the page adds up, on each destination."""
    create_models(warehouse)
    done = run("report", "--json", **NOW)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"path": str(FILE.absolute()), "bytes": FILE.stat().st_size, "customers": 2}
    figures = figures_of(FILE)
    assert rows_of(figures, "leads") == [
        (7, "North", 3, HOSTILE, 1, 1, 1, 1, 0, 0.2),
        (7, "North", 3, "Ads", 1, 1, 1, 1, 1, 0.1),
        (7, "unknown", 4, FORMULA, 1, 1, 0, 0, 0, 0),
        (8, "North", 3, "Ads", 1, None, None, None, None, 5),
    ]
    assert rows_of(figures, "unbooked_leads") == [(7, "unknown", 4, "Price", 1)]
    assert rows_of(figures, "calls") == [(7, "North", 3, 9, 2, 1, 1), (8, "North", 4, 9, 1, 1, 0)]
    assert rows_of(figures, "missed_calls") == [
        (7, "North", 4, 4, 3, 2, 1, 1, 1),
        (8, "North", 4, 1, 0, None, 0, 0, 0),
    ]
    assert rows_of(figures, "agent_calls") == [
        (7, "North", 3, "Ada Agent", 1, 0, 60, 0),
        (7, "unknown", 3, "agent 71", 0, 1, 60, 1),
    ]
    assert rows_of(figures, "opportunities") == [
        (7, "North", 3, "Ada Agent", 1, 1),
        (7, "unknown", 3, "agent 71", 1, 0),
    ]


def test_page_tells_what_is_proven_and_what_is_unknown() -> None:
    """The newest proof of each customer, its age by the report's clock, and what its data cannot tell."""
    create_models(WAREHOUSE)
    assert run("report", **NOW).returncode == 0
    seven, eight = figures_of(FILE)["customers"]
    assert seven == {
        "id": 7,
        "name": "Seven",
        "description": "No filter.",
        "unknown": [],
        "is_complete": True,
        "in_api": 90,
        "in_warehouse": 90,
        "proof": "count",
        "problems": [],
        "warnings": {},
        "loaded_through": "2025-03-10T10:00:00+00:00",
        "age_hours": 2.0,
        "is_fresh": True,
    }
    assert (
        eight
        | {
            "name": "8",
            "is_complete": False,
            "is_fresh": False,
            "problems": ["dataset completeness: failed: count (11 of 12 interactions found)"],
            "warnings": {"unknown value": 1},
            "unknown": [
                "reached_leads",
                "booked_leads",
                "leads_with_appointment",
                "attended_leads",
                "unbooked_leads",
                "called_back_calls",
                "booked_opportunities",
            ],
        }
        == eight
    )


def test_page_has_no_personal_field_and_no_code_of_others() -> None:
    """Not a patient's name, number or id, nor an unknown value; a channel's name cannot end the script."""
    create_models(WAREHOUSE)
    run("report", **NOW)
    page = FILE.read_text(encoding="utf-8")
    figures = json_in(page)
    assert CANARY not in page + figures
    assert "Ada Agent" in figures
    assert "document.title='owned'" in figures
    assert "document.title" not in page
    assert page.count("<script") == page.count("</script>") == 3


@pytest.mark.parametrize(
    ("options", "leads", "calls"),
    [
        (["--since", "2025-03-04"], 1, 1),
        (["--until", "2025-03-03"], 3, 2),
        (["--customer-id", "8"], 1, 1),
        (["--since", "2025-04-01"], 0, 0),
    ],
    ids=["since", "until", "customer", "empty"],
)
def test_options_choose_days_and_customers(options: list[str], leads: int, calls: int) -> None:
    """Both days are included; what is not chosen is not in the file."""
    create_models(WAREHOUSE)
    assert run("report", *options).returncode == 0
    figures = figures_of(FILE)
    assert (sum(figures["leads"]["new_leads"]), sum(figures["calls"]["inbound_calls"])) == (leads, calls)


def test_no_file_but_an_older_report_is_replaced() -> None:
    """Not a folder either; and the new file is whole, for its owner only."""
    create_models(WAREHOUSE)
    Path("notes.html").write_text("<title>mine</title>")
    Path("folder").mkdir()
    for name in ("notes.html", "folder", "missing/report.html"):
        done = run("report", "--output", name)
        assert done.returncode == 2
        assert "Nothing was written." in done.stderr
    assert Path("notes.html").read_text() == "<title>mine</title>"
    run("report", "--until", "2025-03-03")
    first = FILE.read_bytes()
    assert run("report").returncode == 0
    assert FILE.read_bytes() != first
    assert FILE.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in Path().iterdir()} >= {FILE.name}
    assert not [*Path().glob(f"{FILE.name}.*")]


@pytest.mark.parametrize(
    ("options", "environment", "message"),
    [
        (["--customer-id", "9"], {}, "The models have no customer 9. Correct --customer-id"),
        (["--since", "2025-03-04", "--until", "2025-03-03"], {}, "since must not be later than until."),
        (
            ["--destination", "filesystem"],
            {"DESTINATION__FILESYSTEM__BUCKET_URL": "files"},
            "The models run on DuckDB, Postgres and Snowflake, not on filesystem.",
        ),
        ([], {"LIINE_NOW": "soon"}, "LIINE_NOW must be a time in UTC"),
        ([], {"LIINE_MARTS_SCHEMA": "theirs"}, "Schema theirs has models of the dataset other, not of liine."),
    ],
    ids=["customer", "days", "destination", "clock", "dataset"],
)
def test_wrong_options_exit_with_2(options: list[str], environment: dict[str, str], message: str) -> None:
    """And nothing is written."""
    create_models(WAREHOUSE)
    create_models(WAREHOUSE, {**ROWS, "_liine_dataset": [{"dataset": "other"}]}, "theirs")
    done = run("report", *options, **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert not FILE.exists()


@on_duckdb_and_postgres
def test_missing_and_old_models_are_named_with_the_command_that_builds_them(warehouse: Place) -> None:
    """Before the first build, and after one of a version that lacked a column."""
    with running_emulator(interactions=20, customers=1) as api:
        run("sync", api=api)
    done = run("report")
    assert (done.returncode, done.stdout) == (1, "")
    assert "schema liine_marts" in done.stderr
    assert " has none of them. Build them with `liine sync --then-dbt`" in done.stderr
    create_models(warehouse)
    spoil(warehouse, "alter table liine_marts.dim_liine__load_scope drop column has_revenue")
    assert " lacks these, or columns of them: dim_liine__load_scope. Build" in run("report").stderr
    assert not FILE.exists()


def test_missing_file_is_not_created() -> None:
    """A wrong path of DuckDB's file is an error, and stays wrong."""
    done = run("report", DESTINATION__DUCKDB__CREDENTIALS="elsewhere.duckdb")
    assert done.returncode == 1
    assert "There is no DuckDB file" in done.stderr
    assert not Path("elsewhere.duckdb").exists()


def test_report_can_be_opened_in_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--open` opens the file, and says so where there is no browser."""
    create_models(WAREHOUSE)
    opened: list[str] = []

    def fail_to_open(address: str) -> bool:
        opened.append(address)
        return False

    monkeypatch.setattr("webbrowser.open", fail_to_open)
    done = run("report", "--open")
    assert opened == [FILE.absolute().as_uri()]
    assert "No browser was found" in done.stderr
    assert "The report is in" in done.stdout


def test_nothing_is_written_to_the_warehouse() -> None:
    """No table, not even dlt's, is added."""
    create_models(WAREHOUSE)
    tables = "select table_schema, table_name from information_schema.tables order by all"
    with duckdb.connect(str(WAREHOUSE), read_only=True) as connection:
        before = connection.execute(tables).fetchall()
    run("report")
    with duckdb.connect(str(WAREHOUSE), read_only=True) as connection:
        after = connection.execute(tables).fetchall()
    assert after == before
