"""Destinations that are not configured: the error names the missing settings or package."""

import sys
from typing import Any

import pytest
from dlt.common.destination import Destination

from liine_source import ConfigurationError, sync
from liine_source.emulator import running_emulator
from liine_source.load import pipeline as loading
from tests.commands.test_sync import settings


@pytest.mark.parametrize(
    ("destination", "message"),
    [
        ("filesystem", "bucket_url under [destination.filesystem]. Set them in .dlt/config.toml"),
        ("filesystem", "or as DESTINATION__FILESYSTEM__… in the environment"),
        ("motherduck", "password under [destination.motherduck.credentials]"),
        ("redshift", "database, host, password, username under [destination.redshift.credentials]"),
        ("postgres", "[destination.postgres.credentials]"),
        ("snowflake", "[destination.snowflake.credentials]"),
        ("mssql", "The destination mssql needs a package that is not installed, pyodbc: pip install 'dlt[mssql]'"),
        ("bigquery", "needs a package that is not installed, google.cloud: pip install 'dlt[bigquery]'"),
    ],
)  # fmt: skip
def test_missing_settings_and_packages_are_named(destination: str, message: str) -> None:
    """No request is made, and the source's own section is not mentioned."""
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(ConfigurationError) as caught:
            sync(destination, **settings(api))
        assert message in str(caught.value)
        assert "sources" not in str(caught.value)
        assert api.requests == []


def test_extra_of_this_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """dlt's own extra would not be sufficient there."""
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", "postgresql://nobody:x@localhost/nowhere")
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'liine-source\[postgres\]'"):
        loading.build_pipeline("postgres")


def test_missing_package_of_bucket_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A local folder needs no package, so it is missed only when the bucket is opened."""
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", "gs://a-bucket")
    for name in ("project_id", "private_key", "client_email"):
        monkeypatch.setenv(f"DESTINATION__FILESYSTEM__CREDENTIALS__{name.upper()}", "x")
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(ConfigurationError, match="pip install"):
            sync("filesystem", **settings(api))
        assert api.requests == []


@pytest.mark.parametrize(
    ("destination", "settings"),
    [
        ("duckdb", {"CREDENTIALS": "any.duckdb"}),
        ("postgres", {"CREDENTIALS": "postgresql://nobody:x@localhost/nowhere"}),
        ("snowflake", {"CREDENTIALS": "snowflake://nobody:x@account/DATABASE"}),
        ("filesystem", {"BUCKET_URL": "folder"}),
    ],
)
def test_settings_are_resolved_once(
    destination: str, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """dlt asks for them some 90 times in a run, 4 ms each."""
    for name, value in settings.items():
        monkeypatch.setenv(f"DESTINATION__{destination.upper()}__{name}", value)
    pipeline = loading.build_pipeline(destination)
    pipeline.destination_client()
    resolved: list[object] = []

    def note(*arguments: Any, **_: Any) -> None:
        resolved.append(arguments)

    monkeypatch.setattr(Destination, "configuration", note)
    pipeline.destination_client()
    assert resolved == []
