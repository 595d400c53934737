"""Requests to the API and its answers."""
