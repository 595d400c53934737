"""The practices that the emulator invents: where they are, who works there, when they are open."""

from dataclasses import dataclass

from liine_source.emulator.synthetic.clocks import Wall, wall_of

FIRST_CUSTOMER_ID = 1001
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
_OPENING = (
    ((0, 1, 2, 3, 4), 8, 17),
    ((1, 2, 3, 4, 5), 9, 18),
    ((0, 1, 2, 3, 4, 5, 6), 10, 16),
)


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who answers calls; an inactive agent has left but still stands on old calls."""

    agent_id: int
    name: str
    location: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One practice. Its business hours are from `opens` to before `closes`, local, on `weekdays` (Monday is 0)."""

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
    def wall(self) -> Wall:
        """The wall clock of its main location."""
        return wall_of(self.zone)

    def wall_at(self, location: str) -> Wall:
        """The wall clock of one location."""
        return wall_of(self.location_zones.get(location, self.zone))

    @property
    def inactive_agents(self) -> frozenset[int]:
        """The ids of the agents who have left."""
        return frozenset(agent.agent_id for agent in self.agents if not agent.is_active)


def customers_of(number: int, zones: tuple[str, ...], *, mixed_zones: bool) -> tuple[Customer, ...]:
    """Invent `number` customers in `zones`, taken in turn; `mixed_zones` puts each one's last location elsewhere."""
    return tuple(_customer(place, zones, mixed_zones=mixed_zones) for place in range(number))


def _customer(place: int, zones: tuple[str, ...], *, mixed_zones: bool) -> Customer:
    customer_id = FIRST_CUSTOMER_ID + place
    zone = zones[place % len(zones)]
    towns = _TOWNS[place % len(_TOWNS)]
    location_zones = dict.fromkeys(towns, zone)
    if mixed_zones:
        location_zones[towns[-1]] = "America/Denver" if zone != "America/Denver" else "America/New_York"
    weekdays, opens, closes = _OPENING[place % len(_OPENING)]
    return Customer(
        customer_id=customer_id,
        zone=zone,
        location_zones=location_zones,
        divisions=_DIVISIONS[place % len(_DIVISIONS)],
        agents=_agents(customer_id, towns),
        weekdays=weekdays,
        opens=opens,
        closes=closes,
        has_messaging=place % 3 != 1,
        has_divisions=place % 3 != 2,
    )


def _agents(customer_id: int, towns: tuple[str, ...]) -> tuple[Agent, ...]:
    return tuple(
        Agent(customer_id * 100 + place, name, towns[place % len(towns)], is_active=place < 6)
        for place, name in enumerate(_AGENT_NAMES)
    )
