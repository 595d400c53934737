"""One person's rows erased on request, and never loaded again: two tables of keyed hashes and counts.

`erased_identifiers` holds, as keyed hashes, what not to load again; `erasures` what was erased when, in numbers.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from typing import Any

import dlt
from dlt.extract import DltSource

from liine_source.errors import ConfigurationError
from liine_source.privacy import Key, hashed, identified
from liine_source.tables import described

IDENTIFIERS = "erased_identifiers"
ERASURES = "erasures"
# What a person can be named by, and `id`, by which the rows found stay away even if Liine calls them otherwise later.
KINDS = ("lead_id", "phone_number", "ehr_pms_patient_id")
_ROW = "id"


_IDENTIFIER_COLUMNS = described(
    erasure_id=("text", "The erasure, as in `erasures`."),
    kind=("text", "The field that the identifier is of."),
    digest=("text", "The key's id and the HMAC-SHA-256 of customer and normalised value."),
)
_ERASURE_COLUMNS = described(
    nullable=("completed_at",),
    erasure_id=("text", "A random name."),
    erased_at=("timestamp", "When it was asked for, UTC; from then on the person is not loaded again."),
    completed_at=(
        "timestamp",
        "When the rows were gone, UTC; null where it was cut short, even if another completed it.",
    ),
    customers=("bigint", "How many customers were searched."),
    identifiers=("bigint", "How many identifiers were given."),
    interactions=("bigint", "Rows erased from `interactions`."),
    child_rows=("bigint", "Rows erased from its child tables."),
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure found or removed; nothing of it tells of whom."""

    customers: int
    identifiers: int
    interactions: int
    child_rows: int
    is_dry_run: bool = True
    erasure_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class Held:
    """An interaction as the warehouse holds it, as far as it may name a person."""

    id: int
    customer_id: int
    lead_id: str | None
    phone_number: str | None
    ehr_pms_patient_id: str | None


class Wanted:
    """A person, by identifiers, each by the field that it is of; `count` tells how many."""

    def __init__(
        self, identifiers: Mapping[str, Sequence[str]], customer_ids: Sequence[int], keys: Sequence[Key]
    ) -> None:
        self.count = sum(map(len, identifiers.values()))
        self.customers = len(customer_ids)
        self._keys = keys
        given = [(kind, value) for kind, values in identifiers.items() for value in values]
        of_customers = product(given, customer_ids)
        self._scoped = {
            (kind, digest) for (kind, value), one in of_customers for digest in identified(kind, one, value, keys)
        }
        # As the columns hold them where personal data is hashed.
        self._held = {(kind, digest) for kind, value in given for digest in hashed(kind, value, keys)}
        if any(not hashed(kind, value, keys) for kind, value in given):
            raise ConfigurationError("An identifier is empty, or stands for nobody; nothing was erased.")

    def rows(self, held: Iterable[Held]) -> Iterator[Held]:
        """Return those of the rows that are the person's."""
        return (row for row in held if any(self._is_theirs(row, kind) for kind in KINDS))

    def _is_theirs(self, row: Held, kind: str) -> bool:
        value = getattr(row, kind)
        return (kind, value) in self._held or any(
            (kind, digest) in self._scoped for digest in identified(kind, row.customer_id, value, self._keys)
        )

    def entries(self, rows: Iterable[Held], key: Key) -> list[dict[str, str]]:
        """Return what not to load again: the identifiers, and the rows found by their ids."""
        ids = [(_ROW, digest) for row in rows for digest in identified(_ROW, row.customer_id, row.id, [key])]
        named = sorted(pair for pair in self._scoped if pair[1].startswith(f"{key.key_id}:"))
        return [{"kind": kind, "digest": digest} for kind, digest in [*named, *ids]]


def record(erasure: Erasure, entries: list[dict[str, str]]) -> DltSource:
    """Return a source that writes down what is to be erased, before anything is."""
    asked = {"erased_at": datetime.now(UTC), "completed_at": None, "interactions": 0, "child_rows": 0}
    asked |= {name: getattr(erasure, name) for name in ("erasure_id", "customers", "identifiers")}

    def tables() -> Any:
        yield dlt.resource(
            [{"erasure_id": erasure.erasure_id, **entry} for entry in entries],
            name=IDENTIFIERS,
            columns=_IDENTIFIER_COLUMNS,
            write_disposition="append",
        )
        yield dlt.resource(
            [asked],
            name=ERASURES,
            columns=_ERASURE_COLUMNS,
            write_disposition="append",
        )

    return dlt.source(tables, name="liine", section="liine")()
