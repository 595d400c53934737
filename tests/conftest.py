"""What every test needs: a folder, an environment and a client of its own that does not wait."""

from pathlib import Path

import pytest

from liine_source import client


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder; dlt's working directories and settings lie there too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once, and are so many that faults at every few requests never use them up by chance."""
    monkeypatch.setattr(client, "RETRY_POLICY", client.RetryPolicy(attempts=40, sleep=lambda seconds: None))
