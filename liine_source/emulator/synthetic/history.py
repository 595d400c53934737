"""The interactions of one customer: those up to now, and those of each coming day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from liine_source.emulator.synthetic.clocks import DAY, HOUR
from liine_source.emulator.synthetic.customers import DEFAULT_ZONES, Customer
from liine_source.emulator.synthetic.journeys import JourneyGenerator, Step
from liine_source.emulator.synthetic.leads import TouchPool

DEFAULT_NOW = datetime(2025, 12, 15, 18, tzinfo=UTC)
_JOURNEYS_SHARE = 0.7
_ROWS_PER_JOURNEY = 2.2
_ROWS_PER_REPEATED_HOUR = 6
# The chance of an interaction by hour of the local day: quiet nights, a lunch dip, few calls in the evening.
_HOURLY_LOAD = (0.04,) * 6 + (
    0.1,
    0.3,
    0.8,
    1.0,
    1.0,
    1.0,
    0.9,
    1.0,
    1.0,
    1.0,
    0.9,
    0.6,
    0.4,
    0.3,
    0.2,
    0.15,
    0.1,
    0.05,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What to invent. Equal settings give equal interactions on every machine."""

    interactions: int = 1_000
    """The number of interactions at the start, over all customers, spam included."""
    customers: int = 3
    seed: int = 1
    zones: tuple[str, ...] = DEFAULT_ZONES
    """The customers' time zones, assigned in turn."""
    mixed_zones: bool = False
    """Whether the last location of each customer is in another time zone."""
    days: int = 3 * 365
    """The length of the history before `now`."""
    now: datetime = DEFAULT_NOW
    """The start of the emulator's clock, which stands still until a test moves it."""
    ties: int = 3
    """How many interactions of a group share one start second."""
    tie_share: float = 0.05
    """The chance that an interaction outside journeys begins such a group; 1 ties nearly all rows."""
    arrivals_per_day: float = 5.0
    """The least number of new interactions per customer and day. Large histories bring more."""

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("`now` needs a time zone")
        if self.customers < 1 or self.interactions < 0 or self.days < 1 or self.ties < 1 or not self.zones:
            raise ValueError("at least one customer, zone, day and row in a tie, and no fewer than 0 interactions")

    @property
    def start_seconds(self) -> int:
        """The start of the history in seconds since 1970."""
        return self.now_seconds - self.days * DAY

    @property
    def now_seconds(self) -> int:
        """`now` in whole seconds since 1970."""
        return int(self.now.timestamp())


class IdSequence:
    """Gives out unique ids that grow with the start of the interaction and leave gaps, as a database sequence would."""

    def __init__(self, settings: Settings) -> None:
        self._start = settings.start_seconds
        # Four ids per expected row, so that later rows find a free id near their start.
        self._ids_per_second = 4 * max(settings.interactions, 1000) / (settings.days * DAY)
        self._used: set[int] = set()

    def take_next(self, at: int) -> int:
        """Return a new id for an interaction that starts at `at`."""
        row_id = 1000 + max(0, int((at - self._start) * self._ids_per_second))
        while row_id in self._used:
            row_id += 1
        self._used.add(row_id)
        return row_id

    def reserve(self, row_id: int) -> None:
        """Record an id that a test chose."""
        self._used.add(row_id)


class History:
    """Generates the interactions of one customer as steps."""

    def __init__(self, settings: Settings, customer: Customer, ids: IdSequence) -> None:
        self._settings = settings
        self.customer = customer
        self._ids = ids
        self._rng = Random(f"{settings.seed}/{customer.customer_id}")  # noqa: S311  # invented data, no secret
        self._journeys = JourneyGenerator(customer, self._rng, TouchPool(customer, self._rng))

    def generate_past(self, rows: int) -> Iterator[Step]:
        """Yield steps until `rows` of them start before now, and the later steps of the same journeys."""
        made = 0
        target = int(rows * _JOURNEYS_SHARE * (1 - self._settings.tie_share))
        while made < target:
            steps = self._journeys.create_journey(
                self._pick_moment(self._settings.start_seconds, self._settings.now_seconds)
            )
            past = sum(step.at <= self._settings.now_seconds for step in steps)
            # The number of rows is exact: single interactions fill what a journey would exceed.
            if made + past > rows:
                break
            made += past
            yield from self._assign_ids(steps)
        for at in self._pick_single_moments(rows - made):
            yield from self._assign_ids(self._journeys.create_single(at))

    def generate_day(self, begin: int, rows: float) -> Iterator[Step]:
        """Yield the steps of the day that starts at `begin`, `rows` on average, and the later steps of its journeys."""
        rng = Random(f"{self._settings.seed}/{self.customer.customer_id}/{begin}")  # noqa: S311  # invented data, no secret
        # Seeded by day, so that the rows do not depend on the steps in which a test moves the clock.
        self._rng.setstate(rng.getstate())
        for share, create in self._split_by_kind(rows):
            for _ in range(int(share) + (rng.random() < share % 1)):
                yield from self._assign_ids(create(self._pick_moment(begin, begin + DAY)))

    def _split_by_kind(self, rows: float) -> tuple[tuple[float, Callable[[int], list[Step]]], ...]:
        journeys = rows * _JOURNEYS_SHARE / _ROWS_PER_JOURNEY
        return (journeys, self._journeys.create_journey), (rows * (1 - _JOURNEYS_SHARE), self._journeys.create_single)

    def _pick_single_moments(self, rows: int) -> Iterator[int]:
        # Small histories skip the repeated hours, which would otherwise make up most of their rows.
        moments = self._pick_repeated_hours() if rows >= 20 * _ROWS_PER_REPEATED_HOUR else []
        yield from moments[:rows]
        missing = rows - len(moments[:rows])
        while missing:
            at = self._pick_moment(self._settings.start_seconds, self._settings.now_seconds)
            size = min(missing, self._settings.ties) if self._rng.random() < self._settings.tie_share else 1
            yield from [at] * size
            missing -= size

    def _pick_repeated_hours(self) -> list[int]:
        """Return moments before and after each autumn clock change that show the same wall time."""
        changes = self.customer.wall_clock.find_repeated_hours(
            self._settings.start_seconds + HOUR, self._settings.now_seconds - HOUR
        )
        shifts = [int(HOUR * self._rng.random()) for _ in range(_ROWS_PER_REPEATED_HOUR // 2)]
        return [change + shift + side for change in changes for shift in shifts for side in (-HOUR, 0)]

    def _pick_moment(self, begin: int, end: int) -> int:
        """Return a moment from `begin` to `end`, most likely in a busy hour of the customer's day."""
        to_local, draw = self.customer.wall_clock.to_local, self._rng.random
        while True:
            at = begin + int((end - begin) * draw())
            if draw() < _HOURLY_LOAD[to_local(at) // HOUR % 24]:
                return at

    def _assign_ids(self, steps: list[Step]) -> list[Step]:
        for step in steps:
            step.row_id = self._ids.take_next(step.at)
        return steps
