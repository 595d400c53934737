"""Bring every customer up to date; what a cron line or a scheduler runs.

Settings come from .dlt/config.toml and .dlt/secrets.toml beside this folder, or from the environment. Ends with 0 if
every customer was read completely, 1 if not, the others being loaded, and 2 for a wrong setting. With
LIINE_LOG_FORMAT=json, or text, a line for each sweep goes to standard error.
"""

import logging
import os
import sys

from liine_source import ConfigurationError, LiineError, raise_for_failures, sync
from liine_source.notices import log_to_stderr

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
            logging.getLogger("liine_source.daily").error("%s", error)  # noqa: TRY400  a sentence, without a traceback
        else:
            print(f"Error: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)
