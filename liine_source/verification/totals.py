"""The whole dataset compared with the API: one count of each customer's interactions, and those in the tables.

A sync asks for changes only, so it does not notice that older rows are gone; a count of all does. Where the two differ,
the customer is verified (`comparison`) and missing rows are loaded again. A difference that remains after a complete
verification is stored in `sweeps`, and accepted as long as it stays the same: rows of erased persons, or a count that
is capped or behind the rows (open question 5).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from liine_source.api.client import RequestStats
from liine_source.errors import ApiError, LiineError, LoginRefusedError
from liine_source.extract.audit import Proof
from liine_source.extract.parallel import thread_pool
from liine_source.extract.reader import Reader
from liine_source.extract.windows import Window
from liine_source.spec.tables import CHECK, LOAD_ID
from liine_source.verification.inventory import Inventory
from liine_source.warehouse.queries import Difference

# The `reason` in `sweeps` for another verification.
UNSEEN = "unseen"


@dataclass(slots=True)
class Totals:
    """A customer's interactions as the API counts them, and those in the warehouse without vanished ones.

    `proof` is `count` where they agree, `exhaustive` where a verification found no reason for the difference, None
    before. `is_preliminary` is set where rows were found that the API lacks, which a second verification marks as
    vanished, or where rows came meanwhile.
    """

    customer_id: int
    in_api: int
    in_warehouse: int
    requests: int
    began: datetime
    proof: Proof | None = None
    is_preliminary: bool = False

    def explain(self, known: Difference | None) -> None:
        """Set `proof` where they agree, or differ as they did when a verification found no reason for it.

        Where they differed then, agreement now proves nothing: with a count that is behind, a row may be lost.
        """
        if known and known.in_api != known.in_warehouse:
            self.proof = "exhaustive" if self._differs_as(known) or self._is_capped(known) else None
        elif self.in_api == self.in_warehouse:
            self.proof = "count"

    def _differs_as(self, known: Difference) -> bool:
        return self.in_api - self.in_warehouse == known.in_api - known.in_warehouse

    def _is_capped(self, known: Difference) -> bool:
        """Whether the API still counts what it did when the count was already below the rows."""
        return self.in_api == known.in_api < known.in_warehouse <= self.in_warehouse

    def as_row(self, filter_hash: str, load_id: str) -> dict[str, Any]:
        """Return the row of `sweeps`; `load_id` is the run's last load."""
        return {
            "sweep_id": uuid.uuid4().hex,
            "customer_id": self.customer_id,
            "kind": CHECK,
            "filter_hash": filter_hash,
            "expected": self.in_api,
            "distinct_ids": self.in_warehouse,
            "requests": self.requests,
            "proof": self.proof,
            "status": "complete" if self.proof else "failed",
            "reason": UNSEEN if self.is_preliminary else None if self.proof else "IncompleteDatasetError",
            "count_means": "total" if self.proof == "count" else "unknown",
            "began": self.began,
            "ended": datetime.now(UTC),
            LOAD_ID: load_id,
        }


def compare_totals(
    inventory: Inventory, reader: Reader, customer_ids: Sequence[int]
) -> tuple[list[Totals], dict[int, LiineError]]:
    """Return the totals of customers whose count can be compared, and the errors of those that the API refused.

    Left out are customers with rows that other filters or dates selected, and those for which `count` is not the total
    but the page's own length.
    """
    chosen = [customer for customer in customer_ids if is_comparable(reader, customer)]

    def totals(customer: int) -> Totals | LiineError | None:
        stats, began = RequestStats(), datetime.now(UTC)
        try:
            page = reader.fetch_newest(customer, Window(), stats)
            rows = inventory.interactions(customer)
            if page.count is not None and page.count <= 1 < rows:
                # With one row requested, that may be the page's own length (open question 5).
                page = reader.fetch_newest(customer, Window(), stats, rows=2)
        except LoginRefusedError:
            raise
        except ApiError as error:
            return error
        if page.count is None or len(page.rows) == page.count == 2 < rows:
            return None
        return Totals(customer, page.count, rows, stats.requests, page.server_time or began)

    with thread_pool(reader.width, "liine-check") as pool:
        found = dict(zip(chosen, pool.map(totals, chosen), strict=True))
    refused = {customer: error for customer, error in found.items() if isinstance(error, LiineError)}
    return [one for one in found.values() if isinstance(one, Totals)], refused


def is_comparable(reader: Reader, customer_id: int) -> bool:
    """Whether all of a customer's rows in the warehouse were selected by the reader's filters, without dates."""
    has_dates = reader.settings.since or reader.settings.until
    return not has_dates and reader.has_own_rows(customer_id)
