"""Finds out which interpretation of the reference the API follows, with a bounded number of read-only requests."""
