"""How the parameters that select rows are read: presumed spam (9), lists and `null` (15)."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liine_source.probing.asking import Asker
from liine_source.probing.experiment import ENOUGH, Predict, compare_answers, tally_predictions
from liine_source.probing.seen import SeenPage, SeenRow
from liine_source.probing.verdict import Verdict, leave_open, settle
from liine_source.spec.endpoints import MAX_PAGE_SIZE
from liine_source.spec.vocabulary import INTERACTION_TYPES

_SPAM_TOPIC = "presumed spam"
# Whether spam rows come without the parameter, and with the value `false`.
_SPAM_RULES = {
    (False, True): "included if the parameter is present",
    (False, False): "included if the parameter is true",
    (True, True): "always included",
    (True, False): "included unless the parameter is false",
}
Answers = tuple[SeenPage, SeenPage]


@dataclass(frozen=True, slots=True)
class SpamTrial:
    """Answers without `include_is_spam_likely`, and with `false`."""

    without: Answers
    false: Answers


def try_spam(asker: Asker) -> SpamTrial | None:
    """Send the requests that show what the spam parameter does."""
    without = asker.ask_twice(spam=None, limit=MAX_PAGE_SIZE)
    false = asker.ask_twice(spam="false", limit=MAX_PAGE_SIZE)
    return SpamTrial(without, false) if without and false else None


def judge_spam(trial: SpamTrial | None, known: Sequence[SeenRow]) -> Verdict:
    """Return the rule for presumed spam. All known rows came with the parameter and the value `true`."""
    spam = [row for row in known if row.is_spam]
    evidence = f"{len(spam)} of {len(known)} rows are presumed spam"
    if trial is None:
        return leave_open(9, _SPAM_TOPIC, evidence, "no answer without the parameter, or with false")
    found = [compare_answers(known, answers) for answers in (trial.without, trial.false)]
    seen = [{present[row.id] for row in spam if row.id in present} for present in found]
    compared = min(sum(row.id in present for row in spam) for present in found)
    others = min(sum(present.get(row.id, False) for row in known if row.is_spam is False) for present in found)
    missing = sum(not present.get(row.id, True) for present in found for row in known if not row.is_spam)
    if compared < ENOUGH or others < ENOUGH:
        return leave_open(9, _SPAM_TOPIC, evidence, "too few rows of each kind to compare")
    if any(len(values) != 1 for values in seen) or missing:
        return leave_open(9, _SPAM_TOPIC, evidence, "some came and some did not")
    finding = _SPAM_RULES[min(seen[0]), min(seen[1])]
    reason = f"without it, and with false, {compared} or more compared; each request sent twice"
    return settle(9, _SPAM_TOPIC, finding, evidence, reason)


@dataclass(frozen=True, slots=True)
class ListTrial:
    """Answers to a list parameter, and which rows each interpretation selects."""

    topic: str
    answers: Answers
    predictions: Mapping[str, Predict]


def try_lists(asker: Asker, known: Sequence[SeenRow]) -> Iterator[ListTrial]:
    """Send lists as repeated keys and by commas, and the word `null`, where known rows can show what is selected."""
    kinds = _choose_two(Counter(row.kind for row in known if row.kind in INTERACTION_TYPES))
    if kinds:
        selected = _predict_lists(lambda row: row.kind if row.kind in INTERACTION_TYPES else None, *kinds)
        repeated = asker.ask_twice(*(("type", kind) for kind in kinds))
        by_commas = asker.ask_twice(("type", ",".join(kinds)))
        if repeated:
            yield ListTrial("`type` as repeated keys", repeated, selected)
        if by_commas:
            yield ListTrial("`type` by commas", by_commas, selected)
    agents = _choose_two(Counter(row.agent for row in known if row.agent is not None))
    if agents:
        selected = _predict_lists(lambda row: row.agent or 0, *agents)
        by_commas = asker.ask_twice(("agents", ",".join(map(str, agents))))
        if by_commas:
            yield ListTrial("`agents` by commas", by_commas, selected)
    if min(Counter(row.has_reason for row in known).values(), default=0) >= ENOUGH:
        unset = asker.ask_twice(("reason_not_booked", "null"))
        if unset:
            yield ListTrial("the word `null`", unset, _NULL_PREDICTIONS)


def judge_lists(trials: Sequence[ListTrial], known: Sequence[SeenRow]) -> list[Verdict]:
    """Return how each form of a list is read."""
    if not trials:
        return [leave_open(15, "lists", "nothing compared", "too few rows of different types, or no answer")]
    return [_judge_list(trial, known) for trial in trials]


def _judge_list(trial: ListTrial, known: Sequence[SeenRow]) -> Verdict:
    found = compare_answers(known, trial.answers)
    evidence = f"asked twice, {len(found)} rows compared"
    if all(page.status == 400 for page in trial.answers):
        return settle(15, trial.topic, "refused", evidence, "both requests were refused as invalid")
    tallies = {name: tally_predictions(predict, known, found) for name, predict in trial.predictions.items()}
    left = [name for name, tally in tallies.items() if tally.contradictions < ENOUGH]
    if len(left) == 1 and (best := tallies[left[0]]).is_confirmed:
        reason = f"{best.present} rows present, {best.absent} absent as predicted; the others are excluded"
        return settle(15, trial.topic, left[0], evidence, reason)
    selected = next(iter(tallies.values()))
    if left == ["ignored"] and not tallies["ignored"].contradictions and selected.present >= ENOUGH:
        return settle(15, trial.topic, left[0], evidence, "rows of these values and of others came")
    reason = f"no row tells these apart: {', '.join(left)}" if left else "rows contradict every known interpretation"
    return leave_open(15, trial.topic, evidence, reason)


def _choose_two(counts: Mapping[Any, int]) -> list[Any]:
    """Return two values with enough rows, where more rows have others."""
    common = [value for value, count in Counter(counts).most_common() if count >= ENOUGH]
    return common[1:3] if len(common) >= 3 else []


def _predict_lists(get: Callable[[SeenRow], Any], first: Any, second: Any) -> dict[str, Predict]:
    def select(*values: Any) -> Predict:
        return lambda row: None if get(row) is None else get(row) in values

    return {
        "both values": select(first, second),
        "first value": select(first),
        "last value": select(second),
        "no row": lambda _: False,
        "ignored": lambda _: True,
    }


_NULL_PREDICTIONS: dict[str, Predict] = {
    "field not set": lambda row: not row.has_reason,
    "field set": lambda row: row.has_reason,
    "no row": lambda _: False,
    "ignored": lambda _: True,
}
