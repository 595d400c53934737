"""Settings that would be ignored or misread are refused before anything is requested or written."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_type_hints

import dlt
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from liine_source import ConfigurationError, configured_customers, configured_destination, liine, settings, sync
from liine_source.destinations import get_destination
from liine_source.emulator import running_emulator
from liine_source.settings import resolve_settings
from tests.support.command_line import run, run_process

ARGUMENTS: dict[str, Any] = {
    "customer_ids": [1],
    "credentials": {"username": "a", "password": "b"},
    # Nothing listens on this port, in case something is requested.
    "base_url": "http://127.0.0.1:9",
}

Write = Callable[..., None]


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write dlt's files and environment variables, and reload them, since dlt reads files once in a process."""
    context = Container()[PluggableRunContext]
    before = context.providers

    monkeypatch.setattr(context.context, "_global_dir", "global")

    def write_settings(config: str = "", secrets: str = "", global_config: str = "", **environment: str) -> None:
        for file, text in (
            (".dlt/config.toml", config),
            (".dlt/secrets.toml", secrets),
            ("global/config.toml", global_config),
        ):
            Path(file).parent.mkdir(exist_ok=True)
            Path(file).write_text(text)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        context.reload_providers()

    yield write_settings
    context.providers = before


def refusal(**given: Any) -> str:
    """Return the message of a plain `liine(...)`, which has to be that of a run."""
    with pytest.raises(ConfigurationError) as from_run:
        sync(**{**ARGUMENTS, **given})
    with pytest.raises(ConfigurationError) as from_source:
        liine(**{**ARGUMENTS, **given})
    assert str(from_run.value) == str(from_source.value)
    assert "canary" not in str(from_source.value)
    return str(from_source.value)


CONFIG, SECRETS = "config", "secrets"
SECTION = "[sources.liine]\n"
KEY = "3f9a1c7e5b2d8046a1e9c3b7d5f20864"

UNKNOWN = [
    ({CONFIG: f'{SECTION}peronal_data = "drop"'}, "peronal_data under [sources.liine] in config.toml", "personal_data"),
    ({CONFIG: f"{SECTION}sinse = 2025-01-01"}, "sinse under [sources.liine] in config.toml", "since"),
    ({"global_config": f"{SECTION}sinse = 1"}, "sinse under [sources.liine] in config.toml", "since"),
    ({CONFIG: f"{SECTION}Since = 2025-01-01"}, "Since under [sources.liine] in config.toml", "since"),
    ({CONFIG: f"{SECTION}observer = 1"}, "observer under [sources.liine] in config.toml", None),
    ({CONFIG: "[sources.liine.liine]\nsinse = 1"}, "sinse under [sources.liine.liine] in config.toml", "since"),
    ({CONFIG: "[sources.liine.filter]\ntype = 1"}, "filter under [sources.liine] in config.toml", "filters"),
    ({CONFIG: "[sources.Liine]\nsince = 1"}, "[sources.Liine] in config.toml", "[sources.liine]"),
    (
        {SECRETS: f'{SECTION}personal_data_kye = "canary"'},
        "personal_data_kye under [sources.liine] in secrets.toml",
        "personal_data_key",
    ),
    (
        {SECRETS: '[sources.liine.credentials]\nuser = "canary"'},
        "user under [sources.liine.credentials] in secrets.toml",
        "credentials.username",
    ),
    *(
        ({name: "canary"}, f"{name} in the environment", f"SOURCES__LIINE__{meant}")
        for name, meant in (
            ("SOURCES__LIINE__PERSONALDATA", "PERSONAL_DATA"),
            ("SOURCES__LIINE__SINSE", "SINCE"),
            ("SOURCES__LIINE__LIINE__SINSE", "SINCE"),
            ("SOURCES__LIINE__CREDENTIALS__PASWORD", "CREDENTIALS__PASSWORD"),
            # dlt reads a table as one variable.
            ("SOURCES__LIINE__FILTERS__TYPE", "FILTERS"),
            ("SOURCES__LIINE__PERSONAL_DATA_FIELDS__NAME", "PERSONAL_DATA_FIELDS"),
            # dlt looks for capitals and two underscores.
            ("SOURCES_LIINE_PERSONAL_DATA", "PERSONAL_DATA"),
            ("SOURCES__LIINE_SINCE", "SINCE"),
            ("sources__liine__since", "SINCE"),
            ("SOURCES__LIINE__since", "SINCE"),
        )
    ),
]


@pytest.mark.parametrize(("written", "name", "suggested"), UNKNOWN, ids=[name for _, name, _ in UNKNOWN])
def test_unknown_setting_is_refused(write: Write, written: dict[str, str], name: str, suggested: str | None) -> None:
    """Ignoring `peronal_data` would load every patient's name; the message suggests the right name."""
    write(**written)
    suggestion = f" (did you mean {suggested}?)" if suggested else ""
    assert f"Unknown settings: {name}{suggestion}." in refusal()


DATE, WHOLE = "a date such as 2024-01-31", "a whole number"

