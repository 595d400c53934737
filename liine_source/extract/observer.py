"""How a caller follows an extraction, and the run around it."""

from collections.abc import Mapping
from typing import Protocol

from liine_source.errors import LiineError
from liine_source.extract.audit import Audit


class Observer(Protocol):
    """Follows an extraction. With an observer, a customer that fails is reported to it and the others are loaded."""

    def on_planned(self, audit: Audit, windows: int) -> None:
        """A history has been counted (`audit.expected`) and split into windows."""

    def on_resumed(self, customer_id: int, expected: int | None, kept: int) -> None:
        """A history goes on: the API had counted `expected` interactions, and earlier runs have loaded `kept`."""

    def on_page(self, audit: Audit, rows: int) -> None:
        """A page of a sweep has brought `rows` interactions."""

    def on_window_end(self, audit: Audit, error: LiineError | None) -> None:
        """A sweep has ended, with `error` if it is not complete."""

    def on_extracted(self, rows: Mapping[str, int], unknown_fields: set[str], dropped: Mapping[str, int]) -> None:
        """All sweeps have ended: rows by table, fields that the reference does not have, values dropped by field."""


class RunObserver(Observer, Protocol):
    """Follows a run, which may take several extractions."""

    def on_step(self, text: str) -> None:
        """The run begins with something that `text` names."""

    def on_wait(self, reason: str, seconds: float) -> None:
        """A request waits; with the seconds behind it, `reason` is a sentence. Threads of requests call it."""

    def on_kept(self, rows: int) -> None:
        """A load with `rows` interactions is in the warehouse."""
