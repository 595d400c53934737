"""The page of `liine report` in a real Chromium: what a person sees equals the marts."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from liine_source import report
from liine_source.emulator import running_emulator
from liine_source.html_report.page import build_page
from tests.marts.building import Project
from tests.marts.cases import Cases
from tests.marts.story import loading_into, sync_customers
from tests.support.browser import open_browser, open_page, pale_texts
from tests.support.models import FORMULA, HOSTILE, ROWS, create_models
from tests.support.report_page import figures_of
from tests.support.warehouse import query

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow("browser")

PHONE = {"viewport": {"width": 390, "height": 844}}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
CHARTS = ["funnel", "leads", "bookings", "revenues", "calls", "callbacks", "reasons", "agents", "locations"]
# Whether the pixels of each canvas differ: an empty one is transparent all over.
_DRAWN = """() => [...document.querySelectorAll("canvas")].map((canvas) => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.some((value) => value !== 0);
})"""


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """One Chromium for all tests."""
    with open_browser() as found:
        yield found


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DuckDB file with the models of three customers; of the last only inbound interactions were loaded."""
    folder = tmp_path_factory.mktemp("report")
    place = folder / "warehouse.duckdb"
    with running_emulator(interactions=1200, customers=3, seed=11, mixed_zones=True) as api:
        Cases(api).insert()
        with loading_into(place, folder):
            sync_customers(api)
    outcome = Project(place, folder).run("build", "--exclude-resource-type", "test", "unit_test")
    assert outcome.code == 0, outcome.output
    return place


@pytest.fixture(scope="module")
def file(warehouse: Path) -> Path:
    """The page of that file."""
    with loading_into(warehouse, warehouse.parent):
        return Path(report(output=warehouse.parent / "report.html").path)


def test_page_is_drawn_without_errors_and_requests(browser: "Browser", file: Path) -> None:
    """Each chart has bars and a table behind it, in light and dark, on a desk and a phone."""
    for scheme in ("light", "dark"):
        for size in (DESKTOP, PHONE):
            with open_page(browser, file, color_scheme=scheme, **size) as page:
                page.select_option("#customer", "0")
                assert page.evaluate(_DRAWN) == [True] * len(CHARTS)
                assert [page.locator(f"#{name} details table").count() for name in CHARTS] == [1] * len(CHARTS)
                # Nothing is wider than the screen; wide tables scroll on their own.
                assert page.evaluate("document.documentElement.scrollWidth") == size["viewport"]["width"]
                page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
                assert pale_texts(page) == []


def _sum(column: str, report: str, day: str = "date_local", name: str = "''") -> str:
    """SQL for a sum by `name`, null if one of its values is; {0} is the selection of days."""
    known = f"case when count({column}) = count(*) then sum({column}) end as n"
    return f"select {name} as name, {known} from liine_marts.rpt_liine__{report} where {day} {{0}} group by 1"  # noqa: S608  names below


# What a tile shows, and the same from the reports.
_TILES = {
    "new_leads": _sum("new_leads", "customer_daily"),
    "booked_leads": _sum("booked_leads", "customer_daily"),
    "revenue": _sum("new_lead_revenue", "customer_daily"),
    "missed_calls": _sum("missed_calls", "responses_daily"),
    "called_back_calls": _sum("called_back_calls", "responses_daily"),
    "answer_rate": _sum("answered_calls", "answer_rate_daily").replace(" end as n", " end / sum(decided_calls) as n"),
}
# The first figures of a table, by row.
_TABLES = {
    "channels": _sum("new_leads", "channel_daily", name="channel") + " having n > 0",
    "reasons": _sum("leads", "reasons_not_booked_monthly", "month_local", "reason_not_booked"),
    "funnel": " union all ".join(
        _sum(column, "lead_funnel_monthly", "month_local", f"'{step}'")
        for step, column in (
            ("new leads", "new_leads"),
            ("reached", "reached_leads"),
            ("booked", "booked_leads"),
            ("with an appointment", "leads_with_appointment"),
            ("attended", "attended_leads"),
        )
    ),
}


@pytest.mark.parametrize(
    ("customer", "since", "until"),
    [
        (None, "2000-01-01", "2100-01-01"),
        (None, "2025-03-01", "2025-08-31"),
        (0, "2000-01-01", "2100-01-01"),
        (1, "2025-02-01", "2025-04-30"),
        (2, "2000-01-01", "2100-01-01"),
    ],
    ids=["everything", "months of all", "one customer", "months of one", "a customer with unknowns"],
)
def test_shown_figures_equal_sql(
    browser: "Browser", warehouse: Path, file: Path, customer: int | None, since: str, until: str
) -> None:
    """Of any customer and whole months, which the reports have, also where the data cannot tell a figure."""
    ids = [one["id"] for one in figures_of(file)["customers"]]
    chosen = f"between '{since}' and '{until}'" + ("" if customer is None else f" and customer_id = {ids[customer]}")
    with open_page(browser, file, **DESKTOP) as page:
        page.select_option("#customer", "" if customer is None else str(customer))
        page.fill("#since", since)
        page.fill("#until", until)
        assert {name: page.inner_text(f"#{name}") for name in _TILES} == {
            name: _shown(name, query(warehouse, sql.format(chosen))[0]["n"]) for name, sql in _TILES.items()
        }
        for name, sql in _TABLES.items():
            expected = {row["name"]: _shown(name, row["n"]) for row in query(warehouse, sql.format(chosen))}
            assert {row: values[0] for row, values in _table(page, name).items()} == expected, name


