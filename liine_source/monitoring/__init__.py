"""Logs, alerts and the run history."""
