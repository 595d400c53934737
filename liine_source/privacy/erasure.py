"""Which rows belong to the person to be erased, and which hashes keep that person from being loaded again."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from liine_source.errors import ConfigurationError
from liine_source.privacy.keys import Key
from liine_source.privacy.suppression import hash_column_value, hash_identifier

IDENTIFIER_FIELDS = ("lead_id", "phone_number", "ehr_pms_patient_id")
# The rows found are also kept out by `id`: Liine may change their lead or phone number later.
_ROW_ID = "id"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure found or deleted, in numbers."""

    customers: int
    identifiers: int
    interactions: int
    child_rows: int
    is_dry_run: bool = True
    erasure_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class StoredIdentifiers:
    """The identifiers of one interaction in the warehouse."""

    id: int
    customer_id: int
    lead_id: str | None
    phone_number: str | None
    ehr_pms_patient_id: str | None


class PersonMatcher:
    """Finds one person's rows by any of the given identifiers, which are grouped by field."""

    def __init__(
        self, identifiers: Mapping[str, Sequence[str]], customer_ids: Sequence[int], keys: Sequence[Key]
    ) -> None:
        self.identifier_count = sum(map(len, identifiers.values()))
        self.customer_count = len(customer_ids)
        self._keys = keys
        given = [(name, value) for name, values in identifiers.items() for value in values]
        self._digests = {
            (name, digest)
            for (name, value), customer in product(given, customer_ids)
            for digest in hash_identifier(name, customer, value, keys)
        }
        # For datasets with hashed personal data.
        self._column_values = {
            (name, digest) for name, value in given for digest in hash_column_value(name, value, keys)
        }
        if any(not hash_column_value(name, value, keys) for name, value in given):
            raise ConfigurationError("An identifier is empty or means an unknown number. Nothing was erased.")

    def find(self, rows: Iterable[StoredIdentifiers]) -> Iterator[StoredIdentifiers]:
        """Return those of the rows that belong to the person."""
        return (row for row in rows if any(self._matches(row, name) for name in IDENTIFIER_FIELDS))

    def _matches(self, row: StoredIdentifiers, name: str) -> bool:
        value = getattr(row, name)
        return (name, value) in self._column_values or any(
            (name, digest) in self._digests for digest in hash_identifier(name, row.customer_id, value, self._keys)
        )

    def suppression_entries(self, rows: Iterable[StoredIdentifiers], key: Key) -> list[dict[str, str]]:
        """Return the rows of `erased_identifiers`: the identifiers, and the ids of the rows found."""
        ids = [(_ROW_ID, digest) for row in rows for digest in hash_identifier(_ROW_ID, row.customer_id, row.id, [key])]
        given = sorted(pair for pair in self._digests if pair[1].startswith(f"{key.key_id}:"))
        return [{"kind": name, "digest": digest} for name, digest in [*given, *ids]]
