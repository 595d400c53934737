"""A dataset belongs to the host that its rows came from, and to the version that loaded it."""

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from liine_source import ConfigurationError, backfill, liine, status, sync, verify
from liine_source.api.hosts import host_of
from liine_source.emulator import running_emulator
from liine_source.extract import state
from liine_source.load import dataset_checks
from tests.commands.test_sync import settings
from tests.support.warehouse import Place, on_duckdb_and_slow_postgres

REFUSED = "was loaded from localhost, but base_url is api.elsewhere.example"


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://API.Liine.com/v1", "api.liine.com"),
        ("https://api.liine.com:443", "api.liine.com"),
        ("https://proxy.example:8443/liine", "proxy.example:8443"),
        ("http://127.0.0.1:8123", "localhost"),
        ("http://localhost:9", "localhost"),
        ("https://[::1]:9", "localhost"),
    ],
)
def test_host_of_base_url(base_url: str, host: str) -> None:
    """The port of a local host is left out, as an emulator has another one each time."""
    assert host_of(base_url) == host


@on_duckdb_and_slow_postgres
def test_dataset_refuses_another_host(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command that would mix or compare rows of two hosts fails before its first request."""
    with running_emulator(interactions=20, customers=2) as api:
        one, other = api.customer_ids
        sync(**settings(api, customer_ids=[one]))
        before, request_count = status(), len(api.requests)
        monkeypatch.setattr(dataset_checks, "host_of", lambda _: "api.elsewhere.example")
        for command in (sync, backfill, verify):
            with pytest.raises(ConfigurationError, match=REFUSED):
                command(**settings(api, customer_ids=[other]))
        assert len(api.requests) == request_count
        assert status() == before


def test_user_pipeline_refuses_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's own dlt pipeline is checked as the commands are."""
    pipeline = dlt.pipeline("own", destination="duckdb", dataset_name="liine")
    with running_emulator(interactions=20, customers=1) as api:
        pipeline.run(liine(**settings(api)))
        request_count = len(api.requests)
        monkeypatch.setattr(dataset_checks, "host_of", lambda _: "api.elsewhere.example")
        with pytest.raises(PipelineStepFailed, match=REFUSED):
            pipeline.run(liine(**settings(api)))
        assert len(api.requests) == request_count


@on_duckdb_and_slow_postgres
def test_dataset_of_earlier_version_is_refused(warehouse: Place) -> None:
    """Its state and its tables have another format."""
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(state, "STATE_VERSION", 1)
            sync(**settings(api))
        with pytest.raises(ConfigurationError, match="was loaded by an earlier version of liine-source"):
            sync(**settings(api))
