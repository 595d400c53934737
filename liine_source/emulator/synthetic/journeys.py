"""What leads do over time: a journey is a series of interactions, each of which changes after it starts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from liine_source.emulator.synthetic import leads
from liine_source.emulator.synthetic.clocks import DAY, HOUR
from liine_source.emulator.synthetic.customers import Customer
from liine_source.emulator.synthetic.leads import Fields
from liine_source.spec.vocabulary import REASONS_NOT_BOOKED, SPAM_REASONS

MINUTE = 60
# Beside the documented reasons, one of a customer's own (open question 14), and none.
_REASONS = (*REASONS_NOT_BOOKED, "Rescheduling", "Délai trop long", None)
_INSURERS = ("Imaginary Mutual", "No Such Health", "Fictív Care", None)
_PROVIDERS = ("Dr. Nil", "Dr. Ersatz", "Dr. Ünreal", "Dr. 例")
_REASSIGNMENTS = ("Matched to EHR/PMS patient by phone", "Matched to EHR/PMS patient by name")
_MONTH = 30 * DAY


@dataclass(slots=True)
class Step:
    """One interaction of a journey: its start, its first fields, and its later changes with their times.

    `booked_later_interaction_id` holds another `Step` until that step has an id.
    """

    at: int
    fields: Fields
    changes: list[tuple[int, Fields]] = field(default_factory=list)
    row_id: int = 0

    def add_change(self, after: int, fields: Fields) -> None:
        """Plan a change of `fields`, `after` seconds from the start."""
        self.changes.append((self.at + after, fields))


class JourneyGenerator:
    """Invents the journeys of one customer. The same state of `rng` gives the same journeys."""

    def __init__(self, customer: Customer, rng: Random, touches: leads.TouchPool) -> None:
        self._customer = customer
        self._rng = rng
        self._touches = touches
        self._tracking = [f"1919555{100 + index:04d}" for index in range(24)]
        self._patients: list[Fields] = []

    def create_journey(self, at: int) -> list[Step]:
        """Invent a new lead, from the first contact at `at` to the revenue weeks later, or to no booking at all."""
        lead = self._create_lead()
        chance = self._rng.random()
        # Invented shares: enough of every type for a filter to find some, calls and forms first.
        if chance < 0.62:
            return self._complete_journey(self._create_first_call(at, lead), lead)
        if chance < 0.88:
            return self._complete_journey(self._create_form(at, lead), lead, is_form=True)
        if chance < 0.96:
            step = self._create_step(
                at, lead, "online_booking", "inbound", self._classify_new_lead("New Lead", outcome="Booked")
            )
            self._book([step], step)
            return [step]
        return [self._create_ehr_entry(at, lead)]

    def create_single(self, at: int) -> list[Step]:
        """Invent an interaction that belongs to no journey of a new lead."""
        chance = self._rng.random()
        if chance < 0.45:
            return [self._create_patient_call(at)]
        if chance < 0.75:
            return [self._create_non_lead(at)]
        if chance < 0.93:
            return [self._create_spam(at)]
        return [self._create_manual(at)]

    # Journeys of new leads

    def _complete_journey(self, first: Step, lead: Fields, *, is_form: bool = False) -> list[Step]:
        steps = [first, *self._create_follow_ups(first, lead, is_form=is_form)]
        if is_form:
            first.add_change(steps[-1].at - first.at + 1, {"salient_interaction": steps[-1].fields["call_id"]})
        last = steps[-1]
        # A form that nobody followed up cannot be booked.
        if len(steps) == 1 and is_form:
            return steps
        if last.fields["status"] == "Connected" and self._rng.random() < 0.55:
            self._merge_into_last_change(last, {"outcome": "Booked", "reason_not_booked": None})
            self._book(steps, last)
        return steps

    def _create_first_call(self, at: int, lead: Fields) -> Step:
        if self._rng.random() < 0.12:
            return self._create_missed_call(at, lead)
        return self._create_call(
            at, lead, "inbound", self._classify_new_lead("New Lead") | {"first_time_interaction": True}
        )

    def _create_follow_ups(self, first: Step, lead: Fields, *, is_form: bool) -> Iterator[Step]:
        at, number = first.at, 0
        chance = 0.85 if is_form or first.fields["status"] != "Connected" else 0.35
        while number < 5 and self._rng.random() < chance:
            at += int(HOUR * (1 + 60 * self._rng.random() ** 2))
            call_type = "New Lead (First Form Follow-Up)" if is_form and not number else "New Lead (Follow-Up)"
            direction = "outbound" if self._rng.random() < 0.7 else "inbound"
            touch = (
                self._touches.pick_last_touch(self._rng, lead["last_touch_location"]) if direction == "inbound" else {}
            )
            step = self._create_call(at, lead | touch, direction, self._classify_new_lead(call_type))
            if is_form:
                self._merge_into_last_change(step, {"related_form_submission_id": first.fields["form_submission_id"]})
            yield step
            number, chance = number + 1, 0.4

    def _create_form(self, at: int, lead: Fields) -> Step:
        form_id = {"form_submission_id": 7_000_000 + self._rng.getrandbits(22)}
        return self._create_step(
            at, lead | form_id, "form", "inbound", self._classify_new_lead("New Lead", outcome="Not Booked")
        )

    def _create_ehr_entry(self, at: int, lead: Fields) -> Step:
        analysis = self._classify_new_lead("New Lead", outcome="Booked")
        if self._rng.random() < 0.4:
            analysis = self._classify_known_caller("Not A New Lead EHR/PMS Entry")
        step = self._create_step(at, lead, "ehr_pms_entry", "inbound", analysis)
        self._book([step], step)
        return step

    def _book(self, steps: list[Step], booked: Step) -> None:
        self._merge_into_last_change(booked, {"helper_cell": True})
        for step in steps:
            if step is not booked:
                later = {"outcome": "Booked Later", "is_booked_later": True, "booked_later_interaction_id": booked}
                step.add_change(booked.at - step.at + 5 * MINUTE, later)
        if self._rng.random() < 0.75:
            self._plan_appointment(steps, booked)

    def _plan_appointment(self, steps: list[Step], booked: Step) -> None:
        rng = self._rng
        matched_at = booked.at + int(DAY * (0.3 + 3 * rng.random()))
        held_at = matched_at + int(DAY * (1 + 40 * rng.random() ** 2))
        changes = [(matched_at, self._create_appointment())]
        if self._patients and rng.random() < 0.06:
            lead_id = rng.choice(self._patients)["lead_id"]
            changes.append((matched_at + HOUR, {"lead_id": lead_id, "sara_lead_id_reason": rng.choice(_REASSIGNMENTS)}))
        if rng.random() < 0.1:
            changes.append((held_at - HOUR, {"provider_names": rng.choice(([], None, [*_PROVIDERS, "Dr. Nil"]))}))
        if rng.random() < 0.05:
            changes.append((matched_at + 2 * HOUR, {"last_touch_session_extras": leads.create_extras(rng)}))
        changes += self._plan_visit(held_at)
        # A booking may come before the last follow-up; no step may change before it starts.
        for at, fields in changes:
            for step in steps:
                step.changes.append((max(at, step.at + HOUR), fields))
        # Past 200 patients a new one replaces another, so that memory does not grow with the history.
        self._patients.append(booked.fields)
        if len(self._patients) > 200:
            self._patients[int(rng.random() * 200)] = self._patients.pop()

    def _create_appointment(self) -> Fields:
        rng = self._rng
        return {
            "ehr_pms_patient_id": f"PMS-{rng.getrandbits(24):06X}",
            "primary_insurance_name": rng.choice(_INSURERS),
            "provider_names": rng.sample(_PROVIDERS, rng.randint(1, 2)),
            "appointment_location": rng.choice(self._customer.locations),
            "appointment_status": "Future Dated",
        }

    def _plan_visit(self, at: int) -> Iterator[tuple[int, Fields]]:
        rng = self._rng
        chance = rng.random()
        if chance >= 0.7:
            status = "Canceled / No Show" if chance < 0.85 else "Assumed No Show" if chance < 0.95 else "Unknown"
            yield at, {"appointment_status": status}
            return
        # Revenue arrives weeks after the visit and is sometimes corrected: changes that come late on purpose.
        yield at, {"appointment_status": "Attended"}
        paid_at = at + int(_MONTH * (0.4 + rng.random()))
        revenue = round(40 + 4000 * rng.random() ** 3, 2)
        yield paid_at, {"revenue": revenue}
        if rng.random() < 0.2:
            yield paid_at + _MONTH, {"revenue": round(revenue * 0.8, 2)}

    # Single interactions

    def _create_patient_call(self, at: int) -> Step:
        known = self._rng.choice(self._patients) if self._patients else self._create_lead()
        lead = {name: known.get(name) for name in ("lead_id", "name", "phone_number", "city", "state", "email")}
        analysis = self._classify_known_caller("Existing Patient / Previously Booked") | {"is_existing_patient": True}
        if self._rng.random() < 0.3:
            analysis["outcome"] = "Booked"
        return self._create_call(at, self._create_lead() | lead, "inbound", analysis)

    def _create_non_lead(self, at: int) -> Step:
        chance = self._rng.random()
        if chance < 0.6:
            return self._create_call(
                at, self._create_lead(), "inbound", self._classify_known_caller("Not A New Lead Call")
            )
        if chance < 0.75:
            return self._create_missed_call(at, self._create_lead())
        if chance < 0.9:
            return self._create_step(
                at, self._create_lead(), "form", "inbound", self._classify_known_caller("Not A New Lead Form")
            )
        known = self._classify_known_caller("Not A New Lead Online Booking")
        return self._create_step(at, self._create_lead(), "online_booking", "inbound", known)

    def _create_spam(self, at: int) -> Step:
        spam = {"is_spam_likely": True, "spam_likely_reason": self._rng.choice(SPAM_REASONS)}
        step = self._create_call(
            at,
            self._create_lead() | {"email": None},
            "inbound",
            self._classify_known_caller("Not A New Lead Call") | spam,
        )
        if self._rng.random() < 0.1:
            step.add_change(
                int(DAY * (1 + 20 * self._rng.random())), {"is_spam_likely": False, "spam_likely_reason": None}
            )
        return step

    def _create_manual(self, at: int) -> Step:
        analysis = self._classify_new_lead("New Lead (Follow-Up)", outcome="Booked") | {"manually_created": True}
        return self._create_step(at, self._create_lead(), "call", "outbound", analysis)

    # Building blocks

    def _create_missed_call(self, at: int, lead: Fields) -> Step:
        status = self._rng.choice(("Not Connected", "Not Connected", "Busy", "Error"))
        is_voicemail = status == "Not Connected" and self._rng.random() < 0.6
        duration = 3 + int(40 * self._rng.random()) if is_voicemail else 0
        analysis = {
            "call_status": "Not Connected" if status == "Error" else status,
            "call_type": "Voicemail" if is_voicemail else None,
            "voicemail": is_voicemail,
            "is_analyzed": is_voicemail,
            "analyze_complete": True,
        }
        step = self._create_step(at, lead, "call", "inbound", {})
        step.fields |= {"status": status, "call_status": status if status == "Busy" else "Not Connected"}
        step.fields |= {"call_complete": True, "duration": duration, "has_audio": is_voicemail}
        step.add_change(duration + 2 * MINUTE, analysis)
        return step

    def _create_call(self, at: int, lead: Fields, direction: str, analysis: Fields) -> Step:
        rng = self._rng
        duration = 5 + int(900 * rng.random() ** 2)
        step = self._create_step(at, lead, "call", direction, {})
        step.fields |= {"status": "Connected", "call_status": "In Progress", "duration": None, "has_audio": False}
        step.fields |= {"is_analyzed": False, "call_complete": False}
        # A few calls never end, because "In Progress" is a documented status.
        if rng.random() < 0.004:
            step.fields["status"] = "In Progress"
            return step
        ended = {"call_status": "Analyzing", "duration": duration, "call_complete": True, "has_audio": True}
        step.add_change(duration, ended | {"analyze_complete": False})
        # One call in a hundred is never analysed, so that "Analyzing" also occurs on old rows.
        if rng.random() < 0.99:
            step.add_change(duration + 5 * MINUTE, self._create_score(analysis))
        return step

    def _create_score(self, analysis: Fields) -> Fields:
        rng = self._rng
        scored: Fields = {"call_status": "Connected", "is_analyzed": True, "analyze_complete": True, "voicemail": False}
        agent = rng.choice(self._customer.agents)
        if rng.random() < 0.85:
            scored |= {"agent": agent.name, "agent_id": agent.agent_id}
            scored["agent_location_name"] = f"{agent.name} ({agent.location})"
        chance = rng.random()
        scored["intent_level"] = "Not 3rd Party" if chance < 0.8 else "3rd Party" if chance < 0.95 else "UNDECIDED"
        scored |= {"review_complete": rng.random() < 0.3, "show_messaging": False}
        if self._customer.has_messaging and rng.random() < 0.5:
            skills = [rng.random() < 0.6 for _ in range(7)]
            scored |= {f"messaging_skill_{index}": skill for index, skill in enumerate(skills, 1)}
            scored |= {"messaging_utilization": round(100 * sum(skills) / 7, 1), "show_messaging": True}
        return scored | analysis

    def _create_step(self, at: int, lead: Fields, kind: str, direction: str, analysis: Fields) -> Step:
        own: Fields = {
            "customer_id": self._customer.customer_id,
            "call_id": f"{self._rng.getrandbits(128):032x}",
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
        if analysis:
            step.add_change(MINUTE, analysis | {"is_analyzed": True, "analyze_complete": True})
        return step

    @staticmethod
    def _merge_into_last_change(step: Step, fields: Fields) -> None:
        # What an analysis decides must appear together with it, not when the interaction starts.
        if not step.changes:
            step.fields |= fields
            return
        at, known = step.changes[-1]
        step.changes[-1] = (at, known | fields)

    def _create_lead(self) -> Fields:
        rng = self._rng
        number = 20_000_000 + rng.getrandbits(26)
        lead = leads.create_person(rng, number) | leads.create_session(rng)
        touches, location = self._touches.pick(rng)
        tracking = self._tracking[_hash_text(location) % len(self._tracking)] if rng.random() < 0.9 else None
        return lead | touches | {"lead_id": str(number), "tracking_number": tracking}

    def _classify_new_lead(self, call_type: str, outcome: str | None = None) -> Fields:
        reason = self._rng.choice(_REASONS) if outcome is None else None
        return {
            "call_type": call_type,
            "is_new": True,
            "is_existing_patient": False,
            "outcome": outcome or "Not Booked",
            "reason_not_booked": reason,
        }

    @staticmethod
    def _classify_known_caller(call_type: str) -> Fields:
        return {"call_type": call_type, "is_new": False, "is_existing_patient": False}


def _hash_text(text: str) -> int:
    """Return a number for a text that is the same in every process, unlike `hash`."""
    return sum(text.encode())
