"""Which rows belong to the person to be erased, and which hashes keep that person from being loaded again."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

from liine_source.errors import ConfigurationError
from liine_source.privacy.keys import Key, is_digest
from liine_source.privacy.normalization import PHONE_NUMBER
from liine_source.privacy.suppression import (
    SuppressionEntry,
    hash_column_value,
    hash_identifier,
    normalize_identifier,
    read_identifier,
)

IDENTIFIER_FIELDS = ("lead_id", "phone_number", "ehr_pms_patient_id")
# The rows found are also kept out by `id`: Liine may change their lead or phone number later.
_ROW_ID = "id"


@dataclass(frozen=True, slots=True)
class ErasedLead:
    """The rows found of one lead, in numbers: how many, of how many patients, and the fields that matched."""

    customer_id: int
    interactions: int
    patients: int
    matched_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure found or deleted, in numbers.

    `leads` has an entry for each lead of the rows, and one for rows without a lead. The rows that a phone number
    matched are of `phone_leads` leads and `phone_patients` patients: relatives may share a phone. `file_bytes` is the
    size of a DuckDB file that was written anew afterwards; None if it was not.
    """

    customers: int
    identifiers: int
    interactions: int
    child_rows: int
    is_dry_run: bool = True
    leads: list[ErasedLead] = field(default_factory=list)
    phone_leads: int = 0
    phone_patients: int = 0
    file_bytes: int | None = None
    erasure_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class StoredIdentifiers:
    """The identifiers of one interaction in the warehouse."""

    id: int
    customer_id: int
    lead_id: str | None
    phone_number: str | None
    ehr_pms_patient_id: str | None


class FoundRow(NamedTuple):
    """An interaction of the person, and the fields that matched."""

    row: StoredIdentifiers
    matched_by: tuple[str, ...]


class PersonMatcher:
    """Finds one person's rows by any of the given identifiers, which are grouped by field.

    Phone numbers without a country code are of `phone_country`. What was typed may mean several numbers; a row's number
    means one, as everywhere else.
    """

    def __init__(
        self,
        identifiers: Mapping[str, Sequence[str]],
        customer_ids: Sequence[int],
        keys: Sequence[Key],
        phone_country: str,
    ) -> None:
        given = [(name, value) for name, values in identifiers.items() for value in values]
        self.identifier_count = len(given)
        self._customer_ids = customer_ids
        self._phone_country = phone_country
        readings = [(name, read_identifier(name, value, phone_country)) for name, value in given]
        if not all(found for _, found in readings):
            raise ConfigurationError("An identifier is empty or means an unknown number. Nothing was erased.")
        self._values = {(name, reading) for name, found in readings for reading in found}
        # For datasets with hashed personal data.
        self._hashes = {(name, hash_column_value(name, value, key)) for name, value in self._values for key in keys}

    def find(self, rows: Iterable[StoredIdentifiers]) -> Iterator[FoundRow]:
        """Return those of the rows that belong to the person."""
        for row in rows:
            if matched_by := tuple(name for name in IDENTIFIER_FIELDS if self._matches(name, getattr(row, name))):
                yield FoundRow(row, matched_by)

    def _matches(self, name: str, value: str | None) -> bool:
        if value is not None and is_digest(value):
            return (name, value) in self._hashes
        return (name, normalize_identifier(name, value, self._phone_country)) in self._values

    def suppression_entries(self, found: Iterable[FoundRow], key: Key) -> list[SuppressionEntry]:
        """Return what keeps the person out: the identifiers at each customer, and the ids of the rows found."""
        given = sorted(
            SuppressionEntry(
                name,
                hash_identifier(name, customer_id, value, key),
                self._phone_country if name == PHONE_NUMBER else None,
            )
            for (name, value), customer_id in product(self._values, self._customer_ids)
        )
        ids = [
            SuppressionEntry(_ROW_ID, hash_identifier(_ROW_ID, row.customer_id, str(row.id), key)) for row, _ in found
        ]
        return [*given, *ids]


def count_leads(found: Iterable[FoundRow]) -> list[ErasedLead]:
    """Return the rows found in numbers, by customer and lead; never the identifiers themselves."""
    by_lead: defaultdict[tuple[int, str | None], list[FoundRow]] = defaultdict(list)
    for one in found:
        by_lead[one.row.customer_id, one.row.lead_id].append(one)
    counted = [
        ErasedLead(
            customer_id,
            len(rows),
            _count_patients(rows),
            tuple(name for name in IDENTIFIER_FIELDS if any(name in one.matched_by for one in rows)),
        )
        for (customer_id, _), rows in by_lead.items()
    ]
    return sorted(counted, key=lambda lead: (lead.customer_id, -lead.interactions))


def count_by_phone(found: Iterable[FoundRow]) -> tuple[int, int]:
    """Return how many leads and patients the rows have that a phone number matched."""
    rows = [one for one in found if PHONE_NUMBER in one.matched_by]
    return len({(one.row.customer_id, one.row.lead_id) for one in rows}), _count_patients(rows)


def _count_patients(found: Iterable[FoundRow]) -> int:
    rows = [one.row for one in found if one.row.ehr_pms_patient_id]
    return len({(row.customer_id, row.ehr_pms_patient_id) for row in rows})
