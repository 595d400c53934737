"""The log: what a run does, as text or as lines of JSON. Ids, counts and our own sentences; never a value of a row."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from liine_source.errors import escape_unprintable

log = logging.getLogger("liine_source")


class TextFormatter(logging.Formatter):
    """A record as one line of text: time, level and message, escaped; of an exception only the type, as in JSON."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        kind = record.exc_info[0] if record.exc_info else None
        record.asctime = self.formatTime(record)
        record.message = escape_unprintable(record.getMessage() + (f" ({kind.__name__})" if kind else ""))
        return self.formatMessage(record)


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, and the fields of `log_event`.

    Of an exception only the type: the message of a library may quote rows.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            fields["exception"] = record.exc_info[0].__name__
        return json.dumps(fields, default=str)


def log_event(message: str, **fields: Any) -> None:
    """Log an event; the fields show in JSON only."""
    log.info("%s", message, extra={"fields": fields})


def log_error(message: str, **fields: Any) -> None:
    """Log an error; the fields show in JSON only."""
    log.error("%s", message, extra={"fields": fields})


def log_to_stderr(*, as_json: bool) -> None:
    """Write the log to standard error: a line when a run begins, for each sweep, and when it ends."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else TextFormatter())
    log.setLevel(logging.INFO)
    log.addHandler(handler)


def log_steps() -> None:
    """Add to the log what a run does step by step: requests, pages and commits."""
    log.setLevel(logging.DEBUG)


def is_logging() -> bool:
    """Whether `log_to_stderr` was called, so that an error need not be printed as well."""
    return any(type(handler) is logging.StreamHandler for handler in log.handlers)
