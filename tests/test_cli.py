"""The command line as a user meets it: words, exit codes, and no traceback."""

import json
import re
import subprocess
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from liine_source import cli
from liine_source.emulator import Faults, running_emulator
from liine_source.errors import ConfigurationError
from liine_source.rows import row_of
from liine_source.runs import CustomerSync, SyncReport
from liine_source.tables import PageTables
from tests.command_line import LIINE, captured, run, run_process
from tests.test_repair import crowd


def test_check_sync_status_speak_to_people_and_machines() -> None:
    """Each exits 0, prints a table for people, and JSON on request."""
    with running_emulator(interactions=200, customers=2) as api:
        checked = json.loads(run("check", "--json", api=api).stdout)
        assert checked == [
            {"customer_id": key, "count": len(api.truth(key)), "error": None} for key in api.customer_ids
        ]
        assert "ok" in run("check", api=api).stdout
        assert run("status", "--json").returncode == 1
        synced = run("sync", api=api)
        assert (synced.returncode, synced.stderr) == (0, "")
        assert "count" in synced.stdout
        again = json.loads(run("sync", "--json", "--customer-id", str(api.customer_ids[0]), api=api).stdout)
        assert again["is_complete"] is True
        assert [customer["customer_id"] for customer in again["customers"]] == api.customer_ids[:1]
        held = json.loads(run("status", "--json").stdout)["customers"]
        assert {row["customer_id"]: row["rows"] for row in held} == {
            key: len(api.truth(key)) for key in api.customer_ids
        }
        assert all(row["proof"] == "count" and row["watermark"] for row in held)


def test_a_customer_that_is_refused_makes_the_exit_code_1() -> None:
    """The others are loaded, and the table says why one is not."""
    with running_emulator(interactions=100, customers=2) as api:
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        for command in ("check", "sync"):
            done = run(command, api=api)
            assert done.returncode == 1
            assert "403" in done.stdout
            assert "Traceback" not in done.stdout + done.stderr
            told = json.loads(run(command, "--json", api=api).stdout)
            assert "403" in json.dumps(told)


def test_brackets_in_names_are_printed() -> None:
    """Those of a field, and of the section that an error names."""
    page = PageTables("17", {})
    page.build([row_of({"id": 1, "[/red] \ud800": "x"})])
    error = ConfigurationError("look under [sources.liine.credentials]")
    report = SyncReport(customers=[CustomerSync(1, errors=[error])], unknown_fields=sorted(page.unknown_fields))
    with captured() as (out, _), pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "_out", Console(width=200))
        cli._print_report(report)
    assert "look under [sources.liine.credentials]" in out.getvalue()
    assert r"kept as columns: [/red] \ud800" in out.getvalue()


def test_a_gap_is_told_to_people_and_machines() -> None:
    """Which customer and window, expected how many, got how many; by `sync` and by `verify`."""
    with running_emulator(interactions=100, customers=2) as api:
        run("sync", api=api)
        crowd(api, 60, interaction_type="form", first_time_interaction=False, duration=None)
        gap = rf"Customer {api.customer_ids[0]}, .* after [0-9]+ interactions of [0-9]+[.]"
        for command in ("sync", "verify"):
            done = run(command, api=api, SOURCES__LIINE__PAGE_SIZE="20", COLUMNS="2000")
            assert (done.returncode, done.stderr) == (1, "")
            assert re.search(gap, done.stdout)
            machine = run(command, "--json", api=api, SOURCES__LIINE__PAGE_SIZE="20")
            assert (machine.returncode, machine.stderr) == (1, "")
            assert re.search(gap, json.dumps(json.loads(machine.stdout)))


def test_a_row_that_the_warehouse_refuses_is_quoted_nowhere() -> None:
    """Neither on the screen, nor in a log or file of dlt's, whose own words hold the value."""
    with running_emulator(interactions=100, customers=1) as api:
        run("sync", api=api)
        with duckdb.connect("warehouse.duckdb") as warehouse:
            warehouse.execute("alter table liine.interactions alter name type integer using null")
        for row in api.truth():
            api.change(row["id"], name="Canary Person")
        done = run_process("sync", api=api, RUNTIME__LOG_LEVEL="WARNING")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The run failed at dlt's step 'load' (ConversionException).")
    assert done.stderr.count("\n") == 1
    files = [path for path in Path().rglob("*") if path.is_file()]
    assert not [path for path in files if b"Canary" in path.read_bytes()]


def test_tables_of_settings_come_from_variables_too() -> None:
    """As JSON, which is how a scheduler's worker gets them."""
    given = {"SOURCES__LIINE__FILTERS": '{"call_type": ["New Lead"]}'}
    given["SOURCES__LIINE__PERSONAL_DATA_FIELDS"] = '{"name": "drop"}'
    with running_emulator(interactions=60, customers=1) as api:
        synced = run("sync", "--json", api=api, **given)
        wanted = {row["id"] for row in api.truth() if row["call_type"] == "New Lead"}
    assert (synced.returncode, synced.stderr) == (0, "")
    with duckdb.connect("warehouse.duckdb", read_only=True) as warehouse:
        held = warehouse.execute("select id, name from liine.interactions").fetchall()
    assert {row for row, _ in held} == wanted
    assert {name for _, name in held} == {None}


