"""The semantic models in MetricFlow, as a user queries them, from `.venv-metricflow`."""

import csv
import json
import os
import subprocess
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from liine_source.emulator import running_emulator
from tests.marts.building import Project
from tests.marts.cases import Cases
from tests.marts.figures import figures
from tests.marts.interactions import Row
from tests.marts.story import loaded_rows, loading_into, loads_of, sync_customers

pytestmark = pytest.mark.slow("marts")

METRICFLOW = Path(__file__).parents[2] / ".venv-metricflow" / "bin"
# All commands in one process, because importing MetricFlow takes longer than a query.
COMMANDS = """
import json, sys
from dbt_metricflow.cli.main import cli
for arguments in json.loads(sys.argv[1]):
    cli.main(args=arguments, standalone_mode=False)
"""


def test_configs_are_valid_and_each_metric_equals_the_python_computation(tmp_path: Path) -> None:
    """In sum over all customers; saved queries run, and a metric is grouped by each entity."""
    place = tmp_path / "warehouse.duckdb"
    with running_emulator(interactions=1500, customers=4, seed=11, mixed_zones=True) as api:
        with loading_into(place, tmp_path):
            Cases(api).insert()
            sync_customers(api)
        expected = totals(figures(loaded_rows(api), loads_of(api)))
    project = Project(place, tmp_path)
    outcome = project.run("build", "--exclude-resource-type=test", "--exclude-resource-type=unit_test")
    assert outcome.code == 0, outcome.output

    run(project, METRICFLOW / "dbt", "parse", "--quiet")
    manifest = json.loads((tmp_path / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8"))
    names = [metric["name"] for metric in manifest["metrics"].values()]
    assert set(names) == set(expected)
    commands = [["validate-configs"]]
    commands += [["query", "--metrics", name, "--csv", str(tmp_path / name)] for name in names]
    saved = [query["name"] for query in manifest["saved_queries"].values()]
    commands += [["query", "--saved-query", name, "--csv", str(tmp_path / name)] for name in saved]
    entities = ["customer__customer_group", "channel__channel_name", "campaign__utm_campaign", "agent__agent_name"]
    entities += ["location__location_name"]
    commands += [
        ["query", "--metrics", "booked_leads", "--group-by", name, "--csv", str(tmp_path / name)] for name in entities
    ]
    output = run(project, METRICFLOW / "python", "-c", COMMANDS, json.dumps(commands))
    assert "ERRORS: 1" not in output

    for name in names:
        (row,) = read(tmp_path / name)
        assert float(row[name] or 0) == pytest.approx(float(expected[name])), name
    for name in saved:
        assert len(read(tmp_path / name)) > 10
    for name in entities:
        rows = read(tmp_path / name)
        assert len(rows) > 1
        assert sum(float(row["booked_leads"] or 0) for row in rows) == float(expected["booked_leads"])


def run(project: Project, *command: str | Path) -> str:
    """Run a command of `.venv-metricflow` in the project's folder and return what it printed."""
    folder = Path(str(project.place)).parent
    environment = project.environment("UTC") | {
        "DESTINATION__DUCKDB__CREDENTIALS": str(project.place),
        "DBT_PROFILES_DIR": str(folder / "dbt"),
        "DO_NOT_TRACK": "1",
        "PATH": f"{METRICFLOW}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(command, cwd=folder / "dbt", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def totals(tables: dict[str, list[Row]]) -> dict[str, Decimal]:
    """Each metric over all rows."""
    rows = tables["fct_liine__interactions"]
    counted = [row for row in rows if row["is_counted"]]
    inbound = [row for row in counted if row["is_inbound_call"]]
    new = [lead for lead in tables["fct_liine__leads"] if lead["is_new_lead"]]
    appointments = tables["fct_liine__appointments"]
    calls = [row for row in tables["fct_liine__missed_calls"] if row["is_window_closed"]]
    forms = [row for row in tables["fct_liine__form_responses"] if row["is_window_closed"]]
    dated = [row for row in rows if row["date_local"]]
    counts = {
        "interactions": len(counted),
        "answered_calls": count(inbound, "call_result", "answered"),
        "missed_calls": count(inbound, "call_result", "missed"),
        "new_leads": len(new),
        "reached_leads": count(new, "is_reached", True),
        "booked_leads": count(new, "is_booked", True),
        "attended_leads": count(new, "is_attended", True),
        "attended_appointments": count(appointments, "is_attended", True),
        "decided_appointments": count(appointments, "is_attended", True) + count(appointments, "is_no_show", True),
        "dated_interactions": len(dated),
        "spam_interactions": count(dated, "is_spam", True),
        "decided_missed_calls": sum(row["is_called_back"] is not None for row in calls),
        "called_back_calls": count(calls, "is_called_back", True),
        "recovered_calls": count(calls, "is_recovered", True),
        "decided_forms": sum(row["is_attempted"] is not None for row in forms),
        "attempted_forms": count(forms, "is_attempted", True),
        "connected_forms": count(forms, "is_connected", True),
    }
    counts["decided_calls"] = counts["answered_calls"] + counts["missed_calls"]
    found = {name: Decimal(number) for name, number in counts.items()}
    found["new_lead_revenue"] = sum((lead["revenue"] or Decimal(0) for lead in new), Decimal(0))
    found["appointment_revenue"] = sum((row["revenue"] or Decimal(0) for row in appointments), Decimal(0))
    rates = {
        "answer_rate": ("answered_calls", "decided_calls"),
        "reach_rate": ("reached_leads", "new_leads"),
        "booking_rate": ("booked_leads", "new_leads"),
        "attended_rate": ("attended_leads", "new_leads"),
        "show_rate": ("attended_appointments", "decided_appointments"),
        "spam_rate": ("spam_interactions", "dated_interactions"),
        "callback_rate": ("called_back_calls", "decided_missed_calls"),
        "recovery_rate": ("recovered_calls", "decided_missed_calls"),
        "attempt_rate": ("attempted_forms", "decided_forms"),
        "connection_rate": ("connected_forms", "decided_forms"),
    }
    return found | {name: found[part] / found[whole] for name, (part, whole) in rates.items()}


def count(rows: Iterable[Row], name: str, value: object) -> int:
    """The number of rows with a value."""
    return sum(row[name] == value for row in rows)
