"""The command line as a user meets it: output, exit codes, and no traceback."""

import json
import re
import subprocess
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from liine_source import console
from liine_source.api.records import build_row
from liine_source.commands import check as commands_check
from liine_source.commands.sync_report import CustomerSync, SyncReport
from liine_source.emulator import Faults, running_emulator
from liine_source.errors import ConfigurationError
from liine_source.load.tables import PageTables
from tests.extract.test_sub_windows import crowd
from tests.support.command_line import LIINE, captured, run, run_process


def test_check_sync_and_status_print_tables_or_json() -> None:
    """Each exits with 0 and prints JSON on request."""
    with running_emulator(interactions=200, customers=2) as api:
        checked = json.loads(run("check", "--json", api=api).stdout)
        assert checked == [
            {"customer_id": key, "count": len(api.truth(key)), "error": None} for key in api.customer_ids
        ]
        printed = run("check", api=api).stdout
        assert "ok" in printed
        assert f"Working folder: {Path.cwd() / 'dlt' / 'pipelines'}. A load keeps its files there" in printed
        assert run("status", "--json").returncode == 1
        synced = run("sync", api=api)
        assert (synced.returncode, synced.stderr.count("\n")) == (0, 1)
        assert "count" in synced.stdout
        one_customer = json.loads(run("sync", "--json", "--customer-id", str(api.customer_ids[0]), api=api).stdout)
        assert one_customer["is_complete"] is True
        assert [customer["customer_id"] for customer in one_customer["customers"]] == api.customer_ids[:1]
        customers = json.loads(run("status", "--json").stdout)["customers"]
        assert {row["customer_id"]: row["rows"] for row in customers} == {
            key: len(api.truth(key)) for key in api.customer_ids
        }
        assert all(row["proof"] == "count" and row["watermark"] for row in customers)


def test_refused_customer_exits_with_1() -> None:
    """The other customers are loaded, and the table has the error."""
    with running_emulator(interactions=100, customers=2) as api:
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        for command in ("check", "sync"):
            done = run(command, api=api)
            assert done.returncode == 1
            assert "403" in done.stdout
            assert "Traceback" not in done.stdout + done.stderr
            output = json.loads(run(command, "--json", api=api).stdout)
            assert "403" in json.dumps(output)


def test_brackets_are_printed_literally() -> None:
    """They occur in field names, and in errors that name a section of the settings."""
    page = PageTables("17", {})
    page.build([build_row({"id": 1, "[/red] \ud800": "x"})], 7)
    error = ConfigurationError("look under [sources.liine.credentials]")
    report = SyncReport(customers=[CustomerSync(1, errors=[error])], unknown_fields=sorted(page.unknown_fields))
    with captured() as (out, _), pytest.MonkeyPatch.context() as patch:
        patch.setattr(console, "out", Console(width=200))
        console.print_report(report)
    assert "look under [sources.liine.credentials]" in out.getvalue()
    assert r"loaded as columns: [/red] \ud800" in out.getvalue()


@pytest.mark.slow("faults")
def test_gap_is_reported_in_table_and_json() -> None:
    """`sync` and `verify` name the customer, the window and both numbers of rows."""
    with running_emulator(interactions=100, customers=2) as api:
        run("sync", api=api)
        crowd(api, 60, interaction_type="form", first_time_interaction=False, duration=None)
        gap = rf"Customer {api.customer_ids[0]}, .* after [0-9]+ interactions of [0-9]+[.]"
        for command in ("sync", "verify"):
            done = run(command, api=api, SOURCES__LIINE__PAGE_SIZE="20", COLUMNS="2000")
            assert (done.returncode, done.stderr.count("\n")) == (1, command == "sync")
            assert re.search(gap, done.stdout)
            as_json = run(command, "--json", api=api, SOURCES__LIINE__PAGE_SIZE="20")
            assert (as_json.returncode, as_json.stderr.count("\n")) == (1, command == "sync")
            assert re.search(gap, json.dumps(json.loads(as_json.stdout)))


