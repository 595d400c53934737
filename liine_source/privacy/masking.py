"""Masks the personal data of a page right after it is parsed; nothing is written before."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from liine_source.api import values
from liine_source.api.records import Row
from liine_source.privacy.keys import Key
from liine_source.privacy.normalization import NO_NUMBER, PHONE_NUMBER, URL, format_value, is_shortened, normalize
from liine_source.privacy.policy import Effect, PrivacyPolicy
from liine_source.privacy.suppression import SuppressionList
from liine_source.spec.fields import FIELDS
from liine_source.spec.types import Field


class Masker:
    """Applies a privacy policy to rows, in place.

    `dropped` counts by field the values that were removed, and the addresses that were shortened. `suppressed_ids` are
    the rows of erased persons, which are left out.
    """

    def __init__(self, policy: PrivacyPolicy, suppression_list: SuppressionList | None = None) -> None:
        self.dropped: Counter[str] = Counter()
        self.suppressed_ids: set[int] = set()
        self._suppression_list = suppression_list or SuppressionList()
        self._policy = policy
        self._masks = [] if policy.keeps_everything else list(_build_masks(policy))
        self._kept_unknown = {name for name, mode in policy.fields.items() if mode == "keep"}

    @property
    def keeps_raw_values(self) -> bool:
        """Whether `interactions__rejected_values` may hold raw values."""
        return self._policy.mode == "keep"

    def mask(self, rows: Sequence[Row], customer_id: int) -> list[Row]:
        """Return the rows of a customer to load, masked, without those of erased persons."""
        kept = []
        for row in rows:
            if self._suppression_list.has(row, customer_id):
                self.suppressed_ids.add(values.convert(row.id, "bigint"))
            else:
                kept.append(row)
        for row in kept if self._masks else ():
            for name, is_url, mask in self._masks:
                value = getattr(row, name)
                if value is not None:
                    masked = mask(value)
                    setattr(row, name, masked)
                    if masked is None or (is_url and is_shortened(format_value(value))):
                        self.dropped[name] += 1
            if row.unknown and self._policy.mode != "keep":
                row.unknown = self._keep_allowed(row.unknown)
        return kept

    def _keep_allowed(self, unknown: Mapping[str, Any]) -> Mapping[str, Any] | None:
        dropped = [name for name in unknown if name not in self._kept_unknown]
        # Counted under one name, because a field's own name may identify a person.
        self.dropped["fields not in the reference"] += sum(unknown[name] is not None for name in dropped)
        return {name: value for name, value in unknown.items() if name in self._kept_unknown} or None


def _build_masks(policy: PrivacyPolicy) -> Iterator[tuple[str, bool, Callable[[Any], Any]]]:
    """Yield the name of each field that is not kept, whether it holds a URL, and what to do with its values."""
    for field in FIELDS:
        effect = policy.effect_on(field)
        if effect != "kept":
            yield field.name, field.value_kind == URL, _build_mask(field, effect, policy)


def _build_mask(field: Field, effect: Effect, policy: PrivacyPolicy) -> Callable[[Any], Any]:
    if effect == "left out":
        return _drop
    if effect == "kept where it fits":
        return lambda value: _keep_documented(field, value)
    key, kind = cast("Key", policy.key), field.value_kind
    if effect == "hashed to a number":
        return lambda value: key.number("value", kind, format_value(value).strip())
    digest = _build_text_hash(key, kind, policy.phone_country)
    if field.shape == "list":
        return lambda value: list(map(digest, value)) if isinstance(value, list) else None
    return digest


def _drop(_: Any) -> None:
    return None


def _build_text_hash(key: Key, kind: str, country: str) -> Callable[[Any], str | None]:
    @lru_cache(maxsize=10_000)
    def digest(text: str) -> str | None:
        normalized = normalize(kind, text, country)
        if normalized == NO_NUMBER and kind == PHONE_NUMBER:
            # It belongs to nobody: one hash for all of them would look like one person.
            return normalized
        return key.digest("value", kind, normalized) if normalized else None

    return lambda value: None if value is None else digest(format_value(value))


def _keep_documented(field: Field, value: Any) -> Any:
    try:
        values.convert(value, field.data_type)
    except (values.ConversionError, KeyError):
        return None
    return value if not field.values or value in field.values else None
