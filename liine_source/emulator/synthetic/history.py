"""Everything that one customer's leads have done until now, and what they will do each coming day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from liine_source.emulator.synthetic.clocks import DAY, HOUR
from liine_source.emulator.synthetic.customers import DEFAULT_ZONES, Customer
from liine_source.emulator.synthetic.journeys import Step, Storyteller
from liine_source.emulator.synthetic.leads import Visits

DEFAULT_NOW = datetime(2025, 12, 15, 18, tzinfo=UTC)
_JOURNEYS_SHARE = 0.7
_ROWS_OF_A_JOURNEY = 2.2
_ROWS_IN_A_REPEATED_HOUR = 6
_BUSY_HOURS = (0.04,) * 6 + (0.1, 0.3, 0.8, 1.0, 1.0, 1.0, 0.9, 1.0, 1.0, 1.0, 0.9, 0.6, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What to invent. The same settings invent the same interactions on every machine."""

    interactions: int = 1_000
    """How many there are at the start, spam included, over all customers."""
    customers: int = 3
    seed: int = 1
    zones: tuple[str, ...] = DEFAULT_ZONES
    """The customers' time zones, taken in turn."""
    mixed_zones: bool = False
    """Whether each customer's last location has a clock of its own."""
    days: int = 3 * 365
    """How far the history goes back from `now`."""
    now: datetime = DEFAULT_NOW
    """The moment at which the emulator's clock starts. It stands still until it is moved."""
    ties: int = 3
    """How many interactions share a second, where they do."""
    tie_share: float = 0.05
    """The share of the interactions outside of journeys that begin such a group; 1: nearly all rows are tied."""
    arrivals_per_day: float = 5.0
    """The fewest interactions a day of each customer once the clock moves; many interactions imply more."""

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("`now` needs a time zone")
        if self.customers < 1 or self.interactions < 0 or self.days < 1 or self.ties < 1 or not self.zones:
            raise ValueError("at least one customer, zone, day and row in a tie, and no fewer than 0 interactions")

    @property
    def began(self) -> int:
        """The start of the history in seconds since 1970."""
        return self.ends - self.days * DAY

    @property
    def ends(self) -> int:
        """`now` in whole seconds since 1970."""
        return int(self.now.timestamp())


class Ids:
    """Ids that grow with the time at which an interaction starts, with gaps, each given once."""

    def __init__(self, settings: Settings) -> None:
        self._began = settings.began
        self._pace = 4 * max(settings.interactions, 1000) / (settings.days * DAY)
        self._given: set[int] = set()

    def give(self, at: int) -> int:
        """Return an id for an interaction that starts at `at`."""
        row_id = 1000 + max(0, int((at - self._began) * self._pace))
        while row_id in self._given:
            row_id += 1
        self._given.add(row_id)
        return row_id

    def take(self, row_id: int) -> None:
        """Note an id that somebody else chose."""
        self._given.add(row_id)


class History:
    """The steps of one customer."""

    def __init__(self, settings: Settings, customer: Customer, ids: Ids) -> None:
        self._settings = settings
        self.customer = customer
        self._ids = ids
        self._dice = Random(f"{settings.seed}/{customer.customer_id}")  # noqa: S311  # invention, no secret
        self._visits = Visits(customer, self._dice)
        self._teller = Storyteller(customer, self._dice, self._visits)

    def past(self, rows: int) -> Iterator[Step]:
        """As many steps as give `rows` interactions until now, and what they lead to afterwards."""
        made = 0
        target = int(rows * _JOURNEYS_SHARE * (1 - self._settings.tie_share))
        while made < target:
            steps = self._teller.journey(self._moment(self._settings.began, self._settings.ends))
            seen = sum(step.at <= self._settings.ends for step in steps)
            if made + seen > rows:
                break
            made += seen
            yield from self._numbered(steps)
        for at in self._lone_moments(rows - made):
            yield from self._numbered(self._teller.single(at))

    def day(self, begin: int, rows: float) -> Iterator[Step]:
        """The steps that begin on the day that starts at `begin`: `rows` of them on average, and their sequels."""
        dice = Random(f"{self._settings.seed}/{self.customer.customer_id}/{begin}")  # noqa: S311  # invention, no secret
        self._dice.setstate(dice.getstate())
        for share, tell in self._kinds(rows):
            for _ in range(int(share) + (dice.random() < share % 1)):
                yield from self._numbered(tell(self._moment(begin, begin + DAY)))

    def _kinds(self, rows: float) -> tuple[tuple[float, Callable[[int], list[Step]]], ...]:
        journeys = rows * _JOURNEYS_SHARE / _ROWS_OF_A_JOURNEY
        return (journeys, self._teller.journey), (rows * (1 - _JOURNEYS_SHARE), self._teller.single)

    def _lone_moments(self, rows: int) -> Iterator[int]:
        moments = self._repeated_hours() if rows >= 20 * _ROWS_IN_A_REPEATED_HOUR else []
        yield from moments[:rows]
        left = rows - len(moments[:rows])
        while left:
            at = self._moment(self._settings.began, self._settings.ends)
            size = min(left, self._settings.ties) if self._dice.random() < self._settings.tie_share else 1
            yield from [at] * size
            left -= size

    def _repeated_hours(self) -> list[int]:
        """Moments on both sides of each autumn clock change, so that the wall clock shows each time twice."""
        changes = self.customer.wall.repeated_hours(self._settings.began + HOUR, self._settings.ends - HOUR)
        shifts = [int(HOUR * self._dice.random()) for _ in range(_ROWS_IN_A_REPEATED_HOUR // 2)]
        return [change + shift + side for change in changes for shift in shifts for side in (-HOUR, 0)]

    def _moment(self, begin: int, end: int) -> int:
        """A moment from `begin` to `end`, most likely at a busy hour of the customer's day."""
        local, dice = self.customer.wall.local, self._dice.random
        while True:
            at = begin + int((end - begin) * dice())
            if dice() < _BUSY_HOURS[local(at) // HOUR % 24]:
                return at

    def _numbered(self, steps: list[Step]) -> list[Step]:
        for step in steps:
            step.row_id = self._ids.give(step.at)
        return steps
