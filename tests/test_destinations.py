"""Destinations that nobody has set up: what is missing is named, with its section, or with what to install."""

import sys

import pytest

from liine_source import ConfigurationError, loading, sync
from liine_source.emulator import running_emulator
from tests.test_sync import settings


@pytest.mark.parametrize(
    ("destination", "told"),
    [
        ("filesystem", "bucket_url under [destination.filesystem]. Write them into .dlt/config.toml"),
        ("filesystem", "or as DESTINATION__FILESYSTEM__… into the environment"),
        ("motherduck", "password under [destination.motherduck.credentials]"),
        ("redshift", "database, host, password, username under [destination.redshift.credentials]"),
        ("postgres", "[destination.postgres.credentials]"),
        ("snowflake", "[destination.snowflake.credentials]"),
        ("mssql", "The destination mssql needs a package that is not installed, pyodbc: pip install 'dlt[mssql]'"),
        ("bigquery", "needs a package that is not installed, google.cloud: pip install 'dlt[bigquery]'"),
    ],
)  # fmt: skip
def test_what_a_destination_lacks_is_named(destination: str, told: str) -> None:
    """Before anything is requested, and nothing of the source's own section is blamed."""
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(ConfigurationError) as caught:
            sync(destination, **settings(api))
        assert told in str(caught.value)
        assert "sources" not in str(caught.value)
        assert api.requests == []


def test_an_extra_of_ours_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where dlt's own would not be enough."""
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", "postgresql://nobody:x@localhost/nowhere")
    monkeypatch.setitem(sys.modules, "dlt.destinations.impl.postgres.postgres", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'liine-source\[postgres\]'"):
        loading.build_pipeline("postgres")


def test_a_bucket_whose_package_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder needs none, so it is met when the bucket is."""
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", "gs://a-bucket")
    for name in ("project_id", "private_key", "client_email"):
        monkeypatch.setenv(f"DESTINATION__FILESYSTEM__CREDENTIALS__{name.upper()}", "x")
    with running_emulator(interactions=20, customers=1) as api:
        with pytest.raises(ConfigurationError, match="pip install"):
            sync("filesystem", **settings(api))
        assert api.requests == []
