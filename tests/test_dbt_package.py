"""The dbt project as a package of another project: its schemas, and those of the other project."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
import yaml

from liine_source import sync
from liine_source.emulator import running_emulator
from tests.commands.test_sync import settings
from tests.marts.building import PROJECT
from tests.support.warehouse import query

WAREHOUSE = Path("shop.duckdb")
SALT = "a salt that is nowhere else"

# As dbt has it: the name is put behind the target's schema.
DBTS_RULE = "{target}_{name}"
HOUSE_RULE = "house_{name}"


@pytest.mark.parametrize(
    ("root", "target", "configured", "variables", "environment", "rule", "expected"),
    [
        ("liine", "liine_marts", None, {}, {}, DBTS_RULE, "liine_marts"),
        ("liine", "liine_marts", "liine_staging", {}, {}, DBTS_RULE, "liine_staging"),
        ("liine", "liine_marts", "liine_snapshots", {}, {}, DBTS_RULE, "liine_snapshots"),
        ("liine", "liine_marts", "own", {}, {}, DBTS_RULE, "liine_marts_own"),
        ("liine", "other_marts", None, {"liine_dataset": "other"}, {}, DBTS_RULE, "other_marts"),
        ("liine", "other_marts", "liine_staging", {}, {"LIINE_DATASET": "other"}, DBTS_RULE, "other_staging"),
        ("liine", "bi", None, {}, {"LIINE_MARTS_SCHEMA": "bi"}, DBTS_RULE, "bi"),
        ("liine", "bi", "liine_staging", {}, {"LIINE_MARTS_SCHEMA": "bi"}, DBTS_RULE, "liine_staging"),
        ("liine", "liine_marts", "liine_staging", {"liine_marts_schema": "bi"}, {}, DBTS_RULE, "liine_staging"),
        ("liine", "dev", None, {"liine_marts_schema": "bi"}, {}, DBTS_RULE, "bi"),
        ("liine", "dev", None, {}, {}, DBTS_RULE, "dev_liine_marts"),
        ("liine", "prod", "liine_staging", {}, {}, DBTS_RULE, "prod_liine_staging"),
        ("shop", "dev", None, {}, {}, DBTS_RULE, "dev_liine_marts"),
        ("shop", "prod", None, {}, {}, DBTS_RULE, "prod_liine_marts"),
        ("shop", "liine_marts", "liine_staging", {}, {}, DBTS_RULE, "liine_marts_liine_staging"),
        ("shop", "dev", "liine_snapshots", {}, {}, DBTS_RULE, "dev_liine_snapshots"),
        ("shop", "dev", None, {"liine_dataset": "other"}, {}, DBTS_RULE, "dev_other_marts"),
        ("shop", "dev", None, {"liine_marts_schema": "bi"}, {}, DBTS_RULE, "dev_bi"),
        ("shop", "dev", "theirs", {"liine_marts_schema": "bi"}, {}, DBTS_RULE, "dev_theirs"),
        ("shop", "dev", None, {}, {}, HOUSE_RULE, "house_liine_marts"),
        ("shop", "dev", None, {}, {"LIINE_MARTS_SCHEMA": "bi", "LIINE_DATASET": "other"}, DBTS_RULE, "dev_liine_marts"),
    ],
)
def test_schema_follows_dataset_target_and_rule_of_root_project(
    root: str,
    target: str,
    configured: str | None,
    variables: dict[str, str],
    environment: dict[str, str],
    rule: str,
    expected: str,
) -> None:
    """Our environment variables count only where ours is the root project."""
    assert schema_of(root, target, configured, variables, environment, rule) == expected


def test_schema_that_postgres_would_cut_is_refused() -> None:
    """Two long names that begin alike would be one schema."""
    with pytest.raises(ValueError, match=r"^The schema o{60}_marts has more than 63 characters"):
        schema_of("liine", "dev", None, {"liine_dataset": "o" * 60}, {}, "{name}")


def schema_of(
    root: str, target: str, configured: str | None, variables: dict[str, str], environment: dict[str, str], rule: str
) -> str:
    """The schema of a node of our project, by the macro that dbt would call."""

    def apply_rule(name: str, node: object) -> str:
        return rule.format(target=target, name=name)

    def refuse(message: str) -> None:
        raise ValueError(message)

    has_own_rule = rule == HOUSE_RULE
    names: dict[str, Any] = {
        "project_name": root,
        "target": SimpleNamespace(schema=target),
        "var": variables.get,
        "env_var": environment.get,
        "dbt": SimpleNamespace(generate_schema_name=None if has_own_rule else apply_rule),
        "context": {root: {"generate_schema_name": apply_rule}} if has_own_rule else {},
        "exceptions": SimpleNamespace(raise_compiler_error=refuse),
    }
    source = (PROJECT / "macros" / "generate_schema_name.sql").read_text()
    macros: Any = jinja2.Environment(autoescape=False).from_string(source, globals=names).module  # noqa: S701  SQL
    return str(macros.generate_schema_name(configured, None)).strip()


PROFILE = {
    "shop": {
        "target": "dev",
        "outputs": {name: {"type": "duckdb", "path": WAREHOUSE.name, "schema": name} for name in ("dev", "prod")},
    }
}
MODEL = "select customer_id, count(*) as days from {{ ref('rpt_liine__spam_daily') }} group by customer_id"
RUN_SQL = "{% macro run_sql(sql) %} {% do run_query(sql) %} {% endmacro %}"
# Several commands in one process, because importing dbt takes longer than most of them.
COMMANDS = """
import json, sys
from dbt.cli.main import dbtRunner
for arguments in json.loads(sys.argv[1]):
    done = dbtRunner().invoke(["--quiet", *arguments])
    nodes = getattr(done.result, "results", [])
    failures = [f"{node.node.name}: {node.message}" for node in nodes if node.status in {"error", "fail"}]
    print(json.dumps([done.success, str(done.exception or failures or "")]), flush=True)
