"""Persons who were erased, and never loaded again."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from liine_source.api.records import Row
from liine_source.errors import ConfigurationError
from liine_source.privacy.keys import Key
from liine_source.privacy.normalization import (
    DEFAULT_COUNTRY,
    NO_NUMBER,
    PHONE_NUMBER,
    format_value,
    list_readings,
    normalize,
)
from liine_source.spec.fields import FIELDS_BY_NAME


class SuppressionEntry(NamedTuple):
    """An identifier of an erased person: a row of `erased_identifiers`.

    `kind` is the field's name, `digest` the hash of customer and normalized value. `phone_country` is the setting with
    which a phone number was normalized, None for other fields.
    """

    kind: str
    digest: str
    phone_country: str | None = None


class SuppressionList:
    """Keyed hashes of the identifiers of erased persons; their rows are never loaded again.

    Raises ConfigurationError where the key of an entry is missing.
    """

    def __init__(self, entries: Iterable[SuppressionEntry] = (), keys: Mapping[str, Key] | None = None) -> None:
        self._digests: dict[tuple[str, str], set[str]] = {}
        for entry in entries:
            field_and_country = entry.kind, entry.phone_country or DEFAULT_COUNTRY
            self._digests.setdefault(field_and_country, set()).add(entry.digest)
        ids = {digest.partition(":")[0] for digests in self._digests.values() for digest in digests}
        self._keys = [key for name, key in (keys or {}).items() if name in ids]
        if missing := sorted(ids - {key.key_id for key in self._keys}):
            raise ConfigurationError(
                f"Persons were erased from this dataset under the key {', '.join(missing)}. Without it they cannot be "
                "recognized and would be loaded again. Set it under [sources.liine] in .dlt/secrets.toml, as "
                "personal_data_key or in personal_data_old_keys. Nothing was requested."
            )

    @property
    def is_empty(self) -> bool:
        """Whether nobody was erased."""
        return not self._digests

    def has(self, row: Row, customer_id: int) -> bool:
        """Whether a customer's row, as received from the API, belongs to an erased person."""
        return next(self.matches(row, customer_id), None) is not None

    def matches(self, row: Any, customer_id: int) -> Iterator[tuple[str, str]]:
        """Yield the kind and the hash of each entry that a customer's row matches; its attributes are the fields."""
        for (field, country), digests in self._digests.items():
            if normalized := normalize_identifier(field, getattr(row, field), country):
                for key in self._keys:
                    digest = hash_identifier(field, customer_id, normalized, key)
                    if digest in digests:
                        yield field, digest


def normalize_identifier(field: str, value: Any, country: str) -> str:
    """Return the value of an identifying field as it is hashed and compared; an empty text where there is none."""
    if value is None:
        return ""
    kind = FIELDS_BY_NAME[field].value_kind
    normalized = normalize(kind, format_value(value), country)
    return "" if kind == PHONE_NUMBER and normalized == NO_NUMBER else normalized


def read_identifier(field: str, value: str, country: str) -> list[str]:
    """Return all that a typed identifier may mean, as `normalize_identifier` would return it."""
    readings = list_readings(FIELDS_BY_NAME[field].value_kind, value, country)
    return [reading for reading in readings if normalize_identifier(field, reading, country)]


def hash_identifier(field: str, customer_id: int, normalized: str, key: Key) -> str:
    """Return the hash of one customer's identifier.

    The customer is part of it: the same lead or patient id is somebody else's at another customer.
    """
    return key.digest("erased", FIELDS_BY_NAME[field].value_kind, str(customer_id), normalized)


def hash_column_value(field: str, normalized: str, key: Key) -> str:
    """Return an identifier as a hashed column holds it."""
    return key.digest("value", FIELDS_BY_NAME[field].value_kind, normalized)
