"""The tables of the dbt models that the report reads, with rows of literals; no dbt is needed."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.snowflake_stand_in import StandIn
from tests.support.warehouse import Place, Row, spoil

SCHEMA = "liine_marts"
CANARY = "Canary Person"
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=document.title='owned'>"
FORMULA = '=HYPERLINK("https://evil.example")'

_COLUMNS: Mapping[str, str] = {
    "_liine_dataset": "dataset text",
    "dim_liine__customers": "customer_id bigint, customer text",
    "dim_liine__load_scope": (
        "customer_id bigint, loaded_through_utc timestamp, description text, has_leads boolean, has_all_calls boolean, "
        "has_whole_leads boolean, has_appointments boolean, has_appointment_statuses boolean, has_revenue boolean"
    ),
    "dim_liine__channels": "channel_key text, channel text",
    "dim_liine__agents": "customer_id bigint, agent_id bigint, agent_name text",
    "dim_liine__locations": "customer_id bigint, location text, location_name text",
    "rpt_liine__data_health": (
        "customer_id bigint, check_name text, subject text, severity text, found bigint, out_of bigint, "
        "threshold numeric(38, 9), is_healthy boolean, detail text"
    ),
    "fct_liine__leads": (
        "lead_key text, lead_id text, customer_id bigint, is_new_lead boolean, first_date_local date, "
        "first_location text, first_channel_key text, is_reached boolean, is_booked boolean, appointments bigint, "
        "is_attended boolean, revenue numeric(38, 9), reason_not_booked text, booked_at_utc timestamp, "
        "booked_interaction_id bigint, booked_agent_id bigint"
    ),
    "fct_liine__missed_calls": (
        "customer_id bigint, lead_key text, date_local date, location text, is_window_closed boolean, "
        "is_called_back boolean, seconds_to_callback bigint"
    ),
    "fct_liine__interactions": (
        "interaction_id bigint, customer_id bigint, lead_key text, lead_name text, phone_number text, "
        "is_counted boolean, date_local date, hour_local bigint, started_at_utc timestamp, last_touch_location text, "
        "is_inbound_call boolean, is_outbound_call boolean, is_answered boolean, is_missed_call boolean, "
        "is_booking boolean, agent_id bigint, duration_seconds bigint"
    ),
}
_KNOWN = dict.fromkeys(
    ("has_leads", "has_all_calls", "has_whole_leads", "has_appointments", "has_appointment_statuses", "has_revenue"),
    True,
)
_LEAD = {"customer_id": 7, "is_new_lead": True, "first_date_local": "2025-03-03", "first_location": "north"}
_LEAD |= {"first_channel_key": "ads", "is_reached": True, "is_booked": True, "appointments": 1, "is_attended": True}
_CALL = {"customer_id": 7, "is_counted": True, "date_local": "2025-03-03", "hour_local": 9, "is_inbound_call": True}
_CALL |= {"is_outbound_call": False, "is_answered": True, "is_missed_call": False, "is_booking": False}
_CALL |= {"last_touch_location": "north", "lead_name": CANARY, "phone_number": CANARY, "lead_key": "a"}
_CALL |= {"started_at_utc": "2025-03-03 14:00:00", "agent_id": 70, "duration_seconds": 60}
_MISSED = {"customer_id": 7, "lead_key": "a", "date_local": "2025-03-04", "location": "north"}

# Customer 7 can tell everything, and is complete and fresh; of 8 only inbound calls were loaded, and they are late.
ROWS: Mapping[str, Sequence[Row]] = {
    "_liine_dataset": [{"dataset": "liine"}],
    "dim_liine__customers": [{"customer_id": 7, "customer": "Seven"}, {"customer_id": 8, "customer": None}],
    "dim_liine__load_scope": [
        {"customer_id": 7, "loaded_through_utc": "2025-03-10 10:00:00", "description": "No filter.", **_KNOWN},
        {
            "customer_id": 8,
            "loaded_through_utc": "2025-03-01 10:00:00",
            "description": "Only inbound.",
            **_KNOWN,
            "has_all_calls": False,
            "has_whole_leads": False,
        },
    ],
    "dim_liine__channels": [
        {"channel_key": "ads", "channel": "Ads"},
        {"channel_key": "evil", "channel": HOSTILE},
        {"channel_key": "formula", "channel": FORMULA},
    ],
    "dim_liine__agents": [
        {"customer_id": 7, "agent_id": 70, "agent_name": "Ada Agent"},
        {"customer_id": 7, "agent_id": 71, "agent_name": None},
    ],
    "dim_liine__locations": [
        {"customer_id": 7, "location": "north", "location_name": "North"},
        {"customer_id": 8, "location": "north", "location_name": "North"},
    ],
    "rpt_liine__data_health": [
        {
            "customer_id": 7,
            "check_name": "window completeness",
            "subject": "all",
            "severity": "error",
            "found": 3,
            "out_of": 3,
            "is_healthy": True,
            "detail": "complete, proof: count",
        },
        {
            "customer_id": 7,
            "check_name": "dataset completeness",
            "subject": "all",
            "severity": "error",
            "found": 90,
            "out_of": 90,
            "is_healthy": True,
            "detail": "complete, proof: count",
        },
        {
            "customer_id": 8,
            "check_name": "dataset completeness",
            "subject": "all",
            "severity": "error",
            "found": 11,
            "out_of": 12,
            "is_healthy": False,
            "detail": "failed: count",
        },
        {
            "customer_id": 8,
            "check_name": "unknown value",
            "subject": f"outcome = {CANARY}",
            "severity": "warn",
            "found": 1,
            "out_of": 2,
            "threshold": 0.01,
            "is_healthy": False,
            "detail": "not listed",
        },
        *(
            {
                "customer_id": customer,
                "check_name": "proof age",
                "subject": "all",
                "severity": "error",
                "found": 1,
                "threshold": 26,
                "is_healthy": True,
                "detail": "hours",
            }
            for customer in (7, 8)
        ),
    ],
    "fct_liine__leads": [
        {**_LEAD, "lead_key": "a", "lead_id": CANARY, "revenue": 0.1, "booked_agent_id": 70},
        {**_LEAD, "lead_key": "b", "revenue": 0.2, "first_channel_key": "evil", "is_attended": False},
        {
            **_LEAD,
            "lead_key": "c",
            "revenue": 0,
            "first_date_local": "2025-03-04",
            "first_location": None,
            "first_channel_key": "formula",
            "is_booked": False,
            "is_attended": False,
            "appointments": 0,
            "reason_not_booked": "Price",
        },
        {**_LEAD, "lead_key": "d", "is_new_lead": False, "revenue": 99},
        {
            **_LEAD,
            "customer_id": 8,
            "lead_key": "e",
            "revenue": 5,
            "is_booked": None,
            "is_reached": None,
            "is_attended": None,
        },
    ],
    "fct_liine__missed_calls": [
        {**_MISSED, "is_window_closed": True, "is_called_back": True, "seconds_to_callback": 300},
        {**_MISSED, "is_window_closed": True, "is_called_back": True, "seconds_to_callback": 90_000},
        {**_MISSED, "is_window_closed": True, "is_called_back": False},
        {**_MISSED, "is_window_closed": False, "is_called_back": True, "seconds_to_callback": 5},
        {**_MISSED, "customer_id": 8, "is_window_closed": True},
    ],
    "fct_liine__interactions": [
        {**_CALL, "interaction_id": 1},
        {**_CALL, "interaction_id": 2, "is_answered": False, "is_missed_call": True, "agent_id": None},
        {**_CALL, "interaction_id": 3, "is_counted": False},
        {**_CALL, "interaction_id": 4, "customer_id": 8, "date_local": "2025-03-04", "agent_id": None},
        {
            **_CALL,
            "interaction_id": 5,
            "is_inbound_call": False,
            "is_outbound_call": True,
            "is_booking": True,
            "agent_id": 71,
            "lead_key": "b",
            "last_touch_location": None,
        },
    ],
}


def create_models(place: Place, rows: Mapping[str, Sequence[Row]] = ROWS, schema: str = SCHEMA) -> None:
    """Create the tables with these rows; without rows for a table it is empty."""
    statements = [f"create schema {schema}"]
    for table, columns in _COLUMNS.items():
        statements.append(f"create table {schema}.{table} ({columns})")
        names = [column.split()[0] for column in columns.replace("(38, 9)", "").split(", ")]
        if found := rows.get(table):
            values = ", ".join(f"({', '.join(_literal(row.get(name)) for name in names)})" for row in found)
            statements.append(f"insert into {schema}.{table} values {values}")  # noqa: S608  literals above
    # Opening a DuckDB file takes longer than any of them; the stand-in takes one at a time.
    for sql in statements if isinstance(place, StandIn) else [";".join(statements)]:
        spoil(place, sql)


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    return "'{}'".format(value.replace("'", "''")) if isinstance(value, str) else str(value)
