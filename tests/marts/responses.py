"""Callbacks to missed calls and responses to forms."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from tests.marts.interactions import Row, rows_by_lead
from tests.marts.load_scope import Scopes, true_or_known_false

_UNCHANGED = (
    *("interaction_id", "customer_id", "lead_key", "started_at_utc", "started_at_local", "date_local"),
    *("is_new_lead_interaction", "initial_channel_key"),
)


def missed_calls(rows: list[Row], scopes: Scopes, days: int = 7) -> list[Row]:
    """The rows of `fct_liine__missed_calls`."""
    later_calls = _LaterCalls(rows, scopes, days)
    return [
        {name: row[name] for name in (*_UNCHANGED, "hour_local", "weekday_local", "missed_reason")}
        | {"location": row["last_touch_location"], "is_window_closed": later_calls.is_window_closed(row)}
        | later_calls.first(row, "is_outbound_call", "is_called_back", "called_back_at_utc", "seconds_to_callback")
        | later_calls.first(row, "is_answered", "is_recovered", "recovered_at_utc", "seconds_to_recovery")
        for row in rows
        if row["is_counted"] and row["is_missed_call"]
    ]


def form_responses(rows: list[Row], scopes: Scopes, days: int = 7) -> list[Row]:
    """The rows of `fct_liine__form_responses`."""
    later_calls = _LaterCalls(rows, scopes, days)
    attempt = "is_attempted", "first_attempt_at_utc", "seconds_to_first_attempt"
    connection = "is_connected", "connected_at_utc", "seconds_to_connection"
    return [
        {name: row[name] for name in (*_UNCHANGED, "form_submission_id")}
        | {"location": row["last_touch_location"], "is_window_closed": later_calls.is_window_closed(row)}
        | later_calls.first(row, "is_outbound_call", *attempt)
        | later_calls.first(row, "is_answered", *connection)
        for row in rows
        if row["is_counted"] and row["interaction_kind"] == "form"
    ]


class _LaterCalls:
    """Finds the next call of a lead after one of its rows."""

    def __init__(self, rows: Iterable[Row], scopes: Scopes, days: int) -> None:
        self._leads = rows_by_lead(rows)
        self._scopes = scopes
        self._limit = timedelta(seconds=86_400 * days)

    def is_window_closed(self, row: Row) -> bool:
        """Whether every call within the limit was loaded, as far as time is concerned."""
        through = self._scopes[row["customer_id"]]["loaded_through_utc"]
        return through is not None and through > row["started_at_utc"] + self._limit

    def first(self, row: Row, flag: str, happened: str, at: str, seconds: str) -> dict[str, Any]:
        """The lead's next row whose `flag` is true, as columns with the three names."""
        has_calls = row["lead_key"] is not None and self._scopes[row["customer_id"]]["has_all_calls"]
        group = self._leads.get(row["lead_key"], [row])
        later = group[group.index(row) + 1 :]
        deadline = row["started_at_utc"] + self._limit
        found = next((other for other in later if other[flag] and other["started_at_utc"] <= deadline), None)
        if found is None or not has_calls:
            is_known = has_calls, self.is_window_closed(row)
            return {happened: true_or_known_false(None, *is_known), at: None, seconds: None}
        delay = found["started_at_utc"] - row["started_at_utc"]
        return {happened: True, at: found["started_at_utc"], seconds: delay.total_seconds()}
