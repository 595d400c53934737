"""What only Snowflake has, on a stand-in that says what it does not prove: logins, settings, SQL."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from dlt.destinations.impl.snowflake.sql_client import SnowflakeSqlClient
from sqlfluff.core import FluffConfig, Linter
from sqlglot import exp

from liine_source import backfill, erase, status, sync, verify
from liine_source.emulator import running_emulator
from liine_source.errors import ConfigurationError, DestinationError, DuplicateRowsError
from tests.commands.test_sync import settings
from tests.destinations.test_postgres import sync_concurrently
from tests.marts.comparison import VERSIONS
from tests.support.snowflake_stand_in import COLUMN_COMMENTS, PASSWORD, USER, StandIn, split
from tests.support.warehouse import differences, query

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
DBT = HERE.parents[1] / "dbt"
SETUP = HERE.parents[1] / "docs" / "snowflake" / "setup.sql"


def key_pair(passphrase: str | None) -> tuple[str, rsa.RSAPublicKey]:
    """A private key as PEM, and its public key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    lock = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    return pem.decode(), key.public_key()


@pytest.mark.slow("snowflake")
@pytest.mark.parametrize("given", ["path", "key", "key with a passphrase"])
def test_key_pair_login(snowflake: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str) -> None:
    """The token is signed with the key; neither the key nor its path is sent."""
    passphrase = "a passphrase" if given == "key with a passphrase" else None
    pem, snowflake.public_key = key_pair(passphrase)
    variable = "DESTINATION__SNOWFLAKE__CREDENTIALS__"
    monkeypatch.delenv(f"{variable}PASSWORD")
    monkeypatch.setenv("DESTINATION__SNOWFLAKE__QUERY_TAG", "liine {operation} {table}")
    if given == "path":
        (tmp_path / "key.p8").write_text(pem)
        monkeypatch.setenv(f"{variable}PRIVATE_KEY_PATH", str(tmp_path / "key.p8"))
    else:
        monkeypatch.setenv(f"{variable}PRIVATE_KEY", pem)
    if passphrase:
        monkeypatch.setenv(f"{variable}PRIVATE_KEY_PASSPHRASE", passphrase)
    with running_emulator(interactions=20, customers=1) as api:
        assert sync(**settings(api)).is_complete
        assert differences(snowflake, api.truth()) == []
    assert {login["authenticator"] for login in snowflake.logins} == {"SNOWFLAKE_JWT"}
    names = ("user", "warehouse", "roleName", "databaseName")
    sent_values = {tuple(login[name] for name in names) for login in snowflake.logins}
    assert sent_values == {(USER, "LIINE_LOADING", "LIINE_LOADER", "ANALYTICS")}
    assert not any("key.p8" in str(login) for login in snowflake.logins)
    assert any("QUERY_TAG = 'liine load interactions'" in sent for sent in snowflake.statements)