WRONG_TYPES = [
    ({CONFIG: f"{SECTION}since = 2025"}, "since", DATE, "sources.liine.since in config.toml"),
    ({CONFIG: f'{SECTION}since = "2025"'}, "since", DATE, "sources.liine.since in config.toml"),
    ({CONFIG: f'{SECTION}until = "10:30"'}, "until", DATE, "sources.liine.until in config.toml"),
    ({CONFIG: f"{SECTION}since = true"}, "since", DATE, "sources.liine.since in config.toml"),
    ({CONFIG: f'{SECTION}page_size = "500"'}, "page_size", WHOLE, "sources.liine.page_size in config.toml"),
    ({CONFIG: f"{SECTION}page_size = true"}, "page_size", WHOLE, "sources.liine.page_size in config.toml"),
    ({CONFIG: f"{SECTION}lookback_days = 4.0"}, "lookback_days", WHOLE, "sources.liine.lookback_days in config.toml"),
    ({CONFIG: f"{SECTION}personal_data = true"}, "personal_data", "text", "sources.liine.personal_data in config.toml"),
    ({CONFIG: f'{SECTION}filters = "canary"'}, "filters", "a table", "sources.liine.filters in config.toml"),
    (
        {CONFIG: f'{SECTION}store_run_history = "canary"'},
        "store_run_history",
        "true or false",
        "sources.liine.store_run_history in config.toml",
    ),
    (
        {SECRETS: f"{SECTION}personal_data_key = 12345"},
        "personal_data_key",
        "text",
        "sources.liine.personal_data_key in secrets.toml",
    ),
    (
        {SECRETS: "[sources.liine.credentials]\npassword = 1e5"},
        "credentials.password",
        "text",
        "sources.liine.credentials.password in secrets.toml",
    ),
    ({CONFIG: "[sources]\nsince = 2025"}, "since", DATE, "sources.since in config.toml"),
    ({"SOURCES__LIINE__SINCE": "2025"}, "since", DATE, "SOURCES__LIINE__SINCE in the environment"),
    ({"SOURCES__LIINE__UNTIL": "10:30"}, "until", DATE, "SOURCES__LIINE__UNTIL in the environment"),
    ({"SOURCES__LIINE__PAGE_SIZE": "5e2"}, "page_size", WHOLE, "SOURCES__LIINE__PAGE_SIZE in the environment"),
]


@pytest.mark.parametrize(("written", "name", "form", "place"), WRONG_TYPES)
def test_value_of_wrong_type_is_refused(
    write: Write, written: dict[str, str], name: str, form: str, place: str
) -> None:
    """dlt would read 2025 as a day in 1970, and true as a page size of 1."""
    write(**written)
    assert refusal(**{"credentials": {}} if "credentials" in name else {}) == (
        f"{name} must be {form}; see {place}. Nothing was requested."
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"since": 2025}, "since must be a date such as 2024-01-31."),
        ({"page_size": True}, "page_size must be a whole number."),
        ({"customer_ids": 1234}, "customer_ids must be a list such as [1234]."),
        ({"customer_ids": "1234"}, "customer_ids must be a list such as [1234]."),
        ({"filters": ["canary"]}, "filters must be a table."),
        ({"credentials": {"username": "a", "password": 12345}}, "credentials.password must be text."),
        ({"credentials": {"user": "canary", "password": "canary"}}, "credentials['user'] (did you mean username?)"),
        ({"filters": {"typ": ["canary"]}}, "Filter 'typ' is unknown (did you mean type?)"),
    ],
)
def test_arguments_are_checked_like_settings(given: dict[str, Any], message: str) -> None:
    """They are checked before dlt fills gaps from elsewhere, such as the username of other credentials."""
    assert message in refusal(**given)


def test_unknown_arguments_are_refused() -> None:
    """The message makes the same suggestion as for a setting."""
    with pytest.raises(ConfigurationError, match=r"peronal_data \(did you mean personal_data\?\)"):
        sync(**{**ARGUMENTS, "peronal_data": "drop"})
    with pytest.raises(ConfigurationError, match="personal_data_key as an argument"):
        sync(**{**ARGUMENTS, "personal_data_key": "canary"})
    with pytest.raises(ConfigurationError, match="peronal_data"):
        liine(**{**ARGUMENTS, "peronal_data": "drop"})


