"""Bring every customer up to date; what a cron line or a scheduler runs.

Settings come from .dlt/config.toml and .dlt/secrets.toml beside this folder, or from the environment. Ends with an
error, and so with a code other than 0, if a customer could not be read completely; the others are loaded. With
LIINE_LOG_FORMAT=json, or text, a line for each sweep goes to standard error.
"""

import os

from liine_source import raise_for_failures, sync
from liine_source.notices import log_to_stderr

if __name__ == "__main__":
    if log_format := os.environ.get("LIINE_LOG_FORMAT"):
        log_to_stderr(as_json=log_format == "json")
    report = sync()
    for customer in report.customers:
        print(f"customer {customer.customer_id}: {customer.received} interactions, proof: {customer.proof}")
    raise_for_failures(report)