def test_wrong_key_is_refused(snowflake: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in checks signatures, and no request to the API is made."""
    pem, _ = key_pair(None)
    _, snowflake.public_key = key_pair(None)
    monkeypatch.delenv("DESTINATION__SNOWFLAKE__CREDENTIALS__PASSWORD")
    monkeypatch.setenv("DESTINATION__SNOWFLAKE__CREDENTIALS__PRIVATE_KEY", pem)
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(DestinationError, match="refused the login"):
            sync(**settings(api))
        assert api.requests == []


def test_wrong_password_is_refused_and_not_quoted(snowflake: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """No request to the API is made."""
    monkeypatch.setenv("DESTINATION__SNOWFLAKE__CREDENTIALS__PASSWORD", "not-the-password")
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(DestinationError, match="refused the login") as caught:
            sync(**settings(api))
        assert api.requests == []
    message = str(caught.value)
    assert not any(secret in message for secret in ("not-the-password", PASSWORD, USER))


@pytest.mark.parametrize(
    ("missing", "message"),
    [("HOST", "missing: host"), ("DATABASE", "missing: database"), ("USERNAME", "missing: username")],
)
def test_missing_setting_is_named(
    snowflake: StandIn, monkeypatch: pytest.MonkeyPatch, missing: str, message: str
) -> None:
    """No request to the API is made."""
    monkeypatch.delenv(f"DESTINATION__SNOWFLAKE__CREDENTIALS__{missing}")
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(ConfigurationError, match=message):
            sync(**settings(api))
        assert api.requests == []


@pytest.mark.slow("snowflake")
def test_statements_equal_golden_files(snowflake: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each statement parses as Snowflake's SQL, and is sent in the same order and transaction."""
    # With parallel jobs, the order of the statements would be random.
    monkeypatch.setenv("LOAD__WORKERS", "1")
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", "3f9a1c7e5b2d8046a1e9c3b7d5f20864")
    with running_emulator(interactions=60, customers=1) as api:

        def add_field() -> None:
            api.advance(timedelta(days=30))
            api.change(api.truth()[0]["id"], brand_new="x")
            sync(**settings(api))

        def lose_row() -> None:
            api.remove(api.truth()[5]["id"])
            verify(**settings(api))

        steps: dict[str, Callable[[], object]] = {
            "first_load": lambda: sync(**settings(api)),
            "load_with_a_new_column": add_field,
            "verification_that_marks": lose_row,
            "erase": lambda: erase(lead_ids=[api.truth()[0]["lead_id"]], is_dry_run=False, **settings(api)),
        }
        for name, action in steps.items():
            snowflake.sessions.clear()
            action()
            sent = [normalize(some) for some in snowflake.sessions.values()]
            assert [one for some in sent for one in some if not is_snowflake(one)] == []
            assert_golden(name, sessions_in_order(sent))


def assert_golden(name: str, text: str) -> None:
    golden = GOLDEN / f"snowflake_{name}.sql"
    expected = golden.read_text() if golden.exists() else ""
    if text != expected:
        Path(golden.name).write_text(text)
    assert text == expected, f"compare with {golden.name}, then replace it by {Path(golden.name).resolve()}"


def sessions_in_order(sessions: list[list[str]]) -> str:
    """The statements of each session; sessions with equal statements appear once.

    Each job of a load has its own session, and dlt starts jobs in the order of a folder's listing. Here they are sorted
    by table, with merges after the copies that they wait for.
    """
    texts = dict.fromkeys(";\n\n".join(statements) + ";\n" for statements in sessions)
    texts_in_order: list[str] = []
    for is_job, statements in groupby(texts, key=lambda text: text.startswith("ALTER SESSION SET autocommit=False")):
        group = list(statements)
        texts_in_order += sorted(group, key=lambda text: ("DELETE" in text, text)) if is_job else group
    return "\n-- Another session.\n\n".join(texts_in_order)


def normalize(statements: list[str]) -> list[str]:
    """Statements without the parts that differ from run to run."""
    found = []
    for statement in chain.from_iterable(map(split, statements)):
        text = "\n".join(line.strip() for line in statement.splitlines() if line.strip())
        text = re.sub(r"'file://[^']*/", "'file:///…/", text)
        text = re.sub(r"\.[0-9a-f]{10}\.", ".….", text)
        text = re.sub(r"(?i)(stg_|liine_sync_(?:\w+_)?)[0-9a-f]{12}", r"\1…", text)
        text = re.sub(r"\d{10}\.\d+", "…", text)
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.?\d*\+00:00", "…", text)
        text = re.sub(r"'[A-Za-z0-9+/]{43}='|'[0-9a-f]{32}'", "'…'", text)
        text = re.sub(r"'\{\"version\".*\}'", "'{…}'", text, flags=re.DOTALL)
        text = re.sub(r"(?<=IN \()('[A-Z_]+',?)+(?=\))", lambda names: ",".join(sorted(names[0].split(","))), text)
        found.append(text)
    # dlt keeps table names in sets, so their order is random.
    groups = groupby(found, key=lambda text: text.startswith(("CREATE TABLE", "TRUNCATE")))
    return list(chain.from_iterable(sorted(group) if is_unordered else group for is_unordered, group in groups))


def is_snowflake(text: str) -> bool:
    """Whether each statement parses as Snowflake's SQL, which does not prove that Snowflake takes it."""
    parsed = sqlglot.parse(text, read="snowflake")
    # REMOVE is a statement of Snowflake's that the parser does not know.
    return all(part is None or not isinstance(part, exp.Command) or part.name == "REMOVE" for part in parsed)


def test_setup_script_parses_as_snowflake_sql() -> None:
    """The stand-in and sqlglot do not support its roles, users and grants."""
    parser = Linter(config=FluffConfig(overrides={"dialect": "snowflake", "templater": "raw"}))
    script = SETUP.read_text()
    assert parser.parse_string(script).violations == []
    assert parser.parse_string(script.replace("grant role", "grant rule", 1)).violations != []


@pytest.mark.slow("snowflake")
@pytest.mark.parametrize(
    "fragment",
    ['"LIINE"."INTERACTIONS" (', "CREATE SCHEMA", "CREATE TRANSIENT SCHEMA"],
    ids=["tables", "schema", "transient schema"],
)
def test_concurrent_first_syncs_both_succeed(
    snowflake: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fragment: str
) -> None:
    """Another run creates the object after this run found it missing and before it creates it."""
    if "TRANSIENT" in fragment:
        monkeypatch.setenv("DESTINATION__SNOWFLAKE__IS_TRANSIENT", "true")
    with running_emulator(interactions=60, customers=2) as api:
        first, second = api.customer_ids
        with run_before(fragment, lambda: sync_concurrently(api, [[second]], tmp_path)):
            assert sync(**settings(api, customer_ids=[first])).is_complete
        assert differences(snowflake, api.truth()) == []
        assert {customer.sweep_status for customer in status()} == {"complete"}
        assert snowflake.query("select distinct schema_name as name from liine._dlt_version") == [{"name": "liine"}]


@pytest.mark.slow("snowflake")
def test_concurrent_syncs_add_new_column_once(snowflake: StandIn, tmp_path: Path) -> None:
    """Neither run fails, and neither loses its values."""
    with running_emulator(interactions=60, customers=2) as api:
        first, second = api.customer_ids
        sync(**settings(api))
        api.advance(timedelta(days=1))
        for customer in (first, second):
            api.change(api.truth(customer)[0]["id"], brand_new=f"of {customer}", another=customer)
        with run_before('ALTER TABLE "LIINE"."INTERACTIONS"', lambda: sync_concurrently(api, [[second]], tmp_path)):
            assert sync(**settings(api, customer_ids=[first])).is_complete
        assert differences(snowflake, api.truth()) == []


@contextmanager
def run_before(fragment: str, action: Callable[[], None]) -> Iterator[None]:
    """Run `action` once, just before this process sends a statement that contains `fragment`."""
    original = SnowflakeSqlClient.execute_query
    found: list[str] = []

    @contextmanager
    def execute_query(self: SnowflakeSqlClient, query: str, *arguments: Any, **named: Any) -> Iterator[Any]:
        if fragment in query and not found:
            found.append(query)
            action()
        with original(self, query, *arguments, **named) as cursor:
            yield cursor

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SnowflakeSqlClient, "execute_query", execute_query)
        yield
    assert found


