"""`liine erasures import`: erase from this dataset whom a file of another one names, and never load them again."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import dlt

from liine_source.commands.erase import explain_interruption
from liine_source.commands.session import monitored, open_run
from liine_source.errors import ConfigurationError
from liine_source.load.dataset_checks import require_same_masking
from liine_source.load.erasure_tables import erasure_source
from liine_source.load.key_checks import check_keys, store_check_values
from liine_source.load.loading import NO_HOOKS, Hooks, between_loads, load
from liine_source.load.samples import drop_sample
from liine_source.load.stored_progress import read_state
from liine_source.privacy.erasure import IDENTIFIER_FIELDS
from liine_source.privacy.erasure_file import ErasureFile, read_erasure_file
from liine_source.privacy.keys import Key
from liine_source.privacy.suppression import SuppressionList
from liine_source.settings import LiineOptions, Settings, resolve_settings
from liine_source.spec.fields import FIELDS_BY_NAME
from liine_source.spec.tables import DATASET_NAME
from liine_source.verification import inventory
from liine_source.warehouse import catalog, queries


@dataclass(frozen=True, slots=True)
class ImportedErasures:
    """What an import found or deleted, in numbers.

    `erasures` and `identifiers` are those that the dataset did not have. `must_reread`: the rows are masked, so persons
    are found only by the ids of their rows; `liine backfill --restart` reads all rows again and deletes the others.
    """

    erasures: int
    identifiers: int
    interactions: int
    child_rows: int
    is_dry_run: bool = True
    must_reread: bool = False


def import_erasures(
    file: str | Path,
    destination: str | None = None,
    dataset: str = DATASET_NAME,
    *,
    is_dry_run: bool = True,
    **options: Unpack[LiineOptions],
) -> ImportedErasures:
    """Take over the erasures of another dataset: delete the rows of those persons, and never load them again.

    The dataset may be a new one, of which nothing exists yet. Rows of all its customers are compared. With `is_dry_run`
    nothing is changed; a repeated import changes nothing either, and completes one that was interrupted. Raises
    ConfigurationError, and writes nothing, where `export_erasures` did not write the file, or a key of its hashes is
    not set or has another value.
    """
    contents = read_erasure_file(Path(file))
    with monitored(dataset):
        settings = resolve_settings(**options)
        keys = contents.require_keys(settings.keys)
        with open_run(destination, dataset, settings, "erase_import") as pipeline:
            if not catalog.speaks_sql(pipeline):
                raise ConfigurationError("Rows in files cannot be erased: nothing was imported.")
            state = read_state(pipeline, settings.customer_ids, "sync")
            require_same_masking(state, settings)
            _, unstored_keys = check_keys(pipeline, settings, state)
            takeover = _Takeover(pipeline, settings, contents)
            if not is_dry_run:
                store_check_values(pipeline, [*unstored_keys, *(key for key in keys if key not in unstored_keys)])
                takeover.carry_out()
                drop_sample(pipeline)
            return takeover.count(is_dry_run=is_dry_run)


class _Takeover:
    """What of a file is new in a dataset, and which of its rows belong to the persons."""

    def __init__(self, pipeline: dlt.Pipeline, settings: Settings, contents: ErasureFile) -> None:
        self._pipeline = pipeline
        self._contents = contents
        self._customers = sorted({*settings.customer_ids, *queries.known_customers(pipeline)})
        stored = set(queries.identifiers_by_erasure(pipeline))
        self._identifiers = [one for one in contents.erased_identifiers if one not in stored]
        recorded = {one.erasure_id for one in queries.read_erasures(pipeline)}
        self._erasures = [one for one in contents.erasures if one.erasure_id not in recorded]
        self._has_rows = bool(catalog.column_types(pipeline))
        self._rows = self._find_rows(settings.keys) if self._has_rows else {}
        is_masked = any(settings.policy.effect_on(FIELDS_BY_NAME[name]) != "kept" for name in IDENTIFIER_FIELDS)
        self._must_reread = self._has_rows and is_masked and bool(contents.erased_identifiers)
        ids = [row_id for found in self._rows.values() for row_id in found]
        self._child_rows = queries.count_child_rows(pipeline, ids) if ids else 0

    def _find_rows(self, keys: Mapping[str, Key]) -> dict[str, list[int]]:
        """Return the ids of the persons' rows by erasure, each once."""
        identifiers = self._contents.erased_identifiers
        erasures = {(one.kind, one.digest): one.erasure_id for one in identifiers}
        erased = SuppressionList([one.entry for one in identifiers], keys)
        found: dict[str, list[int]] = {}
        for row in queries.stored_identifiers(self._pipeline, self._customers):
            if match := next(erased.matches(row, row.customer_id), None):
                found.setdefault(erasures[match], []).append(row.id)
        return found

    def count(self, *, is_dry_run: bool) -> ImportedErasures:
        """Return what was found, in numbers."""
        return ImportedErasures(
            len(self._erasures),
            len(self._identifiers),
            sum(map(len, self._rows.values())),
            self._child_rows,
            is_dry_run,
            self._must_reread,
        )

    def carry_out(self) -> None:
        """Store whom not to load, then delete, as an erasure does."""
        stored = inventory.Inventory(self._pipeline, self._customers) if self._has_rows else None
        if self._identifiers or self._erasures:
            source = erasure_source(self._erasures, self._identifiers)
            load(self._pipeline, source, hooks=Hooks(stored.find_lost) if stored else NO_HOOKS)
        elif stored:
            stored.find_lost()
        unfinished = {one.erasure_id for one in queries.unfinished_erasures(self._pipeline)}
        with explain_interruption(), between_loads(self._pipeline):
            completed = [
                queries.CompletedErasure(
                    one.erasure_id,
                    len(ids),
                    queries.count_child_rows(self._pipeline, ids) if ids else 0,
                )
                for one in self._contents.erasures
                if (ids := self._rows.get(one.erasure_id, [])) or one.erasure_id in unfinished
            ]
            queries.erase(self._pipeline, [row for ids in self._rows.values() for row in ids], completed)
            if stored:
                stored.count()
                stored.store()
