"""The whole dataset compared with the API: one count of each customer's interactions, and those that the tables hold.

A sync asks for changes only, so it does not notice that older rows are gone; a count of all does. Where the two differ
the customer is verified (`verification`) and missing rows are read again. A difference that remains after a complete
verification is stored in `sweeps` and accepted from then on, as long as it stays the same: rows of erased persons, or a
count that is capped or behind the rows (open question 5).
"""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from liine_source import tables
from liine_source.client import Tally
from liine_source.errors import ApiError, LiineError, LoginRefusedError
from liine_source.inventory import Inventory
from liine_source.tasks import Reader
from liine_source.warehouse import Difference
from liine_source.windows import Window

# The reason in `sweeps` for looking once more.
UNSEEN = "unseen"


@dataclass(slots=True)
class Totals:
    """A customer's interactions as the API counts them and as the warehouse holds them, without those that vanished.

    `proof` is `count` where they agree, `walk` where a verification found nothing behind the difference, None before.
    """

    customer_id: int
    in_api: int
    in_warehouse: int
    requests: int
    began: datetime
    proof: Literal["count", "walk"] | None = None
    # There are rows that the API lacks, which a second verification will mark as vanished; or some came meanwhile.
    is_preliminary: bool = False

    def explain(self, known: Difference | None) -> None:
        """Set `proof` where they agree, or differ as they did when a verification found nothing behind it.

        Where they differed then, that they agree now proves nothing: with a count that is behind a row may be lost.
        """
        if known and known.in_api != known.in_warehouse:
            self.proof = "walk" if self._differs_as(known) or self._is_capped(known) else None
        elif self.in_api == self.in_warehouse:
            self.proof = "count"

    def _differs_as(self, known: Difference) -> bool:
        return self.in_api - self.in_warehouse == known.in_api - known.in_warehouse

    def _is_capped(self, known: Difference) -> bool:
        """Whether the API counts no more than it did when the count was below the rows already."""
        return self.in_api == known.in_api < known.in_warehouse <= self.in_warehouse

    def as_row(self, filter_hash: str, load_id: str) -> dict[str, Any]:
        """Return the row of `sweeps`; `load_id` is that of the run's last load."""
        return {
            "sweep_id": uuid.uuid4().hex,
            "customer_id": self.customer_id,
            "kind": tables.CHECK,
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
            tables.LOAD_ID: load_id,
        }


def compare(
    inventory: Inventory, reader: Reader, customer_ids: Sequence[int]
) -> tuple[list[Totals], dict[int, LiineError]]:
    """Return the totals of customers whose count can be compared, and what the API answered for others.

    Left out are customers some of whose rows other filters or dates have selected, and those for which `count` is no
    total but the page's own.
    """
    chosen = [customer for customer in customer_ids if is_comparable(reader, customer)]

    def totals(customer: int) -> Totals | LiineError | None:
        tally, began = Tally(), datetime.now(UTC)
        try:
            page = reader.first(customer, Window(), tally)
            rows = inventory.interactions(customer)
            if page.count is not None and page.count <= 1 < rows:
                # Where one row was asked for, that may be the page's own count (open question 5).
                page = reader.first(customer, Window(), tally, rows=2)
        except LoginRefusedError:
            raise
        except ApiError as error:
            return error
        if page.count is None or len(page.rows) == page.count == 2 < rows:
            return None
        return Totals(customer, page.count, rows, tally.requests, page.server_time or began)

    with ThreadPoolExecutor(reader.width, thread_name_prefix="liine-check") as pool:
        found = dict(zip(chosen, pool.map(totals, chosen), strict=True))
    refused = {customer: error for customer, error in found.items() if isinstance(error, LiineError)}
    return [one for one in found.values() if isinstance(one, Totals)], refused


def is_comparable(reader: Reader, customer_id: int) -> bool:
    """Whether all of a customer's rows in the warehouse are those that the reader's filters select, on any day."""
    has_dates = reader.settings.since or reader.settings.until
    return not has_dates and reader.has_own_rows(customer_id)