@pytest.mark.slow("snowflake")
def test_clustering_and_transient_schema_are_settings(snowflake: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them the dataset is permanent and unclustered; staging is always transient."""
    monkeypatch.setenv("DESTINATION__SNOWFLAKE__IS_TRANSIENT", "true")
    monkeypatch.setenv("DESTINATION__SNOWFLAKE__CLUSTER_BY", '["customer_id", "start_time"]')
    with running_emulator(interactions=60, customers=1) as api:
        sync(**settings(api))
        sync(dataset="plain", **settings(api))
        assert differences(snowflake, api.truth()) == []
    made = [sent for sent in snowflake.statements if "CREATE TRANSIENT SCHEMA" in sent]
    assert any(sent.endswith('"LIINE"') for sent in made)
    (created,) = [sent for sent in snowflake.statements if 'NOT EXISTS "LIINE"."INTERACTIONS" (' in sent]
    assert 'CLUSTER BY ("CUSTOMER_ID","START_TIME")' in created
    assert '"ID" NUMBER(19,0)  NOT NULL' in created


def test_unknown_clustering_column_is_refused(snowflake: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """No request is made and no table is created."""
    monkeypatch.setenv("DESTINATION__SNOWFLAKE__CLUSTER_BY", '["colour"]')
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(ConfigurationError, match="colour"):
            sync(**settings(api))
        assert api.requests == []
    assert not any("CREATE TABLE" in sent for sent in snowflake.statements)


@pytest.mark.slow("snowflake")
def test_duplicate_interactions_fail_sync_and_backfill_removes_them(snowflake: StandIn) -> None:
    """Snowflake has no unique index, so each load is checked."""
    with running_emulator(interactions=60, customers=1) as api:
        sync(**settings(api))
        snowflake.query("insert into liine.interactions select * from liine.interactions order by updated_at limit 3")
        with pytest.raises(DuplicateRowsError, match="3 interactions are in dataset liine twice"):
            sync(**settings(api))
        backfill(restart=True, **settings(api))
        assert differences(snowflake, api.truth()) == []


@pytest.mark.slow("snowflake")
def test_models_give_same_rows_as_duckdb(snowflake: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All nodes but unit tests pass in two builds, and the statements equal the golden file."""
    profile = yaml.safe_load((DBT / "profiles.yml").read_text())
    profile["liine"]["outputs"]["snowflake"] |= {**snowflake.address, "connect_retries": 0, "threads": 1}
    (tmp_path / "profiles.yml").write_text(yaml.safe_dump(profile))
    sent: list[str] = []
    with running_emulator(interactions=200, customers=2) as api:
        for number in range(2):
            sync(**settings(api))
            sync("duckdb", **settings(api))
            snowflake.statements.clear()
            build("snowflake", tmp_path, monkeypatch)
            sent += [f"-- Build {number + 1}.", *dbt_statements(snowflake.statements)]
            api.advance(timedelta(days=20))
        build("duckdb", tmp_path, monkeypatch)
    assert_golden("dbt_builds", "\n".join(sent) + "\n")
    compared = 0
    for path in sorted((DBT / "models").glob("*/*.sql")):
        if path.parent.name in {"marts", "reports"}:
            table = f"liine_marts.{path.stem}"
            rows = [query(place, f"select * from {table}") for place in (snowflake, Path("warehouse.duckdb"))]  # noqa: S608  names of ours
            if path.stem.endswith("_restatements"):
                # DuckDB was built once, so nothing was restated there.
                assert [bool(some) for some in rows] == [True, False]
                continue
            first, second = (Counter(map(without_load, some)) for some in rows)
            assert first == second, table
            compared += len(rows[0])
    assert compared > 1000


def dbt_statements(statements: list[str]) -> list[str]:
    """dbt's statements that create, change or drop something, by model and in order, each up to its query."""
    found = []
    for statement in statements:
        text = " ".join(re.sub(r"/\*.*?\*/", "", statement, flags=re.DOTALL).split())
        if comments := re.match(COLUMN_COMMENTS, text):
            text = f"alter table {comments[1]} comment on columns"
        else:
            assert text.startswith("show user functions") or is_snowflake(statement), text
        if not text.startswith(("select", "show", "describe", "ALTER SESSION")):
            # The number of the build is random.
            found.append(re.sub(r"(lead_version !?=) \d+", r"\1 1", re.split(r" as\b| \(|;| IS \$\$", text)[0]))
    # Schemas are created first, in random order.
    schemas = sum(text.startswith("create schema") for text in found)
    return sorted(found[:schemas]) + by_model(found[schemas:])


def by_model(statements: list[str]) -> list[str]:
    """The statements of one model after the other: dbt takes models that are ready at the same time in any order."""
    names = [re.search(r"ANALYTICS\.liine_\w+\.(\w+?)(?:__dbt_tmp)?(?: |$)", statement) for statement in statements]
    models: list[str] = []
    for place, (statement, name) in enumerate(zip(statements, names, strict=True)):
        # A transaction has no name: what follows it names its beginning, and what came before its end.
        after = next((found[1] for found in names[place:] if found), "")
        models.append(name[1] if name else after if statement == "BEGIN" else models[-1])
    return [statement for _, statement in sorted(zip(models, statements, strict=True), key=lambda pair: pair[0])]


def without_load(row: dict[str, Any]) -> tuple[Any, ...]:
    """A row's values without those of its load and of the builds, which differ between warehouses."""
    return tuple(value for name, value in sorted(row.items()) if "load" not in name and name not in VERSIONS)


def build(target: str, profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run dbt's build as a user would, without unit tests, which run on the other destinations."""
    monkeypatch.setenv("DESTINATION_TYPE", target)
    monkeypatch.setenv("LIINE_NOW", "2026-01-15 12:40:00")
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", "build"]
    command += ["--exclude-resource-type=unit_test", f"--project-dir={DBT}", f"--profiles-dir={profiles}"]
    command += [f"--target-path={profiles}", f"--log-path={profiles}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)  # noqa: S603  dbt itself
    assert ended.returncode == 0, ended.stdout
    monkeypatch.setenv("DESTINATION_TYPE", "snowflake")


@pytest.mark.slow("snowflake")
def test_verify_marks_and_repairs(snowflake: StandIn) -> None:
    """Counts by day, marks and repairs work in Snowflake's dialect, too."""
    with running_emulator(interactions=120, customers=1) as api:
        sync(**settings(api))
        kept = api.truth()
        api.remove(kept[0]["id"])
        lost = f"{kept[1]['id']}, {kept[2]['id']}"
        snowflake.query(f"delete from liine.interactions where id in ({lost})")  # noqa: S608  numbers
        (first,) = verify(**settings(api))
        (second,) = verify(repair=True, **settings(api))
        assert (first.missing, second.missing, second.is_repaired) == (2, 2, True)
        vanished = snowflake.query("select id from liine.interactions where vanished_at is not null")
        assert vanished == [{"id": kept[0]["id"]}]
        (customer,) = status()
        assert (customer.rows, customer.sweep_status) == (120, "complete")
