"""`liine erase`: delete one person's rows, and never load them again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Unpack

import dlt

from liine_source.commands.session import monitored, open_run
from liine_source.error_translation import translate_errors
from liine_source.errors import ConfigurationError, LiineError, NoRowsFoundError, UnfinishedErasureError
from liine_source.load.dataset_checks import require_same_masking
from liine_source.load.erasure_tables import erasure_source
from liine_source.load.key_checks import check_keys, require_searchable, store_check_values
from liine_source.load.loading import Hooks, between_loads, load
from liine_source.load.pipeline import remove_deleted_bytes, require_compactable
from liine_source.load.samples import drop_sample
from liine_source.load.stored_progress import read_state
from liine_source.privacy.erasure import (
    IDENTIFIER_FIELDS,
    Erasure,
    FoundRow,
    PersonMatcher,
    count_by_phone,
    count_leads,
)
from liine_source.privacy.erasure_file import ErasedIdentifier, ErasureRecord
from liine_source.privacy.keys import Key
from liine_source.privacy.normalization import is_phone
from liine_source.privacy.suppression import SuppressionEntry
from liine_source.settings import LiineOptions, Settings, resolve_settings
from liine_source.spec.tables import DATASET_NAME
from liine_source.verification import inventory
from liine_source.warehouse import catalog, queries

# How `liine erase` calls the identifiers, as options and in a list.
_FIELDS_BY_WORD = dict(zip(("lead-id", "phone", "patient-id"), IDENTIFIER_FIELDS, strict=True))
# Somebody else's at another customer.
_FIELDS_OF_CUSTOMER = ("lead_id", "ehr_pms_patient_id")


def erase(
    destination: str | None = None,
    dataset: str = DATASET_NAME,
    *,
    lead_ids: Sequence[str] = (),
    phones: Sequence[str] = (),
    patient_ids: Sequence[str] = (),
    is_dry_run: bool = True,
    allow_none: bool = False,
    compact: bool = False,
    **options: Unpack[LiineOptions],
) -> Erasure:
    """Delete one person's rows of the configured customers, and never load them again; return how many.

    A row belongs to the person if any of the identifiers matches. With `is_dry_run` nothing is changed. Keyed hashes of
    the identifiers and of the rows' ids are stored in the dataset, so a `personal_data_key` is needed. Raises
    NoRowsFoundError, and stores nothing, where no row matches; with `allow_none` the identifiers are stored all the
    same, for rows that the API returns later. With `compact` a DuckDB file is written anew afterwards, because it keeps
    the bytes of deleted rows. Raises ConfigurationError without a key or an identifier, with a lead or
    patient id for several customers, or where nothing was loaded.
    """
    with monitored(dataset):
        settings = resolve_settings(**options)
        key = settings.policy.key
        if key is None:
            raise ConfigurationError(
                "Erasing needs a key, so that the person is not loaded again: set personal_data_key under "
                "[sources.liine] in .dlt/secrets.toml. Nothing was erased."
            )
        identifiers = dict(zip(IDENTIFIER_FIELDS, (lead_ids, phones, patient_ids), strict=True))
        matcher = _build_matcher(identifiers, settings)
        if compact:
            require_compactable(destination, dataset)
        with open_run(destination, dataset, settings, "erase") as pipeline:
            if not catalog.speaks_sql(pipeline):
                raise ConfigurationError(
                    "Rows in files cannot be erased: delete the person's rows from the files yourself. Nothing was "
                    "erased."
                )
            unstored_keys = _check_dataset(pipeline, settings)
            found = _find_rows(pipeline, settings, matcher)
            if not found and not allow_none:
                raise NoRowsFoundError(dataset, len(settings.customer_ids))
            erasure = _count(pipeline, settings, matcher, found, is_dry_run=is_dry_run)
            if not is_dry_run:
                store_check_values(pipeline, unstored_keys)
                entries = matcher.suppression_entries(found, key)
                given = {one[:2] for known in settings.keys.values() for one in matcher.suppression_entries((), known)}
                _carry_out(pipeline, erasure, found, entries, settings.customer_ids, given)
                drop_sample(pipeline)
        if compact and not is_dry_run:
            erasure = replace(erasure, file_bytes=remove_deleted_bytes(destination, dataset).bytes_after)
    return erasure


def parse_identifiers(lines: Iterable[str]) -> dict[str, list[str]]:
    """Return the identifiers of a list by field; each line has a word, `phone`, `lead-id` or `patient-id`, and a value.

    Raises ConfigurationError for any other line that is not blank, by its number: it may hold an identifier.
    """
    found: dict[str, list[str]] = {name: [] for name in IDENTIFIER_FIELDS}
    for number, line in enumerate(lines, 1):
        word, _, value = line.strip().partition(" ")
        field = _FIELDS_BY_WORD.get(word.rstrip(":").lower())
        if field and value.strip():
            found[field].append(value.strip())
        elif line.strip():
            words = ", ".join(_FIELDS_BY_WORD)
            raise ConfigurationError(
                f"Line {number} of the identifiers must be one of the words {words}, then a space and the value. "
                "Nothing was erased."
            )
    return found


def _build_matcher(identifiers: Mapping[str, Sequence[str]], settings: Settings) -> PersonMatcher:
    keys = list(settings.keys.values())
    matcher = PersonMatcher(identifiers, settings.customer_ids, keys, settings.policy.phone_country)
    if not matcher.identifier_count:
        raise ConfigurationError("Erasing needs a lead id, a phone number or a patient id. Nothing was erased.")
    phones, country = identifiers["phone_number"], settings.policy.phone_country
    for number, phone in enumerate(phones, 1):
        if not is_phone(phone, country):
            raise ConfigurationError(
                f"Phone number {number} of {len(phones)} is no phone number, neither with a country code nor of "
                f"{country} (phone_country). Write it like +1 919 555 0123. Nothing was erased."
            )
    if len(settings.customer_ids) > 1 and any(identifiers[name] for name in _FIELDS_OF_CUSTOMER):
        raise ConfigurationError(
            f"A lead or patient id is another person's at another customer, and {len(settings.customer_ids)} customers "
            "are configured: choose one with --customer-id (customer_ids in Python). Nothing was erased."
        )
    return matcher


def _check_dataset(pipeline: dlt.Pipeline, settings: Settings) -> list[Key]:
    """Refuse a dataset in which persons cannot be found with these settings; return the keys it has not stored yet."""
    state = read_state(pipeline, settings.customer_ids, "sync")
    require_same_masking(state, settings)
    _, unstored_keys = check_keys(pipeline, settings, state)
    require_searchable(pipeline, settings)
    return unstored_keys


def _find_rows(pipeline: dlt.Pipeline, settings: Settings, matcher: PersonMatcher) -> list[FoundRow]:
    return list(matcher.find(queries.stored_identifiers(pipeline, settings.customer_ids)))


def _count(
    pipeline: dlt.Pipeline, settings: Settings, matcher: PersonMatcher, found: Sequence[FoundRow], *, is_dry_run: bool
) -> Erasure:
    return Erasure(
        len(settings.customer_ids),
        matcher.identifier_count,
        len(found),
        queries.count_child_rows(pipeline, [row.id for row, _ in found]),
        is_dry_run,
        count_leads(found),
        *count_by_phone(found),
    )


def _carry_out(
    pipeline: dlt.Pipeline,
    erasure: Erasure,
    found: Sequence[FoundRow],
    entries: Sequence[SuppressionEntry],
    customer_ids: Sequence[int],
    given: AbstractSet[tuple[str, str]],
) -> None:
    """Store whom not to load first, so that no later run loads the person again, whatever happens; then delete.

    What earlier erasures of the same identifiers have recorded that were cut short, this one takes over.
    """
    stored = inventory.Inventory(pipeline, customer_ids)
    requested = ErasureRecord(erasure.erasure_id, datetime.now(UTC), erasure.customers, erasure.identifiers)
    identifiers = [ErasedIdentifier(erasure.erasure_id, *entry) for entry in entries]
    load(pipeline, erasure_source([requested], identifiers), hooks=Hooks(stored.find_lost))
    with explain_interruption(), between_loads(pipeline):
        superseded = [
            one.erasure_id
            for one in queries.unfinished_erasures(pipeline)
            if one.erasure_id != erasure.erasure_id and {entry for entry in one.entries if entry[0] != "id"} <= given
        ]
        completed = queries.CompletedErasure(erasure.erasure_id, erasure.interactions, erasure.child_rows)
        queries.erase(pipeline, [row.id for row, _ in found], [completed], superseded)
        stored.count()
        stored.store()


@contextmanager
def explain_interruption() -> Iterator[None]:
    """Say what is still to do where rows could not be deleted."""
    try:
        with translate_errors():
            yield
    except LiineError as error:
        raise UnfinishedErasureError(error) from None