def test_row_refused_by_warehouse_is_not_quoted() -> None:
    """dlt's own error has the value, but neither the output nor any file does."""
    with running_emulator(interactions=100, customers=1) as api:
        run("sync", api=api)
        with duckdb.connect("warehouse.duckdb") as warehouse:
            warehouse.execute("update liine.interactions set name = id::varchar")
            warehouse.execute("create unique index mine on liine.interactions (name)")
        for row in api.truth():
            api.change(row["id"], name="Canary Person")
        done = run_process("sync", api=api, RUNTIME__LOG_LEVEL="WARNING")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The run failed in dlt's step 'load' (ConstraintException).")
    assert "A constraint refuses rows that the API returns. Somebody has added it" in done.stderr
    assert done.stderr.count("\n") == 1
    files = [path for path in Path().rglob("*") if path.is_file()]
    assert not [path for path in files if b"Canary" in path.read_bytes()]


def test_setting_tables_are_read_from_variables() -> None:
    """A scheduler's worker gets them this way, as JSON."""
    environment = {"SOURCES__LIINE__FILTERS": '{"call_type": ["New Lead"]}'}
    environment["SOURCES__LIINE__PERSONAL_DATA_FIELDS"] = '{"name": "drop"}'
    with running_emulator(interactions=60, customers=1) as api:
        synced = run("sync", "--json", api=api, **environment)
        expected = {row["id"] for row in api.truth() if row["call_type"] == "New Lead"}
    assert (synced.returncode, synced.stderr.count("\n")) == (0, 1)
    with duckdb.connect("warehouse.duckdb", read_only=True) as warehouse:
        loaded = warehouse.execute("select id, name from liine.interactions").fetchall()
    assert {row for row, _ in loaded} == expected
    assert {name for _, name in loaded} == {None}


def test_finished_backfill_reports_nothing_to_do() -> None:
    """`verify` without a dataset creates no file."""
    with running_emulator(interactions=100, customers=1) as api:
        assert "Nothing has been loaded" in run("verify", api=api).stderr
        assert not Path("warehouse.duckdb").exists()
        assert "complete" in run("backfill", api=api).stdout
        assert "--restart" in run("backfill", api=api).stdout
        assert "equal" in run("verify", api=api).stdout
        assert "ok" in run("plan", api=api).stdout


def test_paragraphs_of_help_fill_their_lines() -> None:
    """Where a line ends in the source, it need not end in a terminal of another width."""
    shown = run("init", "--help", COLUMNS="100").stdout
    assert [line.strip() for line in shown.splitlines()[5:7]] == [
        "Files are added to, never overwritten. Without a terminal: options, environment variables and",
        "--password-stdin. A password is no option, as other users of the machine could see it.",
    ]


def test_readme_shows_printed_columns() -> None:
    """The README's figures are of a larger emulator, so only column headers are compared."""
    documented = set(headers((Path(__file__).parents[1] / "README.md").read_text()))
    with running_emulator(interactions=60, customers=1) as api:
        for command in (["sync"], ["verify"]):
            printed = set(headers(run(*command, api=api).stdout))
            assert printed
            assert printed <= documented, command


