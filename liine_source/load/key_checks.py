"""Refuses a key that is not the one under its id: erased persons would come back, and hashes of two keys would mix.

The dataset keeps a check value of each key in `personal_data_keys`, stored before the first value that the key hashed.
dlt's state has it too, for folders of files and for a table that somebody has dropped.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import dlt

from liine_source.errors import ConfigurationError
from liine_source.extract.state import SourceState
from liine_source.load.loading import between_loads
from liine_source.privacy.erasure import IDENTIFIER_FIELDS
from liine_source.privacy.keys import Key
from liine_source.privacy.suppression import SuppressionEntry, SuppressionList
from liine_source.settings import Settings
from liine_source.spec.tables import ERASED_IDENTIFIERS, PERSONAL_DATA_KEYS
from liine_source.warehouse import catalog, key_store, queries


class CheckedKeys(NamedTuple):
    """Whom not to load, and the keys whose check values are not in `personal_data_keys` yet."""

    suppression_list: SuppressionList
    unstored: list[Key]


def check_keys(pipeline: dlt.Pipeline, settings: Settings, state: SourceState) -> CheckedKeys:
    """Compare the keys with those under which the dataset was hashed and persons were erased.

    Raises ConfigurationError where a key is another one, or is needed and missing or cannot be compared.
    """
    noted = {(key_id, value) for key_id in settings.keys if (value := state.key_check(key_id))}
    _refuse_other_keys(settings, noted)
    present = _find_tables(pipeline)
    if not present and (settings.policy.key is None or not _is_database(pipeline)):
        return CheckedKeys(SuppressionList(), [])
    stored = key_store.read_check_values(pipeline) if PERSONAL_DATA_KEYS in present else set()
    _refuse_other_keys(settings, stored)
    entries = queries.erased_identifiers(pipeline) if ERASED_IDENTIFIERS in present else []
    suppression_list = SuppressionList(entries, settings.keys)
    known_ids, stored_ids = ({key_id for key_id, _ in pairs} for pairs in (noted | stored, stored))
    _refuse_unknown_keys(pipeline, settings, known_ids, entries)
    used = [key for key in settings.keys.values() if key == settings.policy.key or key.key_id in known_ids]
    return CheckedKeys(suppression_list, [key for key in used if key.key_id not in stored_ids])


def store_check_values(pipeline: dlt.Pipeline, keys: list[Key]) -> None:
    """Store check values; raises ConfigurationError where another run has just stored another key under the same id."""
    if not keys:
        return
    with between_loads(pipeline):
        for key in keys:
            if (key.key_id, key.check_value) not in key_store.read_check_values(pipeline):
                key_store.add_check_value(pipeline, key)
            # Another first run may have stored one since this run looked; on Snowflake no lock keeps it out.
            if any(
                key_id == key.key_id and value != key.check_value
                for key_id, value in key_store.read_check_values(pipeline)
            ):
                key_store.remove_check_value(pipeline, key)
                raise _another_key("personal_data_key", key.key_id)


def require_searchable(pipeline: dlt.Pipeline, settings: Settings) -> None:
    """Raise ConfigurationError where identifiers are hashed under a key that is not set: nobody can be found there."""
    fields = [known for known in settings.policy.hashed_fields if known.name in IDENTIFIER_FIELDS]
    missing = sorted({key_id for key_id, _ in key_store.read_check_values(pipeline)} - settings.keys.keys())
    for key_id in missing if fields else ():
        if key_store.has_hashes(pipeline, fields, key_id):
            raise ConfigurationError(
                f"Rows of this dataset are hashed under the key {key_id}, and without it nobody can be found in them. "
                "Set it under [sources.liine.personal_data_old_keys] in .dlt/secrets.toml, or run `liine backfill "
                "--restart` to hash them again. Nothing was erased."
            )


def _find_tables(pipeline: dlt.Pipeline) -> set[str]:
    """Return which of the two tables exist; the pipeline's own schema need not know what another pipeline created."""
    if not _is_database(pipeline):
        return set()
    found = catalog.column_types_by_table(pipeline, [PERSONAL_DATA_KEYS, ERASED_IDENTIFIERS])
    return {name for name, columns in found.items() if columns}


def _is_database(pipeline: dlt.Pipeline) -> bool:
    return bool(pipeline.destination) and catalog.speaks_sql(pipeline)


def _refuse_other_keys(settings: Settings, known: Iterable[tuple[str, str]]) -> None:
    for key_id, value in known:
        key = settings.keys.get(key_id)
        if key and key.check_value != value:
            raise _another_key("personal_data_key" if key == settings.policy.key else "personal_data_old_keys", key_id)


def _another_key(setting: str, key_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"The key with the id {key_id} in {setting} is not the one under which this dataset was hashed, or persons "
        "were erased from it. Set that key again, or give a new key another personal_data_key_id and keep that one in "
        "personal_data_old_keys. Nothing was requested."
    )


def _refuse_unknown_keys(
    pipeline: dlt.Pipeline, settings: Settings, known_ids: AbstractSet[str], entries: list[SuppressionEntry]
) -> None:
    """Raise ConfigurationError where a key was used that nothing can be compared with: its check value was deleted."""
    unknown = {entry.digest.partition(":")[0] for entry in entries} - known_ids
    key, fields = settings.policy.key, settings.policy.hashed_fields
    # A hash that is a number does not show its key: after a change of the key it proves nothing.
    is_shown = any(field.data_type == "text" for field in fields)
    if key and fields and key.key_id not in known_ids and (is_shown or not known_ids):
        unknown |= {key.key_id} if key_store.has_hashes(pipeline, fields, key.key_id) else set()
    if unknown:
        raise ConfigurationError(
            f"Rows of this dataset were hashed, or persons erased from it, under the key {', '.join(sorted(unknown))}, "
            f"but its check value is gone from {PERSONAL_DATA_KEYS}, so nobody can tell whether the key is the same. "
            "Restore that table from a backup; or load into a new dataset, erase those persons there again, and drop "
            "this one. Nothing was requested."
        )
