"""The invented practices: where they are, who works there, when they are open."""

from dataclasses import dataclass

from liine_source.emulator.synthetic.clocks import WallClock, get_wall_clock

FIRST_CUSTOMER_ID = 1001
# Both hemispheres, and zones without summer time, because clock changes differ between them.
DEFAULT_ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "Australia/Sydney",
    "America/Chicago",
    "America/Phoenix",
    "Europe/London",
    "Pacific/Honolulu",
    "America/Denver",
)

# Non-ASCII letters on purpose: a lost encoding must show in a test.
_AGENT_NAMES = (
    "Ada Testwell", "Bo Sampleton", "Chidi Mockridge", "Dolores Fixture", "Émile Factice", "Frøya Prøve",
    "Ginevra Finta", "Halvard Stubbs",
)  # fmt: skip
_TOWNS = (
    ("Testville", "Sample Springs", "Mockham"),
    ("Port Fixture", "Stubton", "Dummy Lake"),
    ("Placeholder Bay", "Example Heights", "New Factice"),
)
_DIVISIONS = (
    ("Plastic Surgery", "Dermatology", "Injectables"),
    ("Orthodontics", "Implants", "General Dentistry"),
    ("Fertility", "Weight Loss", "Hair Restoration"),
)
_BUSINESS_HOURS = (
    ((0, 1, 2, 3, 4), 8, 17),
    ((1, 2, 3, 4, 5), 9, 18),
    ((0, 1, 2, 3, 4, 5, 6), 10, 16),
)


@dataclass(frozen=True, slots=True)
class Agent:
    """A person who answers calls. An inactive agent has left, but old calls still name them."""

    agent_id: int
    name: str
    location: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One practice. It is open on `weekdays` (Monday is 0) from `opens` until `closes`, local time, in whole hours."""

    customer_id: int
    zone: str
    location_zones: dict[str, str]
    divisions: tuple[str, ...]
    agents: tuple[Agent, ...]
    weekdays: tuple[int, ...]
    opens: int
    closes: int
    has_messaging: bool
    has_divisions: bool

    @property
    def locations(self) -> tuple[str, ...]:
        """The names of its locations."""
        return tuple(self.location_zones)

    @property
    def wall_clock(self) -> WallClock:
        """The wall clock of its main location."""
        return get_wall_clock(self.zone)

    def get_wall_clock_at(self, location: str) -> WallClock:
        """Return the wall clock of one location."""
        return get_wall_clock(self.location_zones.get(location, self.zone))

    @property
    def inactive_agents(self) -> frozenset[int]:
        """The ids of the agents who have left."""
        return frozenset(agent.agent_id for agent in self.agents if not agent.is_active)


def create_customers(number: int, zones: tuple[str, ...], *, mixed_zones: bool) -> tuple[Customer, ...]:
    """Invent `number` customers and assign `zones` to them in turn.

    `mixed_zones` puts the last location of each customer in another zone.
    """
    return tuple(_create_customer(index, zones, mixed_zones=mixed_zones) for index in range(number))


def _create_customer(index: int, zones: tuple[str, ...], *, mixed_zones: bool) -> Customer:
    customer_id = FIRST_CUSTOMER_ID + index
    zone = zones[index % len(zones)]
    towns = _TOWNS[index % len(_TOWNS)]
    location_zones = dict.fromkeys(towns, zone)
    if mixed_zones:
        location_zones[towns[-1]] = "America/Denver" if zone != "America/Denver" else "America/New_York"
    weekdays, opens, closes = _BUSINESS_HOURS[index % len(_BUSINESS_HOURS)]
    return Customer(
        customer_id=customer_id,
        zone=zone,
        location_zones=location_zones,
        divisions=_DIVISIONS[index % len(_DIVISIONS)],
        agents=_create_agents(customer_id, towns),
        weekdays=weekdays,
        opens=opens,
        closes=closes,
        has_messaging=index % 3 != 1,
        has_divisions=index % 3 != 2,
    )


def _create_agents(customer_id: int, towns: tuple[str, ...]) -> tuple[Agent, ...]:
    # Two of the eight have left, so that `agent=inactive` finds rows.
    return tuple(
        Agent(customer_id * 100 + index, name, towns[index % len(towns)], is_active=index < 6)
        for index, name in enumerate(_AGENT_NAMES)
    )
