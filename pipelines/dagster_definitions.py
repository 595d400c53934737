"""Dagster: the loaded tables and the dbt models as assets, an hourly schedule, and backfills by customer and month.

Start with `dagster dev -f pipelines/dagster_definitions.py`, with the connector's settings in the environment or in
`.dlt`, as for `liine sync`. See docs/schedulers.md. Loading this file contacts neither API nor warehouse and reads no
secret, only the customer ids, which are partitions.
"""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from liine_source import (
    ConfigurationError,
    LiineError,
    backfill,
    configured_customers,
    configured_destination,
    dbt_runner,
    status,
    sync,
)
from liine_source.errors import LoginRefusedError

DATASET = os.environ.get("LIINE_DATASET", "liine")
TABLES = [
    dg.AssetKey(["liine", name])
    for name in (
        "interactions",
        "interactions__provider_names",
        "interactions__session_extras",
        "interactions__rejected_values",
        "sweeps",
        "_dlt_loads",
    )
]
INTERACTIONS, SWEEPS = TABLES[0], TABLES[4]
API = dg.AssetKey(["liine_api", "interactions"])
# The age of a customer's last sweep at which the check `freshness` fails.
MAX_AGE = timedelta(hours=3)
# DuckDB has one writer, so one process runs all steps, one after the other.
HAS_ONE_WRITER = configured_destination() == "duckdb"
# A run costs more than its customers: how many partitions, each of a customer and a month, share one.
CUSTOMERS_PER_TASK = max(1, int(os.environ.get("LIINE_CUSTOMERS_PER_TASK", "50")))
HAS_LOCK = configured_destination() == "postgres"

CUSTOMERS = dg.StaticPartitionsDefinition([str(key) for key in configured_customers()])
MONTHS = dg.MonthlyPartitionsDefinition(os.environ.get("LIINE_FIRST_MONTH", "2020-01-01"), end_offset=1)
PARTITIONS = dg.MultiPartitionsDefinition({"customer": CUSTOMERS, "month": MONTHS})

# The instance limits how many steps of this pool run at once; each sends up to `max_concurrency` requests at once.
POOL = "liine_api"
RETRIES = dg.RetryPolicy(max_retries=3, delay=60, backoff=dg.Backoff.EXPONENTIAL)


def _failure(error: LiineError) -> dg.Failure:
    """Return a failure; without retries for a wrong setting, or a wrong password that might lock the account."""
    return dg.Failure(str(error), allow_retries=not isinstance(error, ConfigurationError | LoginRefusedError))


