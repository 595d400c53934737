"""Airflow 3: an hourly load with a task for each group of customers, and a backfill by customer and month.

Copy this file into the DAGs folder and create the pool `liine_api`: its slots limit how many tasks read the API at the
same time, each with up to `max_concurrency` requests. The connector's settings are in the environment or in dlt's
files; secrets can also be in the connections `liine_api` (host, login, password) and `liine_warehouse` (Postgres). See
docs/schedulers.md. Parsing this file imports only Airflow, requests nothing and reads no settings.
"""

from datetime import date, datetime
from typing import Any

from airflow.configuration import conf
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Asset, Connection, Param, dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

POOL = "liine_api"
CHILDREN = ("provider_names", "session_extras", "rejected_values")
NAMES = ("interactions", *(f"interactions__{name}" for name in CHILDREN), "sweeps")
TABLES = [Asset(f"liine.{name}") for name in NAMES]
# Adjacent months share days, and on Snowflake no lock keeps two tasks of a customer apart: one task reads all months.
ALL_MONTHS = 12 * 1000
CUSTOMERS_PER_TASK = 50
MODELS = Asset("liine.models")


def _settings() -> dict[str, Any]:
    """Return the secrets in Airflow's connections, if there are any; other settings are read by dlt."""
    import os

    # Otherwise dlt would look up hundreds of Airflow variables in each run.
    os.environ.setdefault("PROVIDERS__ENABLE_AIRFLOW_SECRETS", "false")
    import dlt

    try:
        warehouse = Connection.get("liine_warehouse")
    except AirflowNotFoundException:
        pass
    else:
        address = warehouse.get_uri().partition("://")[2]
        dlt.secrets["destination.postgres.credentials"] = f"postgresql://{address}"
    try:
        api = Connection.get("liine_api")
    except AirflowNotFoundException:
        return {}
    settings: dict[str, Any] = {"credentials": {"username": api.login, "password": api.password}}
    return settings | ({"base_url": api.host} if api.host else {})


def _dataset() -> str:
    import os

    return os.environ.get("LIINE_DATASET", "liine")


@task
def customer_groups() -> list[list[int]]:
    """Return the customer ids from dlt's settings, as many for a task as LIINE_CUSTOMERS_PER_TASK says."""
    _settings()
    import os

    from liine_source import configured_customers

    size = max(1, int(os.environ.get("LIINE_CUSTOMERS_PER_TASK", CUSTOMERS_PER_TASK)))
    if customer_ids := configured_customers():
        return [customer_ids[first : first + size] for first in range(0, len(customer_ids), size)]
    raise AirflowFailException("No customers are configured: set SOURCES__LIINE__CUSTOMER_IDS for the workers.")


@task(
    pool=POOL,
    retries=3,
    retry_exponential_backoff=True,
    outlets=TABLES,
    map_index_template="{{ customer_ids[0] }} to {{ customer_ids[-1] }}",
)
def sync(customer_ids: list[int]) -> dict[str, Any]:
    """Bring a group of customers up to date: a process costs more than its customer."""
    settings = _settings()
    import liine_source

    return _run_command(liine_source.sync, customer_ids=customer_ids, **settings)


@task(pool=POOL, retries=3, retry_exponential_backoff=True)
def plan_partitions(params: Any = None) -> list[dict[str, Any]]:
    """Return a partition for each customer and month; with more months each if Airflow does not allow so many tasks."""
    settings = _settings()
    import liine_source
    from liine_source.errors import LoginRefusedError

    months = ALL_MONTHS if liine_source.configured_destination() == "snowflake" else params["months"]
    days: dict[str, Any] = {name: date.fromisoformat(params[name]) for name in ("since", "until") if params[name]}
    selected: dict[str, Any] = {"customer_ids": params["customer_ids"]} if params["customer_ids"] else {}
    most = conf.getint("core", "max_map_length")
    try:
        partitions = liine_source.plan_partitions(**days, months=months, most=most, **selected, **settings)
    except (liine_source.ConfigurationError, LoginRefusedError) as error:
        raise AirflowFailException(str(error)) from None
    return [
        {"customer_id": one.customer_id, "since": one.since and str(one.since), "until": str(one.until)}
        for one in partitions
    ]


@task(
    pool=POOL,
    retries=3,
    retry_exponential_backoff=True,
    outlets=TABLES,
    map_index_template="{{ partition['customer_id'] }} to {{ partition['until'] }}",
)
def backfill(partition: dict[str, Any], params: Any = None) -> dict[str, Any]:
    """Load one partition again; with `restart` each try reads all of it, because the previous one may have failed."""
    settings = _settings()
    import liine_source

    days = {name: date.fromisoformat(partition[name]) for name in ("since", "until") if partition[name]}
    customer = [partition["customer_id"]]
    return _run_command(
        liine_source.backfill, **days, restart=bool(params["restart"]), customer_ids=customer, **settings
    )


# The models are built even if a customer failed.
@task(trigger_rule="all_done", inlets=TABLES, outlets=[MODELS])
def build_models() -> dict[str, Any]:
    """Build and test the dbt models."""
    _settings()
    from liine_source import LiineError, dbt_runner

    try:
        built = dbt_runner.build(dataset=_dataset())
    except LiineError as error:
        raise AirflowFailException(str(error)) from None
    return {"models and tests": built.nodes, "warnings": built.warnings}


def _run_command(command: Any, **settings: Any) -> dict[str, Any]:
    """Run a command, and return counts and proofs for the task's XCom; no value of a row."""
    from liine_source import ConfigurationError, raise_for_failures
    from liine_source.errors import LoginRefusedError

    try:
        report = command(dataset=_dataset(), **settings)
    except (ConfigurationError, LoginRefusedError) as error:
        # No retry: a wrong setting stays wrong, and a wrong password might lock the account.
        raise AirflowFailException(str(error)) from None
    raise_for_failures(report)
    proofs = {str(customer.customer_id): customer.proof for customer in report.customers}
    return {"rows": report.rows, "proof": proofs, "unknown_fields": report.unknown_fields}


@dag(schedule="7 * * * *", start_date=datetime(2025, 1, 1), catchup=False, max_active_runs=1, tags=["liine"])
def liine_hourly() -> None:
    """Bring every customer up to date, in groups; then build the models.

    The warehouse holds the progress, so a missed run needs no catch-up.
    """
    loaded = sync.expand(customer_ids=customer_groups())
    loaded >> [build_models(), EmptyOperator(task_id="all_proven")]


@dag(
    schedule=None,
    max_active_runs=1,
    tags=["liine"],
    params={
        "since": Param(
            None, type=["null", "string"], format="date", description="First day; empty: from the beginning."
        ),
        "until": Param(None, type=["null", "string"], format="date", description="Last day; empty: today."),
        "months": Param(1, type="integer", minimum=1, description="Months in a partition."),
        "customer_ids": Param(None, type=["null", "array"], description="Empty: all configured customers."),
        "restart": Param(False, type="boolean", description="Read days again that an earlier backfill has loaded."),
    },
)
def liine_backfill() -> None:
    """Load past days again, distributed among the workers; then build the models."""
    loaded = backfill.expand(partition=plan_partitions())
    loaded >> [build_models(), EmptyOperator(task_id="all_proven")]


liine_hourly()
liine_backfill()
