"""Bring every customer up to date; what a cron line or a scheduler runs.

Settings come from .dlt/config.toml and .dlt/secrets.toml beside this folder, or from the environment. Ends with an
error, and so with a code other than 0, if a customer could not be read completely; the others are loaded.
"""

from liine_source import raise_for_failures, sync

if __name__ == "__main__":
    report = sync()
    for customer in report.customers:
        print(f"customer {customer.customer_id}: {customer.received} interactions, proof: {customer.proof}")
    raise_for_failures(report)
