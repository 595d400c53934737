"""The answer to one question."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found about one point of an open question; nothing of it is a row's value.

    `finding` is empty unless the point is settled: then all other known interpretations are excluded.
    """

    question: int
    topic: str
    verdict: Literal["settled", "undecided"]
    finding: str
    evidence: str
    reason: str


def settle(question: int, topic: str, finding: str, evidence: str, reason: str) -> Verdict:
    """Return a verdict that is settled."""
    return Verdict(question, topic, "settled", finding, evidence, reason)


def leave_open(question: int, topic: str, evidence: str, reason: str) -> Verdict:
    """Return a verdict that is undecided."""
    return Verdict(question, topic, "undecided", "", evidence, reason)
