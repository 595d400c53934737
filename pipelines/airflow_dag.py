"""Airflow 3: an hourly load with one task for each customer, and a backfill with one for each customer and month.

Put this file into the DAGs' folder and make the pool `liine_api`: its slots bound how many tasks ask the API at once,
each with up to `max_concurrency` requests. Settings are the connector's own, in the environment or in dlt's files; or
the connections `liine_api` (host, login, password) and `liine_warehouse` (of Postgres) hold what is secret.
docs/schedulers.md tells more. Nothing but Airflow is imported, and nothing asked or read, while the file is parsed.
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
# Neighbouring months share days, and on Snowflake no lock keeps two tasks of a customer apart: a task reads all of it.
WHOLE = 12 * 1000
MODELS = Asset("liine.models")


def _settings() -> dict[str, Any]:
    """Take what is secret from Airflow's connections, where there are any; the rest is in dlt's settings."""
    import os

    # dlt would look up hundreds of Airflow's variables in each run.
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
    found: dict[str, Any] = {"credentials": {"username": api.login, "password": api.password}}
    return found | ({"base_url": api.host} if api.host else {})


def _dataset() -> str:
    import os

    return os.environ.get("LIINE_DATASET", "liine")


@task
def customers() -> list[int]:
    """Return the customers' ids, from dlt's settings."""
    _settings()
    from liine_source import configured_customers

    if found := configured_customers():
        return found
    raise AirflowFailException("There are no customers: set SOURCES__LIINE__CUSTOMER_IDS for the workers.")


@task(pool=POOL, retries=3, retry_exponential_backoff=True, outlets=TABLES, map_index_template="{{ customer_id }}")
def sync(customer_id: int) -> dict[str, Any]:
    """Bring one customer up to date."""
    settings = _settings()
    import liine_source

    return _told(liine_source.sync, customer_ids=[customer_id], **settings)


@task(pool=POOL, retries=3, retry_exponential_backoff=True)
def units(params: Any = None) -> list[dict[str, Any]]:
    """Return the customers' months to read; of more months each, where Airflow would not take so many tasks."""
    settings = _settings()
    import os

    import liine_source
    from liine_source.errors import LoginRefusedError

    months = WHOLE if os.environ.get("DESTINATION_TYPE") == "snowflake" else params["months"]
    days = {name: date.fromisoformat(params[name]) for name in ("since", "until") if params[name]}
    chosen = {"customer_ids": params["customer_ids"]} if params["customer_ids"] else {}
    most = conf.getint("core", "max_map_length")
    try:
        found = liine_source.units(**days, months=months, most=most, **chosen, **settings)
    except (liine_source.ConfigurationError, LoginRefusedError) as error:
        raise AirflowFailException(str(error)) from None
    return [
        {"customer_id": unit.customer_id, "since": unit.since and str(unit.since), "until": str(unit.until)}
        for unit in found
    ]


@task(
    pool=POOL,
    retries=3,
    retry_exponential_backoff=True,
    outlets=TABLES,
    map_index_template="{{ unit['customer_id'] }} to {{ unit['until'] }}",
)
def backfill(unit: dict[str, Any], params: Any = None) -> dict[str, Any]:
    """Read one unit again; with `anew` each try reads it whole, since the one before may have done nothing."""
    settings = _settings()
    import liine_source

    days = {name: date.fromisoformat(unit[name]) for name in ("since", "until") if unit[name]}
    customer = [unit["customer_id"]]
    return _told(liine_source.backfill, **days, is_anew=bool(params["anew"]), customer_ids=customer, **settings)


# A customer that cannot be read must not keep the others' figures from being built.
@task(trigger_rule="all_done_min_one_success", inlets=TABLES, outlets=[MODELS])
def build_models() -> dict[str, Any]:
    """Build and test the dbt models."""
    _settings()
    from liine_source import LiineError, transform

    try:
        built = transform.build(dataset=_dataset())
    except LiineError as error:
        raise AirflowFailException(str(error)) from None
    return {"models and tests": built.nodes, "warnings": built.warnings}


def _told(run: Any, **settings: Any) -> dict[str, Any]:
    """Run it, and return what goes into the task's XCom: counts and proofs, nothing of a row."""
    from liine_source import ConfigurationError, raise_for_failures
    from liine_source.errors import LoginRefusedError

    try:
        report = run(dataset=_dataset(), **settings)
    except (ConfigurationError, LoginRefusedError) as error:
        # A wrong setting is not tried again, and a wrong password might lock the account.
        raise AirflowFailException(str(error)) from None
    raise_for_failures(report)
    proofs = {str(customer.customer_id): customer.proof for customer in report.customers}
    return {"rows": report.rows, "proof": proofs, "unknown_fields": report.unknown_fields}


@dag(schedule="7 * * * *", start_date=datetime(2025, 1, 1), catchup=False, max_active_runs=1, tags=["liine"])
def liine_hourly() -> None:
    """Every customer brought up to date, each by a task of its own; then the models.

    What has been read is known in the warehouse alone, so a run that was missed needs no run of its own.
    """
    loaded = sync.expand(customer_id=customers())
    loaded >> [build_models(), EmptyOperator(task_id="all_proven")]


@dag(
    schedule=None,
    max_active_runs=1,
    tags=["liine"],
    params={
        "since": Param(None, type=["null", "string"], format="date", description="First day; none: from the first."),
        "until": Param(None, type=["null", "string"], format="date", description="Last day; none: today."),
        "months": Param(1, type="integer", minimum=1, description="How many months a task reads."),
        "customer_ids": Param(None, type=["null", "array"], description="None: all of the settings."),
        "anew": Param(False, type="boolean", description="Read again what an earlier backfill of these days has read."),
    },
)
def liine_backfill() -> None:
    """Past days once more, spread over whatever workers there are; then the models."""
    loaded = backfill.expand(unit=units())
    loaded >> [build_models(), EmptyOperator(task_id="all_proven")]


liine_hourly()
liine_backfill()
