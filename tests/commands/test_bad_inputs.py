"""What users mistype: the exit code, the last line of the message, and that nothing is requested or written."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from liine_source import cli, dbt_runner
from tests.support.command_line import run

KEY = {"PERSONAL_DATA_KEY": "3f9a1c7e5b2d8046a1e9c3b7d5f20864"}
# Nothing listens there, in case something is requested.
GOOD = {
    "CUSTOMER_IDS": "[1]",
    "BASE_URL": "http://127.0.0.1:9",
    "CREDENTIALS__USERNAME": "canary-user",
    "CREDENTIALS__PASSWORD": "canary-password",
}
# Variables that are not the source's.
_OTHERS = ("DESTINATION", "RUNTIME", "LOAD__", "LIINE")


@pytest.fixture(autouse=True)
def _own_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let dlt read no file of this machine, and read those of a test again."""
    context = Container()[PluggableRunContext]
    before = context.providers
    monkeypatch.setattr(context.context, "_global_dir", "global")
    yield
    context.providers = before


@pytest.fixture
def files_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read dlt's files when a command begins, as in a process of its own."""
    run_app = cli.app

    def read_and_run() -> None:
        Container()[PluggableRunContext].reload_providers()
        run_app()

    monkeypatch.setattr(cli, "app", read_and_run)


def refuse(*arguments: str, code: int = 2, **environment: str) -> str:
    """Run a command with good settings and those given; return its message, which is all that it has done."""
    given = {name: value for name, value in {**GOOD, **environment}.items() if value != "unset"}
    variables = {name if name.startswith(_OTHERS) else f"SOURCES__LIINE__{name}": given[name] for name in given}
    before = listing()
    done = run(*arguments, **variables)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr
    assert listing() == before
    # A usage error is in a frame.
    return " ".join(done.stderr.replace("│", " ").split())


def listing() -> list[tuple[str, bytes]]:
    """Return the files of the current folder, but for the locks and working folders of dlt."""
    return [
        (str(path), path.read_bytes())
        for path in sorted(Path().rglob("*"))
        if path.is_file() and "dlt" not in path.parts
    ]


COMMAND_LINES = [
    # A command, an option or a value that is none.
    ("synk", "No such command 'synk'. Did you mean 'sync'?"),
    ("sync --colour", "No such option: --colour"),
    ("sync --customer-id x", "Invalid value for '--customer-id'"),
    ("sync --customer-id 0", "each a positive integer, such as [1234]."),
    ("sync --customer-id -5", "each a positive integer, such as [1234]."),
    ("sync --customer-id 99999999999999999999", "each a positive integer, such as [1234]."),
    ("sync --destination paper", "it knows duckdb, postgres, snowflake and others."),
    ("sync --destination postgress", "(did you mean postgres?); it knows duckdb, postgres, snowflake and others."),
    ("status --destination paper", "it knows duckdb, postgres, snowflake and others."),
    ("sync --dataset warehouse", "DuckDB cannot tell apart. Choose another --dataset, or another file in"),
    ("sync --dataset ' '", "must be a text without control characters."),
    ("sync --dbt-project .", "--dbt-project has no effect without --then-dbt: add it."),
    ("sync --then-dbt --dbt-project nowhere", "There is no dbt_project.yml and no profiles.yml in nowhere"),
    ("sync --then-dbt --destination mssql", "The models run on DuckDB, Postgres and Snowflake, not on mssql."),
    ("--log-format xml sync", "'text', 'json'"),
    # Dates.
    ("plan --since 2025-02-30", "Invalid value for '--since': it must be a date such as 2024-01-31."),
    ("plan --since tomorrow", "Invalid value for '--since': it must be a date such as 2024-01-31."),
    ("backfill --until 20240131", "Invalid value for '--until': it must be a date such as 2024-01-31."),
    ("backfill --since 2025-02-03 --until 2024-01-01", "since must not be later than until."),
    ("plan --since 2999-01-01", "since must not be in the future."),
    ("verify --since 31.1.2024", "Invalid value for '--since': it must be a date such as 2024-01-31."),
    ("status --max-age 2x", "--max-age must be a number followed by m, h or d, such as 2h."),
    ("status --max-age -2h", "--max-age must be a number followed by m, h or d, such as 2h."),
    ("status --max-age 99999999999d", "--max-age must be less than 999999999d."),
    # Persons, whose identifiers are not repeated.
    ("erase --phone canary", "Write it like +1 919 555 0123. Nothing was erased."),
    ("erase --phone 12", "Write it like +1 919 555 0123. Nothing was erased."),
    ("erase --phone '+1 919 555 0123' --phone canary", "Phone number 2 of 2 is no phone number"),
    ("erase", "Erasing needs a lead id, a phone number or a patient id. Nothing was erased."),
    ("erase --identifiers nowhere.txt", "cannot be read (FileNotFoundError). Nothing was erased."),
    ("erasures import nowhere", "cannot be read (FileNotFoundError). Pass another FILE; nothing was written."),
    # The emulator.
    ("emulator --port 99999", "Invalid value for '--port'"),
    ("emulator --customers 0", "Invalid value for '--customers'"),
    ("emulator --interactions -1", "Invalid value for '--interactions'"),
    ("emulator --seed x", "Invalid value for '--seed'"),
]


