"""The rows of `erasures` and `erased_identifiers` as a dlt source: stored before anything is deleted."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import dlt
from dlt.extract import DltSource

from liine_source.load.hints import column_hints
from liine_source.privacy.erasure_file import ErasedIdentifier, ErasureRecord
from liine_source.spec.tables import ERASED_IDENTIFIERS, ERASURES


def erasure_source(erasures: Sequence[ErasureRecord], identifiers: Sequence[ErasedIdentifier]) -> DltSource:
    """Return a source that stores whom not to load, and that their rows are still to be deleted."""
    requested = [asdict(one) | {"completed_at": None, "interactions": 0, "child_rows": 0} for one in erasures]

    def tables() -> Any:
        for name, rows in ((ERASED_IDENTIFIERS, list(map(asdict, identifiers))), (ERASURES, requested)):
            yield dlt.resource(rows, name=name, columns=column_hints(name), write_disposition="append")

    return dlt.source(tables, name="liine", section="liine")()
