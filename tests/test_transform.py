"""dbt after the load: what fails is named, nothing of a row is told, and nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from liine_source import runs, sync, transform
from liine_source.cli import app
from liine_source.emulator import Emulator, running_emulator
from liine_source.errors import ConfigurationError, TransformError
from tests.test_sync import settings
from tests.warehouse import Place, query

PROFILES = Path(__file__).parents[1] / "dbt" / "profiles.yml"
FILES = {
    "dbt_project.yml": "name: little\nversion: '1.0'\nprofile: liine\nflags: {send_anonymous_usage_stats: false}\n",
    "models/people.sql": "select id, name as label from {{ env_var('LIINE_DATASET') }}.interactions",
    "models/broken.sql": (
        "{{ config(materialized='table') }} "
        "select cast(name as integer) as n from {{ env_var('LIINE_DATASET') }}.interactions"
    ),
    "models/on_it.sql": "select n from {{ ref('broken') }}",
    "models/schema.yml": "models: [{name: people, columns: [{name: id, data_tests: [unique]}]}]\n",
    "tests/nobody_is_there.sql": "select id from {{ ref('people') }}",
    "tests/somebody_may_be_there.sql": "{{ config(severity='warn') }} select id from {{ ref('people') }}",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A little dbt project, one model and two tests of which fail."""
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
def test_what_fails_is_named_and_no_row_is_quoted(
    warehouse: Place, project: Path, environment: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The run ends with 1; the report of the load is there; dbt's files, which quote the row, are gone."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    with running_emulator(interactions=20, customers=1) as api:
        environment(api)
        ended = CliRunner().invoke(app, ["sync", "--then-dbt", "--dbt-project", str(project), "--json"])
        names = [row["name"] for row in api.truth() if row["name"]]
    assert isinstance(ended.exception, TransformError)
    assert "dbt failed, and skipped 1 that rest on what did: model broken, test nobody" in str(ended.exception)
    told = json.loads(ended.stdout)
    assert told["dbt"]["failures"] == ["model broken", "test nobody_is_there"]
    assert told["rows"]["interactions"] == 20
    assert names
    assert not [name for name in names if name in ended.output or name in str(ended.exception)]
    assert [*(tmp_path / "temporary").iterdir()] == []
    assert sorted(path.name for path in project.iterdir()) == ["dbt_project.yml", "models", "profiles.yml", "tests"]


@pytest.mark.slow("marts")
def test_what_warns_is_named_and_fails_nothing(project: Path) -> None:
    """A warning is for reading."""
    for failing in ("models/broken.sql", "models/on_it.sql", "tests/nobody_is_there.sql"):
        (project / failing).unlink()
    with running_emulator(interactions=20, customers=1) as api:
        sync(**settings(api))
    assert transform.build(project=project) == transform.Built(3, ["test somebody_may_be_there"])


def test_the_command_line_builds_the_models_and_shows_answers(postgres: str, environment: Any, tmp_path: Path) -> None:
    """Into Postgres, whose address dbt gets in parts; of the run nothing stays in dlt's folder."""
    with running_emulator(interactions=300, customers=2) as api:
        environment(api)
        ended = CliRunner().invoke(app, ["sync", "--then-dbt"])
    assert ended.exit_code == 0, ended.output
    assert "none failed" in ended.stdout
    (found,) = query(postgres, "select sum(new_leads) as leads from liine_marts.rpt_liine__lead_funnel_monthly")
    assert f"│ new leads │ {found['leads']} " in ended.stdout
    assert "New leads by first channel" in ended.stdout
    assert [*(tmp_path / "dlt" / "pipelines").iterdir()] == []


@pytest.mark.slow("kills")
def test_a_build_that_is_told_to_end_ends_dbt_too(project: Path, environment: Any, tmp_path: Path) -> None:
    """Otherwise dbt would go on by itself, and its log, which may quote rows, would stay."""
    temporary, begun = tmp_path / "temporary", tmp_path / "begun.csv"
    temporary.mkdir()
    endless = f"copy (select 1) to '{begun}'"
    config = f'{{{{ config(pre_hook="{endless}", materialized="table") }}}}'
    sql = config + "select sum(i) as n from range(10000000000000) r(i)"  # noqa: S608  ours
    (project / "models/broken.sql").write_text(sql)
    with running_emulator(interactions=20, customers=1) as api:
        environment(api)
        sync(**settings(api))
    command = [sys.executable, "-c", "import sys; from pathlib import Path; from liine_source import transform; "]
    command[-1] += "transform._PATIENCE = 1; transform.build(project=Path(sys.argv[1]))"
    with subprocess.Popen(  # noqa: S603  a script of our own
        [*command, str(project)], env={**os.environ, "TMPDIR": str(temporary)}, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None and not begun.exists():
            os.sched_yield()
        assert [*temporary.iterdir()] != []
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate()
    assert (process.returncode, told) == (128 + signal.SIGTERM, "")
    assert [*temporary.iterdir()] == []
    # A dbt that lives would hold the file.
    assert query(Path("warehouse.duckdb"), "select count(*) as n from liine.interactions") == [{"n": 20}]


@pytest.mark.slow("marts")
def test_what_the_audit_proved_is_there_but_for_the_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an erasure, after the syncs that follow, and not if another row is missing."""
    monkeypatch.setenv("SOURCES__LIINE__PERSONAL_DATA_KEY", "0123456789abcdef0123456789abcdef")

    place = Path("warehouse.duckdb")

    def outcome() -> str:
        found = transform.outcomes(select=["+staging_holds_what_the_audit_proved"])
        return next(status for name, status in found.items() if name.startswith("test.liine.staging_holds"))

    with running_emulator(interactions=60, customers=1) as api:
        given = settings(api)
        sync(**given)
        leads = sorted({row["lead_id"] for row in api.truth()})[:3]
        gone = [row["id"] for row in api.truth() if row["lead_id"] in leads]
        runs.purge(lead_ids=leads, is_dry_run=False, **given)
        assert outcome() == "pass"
        api.advance(timedelta(days=2))
        for row in gone:
            api.change(row, outcome="Booked")
        sync(**given)
        runs.backfill(is_anew=True, **given)
        told = query(place, "select suppressed from liine.sweeps where kind <> 'check' order by ended")
        # The second sync reads the changes again, as fewer rows are there than the API counts.
        assert [row["suppressed"] for row in told] == [0, *[len(gone)] * 3]
        assert outcome() == "pass"
        with duckdb.connect(str(place)) as connection:
            connection.execute("delete from liine.interactions where id % 2 = 0")
        assert outcome() == "fail"


def test_a_destination_without_models_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of files has no dbt."""
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", "lake")
    with pytest.raises(ConfigurationError, match="not on filesystem"):
        transform.build("filesystem")


def test_without_dbt_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each destination."""
    monkeypatch.setattr(transform, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"liine-source\[dbt\]"):
        transform.build()


def test_a_project_that_is_none_is_told() -> None:
    """dbt ends before it builds anything."""
    with pytest.raises(TransformError, match="before it built anything"):
        transform.build(project=Path("nowhere"))
