"""Excludes interpretations: each predicts which known rows an answer has, and rows contradict it.

Known rows are those of a page that the API sends before and after all requests of the probe without a difference, so a
row that changes or arrives meanwhile is none. A request is sent twice, and only what both answers agree on counts. One
row never decides: a likely interpretation is excluded by two contradictions, and one with a single one stays open.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from liine_source.probing.clocks import NAMED
from liine_source.probing.seen import SeenPage, SeenRow
from liine_source.probing.verdict import Verdict, leave_open, settle

# So many rows must contradict an interpretation, and so many must be as the one that is left predicts.
ENOUGH = 2
# The clock and the edge of an API that takes no notice of a value.
IGNORED = "ignored"

Predict = Callable[[SeenRow], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """An interpretation under which a request selects the rows on one side of a bound.

    `time` gives a row's time on its clock; the bound is the requested value plus `shift`. `is_newer` selects from the
    bound on, otherwise the rows before it. Within `doubt` seconds of the bound nothing is predicted.
    """

    clock: str
    edge: str
    time: Callable[[SeenRow], float | None]
    shift: float = 0
    is_newer: bool = False
    doubt: float = 0

    @property
    def enough(self) -> int:
        """How many rows must contradict it. A clock that nobody expects is excluded by one."""
        return ENOUGH if self.clock in {*NAMED, IGNORED} else 1

    def predict(self, row: SeenRow, value: int) -> bool | None:
        """Return whether a request for `value` selects a row; None where that is not predicted."""
        time, bound = self.time(row), value + self.shift
        if time is None or abs(time - bound) < self.doubt:
            return None
        return (time >= bound) == self.is_newer


@dataclass(frozen=True, slots=True)
class Trial:
    """One request, sent twice.

    `is_in_scope` says of a row whether the rest of the request selects it under every interpretation; `has_no_more`
    whether further requests showed that it does not follow.
    """

    value: int
    answers: tuple[SeenPage, SeenPage]
    is_in_scope: Callable[[SeenRow], bool] = lambda _: True
    has_no_more: Callable[[SeenRow], bool] = lambda _: False

    def compare(self, known: Sequence[SeenRow]) -> dict[int, bool]:
        """Return, by id, which known rows both answers have or lack; others are not in the result."""
        rows = [row for row in known if self.is_in_scope(row)]
        found = compare_answers(rows, self.answers)
        either = self.answers[0].ids | self.answers[1].ids
        return found | {row.id: False for row in rows if row.id not in either and self.has_no_more(row)}


@dataclass(slots=True)
class Tally:
    """How many rows contradict an interpretation, and how many are present and absent as it predicts."""

    contradictions: int = 0
    present: int = 0
    absent: int = 0

    @property
    def is_confirmed(self) -> bool:
        """Whether no row contradicts it, and enough are as it predicts."""
        return not self.contradictions and self.present >= ENOUGH and self.absent >= ENOUGH

    def add(self, *, expected: bool | None, found: bool | None) -> None:
        """Count one row."""
        if expected is None or found is None:
            return
        if expected != found:
            self.contradictions += 1
        elif found:
            self.present += 1
        else:
            self.absent += 1


def compare_answers(known: Sequence[SeenRow], answers: tuple[SeenPage, SeenPage]) -> dict[int, bool]:
    """Return, by id, which known rows both answers have, or lack although a later row of the same order came.

    `known` is in the API's order. A row that would come after the last one of an answer may have been cut off; it is
    not in the result. Two empty answers lack all rows, and two refusals tell nothing.
    """
    if any(page.status != 200 for page in answers):
        return {}
    first, second = answers[0].ids, answers[1].ids
    both, either = first & second, first | second
    if not either:
        return {row.id: False for row in known}
    last = max((at for at, row in enumerate(known) if row.id in both), default=-1)
    found = {}
    for at, row in enumerate(known):
        if row.id in both:
            found[row.id] = True
        # Rows of one second may come in another order each time.
        elif at < last and row.id not in either and row.local != known[last].local and row.utc != known[last].utc:
            found[row.id] = False
    return found


def ignore_value() -> Threshold:
    """Return the interpretation under which the value changes nothing."""
    return Threshold(clock=IGNORED, edge=IGNORED, time=lambda _: 0.0, shift=float("inf"))


def tally_predictions(predict: Predict, known: Sequence[SeenRow], found: Mapping[int, bool]) -> Tally:
    """Return how an interpretation fares in one trial."""
    tally = Tally()
    for row in known:
        tally.add(expected=predict(row), found=found.get(row.id))
    return tally


class Experiment:
    """Trials that tell thresholds apart, each for the value that promises most.

    `values` are those that may be asked for, `ask` sends the requests of a trial and returns None where one failed.
    `newest_value` has known rows on both sides that fit on one page, for an API that ignores values.
    """

    def __init__(
        self,
        interpretations: Sequence[Threshold],
        values: Iterable[int],
        ask: Callable[[int], Trial | None],
        rounds: int,
        newest_value: int | None = None,
    ) -> None:
        self.interpretations = interpretations
        self.trials: list[Trial] = []
        self._values = list(values)
        self._ask = ask
        self._rounds = rounds
        self._newest_value = newest_value

    def run(self, known: Sequence[SeenRow]) -> None:
        """Send the requests."""
        tallies = {one: Tally() for one in self.interpretations}
        for _ in range(self._rounds):
            tried = [trial.value for trial in self.trials]
            value = choose_value(list(tallies), known, self._values, tried)
            if {one.clock for one in tallies} == {IGNORED} and self._newest_value not in tried:
                value = self._newest_value
            trial = None if value is None else self._ask(value)
            if trial is None:
                return
            self.trials.append(trial)
            tallies = _keep_left(tallies, trial, known)

    def shows_no_bound(self, known: Sequence[SeenRow]) -> bool:
        """Whether rows came that all likely interpretations select, and rows that none of them does."""
        likely = [one for one in self.interpretations if one.clock in NAMED]
        sides: Counter[bool | None] = Counter()
        for trial in self.trials:
            found = trial.compare(known)
            for row in known:
                predictions = {one.predict(row, trial.value) for one in likely}
                if found.get(row.id) and len(predictions) == 1:
                    sides.update(predictions)
        return sides[True] >= ENOUGH and sides[False] >= ENOUGH

    def find_left(self, known: Sequence[SeenRow]) -> dict[Threshold, Tally]:
        """Return the interpretations that the trials do not exclude, and how each fares."""
        tallies = {one: Tally() for one in self.interpretations}
        for trial in self.trials:
            tallies = _keep_left(tallies, trial, known)
        return tallies


def _keep_left(tallies: Mapping[Threshold, Tally], trial: Trial, known: Sequence[SeenRow]) -> dict[Threshold, Tally]:
    """Add a trial to the tallies, and return those that are not excluded."""
    found = trial.compare(known)
    rows = [(row, found[row.id]) for row in known if row.id in found]
    return {one: tally for one, tally in tallies.items() if not _is_excluded(one, tally, trial.value, rows)}


def _is_excluded(one: Threshold, tally: Tally, value: int, rows: Iterable[tuple[SeenRow, bool]]) -> bool:
    for row, is_present in rows:
        tally.add(expected=one.predict(row, value), found=is_present)
        if tally.contradictions >= one.enough:
            return True
    return False


def judge_aspect(
    experiment: Experiment | None, known: Sequence[SeenRow], aspect: Literal["clock", "edge"], question: int, topic: str
) -> Verdict:
    """Return what all interpretations that are left have in common: their clock or their edge."""
    if experiment is None or not experiment.trials:
        return leave_open(question, topic, "nothing compared", "too few rows, or none that tells two clocks apart")
    left = experiment.find_left(known)
    compared = sum(len(trial.compare(known)) for trial in experiment.trials)
    evidence = f"{len(experiment.trials)} values asked twice, {compared} rows compared"
    findings = {getattr(one, aspect) for one in left}
    if findings == {IGNORED} and experiment.shows_no_bound(known):
        return settle(question, topic, IGNORED, evidence, "rows on both sides of the bound came")
    if doubt := _find_doubt(left, findings, aspect):
        return leave_open(question, topic, evidence, doubt)
    best = max(left.values(), key=lambda tally: (tally.is_confirmed, tally.present + tally.absent))
    reason = f"{best.present} rows present, {best.absent} absent as predicted, none against; the others are excluded"
    return settle(question, topic, min(findings), evidence, reason)


def _find_doubt(left: Mapping[Threshold, Tally], findings: set[str], aspect: str) -> str:
    """Return why the interpretations that are left settle nothing; empty where they do."""
    if not findings or findings == {IGNORED}:
        return "rows contradict every known interpretation"
    if len(findings) > 1 or (aspect == "clock" and not findings <= NAMED):
        return f"no row tells these apart: {_describe(left)}"
    if not any(tally.is_confirmed for tally in left.values()):
        return "too few rows on both sides, or a row against it"
    return ""


def _describe(left: Iterable[Threshold]) -> str:
    clocks = sorted({one.clock for one in left if one.clock in NAMED})
    others = len({one.clock for one in left} - NAMED)
    edges = sorted({one.edge for one in left} - {""})
    return "; ".join([", ".join([*clocks, *([f"{others} other clocks"] if others else [])]), *edges])


def choose_value(
    interpretations: Sequence[Threshold], known: Sequence[SeenRow], values: Iterable[int], tried: Iterable[int]
) -> int | None:
    """Return the value whose answer tells likely interpretations best from all others; None where none does.

    Under each, some rows must be selected and some not.
    """
    times = [sorted(time for row in known if (time := one.time(row)) is not None) for one in interpretations]
    best, most = None, 0.0
    for value in set(values).difference(tried):
        counts = [bisect_left(own, value + one.shift) for one, own in zip(interpretations, times, strict=True)]
        if any(not 0 < count < len(own) for count, own in zip(counts, times, strict=True) if own and own[-1] != own[0]):
            continue
        score = _rate_counts(interpretations, counts)
        if score > most or (score == most and best is not None and value > best):
            best, most = value, score
    return best


def _rate_counts(interpretations: Sequence[Threshold], counts: Sequence[int]) -> float:
    """Return how many pairs of a likely interpretation and another are told apart by enough rows."""
    return sum(
        min(abs(count - other), one.enough) / one.enough
        for likely, count in zip(interpretations, counts, strict=True)
        if likely.clock in NAMED
        for one, other in zip(interpretations, counts, strict=True)
    )


def sample_evenly(values: Iterable[int], most: int) -> list[int]:
    """Return at most so many of the values, evenly spread."""
    found = sorted(set(values))
    step = max(1, -(-len(found) // most))
    return found[::step]
