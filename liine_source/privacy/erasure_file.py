"""The file that takes erasures from one dataset to another: keyed hashes, check values of keys, and no identifier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from liine_source.errors import ConfigurationError
from liine_source.file_replacement import replace_file
from liine_source.privacy.keys import Key, is_digest
from liine_source.privacy.suppression import SuppressionEntry

_Kind = Annotated[str, msgspec.Meta(pattern="^(id|lead_id|phone_number|ehr_pms_patient_id)$")]
_Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]


@dataclass(frozen=True, slots=True)
class ErasureRecord:
    """A row of `erasures`, without what was found in one dataset."""

    erasure_id: _Id
    erased_at: datetime
    customers: int
    identifiers: int


@dataclass(frozen=True, slots=True)
class ErasedIdentifier:
    """A row of `erased_identifiers`."""

    erasure_id: _Id
    kind: _Kind
    digest: str
    phone_country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")] | None = None

    @property
    def entry(self) -> SuppressionEntry:
        """What keeps the person out."""
        return SuppressionEntry(self.kind, self.digest, self.phone_country)

    @property
    def key_id(self) -> str:
        """The id of the key of the hash."""
        return self.digest.partition(":")[0]


@dataclass(frozen=True, slots=True)
class ErasureFile:
    """The erasures of a dataset; `key_checks` are the check values of the keys of the hashes, by the key's id."""

    liine_erasures: Literal[1]
    key_checks: Mapping[str, str]
    erasures: Sequence[ErasureRecord]
    erased_identifiers: Sequence[ErasedIdentifier]

    def __post_init__(self) -> None:
        """Raise ValueError where a hash is none, or has a key or an erasure that the file does not name."""
        known = {erasure.erasure_id for erasure in self.erasures}
        for one in self.erased_identifiers:
            if not is_digest(one.digest) or one.erasure_id not in known or one.key_id not in self.key_checks:
                raise ValueError

    def require_keys(self, keys: Mapping[str, Key]) -> list[Key]:
        """Return the keys of the hashes; raises ConfigurationError where one is not set or has another value."""
        found = []
        for key_id in sorted({one.key_id for one in self.erased_identifiers}):
            key = keys.get(key_id)
            if key is None or key.check_value != self.key_checks[key_id]:
                problem = "is not set" if key is None else "has another value"
                raise ConfigurationError(
                    f"The persons in this file were erased under the key {key_id}, which {problem} here: they would "
                    "not be recognized. Set that key under [sources.liine] in .dlt/secrets.toml, as personal_data_key "
                    "or in personal_data_old_keys. Nothing was written."
                )
            found.append(key)
        return found


def write_erasure_file(path: Path, contents: ErasureFile) -> None:
    """Write a file that only its owner can read, in place of an older one.

    Raises ConfigurationError where there is another file, or the folder takes none.
    """
    if path.exists():
        # Nothing else is overwritten.
        read_erasure_file(path)
    try:
        replace_file(path, msgspec.json.format(msgspec.json.encode(contents)))
    except OSError as error:
        raise ConfigurationError(
            f"The file of erasures cannot be written ({type(error).__name__}). Pass another FILE, in a folder that "
            "exists and that you may write to."
        ) from None


def read_erasure_file(path: Path) -> ErasureFile:
    """Return the contents of a file; raises ConfigurationError where `liine erasures export` did not write it."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=ErasureFile)
    except OSError as error:
        problem = f"cannot be read ({type(error).__name__})"
    except (msgspec.DecodeError, ValueError):
        # Their messages may quote the file.
        problem = "was not written by `liine erasures export`"
    raise ConfigurationError(f"The file of erasures {problem}. Pass another FILE; nothing was written.")
