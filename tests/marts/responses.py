"""What followed a missed call or a form."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from tests.marts.interactions import Row, leads_rows

_SAME = (
    *("interaction_id", "customer_id", "lead_key", "started_at_utc", "started_at_local", "date_local"),
    *("is_of_new_lead", "initial_channel_key"),
)


def missed_calls(rows: list[Row], days: int = 7) -> list[Row]:
    """The rows of `fct_liine__missed_calls`."""
    afterwards = _Afterwards(rows, days)
    return [
        {name: row[name] for name in (*_SAME, "hour_local", "weekday_local", "missed_how")}
        | {"location": row["last_touch_location"]}
        | afterwards.first(row, "is_outbound_call", "is_called_back", "called_back_at_utc", "seconds_to_callback")
        | afterwards.first(row, "is_answered", "is_recovered", "recovered_at_utc", "seconds_to_recovery")
        for row in rows
        if row["is_counted"] and row["is_missed_call"]
    ]


def form_responses(rows: list[Row], days: int = 7) -> list[Row]:
    """The rows of `fct_liine__form_responses`."""
    afterwards = _Afterwards(rows, days)
    attempt = "is_attempted", "first_attempt_at_utc", "seconds_to_first_attempt"
    connection = "is_connected", "connected_at_utc", "seconds_to_connection"
    return [
        {name: row[name] for name in (*_SAME, "form_submission_id")}
        | {"location": row["last_touch_location"]}
        | afterwards.first(row, "is_outbound_call", *attempt)
        | afterwards.first(row, "is_answered", *connection)
        for row in rows
        if row["is_counted"] and row["interaction_kind"] == "form"
    ]


class _Afterwards:
    """Each lead's rows, to look for what comes after one of them."""

    def __init__(self, rows: Iterable[Row], days: int) -> None:
        self._leads = leads_rows(rows)
        self._limit = timedelta(seconds=86_400 * days)

    def first(self, row: Row, asked: str, happened: str, at: str, seconds: str) -> dict[str, Any]:
        """The next row of the lead of which `asked` is true, under the three names."""
        its = self._leads.get(row["lead_key"], [row])
        later = its[its.index(row) + 1 :]
        until = row["started_at_utc"] + self._limit
        found = next((other for other in later if other[asked] and other["started_at_utc"] <= until), None)
        if found is None:
            return {happened: False, at: None, seconds: None}
        waited = found["started_at_utc"] - row["started_at_utc"]
        return {happened: True, at: found["started_at_utc"], seconds: waited.total_seconds()}
