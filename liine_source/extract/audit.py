"""What one sweep did: a row of the table `sweeps`."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from liine_source.api.client import RequestStats
from liine_source.extract.windows import Window

Proof = Literal["count", "exhaustive"]


@dataclass(slots=True)
class Audit:
    """What one sweep did; times are UTC.

    `expected` is the API's count when the last pass began, None where it gave none. `distinct_ids` is what that pass
    found, or all sub-windows together where the window was split. `repairs` counts the further passes and sub-windows.
    `proof` is `count` where the count means the total and agrees, `exhaustive` where the count proves nothing, None
    where nothing is proven. `count_means`, `order_clock`, `cursor_clock` and `cursor_edge` are the interpretations of
    the reference that the pages showed. `max_updated_at` is the latest change, up to `began` or `changes_until`, that a
    row states. `undated` counts interactions without a usable start, or with one later than the window's days. `shared`
    counts rows that another sweep of the same load had already brought, because windows share days.
    `is_part_of_history` marks a window of a history or a backfill.
    """

    customer_id: int
    filter_hash: str
    window: Window
    sweep_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    expected: int | None = None
    distinct_ids: int = 0
    repeats: int = 0
    pages: int = 0
    stats: RequestStats = field(default_factory=RequestStats)
    repairs: int = 0
    changed: int = 0
    suppressed: int = 0
    undated: int = 0
    shared: int = 0
    proof: Proof | None = None
    status: Literal["complete", "failed"] = "failed"
    reason: str | None = None
    count_means: Literal["total", "unknown"] = "unknown"
    order_clock: str = "unknown"
    cursor_clock: str = "unknown"
    cursor_edge: str = "unknown"
    began: datetime | None = None
    ended: datetime | None = None
    changes_until: datetime | None = None
    is_part_of_history: bool = False
    max_updated_at: datetime | None = None

    @property
    def context(self) -> str:
        """Customer and window, as errors and logs name them."""
        return f"Customer {self.customer_id}, {self.window}"

    def as_row(self) -> dict[str, Any]:
        """Return the audit under the column names of `sweeps`."""
        row = {name: getattr(self, name) for name in _AUDIT_COLUMNS}
        window = {"since": self.window.since, "until": self.window.until, "updated_since": self.window.updated_since}
        return row | window | {"requests": self.stats.requests, "retries": self.stats.retries}


_AUDIT_COLUMNS = (
    *("sweep_id", "customer_id", "filter_hash", "expected", "distinct_ids", "repeats", "pages", "repairs"),
    *("changed", "suppressed", "undated", "proof", "status", "reason"),
    *("count_means", "order_clock", "cursor_clock", "cursor_edge", "began", "ended"),
)
