"""`liine probe`: find out which interpretations of the reference the API follows."""

from contextlib import closing
from dataclasses import dataclass, field
from typing import Unpack

from liine_source.error_translation import translate_errors
from liine_source.errors import ConfigurationError
from liine_source.probing.asking import Asker, Wire
from liine_source.probing.probe import PLAN, probe_customer
from liine_source.probing.verdict import Verdict
from liine_source.settings import LiineOptions, resolve_settings

MAX_REQUESTS = 60
_ALLOWED_REQUESTS = range(10, 101)


@dataclass(frozen=True, slots=True)
class Probe:
    """What the API's answers show, without a customer's id, a row, a value or a credential; it may be shared.

    `requests` counts those sent. A dry run has sent none and has no verdicts.
    """

    is_dry_run: bool
    max_requests: int
    requests: int = 0
    plan: list[tuple[str, int]] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)


def probe(*, is_dry_run: bool = True, max_requests: int = MAX_REQUESTS, **options: Unpack[LiineOptions]) -> Probe:
    """Ask the API for pages of the first customer, and return what they show about the open questions.

    At most `max_requests` are sent, retries and redirects included; all only read, and nothing is stored. A dry run
    only returns the plan. Raises ConfigurationError, or ApiError where the first request fails.
    """
    if max_requests not in _ALLOWED_REQUESTS:
        least, most = _ALLOWED_REQUESTS[0], _ALLOWED_REQUESTS[-1]
        raise ConfigurationError(f"--max-requests must be {least} to {most}.")
    with translate_errors():
        settings = resolve_settings(**options)
        plan = list(PLAN)
        if is_dry_run:
            return Probe(is_dry_run, max_requests, plan=plan)
        wire = Wire(max_requests)
        with closing(settings.open_client(wire)) as client:
            verdicts = probe_customer(Asker(client, wire, settings.customer_ids[0]))
        return Probe(is_dry_run, max_requests, wire.sent, plan, verdicts)
