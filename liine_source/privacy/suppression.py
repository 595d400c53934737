"""Persons who were erased, and never loaded again."""

from collections.abc import Iterable, Mapping
from typing import Any

from liine_source.api.records import Row
from liine_source.errors import ConfigurationError
from liine_source.privacy.keys import Key
from liine_source.privacy.normalization import NO_NUMBER, format_value, normalize


class SuppressionList:
    """Keyed hashes of the identifiers of erased persons; their rows are never loaded again.

    An entry is a field's name and the hash of customer and normalized value. Raises ConfigurationError where the key
    of an entry is missing.
    """

    def __init__(self, entries: Iterable[tuple[str, str]] = (), keys: Mapping[str, Key] | None = None) -> None:
        self._digests_by_field: dict[str, set[str]] = {}
        for field, digest in entries:
            self._digests_by_field.setdefault(field, set()).add(digest)
        ids = {digest.partition(":")[0] for digests in self._digests_by_field.values() for digest in digests}
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
        return not self._digests_by_field

    def has(self, row: Row, customer_id: int) -> bool:
        """Whether a customer's row, as received from the API, belongs to an erased person."""
        return any(
            digest in digests
            for field, digests in self._digests_by_field.items()
            for digest in hash_identifier(field, customer_id, getattr(row, field), self._keys)
        )


def hash_identifier(field: str, customer_id: int, value: Any, keys: Iterable[Key]) -> list[str]:
    """Return the hashes of one customer's identifier, one for each key; none where there is no value."""
    if value is None:
        return []
    normalized = normalize(field, format_value(value))
    return [key.digest(f"{customer_id}:{normalized}") for key in keys] if normalized and normalized != NO_NUMBER else []


def hash_column_value(field: str, value: str, keys: Iterable[Key]) -> list[str]:
    """Return an identifier as a hashed column holds it, one for each key."""
    normalized = normalize(field, value)
    return [key.digest(normalized) for key in keys] if normalized and normalized != NO_NUMBER else []
