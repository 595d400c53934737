"""What happens to leads over time: each journey is a few steps, each step is born once and changes later."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from liine_source.emulator.synthetic import leads
from liine_source.emulator.synthetic.clocks import DAY, HOUR
from liine_source.emulator.synthetic.customers import Customer
from liine_source.emulator.synthetic.leads import Fields
from liine_source.spec.vocabulary import REASONS_NOT_BOOKED, SPAM_REASONS

MINUTE = 60
_REASONS = (*REASONS_NOT_BOOKED, "Rescheduling", "Délai trop long", None)
_INSURERS = ("Imaginary Mutual", "No Such Health", "Fictív Care", None)
_PROVIDERS = ("Dr. Nil", "Dr. Ersatz", "Dr. Ünreal", "Dr. 例")
_REASSIGNMENTS = ("Matched to EHR/PMS patient by phone", "Matched to EHR/PMS patient by name")
_MONTH = 30 * DAY


@dataclass(slots=True)
class Step:
    """One interaction to be: when it starts, what it is then, and what it becomes when.

    As `booked_later_interaction_id`, a `Step` stands for the id of the interaction that it becomes.
    """

    at: int
    fields: Fields
    changes: list[tuple[int, Fields]] = field(default_factory=list)
    row_id: int = 0

    def then(self, after: int, fields: Fields) -> None:
        """Change `fields`, `after` seconds from the start."""
        self.changes.append((self.at + after, fields))


class Storyteller:
    """Invents the journeys of one customer, one after the other; the same dice tell the same."""

    def __init__(self, customer: Customer, dice: Random, visits: leads.Visits) -> None:
        self._customer = customer
        self._dice = dice
        self._visits = visits
        self._tracking = [f"1919555{100 + place:04d}" for place in range(24)]
        self._patients: list[Fields] = []

    def journey(self, at: int) -> list[Step]:
        """A new lead from the first contact at `at` to the revenue weeks later, or to nothing."""
        lead = self._lead()
        chance = self._dice.random()
        if chance < 0.62:
            return self._led(self._first_call(at, lead), lead)
        if chance < 0.88:
            return self._led(self._form(at, lead), lead, is_form=True)
        if chance < 0.96:
            step = self._step(at, lead, "online_booking", "inbound", self._new("New Lead", outcome="Booked"))
            self._book([step], step)
            return [step]
        return [self._entry(at, lead)]

    def single(self, at: int) -> list[Step]:
        """An interaction that belongs to no journey of a new lead."""
        chance = self._dice.random()
        if chance < 0.45:
            return [self._patient_call(at)]
        if chance < 0.75:
            return [self._no_lead(at)]
        if chance < 0.93:
            return [self._spam(at)]
        return [self._manual(at)]

    # Journeys of new leads

    def _led(self, first: Step, lead: Fields, *, is_form: bool = False) -> list[Step]:
        steps = [first, *self._follow_ups(first, lead, is_form=is_form)]
        if is_form:
            first.then(steps[-1].at - first.at + 1, {"salient_interaction": steps[-1].fields["call_id"]})
        decided = steps[-1]
        if len(steps) == 1 and is_form:
            return steps
        if decided.fields["status"] == "Connected" and self._dice.random() < 0.55:
            self._decide(decided, {"outcome": "Booked", "reason_not_booked": None})
            self._book(steps, decided)
        return steps

    def _first_call(self, at: int, lead: Fields) -> Step:
        if self._dice.random() < 0.12:
            return self._missed(at, lead)
        return self._call(at, lead, "inbound", self._new("New Lead") | {"first_time_interaction": True})

    def _follow_ups(self, first: Step, lead: Fields, *, is_form: bool) -> Iterator[Step]:
        at, number = first.at, 0
        chance = 0.85 if is_form or first.fields["status"] != "Connected" else 0.35
        while number < 5 and self._dice.random() < chance:
            at += int(HOUR * (1 + 60 * self._dice.random() ** 2))
            call_type = "New Lead (First Form Follow-Up)" if is_form and not number else "New Lead (Follow-Up)"
            direction = "outbound" if self._dice.random() < 0.7 else "inbound"
            newest = self._visits.newest(self._dice, lead["last_touch_location"]) if direction == "inbound" else {}
            step = self._call(at, lead | newest, direction, self._new(call_type))
            if is_form:
                self._decide(step, {"related_form_submission_id": first.fields["form_submission_id"]})
            yield step
            number, chance = number + 1, 0.4

    def _form(self, at: int, lead: Fields) -> Step:
        form_id = {"form_submission_id": 7_000_000 + self._dice.getrandbits(22)}
        return self._step(at, lead | form_id, "form", "inbound", self._new("New Lead", outcome="Not Booked"))

    def _entry(self, at: int, lead: Fields) -> Step:
        analysed = self._new("New Lead", outcome="Booked")
        if self._dice.random() < 0.4:
            analysed = self._known("Not A New Lead EHR/PMS Entry")
        step = self._step(at, lead, "ehr_pms_entry", "inbound", analysed)
        self._book([step], step)
        return step

    def _book(self, steps: list[Step], booked: Step) -> None:
        self._decide(booked, {"helper_cell": True})
        for step in steps:
            if step is not booked:
                later = {"outcome": "Booked Later", "is_booked_later": True, "booked_later_interaction_id": booked}
                step.then(booked.at - step.at + 5 * MINUTE, later)
        if self._dice.random() < 0.75:
            self._appoint(steps, booked)

    def _appoint(self, steps: list[Step], booked: Step) -> None:
        dice = self._dice
        matched = booked.at + int(DAY * (0.3 + 3 * dice.random()))
        held = matched + int(DAY * (1 + 40 * dice.random() ** 2))
        happenings = [(matched, self._appointment())]
        if self._patients and dice.random() < 0.06:
            lead_id = dice.choice(self._patients)["lead_id"]
            happenings.append(
                (matched + HOUR, {"lead_id": lead_id, "sara_lead_id_reason": dice.choice(_REASSIGNMENTS)})
            )
        if dice.random() < 0.1:
            happenings.append((held - HOUR, {"provider_names": dice.choice(([], None, [*_PROVIDERS, "Dr. Nil"]))}))
        if dice.random() < 0.05:
            happenings.append((matched + 2 * HOUR, {"last_touch_session_extras": leads.extras(dice)}))
        happenings += self._visit(held)
        for at, fields in happenings:
            for step in steps:
                step.changes.append((max(at, step.at + HOUR), fields))
        self._patients.append(booked.fields)
        if len(self._patients) > 200:
            self._patients[int(dice.random() * 200)] = self._patients.pop()

    def _appointment(self) -> Fields:
        dice = self._dice
        return {
            "ehr_pms_patient_id": f"PMS-{dice.getrandbits(24):06X}",
            "primary_insurance_name": dice.choice(_INSURERS),
            "provider_names": dice.sample(_PROVIDERS, dice.randint(1, 2)),
            "appointment_location": dice.choice(self._customer.locations),
            "appointment_status": "Future Dated",
        }

    def _visit(self, at: int) -> Iterator[tuple[int, Fields]]:
        dice = self._dice
        chance = dice.random()
        if chance >= 0.7:
            status = "Canceled / No Show" if chance < 0.85 else "Assumed No Show" if chance < 0.95 else "Unknown"
            yield at, {"appointment_status": status}
            return
        yield at, {"appointment_status": "Attended"}
        paid = at + int(_MONTH * (0.4 + dice.random()))
        revenue = round(40 + 4000 * dice.random() ** 3, 2)
        yield paid, {"revenue": revenue}
        if dice.random() < 0.2:
            yield paid + _MONTH, {"revenue": round(revenue * 0.8, 2)}

    # Interactions that stand alone

    def _patient_call(self, at: int) -> Step:
        known = self._dice.choice(self._patients) if self._patients else self._lead()
        lead = {name: known.get(name) for name in ("lead_id", "name", "phone_number", "city", "state", "email")}
        analysed = self._known("Existing Patient / Previously Booked") | {"is_existing_patient": True}
        if self._dice.random() < 0.3:
            analysed["outcome"] = "Booked"
        return self._call(at, self._lead() | lead, "inbound", analysed)

    def _no_lead(self, at: int) -> Step:
        chance = self._dice.random()
        if chance < 0.6:
            return self._call(at, self._lead(), "inbound", self._known("Not A New Lead Call"))
        if chance < 0.75:
            return self._missed(at, self._lead())
        if chance < 0.9:
            return self._step(at, self._lead(), "form", "inbound", self._known("Not A New Lead Form"))
        known = self._known("Not A New Lead Online Booking")
        return self._step(at, self._lead(), "online_booking", "inbound", known)

    def _spam(self, at: int) -> Step:
        spam = {"is_spam_likely": True, "spam_likely_reason": self._dice.choice(SPAM_REASONS)}
        step = self._call(at, self._lead() | {"email": None}, "inbound", self._known("Not A New Lead Call") | spam)
        if self._dice.random() < 0.1:
            step.then(int(DAY * (1 + 20 * self._dice.random())), {"is_spam_likely": False, "spam_likely_reason": None})
        return step

    def _manual(self, at: int) -> Step:
        analysed = self._new("New Lead (Follow-Up)", outcome="Booked") | {"manually_created": True}
        return self._step(at, self._lead(), "call", "outbound", analysed)

    # One interaction

    def _missed(self, at: int, lead: Fields) -> Step:
        status = self._dice.choice(("Not Connected", "Not Connected", "Busy", "Error"))
        is_voicemail = status == "Not Connected" and self._dice.random() < 0.6
        duration = 3 + int(40 * self._dice.random()) if is_voicemail else 0
        analysed = {
            "call_status": "Not Connected" if status == "Error" else status,
            "call_type": "Voicemail" if is_voicemail else None,
            "voicemail": is_voicemail,
            "is_analyzed": is_voicemail,
            "analyze_complete": True,
        }
        step = self._step(at, lead, "call", "inbound", {})
        step.fields |= {"status": status, "call_status": status if status == "Busy" else "Not Connected"}
        step.fields |= {"call_complete": True, "duration": duration, "has_audio": is_voicemail}
        step.then(duration + 2 * MINUTE, analysed)
        return step

    def _call(self, at: int, lead: Fields, direction: str, analysed: Fields) -> Step:
        dice = self._dice
        duration = 5 + int(900 * dice.random() ** 2)
        step = self._step(at, lead, "call", direction, {})
        step.fields |= {"status": "Connected", "call_status": "In Progress", "duration": None, "has_audio": False}
        step.fields |= {"is_analyzed": False, "call_complete": False}
        if dice.random() < 0.004:
            step.fields["status"] = "In Progress"
            return step
        ended = {"call_status": "Analyzing", "duration": duration, "call_complete": True, "has_audio": True}
        step.then(duration, ended | {"analyze_complete": False})
        if dice.random() < 0.99:
            step.then(duration + 5 * MINUTE, self._score(analysed))
        return step

    def _score(self, analysed: Fields) -> Fields:
        dice = self._dice
        scored: Fields = {"call_status": "Connected", "is_analyzed": True, "analyze_complete": True, "voicemail": False}
        agent = dice.choice(self._customer.agents)
        if dice.random() < 0.85:
            scored |= {"agent": agent.name, "agent_id": agent.agent_id}
            scored["agent_location_name"] = f"{agent.name} ({agent.location})"
        chance = dice.random()
        scored["intent_level"] = "Not 3rd Party" if chance < 0.8 else "3rd Party" if chance < 0.95 else "UNDECIDED"
        scored |= {"review_complete": dice.random() < 0.3, "show_messaging": False}
        if self._customer.has_messaging and dice.random() < 0.5:
            skills = [dice.random() < 0.6 for _ in range(7)]
            scored |= {f"messaging_skill_{place}": skill for place, skill in enumerate(skills, 1)}
            scored |= {"messaging_utilization": round(100 * sum(skills) / 7, 1), "show_messaging": True}
        return scored | analysed

    def _step(self, at: int, lead: Fields, kind: str, direction: str, analysed: Fields) -> Step:
        own: Fields = {
            "customer_id": self._customer.customer_id,
            "call_id": f"{self._dice.getrandbits(128):032x}",
            "interaction_type": kind,
            "direction": direction,
            "status": None,
            "first_time_interaction": kind != "call",
            "is_spam_likely": False,
            "manually_created": False,
            "helper_cell": False,
            "is_booked_later": False,
            "has_audio": False,
        }
        step = Step(at, lead | own)
        if analysed:
            step.then(MINUTE, analysed | {"is_analyzed": True, "analyze_complete": True})
        return step

    @staticmethod
    def _decide(step: Step, fields: Fields) -> None:
        if not step.changes:
            step.fields |= fields
            return
        at, known = step.changes[-1]
        step.changes[-1] = (at, known | fields)

    def _lead(self) -> Fields:
        dice = self._dice
        number = 20_000_000 + dice.getrandbits(26)
        lead = leads.person(dice, number) | leads.session(dice)
        touches, location = self._visits.pick(dice)
        tracking = self._tracking[hash_of(location) % len(self._tracking)] if dice.random() < 0.9 else None
        return lead | touches | {"lead_id": str(number), "tracking_number": tracking}

    def _new(self, call_type: str, outcome: str | None = None) -> Fields:
        reason = self._dice.choice(_REASONS) if outcome is None else None
        return {
            "call_type": call_type,
            "is_new": True,
            "is_existing_patient": False,
            "outcome": outcome or "Not Booked",
            "reason_not_booked": reason,
        }

    @staticmethod
    def _known(call_type: str) -> Fields:
        return {"call_type": call_type, "is_new": False, "is_existing_patient": False}


def hash_of(text: str) -> int:
    """A number for a text, the same in every process."""
    return sum(text.encode())