@pytest.mark.parametrize(("line", "message"), COMMAND_LINES, ids=[line for line, _ in COMMAND_LINES])
def test_wrong_command_line(line: str, message: str) -> None:
    """It exits with 2 and says what is right."""
    assert message in refuse(*shlex.split(line), **KEY)


ENVIRONMENTS: list[tuple[str, dict[str, str], str]] = [
    ("check", {"CUSTOMER_IDS": "unset"}, "customer_ids is a list: customer_ids = [1234]. `liine init` asks for all"),
    ("check", {"CUSTOMER_IDS": "1234"}, "'customer_ids' must be a list such as [1234], in the environment as JSON;"),
    ("check", {"CUSTOMER_IDS": "[1234"}, "'customer_ids' must be a list such as [1234], in the environment as JSON;"),
    ("check", {"CUSTOMER_IDS": '["canary"]'}, "each a positive integer, such as [1234]."),
    ("check", {"CUSTOMER_IDS": "[]"}, "customer_ids must be a list of at least one customer id"),
    ("check", {"CREDENTIALS__PASSWORD": ""}, "No username or password. Check username and password under"),
    ("check", {"BASE_URL": "nonsense"}, "base_url must look like https://host, without a user or a query."),
    ("check", {"BASE_URL": "ftp://example.com"}, "base_url must look like https://host, without a user or a query."),
    ("check", {"BASE_URL": "http://example.com"}, "base_url must be https: over http, password and token could be"),
    ("check", {"BASE_URL": "https://u:canary@example.com"}, "base_url must look like https://host, without a user"),
    ("sync", {"SINCE": "2025-02-30"}, "since must be a date such as 2024-01-31; see SOURCES__LIINE__SINCE in the"),
    ("sync", {"SINCE": "2999-01-01"}, "since must not be in the future."),
    ("sync", {"PERSONAL_DATA": "canary"}, "The setting 'personal_data' must be one of keep, hash, drop;"),
    ("sync", {"PERSONAL_DATA": "hash"}, "Hashing personal data needs a key. Set personal_data_key under"),
    ("sync", {"PERSONAL_DATA_FIELDS": '{"name": "canary"}'}, "'name' must be one of keep, hash, drop."),
    ("sync", {"PERSONAL_DATA_FIELDS": '{"nam": "drop"}'}, "'nam' is no field of the reference (did you mean name?)"),
    ("sync", {"PERSONAL_DATA_KEY": "canary"}, "Use at least 32 random characters, for example from `python -c"),
    ("sync", {"PHONE_COUNTRY": "Germany"}, "phone_country must be the two letters of a country, such as US."),
    ("sync", {"STORE_RUN_HISTORY": "canary"}, "The setting 'store_run_history' must be true or false;"),
    (
        "sync",
        {"PAGE_SIZE": "many"},
        "page_size must be a whole number; see SOURCES__LIINE__PAGE_SIZE in the environment.",
    ),
    ("sync", {"PAGE_SIZE": "0"}, "page_size must be 1 to 1000."),
    ("sync", {"MAX_CONCURRENCY": "65"}, "max_concurrency must be 1 to 64."),
    ("sync", {"FILTERS": "canary"}, "The setting 'filters' must be a table, in the environment as JSON;"),
    ("sync", {"FILTERS": '{"colour": "canary"}'}, "Filter 'colour' is unknown. The 69 filters are in"),
    ("sync", {"FILTERS": '{"type": ["canary"]}'}, "Filter 'type'"),
    ("sync", {"SINSE": "canary"}, "SOURCES__LIINE__SINSE in the environment (did you mean SOURCES__LIINE__SINCE?)"),
    ("sync", {"DESTINATION_TYPE": "paper"}, "it knows duckdb, postgres, snowflake and others."),
    ("sync", {"DESTINATION__DUCKDB__CREDENTIALS": "no/x.duckdb"}, "/no/x.duckdb cannot be opened: its folder"),
    ("sync", {"DESTINATION__DUCKDB__CREDENTIALS": "folder"}, "/folder cannot be opened: its folder does not exist, or"),
    ("sync", {"DESTINATION__DUCKDB__CREDENTIALS": "folder/x.txt"}, "/folder/x.txt is not a DuckDB file."),
    ("sync --destination postgres", {}, "Settings of the destination postgres are missing: database"),
    (
        "sync --destination postgres",
        {"DESTINATION__POSTGRES__CREDENTIALS": "canary"},
        "It must look like postgresql://user:password@host:5432/database?sslmode=verify-full",
    ),
    (
        "sync --destination postgres",
        {"DESTINATION__POSTGRES__CREDENTIALS": "postgresql://u:canary@127.0.0.1:9/d?sslmode=maybe"},
        "A parameter of the connection has a value that libpq does not take. Correct it in the address",
    ),
    ("sync --destination snowflake", {}, "Settings of the destination snowflake are missing: database, host."),
    (
        "sync --destination snowflake",
        {"DESTINATION__SNOWFLAKE__CREDENTIALS__PASSWRD": "canary"},
        "DESTINATION__SNOWFLAKE__CREDENTIALS__PASSWRD (did you mean password?)",
    ),
    ("sync", {"LOAD__RAISE_ON_FAILED_JOBS": "false"}, "dlt's setting load.raise_on_failed_jobs must be true"),
    ("sync", {"LOAD__WORKERS": "canary"}, "The setting 'workers' must be a whole number;"),
    ("sync", {"LIINE_LOG_FORMAT": "xml"}, "'text', 'json'"),
]


