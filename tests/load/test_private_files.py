"""Files that a run leaves, or has while it runs, may be read by their owner alone, whatever the umask."""

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.common.pipeline import get_dlt_pipelines_dir

from liine_source import build_pipeline, liine, sync
from liine_source.emulator import Emulator, running_emulator
from liine_source.load.private_files import owner_only_files
from liine_source.progress import SyncProgress
from tests.commands.test_sync import settings


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    outer = os.umask(0)
    yield
    os.umask(outer)


@pytest.fixture(scope="module")
def api() -> Iterator[Emulator]:
    """Serve interactions."""
    with running_emulator(interactions=20, customers=1) as found:
        yield found


class _Watcher(SyncProgress):
    """Looks at the files while a run has rows in them."""

    def __init__(self) -> None:
        super().__init__("hidden")
        self.readable: list[Path] | None = None

    def on_extracted(self, *_: Any) -> None:
        self.readable = readable_by_others()


def readable_by_others() -> list[Path]:
    """Return the pipelines' folders, lock files and DuckDB files that others may read."""
    working = Path(get_dlt_pipelines_dir())
    found = [*working.glob("*"), *Path().glob("*.duckdb*")]
    assert found
    return [path for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]


def rows_in_files() -> list[Path]:
    """Return the files of loads in the pipelines' folders, and dlt's traces, which quote errors."""
    return [
        path for path in Path(get_dlt_pipelines_dir()).rglob("*") if path.suffix in {".parquet", ".jsonl", ".pickle"}
    ]


def test_run_keeps_its_files_to_itself(api: Emulator) -> None:
    """During a sync and after it; the umask of the process is its own again."""
    watcher = _Watcher()
    sync(**settings(api), observer=watcher)
    assert watcher.readable == []
    assert readable_by_others() == []
    assert os.umask(0) == 0


def test_pipeline_of_readme_leaves_no_rows(api: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder without settings: neither after success nor after a load that failed with its files written."""
    build_pipeline("duckdb").run(liine(**settings(api)))
    assert [path for path in rows_in_files() if path.name != "trace.pickle"] == []
    assert readable_by_others() == []

    def fail(*_: Any, **__: Any) -> None:
        met.extend(rows_in_files())
        raise OSError("the warehouse is gone")

    met: list[Path] = []
    monkeypatch.setattr(dlt.Pipeline, "load", fail)
    with pytest.raises(OSError, match="the warehouse is gone"):
        build_pipeline("duckdb").run(liine(**settings(api)))
    assert met
    assert (rows_in_files(), readable_by_others()) == ([], [])


def test_plain_pipeline_keeps_its_files_to_itself(api: Emulator) -> None:
    """A pipeline of dlt's own deletes the files of a load that has ended, and nobody else may read its folder."""
    plain = dlt.pipeline("plain", destination=dlt.destinations.duckdb("plain.duckdb"), dataset_name="liine")
    plain.run(liine(**settings(api)))
    assert list(Path(plain.working_dir).rglob("*.parquet")) == []
    assert stat.S_IMODE(Path(plain.working_dir).stat().st_mode) == 0o700


def test_umask_returns_when_the_last_thread_leaves() -> None:
    """Runs in several threads share the process's umask."""
    entered, may_leave = threading.Event(), threading.Event()

    def hold() -> None:
        with owner_only_files():
            entered.set()
            may_leave.wait(10)

    thread = threading.Thread(target=hold)
    with owner_only_files():
        thread.start()
        entered.wait(10)
    assert os.umask(0o077) == 0o077
    may_leave.set()
    thread.join()
    assert os.umask(0) == 0
