"""What a run says when it ends: where, when, how many rows are new or changed, and what to do if it is not complete."""

import json
import re
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from liine_source import backfill, sync
from liine_source.commands import run as run_module
from liine_source.emulator import Emulator, Faults, running_emulator
from tests.commands.test_sync import WAREHOUSE, settings
from tests.support.command_line import run
from tests.support.warehouse import Place, query
from tests.test_progress import StopAfter

AT = r"dataset liine, begun \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, \d+ s"
PLACE = rf"duckdb \S+/warehouse\.duckdb, {AT}"


def versions(api: Emulator) -> dict[int, str]:
    """When each interaction of the API was updated."""
    return {row["id"]: row["updated_at"] for row in api.truth()}


def test_new_and_changed_rows_are_counted(warehouse: Place) -> None:
    """Rows of the day of overlap that are as they were count as neither, and so does a backfill's repetition."""
    del warehouse
    with running_emulator(interactions=120, customers=2) as api:
        first = sync(**settings(api))
        assert (first.new, first.changed) == (120, 0)
        for step in (timedelta(days=3), timedelta(hours=1)):
            before = versions(api)
            api.advance(step)
            after = versions(api)
            report = sync(**settings(api))
            changed = sum(before[key] != after[key] for key in before)
            assert (report.new, report.changed) == (len(after) - len(before), changed)
            overlap = report.rows["interactions"] - (len(after) - len(before)) - changed
        assert overlap
        again = backfill(**settings(api))
        assert (again.rows["interactions"], again.new, again.changed) == (len(after), 0, 0)


def test_rows_of_an_interrupted_history_are_new_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run that goes on reads days again, and a customer of whom the warehouse has nothing is not looked up."""
    monkeypatch.setattr(run_module, "ROWS_PER_LOAD", 300)
    with running_emulator(interactions=1_500, customers=1) as api:
        first = StopAfter(2)
        with pytest.raises(KeyboardInterrupt):
            sync(observer=first, **settings(api, page_size=20, max_concurrency=1))
        ((held,),) = (row.values() for row in query(WAREHOUSE, "select count(*) from liine.interactions"))
        report = sync(**settings(api, page_size=20, max_concurrency=1))
    assert held == first.kept_rows
    assert (report.new, report.changed) == (1_500 - held, 0)


def test_deleted_rows_are_new_again() -> None:
    """What the warehouse has lost is not there when it is loaded."""
    with running_emulator(interactions=60, customers=1) as api:
        sync(**settings(api))
        with duckdb.connect("warehouse.duckdb") as warehouse:
            warehouse.execute("delete from liine.interactions where id % 2 = 0")
        lost = sum(key % 2 == 0 for key in versions(api))
        report = sync(**settings(api))
    assert (report.new, report.changed) == (lost, 0)


def test_files_have_no_new_rows() -> None:
    """In a folder of files nothing can be looked up, so only what was loaded is said."""
    with running_emulator(interactions=30, customers=1) as api:
        folder = {"DESTINATION__FILESYSTEM__BUCKET_URL": Path.cwd().as_uri() + "/files"}
        done = run("sync", "--destination", "filesystem", api=api, **folder)
    assert (done.returncode, "as they were" in done.stdout) == (0, False)
    assert re.fullmatch(
        rf"liine sync: complete; 1 customer, 30 interactions loaded, filesystem \S+, {AT}\n", done.stderr
    )


def test_summary_is_one_line_of_standard_error() -> None:
    """Cron sends it by mail; JSON on standard output is as it was."""
    with running_emulator(interactions=60, customers=3) as api:
        done = run("sync", api=api)
        assert re.fullmatch(
            rf"liine sync: complete; 3 customers, 60 interactions new, 0 changed, {PLACE}\n",
            done.stderr,
        )
        assert re.match(r"Synced into duckdb \S+/warehouse\.duckdb, dataset liine\n", done.stdout)
        assert "Interactions: 60 new, 0 changed, 0 as they were.\n" in done.stdout
        again = run("backfill", "--restart", "--json", api=api)
        report = json.loads(again.stdout)
        logged = run("--log-format", "json", "sync", api=api)
    assert again.stderr.startswith("liine backfill: complete; 3 customers, 0 interactions new, 0 changed, duckdb ")
    assert (report["new"], report["changed"]) == (0, 0)
    assert report["began"] < report["ended"]
    assert all(json.loads(line) for line in logged.stderr.splitlines())


def test_incomplete_run_says_what_to_do() -> None:
    """Which customers failed, and that the same command reads what is missing."""
    with running_emulator(interactions=60, customers=3) as api:
        api.faults = Faults(refused_customers=(api.customer_ids[0],))
        done = run("sync", api=api)
        held = len(api.truth()) - len(api.truth(api.customer_ids[0]))
    assert done.returncode == 1
    assert re.fullmatch(
        rf"liine sync: incomplete; 1 of 3 customers failed \({api.customer_ids[0]}\), {held} interactions new, "
        rf"0 changed, {PLACE}. What is loaded stays. The table says what is wrong with each; then run "
        r"the same command again, which reads what is missing.\n",
        done.stderr,
    )
