"""How far each customer is, as dlt's state of the source keeps it: committed together with the rows.

A customer has one track for each selection of rows (`track`). That a table was loaded is stored in the state of its dlt
resource, which dlt removes when it drops or empties the table. Tracks of that table are then void; `void_tables` lists
it until all rows are loaded again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from liine_source.errors import ConfigurationError
from liine_source.extract.track import StateData, Track, track_key
from liine_source.spec.tables import INTERACTION_TABLES

STATE_VERSION = 3
_VERSION = "version"
_CUSTOMERS = "customers"
_RESOURCES = "resources"
_KEY_CHECKS = "check_value_of_key_"


class Progress(NamedTuple):
    """How far a customer is: its latest watermark (UTC), and the windows of histories and backfills under way.

    `is_history_loaded` is false while a history is among them, or has to be loaded again.
    """

    watermark: datetime | None = None
    windows: int = 0
    pending_windows: int = 0
    is_history_loaded: bool = True


class CustomerState:
    """The tracks of one customer."""

    def __init__(self, data: StateData) -> None:
        self._data = data

    def track(self, selection: str, *, is_backfill: bool = False) -> Track:
        """Return the track of a selection; a new one is stored at its first transition."""
        return Track(track_key(selection, is_backfill=is_backfill), self._data)

    def tracks(self) -> Iterator[Track]:
        """Return all tracks."""
        return (Track(key, self._data) for key in list(self._data))

    def progress(self) -> Progress:
        """Return how far the customer is."""
        tracks = list(self.tracks())
        histories = [history for track in tracks if (history := track.history) and not history.is_finished]
        syncs = [track for track in tracks if not track.is_backfill]
        return Progress(
            max((track.watermark for track in tracks if track.watermark), default=None),
            sum(history.window_count for history in histories),
            # A history whose windows do not add up yet is not done.
            sum(history.pending_count or 1 for history in histories),
            is_history_loaded=not any(track.history or track.void_tables for track in syncs),
        )

    def unloaded_tables(self) -> list[str]:
        """Return the tables into which no sync has loaded all rows, nor a backfill where there was no sync."""
        tracks = list(self.tracks())
        own = [track for track in tracks if not track.is_backfill] or tracks
        loaded = set[str]().union(*(track.tables.difference(track.void_tables) for track in own))
        return [name for name in INTERACTION_TABLES if own and name not in loaded]

    def filter_hashes(self) -> set[str]:
        """Return the fingerprints of the filters that have selected the customer's rows."""
        return {track.selection.partition("-")[0] for track in self.tracks() if track.has_rows}

    def restart_histories(self) -> None:
        """Void every sync track that is not void already."""
        for track in self.tracks():
            if not track.is_backfill and track.has_rows and not track.void_tables:
                track.void(track.tables)


