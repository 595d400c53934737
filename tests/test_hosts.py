"""Where a dataset's rows came from: another host's rows, and watermarks, are never mixed with them."""

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from liine_source import ConfigurationError, backfill, liine, source, status, sync, verify
from liine_source.client import host_of
from liine_source.emulator import running_emulator
from tests.test_sync import settings
from tests.warehouse import Place, on_duckdb_and_postgres

REFUSED = "was loaded from localhost, and base_url names api.elsewhere.example"


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
def test_a_host_is_known_by_its_name_and_this_machine_whatever_the_port(base_url: str, host: str) -> None:
    """An emulator has another port each time."""
    assert host_of(base_url) == host


@on_duckdb_and_postgres
def test_a_dataset_of_one_host_refuses_another(warehouse: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """By each command that would mix or compare the two, before anything is requested, whoever the customer is."""
    with running_emulator(interactions=20, customers=2) as api:
        one, other = api.customer_ids
        sync(**settings(api, customer_ids=[one]))
        before, asked = status(), len(api.requests)
        monkeypatch.setattr(source, "host_of", lambda _: "api.elsewhere.example")
        for command in (sync, backfill, verify):
            with pytest.raises(ConfigurationError, match=REFUSED):
                command(**settings(api, customer_ids=[other]))
        assert len(api.requests) == asked
        assert status() == before


def test_a_pipeline_of_ones_own_refuses_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command line does."""
    pipeline = dlt.pipeline("own", destination="duckdb", dataset_name="liine")
    with running_emulator(interactions=20, customers=1) as api:
        pipeline.run(liine(**settings(api)))
        asked = len(api.requests)
        monkeypatch.setattr(source, "host_of", lambda _: "api.elsewhere.example")
        with pytest.raises(PipelineStepFailed, match=REFUSED):
            pipeline.run(liine(**settings(api)))
        assert len(api.requests) == asked


def test_a_dataset_that_tells_of_no_host_is_refused() -> None:
    """An earlier version loaded it: from the API, or from an emulator."""
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(source, "keep_hosts_apart", lambda *_: None)
            sync(**settings(api))
        with pytest.raises(ConfigurationError, match="was loaded from a host that it does not tell"):
            sync(**settings(api))
