"""How far one customer is with one selection of rows: a track, and the history under way in it.

A selection is the fingerprint of filters and dates, and the tables loaded where a run does not load them all. A sync
moves its track from left to right:

    new --start_history--> loading history --finish_history--> up to date --advance, note_lookback--> up to date
     ^                     (pending windows)                   (watermark, last lookback)                |
     +------------------------ void, restart: the rows were lost or are wanted again <-------------------+

A backfill has a track of its own with the same history and no watermark. A track is never removed: where several
pipelines load into one dataset each has its own copy, and an empty track overrides an older one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from liine_source.extract import windows
from liine_source.extract.windows import Window
from liine_source.spec.tables import INTERACTION_TABLES

StateData = dict[str, Any]

_BACKFILL = "backfill "
_TABLES = " of "
_NEVER = datetime.min.replace(tzinfo=UTC)


class History:
    """The windows of a history or a backfill: those still pending, and those loaded with their interactions."""

    def __init__(self, data: StateData) -> None:
        self._data = data

    @property
    def began(self) -> datetime:
        """When its windows were planned, UTC."""
        return datetime.fromisoformat(self._data["began"])

    @property
    def window_count(self) -> int:
        """How many windows it has in all."""
        return int(self._data["windows"])

    @property
    def pending_windows(self) -> list[Window]:
        """The windows still to be loaded, newest first."""
        return list(map(_parse_window, self._data["pending_windows"]))

    @property
    def pending_count(self) -> int:
        """How many windows are still to be loaded."""
        return len(self._data["pending_windows"])

    @property
    def loaded_windows(self) -> dict[Window, int]:
        """The windows loaded, each with the number of its interactions."""
        return {_parse_window(window): found for *window, found in self._data["loaded_windows"]}

    @property
    def max_updated_at(self) -> datetime | None:
        """The latest change in the windows loaded, UTC."""
        return _parse_time(self._data["max_updated_at"])

    @property
    def is_finished(self) -> bool:
        """Whether every window is loaded, and they were found to add up to the whole."""
        return not self._data["pending_windows"] and "loaded_windows" not in self._data

    @property
    def expected(self) -> int | None:
        """How many interactions the API counted when the windows were planned; None where it gave no count."""
        return self._data.get("expected")

    @property
    def rows(self) -> int:
        """How many interactions are loaded. Those of a day that windows of different runs share count twice."""
        return int(self._data.get("rows", 0))

    def complete_window(
        self, window: Window, interactions: int, max_updated_at: datetime | None, new_rows: int = 0
    ) -> None:
        """Move a window from pending to loaded; of its interactions `new_rows` came with no other window of the run."""
        self._data["rows"] = self.rows + new_rows
        formatted = _format_window(window)
        self._data["pending_windows"].remove(formatted)
        self._data["loaded_windows"].append([*formatted, interactions])
        latest = windows.advance_watermark(self.max_updated_at, max_updated_at)
        self._data["max_updated_at"] = latest and latest.isoformat()

    def reopen_windows(self, reopened: Iterable[Window]) -> None:
        """Make loaded windows pending again."""
        formatted = list(map(_format_window, reopened))
        self._data["pending_windows"] = formatted
        self._data["loaded_windows"] = [entry for entry in self._data["loaded_windows"] if entry[:2] not in formatted]

    def finish(self) -> None:
        """Forget the counts of the windows: they add up to the whole."""
        del self._data["loaded_windows"]


class Track:
    """How far one customer is with one selection of rows; see the diagram above."""

    def __init__(self, key: str, tracks: StateData) -> None:
        self.key = key
        self._tracks = tracks

    @property
    def _data(self) -> Mapping[str, Any]:
        """The stored track, empty where there is none: reading one must not store it."""
        data: Mapping[str, Any] = self._tracks.get(self.key, {})
        return data

    def _store(self, **data: Any) -> None:
        self._tracks[self.key] = data

    def _restarted(self) -> dict[str, Any]:
        """Return when it was last restarted: without that, older states of other pipelines would count again."""
        return {name: self._data[name] for name in self._data.keys() & {"restarted_at"}}

    @property
    def is_backfill(self) -> bool:
        """Whether it is a backfill's."""
        return self.key.startswith(_BACKFILL)

    @property
    def selection(self) -> str:
        """The fingerprint of filters and dates."""
        return self.key.removeprefix(_BACKFILL).partition(_TABLES)[0]

    @property
    def tables(self) -> set[str]:
        """The tables that it is about."""
        selected = self.key.partition(_TABLES)[2]
        return set(selected.split(",") if selected else INTERACTION_TABLES)

    @property
    def has_rows(self) -> bool:
        """Whether rows were loaded, or have to be loaded again."""
        return bool(self._data.keys() & {"watermark", "history", "void_tables"})

    @property
    def watermark(self) -> datetime | None:
        """Up to when every change is loaded, UTC; None before the whole history is."""
        return _parse_time(self._data.get("watermark"))

    @property
    def latest_change(self) -> datetime | None:
        """The watermark, or the latest change in the windows of an unfinished history, UTC."""
        history = self.history
        return self.watermark or (history.max_updated_at if history else None)

    @property
    def last_lookback(self) -> datetime | None:
        """When the last weeks were last loaded again, or the history began, UTC."""
        return _parse_time(self._data.get("last_lookback"))

    @property
    def history(self) -> History | None:
        """The history or backfill under way; a finished backfill's stays."""
        return History(self._data["history"]) if "history" in self._data else None

    @property
    def void_tables(self) -> list[str]:
        """Tables whose rows were lost and are not loaded again yet."""
        return list(self._data.get("void_tables", []))

    @property
    def restarted_at(self) -> str:
        """When it was last restarted, in ISO format and UTC; empty if never."""
        return str(self._data.get("restarted_at", ""))

    def start_history(self, began: datetime | None, planned: Sequence[Window], expected: int | None = None) -> None:
        """Begin to load a history in these windows, of which the API counts `expected` interactions."""
        history = {
            "began": began and began.isoformat(),
            "max_updated_at": None,
            "windows": len(planned),
            "expected": expected,
            "rows": 0,
            "pending_windows": list(map(_format_window, planned)),
            "loaded_windows": [],
        }
        self._store(**{**self._data, "history": history})

    def finish_history(self) -> None:
        """End a history whose windows add up to the whole: a sync's customer is up to date, a backfill is done."""
        history = self._data["history"]
        if self.is_backfill:
            History(history).finish()
            self._store(**{name: value for name, value in self._data.items() if name != "void_tables"})
        elif history["max_updated_at"]:
            self._store(**self._restarted(), watermark=history["max_updated_at"], last_lookback=history["began"])
        else:
            self._store(**self._restarted())

    def advance(self, max_updated_at: datetime | None) -> None:
        """Move the watermark after a proven sweep of changes; it never moves back."""
        if watermark := windows.advance_watermark(self.watermark, max_updated_at):
            self._store(**{**self._data, "watermark": watermark.isoformat()})

    def note_lookback(self, began: datetime) -> None:
        """Note that the last weeks were loaded again."""
        self._store(**{**self._data, "last_lookback": began.isoformat()})

    def void(self, lost: Iterable[str]) -> None:
        """Forget what was loaded, because rows of these tables are lost."""
        self._store(**self._restarted(), void_tables=sorted({*lost, *self.void_tables}))

    def restart(self) -> None:
        """Forget what was loaded, because the user wants it again.

        The time is later than that of the last restart, even if another machine's clock was ahead of this one's.
        """
        last = datetime.fromisoformat(self.restarted_at) + timedelta(microseconds=1) if self.restarted_at else _NEVER
        self._store(restarted_at=max(datetime.now(UTC), last).isoformat(timespec="microseconds"))


def track_key(selection: str, *, is_backfill: bool) -> str:
    """Return the key of a track in a customer's state."""
    return (_BACKFILL if is_backfill else "") + selection


def selection_key(filter_hash: str, tables: Iterable[str]) -> str:
    """Return the key of a track: the fingerprint of filters and dates, and the tables unless all are loaded."""
    selected = sorted(tables)
    return filter_hash + ("" if set(selected) == set(INTERACTION_TABLES) else _TABLES + ",".join(selected))


def _parse_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _format_window(window: Window) -> list[str | None]:
    return [day.isoformat() if day else None for day in (window.since, window.until)]


def _parse_window(formatted: Sequence[str | None]) -> Window:
    since, until = (date.fromisoformat(day) if day else None for day in formatted)
    return Window(since, until)