@dg.multi_asset(
    specs=[dg.AssetSpec(key, deps=[API], group_name="liine", kinds={"dlt"}) for key in TABLES],
    pool=POOL,
    retry_policy=RETRIES,
)
def liine_tables(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    """Bring every customer up to date; the check `proof` shows whether each was read completely."""
    try:
        report = sync(dataset=DATASET)
        watermarks = {str(customer.customer_id): str(customer.watermark) for customer in status(dataset=DATASET)}
    except LiineError as error:
        raise _failure(error) from None
    for customer in report.customers:
        for problem in customer.errors:
            context.log.error(str(problem))
    metadata: dict[str, Any] = {
        "proof": {str(customer.customer_id): customer.proof for customer in report.customers},
        "watermark": watermarks,
        "unknown fields": report.unknown_fields,
        "loads": report.load_ids,
    }
    for key in TABLES:
        yield dg.MaterializeResult(key, metadata={"rows loaded": report.rows.get(key.path[-1]), **metadata})


@dg.asset(
    key=["liine", "months"],
    deps=[API],
    partitions_def=PARTITIONS,
    # Adjacent months share days, and on Snowflake no lock keeps two runs of a customer apart.
    backfill_policy=dg.BackfillPolicy.multi_run(CUSTOMERS_PER_TASK) if HAS_LOCK else dg.BackfillPolicy.single_run(),
    group_name="liine",
    kinds={"dlt"},
    pool=POOL,
    retry_policy=RETRIES,
)
def liine_months(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Load a whole month of a customer again, by the interactions' start, and prove it complete."""
    months: dict[date, list[int]] = {}
    # A run of many partitions has no partition key of its own.
    for key in context.partition_keys:
        parts = PARTITIONS.get_partition_key_from_str(key).keys_by_dimension
        months.setdefault(date.fromisoformat(parts["month"]), []).append(int(parts["customer"]))
    rows: dict[str, int] = {}
    proofs: dict[str, str | None] = {}
    errors: list[str] = []
    for first, customers in sorted(months.items(), reverse=True):
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        try:
            # Always restart: days that an earlier backfill has loaded would be skipped.
            report = backfill(first, last, dataset=DATASET, restart=True, customer_ids=customers)
        except LiineError as error:
            raise _failure(error) from None
        errors += [str(error) for found in report.customers for error in found.errors]
        rows = {name: rows.get(name, 0) + count for name, count in report.rows.items()}
        proofs |= {f"{found.customer_id} {first:%Y-%m}": found.proof for found in report.customers}
    if errors:
        raise dg.Failure("\n".join(errors))
    for key in TABLES:
        context.log_event(dg.AssetMaterialization(key, metadata={"rows loaded": rows.get(key.path[-1])}))
    return dg.MaterializeResult(metadata={"rows loaded": rows, "proof": proofs})


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec("proof", asset=SWEEPS, description="Each customer's last sweeps were proven complete."),
        dg.AssetCheckSpec("rows", asset=INTERACTIONS, description="Each customer has interactions."),
        dg.AssetCheckSpec("totals", asset=INTERACTIONS, description="As many interactions as the API counts."),
        dg.AssetCheckSpec("freshness", asset=INTERACTIONS, description=f"The last sweeps are at most {MAX_AGE} old."),
    ]
)
def liine_health() -> Iterator[dg.AssetCheckResult]:
    """Check the warehouse. An incomplete customer fails the run; the models are built from the rows that are there."""
    try:
        found = status(dataset=DATASET)
    except LiineError as error:
        raise _failure(error) from None
    never_loaded = set(CUSTOMERS.get_partition_keys()) - {str(customer.customer_id) for customer in found}
    failing = {
        "proof": never_loaded | {str(customer.customer_id) for customer in found if not customer.is_proven},
        "totals": {str(customer.customer_id) for customer in found if customer.check_status == "failed"},
        "rows": never_loaded | {str(customer.customer_id) for customer in found if not customer.rows},
        "freshness": never_loaded | {str(customer.customer_id) for customer in found if customer.is_late(MAX_AGE)},
    }
    rows = {str(customer.customer_id): customer.rows for customer in found}
    counts = {str(customer.customer_id): customer.in_api for customer in found}
    for name, key in (
        ("proof", SWEEPS),
        ("rows", INTERACTIONS),
        ("totals", INTERACTIONS),
        ("freshness", INTERACTIONS),
    ):
        yield dg.AssetCheckResult(
            passed=not failing[name],
            asset_key=key,
            check_name=name,
            severity=dg.AssetCheckSeverity.WARN if name in {"rows", "freshness"} else dg.AssetCheckSeverity.ERROR,
            metadata={"customers that fail": sorted(failing[name]), "rows": rows, "rows in the API": counts},
        )
    if failing["proof"]:
        customers = ", ".join(sorted(failing["proof"]))
        raise dg.Failure(f"Customers not proven complete: {customers}.", allow_retries=False)


MANIFEST = dbt_runner.parse_manifest()
TRANSLATOR = DagsterDbtTranslator()


@dbt_assets(manifest=MANIFEST, dagster_dbt_translator=TRANSLATOR)
def liine_models(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Build the dbt models, with dbt's tests as checks. Only names and statuses are kept: the log may quote rows."""
    manifest: Mapping[str, Any] = json.loads(MANIFEST.read_text())
    keys = {
        unique_id: TRANSLATOR.get_asset_spec(manifest, unique_id, None).key
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in {"model", "seed", "snapshot"}
    }
    selected = [
        manifest["nodes"][unique_id]["name"] for unique_id, key in keys.items() if key in context.selected_asset_keys
    ]
    try:
        statuses = dbt_runner.run_build(dataset=DATASET, select=selected if context.is_subset else ())
    except LiineError as error:
        raise _failure(error) from None
    checks = {(check.asset_key, check.name) for check in context.selected_asset_check_keys}
    # In dbt's order: a model comes after those that it depends on.
    for unique_id, node_status in statuses.items():
        node = manifest["nodes"].get(unique_id, {})
        if unique_id in keys and node_status == "success":
            yield dg.MaterializeResult(keys[unique_id])
        elif node.get("resource_type") == "test" and (keys.get(node.get("attached_node")), node["name"]) in checks:
            yield dg.AssetCheckResult(
                passed=node_status == "pass",
                asset_key=keys[node["attached_node"]],
                check_name=node["name"],
                severity=dg.AssetCheckSeverity.WARN if node_status == "warn" else dg.AssetCheckSeverity.ERROR,
            )
    try:
        dbt_runner.summarize(statuses)
    except LiineError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


hourly = dg.define_asset_job("liine_hourly", dg.AssetSelection.all() - dg.AssetSelection.assets(liine_months))

defs = dg.Definitions(
    assets=[dg.AssetSpec(API, group_name="liine"), liine_tables, liine_months, liine_models],
    asset_checks=[liine_health],
    jobs=[hourly],
    schedules=[dg.ScheduleDefinition(job=hourly, cron_schedule="7 * * * *")],
    executor=dg.in_process_executor if HAS_ONE_WRITER else dg.multiprocess_executor,
)
