"""What a run asks for (`LoadRequest`), and what came of it so far (`RunProgress`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pyroaring import BitMap64

from liine_source.errors import LiineError
from liine_source.extract.state import SourceState
from liine_source.extract.sweep import SeenIds
from liine_source.extract.windows import Window

RunKind = Literal["sync", "backfill", "repair"]
WindowKey = tuple[int, Window]
"""A customer and a window."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A window to be loaded again, and how many interactions it has at least."""

    window: Window
    interactions: int


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What a run is to load.

    `sync` brings customers up to date. `backfill` loads the days `since` to `until` and leaves watermarks as they are;
    with `restart` it forgets what an earlier one did. `repair` loads the windows of `repairs` again, by customer. No
    window is begun once a load has `max_rows` interactions; another load continues. The histories of
    `restart_customers` are loaded again, because the warehouse has lost rows of theirs.
    """

    kind: RunKind = "sync"
    max_rows: int | None = None
    restart: bool = False
    repairs: Mapping[int, Sequence[Repair]] = field(default_factory=dict)
    restart_customers: frozenset[int] = frozenset()


@dataclass(slots=True)
class RunProgress:
    """What the loads of one run share.

    `has_started` is set by the first load, `is_unfinished` where another one has to continue. `is_first_run`: before
    it, the dataset had no table of interactions. `seen_ids` are the rows loaded so far. Windows in `failed` are not
    tried again; `failures` says why, by customer. Customers in `updated` need no more changes, and those in
    `pending_lookbacks` have a lookback due since that time (UTC). `counts` are the API's counts of each customer's
    history, one from before it was read and those after; `found` are the ids of each of its windows. `suppressed_ids`
    are rows of erased persons, which the warehouse must not keep either. Where several pipelines load into one dataset,
    `initial_state` is what all of them know together, and `column_types` are the columns that `interactions` has there.
    """

    has_started: bool = False
    is_unfinished: bool = False
    is_first_run: bool = False
    initial_state: SourceState | None = None
    column_types: Mapping[str, str] = field(default_factory=dict)
    seen_ids: SeenIds = field(default_factory=SeenIds)
    failed: set[WindowKey] = field(default_factory=set)
    failures: list[tuple[int, LiineError]] = field(default_factory=list)
    updated: set[int] = field(default_factory=set)
    pending_lookbacks: dict[int, datetime] = field(default_factory=dict)
    counts: dict[int, list[int]] = field(default_factory=dict)
    found: dict[WindowKey, BitMap64] = field(default_factory=dict)
    suppressed_ids: set[int] = field(default_factory=set)