class SourceState:
    """dlt's state of the source `liine`."""

    def __init__(self, data: StateData | None = None) -> None:
        self.data: StateData = {} if data is None else data

    def customer(self, customer_id: int) -> CustomerState:
        """Return the state of a customer."""
        return CustomerState(self.data.setdefault(_CUSTOMERS, {}).setdefault(str(customer_id), {}))

    def progress(self) -> dict[int, Progress]:
        """Return how far each customer is."""
        return {customer: state.progress() for customer, state in self._customers()}

    @property
    def has_customers(self) -> bool:
        """Whether anything was loaded."""
        return bool(self.data.get(_CUSTOMERS))

    def require_version(self) -> None:
        """Raise ConfigurationError where an earlier version of the connector has written the state."""
        if self.data.setdefault(_VERSION, None if self.has_customers else STATE_VERSION) != STATE_VERSION:
            raise ConfigurationError(
                "This dataset was loaded by an earlier version of liine-source, which stored its state and tables "
                "differently. Load into a new dataset (--dataset, or dataset_name), then drop the old one."
            )

    def require_same(self, name: str, value: str, problem: str) -> None:
        """Store a property of the whole dataset; raise ConfigurationError where an earlier load had another."""
        if self.data.setdefault(name, value) != value:
            raise ConfigurationError(problem)

    def key_check(self, key_id: str) -> str | None:
        """Return the check value of a key that hashed rows of the dataset; None where none is known."""
        value: str | None = self.data.get(_KEY_CHECKS + key_id)
        return value

    def note_key_check(self, key_id: str, check_value: str) -> None:
        """Note the check value of a key that hashes rows of the dataset."""
        self.data[_KEY_CHECKS + key_id] = check_value

    def require_same_host(self, host: str) -> None:
        """Raise ConfigurationError where the rows are another host's.

        With the watermark of an emulator's rows the API's would be skipped, and a verification would mark them as
        vanished.
        """
        if (loaded_from := self.data.setdefault("host", host)) != host:
            raise ConfigurationError(
                f"This dataset was loaded from {loaded_from}, but base_url is {host}. Load from {host} into another "
                "dataset: --dataset, or dataset_name."
            )

    def note_loaded(self, table: str, *, is_loaded: bool) -> None:
        """Note in the state of a table's resource whether the table is loaded."""
        self.data.setdefault(_RESOURCES, {}).setdefault(table, {})["is_loaded"] = is_loaded

    def loaded_tables(self) -> set[str]:
        """Return the tables that are loaded, as far as dlt knows."""
        return {name for name, own in self.data.get(_RESOURCES, {}).items() if own.get("is_loaded")}

    def void_lost_tables(self) -> "SourceState":
        """Void the tracks of tables that dlt has dropped or emptied since; return the state."""
        loaded = self.loaded_tables()
        for _, customer in self._customers():
            for track in customer.tracks():
                if track.has_rows and (lost := track.tables - loaded):
                    track.void(lost)
        return self

    def restart_histories(self, customer_ids: Iterable[int]) -> None:
        """Void the histories of customers, except those that are being loaded again already."""
        known = self.data.get(_CUSTOMERS, {})
        for customer in customer_ids:
            CustomerState(known.get(str(customer), {})).restart_histories()

    def restart(self, known: "SourceState") -> None:
        """Forget how far the customers of `known` are, which is what all pipelines have stored of them."""
        customers = self.data.setdefault(_CUSTOMERS, {})
        self.data.update({name: value for name, value in known.data.items() if name != _CUSTOMERS})
        for customer, data in known.data.get(_CUSTOMERS, {}).items():
            for track in CustomerState(data).tracks():
                track.restart()
            customers[customer] = data

    def forget_customers(self) -> None:
        """Forget how far every customer is."""
        self.data[_CUSTOMERS] = {}

    def select_tracks(self, *, backfill: str | None) -> "SourceState":
        """Return what one pipeline among many takes over: the tracks of one backfill's selection, or those of syncs."""

        def is_selected(track: Track) -> bool:
            if backfill is None:
                return not track.is_backfill
            return track.key == track_key(backfill, is_backfill=True)

        selected = {
            customer: {track.key: data[track.key] for track in CustomerState(data).tracks() if is_selected(track)}
            for customer, data in self.data.get(_CUSTOMERS, {}).items()
        }
        return SourceState({**self.data, _CUSTOMERS: {customer: data for customer, data in selected.items() if data}})

    def _customers(self) -> Iterator[tuple[int, CustomerState]]:
        return ((int(key), CustomerState(data)) for key, data in self.data.get(_CUSTOMERS, {}).items())


def merge_states(states: Iterable[SourceState], customer_ids: Sequence[int] | None = None) -> SourceState:
    """Return one state of several, oldest first, of all customers or of some: of each track the newest.

    Each was committed with its rows, so an older one is only behind. But a track that began before a restart does not
    know of it, however late it was committed.
    """
    merged: StateData = {_CUSTOMERS: {}, _RESOURCES: {}}
    chosen = None if customer_ids is None else set(map(str, customer_ids))
    for state in states:
        merged |= {name: value for name, value in state.data.items() if name not in {_CUSTOMERS, _RESOURCES}}
        merged[_RESOURCES] |= state.data.get(_RESOURCES, {})
        for customer, data in state.data.get(_CUSTOMERS, {}).items():
            if chosen is None or customer in chosen:
                _merge_tracks(merged[_CUSTOMERS].setdefault(customer, {}), data)
    return SourceState(merged)


def _merge_tracks(merged: StateData, data: Mapping[str, Any]) -> None:
    for track in CustomerState(dict(data)).tracks():
        if track.restarted_at >= Track(track.key, merged).restarted_at:
            merged[track.key] = data[track.key]
