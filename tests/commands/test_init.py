"""`liine init` asks, tries what it was told, and adds it to dlt's files without changing what is there."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import typer

from liine_source import cli
from liine_source.commands.init import parse_customer_ids
from liine_source.emulator import Emulator, Faults, running_emulator
from liine_source.errors import ConfigurationError
from liine_source.toml_file import TomlFile
from tests.support.command_line import run, run_process
from tests.support.snowflake_stand_in import StandIn

CONFIG, SECRETS = Path(".dlt/config.toml"), Path(".dlt/secrets.toml")
CUSTOMERS = ("--customer-id", "1001", "--customer-id", "1002")


def init(api: Emulator, *arguments: str, stdin: str | None = None, **environment: str) -> Any:
    """Run `liine init` with the emulator's address in the environment, and its password unless `stdin` is given."""
    settings = {"SOURCES__LIINE__BASE_URL": api.base_url, "SOURCES__LIINE__CREDENTIALS__PASSWORD": api.password}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(stdin or ""))
        if stdin is not None:
            del settings["SOURCES__LIINE__CREDENTIALS__PASSWORD"]
            arguments = (*arguments, "--password-stdin")
        return run("init", "--username", api.username, *arguments, **settings | environment)


@pytest.fixture(autouse=True)
def _no_settings_of_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let git ignore nothing because of a file of this machine's user."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)


def write(config: str = "", secrets: str = "") -> None:
    CONFIG.parent.mkdir()
    for file, text in ((CONFIG, config), (SECRETS, secrets)):
        if text:
            file.write_text(text)


