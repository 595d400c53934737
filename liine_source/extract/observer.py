"""How a caller follows an extraction."""

from collections.abc import Mapping
from typing import Protocol

from liine_source.errors import LiineError
from liine_source.extract.audit import Audit


class Observer(Protocol):
    """Follows an extraction. With an observer, a customer that fails is reported to it and the others are loaded."""

    def on_planned(self, audit: Audit, windows: int) -> None:
        """A history has been counted (`audit.expected`) and split into windows."""

    def on_page(self, audit: Audit, rows: int) -> None:
        """A page of a sweep has brought `rows` interactions."""

    def on_window_end(self, audit: Audit, error: LiineError | None) -> None:
        """A sweep has ended, with `error` if it is not complete."""

    def on_extracted(self, rows: Mapping[str, int], unknown_fields: set[str], dropped: Mapping[str, int]) -> None:
        """All sweeps have ended: rows by table, fields that the reference does not have, values dropped by field."""
