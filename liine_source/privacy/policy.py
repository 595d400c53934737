"""What happens to each field with personal data: kept, hashed or dropped (docs/privacy.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from liine_source.errors import ConfigurationError, did_you_mean
from liine_source.privacy.keys import Key
from liine_source.privacy.normalization import DEFAULT_COUNTRY, PHONE_NUMBER, validate_country
from liine_source.spec.fields import FIELDS, FIELDS_BY_NAME
from liine_source.spec.types import Field

MaskingMode = Literal["keep", "hash", "drop"]
Effect = Literal["kept", "hashed", "hashed to a number", "kept where it fits", "left out"]

# What the connector itself does with a field's values in the warehouse.
_NEEDED = {
    "id": "rows are merged by it",
    "customer_id": "rows are counted and erased by customer",
    "start_time": "windows are compared by the day that it names",
    "start_time_tz": "windows are compared by the day that it names",
    "updated_at": "changes are recognized by it",
}


@dataclass(frozen=True, slots=True)
class PrivacyPolicy:
    """The masking mode of personal data; `fields` are exceptions by name; hashing needs the `key`.

    Phone numbers without a country code are of `phone_country`.
    """

    mode: MaskingMode = "keep"
    fields: Mapping[str, MaskingMode] = field(default_factory=dict)
    key: Key | None = None
    phone_country: str = DEFAULT_COUNTRY

    @property
    def keeps_everything(self) -> bool:
        """Whether every value is loaded as it is."""
        return self.mode == "keep" and not self.fields

    @property
    def fingerprint(self) -> str:
        """What all rows of one dataset must have in common; the key is not part of it."""
        exceptions = ",".join(f"{name}={mode}" for name, mode in sorted(self.fields.items()))
        hashes_phones = any(field.value_kind == PHONE_NUMBER for field in self.hashed_fields)
        country = f" phone_country={self.phone_country}" if hashes_phones else ""
        return f"{self.mode} {exceptions}".strip() + country

    @property
    def hashed_fields(self) -> list[Field]:
        """The fields whose values are hashed, to text or to a number."""
        return [known for known in FIELDS if self.effect_on(known).startswith("hashed")]

    @property
    def description(self) -> str:
        """The mode and the fields that are exceptions; it is stored.

        A field that is not in the reference is not named, because its name may identify a person.
        """
        known = [f"{name} {mode}" for name, mode in sorted(self.fields.items()) if name in FIELDS_BY_NAME]
        unknown = ["other fields keep"] if len(known) < len(self.fields) else []
        return ", ".join([self.mode, *known, *unknown])

    def effect_on(self, known: Field) -> Effect:
        """Return what happens to a field's values."""
        mode = self.fields.get(known.name)
        if mode is None and known.is_open and self.mode != "keep":
            return "left out"
        if mode is None:
            mode = self.mode if known.personal_data != "none" else "keep"
        if mode == "hash":
            # A number or a word of a list identifies nobody, as long as it is what the reference documents.
            effect = "hashed to a number" if known.data_type == "bigint" else "hashed"
            return cast("Effect", effect if _can_be_hashed(known) else "kept where it fits")
        return "left out" if mode == "drop" else "kept"


def validate_policy(
    mode: str, fields: Mapping[str, str] | None, key: Key | None, phone_country: str = DEFAULT_COUNTRY
) -> PrivacyPolicy:
    """Return the policy; raises ConfigurationError where a setting is wrong, or the key is missing."""
    modes = get_args(MaskingMode)
    if mode not in modes:
        raise ConfigurationError(f"personal_data must be one of {', '.join(modes)}.")
    exceptions = dict(fields or {})
    for name, exception in exceptions.items():
        _validate_exception(name, exception)
    if key is None and (mode == "hash" or "hash" in exceptions.values()):
        raise ConfigurationError(
            "Hashing personal data needs a key. Set personal_data_key under [sources.liine] in .dlt/secrets.toml, or "
            "SOURCES__LIINE__PERSONAL_DATA_KEY in the environment. Nothing was requested."
        )
    allowed = cast("dict[str, MaskingMode]", exceptions)
    return PrivacyPolicy(cast("MaskingMode", mode), allowed, key, validate_country(phone_country))


def _validate_exception(name: str, mode: str) -> None:
    modes = get_args(MaskingMode)
    if mode not in modes:
        raise ConfigurationError(f"personal_data_fields: {name!r} must be one of {', '.join(modes)}.")
    known = FIELDS_BY_NAME.get(name)
    if known is None:
        if mode != "keep":
            raise ConfigurationError(
                f"personal_data_fields: {name!r} is no field of the reference{did_you_mean(name, FIELDS_BY_NAME)}, "
                "so 'keep' is the only mode for it."
            )
    elif name in _NEEDED and mode != "keep":
        raise ConfigurationError(f"personal_data_fields: {name!r} must be kept, because {_NEEDED[name]}.")
    elif mode == "hash" and not _can_be_hashed(known):
        raise ConfigurationError(f"personal_data_fields: {name!r} has no text or number to hash: keep or drop it.")


def _can_be_hashed(known: Field) -> bool:
    return known.data_type in {"text", "bigint"} and not known.values and known.shape != "object"
