"""The marts over data that the connector loaded, on DuckDB and Postgres, against a computation without SQL."""

import pickle
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from filelock import FileLock

from tests.marts.comparison import differences, named_campaigns, unequal_rows, untold
from tests.marts.figures import figures
from tests.marts.story import Story, told

DESTINATIONS = ("duckdb", "postgres")
STAGES = ("first", "second", "anew", "personal")
on_each = pytest.mark.parametrize("destination", DESTINATIONS)


@pytest.fixture(scope="session")
def place_on_postgres(postgres_server: str) -> str:
    """An empty database."""
    name = f"marts_{uuid.uuid4().hex}"
    with closing(psycopg2.connect(postgres_server)) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"create database {name}")
    return postgres_server.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, worker_id: str) -> Iterator[Story]:
    """What happened, told once for all processes of the tests: whoever comes first lets it happen."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "marts"
    folder.mkdir(exist_ok=True)
    kept = folder / "story.pickle"
    with FileLock(folder / "lock"):
        if not kept.exists():
            places = {"duckdb": folder / "duckdb" / "warehouse.duckdb", "postgres": request.getfixturevalue("place_on_postgres")}
            kept.write_bytes(pickle.dumps(told(places, folder)))
    return pickle.loads(kept.read_bytes())  # noqa: S301  written above