def headers(text: str) -> list[str]:
    """The column headers of each table."""
    return [" ".join(line.split()) for line in text.splitlines() if line.startswith("┃")]


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "message"),
    [
        (["sync"], {}, 2, "Settings are missing: customer_ids under [sources.liine]; password, username"),
        (["sync", "--colour"], {}, 2, "No such option"),
        (["sync", "--customer-id", "x"], {}, 2, "Invalid value for '--customer-id'"),
        (["synk"], {}, 2, "No such command"),
        (["sync", "--dataset", "warehouse"], {"api": "yes"}, 2, "DuckDB cannot tell apart"),
        (["sync", "--destination", "paper"], {"api": "yes"}, 2, "does not know this destination"),
        (["sync"], {"api": "yes", "SOURCES__LIINE__PAGE_SIZE": "0"}, 2, "page_size must be 1 to 1000"),
        (["sync"], {"api": "yes", "SOURCES__LIINE__PAGE_SIZE": "many"}, 2, "page_size"),
        (["sync"], {"api": "yes", "SOURCES__LIINE__FILTERS": '{"colour": "red"}'}, 2, "Filter 'colour' is unknown"),
        (
            ["sync"],
            {"api": "yes", "SOURCES__LIINE__FILTERS": '{"colour'},
            2,
            "The setting 'filters' must be a table, in the environment as JSON",
        ),
        (["sync", "--dataset", " "], {"api": "yes"}, 2, "The name of the dataset, --dataset, must be a text"),
        (["sync", "--dataset", "\udcff"], {"api": "yes"}, 2, "The name of the dataset, --dataset, must be a text"),
        (["check"], {"SOURCES__LIINE__CREDENTIALS": '{"password": "wrong-word"'}, 2, "credentials must be a table"),
        (
            ["sync", "--then-dbt", "--dbt-project", "."],
            {"api": "yes"},
            2,
            "There is no dbt_project.yml and no profiles.yml",
        ),
        (["sync", "--dbt-project", "."], {"api": "yes"}, 2, "--dbt-project has no effect without --then-dbt"),
        (["sync", "--then-dbt", "--destination", "mssql"], {"api": "yes"}, 2, "not on mssql"),
        (["emulator", "--port", "99999"], {}, 2, "Invalid value for '--port'"),
        (["emulator", "--customers", "0"], {}, 2, "Invalid value for '--customers'"),
        (["check"], {"api": "yes", "SOURCES__LIINE__CREDENTIALS__PASSWORD": "wrong-word"}, 1, "secrets.toml"),
        (["sync"], {"api": "yes", "SOURCES__LIINE__CREDENTIALS__PASSWORD": "wrong-word"}, 1, "secrets.toml"),
    ],
)
def test_errors_are_reported_without_traceback(
    arguments: list[str], environment: dict[str, str], code: int, message: str
) -> None:
    """The exit code distinguishes an invalid command line from a failure."""
    environment = dict(environment)
    with running_emulator(interactions=20, customers=1) as api:
        done = run(*arguments, api=api if environment.pop("api", None) else None, **environment)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "wrong-word" not in done.stderr + done.stdout
    # A login is refused only after the warehouse was opened to read the state of each customer.
    assert code == 1 or not Path("warehouse.duckdb").exists()


def test_emulator_names_a_port_that_is_taken() -> None:
    """It says how to choose another."""
    with running_emulator(interactions=20, customers=1) as api:
        port = api.base_url.rpartition(":")[2]
        done = run("emulator", "--port", port)
    assert done.returncode == 2
    assert f"cannot use port {port} (Address already in use). Choose another with --port." in done.stderr


def test_unexpected_error_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback could quote a row; the place in the code is enough for a report."""

    def fail(**_: object) -> None:
        raise ValueError("Canary Person")

    monkeypatch.setattr(commands_check, "check", fail)
    done = run("check")
    assert done.returncode == 1
    assert "(ValueError). liine-source does not know this error (raised at test_cli.py:" in done.stderr
    assert "Canary" not in done.stderr


def test_settings_are_read_from_dlt_files() -> None:
    """`.dlt/config.toml` and `.dlt/secrets.toml` in the current folder are sufficient."""
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
        expected = [row for row in api.truth() if row["interaction_type"] in ("call", "form")]
        assert json.loads(done.stdout)["rows"]["interactions"] == len(expected)


@pytest.mark.parametrize(
    ("arguments", "command"),
    [((), "init --emulator\n"), (("--port", "0"), "init --emulator --port {port}\n"), (("--customers", "1"), None)],
    ids=["own port", "another port", "other customers"],
)
def test_emulator_names_the_init_that_has_its_settings(
    arguments: tuple[str, ...], command: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the port unless it is the usual one; `liine init` knows the usual three customers only."""
    with running_emulator(interactions=0, customers=1) as api:
        monkeypatch.setattr("liine_source.emulator.serve", lambda *, on_ready, **_: on_ready(api))
        done = run("emulator", *arguments)
        port = api.base_url.rpartition(":")[2]
    assert done.stdout.count("export SOURCES__LIINE__") == 4
    assert ("liine init" in done.stderr) == (command is not None)
    if command:
        assert command.format(port=port) in done.stderr
    assert done.stderr.endswith("Ctrl-C ends the emulator.\n")


def test_emulator_prints_its_settings() -> None:
    """The JSON that it prints is an environment in which `liine check` works."""
    process = subprocess.Popen(  # noqa: S603  our own program
        [LIINE, "emulator", "--port", "0", "--interactions", "50", "--customers", "1", "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            printed = "".join(iter(process.stdout.readline, "}\n")) + "}"
            checked = run_process("check", "--json", **json.loads(printed))
        finally:
            process.terminate()
    assert json.loads(checked.stdout)[0]["count"] == 50