def test_heatmap_equals_sql(browser: "Browser", warehouse: Path, file: Path) -> None:
    """Each weekday and hour."""
    rates = query(
        warehouse,
        "select hour_local, weekday_local, cast(sum(answered_calls) as double) / sum(decided_calls) as rate "
        "from liine_marts.rpt_liine__call_heatmap group by all having sum(decided_calls) > 0",
    )
    expected = {(f"{row['hour_local']:02}:00", row["weekday_local"]): round(row["rate"], 9) for row in rates}
    cells = "(row) => [...row.querySelectorAll('td')].map((cell) => cell.dataset.value)"
    with open_page(browser, file, **DESKTOP) as page:
        found = {
            (row.locator("th").inner_text(), weekday): round(float(value), 9)
            for row in page.locator("#heatmap tbody tr").all()
            for weekday, value in enumerate(row.evaluate(cells), start=1)
            if value
        }
    assert found == expected


def test_locations_and_presets_choose(browser: "Browser", warehouse: Path, file: Path) -> None:
    """A location of the chosen customer; the last days; and all again."""
    figures = figures_of(file)
    customer = figures["customers"][0]["id"]
    with open_page(browser, file, **DESKTOP) as page:
        assert page.is_disabled("#place")
        page.select_option("#customer", "0")
        names = page.locator("#place option").all_inner_texts()[1:]
        leads = {}
        for name in names:
            page.select_option("#place", label=name)
            leads[name] = page.inner_text("#new_leads")
        sql = _sum("new_leads", "leads_by_location_monthly", "customer_id", "location_name")
        rows = query(warehouse, sql.format(f"= {customer}"))
        assert {name: shown for name, shown in leads.items() if shown != "0"} == {
            row["name"]: f"{row['n']:,}" for row in rows
        }
        page.select_option("#customer", "")
        page.click("text=30 days")
        assert page.get_attribute("[data-days='30']", "aria-pressed") == "true"
        since, until = (date.fromisoformat(page.input_value(f"#{name}")) for name in ("since", "until"))
        assert until - since == timedelta(days=29)
        assert "By day." in page.inner_text("#leads")


def test_keyboard_reaches_everything(browser: "Browser", file: Path) -> None:
    """Each control, and the tables behind the charts, which open by the keyboard."""
    with open_page(browser, file, **DESKTOP) as page:
        reached: list[str] = []
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
        for name in ("since", "until", "customer", "30 days", "All days", "Show as table"):
            assert name in reached
        page.focus("#funnel summary")
        page.keyboard.press("Enter")
        assert page.locator("#funnel table").is_visible()


def test_print_is_light_and_without_controls(browser: "Browser", file: Path) -> None:
    """Paper is white, whatever the screen is, and what is selected stands in words."""
    with open_page(browser, file, color_scheme="dark", **DESKTOP) as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert not page.is_visible("#selection")
        assert "All 3 customers, all locations, " in page.inner_text("#selected")
        page.select_option("#customer", "0", force=True)
        assert page.evaluate(_DRAWN) == [True] * len(CHARTS)
        assert pale_texts(page) == []