"""


def run_dbt(*commands: list[str], **environment: str) -> list[tuple[bool, str]]:
    """Run dbt's commands in the current folder; return for each whether it succeeded, and its error."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LIINE_", "DESTINATION_"))}
    done = subprocess.run(  # noqa: S603  a script of our own
        [sys.executable, "-c", COMMANDS, json.dumps(commands)],
        env={**kept, "DO_NOT_TRACK": "1", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    return [(success, error) for success, error in lines]


def write_project(package: dict[str, str], **settings: Any) -> None:
    """Write a project into the current folder that has ours as a package."""
    files = {
        "dbt_project.yml": {"name": "shop", "profile": "shop", "models": {"shop": {"+schema": "own"}}, **settings},
        "packages.yml": {"packages": [package]},
        "profiles.yml": PROFILE,
        "models/spam.sql": MODEL,
        "macros/run_sql.sql": RUN_SQL,
    }
    for name, content in files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(content if isinstance(content, str) else yaml.safe_dump(content))


def schemas() -> dict[str, set[str]]:
    """The tables of each schema of the warehouse."""
    found: dict[str, set[str]] = {}
    for row in query(WAREHOUSE, "select table_schema, table_name from information_schema.tables"):
        found.setdefault(row["table_schema"], set()).add(row["table_name"])
    return found


def test_package_builds_in_another_project() -> None:
    """With its own schemas and none of our settings; from another dataset it refuses to."""
    write_project({"local": str(PROJECT)}, vars={"liine_marts_schema": "bi"})
    build = ["build", "--select", "+spam", "liine_channel_groups", "--exclude-resource-type", "test", "unit_test"]
    tamper = ["run-operation", "run_sql", "--args", "{sql: \"update dev_bi._liine_dataset set dataset = 'other'\"}"]
    results = run_dbt(["deps"], build, tamper, build, LIINE_KEY_SALT=SALT)
    assert results[:3] == [(True, "")] * 3
    assert schemas() == {
        "dev_liine_staging": {
            *("stg_liine__interactions", "stg_liine__loads", "stg_liine__sweeps"),
            *("int_liine__interactions", "_liine_dataset"),
        },
        "dev_bi": {
            *("dim_liine__load_scope", "fct_liine__interactions", "fct_liine__restatements", "rpt_liine__spam_daily"),
            *("liine_channel_groups", "_liine_dataset"),
        },
        "dev_own": {"spam"},
    }
    without = "select table_name, column_name from duckdb_columns() where schema_name = 'dev_bi' and comment is null"
    assert query(WAREHOUSE, without) == [{"table_name": "_liine_dataset", "column_name": "dataset"}]
    # dbt looks for what a metric depends on in the other project, if semantic models are in the newer format.
    manifest = json.loads(Path("target/manifest.json").read_text())
    models = {node for metric in manifest["metrics"].values() for node in metric["depends_on"]["nodes"]}
    with_measures = {name for name, model in manifest["semantic_models"].items() if model["measures"]}
    assert with_measures <= models <= {*manifest["semantic_models"], *manifest["metrics"]}
    assert results[3][0] is False
    message = "Schema dev_bi has models of the dataset other, and a build from liine would replace them. Nothing was"
    assert message in results[3][1]
    # dbt keeps this file, and stores in it what it meets in the environment.
    assert SALT.encode() not in Path("target/partial_parse.msgpack").read_bytes()


@pytest.mark.slow("marts")
def test_package_from_git_builds_for_two_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All nodes, from a folder of a repository; the targets share no schema, and tests pass in both."""
    checkout = tmp_path / "checkout"
    shutil.copytree(PROJECT, checkout / "dbt", ignore=shutil.ignore_patterns("target", "logs"))
    author = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for command in ("init -q -b main", "add .", "commit -q -m x", "clone -q --bare . ../bare.git"):
        subprocess.run(["git", *command.split()], cwd=checkout, env={**os.environ, **author}, check=True)  # noqa: S603, S607  git
    write_project({"git": f"file://{tmp_path}/bare.git", "subdirectory": "dbt", "revision": "main"})
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", WAREHOUSE.name)
    with running_emulator(interactions=200, customers=2) as api:
        sync(**settings(api))
    results = run_dbt(["deps"], ["build"], ["build", "--target", "prod", "--exclude-resource-type", "unit_test"])
    assert results == [(True, "")] * 3
    found = schemas()
    own = {f"{target}_{name}" for target in ("dev", "prod") for name in ("liine_marts", "liine_staging", "own")}
    assert found.keys() - {"liine"} == own
    assert found["dev_liine_marts"] == found["prod_liine_marts"]
    for target in ("dev", "prod"):
        rows = query(WAREHOUSE, f"select count(*) as n from {target}_liine_marts.fct_liine__interactions")  # noqa: S608  ours
        assert rows == [{"n": 200}]