@pytest.mark.parametrize(
    ("line", "environment", "message"),
    ENVIRONMENTS,
    ids=[f"{line}, {next(iter(given), '')} {number}" for number, (line, given, _) in enumerate(ENVIRONMENTS)],
)
def test_wrong_environment(line: str, environment: dict[str, str], message: str) -> None:
    """It exits with 2 and names the setting, without its value."""
    Path("folder").mkdir()
    Path("folder/x.txt").write_text("no DuckDB file, but some bytes of text that say so" * 100)
    assert message in refuse(*line.split(), **environment)


CONFIG, SECRETS = "config", "secrets"
MOVE = "is a secret, which is not read there. Move it into secrets.toml beside that file, under"
FILES: list[tuple[str, str, str, str]] = [
    ("sync", CONFIG, '[sources.liine\nx = "canary"\n', "The file .dlt/config.toml is not valid TOML, line 1."),
    ("status", CONFIG, "[sources.liine]\npage_size = canary\n", "The file .dlt/config.toml is not valid TOML, line 2."),
    ("check", SECRETS, 'x = "canary"\ny = canary\n', "The file .dlt/secrets.toml is not valid TOML, line 2."),
    ("plan", CONFIG, 'x = "canary"\nx = 2\n', "The file .dlt/config.toml is not valid TOML"),
    (
        "sync",
        CONFIG,
        '[sources.liine.credentials]\npassword = "canary"\n',
        f"password under [sources.liine.credentials] in config.toml {MOVE} [sources.liine.credentials] too",
    ),
    (
        "status",
        CONFIG,
        '[sources.liine.credentials]\npassword = "canary"\n',
        f"password under [sources.liine.credentials] in config.toml {MOVE}",
    ),
    (
        "plan",
        CONFIG,
        '[sources.liine]\npersonal_data_key = "canary"\n',
        f"personal_data_key under [sources.liine] in config.toml {MOVE} [sources.liine] too",
    ),
    (
        "status",
        CONFIG,
        '[destination.duckdb]\ncredentials = "canary.duckdb"\n',
        f"credentials under [destination.duckdb] in config.toml {MOVE} [destination.duckdb] too",
    ),
    (
        "status --destination postgres",
        CONFIG,
        '[destination.postgres.credentials]\npassword = "canary"\n',
        f"password under [destination.postgres.credentials] in config.toml {MOVE}",
    ),
    (
        "erase --phone +19195550123",
        CONFIG,
        '[runtime]\nslack_incoming_hook = "https://canary.example"\n',
        f"slack_incoming_hook under [runtime] in config.toml {MOVE} [runtime] too",
    ),
    (
        "sync",
        CONFIG,
        '[sources.liine]\npersonal_data = "canary"\n',
        "The setting 'personal_data' must be one of keep, hash, drop;",
    ),
    (
        "sync",
        CONFIG,
        "[sources.liine]\nmax_concurrency = '4'\n",
        "max_concurrency must be a whole number; see sources.liine.max_concurrency in config.toml.",
    ),
    (
        "sync",
        CONFIG,
        "[sources.liine]\nsinse = 2025-01-01\n",
        "sinse under [sources.liine] in config.toml (did you mean",
    ),
]