def test_nothing_left_to_read_is_said() -> None:
    """A backfill that is done does nothing, and says so; `verify` of nothing leaves no file."""
    with running_emulator(interactions=100, customers=1) as api:
        assert "Nothing has been loaded" in run("verify", api=api).stderr
        assert not Path("warehouse.duckdb").exists()
        assert "complete" in run("backfill", api=api).stdout
        assert "--anew" in run("backfill", api=api).stdout
        assert "equal" in run("verify", api=api).stdout
        assert "ok" in run("plan", api=api).stdout


def test_the_readme_shows_the_columns_that_are_printed() -> None:
    """Of the tables of `plan`, `sync`, `backfill` and `verify`; the figures are of a larger emulator."""
    shown = set(headers((Path(__file__).parents[1] / "README.md").read_text()))
    with running_emulator(interactions=60, customers=1) as api:
        for command in (["plan"], ["sync"], ["backfill", "--since", "2025-01-01"], ["verify"]):
            printed = set(headers(run(*command, api=api).stdout))
            assert printed
            assert printed <= shown, command


def headers(text: str) -> list[str]:
    """The names of the columns of each table."""
    return [" ".join(line.split()) for line in text.splitlines() if line.startswith("┃")]


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "message"),
    [
        (["sync"], {}, 2, "Settings are missing: customer_ids under [sources.liine]; password, username"),
        (["sync", "--colour"], {}, 2, "No such option"),
        (["sync", "--customer-id", "x"], {}, 2, "Invalid value for '--customer-id'"),
        (["synk"], {}, 2, "No such command"),
        (["sync", "--dataset", "warehouse"], {"api": "yes"}, 2, "DuckDB cannot tell apart"),
        (["sync", "--destination", "paper"], {"api": "yes"}, 2, "not known to dlt"),
        (["sync"], {"api": "yes", "SOURCES__LIINE__PAGE_SIZE": "0"}, 2, "page_size must be 1 to 1000"),
        (["sync"], {"api": "yes", "SOURCES__LIINE__PAGE_SIZE": "many"}, 2, "page_size"),
        (["sync"], {"api": "yes", "SOURCES__LIINE__FILTERS": '{"colour": "red"}'}, 2, "Filter 'colour' is unknown"),
        (["sync"], {"api": "yes", "SOURCES__LIINE__FILTERS": '{"colour'}, 2, "'filters' has a value that is no table"),
        (["check"], {"api": "yes", "SOURCES__LIINE__CREDENTIALS__PASSWORD": "wrong-word"}, 1, "secrets.toml"),
        (["sync"], {"api": "yes", "SOURCES__LIINE__CREDENTIALS__PASSWORD": "wrong-word"}, 1, "secrets.toml"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    arguments: list[str], environment: dict[str, str], code: int, message: str
) -> None:
    """No traceback, no file, and the code tells a wrong command line from a failure."""
    environment = dict(environment)
    with running_emulator(interactions=20, customers=1) as api:
        done = run(*arguments, api=api if environment.pop("api", None) else None, **environment)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "wrong-word" not in done.stderr + done.stdout
    # A refused login is only met once the warehouse has been asked how far each customer is.
    assert code == 1 or not Path("warehouse.duckdb").exists()


def test_settings_are_read_from_the_files_of_dlt() -> None:
    """`.dlt/config.toml` and `.dlt/secrets.toml` in the current folder are enough."""
    with running_emulator(interactions=100, customers=1) as api:
        Path(".dlt").mkdir()
        Path(".dlt/config.toml").write_text(
            f'[sources.liine]\ncustomer_ids = {api.customer_ids}\nbase_url = "{api.base_url}"\nsince = 2020-01-01\n'
            '[sources.liine.filters]\ntype = ["call", "form"]\n'
        )
        Path(".dlt/secrets.toml").write_text(
            f'[sources.liine.credentials]\nusername = "{api.username}"\npassword = "{api.password}"\n'
        )
        done = run_process("sync", "--json")
        assert done.returncode == 0, done.stderr
        wanted = [row for row in api.truth() if row["interaction_type"] in ("call", "form")]
        assert json.loads(done.stdout)["rows"]["interactions"] == len(wanted)


def test_the_emulator_tells_how_to_reach_it() -> None:
    """What it prints as JSON is an environment in which `liine check` works."""
    process = subprocess.Popen(  # noqa: S603  our own program
        [LIINE, "emulator", "--port", "0", "--interactions", "50", "--customers", "1", "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            told = "".join(iter(process.stdout.readline, "}\n")) + "}"
            checked = run_process("check", "--json", **json.loads(told))
        finally:
            process.terminate()
    assert json.loads(checked.stdout)[0]["count"] == 50
