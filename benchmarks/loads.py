"""The measured loads. Each runs in its own process: `python benchmarks/loads.py` with the load as JSON."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

CONNECTOR = "liine-source"
REST_API = "dlt rest_api"
SCRIPT = "script"


@dataclass(frozen=True)
class Api:
    """The address, customers and login of an emulator."""

    base_url: str
    customers: Sequence[int]
    username: str
    password: str


@dataclass(frozen=True)
class Load:
    """One load by name, its API and destination; `updated_since` is the day from which `rest_api` requests changes."""

    name: str
    api: Api
    destination: str = "duckdb"
    updated_since: str | None = None

    def as_json(self) -> str:
        """Return the argument of the process."""
        return json.dumps(asdict(self))


def load_with_connector(load: Load) -> None:
    """Run `liine sync`, as cron would; it finds the day of the last changes in its state."""
    from liine_source.__main__ import run  # noqa: PLC0415  each process imports only what it measures

    api = load.api
    os.environ |= {
        "SOURCES__LIINE__BASE_URL": api.base_url,
        "SOURCES__LIINE__CUSTOMER_IDS": json.dumps(api.customers),
        "SOURCES__LIINE__CREDENTIALS__USERNAME": api.username,
        "SOURCES__LIINE__CREDENTIALS__PASSWORD": api.password,
    }
    sys.argv = ["liine", "sync", "--destination", load.destination]
    run()


def load_with_rest_api(load: Load) -> None:
    """Load one customer with dlt's generic source and parquet files, as in the reference's pagination example."""
    import dlt  # noqa: PLC0415
    import requests  # noqa: PLC0415
    from dlt.sources.rest_api import rest_api_source  # noqa: PLC0415

    api = load.api
    body = {"username": api.username, "password": api.password}
    token = requests.post(f"{api.base_url}/call_log/authenticate/", json=body, timeout=60).json()["token"]
    cursor = {"type": "cursor", "cursor_path": "pagination_timestamp", "cursor_param": "pagination_timestamp"}
    params = {"customer_id": api.customers[0], "limit": 1000, "include_is_spam_likely": "true"}
    if load.updated_since:
        params["updated_date"] = load.updated_since
    source = rest_api_source(
        {
            "client": {"base_url": api.base_url, "headers": {"Authorization": token}, "paginator": cursor},
            "resources": [
                {
                    "name": "interactions",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "endpoint": {
                        "path": "call_log/interactions/",
                        "params": params,
                        "data_selector": "interactions",
                    },
                }
            ],
        }
    )
    dlt.pipeline("generic", destination=load.destination, dataset_name="liine").run(
        source, loader_file_format="parquet"
    )


def load_with_script(load: Load) -> None:
    """Load one customer with as little work as a script can do: keep-alive requests, orjson, Arrow and one merge.

    It follows the reference's pagination example, proves nothing, and infers the types of the columns.
    """
    import orjson  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415
    import requests  # noqa: PLC0415

    api, pages = load.api, []
    params: dict[str, Any] = {"customer_id": api.customers[0], "limit": 1000, "include_is_spam_likely": "true"}
    if load.updated_since:
        params["updated_date"] = load.updated_since
    with requests.Session() as session:
        body = {"username": api.username, "password": api.password}
        login = session.post(f"{api.base_url}/call_log/authenticate/", json=body, timeout=60)
        session.headers["Authorization"] = login.json()["token"]
        while True:
            answer = session.get(f"{api.base_url}/call_log/interactions/", params=params, timeout=60)
            page = orjson.loads(answer.content)
            if not page["interactions"]:
                break
            pages.append(pa.Table.from_pylist(page["interactions"]))
            params["pagination_timestamp"] = page["pagination_timestamp"]
    if pages:
        _MERGES[load.destination](pa.concat_tables(pages, promote_options="permissive"))


def _merge_into_duckdb(found: Any) -> None:
    import duckdb  # noqa: PLC0415

    with duckdb.connect(os.environ["DESTINATION__DUCKDB__CREDENTIALS"]) as warehouse:
        warehouse.register("found", found)
        warehouse.execute("create schema if not exists liine")
        warehouse.execute("create table if not exists liine.interactions as from found limit 0")
        warehouse.execute("delete from liine.interactions where id in (select id from found)")
        warehouse.execute(
            "insert into liine.interactions by name from found qualify row_number() over (partition by id) = 1"
        )


def _merge_into_postgres(found: Any) -> None:
    """Merge from a staging table, filled by one ingest; lists and objects, which ADBC does not take, become JSON."""
    import adbc_driver_postgresql.dbapi as adbc  # type: ignore[import-untyped]  # noqa: PLC0415
    import orjson  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415

    # Nothing tells the type of a column without values.
    found = found.drop_columns([column.name for column in found.schema if pa.types.is_null(column.type)])
    for at, column in enumerate(found.schema):
        if pa.types.is_nested(column.type):
            texts = [None if value is None else orjson.dumps(value).decode() for value in found.column(at).to_pylist()]
            found = found.set_column(at, column.name, pa.array(texts, pa.string()))
    with adbc.connect(os.environ["DESTINATION__POSTGRES__CREDENTIALS"]) as warehouse, warehouse.cursor() as cursor:
        cursor.execute("create schema if not exists liine")
        cursor.adbc_ingest("found", found, mode="replace", db_schema_name="liine")
        cursor.execute("create table if not exists liine.interactions (like liine.found)")
        cursor.execute("create index if not exists ids on liine.interactions (id)")
        cursor.execute("delete from liine.interactions where id in (select id from liine.found)")
        names = ", ".join(f'"{name}"' for name in found.schema.names)
        cursor.execute(
            f"insert into liine.interactions ({names}) select distinct on (id) {names} from liine.found"  # noqa: S608  fields of the emulator
        )
        warehouse.commit()


_MERGES: dict[str, Callable[[Any], None]] = {"duckdb": _merge_into_duckdb, "postgres": _merge_into_postgres}
LOADS: dict[str, Callable[[Load], None]] = {
    CONNECTOR: load_with_connector,
    REST_API: load_with_rest_api,
    SCRIPT: load_with_script,
}


if __name__ == "__main__":
    argument = json.loads(sys.argv[1])
    requested = Load(**argument | {"api": Api(**argument["api"])})
    LOADS[requested.name](requested)
