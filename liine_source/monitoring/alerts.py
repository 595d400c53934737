"""Alerts by Slack, where dlt's setting `runtime.slack_incoming_hook` names a hook.

They hold customer ids, counts, names of columns and our own errors; never a value of a row.
"""

import html
import logging
import threading
from collections.abc import Sequence

import requests
from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue

log = logging.getLogger(__name__)

# The longest text that Slack shows well and somebody reads.
_MAX_LENGTH = 3000
_TIMEOUT_SECONDS = 10


@configspec
class _SlackSettings(BaseConfiguration):
    """The type makes dlt treat it as a secret and leave it out of its trace."""

    slack_incoming_hook: TSecretStrValue | None = None


def notify_failure(dataset: str, problem: str) -> None:
    """Report that a run failed or is not complete."""
    _send(f"liine-source, dataset {dataset}: {problem}")


def notify_new_columns(dataset: str, columns: Sequence[str]) -> None:
    """Report fields of the API that the warehouse had no column for."""
    if columns:
        _send(f"liine-source, dataset {dataset}: new columns of interactions: {', '.join(columns)}.")


def _send(text: str) -> None:
    shortened = text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]} …"
    # Slack finds links and mentions in angle brackets even without its markup.
    message = {"text": html.escape(shortened, quote=False), "mrkdwn": False}
    problems: list[str] = []

    def post(hook: str) -> None:
        try:
            # dlt's own function would wait forever for a hook that does not answer.
            requests.post(hook, json=message, timeout=_TIMEOUT_SECONDS, allow_redirects=False).raise_for_status()
        except Exception as error:  # noqa: BLE001  an alert must not fail the run
            problems.append(type(error).__name__)

    try:
        hook = resolve_configuration(_SlackSettings(), sections=("runtime",)).slack_incoming_hook
    except Exception as error:  # noqa: BLE001  as above
        problems.append(type(error).__name__)
    else:
        if hook:
            # In a thread, because `requests` has no timeout for an answer that comes byte by byte.
            posting = threading.Thread(target=post, args=(hook,), daemon=True)
            posting.start()
            posting.join(_TIMEOUT_SECONDS)
            if posting.is_alive():
                problems.append("no answer")
    if problems:
        # An error's text holds the hook's address, which is a secret.
        log.warning("Slack notification failed (%s).", problems[0])
