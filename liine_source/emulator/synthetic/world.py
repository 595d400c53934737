"""The interactions of all customers under a clock that somebody moves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

from liine_source.emulator.synthetic import leads
from liine_source.emulator.synthetic.clocks import DAY
from liine_source.emulator.synthetic.customers import Customer, customers_of
from liine_source.emulator.synthetic.history import History, Ids, Settings
from liine_source.emulator.synthetic.journeys import Step
from liine_source.emulator.synthetic.rows import Row, seconds_of, spelled
from liine_source.emulator.synthetic.store import Store

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Birth:
    """An interaction appears."""

    row: Row


@dataclass(frozen=True, slots=True)
class Change:
    """An interaction becomes something else."""

    row_id: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dawn:
    """A customer's day begins: what happens on it is invented now."""

    customer_id: int


@dataclass(frozen=True, slots=True)
class Stir:
    """Rows of a customer's last months change, one in each of the ways in which rows do."""

    customer_id: int


Happening = Birth | Change | Dawn | Stir


class World:
    """All customers' interactions as they are at `now`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        chosen = customers_of(settings.customers, settings.zones, mixed_zones=settings.mixed_zones)
        self.customers: dict[int, Customer] = {customer.customer_id: customer for customer in chosen}
        self.store = Store(self.customers)
        self.unknown_fields: dict[int, dict[str, Any]] = {}
        self._seconds = settings.ends
        self._touches = count(1)
        self._numbers = count()
        self._ids = Ids(settings)
        self._coming: list[tuple[int, int, Happening]] = []
        self._histories = {customer.customer_id: History(settings, customer, self._ids) for customer in chosen}
        for place, history in enumerate(self._histories.values()):
            rows, more = divmod(settings.interactions, settings.customers)
            self._fill(history, rows + (place < more))

    @property
    def now(self) -> datetime:
        """What the emulator's clock shows."""
        return datetime.fromtimestamp(self._seconds, UTC)

    def advance(self, delta: timedelta) -> None:
        """Move the clock, and let everything happen that happens until then."""
        until = self._seconds + int(delta.total_seconds())
        if until < self._seconds:
            raise ValueError("the clock only moves forward")
        while self._coming and self._coming[0][0] <= until:
            self._seconds, _, happening = heappop(self._coming)
            self._happen(happening)
        self._seconds = until

    def insert(self, customer_id: int, fields: dict[str, Any]) -> Row:
        """Add an interaction that starts now, unless `fields` say otherwise, and return it."""
        start_tz, start = self._starts(self.customers[customer_id], fields)
        plain: dict[str, Any] = {
            "id": fields["id"] if "id" in fields else self._ids.give(self._seconds),
            "call_id": f"{next(self._touches):032x}",
            "lead_id": str(next(self._touches)),
            "interaction_type": "call",
            "direction": "inbound",
            "is_spam_likely": False,
            "start_time": start,
            "start_time_tz": start_tz,
            "updated_at": self._touched(),
        }
        given = plain | fields
        self._ids.take(given["id"])
        if given["id"] in self.store:
            raise ValueError("there is an interaction of this id")
        row = Row(customer_id=customer_id)
        known, unknown = _parted(given)
        for name, value in known.items():
            setattr(row, name, value)
        if unknown:
            self.unknown_fields[row.id] = unknown
        self.store.add(row)
        return row

    def change(self, row_id: int, fields: dict[str, Any], *, touch_updated_at: bool) -> None:
        """Change fields of an interaction; names that the reference does not know are kept beside the others."""
        known, unknown = _parted(fields)
        if not known.keys().isdisjoint(("id", "customer_id")):
            raise ValueError("an interaction keeps its id and its customer")
        if touch_updated_at:
            known = {"updated_at": self._touched()} | known
        if unknown:
            self.unknown_fields[row_id] = self.unknown_fields.get(row_id, {}) | unknown
        self.store.change(self.store[row_id], known)

    def remove(self, row_id: int) -> None:
        """Make an interaction vanish."""
        self.store.remove(row_id)
        self.unknown_fields.pop(row_id, None)

    # Filling

    def _fill(self, history: History, rows: int) -> None:
        born = []
        for step in history.past(rows):
            row = self._row(step, history.customer)
            if step.at <= self._seconds:
                born.append(row)
            else:
                self._await(step.at, Birth(row))
        customer_id = history.customer.customer_id
        self.store.fill(customer_id, born)
        self._await(self._seconds + 1, Dawn(customer_id))

    def _row(self, step: Step, customer: Customer) -> Row:
        """The row of `step` as it is by now, or at its birth; what it becomes later is awaited."""
        fields, updated = step.fields, step.at
        for at, change in sorted(step.changes, key=_moment_of):
            if isinstance(booked := change.get("booked_later_interaction_id"), Step):
                change["booked_later_interaction_id"] = booked.row_id
            if at <= self._seconds:
                fields |= change
                updated = at
            else:
                self._await(at, Change(step.row_id, change))
        fields["id"] = step.row_id
        fields["start_time_tz"] = spelled(step.at)
        fields["start_time"] = spelled(customer.wall_at(fields["last_touch_location"]).local(step.at))
        fields["updated_at"] = _updated(updated, step.row_id)
        return Row(**fields)

    def _await(self, at: int, happening: Happening) -> None:
        heappush(self._coming, (at, next(self._numbers), happening))

    # Happenings

    def _happen(self, happening: Happening) -> None:
        match happening:
            case Birth(row):
                self.store.add(row)
            case Change(row_id, fields):
                if row_id in self.store:
                    self._become(self.store[row_id], fields)
            case Dawn(customer_id):
                self._dawn(customer_id)
            case Stir(customer_id):
                self._stir(customer_id)

    def _become(self, row: Row, fields: dict[str, Any]) -> None:
        self.store.change(row, fields | {"updated_at": _updated(self._seconds, row.id)})

    def _dawn(self, customer_id: int) -> None:
        history = self._histories[customer_id]
        rate = self.settings.interactions / self.settings.customers / self.settings.days
        for step in history.day(self._seconds, max(rate, self.settings.arrivals_per_day)):
            self._await(step.at, Birth(self._row(step, history.customer)))
        self._await(self._seconds + DAY // 2, Stir(customer_id))
        self._await(self._seconds + DAY, Dawn(customer_id))

    def _stir(self, customer_id: int) -> None:
        rows = self.store.between(customer_id, "utc", self._seconds - 90 * DAY, self._seconds)
        dice = Random(f"{self.settings.seed}/{customer_id}/{self._seconds}/stir")  # noqa: S311  # invention, no secret
        if rows:
            for fields in _stirs(dice):
                self._become(dice.choice(rows), fields)

    def _touched(self) -> str:
        return _updated(self._seconds, next(self._touches))

    def _starts(self, customer: Customer, fields: dict[str, Any]) -> tuple[str, str]:
        """The start of a row in UTC and on the wall clock: one from the other, or both from now."""
        utc, local = seconds_of(fields.get("start_time_tz")), seconds_of(fields.get("start_time"))
        if utc is None:
            utc = self._seconds if local is None else customer.wall.utc(local)
        return spelled(utc), spelled(customer.wall.local(utc))


def _moment_of(change: tuple[int, dict[str, Any]]) -> int:
    return change[0]


def _updated(at: int, salt: int) -> str:
    return f"{spelled(at)[:-1]}.{salt * 7919 % _MICROSECONDS:06d}Z"


def _parted(fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    known = {name: value for name, value in fields.items() if name in Row.__struct_fields__}
    return known, {name: value for name, value in fields.items() if name not in known}


def _stirs(dice: Random) -> Iterator[dict[str, Any]]:
    """One change of each kind that the reference lets one expect."""
    yield {"outcome": "Booked", "helper_cell": True, "reason_not_booked": None}
    yield {"appointment_status": dice.choice(("Attended", "Canceled / No Show"))}
    yield {"revenue": round(dice.random() * 3000, 2), "appointment_status": "Attended"}
    yield {"lead_id": str(90_000_000 + dice.getrandbits(20)), "sara_lead_id_reason": "Matched to EHR/PMS patient"}
    yield {"provider_names": []}
    yield {"provider_names": ["Dr. Nil", "Dr. 例", "Dr. Nil"]}
    yield {"last_touch_session_extras": leads.extras(dice)}
    yield {"is_spam_likely": True, "spam_likely_reason": "Not enough caller audio"}
    yield {"is_spam_likely": False, "spam_likely_reason": None}