def test_settings_of_dlt_and_other_sources_are_ignored(write: Write) -> None:
    """Sections that dlt reads, other sources and other programs' variables are not refused."""
    write(
        """
        [sources.liine]
        max_table_nesting = 2
        since = "2025-01-01"
        [sources.liine.schema]
        naming = "snake_case"
        [sources.liine.schema_contract]
        columns = "evolve"
        [sources.liine.extract]
        workers = 3
        [sources.liine.data_writer]
        buffer_max_items = 10
        [sources.liine.interactions.data_writer]
        buffer_max_items = 10
        [sources.liine.filters]
        type = ["form"]
        [sources.liine.personal_data_fields]
        name = "drop"
        [sources.line]
        sinse = 2025
        [mine.sources.liine]
        sinse = 2025
        """,
        f'[sources.liine]\npersonal_data_key = "{KEY}"\n[sources.liine.personal_data_old_keys]\n1 = "{KEY[::-1]}"',
        SOURCES__LIINE__EXTRACT__WORKERS="3",
        SOURCES__LIINE__INTERACTIONS__PROVIDER_NAMES__MAX="3",
        SOURCES__OTHER__SINSE="1",
        SOURCES_LIINE_HOME="/somewhere",
        SOURCES__LIINE__PAGE_SIZE="500",
        SOURCES__LIINE__PERSONAL_DATA_KEY_ID="2",
        SOURCES__LIINE__STORE_RUN_HISTORY="true",
    )
    assert liine(**ARGUMENTS)
    found = resolve_settings(**ARGUMENTS)
    assert (found.since, found.page_size, found.store_run_history) == (date(2025, 1, 1), 500, True)
    assert (found.filters, sorted(found.keys)) == ({"type": ["form"]}, ["1", "2"])


def test_section_of_active_pipeline_is_checked(write: Write) -> None:
    """dlt reads that section first for a plain `liine(...)`."""
    write("[mine.sources.liine]\nsinse = 2025", MINE__SOURCES__LIINE__PERSONALDATA="drop")
    assert liine(**ARGUMENTS)
    dlt.pipeline("mine", destination="duckdb").activate()
    try:
        with pytest.raises(ConfigurationError, match=r"MINE__SOURCES__LIINE__PERSONALDATA .*; sinse under"):
            liine(**ARGUMENTS)
    finally:
        dlt.current.pipeline().deactivate()


def test_run_reads_section_of_source_function(write: Write) -> None:
    """A plain `liine(...)` reads `[sources.liine.liine]` first, so a run must too."""
    write('[sources.liine.liine]\npersonal_data = "drop"\ncustomer_ids = [5]\n[sources.liine]\ncustomer_ids = [6]')
    found = resolve_settings(credentials=ARGUMENTS["credentials"])
    assert (found.policy.mode, found.customer_ids) == ("drop", [5])
    assert configured_customers() == [5]


@pytest.mark.parametrize(
    ("config", "environment", "name"),
    [
        ("", {}, "duckdb"),
        ('destination_type = "postgres"', {}, "postgres"),
        ('destination_type = "postgres"', {"DESTINATION_TYPE": "snowflake"}, "snowflake"),
        ('destination_type = "postgres"', {"DESTINATION_TYPE": ""}, "duckdb"),
    ],
)
def test_destination_is_a_setting(write: Write, config: str, environment: dict[str, str], name: str) -> None:
    """Commands and schedulers find the same one; the environment precedes the file."""
    write(config, **environment)
    assert (get_destination(None).name, configured_destination()) == (name, name)


@pytest.mark.parametrize("wrong", ['"1234"', "1234", "[true]", '["1234"]'])
def test_customer_ids_of_wrong_type_are_refused_during_parsing(write: Write, wrong: str) -> None:
    """A scheduler that parses would otherwise see a Python error, or other customers."""
    write(f"{SECTION}customer_ids = {wrong}")
    with pytest.raises(ConfigurationError, match="customer_ids must be a list"):
        configured_customers()


def test_source_names_missing_setting(write: Write) -> None:
    """The message is that of a run; dlt's own lists pages of places."""
    write()
    with pytest.raises(ConfigurationError, match=r"Settings are missing: customer_ids under \[sources.liine\]"):
        liine(credentials=ARGUMENTS["credentials"])


def test_arguments_are_the_declared_settings() -> None:
    """Editors complete the settings from `LiineOptions`; secrets are no arguments."""
    assert set(get_type_hints(settings.LiineOptions)) == set(settings._declared_settings().arguments)


def test_every_setting_is_documented() -> None:
    """docs/settings.md lists exactly the settings that dlt declares."""
    page = (Path(__file__).parents[1] / "docs" / "settings.md").read_text()
    declared = settings._declared_settings()
    documented = re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)
    assert sorted(documented) == sorted({*declared.arguments, *declared.secrets})


def test_command_line_exits_with_2_before_any_request() -> None:
    """The message names the setting without its value, and nothing is written."""
    with running_emulator(interactions=5, customers=1) as api:
        done = run("sync", api=api, SOURCES__LIINE__PERSONALDATA="canary")
        assert (done.returncode, done.stdout) == (2, "")
        assert "did you mean SOURCES__LIINE__PERSONAL_DATA?" in done.stderr
        Path(".dlt").mkdir()
        Path(".dlt/config.toml").write_text(f'{SECTION}sinse = "canary"')
        done = run_process("sync", api=api)
        assert (done.returncode, done.stdout) == (2, "")
        assert "sinse under [sources.liine] in config.toml (did you mean since?)" in done.stderr
        assert "canary" not in done.stderr
        assert api.requests == []
    assert not list(Path().glob("*.duckdb"))