def test_hostile_names_are_texts(browser: "Browser", monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel's name runs nothing; one that a spreadsheet would run begins with an apostrophe."""
    monkeypatch.setenv("LIINE_NOW", "2025-03-10 12:00:00")
    create_models(Path("warehouse.duckdb"))
    with open_page(browser, Path(report().path), **DESKTOP) as page:
        assert page.title() == "Liine report"
        assert {*_table(page, "channels")} == {"Ads", HOSTILE, f"'{FORMULA}"}
        assert page.inner_text("#data .message") == "No: 1 of 2 customers not proven complete, 1 not fresh."
        assert "11 of 12 interactions found" in page.inner_text("#data table")


def test_what_a_customer_cannot_tell_is_unknown(browser: "Browser") -> None:
    """Not 0, though it has no row; and the page names the customer."""
    scopes = [{**row, "has_leads": row["customer_id"] != 8} for row in ROWS["dim_liine__load_scope"]]
    leads = [row for row in ROWS["fct_liine__leads"] if row["customer_id"] != 8]
    create_models(Path("warehouse.duckdb"), {**ROWS, "dim_liine__load_scope": scopes, "fct_liine__leads": leads})
    with open_page(browser, Path(report().path), **DESKTOP) as page:
        assert [page.inner_text(f"#{name}") for name in ("new_leads", "revenue", "called_back_calls")] == [
            "unknown"
        ] * 3
        assert "Unknown for 1 customer (8)" in page.inner_text("#funnel")
        page.select_option("#customer", label="Seven")
        assert [page.inner_text(f"#{name}") for name in ("new_leads", "revenue", "called_back_calls")] == [
            "3",
            "$0.30",
            "2",
        ]


def test_policy_blocks_the_network(browser: "Browser", file: Path) -> None:
    """Even a script in the page could send nothing."""
    page = browser.new_page()
    page.goto(file.as_uri())
    page.evaluate("""() => {
      document.addEventListener("securitypolicyviolation", (event) => { window.blocked = event.effectiveDirective; });
      fetch("http://127.0.0.1:9/").catch(() => {});
    }""")
    assert page.wait_for_function("window.blocked", timeout=5000).json_value() == "connect-src"
    page.close()


@pytest.mark.parametrize("customers", [0, 1, 200])
def test_states_without_and_with_much(browser: "Browser", tmp_path: Path, customers: int) -> None:
    """Nothing loaded yet, one customer, and 200 with 50 locations each."""
    file = tmp_path / "report.html"
    file.write_bytes(build_page(_many(customers)))
    with open_page(browser, file, **PHONE) as page:
        leads = customers * 50 * 10 if customers > 1 else 0
        assert page.inner_text("#new_leads") == f"{leads:,}"
        assert (page.locator("canvas").count() == 0) == (leads == 0)
        verdict = "No customer was ever loaded." if not customers else "proven complete and fresh."
        assert verdict in page.inner_text("#data .message")
        assert page.locator("#customer option").count() == (1 + customers if customers != 1 else 1)


@pytest.mark.parametrize(
    ("script", "message"),
    [("delete window.DecompressionStream;", "too old for the report"), ("window.atob = () => 'x';", "damaged")],
    ids=["old browser", "damaged file"],
)
def test_what_cannot_be_shown_is_said(browser: "Browser", file: Path, script: str, message: str) -> None:
    """An old browser, and a file that was cut off."""
    context = browser.new_context()
    context.add_init_script(script)
    page = context.new_page()
    page.goto(file.as_uri())
    page.wait_for_selector("#failure:not([hidden])")
    assert message in page.inner_text("#failure")
    context.close()


def _many(customers: int) -> dict[str, Any]:
    """Figures of customers with 50 locations, each with ten leads a day apart; of one customer none."""
    known = {"description": "", "unknown": [], "is_complete": True, "is_fresh": True, "age_hours": 1, "problems": []}
    known |= {"in_api": 1, "in_warehouse": 1, "warnings": {}, "loaded_through": "2025-03-10T10:00:00+00:00"}
    rows = [(place, 20_000 + day) for place in range(customers * 50) for day in range(10)] if customers > 1 else []
    ones = [1] * len(rows)
    empty = {"location": [], "day": []}
    leads = ("new_leads", "reached_leads", "booked_leads", "leads_with_appointment", "attended_leads", "revenue")
    names = {
        "unbooked_leads": ["reason", "unbooked_leads"],
        "calls": ["hour", "inbound_calls", "answered_calls", "missed_calls"],
        "missed_calls": ["missed_calls", "decided_calls", "called_back_calls", "in_5_minutes", "in_1_hour", "in_1_day"],
        "agent_calls": ["agent", "answered_inbound_calls", "answered_outbound_calls", "talk_seconds", "bookings"],
        "opportunities": ["agent", "opportunities", "booked_opportunities"],
    }
    return {
        "made_at": "2025-03-10T12:00:00+00:00",
        "dataset": "liine",
        "version": "0",
        "customers": [{"id": number, "name": f"Clinic {number}", **known} for number in range(customers)],
        "locations": [[number // 50, f"Location {number}"] for number in range(customers * 50)],
        "channels": ["Ads"],
        "reasons": [],
        "agents": [],
        "leads": {
            "location": [place for place, _ in rows],
            "day": [day for _, day in rows],
            "channel": [0] * len(rows),
            **dict.fromkeys(leads, ones),
        },
        **{name: empty | {column: [] for column in columns} for name, columns in names.items()},
    }


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "unknown"
    return {"revenue": f"${value:,.2f}", "answer_rate": f"{value:.1%}"}.get(name, f"{value:,.0f}")


def _table(page: "Page", name: str) -> dict[str, list[str]]:
    """The texts of a table by its rows' headings; also while it is folded."""
    rows = "(rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent))"
    return {heading: values for heading, *values in page.locator(f"#{name} tbody tr").evaluate_all(rows)}
