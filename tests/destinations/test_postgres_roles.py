"""Roles of Postgres: what is missing is named with the statements that grant it, and nothing depends on who loads."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg2
import pytest

from liine_source import ConfigurationError, report, sync, verify
from liine_source import dbt_runner as transform
from liine_source.emulator import Emulator, running_emulator
from liine_source.errors import DestinationError, MissingModelsError
from liine_source.load.pipeline import build_pipeline
from liine_source.warehouse import privileges
from tests.commands.test_sync import settings
from tests.destinations.test_postgres import database_of, run_all
from tests.load.test_comments import comments, describe_otherwise
from tests.support.models import create_models
from tests.support.warehouse import differences, query

OWNERS = "select distinct tableowner from pg_tables where schemaname = 'liine'"


class Roles:
    """Two roles of a test's database that may log in, and its administrator."""

    def __init__(self, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.address = address
        self.database = database_of(address)
        self.first, self.second = f"first_{self.database}", f'Second "{self.database}'
        self._monkeypatch = monkeypatch
        self.run(f"create role {self.first} login; create role {self.quoted} login")

    @property
    def quoted(self) -> str:
        """The second role's name in statements: it has a capital letter, a blank and a quote."""
        return privileges.quote(self.second)

    def run(self, statements: str) -> None:
        """Run statements as the administrator."""
        run_all(self.address, statements)

    def log_in(self, role: str) -> None:
        """Let the next run log in as a role."""
        self._monkeypatch.delenv("DESTINATION__POSTGRES__CREDENTIALS", raising=False)
        parts = {"host": self.address.partition("host=")[2], "username": role, "database": self.database}
        for name, value in parts.items():
            self._monkeypatch.setenv(f"DESTINATION__POSTGRES__CREDENTIALS__{name.upper()}", value)


@pytest.fixture
def roles(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Roles:
    """Roles without privileges; nobody may create a schema unless it is granted."""
    return Roles(postgres, monkeypatch)


def refusal(api: Emulator) -> str:
    """Return the statements that a refused sync names; it has requested nothing."""
    api.forget_requests()
    with pytest.raises(DestinationError, match=r"may not load into dataset liine .*Nothing was requested") as caught:
        sync(**settings(api))
    assert api.requests == []
    found = re.search(r"Run as an administrator: (.*;) Nothing", str(caught.value))
    assert found
    return found[1]


def add_field(api: Emulator, name: str) -> None:
    """Let the API return a new field, which becomes a column."""
    for row in api.truth():
        api.change(row["id"], **{name: 1})


def test_second_loader_needs_only_named_statement(roles: Roles, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both then load in turn, tables and columns included, and all tables have one owner."""
    roles.run(f"grant create on database {roles.database} to {roles.first}")
    with running_emulator(interactions=30, customers=1) as api:
        roles.log_in(roles.first)
        sync(**settings(api))
        roles.log_in(roles.second)
        statements = refusal(api)
        assert statements == f'GRANT "{roles.first}" TO {roles.quoted};'
        # A role that does not inherit what it is a member of can load too.
        roles.run(f"alter role {roles.quoted} noinherit; {statements}")
        add_field(api, "by_second")
        monkeypatch.setenv("SOURCES__LIINE__STORE_RUN_HISTORY", "true")
        sync(**settings(api))
        assert query(roles.address, OWNERS) == [{"tableowner": roles.first}]
        roles.log_in(roles.first)
        add_field(api, "by_first")
        sync(**settings(api))
        assert differences(roles.address, api.truth()) == []


def test_loader_that_owns_no_table_leaves_comments(roles: Roles, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only an owner may comment a table, so a comment that a new version rewords waits for the owner's next run."""
    roles.run(f"grant create on database {roles.database} to {roles.first}, {roles.quoted}")
    with running_emulator(interactions=20, customers=1) as api:
        roles.log_in(roles.first)
        sync(**settings(api))
        roles.run(f"grant usage, create on schema liine to {roles.quoted}")
        roles.run(f"grant select, insert, update, delete on all tables in schema liine to {roles.quoted}")
        before = comments(roles.address)
        describe_otherwise("revenue", "other money", monkeypatch)
        roles.log_in(roles.second)
        assert sync(**settings(api)).is_complete
    assert comments(roles.address) == before


@pytest.mark.slow("postgres")
def test_two_loaders_build_models_in_turn(roles: Roles) -> None:
    """dbt replaces what the other loader has built, because both build as the owner of the dataset."""
    roles.run(f"grant create on database {roles.database} to {roles.first}; grant {roles.first} to {roles.quoted}")
    with running_emulator(interactions=60, customers=1) as api:
        for role in (roles.first, roles.second, roles.first):
            roles.log_in(role)
            assert sync(**settings(api)).is_complete
            assert [customer.is_complete for customer in verify(**settings(api))] == [True]
            built = transform.run_build(select=["+fct_liine__interactions", "resource_type:seed"])
            assert {status for name, status in built.items() if name.startswith(("model.", "seed."))} == {"success"}
            api.advance(timedelta(days=9))
    owners = "select distinct tableowner from pg_tables where schemaname like 'liine%'"
    assert query(roles.address, owners) == [{"tableowner": roles.first}]


MAY_CREATE = "grant create on database {database} to {first}; "
WRITABLE = 'SET default_transaction_read_only = off; ALTER ROLE "{first}" SET default_transaction_read_only = off;'
USABLE = 'GRANT USAGE, CREATE ON SCHEMA "liine" TO "{first}";'
# What an administrator has done, and what the first role then misses.
MISSING = {
    "no privilege at all": ("", 'GRANT CREATE ON DATABASE "{database}" TO "{first}";'),
    "schema of somebody else": (MAY_CREATE + "create schema liine", USABLE),
    "usage alone": (MAY_CREATE + "create schema liine; grant usage on schema liine to {first}", USABLE),
    "read only": (MAY_CREATE + "alter role {first} set default_transaction_read_only = on", WRITABLE),
    "read only database": (
        MAY_CREATE + "alter database {database} set default_transaction_read_only = on",
        WRITABLE,
    ),
    "loaded by a superuser": (
        MAY_CREATE + "create schema liine; create table liine.interactions (id int); create table liine.theirs (n int)",
        USABLE + ' ALTER TABLE "liine"."interactions" OWNER TO "{first}";',
    ),
    "one table of a superuser": (
        MAY_CREATE + "create schema liine authorization {first}; create table liine.interactions (id int); "
        "alter table liine.interactions owner to {first}; create table liine.runs (n int)",
        'ALTER TABLE "liine"."runs" OWNER TO "{first}";',
    ),
}


@pytest.mark.parametrize("case", MISSING)
def test_missing_privileges_are_named(case: str, roles: Roles) -> None:
    """The named statements are sufficient, and a table that is not ours does not matter."""
    done, expected = (text.format(first=roles.first, database=roles.database) for text in MISSING[case])
    roles.run(done)
    roles.log_in(roles.first)
    pipeline = build_pipeline("postgres")
    missing = privileges.missing_for_loading(pipeline, privileges.read_session(pipeline))
    assert " ".join(missing) == expected
    roles.run(expected)
    assert privileges.missing_for_loading(pipeline, privileges.read_session(pipeline)) == []


@pytest.mark.slow("postgres")
@pytest.mark.parametrize("case", [case for case in MISSING if "superuser" not in case])
def test_named_statements_let_a_sync_go_on(case: str, roles: Roles) -> None:
    """The message of a refused sync is all that an administrator needs."""
    done, expected = (text.format(first=roles.first, database=roles.database) for text in MISSING[case])
    roles.run(done)
    roles.log_in(roles.first)
    with running_emulator(interactions=20, customers=1) as api:
        statements = refusal(api)
        assert statements == expected
        roles.run(statements)
        assert sync(**settings(api)).is_complete
        assert differences(roles.address, api.truth()) == []


@pytest.mark.slow("postgres")
def test_dataset_of_superuser_can_be_handed_over(roles: Roles) -> None:
    """Somebody has tried it as `postgres` first; the named statements give the tables to the loader."""
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
        roles.run(f"grant create on database {roles.database} to {roles.first}")
        roles.log_in(roles.first)
        roles.run(refusal(api))
        add_field(api, "brand_new")
        sync(**settings(api))
        assert differences(roles.address, api.truth()) == []
        assert query(roles.address, OWNERS) == [{"tableowner": roles.first}]


# What is set for a role or the whole database, and must not change what is stored.
ROLE_SETTINGS = [
    "timezone = 'Asia/Tokyo'",
    "search_path = ''",
    "client_encoding = 'LATIN1'",
    "default_transaction_isolation = 'serializable'",
    "idle_session_timeout = 200",
    "datestyle = 'German, DMY'",
    "search_path = 'nowhere, pg_catalog'",
    "standard_conforming_strings = off",
    "bytea_output = 'escape'",
    "extra_float_digits = -15",
    "intervalstyle = 'iso_8601'",
    "lock_timeout = 5000",
]


def test_settings_of_role_change_no_value(roles: Roles) -> None:
    """With `client_encoding` of a role, names were stored garbled in a load that was proven complete."""
    with check_values_with(roles, *ROLE_SETTINGS):
        pass


@pytest.mark.slow("postgres")
@pytest.mark.parametrize("setting", ROLE_SETTINGS[:5])
def test_single_setting_of_role_changes_no_value(roles: Roles, setting: str) -> None:
    """As above, each alone, and with changes and a verification."""
    with check_values_with(roles, setting) as api:
        api.advance(timedelta(days=9))
        sync(**settings(api))
        assert [customer.is_complete for customer in verify(**settings(api))] == [True]
        assert differences(roles.address, api.truth()) == []


def test_role_that_reads_few_digits_writes_each_change(roles: Roles) -> None:
    """With `extra_float_digits` of a role, a stored 0.52 was read as 0.5, and the API's 0.5 taken for the same."""
    with check_values_with(roles, "extra_float_digits = -15") as api:
        row_id = api.truth()[0]["id"]
        api.change(row_id, messaging_utilization=0.52)
        sync(**settings(api))
        api.change(row_id, touch_updated_at=False, messaging_utilization=0.5)
        sync(**settings(api))
        assert differences(roles.address, api.truth()) == []


@contextmanager
def check_values_with(roles: Roles, *role_settings: str) -> Iterator[Emulator]:
    """Sync as a role with settings, and compare each value; yield the API."""
    roles.run(f"grant create on database {roles.database} to {roles.first}")
    for setting in role_settings:
        roles.run(f"alter role {roles.first} set {setting}")
    roles.log_in(roles.first)
    with running_emulator(interactions=40, customers=1) as api:
        api.change(api.truth()[0]["id"], name="Zoë 中 \U0001f600 \\ '")
        sync(**settings(api))
        assert differences(roles.address, api.truth()) == []
        yield api


def test_database_that_cannot_hold_every_text_is_refused(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In LATIN1 names were stored garbled; with the client's encoding right, the first emoji would end each run."""
    name = f"latin1_{database_of(postgres)}"
    run_all(postgres, f"create database {name} encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0")
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", postgres.replace(database_of(postgres), name))
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(ConfigurationError, match=r"encoding LATIN1.*CREATE DATABASE … ENCODING 'UTF8'"):
            sync(**settings(api))
        assert api.requests == []


def test_standby_is_refused(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address may name several hosts; no server of the tests is a standby, so it only says so."""
    read = privileges.read_session

    def read_as_standby(pipeline: Any) -> privileges.Session:
        found = read(pipeline)
        return privileges.Session(found.role, found.login, found.database, found.encoding, True, True, True)

    monkeypatch.setattr(privileges, "read_session", read_as_standby)
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(DestinationError, match=r"standby, which takes no rows.*target_session_attrs=read-write"):
            sync(**settings(api))
        assert api.requests == []


def test_psycopg2_forgets_the_role_when_reset(postgres: str) -> None:
    """The reason why each reset of a connection has to act as the owner again."""
    role = f"owner_{database_of(postgres)}"
    run_all(postgres, f"create role {role}")
    connection = psycopg2.connect(postgres)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"set role {role}")
        connection.reset()
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("postgres",)
    connection.close()


def test_reader_of_the_marts_writes_the_report(roles: Roles) -> None:
    """It needs the schema of the marts alone: neither the loaded tables nor a right to write."""
    create_models(roles.address)
    roles.log_in(roles.second)
    with pytest.raises(MissingModelsError, match="A role that may not read the schema does not see them either"):
        report()
    roles.run(f"grant usage on schema liine_marts to {roles.quoted}")
    roles.run(f"grant select on all tables in schema liine_marts to {roles.quoted}")
    assert report().customers == 2