@pytest.mark.parametrize(("line", "file", "text", "message"), FILES, ids=[f"{f[0]}, {f[3][:60]}" for f in FILES])
@pytest.mark.usefixtures("files_are_read")
def test_wrong_file(line: str, file: str, text: str, message: str) -> None:
    """It exits with 2 and names file and line, or where the setting belongs, without its value."""
    Path(".dlt").mkdir()
    Path(f".dlt/{file}.toml").write_text(text)
    assert message in refuse(*line.split()).replace("./.dlt", ".dlt")


@pytest.mark.usefixtures("files_are_read")
def test_secret_beside_the_settings_of_another_program_is_left_alone() -> None:
    """Other sources may read their keys where they like."""
    Path(".dlt").mkdir()
    Path(".dlt/config.toml").write_text('[sources.other]\npassword = "canary"\n')
    assert "Nothing has been loaded" in refuse("verify")


@pytest.mark.parametrize("missing", ["dbt", "dbt.adapters"])
def test_dbt_that_is_not_installed(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--then-dbt` is refused before anything is loaded, whichever part is missing."""

    def find_spec(name: str) -> Any:
        if name.startswith(missing):
            raise ModuleNotFoundError(missing)
        return sys

    monkeypatch.setattr(dbt_runner, "find_spec", find_spec)
    assert "dbt is not installed: pip install 'liine-source[dbt]'." in refuse("sync", "--then-dbt")


def test_log_level_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """dlt's own error comes before anything else, and names no setting."""

    def fail() -> None:
        raise ValueError("Unknown level: 'CANARY'")

    monkeypatch.setattr("dlt.current.run_context", fail)
    assert "RUNTIME__LOG_LEVEL, must be one of CRITICAL, ERROR, WARNING, INFO, DEBUG." in refuse("status")
