"""dbt after a load: failures are named, no value of a row is quoted, and no file remains."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from liine_source import backfill, console, dbt_runner, erase, sync
from liine_source.cli import app
from liine_source.emulator import Emulator, running_emulator
from liine_source.errors import BusyError, ConfigurationError, TransformError
from liine_source.load.pipeline import dbt_environment, exclusive, open_for_reading
from tests.commands.test_sync import settings
from tests.marts.building import PROJECT
from tests.support.warehouse import Place, on_duckdb_and_postgres, query, spoil

PROFILES = Path(__file__).parents[1] / "dbt" / "profiles.yml"
FILES = {
    "dbt_project.yml": "name: little\nversion: '1.0'\nprofile: liine\nflags: {send_anonymous_usage_stats: false}\n",
    "models/people.sql": (
        "select id, name as label, '{{ env_var('SOURCES__LIINE__CREDENTIALS__PASSWORD', 'none') }}' as password, "
        "'{{ env_var('DBT_OWN', 'none') }}' as own from {{ env_var('LIINE_DATASET') }}.interactions"
    ),
    "models/broken.sql": (
        "{{ config(materialized='table') }} "
        "select cast(name as integer) as n from {{ env_var('LIINE_DATASET') }}.interactions"
    ),
    "models/depends_on_broken.sql": "select n from {{ ref('broken') }}",
    "models/schema.yml": "models: [{name: people, columns: [{name: id, data_tests: [unique]}]}]\n",
    "tests/nobody_is_there.sql": "select id from {{ ref('people') }}",
    "tests/somebody_may_be_there.sql": "{{ config(severity='warn') }} select id from {{ ref('people') }}",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small dbt project of which a model and two tests fail."""
    folder = tmp_path / "little"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "profiles.yml").write_text(PROFILES.read_text())
    return folder


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put an emulator's settings into the environment, as for the command line."""

    def put(api: Emulator) -> None:
        monkeypatch.setenv("SOURCES__LIINE__BASE_URL", api.base_url)
        monkeypatch.setenv("SOURCES__LIINE__CUSTOMER_IDS", str(api.customer_ids))
        monkeypatch.setenv("SOURCES__LIINE__CREDENTIALS__USERNAME", api.username)
        monkeypatch.setenv("SOURCES__LIINE__CREDENTIALS__PASSWORD", api.password)

    return put


