"""Every way into Postgres that libpq knows, for each client that connects: dlt, ADBC, our own statements, and dbt."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from hypothesis import given
from hypothesis import strategies as st
from psycopg2 import sql
from psycopg2.extensions import make_dsn, parse_dsn

from liine_source import ConfigurationError, dbt_runner, status, sync, verify
from liine_source.destinations.postgres_login import PostgresLogin, read_address
from liine_source.emulator import running_emulator
from liine_source.load.pipeline import build_pipeline, dbt_environment, locate
from tests.commands.test_sync import settings
from tests.support.certificates import Authority
from tests.support.tls_proxy import TlsProxy, tls_proxy
from tests.support.warehouse import differences

CREDENTIALS = "DESTINATION__POSTGRES__CREDENTIALS"
PROFILE = {"host": "HOST", "port": "PORT", "user": "USERNAME", "password": "PASSWORD", "dbname": "DATABASE"}
ODD = "a b%41@/:?#[]&=+\\ é$中 {{ x }}"
QUOTES = "'\""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgresql://u:p@h:5433/d", {"user": "u", "password": "p", "host": "h", "port": "5433", "dbname": "d"}),
        ("postgres://u@h/d?sslmode=require", {"user": "u", "host": "h", "dbname": "d", "sslmode": "require"}),
        ("postgresql:///d", {"dbname": "d"}),
        ("postgresql://%2Frun%2Fpg/d", {"host": "/run/pg", "dbname": "d"}),
        ("postgresql://u@[::1]/d%20b", {"user": "u", "host": "::1", "dbname": "d b"}),
        ("postgresql://a:1,b:2/d", {"host": "a,b", "port": "1,2", "dbname": "d"}),
        ("service=liine", {"service": "liine"}),
        ("host=h password='a b' dbname=d", {"host": "h", "password": "a b", "dbname": "d"}),
        ("postgresql+psycopg2://u:p@h/d", {"user": "u", "password": "p", "host": "h", "dbname": "d"}),
        # Characters that should be encoded, and were understood before.
        ("postgresql://u:a/b@h/d", {"user": "u", "password": "a/b", "host": "h", "dbname": "d"}),
        ("postgresql://u:12/b@h/d", {"user": "u", "password": "12/b", "host": "h", "dbname": "d"}),
        ("postgresql://u:a@b@h/d", {"user": "u", "password": "a@b", "host": "h", "dbname": "d"}),
        ("postgresql://u:5%@h/d", {"user": "u", "password": "5%", "host": "h", "dbname": "d"}),
        ("postgresql://u:a?b#c@h/d", {"user": "u", "password": "a?b#c", "host": "h", "dbname": "d"}),
        ("postgresql://u s:p w@h/d b", {"user": "u s", "password": "p w", "host": "h", "dbname": "d b"}),
        ("postgresql://u@h/d?nonsense=1", None),
        ("somewhere", None),
    ],
)
def test_address_is_read_as_libpq_reads_it(address: str, expected: dict[str, str] | None) -> None:
    """Where libpq would take a part of a password for something else, the password ends at the last @."""
    assert read_address(address) == expected


WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@given(WORDS, WORDS, WORDS, st.sampled_from(["db.example", "::1", "/run/a b"]), st.sampled_from([None, 5433]))
def test_written_address_means_what_was_set(user: str, password: str, database: str, host: str, port: int) -> None:
    """Whatever characters there are; dlt's own address has a plus or a percent sign in their place."""
    login = PostgresLogin()
    login.update({"username": user, "password": password, "database": database, "host": host, "port": port})
    found = parse_dsn(login.to_native_representation())
    expected = {"user": user, "password": password, "dbname": database, "host": host}
    assert {name: found[name] for name in expected} == expected
    assert found.get("port") == (str(port) if port else None)
    assert found["client_encoding"] == "UTF8"


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"": "postgresql://me:pw@db.example:5433/analytics"}, "db.example:5433/analytics"),
        ({"": "postgresql:///analytics"}, "[local]:5432/analytics"),
        ({"": "postgresql://me@/analytics?host=/run/pg&port=5433"}, "/run/pg:5433/analytics"),
        ({"": "postgresql://a:1,b:2/analytics"}, "a,b:1,2/analytics"),
        ({"": "service=liine"}, "service=liine"),
        ({"__QUERY": '{"service": "liine"}'}, "service=liine"),
        ({"__DATABASE": "my db", "__HOST": "h"}, "h:5432/my db"),
        ({"__DATABASE": "d", "__PORT": "5433"}, "[local]:5433/d"),
        ({"": "postgresql://", "PGHOST": "h", "PGPORT": "1", "PGDATABASE": "d"}, "h:1/d"),
    ],
)
def test_place_is_named_without_login(variables: dict[str, str], place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has to be set that libpq finds elsewhere, and nothing else in the environment is taken for a setting."""
    monkeypatch.setenv("PORT", "8080")
    monkeypatch.setenv("HOST", "elsewhere")
    for name, value in variables.items():
        monkeypatch.setenv(name if name.startswith("PG") else CREDENTIALS + name, value)
    assert str(locate("postgres")) == f"postgres {place}"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"": "somewhere secret-word"}, "cannot be read. It must look like postgresql://"),
        ({"": "postgresql://u:secret-word@h/d?nonsense=1"}, "cannot be read. It must look like postgresql://"),
        ({"": "postgresql://u:secret-word@h"}, "are missing: database (or service in query)"),
        ({"__DATABASE": "d", "__USER": "u"}, f"Unknown settings: {CREDENTIALS}__USER (did you mean username?)"),
        ({"__DATABASE": "d", "__QUERY__SSLMODE": "require"}, f"into query, a table, or JSON in {CREDENTIALS}__QUERY"),
        ({"__DATABASE": "d", "__SSLMODE": "require"}, f"Unknown settings: {CREDENTIALS}__SSLMODE"),
    ],
)
def test_unusable_login_is_refused(variables: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that nobody reads is not ignored: it may be the one that asks for TLS."""
    for name, value in variables.items():
        monkeypatch.setenv(CREDENTIALS + name, value)
    with pytest.raises(ConfigurationError) as caught:
        build_pipeline("postgres")
    assert message in str(caught.value)
    assert "secret-word" not in str(caught.value)


def test_unknown_key_in_secrets_is_refused() -> None:
    """Also a mistyped one of Snowflake."""
    context = Container()[PluggableRunContext]
    before = context.providers
    Path(".dlt").mkdir()
    try:
        for name, key, near in (("postgres", "user", "username"), ("snowflake", "pasword", "password")):
            Path(".dlt/secrets.toml").write_text(f'[destination.{name}.credentials]\ndatabase = "d"\n{key} = "x"\n')
            context.reload_providers()
            with pytest.raises(ConfigurationError, match=rf"{key} under \[destination.{name}.credentials\] .*{near}\?"):
                build_pipeline(name)
    finally:
        context.providers = before


@dataclass(frozen=True)
class Way:
    """A way to log in: as whom, into which database, with which settings, and what is put into which file."""

    user: str
    database: str
    settings: dict[str, str]
    files: dict[str, str] = field(default_factory=dict)
    password: str | None = None
    group: str | None = "password_required"


def by_address(user: str, rest: str, password: str | None = None, **others: str) -> dict[str, str]:
    """Settings with an address; `rest` follows the login."""
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    return {CREDENTIALS: f"postgresql://{login}@{rest}", **others}


def by_parts(**parts: str) -> dict[str, str]:
    """Settings by parts."""
    return {f"{CREDENTIALS}__{name.upper()}": value for name, value in parts.items()}


ODD_USER, ODD_PASSWORD, ODD_DATABASE = f"u {ODD}{QUOTES}", f" p {ODD}{QUOTES} ", f"d {ODD}"


def certificates(user: str) -> dict[str, str]:
    """libpq's parameters for a user's certificate."""
    files = {"sslrootcert": "authority.pem", "sslcert": f"{user}.crt", "sslkey": f"{user}.key"}
    return {"sslmode": "verify-full"} | {name: f"<files>/{file}" for name, file in files.items()}


# <socket> is the folder of the server's socket, <tls> the port of a server with TLS, <files> the test's folder. Each
# way has a role of its own, because roles belong to the whole server.
WAYS = {
    "odd characters, by address": Way(
        f"{ODD_USER}1",
        ODD_DATABASE,
        by_address(f"{ODD_USER}1", f"/{quote(ODD_DATABASE, safe='')}?host=<socket>", ODD_PASSWORD),
        password=ODD_PASSWORD,
    ),
    "odd characters, by parts": Way(
        f"{ODD_USER}2",
        f"{ODD_DATABASE}2",
        by_parts(host="<socket>", username=f"{ODD_USER}2", password=ODD_PASSWORD, database=f"{ODD_DATABASE}2"),
        password=ODD_PASSWORD,
    ),
    "no password, trusted": Way("trusted", "trust", by_address("trusted", "/trust?host=<socket>"), group=None),
    "no password, peer": Way("peer", "peer", by_address("peer", "/peer?host=<socket>"), group="peer_required"),
    "~/.pgpass": Way(
        "pgpass",
        "pgpass",
        by_address("pgpass", "/pgpass?host=<socket>"),
        {".pgpass": "*:*:*:pgpass:p\\:w\\\\x\n"},
        password="p:w\\x",
    ),
    "passfile": Way(
        "passfile",
        "passfile",
        by_address("passfile", "/passfile?host=<socket>&passfile=<files>/passwords"),
        {"passwords": "*:*:*:*:p w\n"},
        password="p w",
    ),
    "PGPASSWORD": Way(
        "variable", "variable", by_address("variable", "/variable?host=<socket>", PGPASSWORD="p w"), password="p w"
    ),
    "PGHOST and others": Way(
        "variables",
        "variables",
        {CREDENTIALS: "postgresql://", "PGHOST": "<socket>", "PGUSER": "variables", "PGDATABASE": "variables"}
        | {"PGPASSWORD": "p w"},
        password="p w",
    ),
    "~/.pg_service.conf": Way(
        "service",
        "service",
        {CREDENTIALS: "service=liine"},
        {".pg_service.conf": "[liine]\nhost=<socket>\nuser=service\npassword=p w\ndbname=service\n"},
        password="p w",
    ),
    "PGSERVICEFILE": Way(
        "named",
        "named",
        by_parts(query='{"service": "liine"}') | {"PGSERVICEFILE": "<files>/services"},
        {"services": "[liine]\nhost=<socket>\nuser=named\npassword=p w\ndbname=named\n"},
        password="p w",
    ),
    "second of two hosts": Way(
        "hosts", "hosts", by_address("hosts", "/hosts?host=/nowhere,<socket>", "p w"), password="p w"
    ),
    "client certificate, by address": Way(
        "certified1",
        "certificate1",
        by_address(
            "certified1",
            "localhost:<tls>/certificate1?" + "&".join(map("=".join, certificates("certified1").items())),
        ),
        group=None,
    ),
    "client certificate, by parts": Way(
        "certified2",
        "certificate2",
        by_parts(
            host="localhost",
            port="<tls>",
            username="certified2",
            database="certificate2",
            query=json.dumps(certificates("certified2")),
        ),
        group=None,
    ),
}


@contextmanager
def prepared(way: Way, server: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, TlsProxy]]:
    """Create role and database, and set what the way sets; yield an administrator's address, and the TLS in front."""
    socket = parse_dsn(server)["host"]
    authority = Authority.create(folder)
    authority.issue(way.user if "certified" in way.user else "nobody")
    user, database = sql.Identifier(way.user), sql.Identifier(way.database)
    statements = [
        sql.SQL("create role {} login").format(user),
        sql.SQL("create database {} owner {}").format(database, user),
    ]
    if way.password:
        statements.append(sql.SQL("alter role {} password {}").format(user, sql.Literal(way.password)))
    if way.group:
        statements.append(sql.SQL("grant {} to {}").format(sql.Identifier(way.group), user))
    with tls_proxy(Path(socket, ".s.PGSQL.5432"), authority) as proxy:
        tokens = {"<socket>": socket, "<tls>": str(proxy.port), "<files>": str(folder)}

        def fill(text: str) -> str:
            for token, value in tokens.items():
                text = text.replace(token, value)
            return text

        monkeypatch.setenv("HOME", str(folder))
        monkeypatch.setenv("DESTINATION_TYPE", "postgres")
        for name, value in way.settings.items():
            monkeypatch.setenv(name, fill(value))
        for name, text in way.files.items():
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(fill(text))
        with closing(psycopg2.connect(server)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            for statement in statements:
                # The other test has used the same way.
                with suppress(psycopg2.errors.DuplicateObject, psycopg2.errors.DuplicateDatabase):
                    cursor.execute(statement)
        yield make_dsn(server, dbname=way.database), proxy


def test_every_way_in_serves_every_client(
    postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dlt's connection, ADBC's and dbt's are made as the same role, into the same database."""
    asked = "select session_user, current_database(), current_setting('client_encoding')"
    for name, way in WAYS.items():
        with monkeypatch.context() as patch, prepared(way, postgres_server, tmp_path, patch) as (_, proxy):
            pipeline = build_pipeline("postgres", folder=str(tmp_path / "dlt"))
            client: Any = pipeline.destination_client()
            with client:
                found = [tuple(client.sql_client.execute_sql(asked)[0])]
                with client.connect_for_copies() as connection, connection.cursor() as cursor:
                    cursor.execute(asked)
                    found.append(tuple(cursor.fetchone()))
            variables = dbt_environment("postgres", "liine")
            for variable, value in variables.items():
                patch.setenv(variable, value)
            parts = {key: variables[f"{CREDENTIALS}__{part}"] for key, part in PROFILE.items()}
            # As dbt's adapter connects.
            with closing(psycopg2.connect(**parts)) as connection, connection.cursor() as cursor:
                cursor.execute(asked)
                found.append(tuple(cursor.fetchone()))
            assert found == [(way.user, way.database, "UTF8")] * 3, name
            assert set(proxy.clients) == ({way.user} if "certificate" in name else set()), name


@pytest.mark.slow("postgres")
@pytest.mark.parametrize("name", WAYS)
def test_every_way_in_loads_and_builds(
    name: str, postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync, a verification, the status and one of dbt's models."""
    with (
        prepared(WAYS[name], postgres_server, tmp_path, monkeypatch) as (place, _),
        running_emulator(interactions=60, customers=1) as api,
    ):
        assert sync(**settings(api)).is_complete
        assert [customer.is_complete for customer in verify(**settings(api))] == [True]
        assert differences(place, api.truth()) == []
        assert [customer.status for customer in status()] == ["complete"]
        assert dbt_runner.run_build(select=["stg_liine__sweeps"])["model.liine.stg_liine__sweeps"] == "success"


@pytest.mark.slow("postgres")
def test_dbt_refuses_quote_in_database_name(
    postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its adapter does not escape it; the load itself works."""
    way = Way(
        "trusted", f"d {QUOTES}", by_parts(host="<socket>", username="trusted", database=f"d {QUOTES}"), group=None
    )
    with (
        prepared(way, postgres_server, tmp_path, monkeypatch) as (place, _),
        running_emulator(interactions=20, customers=1) as api,
    ):
        assert sync(**settings(api)).is_complete
        assert differences(place, api.truth()) == []
        with pytest.raises(ConfigurationError, match="dbt cannot build in a database that has a quote in its name"):
            dbt_runner.build()
