"""Bring every customer up to date: a script for cron or another scheduler.

Settings are read from `.dlt/config.toml` and `.dlt/secrets.toml` in the current folder, or from the environment. Exits
with 0 if every customer was read completely, 1 if one was not (the others are loaded), 2 for a wrong setting.
LIINE_LOG_FORMAT=json or text writes a line for each sweep to standard error.
"""

import logging
import os
import sys

from liine_source import ConfigurationError, LiineError, raise_for_failures, sync
from liine_source.monitoring.json_log import log_to_stderr

if __name__ == "__main__":
    if log_format := os.environ.get("LIINE_LOG_FORMAT"):
        log_to_stderr(as_json=log_format == "json")
    try:
        report = sync()
        for customer in report.customers:
            print(f"customer {customer.customer_id}: {customer.received} interactions, proof: {customer.proof}")
        raise_for_failures(report)
    except LiineError as error:
        if log_format:
            logging.getLogger("liine_source.daily").error("%s", error)  # noqa: TRY400  a message without a traceback
        else:
            print(f"Error: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)
