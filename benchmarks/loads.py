"""The loads that are measured. Each runs as a process of its own: `python benchmarks/loads.py` with one as JSON."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

CONNECTOR = "liine-source"
REST_API = "dlt rest_api"
REST_API_PARQUET = "dlt rest_api, parquet"
MODELS = "models"


@dataclass(frozen=True)
class Api:
    """Where an emulator of one customer answers."""

    base_url: str
    customer: int
    username: str
    password: str


@dataclass(frozen=True)
class Load:
    """One load: which, from where, into what; a day asks for what was updated since, if the load is told so."""

    name: str
    api: Api
    destination: str = "duckdb"
    updated_since: str | None = None

    def as_json(self) -> str:
        """What the process is given."""
        return json.dumps(asdict(self))


def load_with_connector(load: Load) -> None:
    """`liine sync`, as a user's script would call it; it remembers by itself since when to ask."""
    from liine_source import raise_for_failures, sync  # noqa: PLC0415  each process loads only its own side

    api = load.api
    credentials = {"username": api.username, "password": api.password}
    raise_for_failures(
        sync(load.destination, customer_ids=[api.customer], base_url=api.base_url, credentials=credentials)
    )


def load_with_rest_api(load: Load, **how: Any) -> None:
    """What the reference's own pagination example becomes in dlt's generic source."""
    import dlt  # noqa: PLC0415
    import requests  # noqa: PLC0415
    from dlt.sources.rest_api import rest_api_source  # noqa: PLC0415

    api = load.api
    body = {"username": api.username, "password": api.password}
    token = requests.post(f"{api.base_url}/call_log/authenticate/", json=body, timeout=60).json()["token"]
    cursor = {"type": "cursor", "cursor_path": "pagination_timestamp", "cursor_param": "pagination_timestamp"}
    params = {"customer_id": api.customer, "limit": 1000, "include_is_spam_likely": "true"}
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
    dlt.pipeline("generic", destination=load.destination, dataset_name="liine").run(source, **how)


def build_models(load: Load) -> None:
    """Build the models with dbt over what was loaded, its tests included."""
    from liine_source import transform  # noqa: PLC0415

    transform.build(load.destination)


LOADS: dict[str, Callable[[Load], None]] = {
    CONNECTOR: load_with_connector,
    REST_API: load_with_rest_api,
    MODELS: build_models,
    REST_API_PARQUET: lambda load: load_with_rest_api(load, loader_file_format="parquet"),
}


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    asked = Load(**told | {"api": Api(**told["api"])})
    LOADS[asked.name](asked)