def answer_in_terminal(answer: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer the questions of the next command, which takes standard input for a terminal."""
    monkeypatch.setattr(typer, "prompt", answer)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)


def test_settings_are_tried_and_written() -> None:
    """The files have all that `liine check` needs; only the owner can read the password, and no output has it."""
    with running_emulator(interactions=30, customers=2) as api:
        done = init(api, *CUSTOMERS, stdin=f"{api.password}\n")
        assert (done.returncode, done.stderr) == (0, "")
        assert CONFIG.read_text() == (
            "# Settings of liine-source. Passwords and keys go into secrets.toml beside this file.\n"
            'destination_type = "duckdb"\n\n[sources.liine]\ncustomer_ids = [1001, 1002]\n'
            f'base_url = "{api.base_url}"\n'
        )
        assert SECRETS.read_text() == (
            "# Passwords and keys of liine-source: keep this file to yourself, and out of git.\n\n"
            f'[sources.liine.credentials]\nusername = "{api.username}"\npassword = "{api.password}"\n\n'
            '[destination.duckdb]\ncredentials = "warehouse.duckdb"\n'
        )
        assert SECRETS.stat().st_mode & 0o777 == 0o600
        assert api.password not in done.stdout
        assert "Written: password under [sources.liine.credentials] in secrets.toml" in done.stdout
        assert sorted(path.name for path in Path().iterdir() if path.name != "dlt") == [".dlt"]
        assert [path.name for path in CONFIG.parent.iterdir() if path.name.startswith(".")] == []
        assert run_process("check").returncode == 0


def test_files_are_added_to() -> None:
    """Values, comments, order, formatting and permissions stay; what the files have is not asked for."""
    config = "# Ours.\n[load] # of dlt\n  workers=3\n\n[sources.liine]\ncustomer_ids = [ 1002, 1001 ]   # two\n"
    secrets = "[sources.liine.credentials]\n# of the practice\nusername = 'test'\n\n[other]\nkey = \"canary\"\n"
    with running_emulator(interactions=30, customers=2) as api:
        write(config, secrets)
        SECRETS.chmod(0o644)
        CONFIG.chmod(0o640)
        done = init(api, "--customer-id", "1001", "--customer-id", "1002", SOURCES__LIINE__BASE_URL=api.base_url)
        assert (done.returncode, done.stderr) == (0, "")
        assert CONFIG.read_text() == (
            '# Ours.\ndestination_type = "duckdb"\n\n[load] # of dlt\n  workers=3\n\n[sources.liine]\n'
            f'customer_ids = [ 1002, 1001 ]   # two\nbase_url = "{api.base_url}"\n'
        )
        assert SECRETS.read_text() == (
            "[sources.liine.credentials]\n# of the practice\nusername = 'test'\n"
            f'password = "{api.password}"\n\n[other]\nkey = "canary"\n\n'
            '[destination.duckdb]\ncredentials = "warehouse.duckdb"\n'
        )
        assert (SECRETS.stat().st_mode & 0o777, CONFIG.stat().st_mode & 0o777) == (0o600, 0o640)
        before = CONFIG.read_bytes(), SECRETS.read_bytes()
        again = run("init")
        assert (again.returncode, again.stderr) == (0, "")
        assert "nothing was added" in again.stdout
        assert (CONFIG.read_bytes(), SECRETS.read_bytes()) == before


OTHER = [
    (
        "[sources.liine.liine]\ncustomer_ids = [1001]",
        "",
        (),
        {},
        "customer_ids under [sources.liine] in .dlt/config.toml",
    ),
    ("[sources.liine]\ncustomer_ids = [1001]", "", (), {}, "customer_ids under [sources.liine] in .dlt/config.toml"),
    (
        "",
        '[sources.liine.credentials]\nusername = "canary"',
        (),
        {},
        "username under [sources.liine.credentials] in .dlt/secrets.toml",
    ),
    (
        "",
        '[sources.liine.credentials]\npassword = "canary"',
        (),
        {},
        "password under [sources.liine.credentials] in .dlt/secrets.toml",
    ),
    ('destination_type = "postgres"', "", ("--destination", "duckdb"), {}, "destination_type in .dlt/config.toml"),
    (
        "",
        '[destination.duckdb]\ncredentials = "canary.duckdb"',
        ("--duckdb-file", "other.duckdb"),
        {},
        "credentials under [destination.duckdb] in .dlt/secrets.toml",
    ),
    (
        '[sources.liine]\nbase_url = "https://canary.example"',
        "",
        (),
        {},
        "base_url under [sources.liine] in .dlt/config.toml",
    ),
]


@pytest.mark.parametrize(
    ("config", "secrets", "arguments", "environment", "place"),
    OTHER,
    ids=[f"{number} {other[4]}" for number, other in enumerate(OTHER)],
)
def test_other_value_in_file_is_refused(
    config: str, secrets: str, arguments: tuple[str, ...], environment: dict[str, str], place: str
) -> None:
    """The message names file and key, and neither value; nothing is requested or written."""
    with running_emulator(interactions=5, customers=2) as api:
        write(config, secrets)
        done = init(api, *CUSTOMERS, *arguments, **environment)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"Error: {place} has another value, and `liine init` changes none.")
        assert "canary" not in done.stderr
        assert api.requests == []
    assert [file.read_text() if file.exists() else "" for file in (CONFIG, SECRETS)] == [config, secrets]


WRONG = [
    ("nothing given", (), {}, 2, "--username or SOURCES__LIINE__CREDENTIALS__USERNAME"),
    ("no customer", ("--username", "test"), {"PASSWORD": "x"}, 2, "SOURCES__LIINE__CUSTOMER_IDS"),
    ("customer 0", ("--username", "test", "--customer-id", "0"), {"PASSWORD": "x"}, 2, "a positive whole number"),
    ("refused login", ("--username", "test", *CUSTOMERS), {"PASSWORD": "canary"}, 1, "refused user name or password"),
    ("another destination", ("--destination", "bigquery"), {}, 2, "sets up duckdb, postgres, snowflake"),
    ("a file for Postgres", ("--destination", "postgres", "--duckdb-file", "x.duckdb"), {}, 2, "--duckdb-file has no"),
    ("no folder", (*CUSTOMERS, "--username", "u", "--duckdb-file", "no/x.duckdb"), {"PASSWORD": "x"}, 2, "a folder"),
    ("name of dataset", (*CUSTOMERS, "--username", "u", "--duckdb-file", "liine.duckdb"), {"PASSWORD": "x"}, 2, "same"),
    ("port alone", ("--port", "80"), {}, 2, "--port has no effect without --emulator"),
    ("emulator and more", ("--emulator", "--username", "u"), {}, 2, "--emulator brings all settings"),
    ("control character", ("--username", "a\x1b", *CUSTOMERS), {"PASSWORD": "x"}, 2, "control character"),
    ("empty password", ("--password-stdin",), {}, 2, "--password-stdin reads one line"),
]


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "message"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG]
)
def test_wrong_input_writes_nothing(
    arguments: tuple[str, ...], environment: dict[str, str], code: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last line says what to do; no file or folder is made."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with running_emulator(interactions=5, customers=2) as api:
        environment = {f"SOURCES__LIINE__CREDENTIALS__{name}": value for name, value in environment.items()}
        done = run("init", *arguments, SOURCES__LIINE__BASE_URL=api.base_url, **environment)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "canary" not in done.stderr
    assert not [path for path in Path().iterdir() if path.name != "dlt"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("1001", [1001]),
        ("1001, 1002", [1001, 1002]),
        (" 1001 1002,1001 ", [1001, 1002]),
        ("[1001, 1002]", [1001, 1002]),
        ([1002, 1001], [1002, 1001]),
        ("canary", None),
        ("1001; 1002", None),
        ("0", None),
        ("[", None),
        ("", None),
    ],
)
def test_customer_ids_may_be_typed_in_several_ways(typed: Any, found: list[int] | None) -> None:
    """What is no list of ids is refused, without being repeated."""
    if found is not None:
        assert parse_customer_ids(typed) == found
        return
    with pytest.raises(ConfigurationError, match=r"^A customer id is a positive whole number, such as 1234"):
        parse_customer_ids(typed)


def test_refused_customers_are_named() -> None:
    """A customer that the API refuses, or an API that fails, ends in exit code 1, and nothing is written."""
    with running_emulator(interactions=5, customers=2) as api:
        api.faults = Faults(refused_customers=(1002,))
        done = init(api, *CUSTOMERS)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "Error: 1 of 2 customer(s) cannot be read, so nothing was written:\n- Customer 1002: "
    )
    assert not CONFIG.parent.exists()


def test_terminal_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting that is not given is asked for on standard error, the password without echo."""
    asked = []

    def answer(text: str, **options: Any) -> str:
        asked.append((text, options["hide_input"], options["default"], options["err"]))
        if text.startswith(("Customer", "Destination")):
            with pytest.raises(typer.BadParameter):
                options["value_proc"]("canary")
        answer: str = options["value_proc"](answers.pop(0))
        return answer

    answer_in_terminal(answer, monkeypatch)
    with running_emulator(interactions=5, customers=2) as api:
        answers = [api.username, api.password, "1001, 1002", "duckdb", "mine.duckdb"]
        done = run("init", SOURCES__LIINE__BASE_URL=api.base_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert asked == [
        ("User name at Liine", False, None, True),
        ("Password at Liine", True, None, True),
        ("Customer ids, with commas between them", False, None, True),
        ("Destination (duckdb, postgres, snowflake)", False, "duckdb", True),
        ("DuckDB file", False, "warehouse.duckdb", True),
    ]
    assert "customer_ids = [1001, 1002]" in CONFIG.read_text()
    assert 'credentials = "mine.duckdb"' in SECRETS.read_text()


def test_refused_answers_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped password or customer costs that answer alone; the user name is offered again."""
    asked = []

    def answer(text: str, **options: Any) -> str:
        asked.append((text, options["default"]))
        answer: str = options["value_proc"](answers.pop(0))
        return answer

    answer_in_terminal(answer, monkeypatch)
    with running_emulator(interactions=5, customers=2) as api:
        answers = ["test", "canary", "1001, 9999", "duckdb", "mine.duckdb", "test", api.password, "1002"]
        done = run("init", SOURCES__LIINE__BASE_URL=api.base_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert asked[5:7] == [
        ("The API refused user name or password.\nUser name at Liine", "test"),
        ("Password at Liine", None),
    ]
    assert asked[7][0].startswith("1 of 2 customer(s) cannot be read, so nothing was written:\n- Customer 9999: ")
    assert asked[7][0].endswith("\nCustomer ids, with commas between them")
    assert "customer_ids = [1002]" in CONFIG.read_text()
    assert TomlFile(SECRETS).get(("sources", "liine", "credentials", "password")) == api.password


def test_given_user_name_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what was typed here is asked for again."""
    asked = []

    def answer(text: str, **options: Any) -> str:
        asked.append(text)
        answer: str = options["value_proc"](answers.pop(0))
        return answer

    answer_in_terminal(answer, monkeypatch)
    with running_emulator(interactions=5, customers=2) as api:
        answers = ["canary", "mine.duckdb", api.password]
        environment = {"SOURCES__LIINE__BASE_URL": api.base_url, "DESTINATION_TYPE": "duckdb"}
        done = run("init", "--username", api.username, "--customer-id", "1001", **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert asked == [
        "Password at Liine",
        "DuckDB file",
        "The API refused user name or password.\nPassword at Liine",
    ]


def test_playground_has_settings_of_its_own() -> None:
    """It needs no account and requests nothing; its file and dataset are not those of a warehouse."""
    done = run("init", "--emulator", "--port", "8766")
    assert (done.returncode, done.stderr) == (0, "")
    again = json.loads(run("init", "--emulator", "--port", "8766", "--json").stdout)
    assert (again["added"], again["destination"], again["dataset"]) == ([], "duckdb", "playground")
    assert CONFIG.read_text().endswith(
        '[sources.liine]\nbase_url = "http://127.0.0.1:8766"\ncustomer_ids = [1001, 1002, 1003]\n'
    )
    assert SECRETS.read_text().endswith('[destination.duckdb]\ncredentials = "emulator.duckdb"\n')
    assert done.stdout.endswith(
        "Next, in one terminal: liine emulator --port 8766\n"
        "In another, in this folder: liine sync --dataset playground, then liine status --dataset playground\n"
    )


@pytest.mark.parametrize(
    ("config", "environment", "message"),
    [
        (
            "[sources.liine]\ncustomer_ids = [7]\n",
            {},
            "customer_ids under [sources.liine] in .dlt/config.toml has another",
        ),
        ('destination_type = "postgres"\n', {}, "destination_type in .dlt/config.toml has another"),
        ("", {"DESTINATION_TYPE": "postgres"}, "precede those of a playground: DESTINATION_TYPE."),
        ("", {"SOURCES__LIINE__CREDENTIALS__PASSWORD": "canary"}, "SOURCES__LIINE__CREDENTIALS__PASSWORD."),
        ("", {"SOURCES__LIINE__FILTERS": "{}"}, "SOURCES__LIINE__FILTERS."),
    ],
)
def test_playground_is_not_mixed_with_real_settings(config: str, environment: dict[str, str], message: str) -> None:
    """Invented rows must not reach a warehouse, nor a password the emulator."""
    write(config)
    done = run("init", "--emulator", **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "canary" not in done.stderr
    assert not SECRETS.exists()


def test_postgres_is_connected_to_and_not_changed(postgres: str) -> None:
    """The address of the environment is tried with statements that only read, then written."""
    with running_emulator(interactions=5, customers=2) as api:
        before = schemas(postgres)
        done = init(api, *CUSTOMERS)
        assert (done.returncode, done.stderr) == (0, "")
        assert schemas(postgres) == before
    assert 'destination_type = "postgres"' in CONFIG.read_text()
    assert TomlFile(SECRETS).get(("destination", "postgres", "credentials")) == postgres


def test_postgres_that_cannot_be_connected_to_is_named() -> None:
    """Neither the message nor the output has the address; the API is not logged in to."""
    with running_emulator(interactions=5, customers=2) as api:
        address = "postgresql://canary:canary@127.0.0.1:9/analytics"
        done = init(api, *CUSTOMERS, DESTINATION_TYPE="postgres", DESTINATION__POSTGRES__CREDENTIALS=address)
        assert (done.returncode, done.stdout) == (1, "")
        assert "canary" not in done.stderr
        assert api.requests == []
    assert not CONFIG.parent.exists()


def schemas(address: str) -> list[Any]:
    """Return what is in a database of Postgres."""
    connection = psycopg2.connect(address)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select nspname from pg_namespace union all select relname from pg_class order by 1")
            return cursor.fetchall()
    finally:
        connection.close()


@pytest.mark.slow("snowflake")
def test_snowflake_is_connected_to(snowflake: StandIn) -> None:
    """The parts of the credentials in the environment are written as a table."""
    with running_emulator(interactions=5, customers=2) as api:
        done = init(api, *CUSTOMERS)
    assert (done.returncode, done.stderr) == (0, "")
    written = TomlFile(SECRETS).get(("destination", "snowflake", "credentials"))
    assert sorted(written) == ["database", "host", "password", "role", "username", "warehouse"]


GIT = [
    ("not in git", (), "", None),
    ("in git", ("init",), "*.duckdb", "*.duckdb\n.dlt/secrets.toml\n"),
    ("ignored already", ("init",), "secrets.toml\n", "secrets.toml\n"),
]


@pytest.mark.parametrize(("command", "before", "after"), [g[1:] for g in GIT], ids=[g[0] for g in GIT])
def test_git_ignores_secrets(command: tuple[str, ...], before: str, after: str | None) -> None:
    """`.gitignore` gets the file's name only in a work tree, and only where nothing ignores the file yet."""
    if command:
        subprocess.run(["git", *command, "--quiet"], check=True)  # noqa: S603, S607  git itself
    if before:
        Path(".gitignore").write_text(before)
    assert run("init", "--emulator").returncode == 0
    assert (Path(".gitignore").read_text() if Path(".gitignore").exists() else None) == after


def test_secrets_that_git_tracks_are_refused() -> None:
    """To ignore them would not help: the password would go into the next commit."""
    write(secrets="# mine\n")
    for arguments in (["init", "--quiet"], ["add", str(SECRETS)]):
        subprocess.run(["git", *arguments], check=True)  # noqa: S603, S607  git itself
    done = run("init", "--emulator")
    assert done.returncode == 2
    assert "Run `git rm --cached .dlt/secrets.toml` there" in done.stderr
    assert (SECRETS.read_text(), CONFIG.exists()) == ("# mine\n", False)


ADDED = [
    ("", '[a.b]\nc = "new"\n'),
    ("[a.b]\nx = 1", '[a.b]\nx = 1\nc = "new"\n'),
    ("[a]\nx = 1 # one\n[z]\ny = 2\n", None),
    ("a.b.x = 1\n", None),
    ("[a.b]\r\nx = 1\r\n", None),
    ("a = {b = {x = 1}}\n", None),
    ("[a.z]\nx = 1\n[y]\nx = 1\n[a.b]\nx = 1\n", None),
]


@pytest.mark.parametrize(("before", "after"), ADDED)
def test_value_is_added_to_any_way_of_writing(before: str, after: str | None) -> None:
    """Each line that was there is still there, and TOML reads the new value beside them."""
    file = Path("any.toml")
    file.write_bytes(before.encode())
    toml = TomlFile(file)
    toml.add(("a", "b", "c"), "new")
    toml.require_sound()
    toml.save()
    written = file.read_bytes().decode()
    assert TomlFile(file).get(("a", "b", "c")) == "new"
    assert after in {None, written}
    if not before.startswith("a = {"):
        assert [line for line in before.splitlines() if line not in written.splitlines()] == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'x = 1\npassword = "canary\n', "is not valid TOML, line 2."),
        (b'x = "canary"\nx = 2\n', "is not valid TOML"),
        (b"\xff", "cannot be read (UnicodeDecodeError)."),
    ],
)
def test_unreadable_file_is_named(content: bytes, message: str) -> None:
    """File and line, without what stands there."""
    file = Path("any.toml")
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        TomlFile(file)
    assert str(raised.value).startswith(f"any.toml {message}")
    assert "canary" not in str(raised.value)


def test_failed_write_leaves_file_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves neither half a file nor a temporary one; a link to the file stays a link."""
    file, link = Path("any.toml"), Path("link.toml")
    file.write_text("x = 1\n")
    link.symlink_to(file)
    toml = TomlFile(link)
    toml.add(("y",), 2)

    def fail(_: int) -> None:
        raise OSError(28, "canary")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(ConfigurationError, match=r"link.toml cannot be written \(No space left on device\)"):
            toml.save()
    assert (file.read_text(), sorted(path.name for path in Path().iterdir() if path.name != "dlt")) == (
        "x = 1\n",
        ["any.toml", "link.toml"],
    )
    toml.save()
    assert (link.is_symlink(), file.read_text()) == (True, "x = 1\ny = 2\n")


def test_playground_needs_the_emulators_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the next command would fail."""
    monkeypatch.setitem(sys.modules, "liine_source.emulator", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'liine-source\[emulator\]'"):
        cli._emulator_settings()