@pytest.mark.parametrize(
    "warehouse", ["duckdb", pytest.param("postgres", marks=pytest.mark.slow("postgres"))], indirect=True
)
def test_dbt_failures_are_named_without_row_values(
    warehouse: Place, project: Path, environment: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The load is reported, and dbt's files, which quote a row, are deleted."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    with running_emulator(interactions=20, customers=1) as api:
        environment(api)
        monkeypatch.setenv("DBT_OWN", "passed on")
        result = CliRunner().invoke(app, ["sync", "--then-dbt", "--dbt-project", str(project), "--json"])
        names = [row["name"] for row in api.truth() if row["name"]]
    assert isinstance(result.exception, TransformError)
    assert "dbt failed, and skipped 1 nodes that depend on these: model broken, test nobody" in str(result.exception)
    report = json.loads(result.stdout)
    assert report["dbt"]["failures"] == ["model broken", "test nobody_is_there"]
    assert report["rows"]["interactions"] == 20
    assert names
    assert not [name for name in names if name in result.output or name in str(result.exception)]
    assert [*(tmp_path / "temporary").iterdir()] == []
    found = query(warehouse, "select distinct password, own from liine_marts.people")
    assert found == [{"password": "none", "own": "passed on"}]
    assert sorted(path.name for path in project.iterdir()) == ["dbt_project.yml", "models", "profiles.yml", "tests"]


@pytest.mark.slow("marts")
def test_dbt_warning_is_reported_and_does_not_fail(project: Path) -> None:
    """The build returns the names of the tests that warn."""
    for failing in ("models/broken.sql", "models/depends_on_broken.sql", "tests/nobody_is_there.sql"):
        (project / failing).unlink()
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
    nodes: list[tuple[str, int, int]] = []

    class Observer:
        def on_node(self, *node: Any) -> None:
            nodes.append(node)

    build = dbt_runner.build(project=project, observer=Observer())
    assert build == dbt_runner.DbtBuild(3, ["test somebody_may_be_there"])
    assert sorted(nodes) == [("model", 1, 3), ("test", 2, 3), ("test", 3, 3)]


@pytest.mark.slow("marts")
def test_sync_then_dbt_builds_models_and_prints_figures(postgres: str, environment: Any, tmp_path: Path) -> None:
    """It builds on Postgres, and leaves nothing in dlt's working directory."""
    with running_emulator(interactions=300, customers=2) as api:
        environment(api)
        result = CliRunner().invoke(app, ["sync", "--then-dbt"])
    assert result.exit_code == 0, result.output
    assert "none failed" in result.stdout
    (found,) = query(postgres, "select sum(new_leads) as leads from liine_marts.rpt_liine__lead_funnel_monthly")
    assert f"│ new leads │ {found['leads']} " in result.stdout
    assert "New leads by channel" in result.stdout
    assert [*(tmp_path / "dlt" / "pipelines").iterdir()] == []


BUILD = "dbt_runner.build(project=Path(sys.argv[1]))"
THEN_DBT = (
    'sys.argv[:2] = ["liine", "sync", "--then-dbt", "--dbt-project", sys.argv[1]]; '
    "from liine_source.__main__ import main; main()"
)


@pytest.mark.slow("kills")
@pytest.mark.parametrize(
    ("number", "script", "printed"),
    [
        (signal.SIGTERM, BUILD, ""),
        (signal.SIGINT, THEN_DBT, "interrupted, 20 rows kept; run the same command again to go on\n"),
    ],
)
def test_signal_ends_dbt_too(
    project: Path, environment: Any, tmp_path: Path, number: signal.Signals, script: str, printed: str
) -> None:
    """Otherwise dbt would go on, and its log, which may quote rows, would remain."""
    temporary, started = tmp_path / "temporary", tmp_path / "started.csv"
    temporary.mkdir()
    endless = f"copy (select 1) to '{started}'"
    config = f'{{{{ config(pre_hook="{endless}", materialized="table") }}}}'
    sql = config + "select sum(i) as n from range(10000000000000) r(i)"  # noqa: S608  ours
    (project / "models/broken.sql").write_text(sql)
    with running_emulator(interactions=20, customers=1) as api:
        environment(api)
        if script == BUILD:
            sync(**settings(api))
        command = [sys.executable, "-c", "import sys; from pathlib import Path; from liine_source import dbt_runner; "]
        command[-1] += f"dbt_runner._GRACE_SECONDS = 1; {script}"
        with subprocess.Popen(  # noqa: S603  a script of our own
            [*command, str(project)],
            env={**os.environ, "TMPDIR": str(temporary)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            while process.poll() is None and not started.exists():
                os.sched_yield()
            assert [*temporary.iterdir()] != []
            process.send_signal(number)
            _, errors = process.communicate()
    shown = "".join(
        line for line in errors.splitlines(True) if not line.startswith(("liine sync: complete; ", "dbt: "))
    )
    assert (process.returncode, shown) == (128 + number, printed)
    assert [*temporary.iterdir()] == []
    # A dbt that was still running would have the file locked.
    assert query(Path("warehouse.duckdb"), "select count(*) as n from liine.interactions") == [{"n": 20}]


def test_unknown_figures_are_printed_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    """A sum with an unknown part is unknown, and neither 0 nor an error."""
    with duckdb.connect("warehouse.duckdb") as connection:
        connection.execute("create schema liine_marts")
        connection.execute(
            "create table liine_marts.rpt_liine__channel_daily as"
            " select 'Email' as channel, 3 as new_leads, 2 as booked_leads, 10.5 as new_lead_revenue"
            " union all select 'Email', null, null, null union all select 'Direct', 5, null, 7"
        )
        connection.execute(
            "create table liine_marts.rpt_liine__lead_funnel_monthly as"
            " select 8 as new_leads, 4 as reached_leads, null as booked_leads, null as attended_leads, 7.5 as revenue"
        )
    channels, funnel = dbt_runner.query_channels("duckdb"), dbt_runner.query_funnel("duckdb")
    assert channels == [
        dbt_runner.ChannelLeads("Direct", 5, None, Decimal(7)),
        dbt_runner.ChannelLeads("Email", None, None, None),
    ]
    assert funnel == dbt_runner.LeadFunnel(8, 4, None, None, Decimal("7.5"))
    console.print_marts(channels, funnel)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["│", "Email", "│", "-", "│", "-", "│", "-", "│"] in lines
    assert ["│", "reached", "│", "4", "│", "50.0%", "│"] in lines
    assert ["│", "booked", "│", "-", "│", "-", "│"] in lines


@pytest.mark.slow("marts")
def test_reconciliation_allows_only_erased_rows_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It passes after an erasure and later syncs, and fails if another row is missing."""
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", "3f9a1c7e5b2d8046a1e9c3b7d5f20864")

    place = Path("warehouse.duckdb")

    def outcome() -> str:
        found = dbt_runner.run_build(select=["+staging_reconciles_with_sweeps"])
        return next(status for name, status in found.items() if name.startswith("test.liine.staging_reconciles"))

    with running_emulator(interactions=60, customers=1) as api:
        arguments = settings(api)
        sync(**arguments)
        leads = sorted({row["lead_id"] for row in api.truth()})[:3]
        erased = [row["id"] for row in api.truth() if row["lead_id"] in leads]
        erase(lead_ids=leads, is_dry_run=False, **arguments)
        assert outcome() == "pass"
        api.advance(timedelta(days=2))
        for row in erased:
            api.change(row, outcome="Booked")
        sync(**arguments)
        backfill(restart=True, **arguments)
        sweeps = query(place, "select suppressed from liine.sweeps where kind <> 'check' order by ended")
        # The second sync reads the changes again, as fewer rows are there than the API counts.
        assert [row["suppressed"] for row in sweeps] == [0, *[len(erased)] * 3]
        assert outcome() == "pass"
        with duckdb.connect(str(place)) as connection:
            connection.execute("delete from liine.interactions where id % 2 = 0")
        assert outcome() == "fail"


@pytest.mark.slow("marts")
def test_parsed_project_is_kept_and_follows_changes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is parsed again without a change; a variable of the environment that a model reads is one.

    The project may be named as it is from the current folder, although dbt runs in another one.
    """
    for failing in ("models/broken.sql", "models/depends_on_broken.sql", "models/schema.yml"):
        (project / failing).unlink()
    shutil.rmtree(project / "tests")
    (project / "models/people.sql").write_text("select '{{ env_var('DBT_OWN') }}' as own")
    parsed = []
    for value in ("one", "one", "two"):
        monkeypatch.setenv("DBT_OWN", value)
        dbt_runner.build(project=project.relative_to(Path.cwd()))
        assert query(Path("warehouse.duckdb"), "select own from liine_marts.people") == [{"own": value}]
        (file,) = Path("dlt/liine_dbt").iterdir()
        parsed.append(file.read_bytes())
    # dbt writes a random id into the file when it parses.
    assert parsed[0] == parsed[1] != parsed[2]


def test_parsed_project_is_kept_by_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    """For its owner only; two datasets that take turns do not parse anew each time."""

    def pretend_to_run(command: list[str], environment: dict[str, str], folder: str, _: object) -> int:
        target = Path(folder, "target")
        target.mkdir(exist_ok=True)
        file = target / "partial_parse.msgpack"
        found.append(file.read_text() if file.exists() else None)
        file.write_text(f"{environment['LIINE_DATASET']} {len(found)}")
        (target / "statuses.json").write_text("{}")
        return 0

    found: list[str | None] = []
    monkeypatch.setattr(dbt_runner, "_wait_for", pretend_to_run)
    for dataset in ("one", "two", "one", "two"):
        dbt_runner.run_build(dataset=dataset)
    assert found == [None, None, "one 1", "two 2"]
    assert {path.stat().st_mode & 0o777 for path in Path("dlt/liine_dbt").iterdir()} == {0o600}


@on_duckdb_and_postgres
@pytest.mark.parametrize("schema", ["liine_marts", "theirs_staging"])
def test_models_of_another_dataset_are_not_replaced(
    warehouse: Place, schema: str, environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line is refused before anything is requested, loaded or built."""
    spoil(warehouse, f"create schema {schema}")
    spoil(warehouse, f"create table {schema}._liine_dataset as select cast('theirs' as text) as dataset")
    monkeypatch.setenv("LIINE_STAGING_SCHEMA", "theirs_staging")
    with running_emulator(interactions=20, customers=1) as api:
        environment(api)
        result = CliRunner().invoke(app, ["sync", "--then-dbt"])
        assert isinstance(result.exception, ConfigurationError)
        assert (
            f"Schema {schema} has models of the dataset theirs, and a build from liine would replace them. Nothing was "
            "built. Name other schemas for liine in LIINE_STAGING_SCHEMA, LIINE_MARTS_SCHEMA, LIINE_SNAPSHOTS_SCHEMA, "
            f"or drop {schema} first."
        ) in str(result.exception)
        assert api.requests == []
    dbt_runner.refuse_build(dataset="theirs")


@pytest.mark.slow("marts")
@pytest.mark.parametrize("warehouse", ["duckdb", "postgres"], indirect=True)
def test_each_dataset_has_marts_of_its_own(
    warehouse: Path | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dbt itself refuses to build one dataset into the other's marts, also in a copy of the project."""
    select = ["+fct_liine__interactions"]
    for dataset, interactions in (("liine", 60), ("Other-Data", 20)):
        with running_emulator(interactions=interactions, customers=1) as api:
            sync(dataset=dataset, **settings(api))
        # Some of its tests need other models.
        statuses = dbt_runner.run_build(dataset=dataset, select=select)
        assert statuses["model.liine.fct_liine__interactions"] == "success"
    monkeypatch.setenv("LIINE_MARTS_SCHEMA", "liine_marts")
    copy = tmp_path / "copy"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
    message = "Schema liine_marts has models of the dataset liine, and a build from other_data would replace them."
    with pytest.raises(ConfigurationError, match=message):
        dbt_runner.run_build(dataset="Other-Data", select=select, project=copy)
    for dataset, interactions in (("liine", 60), ("other_data", 20)):
        counted = query(warehouse, f"select count(*) as n from {dataset}_marts.fct_liine__interactions")  # noqa: S608  ours
        named = [query(warehouse, f"select * from {dataset}_{part}._liine_dataset") for part in ("staging", "marts")]  # noqa: S608  ours
        assert (counted, named) == ([{"n": interactions}], [[{"dataset": dataset}]] * 2)
    if isinstance(warehouse, str):
        table = "'liine_marts.fct_liine__interactions'::regclass"
        columns = f"select attname from pg_attribute where attrelid = {table} and attnum > 0 and not attisdropped"  # noqa: S608  ours
        assert query(warehouse, f"{columns} and col_description(attrelid, attnum) is null") == []
        assert query(warehouse, f"select obj_description({table}) is not null as is_there") == [{"is_there": True}]


def test_dbt_reads_dataset_under_its_name_in_the_warehouse() -> None:
    """dlt loads `Other-Data` into `other_data`; a schema `Other-Data` would be missing, and the marts empty."""
    assert dbt_environment(None, "Other-Data")["LIINE_DATASET"] == "other_data"


def test_filesystem_destination_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """dbt cannot build in a folder of files."""
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", "lake")
    with pytest.raises(ConfigurationError, match="not on filesystem"):
        dbt_runner.build("filesystem")


def test_missing_dbt_names_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each destination has its own extra."""
    monkeypatch.setattr(dbt_runner, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"liine-source\[dbt\]"):
        dbt_runner.build()


def test_unusable_project_is_an_error(project: Path) -> None:
    """One that is not there is named; with one that dbt cannot read it ends before it builds anything."""
    with pytest.raises(ConfigurationError, match=r"no dbt_project\.yml and no profiles\.yml in nowhere"):
        dbt_runner.build(project=Path("nowhere"))
    (project / "dbt_project.yml").write_text("name: [")
    with pytest.raises(TransformError, match="before it built anything"):
        dbt_runner.build(project=project)


LISTING = """
import sys, threading
from dbt.adapters.base.impl import BaseAdapter
from dbt.cli.main import dbtRunner

lists = BaseAdapter.list_relations

def list_relations(adapter, database, schema):
    if schema == "liine" and not adapter._schema_is_cached(database, schema):
        print("listed by", threading.current_thread().name)
    return lists(adapter, database, schema)

BaseAdapter.list_relations = list_relations
assert dbtRunner().invoke(sys.argv[1:]).success
"""


def test_build_waits_for_another_of_the_dataset(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once could add a row to a table twice, and later builds would keep it."""
    del postgres
    monkeypatch.setattr(dbt_runner, "PATIENCE", 0)
    with (
        open_for_reading("postgres", "liine") as pipeline,
        exclusive(pipeline, "build", 0),
        pytest.raises(BusyError, match="Another build"),
    ):
        dbt_runner.run_build("postgres")


def test_loaded_tables_are_listed_before_threads_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that asks while another one lists them would see some alone, and build staging without rows."""
    monkeypatch.setenv("DESTINATION_TYPE", "duckdb")
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(tmp_path / "warehouse.duckdb"))
    with running_emulator(interactions=10) as api:
        sync(**settings(api))
    folder = str(dbt_runner.project_folder())
    paths = ["--project-dir", folder, "--profiles-dir", folder, "--target-path", str(tmp_path / "target")]
    command = ["--quiet", "run", "--select", "staging", *paths, "--log-path", str(tmp_path / "logs")]
    done = subprocess.run(  # noqa: S603  a script of our own
        [sys.executable, "-c", LISTING, *command], capture_output=True, text=True, check=True
    )
    assert [line for line in done.stdout.splitlines() if line.startswith("listed")] == ["listed by MainThread"]
