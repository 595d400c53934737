"""What those who watch over runs are told: lines of JSON for a log, and messages to Slack by dlt's own setting.

Ids of customers, counts, names of columns and our own errors' sentences; never a value of a row.
"""

import json
import logging
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import requests
from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue

log = logging.getLogger(__name__)

# What a message of Slack's holds well, and somebody reads.
_LONGEST = 3000
# So many seconds a message may take.
_PATIENCE = 10


@configspec
class _Slack(BaseConfiguration):
    """By its type dlt knows that it is a secret, and leaves it out of its trace."""

    slack_incoming_hook: TSecretStrValue | None = None


class JsonLines(logging.Formatter):
    """A record as a line of JSON: time, level, logger, message, and what `extra={"told": {...}}` holds.

    Of an exception the type alone: the text of another's may hold rows.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "told", {}),
        }
        if record.exc_info and record.exc_info[0]:
            told["exception"] = record.exc_info[0].__name__
        return json.dumps(told, default=str)


def log_to_stderr(*, as_json: bool) -> None:
    """Write what a run tells to standard error: a line when it begins, for each sweep, and when it ends."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger("liine_source")
    ours.setLevel(logging.INFO)
    ours.addHandler(handler)


def is_logging() -> bool:
    """Whether `log_to_stderr` was asked for, so that an error need not be told otherwise."""
    return any(type(handler) is logging.StreamHandler for handler in logging.getLogger("liine_source").handlers)


def tell_failure(dataset: str, problem: str) -> None:
    """Tell Slack, where dlt's setting names a hook, that a run failed or is not complete."""
    _send(f"liine-source, dataset {dataset}: {problem}")


def tell_new_columns(dataset: str, columns: Sequence[str]) -> None:
    """Tell Slack, where dlt's setting names a hook, that the API sent fields that the warehouse had no column for."""
    if columns:
        _send(f"liine-source, dataset {dataset}: new columns of interactions: {', '.join(columns)}.")


def _send(text: str) -> None:
    told = {"text": text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …", "mrkdwn": False}
    problems: list[str] = []

    def post(hook: str) -> None:
        try:
            # dlt's own function would wait for ever for a hook that does not answer.
            requests.post(hook, json=told, timeout=_PATIENCE, allow_redirects=False).raise_for_status()
        except Exception as error:  # noqa: BLE001  whatever it is: a run does not fail for it
            problems.append(type(error).__name__)

    try:
        hook = resolve_configuration(_Slack(), sections=("runtime",)).slack_incoming_hook
    except Exception as error:  # noqa: BLE001  as above
        problems.append(type(error).__name__)
    else:
        if hook:
            # By itself, since an answer that comes in drops has no end that `requests` would see.
            posting = threading.Thread(target=post, args=(hook,), daemon=True)
            posting.start()
            posting.join(_PATIENCE)
            if posting.is_alive():
                problems.append("no answer")
    if problems:
        # An error's text holds the hook's address, which is a secret.
        log.warning("Slack could not be told (%s).", problems[0])
