"""The interactions of all customers under a clock that a test moves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

from liine_source.emulator.synthetic import leads
from liine_source.emulator.synthetic.clocks import DAY
from liine_source.emulator.synthetic.customers import Customer, create_customers
from liine_source.emulator.synthetic.history import History, IdSequence, Settings
from liine_source.emulator.synthetic.journeys import Step
from liine_source.emulator.synthetic.rows import ABSENT, Row, format_timestamp, parse_timestamp
from liine_source.emulator.synthetic.store import Store

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """A new interaction starts."""

    row: Row


@dataclass(frozen=True, slots=True)
class Change:
    """Fields of an interaction change."""

    row_id: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DayStart:
    """A customer's day begins; its interactions are invented now."""

    customer_id: int


@dataclass(frozen=True, slots=True)
class DailyChanges:
    """One change of each kind happens to rows of a customer's last 90 days."""

    customer_id: int


Event = Arrival | Change | DayStart | DailyChanges


class World:
    """The interactions of all customers as they are at `now`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        customers = create_customers(settings.customers, settings.zones, mixed_zones=settings.mixed_zones)
        self.customers: dict[int, Customer] = {customer.customer_id: customer for customer in customers}
        self.store = Store(self.customers)
        self.unknown_fields: dict[int, dict[str, Any]] = {}
        self._seconds = settings.now_seconds
        self._salts = count(1)
        # A heap of (time, number, event). The number keeps the order of events of one second.
        self._numbers = count()
        self._events: list[tuple[int, int, Event]] = []
        self._ids = IdSequence(settings)
        self._histories = {customer.customer_id: History(settings, customer, self._ids) for customer in customers}
        for index, history in enumerate(self._histories.values()):
            rows, remainder = divmod(settings.interactions, settings.customers)
            self._fill(history, rows + (index < remainder))

    @property
    def now(self) -> datetime:
        """The time on the emulator's clock, UTC."""
        return datetime.fromtimestamp(self._seconds, UTC)

    def advance(self, delta: timedelta) -> None:
        """Move the clock forward and apply every event that is due until then."""
        until = self._seconds + int(delta.total_seconds())
        if until < self._seconds:
            raise ValueError("the clock only moves forward")
        while self._events and self._events[0][0] <= until:
            self._seconds, _, event = heappop(self._events)
            self._apply(event)
        self._seconds = until

    def insert(self, customer_id: int, fields: dict[str, Any]) -> Row:
        """Add an interaction, which starts now unless `fields` give a start, and return it."""
        start_tz, start = self._compute_starts(self.customers[customer_id], fields)
        defaults: dict[str, Any] = {
            "id": fields["id"] if "id" in fields else self._ids.take_next(self._seconds),
            "call_id": f"{next(self._salts):032x}",
            "lead_id": str(next(self._salts)),
            "interaction_type": "call",
            "direction": "inbound",
            "is_spam_likely": False,
            "start_time": start,
            "start_time_tz": start_tz,
            "updated_at": self._make_updated_at_now(),
        }
        values = defaults | fields
        self._ids.reserve(values["id"])
        if values["id"] in self.store:
            raise ValueError("there is an interaction of this id")
        row = Row(customer_id=customer_id)
        known, unknown = _split_by_known_name(values)
        for name, value in known.items():
            setattr(row, name, value)
        if unknown:
            self._set_unknown(row.id, unknown)
        self.store.add(row)
        return row

    def change(self, row_id: int, fields: dict[str, Any], *, touch_updated_at: bool) -> None:
        """Set fields of an interaction. Fields that the reference does not know are sent after the others."""
        known, unknown = _split_by_known_name(fields)
        # Another id or customer would be another row.
        if not known.keys().isdisjoint(("id", "customer_id")):
            raise ValueError("an interaction keeps its id and its customer")
        if touch_updated_at:
            known = {"updated_at": self._make_updated_at_now()} | known
        if unknown:
            self._set_unknown(row_id, unknown)
        self.store.change(self.store[row_id], known)

    def _set_unknown(self, row_id: int, fields: dict[str, Any]) -> None:
        values = self.unknown_fields.get(row_id, {}) | fields
        self.unknown_fields[row_id] = {name: value for name, value in values.items() if value is not ABSENT}

    def remove(self, row_id: int) -> None:
        """Delete an interaction without a trace."""
        self.store.remove(row_id)
        self.unknown_fields.pop(row_id, None)

    # History

    def _fill(self, history: History, rows: int) -> None:
        started = []
        for step in history.generate_past(rows):
            row = self._create_row(step, history.customer)
            if step.at <= self._seconds:
                started.append(row)
            else:
                self._schedule(step.at, Arrival(row))
        customer_id = history.customer.customer_id
        self.store.fill(customer_id, started)
        self._schedule(self._seconds + 1, DayStart(customer_id))

    def _create_row(self, step: Step, customer: Customer) -> Row:
        """Return the row of `step` as of now, and schedule its later changes."""
        fields, updated = step.fields, step.at
        for at, change in sorted(step.changes, key=_get_time):
            if isinstance(booked := change.get("booked_later_interaction_id"), Step):
                change["booked_later_interaction_id"] = booked.row_id
            if at <= self._seconds:
                fields |= change
                updated = at
            else:
                self._schedule(at, Change(step.row_id, change))
        fields["id"] = step.row_id
        fields["start_time_tz"] = format_timestamp(step.at)
        wall_clock = customer.get_wall_clock_at(fields["last_touch_location"])
        fields["start_time"] = format_timestamp(wall_clock.to_local(step.at))
        fields["updated_at"] = _format_updated_at(updated, step.row_id)
        return Row(**fields)

    # Events

    def _schedule(self, at: int, event: Event) -> None:
        heappush(self._events, (at, next(self._numbers), event))

    def _apply(self, event: Event) -> None:
        match event:
            case Arrival(row):
                self.store.add(row)
            case Change(row_id, fields):
                # A test may have removed the row since the change was scheduled.
                if row_id in self.store:
                    self._change_now(self.store[row_id], fields)
            case DayStart(customer_id):
                self._start_day(customer_id)
            case DailyChanges(customer_id):
                self._make_daily_changes(customer_id)

    def _change_now(self, row: Row, fields: dict[str, Any]) -> None:
        self.store.change(row, fields | {"updated_at": _format_updated_at(self._seconds, row.id)})

    def _start_day(self, customer_id: int) -> None:
        history = self._histories[customer_id]
        past_rate = self.settings.interactions / self.settings.customers / self.settings.days
        for step in history.generate_day(self._seconds, max(past_rate, self.settings.arrivals_per_day)):
            self._schedule(step.at, Arrival(self._create_row(step, history.customer)))
        self._schedule(self._seconds + DAY // 2, DailyChanges(customer_id))
        self._schedule(self._seconds + DAY, DayStart(customer_id))

    def _make_daily_changes(self, customer_id: int) -> None:
        rows = self.store.select_between(customer_id, "utc", self._seconds - 90 * DAY, self._seconds)
        rng = Random(f"{self.settings.seed}/{customer_id}/{self._seconds}/stir")  # noqa: S311  # invented data, no secret
        if rows:
            for fields in _generate_changes(rng):
                self._change_now(rng.choice(rows), fields)

    def _make_updated_at_now(self) -> str:
        return _format_updated_at(self._seconds, next(self._salts))

    def _compute_starts(self, customer: Customer, fields: dict[str, Any]) -> tuple[str, str]:
        """Return the start of a row in UTC and local time: one from the other, or both from now."""
        utc, local = parse_timestamp(fields.get("start_time_tz")), parse_timestamp(fields.get("start_time"))
        if utc is None:
            utc = self._seconds if local is None else customer.wall_clock.to_utc(local)
        return format_timestamp(utc), format_timestamp(customer.wall_clock.to_local(utc))


def _get_time(change: tuple[int, dict[str, Any]]) -> int:
    return change[0]


def _format_updated_at(at: int, salt: int) -> str:
    # The reference gives microseconds. They follow from the id, so that equal seeds give equal rows.
    return f"{format_timestamp(at)[:-1]}.{salt * 7919 % _MICROSECONDS:06d}Z"


def _split_by_known_name(fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    known = {name: value for name, value in fields.items() if name in Row.__struct_fields__}
    return known, {name: value for name, value in fields.items() if name not in known}


def _generate_changes(rng: Random) -> Iterator[dict[str, Any]]:
    """Yield one change of each kind that the reference makes possible."""
    yield {"outcome": "Booked", "helper_cell": True, "reason_not_booked": None}
    yield {"appointment_status": rng.choice(("Attended", "Canceled / No Show"))}
    yield {"revenue": round(rng.random() * 3000, 2), "appointment_status": "Attended"}
    yield {"lead_id": str(90_000_000 + rng.getrandbits(20)), "sara_lead_id_reason": "Matched to EHR/PMS patient"}
    yield {"provider_names": []}
    yield {"provider_names": ["Dr. Nil", "Dr. 例", "Dr. Nil"]}
    yield {"last_touch_session_extras": leads.create_extras(rng)}
    yield {"is_spam_likely": True, "spam_likely_reason": "Not enough caller audio"}
    yield {"is_spam_likely": False, "spam_likely_reason": None}
