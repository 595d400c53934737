"""`liine erase`: delete one person's rows, and never load them again."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Unpack

import dlt
from dlt.extract import DltSource

from liine_source.commands.session import monitored, open_run
from liine_source.errors import ConfigurationError
from liine_source.load.hints import column_hints
from liine_source.load.loading import Hooks, between_loads, load
from liine_source.privacy.erasure import IDENTIFIER_FIELDS, Erasure, PersonMatcher
from liine_source.settings import LiineOptions, resolve_settings
from liine_source.spec.tables import DATASET_NAME, ERASED_IDENTIFIERS, ERASURES
from liine_source.warehouse import catalog


def erase(
    destination: str | None = None,
    dataset: str = DATASET_NAME,
    *,
    lead_ids: Sequence[str] = (),
    phones: Sequence[str] = (),
    patient_ids: Sequence[str] = (),
    is_dry_run: bool = True,
    **options: Unpack[LiineOptions],
) -> Erasure:
    """Delete one person's rows of the configured customers, and never load them again; return how many.

    A row belongs to the person if any of the identifiers matches. With `is_dry_run` nothing is changed. Keyed hashes of
    the identifiers and of the rows' ids are stored in the dataset, so a `personal_data_key` is needed. Raises
    ConfigurationError without a key or an identifier, or where nothing was loaded.
    """
    from liine_source.verification import inventory  # noqa: PLC0415  SQLAlchemy is slow to import
    from liine_source.warehouse import queries  # noqa: PLC0415  SQLAlchemy is slow to import

    with monitored(dataset):
        settings = resolve_settings(**options)
        key = next(iter(settings.keys.values()), None)
        if key is None:
            raise ConfigurationError(
                "Erasing needs a key, so that the person is not loaded again: set personal_data_key under "
                "[sources.liine] in .dlt/secrets.toml. Nothing was erased."
            )
        identifiers = dict(zip(IDENTIFIER_FIELDS, (lead_ids, phones, patient_ids), strict=True))
        matcher = PersonMatcher(identifiers, settings.customer_ids, list(settings.keys.values()))
        if not matcher.identifier_count:
            raise ConfigurationError("Erasing needs a lead id, a phone number or a patient id. Nothing was erased.")
        with open_run(destination, dataset, settings, "erase") as pipeline:
            if not catalog.speaks_sql(pipeline):
                raise ConfigurationError(
                    "Rows in files cannot be erased: delete the person's rows from the files yourself. Nothing was "
                    "erased."
                )
            rows = list(matcher.find(queries.stored_identifiers(pipeline, settings.customer_ids)))
            ids = [row.id for row in rows]
            child_rows = queries.count_child_rows(pipeline, ids)
            erasure = Erasure(matcher.customer_count, matcher.identifier_count, len(rows), child_rows, is_dry_run)
            if not is_dry_run:
                stored = inventory.Inventory(pipeline, settings.customer_ids)
                # Whom not to load is stored first, so that no later run loads the person again, whatever happens next.
                entries = matcher.suppression_entries(rows, key)
                load(pipeline, _erasure_source(erasure, entries), hooks=Hooks(stored.find_lost))
                with between_loads(pipeline):
                    queries.erase(pipeline, ids, erasure)
                    stored.count()
                    stored.store()
    return erasure


def _erasure_source(erasure: Erasure, entries: list[dict[str, str]]) -> DltSource:
    """Return a source that stores what is about to be erased."""
    requested = {
        "erasure_id": erasure.erasure_id,
        "erased_at": datetime.now(UTC),
        "completed_at": None,
        "customers": erasure.customers,
        "identifiers": erasure.identifiers,
        "interactions": 0,
        "child_rows": 0,
    }
    identifiers = [{"erasure_id": erasure.erasure_id, **entry} for entry in entries]

    def tables() -> Any:
        for name, rows in ((ERASED_IDENTIFIERS, identifiers), (ERASURES, [requested])):
            yield dlt.resource(rows, name=name, columns=column_hints(name), write_disposition="append")

    return dlt.source(tables, name="liine", section="liine")()
